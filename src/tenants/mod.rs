//! Tenants, their users and keys, and who may do what.

pub mod access;
pub mod model;
pub mod store;

pub use model::Tenant;
