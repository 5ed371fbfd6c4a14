//! What can be shown of a campaign: that everybody of its audience is accounted for, and nobody was written to twice.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::id::OutreachCampaignId;
use super::model::{OutreachCounts, OutreachStatus};
use super::prepare;
use super::store::{campaigns, messages};
use crate::base::crypto::MasterKey;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;

/// What was counted, row by row, when it was asked for.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"campaign_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "status": "completed", "audience_size": 2,
    "audience_hash": "0d3b6b1c0c2c1b7f0f2b1f9a7d9e4f6c8a1e5b7d3c9f1a2b4d6e8f0a1c3e5d7b", "is_audience_unchanged": true,
    "counts": {"audience": 2, "pending": 0, "sent": 2, "delivered": 1, "opened": 0, "clicked": 0, "responded": 0, "bounced": 1,
    "complained": 0, "failed": 0, "suppressed": 0, "canceled": 0, "unknown": 0}, "is_sum_of_states": true, "duplicates": 0,
    "counted_at": "2026-11-20T10:00:00Z", "signature": "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184"}))]
pub struct OutreachProof {
    pub campaign_id: OutreachCampaignId,
    pub status: OutreachStatus,
    /// How many were written down at the launch.
    pub audience_size: i32,
    /// SHA-256, in hex, of their ids in ascending order, each as text with a line feed behind it.
    pub audience_hash: String,
    /// The same computed anew of the rows that are there now.
    pub is_audience_unchanged: bool,
    /// Counted of the rows, not of the counters that are kept.
    pub counts: OutreachCounts,
    /// The states sum to the audience, and the kept counters say the same as the rows.
    pub is_sum_of_states: bool,
    /// Messages that were handed over beyond the first to one address.
    pub duplicates: i64,
    pub counted_at: Timestamp,
    /// HMAC-SHA-256, in hex, under a key of this server's, of everything above as JSON: whoever runs it can tell that nothing was
    /// altered.
    pub signature: String,
}

/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.not_launched`.
pub fn of(tx: &mut TenantTx<'_>, key: &MasterKey, id: OutreachCampaignId) -> Result<OutreachProof> {
    let campaign = campaigns::get(tx, id)?;
    let Some(audience_hash) = campaign.audience_hash.clone() else {
        let message = "Its audience is not written down yet, so there is nothing to prove.";
        return Err(Error::conflict("outreach_campaign.not_launched", message));
    };
    let mut counts = OutreachCounts::default();
    for (status, count) in messages::recounted(tx, id)? {
        counts.add(status, count);
    }
    let kept = messages::counts(tx, id)?;
    let mut proof = OutreachProof {
        campaign_id: id,
        status: campaign.status,
        audience_size: campaign.audience_size,
        is_audience_unchanged: prepare::hash(tx, id)? == audience_hash,
        audience_hash,
        is_sum_of_states: counts == kept && counts.audience == i64::from(campaign.audience_size),
        counts,
        duplicates: messages::doubled_addresses(tx, id)?,
        counted_at: tx.now(),
        signature: String::new(),
    };
    let said = serde_json::to_vec(&proof).map_err(Error::internal)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.derive("outreach-proof")).map_err(Error::internal)?;
    mac.update(&said);
    proof.signature = hex::encode(mac.finalize().into_bytes());
    Ok(proof)
}
