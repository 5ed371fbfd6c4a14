//! What belongs to an ad campaign and is never looked for by itself: three documents beside the columns.
//!
//! Each is written whole by whoever holds [`store::lock`](super::store::lock), so nothing of it is lost between two writers.

use super::model::{CampaignType, Objective, ReviewState};
use crate::base::json::Json;
use crate::base::time::Timestamp;

/// What is advertised, and to whom. The last three stay as they are until somebody reads them.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    pub campaign_type: CampaignType,
    pub objective: Objective,
    pub targeting: Json,
    pub ad_creative: Json,
    pub search_ads: Json,
}

/// What operators said to it, and which of its ids they wrote down.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Review {
    /// Of the platform's ad accounts only; empty before anybody was asked.
    pub state: Option<ReviewState>,
    pub reason: Option<String>,
    pub decided_at: Option<Timestamp>,
    /// An operator wrote `external_campaign_id` down.
    pub wrote_campaign_id: bool,
    pub wrote_page_id: bool,
}

/// What the ad platform said to what it should be doing.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Carried {
    /// When it last confirmed `desired_delivery`; empty while a change is under way.
    pub synced_at: Option<Timestamp>,
    pub error: Option<String>,
    /// The daily budget there while it differs from ours: the slow one.
    pub lowered_budget: Option<i64>,
}
