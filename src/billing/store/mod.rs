//! Rows of plans, subscriptions, usage periods and the usage ledger.

macro_rules! same_fields {
    ($from:ty => $to:ident { $($field:ident),* $(,)? }) => {
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                Self { $($field: from.$field),* }
            }
        }
    };
}

mod ledger;
mod periods;
mod plans;
mod subscriptions;
mod trials;

pub use ledger::{EntryFilter, Totals, append, blocked, entries, held_back, leads_of, metered_between, totals};
pub use periods::{insert_period, last_period, period_for, period_of, save_period, successor};
pub use plans::{insert_plan, keep_version, known_plans, plan, plan_version, plans, retire_plans_except, update_plan};
pub use subscriptions::{
    SubscriptionFilter, current, ever_subscribed, had_trial, insert_subscription, list_all, overdue, save,
    subscription, tenant_of,
};
pub use trials::{note_trial, own_trial, trial_with, trials_after};

/// The only meter so far; the others get their own name.
const LEADS: &str = "leads";
