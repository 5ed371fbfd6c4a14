//! The road in: the one function by which anything becomes a lead.
//!
//! [`mod@receive`] normalises, recognises the person, scores, meters, writes the lead, opens its conversation and records
//! what happened, in the caller's one transaction. Advert webhooks, the API and everything later end here; nothing else
//! inserts a lead. It never refuses a person: a wrong phone number makes a lead without a phone, not a lost lead.
//! What the tenant is told about it follows from the events.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as intake;
use ::billing;
use ::contacts;
use ::inbox;
use ::leads;
use ::tenants;
use engine::{self, base, text_enum};

mod api;
mod combine;
mod enquiry;
pub mod fields;
pub mod meaning;
mod person;
mod receive;
mod recognise;

pub use api::IsAdCampaign;
pub use enquiry::{Further, NewEnquiry, Received};
pub use receive::receive;

/// `POST /v1/leads`.
pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    cfg.service(api::create_lead);
}
