//! Erasing a closed tenant: every row of it, in batches, in whatever table; then the people who belong to no other tenant.
//!
//! What stays is what the law asks a seller to keep, and what protects others ([`KEPT`]); it names nobody but by ids that lead nowhere, except for
//! addresses whose owners asked not to be written to. Of the tenant its id stays, under a name that says nothing.

use super::facts::TenantErased;
use super::store::{self, erasing};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::db::{PlatformTx, TenantTx, tenant_rows};
use crate::engine::events::{SoleFact as _, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, enqueue};

/// Tables that are left as they are, and why.
pub const KEPT: &[(&str, &str)] = &[
    ("subscriptions", "what was sold: books are kept by law"),
    ("usage_periods", "what was sold: books are kept by law"),
    ("usage_entries", "what was sold: books are kept by law; leads are ids that lead nowhere"),
    ("suppressions", "people asked not to be written to, and shared numbers go on writing"),
];

/// Tables whose rows the database takes away with others', and which others.
pub const FOLLOWS: &[(&str, &str)] = &[("lead_search_numbers", "leads, by a trigger that also empties the index")];

/// Ends what a tenant that is being erased would go on buying: whatever time did to it later would be told of a tenant that is not
/// there any more.
#[derive(Clone, Copy)]
pub struct EndsForGood(pub fn(&mut TenantTx<'_>) -> Result<()>);

/// Rows deleted in one transaction.
const AT_ONCE: usize = 1_000;

/// Takes away what a closed tenant left, batch by batch.
pub static ERASE: JobKind = JobKind::new("tenant.erase").priority(8);

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    closed_tenant_id: TenantId,
}

/// A job of the platform: the tenant's own jobs go with it.
pub(super) fn schedule(tx: &mut TenantTx<'_>, at: Timestamp) -> Result<()> {
    let job = NewJob::new(&ERASE, &Payload { closed_tenant_id: tx.tenant() }).at(at);
    enqueue(&mut tx.platform(), platform_tenant(), job)?;
    Ok(())
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let tenant = context.payload::<Payload>()?.closed_tenant_id;
    context.finish_platform(move |tx| step(tx, tenant)).await
}

/// One batch, and the job of the next one. A tenant that was opened again stays.
fn step(tx: &mut PlatformTx<'_>, tenant: TenantId) -> Result<()> {
    let now = tx.now();
    let is_due = store::find(tx, tenant)?.is_some_and(|one| one.closes_at.is_some_and(|at| at <= now));
    if !is_due {
        return Ok(());
    }
    if let Some(EndsForGood(end)) = tx.reactions().hook::<EndsForGood>() {
        end(&mut tx.for_tenant(tenant))?;
    }
    if delete_some(tx, tenant)? >= AT_ONCE {
        enqueue(tx, platform_tenant(), NewJob::new(&ERASE, &Payload { closed_tenant_id: tenant }))?;
        return Ok(());
    }
    store::bury(&mut tx.for_tenant(tenant))?;
    tx.for_tenant(platform_tenant()).record(TenantErased { tenant_id: Some(tenant) }.about(tenant.uuid()))?;
    Ok(())
}

/// Answers how many rows went: fewer than a batch when none is left.
fn delete_some(tx: &mut PlatformTx<'_>, tenant: TenantId) -> Result<usize> {
    let mut gone = 0;
    for table in tenant_rows::tables(tx)? {
        if KEPT.iter().chain(FOLLOWS).any(|(other, _)| *other == table) {
            continue;
        }
        if table == erasing::MEMBERSHIPS {
            gone += erasing::remove_memberships(&mut tx.for_tenant(tenant), AT_ONCE - gone)?;
        } else {
            gone += tenant_rows::delete(tx, &table, tenant, AT_ONCE - gone)?;
        }
        if gone >= AT_ONCE {
            break;
        }
    }
    Ok(gone)
}
