//! What a plan, a subscription and a usage period are.

mod meter;
mod period;
mod plan;
mod quota;
mod subscription;

pub use meter::{EntryKind, Meter, MeterKind};
pub use period::{UsageEntry, UsagePeriod};
pub use plan::{Allowance, BillingInterval, Plan, PriceBand, Pricing, Quotas};
pub use quota::{OveragePolicy, Quota, Standing, decide};
pub use subscription::{Due, GRACE_DAYS, PlanFrom, Subscription, SubscriptionStatus};
