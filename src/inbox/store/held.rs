//! Rows of `held_messages`: queued messages that wait for something of their tenant.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::db::insert::OrIgnore;
use crate::inbox::schema::held_messages as held;
use crate::sending::id::MessageId;

/// Notes that a message waits, until when at most.
pub fn note(tx: &mut TenantTx<'_>, message: MessageId, lead: LeadId, until: Timestamp) -> Result<()> {
    let tenant = tx.tenant();
    let values =
        (held::tenant_id.eq(tenant), held::message_id.eq(message), held::lead_id.eq(lead), held::held_until.eq(until));
    OrIgnore(diesel::insert_into(held::table).values(values)).execute(tx.conn())?;
    Ok(())
}

/// It waits no longer.
pub fn forget(tx: &mut TenantTx<'_>, message: MessageId) -> Result<()> {
    let tenant = tx.tenant();
    diesel::delete(held::table.find((tenant, message))).execute(tx.conn())?;
    Ok(())
}

/// What waits, all or of one lead, the oldest first.
pub fn list(tx: &mut TenantTx<'_>, lead: Option<LeadId>) -> Result<Vec<MessageId>> {
    let mut query = held::table
        .filter(held::tenant_id.eq(tx.tenant()))
        .order(held::message_id)
        .select(held::message_id)
        .into_boxed();
    if let Some(lead) = lead {
        query = query.filter(held::lead_id.eq(lead));
    }
    Ok(query.load(tx.conn())?)
}
