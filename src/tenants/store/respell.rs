//! Brings stored tenants, users and invitations to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;

use super::{people, search_of};
use crate::base::Result;
use crate::base::email::{self, respelled};
use crate::base::id::{Guid, TenantId, UserId};
use crate::base::unicode;
use crate::beyond;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::tenants::id::InvitationId;
use crate::tenants::schema::{invitations, memberships, tenants, users};

pub fn catch_ups() -> Vec<CatchUp> {
    let (of_search, of_addresses) = (format!("folding {}", unicode::FOLDING), format!("e-mail {}", email::SPELLING));
    vec![
        CatchUp { name: "tenants.search", version: of_search, batch: bring_tenants },
        CatchUp { name: "invitations", version: of_addresses, batch: bring_invitations },
    ]
}

fn bring_tenants(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (tenants::id, tenants::name, tenants::slug, tenants::search);
    let mut query = tenants::table.order(tenants::id).limit(reading.limit).select(columns).into_boxed();
    if let Some(id) = reading.after::<TenantId>()? {
        query = query.filter(tenants::id.gt(id));
    }
    let rows: Vec<(TenantId, String, String, String)> = query.load(tx.conn())?;
    let mut changed = 0;
    for (id, name, slug, search) in &rows {
        let new = search_of(name, slug);
        if new != *search {
            // Unless it was renamed since we looked.
            diesel::update(tenants::table.find(id).filter(tenants::name.eq(name)))
                .set(tenants::search.eq(new))
                .execute(tx.conn())?;
            changed += 1;
        }
    }
    Batch::of(reading, &rows, |row| row.0, changed)
}

fn bring_invitations(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (invitations::tenant_id, invitations::id, invitations::email);
    let mut query = invitations::table
        .order((invitations::tenant_id, invitations::id))
        .limit(reading.limit)
        .select(columns)
        .into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, InvitationId)>()? {
        query = query.filter(beyond!("invitations.tenant_id, invitations.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<(TenantId, InvitationId, String)> = query.load(tx.conn())?;
    let mut changed = 0;
    for (tenant, id, email) in &rows {
        let new = respelled(email);
        if new != *email {
            diesel::update(invitations::table.find((*tenant, *id)))
                .set(invitations::email.eq(new))
                .execute(tx.conn())?;
            changed += 1;
        }
    }
    Batch::of(reading, &rows, |row| (row.0, row.1), changed)
}

/// An account whose address another account has in today's spelling.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadowed {
    pub user: UserId,
    /// As it stands there.
    pub email: String,
    pub tenants: Vec<TenantId>,
}

/// People's addresses, by which they log in. Two accounts are never merged: the ones that cannot follow are answered.
pub fn bring_users(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<(Batch, Vec<Shadowed>)> {
    let mut query = users::table.order(users::id).limit(reading.limit).select((users::id, users::email)).into_boxed();
    if let Some(id) = reading.after::<UserId>()? {
        query = query.filter(users::id.gt(id));
    }
    let rows: Vec<(UserId, String)> = query.load(tx.conn())?;
    let (mut changed, mut shadowed) = (0, Vec::new());
    for (id, email) in &rows {
        let new = respelled(email);
        if new == *email {
            continue;
        }
        let taken: Option<UserId> =
            users::table.filter(users::email.eq(&new)).select(users::id).first(tx.conn()).optional()?;
        if taken.is_some() {
            let tenants = memberships::table.filter(memberships::user_id.eq(id)).select(memberships::tenant_id);
            shadowed.push(Shadowed { user: *id, email: email.clone(), tenants: tenants.load(tx.conn())? });
            continue;
        }
        diesel::update(users::table.find(id).filter(users::email.eq(email)))
            .set(users::email.eq(new))
            .execute(tx.conn())?;
        people::note_changed(tx, *id)?;
        changed += 1;
    }
    Ok((Batch::of(reading, &rows, |row| row.0, changed)?, shadowed))
}
