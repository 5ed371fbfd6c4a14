//! The operators' console: what the platform's staff see across all tenants.

pub mod webhooks;
