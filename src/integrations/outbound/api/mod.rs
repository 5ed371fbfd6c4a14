//! Outbound webhooks over HTTP: endpoints, and the log of what was delivered to them.

pub mod deliveries;
pub mod endpoints;
