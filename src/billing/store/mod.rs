//! Rows of plans, subscriptions, usage periods and the usage ledger, to be read. What is written of the last three needs the
//! tenant's books ([`super::books`]).

mod ledger;
mod periods;
mod plans;
mod subscriptions;
mod trials;

pub use ledger::{EntryFilter, Totals, blocked, entries, held_back, leads_of, metered_between, totals};
pub use periods::{last_period, period_for, period_of, successor};
pub use plans::{insert_plan, keep_version, known_plans, plan, plan_version, plans, retire_plans_except, update_plan};
pub use subscriptions::{
    SubscriptionFilter, ever_subscribed, had_trial, list_all, overdue, stored, subscription, tenant_of,
};
pub use trials::{note_trial, own_trial, trial_with, trials_after};
