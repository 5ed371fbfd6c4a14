//! Brings stored leads and identities to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Lead, counts};
use crate::base::email::{self, respelled};
use crate::base::id::{Guid, RawId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::base::{Result, phone, unicode};
use crate::beyond;
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people;
use crate::contacts::schema::contact_identities as identities;
use crate::contacts::{bookings, notes};
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::contact_details::ContactDetails;
use crate::leads::model::IdentityKind;
use crate::leads::schema::{leads, tasks};

/// What is to be done about one contact is to be done about the other.
fn move_tasks(tx: &mut TenantTx<'_>, from: ContactId, to: ContactId) -> Result<()> {
    let now = tx.now();
    let own = tasks::table.filter(tasks::tenant_id.eq(tx.tenant()).and(tasks::contact_id.eq(from)));
    let set = (tasks::contact_id.eq(to), tasks::version.eq(tasks::version + 1), tasks::updated_at.eq(now));
    diesel::update(own).set(set).execute(tx.conn())?;
    Ok(())
}

/// How [`Lead::refresh_search`] puts what a lead is found by together.
const SEARCH: u32 = 1;
/// How [`Lead::refresh_details`] writes what a person gave to be called by.
const DETAILS: u32 = 1;

pub fn catch_ups() -> Vec<CatchUp> {
    let of_leads =
        format!("search {SEARCH}, details {DETAILS}, folding {}, e-mail {}", unicode::FOLDING, email::SPELLING);
    let of_identities = format!("e-mail {}, phone {}", email::SPELLING, phone::KEYS);
    vec![
        CatchUp { name: "contact_identities", version: of_identities, batch: bring_identities },
        CatchUp { name: "leads", version: of_leads, batch: bring_leads },
        // What a process of a version that did not count has written meanwhile.
        CatchUp { name: "lead_counts", version: "2".into(), batch: counts::bring },
    ]
}

/// The lead's e-mail addresses, and what it is found by.
fn bring_leads(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query =
        leads::table.order((leads::tenant_id, leads::id)).limit(reading.limit).select(Lead::as_select()).into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, LeadId)>()? {
        query = query.filter(beyond!("leads.tenant_id, leads.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<Lead> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in &rows {
        if bring(row).is_none() {
            continue;
        }
        // Somebody may have changed it since we looked.
        let held = super::hold(&mut tx.for_tenant(row.tenant_id), row.id)?;
        let Some(lead) = bring(&held) else { continue };
        let mut was = held.into_lead();
        let _ = was.refresh_details();
        let is_shown = (&was.email, &was.profile) != (&lead.email, &lead.profile);
        let updated_at = if is_shown { tx.now() } else { lead.updated_at };
        diesel::update(leads::table.find((lead.tenant_id, lead.id)))
            .set((
                (leads::email.eq(&lead.email), leads::profile.eq(&lead.profile)),
                (leads::search.eq(&lead.search), leads::updated_at.eq(updated_at)),
            ))
            .execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, |lead| (lead.tenant_id, lead.id), changed)
}

/// The lead as it would be written today; `None` when that is how it stands there.
fn bring(lead: &Lead) -> Option<Lead> {
    let mut new = lead.clone();
    new.email = lead.email.as_deref().map(respelled);
    if let Ok(mut details) = lead.profile.contact_details.read::<ContactDetails>()
        && details.respell()
    {
        new.profile.contact_details = Json::of(&details);
    }
    new.refresh_search();
    // What cannot be read stays as it is.
    let _ = new.refresh_details();
    let is_new = |old: &Lead| {
        (&old.email, &old.search) != (&new.email, &new.search)
            || old.profile.contact_details != new.profile.contact_details
    };
    is_new(lead).then_some(new)
}

type Row = (TenantId, IdentityKind, String, Option<LeadId>, Timestamp, Option<ContactId>);

/// Where a person stood there in two spellings, the older row stays and goes on pointing at its lead; the other lead becomes
/// one of the same person.
fn bring_identities(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (
        identities::tenant_id,
        identities::kind,
        identities::value,
        identities::lead_id,
        identities::created_at,
        identities::contact_id,
    );
    let mut query = identities::table
        .order((identities::tenant_id, identities::kind, identities::value))
        .limit(reading.limit)
        .select(columns)
        .into_boxed();
    if let Some((tenant, kind, value)) = reading.after::<(TenantId, IdentityKind, String)>()? {
        query = query.filter(beyond!(
            "contact_identities.tenant_id, contact_identities.kind, contact_identities.value",
            Guid => tenant, Text => kind, Text => value
        ));
    }
    let rows: Vec<Row> = query.load(tx.conn())?;
    let mut changed = 0;
    for (tenant, kind, value, lead, created_at, contact) in &rows {
        let key = match kind {
            IdentityKind::Email => respelled(value),
            _ => kind.key(value).into_string(),
        };
        if key == *value {
            continue;
        }
        let (old, new) = ((*tenant, *kind, value), (*tenant, *kind, &key));
        let taken: Option<(Option<LeadId>, Timestamp)> = identities::table
            .find(new)
            .select((identities::lead_id, identities::created_at))
            .first(tx.conn())
            .optional()?;
        match taken {
            None => {
                diesel::update(identities::table.find(old)).set(identities::value.eq(&key)).execute(tx.conn())?;
            }
            Some((other, since)) => {
                let is_older = *created_at < since;
                let (stays, joins) = if is_older { (*lead, other) } else { (other, *lead) };
                if is_older {
                    diesel::update(identities::table.find(new))
                        .set((
                            identities::lead_id.eq(lead),
                            identities::created_at.eq(created_at),
                            identities::contact_id.eq(contact),
                        ))
                        .execute(tx.conn())?;
                }
                diesel::delete(identities::table.find(old)).execute(tx.conn())?;
                if let (Some(stays), Some(joins)) = (stays, joins)
                    && stays != joins
                {
                    become_one(tx, *tenant, stays, joins)?;
                }
            }
        }
        changed += 1;
    }
    Batch::of(reading, &rows, |(tenant, kind, value, ..)| (*tenant, *kind, value.clone()), changed)
}

/// Two leads turn out to be of one person. What is shown is one contact's; under lock it is one person that is metered.
fn become_one(tx: &mut PlatformTx<'_>, tenant: TenantId, stays: LeadId, joins: LeadId) -> Result<()> {
    let person = |tx: &mut PlatformTx<'_>, lead: LeadId| {
        let row = leads::table.find((tenant, lead)).select((leads::person_id, leads::is_locked));
        row.first::<(RawId, bool)>(tx.conn())
    };
    let ((stays, is_locked), (was, was_locked)) = (person(tx, stays)?, person(tx, joins)?);
    if stays == was || is_locked != was_locked {
        return Ok(());
    }
    let moved: Vec<LeadId> = diesel::update(
        leads::table
            .filter(leads::tenant_id.eq(tenant).and(leads::person_id.eq(was)).and(leads::is_locked.eq(is_locked))),
    )
    .set(leads::person_id.eq(stays))
    .returning(leads::id)
    .get_results(tx.conn())?;
    if is_locked {
        return Ok(());
    }
    let (stays, was) = (ContactId::from_uuid(stays.0), ContactId::from_uuid(was.0));
    let of_leads = identities::lead_id.eq_any(moved);
    diesel::update(identities::table.filter(identities::tenant_id.eq(tenant).and(of_leads)))
        .set(identities::contact_id.eq(stays))
        .execute(tx.conn())?;
    let tx = &mut tx.for_tenant(tenant);
    bookings::move_all(tx, was, stays)?;
    notes::move_all(tx, was, stays)?;
    move_tasks(tx, was, stays)?;
    people::vanish(tx, was, stays)
}
