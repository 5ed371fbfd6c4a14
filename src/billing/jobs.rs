//! What time does to a subscription: one job at its exact moment, and a sweep for those that were missed.

use std::time::Duration;

use super::books::{Books, SETTLE};
use super::{closing, store, subscription};
use crate::base::Result;
use crate::engine::events::Reactions;
use crate::engine::jobs::{self, JobContext, JobKind, NewJob, Outcome, Registry};
use crate::tenants::close::Owes;
use crate::tenants::erase::EndsForGood;
use crate::tenants::facts::{InvitationFact, TenantClosing, TenantFact, UserUpdated, VerificationFact};

/// Follows what a tenant changes about itself and its owners while its trial goes on.
static REVIEW_TRIAL: JobKind = JobKind::new("subscription.review_trial").priority(3);
/// Finds subscriptions that are due and have not been settled.
static SWEEP: JobKind = JobKind::new("subscription.sweep").max_attempts(3);

pub fn register(registry: &mut Registry) {
    registry.handle(&SETTLE, settle);
    registry.handle(&REVIEW_TRIAL, review_trial);
    registry.handle(&SWEEP, sweep);
    registry.every(Duration::from_secs(60), &SWEEP);
}

/// Whatever changes a sign by which a business is known again: its phone number, and who owns it.
pub fn reactions(reactions: &mut Reactions) {
    for kind in [TenantFact::UPDATED, InvitationFact::JOINED, UserUpdated::TYPE, VerificationFact::VERIFIED] {
        reactions.on(kind, &REVIEW_TRIAL);
    }
    reactions.at_once(TenantClosing::CLOSING, closing::wind_up);
    reactions.hooks().provide(Owes(closing::owed));
    reactions.hooks().provide(EndsForGood(closing::end));
}

async fn review_trial(context: JobContext) -> Result<Outcome> {
    let key = context.core.master_key.clone();
    context.finish(move |tx| subscription::review(&mut Books::open(tx)?, &key)).await
}

/// Expires, renews or ends the tenant's subscription when it is due: opening the books does.
async fn settle(context: JobContext) -> Result<Outcome> {
    context.finish(|tx| Books::open(tx).map(|_| ())).await
}

async fn sweep(context: JobContext) -> Result<Outcome> {
    let slot = context.job.created_at.seconds();
    context
        .finish_platform(move |tx| {
            let due = store::overdue(tx, 500)?;
            let jobs = due.into_iter().map(|(tenant, id, due)| {
                let key = format!("{id}:{}:{slot}", due.micros());
                (tenant, NewJob::new(&SETTLE, &serde_json::json!({ "subscription_id": id })).unique(key))
            });
            jobs::store::enqueue_all(tx, jobs.collect())
        })
        .await
}
