//! A lead for the tests of every folder from here upwards, whose intake is not theirs.

use serde_json::json;

use super::model::{LeadSource, LeadStatus, LeadValidity, Location};
use super::shown::Shown;
use super::store::{Behaviour, Brief, Lead, LeadProfile};
use crate::base::id::{RawId, TenantId};
use crate::base::json::{Doc, Json};
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;

/// A valid lead with 85 points and a name, and nothing else known: `Lead { phone: …, ..rajesh(tx) }`.
pub fn rajesh(tx: &TenantTx<'_>) -> Lead {
    rajesh_at(tx.tenant(), tx.now())
}

/// The same without a database.
pub fn rajesh_at(tenant_id: TenantId, now: Timestamp) -> Lead {
    let id = LeadId::new();
    Lead {
        tenant_id,
        id,
        person_id: RawId(id.uuid()),
        name: "Rajesh Kumar".into(),
        email: None,
        phone: None,
        company: None,
        source: LeadSource::MetaAds,
        status: LeadStatus::New,
        validity: LeadValidity::Valid,
        score: 85,
        is_locked: false,
        assigned_to: None,
        assigned_at: None,
        ad_campaign_id: None,
        lead_form_id: None,
        platform_lead_id: None,
        charge_kind: None,
        charged_amount: None,
        charge_currency: None,
        profile: Doc(LeadProfile {
            phone_raw: None,
            contact_details: Json::from(json!([])),
            industry: None,
            location: Location::default(),
            budget_range: None,
            timeline: None,
            form_responses: Json::from(json!([])),
            form_submissions: 1,
            enquiry_count: 1,
            source_details: Json::from(json!({})),
            behaviour: Behaviour::default(),
            ai_summary: None,
            ai_insights: None,
            metered_as: None,
        }),
        contact_count: 0,
        total_interactions: 1,
        first_contact_at: None,
        last_contact_at: None,
        last_activity_at: now,
        closed_at: None,
        search: "rajesh kumar".into(),
        received_at: now,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// A lead that is not locked, as it is shown.
pub fn shown(lead: Lead) -> Shown {
    Shown::of(Brief::from(lead), None)
}
