//! Rows of outreach campaigns, of their estimates and of their messages.

pub mod campaigns;
pub mod estimates;
pub mod messages;
