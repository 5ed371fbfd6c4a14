//! Google Ads: lead form webhooks in, pausing ad campaigns out.
//!
//! A lead form webhook carries the whole lead and no signature: whoever knows the key may write anything, so the key is compared in
//! constant time, before anything is parsed. Not here: OAuth (the access token is configuration) and reporting.

mod campaigns;
mod check;
mod classify;
mod key;
mod wire;

pub use campaigns::GoogleAdsApi;
pub use key::{keys_in, matches, without_key};
pub use wire::{LeadFormWebhook, UserColumn, with_id};
