//! A lead as it may be shown: what every folder above gets instead of the row.
//!
//! Of a locked one the person's part is not there, so nobody can forget to leave it out; whoever needs it asks for [`Shown::contact`] and is refused.

use super::answers;
use super::lock;
use super::model::{IdentityKind, LeadSource};
use super::score::reasons;
use super::store::{self, Brief, Heading};
use crate::base::Result;
use crate::base::id::UserId;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::tenants::{self, Tenant};

#[derive(Debug, Clone)]
pub struct Shown {
    pub id: LeadId,
    /// [`lock::NAME`] of a locked one.
    pub name: String,
    pub source: LeadSource,
    pub score: i32,
    pub is_locked: bool,
    pub assigned_to: Option<UserId>,
    /// Of a locked lead the band it lies in.
    pub budget_range: Option<String>,
    /// Of a locked lead the band it lies in.
    pub timeline: Option<String>,
    pub has_phone: bool,
    pub received_at: Timestamp,
    contact: Option<Contact>,
}

/// Who it is, and what they wrote.
#[derive(Debug, Clone)]
pub struct Contact {
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    answers: Json,
}

impl Contact {
    fn answer(&self, topics: &[&str]) -> Option<String> {
        let answers = answers::read(&self.answers).ok()?;
        let about = |key: &str| topics.iter().any(|topic| key.to_lowercase().contains(topic));
        answers.iter().filter(|(key, _)| about(key)).find_map(|(_, value)| answers::in_words(value))
    }
}

impl Shown {
    /// `tenant` says what may be told of a locked lead; without one it is less.
    pub(super) fn of(lead: Brief, tenant: Option<&Tenant>) -> Self {
        let has_phone = lead.address(IdentityKind::Phone).is_some();
        let Brief { id, source, score, is_locked, assigned_to, received_at, .. } = lead;
        let mut shown = Self {
            id,
            name: lock::NAME.into(),
            source,
            score,
            is_locked,
            assigned_to,
            budget_range: None,
            timeline: None,
            has_phone,
            received_at,
            contact: None,
        };
        if is_locked {
            let budget = lead.profile.budget_range.as_deref().zip(tenant);
            shown.budget_range = budget.and_then(|(text, tenant)| lock::budget_band(text, tenant));
            shown.timeline = lead.profile.timeline.as_deref().and_then(lock::timeline_band);
            return shown;
        }
        let address = |kind| lead.address(kind).map(str::to_string);
        let (email, phone) = (address(IdentityKind::Email), address(IdentityKind::Phone));
        let profile = lead.profile.0;
        shown.contact = Some(Contact { email, phone, answers: profile.form_responses });
        Self { name: lead.name, budget_range: profile.budget_range, timeline: profile.timeline, ..shown }
    }

    /// Who it is.
    ///
    /// # Errors
    /// `lead.locked`.
    pub fn contact(&self) -> Result<&Contact> {
        self.contact.as_ref().ok_or_else(lock::refusal)
    }

    /// The answer to the first question whose key names one of `topics`; none of a locked lead.
    pub fn answer(&self, topics: &[&str]) -> Option<String> {
        self.contact.as_ref()?.answer(topics)
    }

    /// Where the lead wants to be, in its own words.
    pub fn areas(&self) -> Option<String> {
        self.answer(&["area", "localit", "neighbourhood", "neighborhood"])
    }

    /// The phone number, or how a locked lead's is told: it has one to be paid for, or it has not.
    pub fn phone_in_words(&self) -> Option<&str> {
        match &self.contact {
            Some(contact) => contact.phone.as_deref(),
            None => Some(lock::PHONE),
        }
    }

    /// What the person wrote, or that it is held back.
    pub fn words<'a>(&self, text: &'a str) -> &'a str {
        if self.is_locked { lock::WORDS } else { text }
    }

    /// The three best reasons for its score.
    pub fn reasons(&self, tx: &mut TenantTx<'_>) -> Result<Vec<String>> {
        let score = store::latest_score(tx, self.id)?;
        let score = if self.is_locked { score.map(lock::quiet) } else { score };
        Ok(score.as_ref().map(reasons).unwrap_or_default())
    }
}

/// The lead as it may be shown.
///
/// # Errors
/// `lead.not_found`.
pub fn shown(tx: &mut TenantTx<'_>, id: LeadId) -> Result<Shown> {
    let lead = store::brief(tx, id)?;
    let tenant = if lead.is_locked { Some(tenants::store::current(tx)?) } else { None };
    Ok(Shown::of(lead, tenant.as_ref()))
}

impl Brief {
    /// # Errors
    /// `lead.locked`.
    pub fn require_unlocked(&self) -> Result<()> {
        if self.is_locked { Err(lock::refusal()) } else { Ok(()) }
    }
}

impl Heading {
    /// A locked lead has none of its own.
    pub fn name(&self) -> &str {
        if self.is_locked { lock::NAME } else { &self.name }
    }
}
