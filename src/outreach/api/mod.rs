//! `/v1/outreach-campaigns`.

pub mod campaigns;
pub mod messages;
pub mod steer;
