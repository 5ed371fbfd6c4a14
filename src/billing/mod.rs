//! Plans, subscriptions and metering.

pub mod meter;
