//! What the gate asks about a tenant's plan.

use super::current::current;
use super::model::{Subscription, SubscriptionStatus};
use super::store;
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::sending::gate::Standing;

/// Where the tenant of this transaction stands with its plan.
pub fn standing(tx: &mut TenantTx<'_>) -> Result<Standing> {
    let current = current(tx)?;
    Ok(match current {
        Some(subscription) => standing_of(&subscription),
        None if store::ever_subscribed(tx)? => Standing::Lapsed,
        None => Standing::NoPlan,
    })
}

fn standing_of(subscription: &Subscription) -> Standing {
    use SubscriptionStatus as S;
    match subscription.status {
        S::Trialing => Standing::Trial,
        S::Active | S::PastDue => {
            Standing::Paying { since: subscription.activated_at.unwrap_or(subscription.created_at) }
        }
        S::Incomplete if subscription.activated_at.is_none() && subscription.trial_ends_at.is_none() => {
            Standing::NoPlan
        }
        S::Incomplete | S::Paused | S::Canceled | S::Expired => Standing::Lapsed,
    }
}
