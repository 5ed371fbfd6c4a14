//! Making the key of an ad campaign's lead forms.

use actix_web::post;
use validator::Validate;

use crate::ads::key::{self, Minted};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::http::{Answer, JsonOrNothing, Once, Path, Reply};
use crate::leads::id::AdCampaignId;
use crate::tenants::access::{Caller, Permission};

/// A day: what both keys share when nothing else is said.
const DEFAULT_OVERLAP_SECONDS: i64 = 86_400;

/// How to replace the key before. The body may be left out.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub struct KeyRotation {
    /// How long the key before still works: 0 to a week, a day when absent.
    #[validate(range(min = 0, max = 604_800))]
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<i64>,
}

/// The key, which is shown only here, and where it goes.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"ad_campaign_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "key": "lw_form_…", "prefix": "lw_form_Q2F",
    "webhook_url": "https://leads.example.com/v1/webhooks/google-ads", "created_at": "2026-11-20T09:00:00Z", "previous_ends_at": null}))]
pub struct LeadFormKeyView {
    pub ad_campaign_id: AdCampaignId,
    /// For the field "Key" of the form's webhook.
    pub key: String,
    /// The beginning of the key, to recognise it by.
    pub prefix: String,
    /// For its field "Webhook URL".
    pub webhook_url: String,
    pub created_at: Timestamp,
    /// Until when the key before works too; null when there was none.
    pub previous_ends_at: Option<Timestamp>,
}

/// Make a key for an ad campaign's lead forms
///
/// For Google, whose forms send with nothing but a key. From the first key on, no other key brings this ad campaign leads, and this
/// one brings none to any other: the lead must be of the form or the ad campaign whose id was written down. In the platform's ad
/// account operators make the key. Making another replaces it.
#[utoipa::path(
    request_body = KeyRotation,
    responses((status = 201, description = "The key, shown once", body = LeadFormKeyView))
)]
#[post("/ad-campaigns/{id}/webhook-key")]
pub async fn create_lead_form_key(
    caller: Caller,
    core: Core,
    id: Path<AdCampaignId>,
    body: JsonOrNothing<KeyRotation>,
    once: Once,
) -> Answer {
    caller.require(Permission::AdCampaignsWrite)?;
    let by_operator = caller.is_operator();
    let webhook_url = format!("{}/v1/webhooks/google-ads", core.settings.public_url.trim_end_matches('/'));
    let overlap = chrono::Duration::seconds(body.0.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS));
    once.write(&core, caller.scope(), move |tx| {
        let Minted { row, key, previous_ends_at } = key::create(tx, id.0, overlap, by_operator)?;
        let view = LeadFormKeyView {
            ad_campaign_id: id.0,
            key,
            prefix: row.prefix,
            webhook_url,
            created_at: row.created_at,
            previous_ends_at,
        };
        Ok(Reply::created(view))
    })
    .await
}
