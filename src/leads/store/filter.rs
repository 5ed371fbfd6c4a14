//! Which leads a list or a count is about.

use super::search;
use crate::base::Result;
use crate::base::id::{RawId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::id::ContactId;
use crate::engine::db::{Rows, TenantTx, Where};
use crate::leads::id::AdCampaignId;
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};
use crate::leads::schema::leads;

/// Which leads; empty parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    pub statuses: Vec<LeadStatus>,
    pub sources: Vec<LeadSource>,
    pub validity: Option<LeadValidity>,
    /// Inclusive on both sides.
    pub score: Option<(i32, i32)>,
    /// `Some(None)`: assigned to nobody.
    pub assigned_to: Option<Option<UserId>>,
    pub ad_campaign: Option<AdCampaignId>,
    /// Whose; what is locked is nobody's.
    pub contact: Option<ContactId>,
    pub is_locked: Option<bool>,
    pub created: (Option<Timestamp>, Option<Timestamp>),
    pub received: (Option<Timestamp>, Option<Timestamp>),
    pub updated_after: Option<Timestamp>,
    /// Part of a name, e-mail, phone or company. Locked leads are not searched: a hit would tell what is masked.
    pub text: Option<String>,
}

impl LeadFilter {
    /// Without the text.
    pub(super) fn of(&self, tx: &TenantTx<'_>) -> Where<leads::table> {
        Where::of(tx, leads::tenant_id)
            .any(leads::status, &self.statuses)
            .any(leads::source, &self.sources)
            .eq(leads::validity, self.validity)
            .within(leads::score, self.score)
            .maybe(leads::assigned_to, self.assigned_to)
            .eq(leads::ad_campaign_id, self.ad_campaign)
            .eq(leads::person_id, self.contact.map(|id| RawId(id.uuid())))
            .eq(leads::is_locked, self.contact.map(|_| false))
            .eq(leads::is_locked, self.is_locked)
            .since(leads::created_at, self.created.0)
            .before(leads::created_at, self.created.1)
            .since(leads::received_at, self.received.0)
            .before(leads::received_at, self.received.1)
            .since(leads::updated_at, self.updated_after)
    }

    pub(super) fn rows(&self, tx: &mut TenantTx<'_>) -> Result<Rows> {
        let which = self.of(tx);
        match &self.text {
            Some(text) => search::sought(tx, which, text),
            None => Ok(which.into()),
        }
    }
}

/// How many leads of one source match.
pub type SourceCount = (LeadSource, i64);
