//! Google Ads: lead form webhooks in, pausing ad campaigns out.
//!
//! A lead form webhook carries the whole lead and no signature: whoever knows the key may write anything, so the key is compared in
//! constant time and the path is not to be published. Not here: OAuth (the access token is configuration) and reporting.

mod campaigns;
mod check;
mod classify;
mod key;
mod wire;

pub use campaigns::GoogleAdsApi;
pub use key::key_matches;
pub use wire::{LeadFormWebhook, UserColumn};
