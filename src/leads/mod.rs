//! Leads.

pub mod model;
pub mod score;
