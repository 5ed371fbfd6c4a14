//! Tenants, their users and keys, and who may do what.

pub mod access;
