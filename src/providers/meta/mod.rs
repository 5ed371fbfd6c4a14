//! Meta: lead notifications in, the lead's personal data out of the Graph API, and pausing ad campaigns.
//!
//! A leadgen webhook holds ids only, so a lead is always two steps: verify the notification ([`verify_signature`]), then fetch
//! ([`GraphApi::fetch_lead`](crate::providers::LeadFetcher::fetch_lead)). Errors are told by code and subcode, never by HTTP status
//! or text (`classify`). Not here: Messenger, Instagram and the creation of ad campaigns.

mod campaigns;
mod check;
mod classify;
mod graph;
mod leads;
mod signature;
mod wire;

pub use graph::GraphApi;
pub use leads::LeadFetcher;
pub use signature::{is_signature, sign, verify_handshake, verify_signature};
pub use wire::{
    Change, DisclaimerAnswer, Entry, Envelope, FieldDatum, FormQuestion, LeadgenChange, LeadgenChanges, MetaLead,
    parse_created_time,
};

pub use signature::appsecret_proof;

const PROVIDER: &str = "meta";
