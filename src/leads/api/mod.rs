//! The operations on leads.

pub mod list;
pub mod read;
pub mod write;
