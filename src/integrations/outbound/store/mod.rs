//! Rows of outbound webhooks: the endpoints, and what is on its way to them.

pub mod deliveries;
pub mod endpoints;
