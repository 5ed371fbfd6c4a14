//! What the inbox needs of a lead's row, and what of it may be shown.

use diesel::prelude::*;

use crate::base::id::{LeadId, UserId};
use crate::base::json::{Doc, Json};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::schema::leads;
use crate::leads::model::LeadSource;
use crate::leads::store::LeadProfile;
use crate::leads::{answers, lock};
use crate::tenants;

/// A lead as messages see it: [`get`] gives the one that may be shown, [`whole`] the one that is written to.
#[derive(Debug, Clone)]
pub struct LeadBrief {
    pub id: LeadId,
    pub name: String,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub source: LeadSource,
    /// By which the platform that brought the lead vouches for it.
    pub platform_lead_id: Option<String>,
    pub score: i32,
    pub is_locked: bool,
    pub assigned_to: Option<UserId>,
    pub budget_range: Option<String>,
    pub timeline: Option<String>,
    pub form_responses: Json,
    pub received_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = leads)]
struct Row {
    id: LeadId,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    source: LeadSource,
    platform_lead_id: Option<String>,
    score: i32,
    is_locked: bool,
    assigned_to: Option<UserId>,
    profile: Doc<LeadProfile>,
    received_at: Timestamp,
}

impl LeadBrief {
    /// The lead's answer to the first question whose key names one of `topics`.
    pub fn answer(&self, topics: &[&str]) -> Option<String> {
        let answers = answers::read(&self.form_responses).ok()?;
        let about = |key: &str| topics.iter().any(|topic| key.to_lowercase().contains(topic));
        answers.iter().filter(|(key, _)| about(key)).find_map(|(_, value)| in_words(value))
    }

    /// # Errors
    /// `lead.locked`.
    pub fn require_unlocked(&self) -> Result<()> {
        if !self.is_locked {
            return Ok(());
        }
        Err(Error::forbidden("lead.locked", "This lead is held under lock: unlock it to see and contact the person."))
    }
}

/// An answer as text: lists joined by commas, nothing for empty ones.
pub fn in_words(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let text = match value {
        Value::Null | Value::Object(_) => return None,
        Value::String(text) => text.trim().to_string(),
        Value::Array(items) => items.iter().filter_map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// The lead as it may be shown: a locked one is nobody, and quotes nothing.
///
/// # Errors
/// `lead.not_found`.
pub fn get(tx: &mut TenantTx<'_>, id: LeadId) -> Result<LeadBrief> {
    let lead = whole(tx, id)?;
    if !lead.is_locked {
        return Ok(lead);
    }
    let tenant = tenants::store::current(tx)?;
    Ok(LeadBrief {
        id: lead.id,
        name: lock::NAME.into(),
        email: None,
        phone: None,
        source: lead.source,
        platform_lead_id: None,
        score: lead.score,
        is_locked: lead.is_locked,
        assigned_to: lead.assigned_to,
        budget_range: lead.budget_range.as_deref().and_then(|text| lock::budget_band(text, &tenant)),
        timeline: lead.timeline.as_deref().and_then(lock::timeline_band),
        form_responses: Json::from(serde_json::json!({})),
        received_at: lead.received_at,
    })
}

/// The lead with its person, locked or not: for what is done with it, never for what anybody is shown.
///
/// # Errors
/// `lead.not_found`.
pub fn whole(tx: &mut TenantTx<'_>, id: LeadId) -> Result<LeadBrief> {
    let row = leads::table.find((tx.tenant(), id)).select(Row::as_select()).first(tx.conn()).optional()?;
    let row = row.ok_or_else(|| Error::not_found("lead.not_found", "There is no such lead."))?;
    let profile = row.profile.0;
    Ok(LeadBrief {
        id: row.id,
        name: row.name,
        email: row.email,
        phone: row.phone,
        source: row.source,
        platform_lead_id: row.platform_lead_id,
        score: row.score,
        is_locked: row.is_locked,
        assigned_to: row.assigned_to,
        budget_range: profile.budget_range,
        timeline: profile.timeline,
        form_responses: profile.form_responses,
        received_at: row.received_at,
    })
}
