//! Brings stored conversations and threads to today's spelling; see [`crate::engine::catch_up`].
//!
//! A conversation's telephone stays as the person's network wrote it, since that is where answers go; it is found in every
//! spelling.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::base::Result;
use crate::base::email::respelled;
use crate::base::id::{Guid, TenantId};
use crate::base::time::Timestamp;
use crate::beyond;
use crate::contacts::version_of_keys;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::inbox::id::ConversationId;
use crate::inbox::model::Channel;
use crate::inbox::schema::{conversations, sender_threads as threads};
use crate::inbox::store::conversations::CONVERSATIONS;
use crate::tenants::recount_next;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![
        CatchUp { name: "conversations", version: version_of_keys(), batch: bring_conversations },
        CatchUp { name: "sender_threads", version: version_of_keys(), batch: bring_threads },
        // What was written before conversations were counted, or by a process of a version that does not.
        CatchUp { name: "conversation_counts", version: "1".into(), batch: count },
    ]
}

fn count(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    recount_next(tx, reading, &CONVERSATIONS)
}

type Talk = (TenantId, ConversationId, Channel, Option<String>, Option<String>);

fn bring_conversations(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (
        conversations::tenant_id,
        conversations::id,
        conversations::channel,
        conversations::person_address,
        conversations::sender_address,
    );
    let mut query = conversations::table
        .order((conversations::tenant_id, conversations::id))
        .limit(reading.limit)
        .select(columns)
        .into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, ConversationId)>()? {
        query = query.filter(beyond!("conversations.tenant_id, conversations.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<Talk> = query.load(tx.conn())?;
    let mut changed = 0;
    for (tenant, id, _, person, sender) in rows.iter().filter(|row| row.2 == Channel::Email) {
        for (is_person, before) in [(true, person), (false, sender)] {
            let Some(before) = before else { continue };
            let after = respelled(before);
            if after == *before {
                continue;
            }
            // Unless it moved to another address since we looked.
            let row = conversations::table.find((*tenant, *id));
            changed += if is_person {
                diesel::update(row.filter(conversations::person_address.eq(before)))
                    .set(conversations::person_address.eq(after))
                    .execute(tx.conn())?
            } else {
                diesel::update(row.filter(conversations::sender_address.eq(before)))
                    .set(conversations::sender_address.eq(after))
                    .execute(tx.conn())?
            };
        }
    }
    Batch::of(reading, &rows, |row| (row.0, row.1), i64::try_from(changed).unwrap_or(i64::MAX))
}

type Thread = (Channel, String, String, TenantId, ConversationId, Timestamp, Option<Timestamp>);

/// Two of one person become one: it knows the latest of both, and the conversation that wrote last.
fn bring_threads(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (
        threads::channel,
        threads::sender_address,
        threads::person_address,
        threads::tenant_id,
        threads::conversation_id,
        threads::last_outbound_at,
        threads::last_inbound_at,
    );
    let mut query = threads::table
        .order((threads::channel, threads::sender_address, threads::person_address, threads::tenant_id))
        .limit(reading.limit)
        .select(columns)
        .into_boxed();
    if let Some((channel, sender, person, tenant)) = reading.after::<(Channel, String, String, TenantId)>()? {
        query = query.filter(beyond!(
            "sender_threads.channel, sender_threads.sender_address, sender_threads.person_address, sender_threads.tenant_id",
            Text => channel, Text => sender, Text => person, Guid => tenant
        ));
    }
    let rows: Vec<Thread> = query.load(tx.conn())?;
    let mut changed = 0;
    for (channel, sender, person, tenant, ..) in &rows {
        let to = if *channel == Channel::Email { respelled(sender) } else { sender.clone() };
        let (to, key) = (to, channel.key_of(person));
        if (&to, &key) == (sender, person) {
            continue;
        }
        let (old, new) = ((*channel, sender, person, *tenant), (*channel, &to, &key, *tenant));
        let told = (threads::conversation_id, threads::last_outbound_at, threads::last_inbound_at);
        type Told = (ConversationId, Timestamp, Option<Timestamp>);
        let mine: Option<Told> = threads::table.find(old).select(told).first(tx.conn()).optional()?;
        let twin: Option<Told> = threads::table.find(new).select(told).first(tx.conn()).optional()?;
        match (mine, twin) {
            (None, _) => continue,
            (Some(_), None) => {
                diesel::update(threads::table.find(old))
                    .set((threads::sender_address.eq(&to), threads::person_address.eq(&key)))
                    .execute(tx.conn())?;
            }
            (Some(mine), Some(twin)) => {
                let latest = if mine.1 > twin.1 { mine } else { twin };
                diesel::delete(threads::table.find(old)).execute(tx.conn())?;
                diesel::update(threads::table.find(new))
                    .set((
                        threads::conversation_id.eq(latest.0),
                        threads::last_outbound_at.eq(latest.1),
                        threads::last_inbound_at.eq(mine.2.max(twin.2)),
                    ))
                    .execute(tx.conn())?;
            }
        }
        changed += 1;
    }
    Batch::of(reading, &rows, |row| (row.0, row.1.clone(), row.2.clone(), row.3), changed)
}
