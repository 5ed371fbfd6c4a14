//! Rows of `trial_signs`, which belong to the platform: they outlive the tenant that took the trial.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{Guid, TenantId};
use crate::beyond;
use crate::billing::id::SubscriptionId;
use crate::billing::schema::{subscriptions, trial_signs as signs};
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};

/// The trial that was taken with this sign, by whose tenant it was; within is `None` where that is not known (yet).
pub fn trial_with(tx: &mut TenantTx<'_>, kind: &str, digest: &str) -> Result<Option<Option<TenantId>>> {
    Ok(signs::table.find((kind, digest)).select(signs::taken_by).first(tx.conn()).optional()?)
}

/// Answers 1 when it is new.
pub fn note_trial(tx: &mut TenantTx<'_>, kind: &str, digest: &str) -> Result<usize> {
    let values = (
        signs::kind.eq(kind),
        signs::digest.eq(digest),
        signs::created_at.eq(tx.now()),
        signs::taken_by.eq(tx.tenant()),
    );
    Ok(OrIgnore(diesel::insert_into(signs::table).values(values)).execute(tx.conn())?)
}

/// A sign of which nobody knows whose it is becomes this tenant's.
pub fn own_trial(tx: &mut TenantTx<'_>, kind: &str, digest: &str) -> Result<()> {
    let unknown = signs::table.find((kind, digest)).filter(signs::taken_by.is_null());
    diesel::update(unknown).set(signs::taken_by.eq(tx.tenant())).execute(tx.conn())?;
    Ok(())
}

/// Subscriptions that began with a trial, by their key.
pub fn trials_after(
    tx: &mut PlatformTx<'_>,
    after: Option<(TenantId, SubscriptionId)>,
    limit: i64,
) -> Result<Vec<(TenantId, SubscriptionId)>> {
    let mut query = subscriptions::table
        .filter(subscriptions::trial_ends_at.is_not_null())
        .order((subscriptions::tenant_id, subscriptions::id))
        .limit(limit)
        .select((subscriptions::tenant_id, subscriptions::id))
        .into_boxed();
    if let Some((tenant, id)) = after {
        query = query.filter(beyond!("subscriptions.tenant_id, subscriptions.id", Guid => tenant, Guid => id));
    }
    Ok(query.load(tx.conn())?)
}
