//! What is known of a person and of what they want, beyond what leads are found and counted by.
//!
//! It is shown, scored and quoted, and nobody filters or sorts by it, so it is one column. It is written with its lead and
//! by the lead's version, so nothing of it is lost between two writers.

use super::model::Location;
use crate::base::id::Uuid;
use crate::base::json::Json;

/// The document; its own documents stay as they are until somebody reads them, by [`Lead`](super::store::Lead)'s methods.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LeadProfile {
    /// The phone number as the person wrote it.
    pub phone_raw: Option<String>,
    /// See [`super::contact_details`].
    pub contact_details: Json,
    pub industry: Option<String>,
    pub location: Location,
    pub budget_range: Option<String>,
    pub timeline: Option<String>,
    /// Pairs, see [`super::answers`].
    pub form_responses: Json,
    /// How often the person sent a form.
    pub form_submissions: i32,
    /// How often the person enquired.
    pub enquiry_count: i32,
    pub source_details: Json,
    pub behaviour: Behaviour,
    pub ai_summary: Option<String>,
    pub ai_insights: Option<Json>,
    /// As whom the person is metered, where that is not the contact: enquiries under lock tell nobody whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metered_as: Option<Uuid>,
}

/// What the person did on the tenant's pages.
#[derive(
    Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema, validator::Validate,
)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub pages_visited: Vec<String>,
    #[validate(range(min = 0, max = 100_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub time_on_site_seconds: i64,
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub actions_taken: Vec<String>,
}
