//! The key with which the lead forms of one ad campaign send to us.
//!
//! Google signs nothing: whoever has the key in a form's webhook may write any lead. A key of its own confines that to one ad
//! campaign, and closes it to every other key. It is shown once; making another replaces it, with an overlap in which the form is
//! changed over.

use super::facts::AdCampaignFact;
use super::model::AccountOwner;
use super::store::{self, LeadFormKey};
use crate::ads::id::LeadFormKeyId;
use crate::base::crypto::{random_token, sha256_hex};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::leads::id::AdCampaignId;
use crate::providers::AdPlatform;

/// What each key begins with.
pub const PREFIX: &str = "lw_form_";
/// How much of a key is kept to recognise it by.
const SHOWN: usize = 11;

/// A key and what became of the one before.
pub struct Minted {
    pub row: LeadFormKey,
    pub key: String,
    /// Until when the one before opens too; empty when there was none.
    pub previous_ends_at: Option<Timestamp>,
}

/// # Errors
/// `ad_campaign.not_found`, `ad_campaign.takes_no_key`, `auth.operator_required`.
pub fn create(tx: &mut TenantTx<'_>, id: AdCampaignId, overlap: chrono::Duration, by_operator: bool) -> Result<Minted> {
    store::lock(tx)?;
    let campaign = store::get(tx, id)?;
    if campaign.platform != AdPlatform::Google {
        let message = "Only Google's lead forms send with a key. Meta signs what it sends.";
        return Err(Error::conflict("ad_campaign.takes_no_key", message));
    }
    if campaign.account_owner == AccountOwner::Platform && !by_operator {
        let message = "The forms of the platform's ad account are set up by its operators, who make their keys.";
        return Err(Error::forbidden("auth.operator_required", message));
    }
    let (now, key) = (tx.now(), random_token(PREFIX));
    let ends_at = now.plus(overlap);
    let previous_ends_at = (store::end_keys(tx, id, ends_at)? > 0).then_some(ends_at);
    let row = LeadFormKey {
        tenant_id: tx.tenant(),
        id: LeadFormKeyId::new(),
        ad_campaign_id: id,
        prefix: key.chars().take(SHOWN).collect(),
        key_hash: sha256_hex(&key),
        created_at: now,
        ends_at: None,
    };
    store::insert_key(tx, &row)?;
    let fact = AdCampaignFact { valid_until: previous_ends_at, ..AdCampaignFact::of(&campaign) };
    tx.record(fact.told_as(AdCampaignFact::KEY_ROTATED).about(id.uuid()))?;
    Ok(Minted { row, key, previous_ends_at })
}
