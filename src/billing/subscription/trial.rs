//! A trial that should not have begun: it ends as soon as it shows.
//!
//! What a tenant says of itself after its trial began may show that the business had one before. Then the subscription stands
//! where it would have stood had that been known at its start: `incomplete`, with the basics, until operators activate it. What
//! was shown in the meantime stays shown; what comes from now on is held back.

use super::features::entitle_to_basics;
use super::{plan_of, record, settle};
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::SubscriptionStatus as Status;
use crate::billing::{meter, period, store, trials};
use crate::engine::db::TenantTx;

/// Looks at the signs of a trial that goes on. Repeating it changes nothing.
pub fn review(tx: &mut TenantTx<'_>, key: &MasterKey) -> Result<()> {
    meter::lock(tx)?;
    let trying = settle(tx)?.filter(|subscription| subscription.status == Status::Trialing);
    let Some(mut subscription) = trying else { return Ok(()) };
    let Some(sign) = trials::look_again(tx, key)? else { return Ok(()) };
    let now = tx.now();
    subscription.status = Status::Incomplete;
    subscription.trial_ends_at = Some(now);
    subscription.current_period_start = now;
    subscription.current_period_end = now;
    period::restart(tx, &subscription, Some(0))?;
    store::save(tx, &mut subscription)?;
    let plan = plan_of(tx, &subscription)?;
    entitle_to_basics(tx, &plan)?;
    let more =
        SubscriptionFact { trial_ended_at: Some(now), trial_refused: Some(sign.into()), ..SubscriptionFact::default() };
    record(tx, SubscriptionFact::EXPIRED, &subscription, more)
}
