//! Rows of the keys by which lead forms of one ad campaign send to us. A key is stored as a hash and shown once.

use diesel::prelude::*;

use crate::ads::id::LeadFormKeyId;
use crate::ads::schema::lead_form_keys;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::id::AdCampaignId;

/// A key without the key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = lead_form_keys, treat_none_as_default_value = false)]
pub struct LeadFormKey {
    pub tenant_id: TenantId,
    pub id: LeadFormKeyId,
    pub ad_campaign_id: AdCampaignId,
    /// The beginning of the key, to recognise it by.
    pub prefix: String,
    pub key_hash: String,
    pub created_at: Timestamp,
    /// From then on it opens nothing; empty for the newest.
    pub ends_at: Option<Timestamp>,
}

pub fn insert_key(tx: &mut TenantTx<'_>, row: &LeadFormKey) -> Result<()> {
    diesel::insert_into(lead_form_keys::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Ends the keys of this ad campaign at `at`, those that end earlier excepted. Answers how many there are.
pub fn end_keys(tx: &mut TenantTx<'_>, campaign: AdCampaignId, at: Timestamp) -> Result<usize> {
    let ended = diesel::update(lead_form_keys::table)
        .filter(lead_form_keys::tenant_id.eq(tx.tenant()).and(lead_form_keys::ad_campaign_id.eq(campaign)))
        .filter(lead_form_keys::ends_at.is_null().or(lead_form_keys::ends_at.gt(at)))
        .set(lead_form_keys::ends_at.eq(at))
        .execute(tx.conn())?;
    Ok(ended)
}

/// Has this ad campaign a key of its own? Then no other opens it.
pub fn has_key(tx: &mut TenantTx<'_>, campaign: AdCampaignId) -> Result<bool> {
    let found: Option<LeadFormKeyId> = lead_form_keys::table
        .filter(lead_form_keys::tenant_id.eq(tx.tenant()).and(lead_form_keys::ad_campaign_id.eq(campaign)))
        .select(lead_form_keys::id)
        .first(tx.conn())
        .optional()?;
    Ok(found.is_some())
}

/// The living key with this hash.
pub fn key_of(tx: &mut PlatformTx<'_>, hash: &str) -> Result<Option<LeadFormKey>> {
    let now = tx.now();
    Ok(lead_form_keys::table
        .filter(lead_form_keys::key_hash.eq(hash))
        .filter(lead_form_keys::ends_at.is_null().or(lead_form_keys::ends_at.gt(now)))
        .select(LeadFormKey::as_select())
        .first(tx.conn())
        .optional()?)
}
