//! What happens to a lead. Each of them is on the lead's own timeline, and names of what changed stand for the values, which
//! may be personal.

use super::contact_details::DetailKind;
use super::model::{ChargeKind, LeadSource, LeadStatus};
use super::score::Grade;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::events::{Facts, NewEvent, SoleFact};
use crate::leads::id::{AdCampaignId, NoteId};

crate::fact! {
    /// A person enquired for the first time.
    LeadCreated = "lead.created" {
        source: Option<LeadSource> = "meta_ads",
        score: Option<i32> = 95,
        grade: Option<Grade> = "hot",
        charge_kind: Option<ChargeKind> = "quota",
        is_locked: Option<bool>,
        ad_campaign_id: Option<AdCampaignId>,
        received_at: Option<Timestamp>,
    }
}

crate::fact! {
    /// The person enquired again.
    LeadEnquired = "lead.enquired" {
        source: Option<LeadSource> = "meta_ads",
        enquiry_count: Option<i32> = 2,
        charge_kind: Option<ChargeKind> = "repeat",
        ad_campaign_id: Option<AdCampaignId>,
        /// A form's questions are the tenant's, but a caller of the API may put anything there.
        questions: Vec<String> = ["When are you planning to buy?"] of Person,
        forgotten_questions: Vec<String> = ["Which area?"] of Person,
        new_contact_details: Vec<DetailKind> = ["phone", "email"],
        /// Free JSON of whoever sent it: a referrer may name the person.
        source_details: Option<serde_json::Value> = {"campaign": "diwali"} of Person,
        received_at: Option<Timestamp>,
    }
}

crate::fact! {
    /// Somebody changed what is known of the lead.
    LeadUpdated = "lead.updated" {
        changed: Vec<String> = ["budget_range", "timeline"],
    }
}

impl LeadUpdated {
    /// Where the person is reached is other than before.
    pub fn touches_addresses(&self) -> bool {
        self.changed.iter().any(|field| field == "phone" || field == "email")
    }
}

crate::fact! {
    /// The lead went a step of the pipeline.
    LeadStatusChanged = "lead.status_changed" {
        from: Option<LeadStatus> = "new",
        to: Option<LeadStatus> = "contacted",
    }
}

crate::fact! {
    /// The lead is somebody else's to answer; null is nobody's.
    LeadAssigned = "lead.assigned" {
        from: Option<UserId>,
        to: Option<UserId>,
    }
}

crate::fact! {
    /// The score is another than before.
    LeadScored = "lead.scored" {
        from: Option<i32> = 70,
        to: Option<i32> = 85,
        model: Option<String> = "real_estate_in",
    }
}

crate::fact! {
    /// The lead was paid for, and shows who the person is.
    LeadUnlocked = "lead.unlocked" {}
}

crate::fact! {
    /// Somebody wrote a note.
    LeadNoteAdded = "lead.note_added" {
        note_id: Option<NoteId>,
    }
}

/// An event about a lead, on its timeline.
pub trait LeadFact: SoleFact {
    fn of(self, lead: LeadId) -> NewEvent {
        self.about(lead.uuid()).on(lead.uuid())
    }
}
impl<F: SoleFact> LeadFact for F {}

pub fn facts(facts: &mut Facts) {
    facts
        .add::<LeadCreated>()
        .add::<LeadEnquired>()
        .add::<LeadUpdated>()
        .add::<LeadStatusChanged>()
        .add::<LeadAssigned>()
        .add::<LeadScored>()
        .add::<LeadUnlocked>()
        .add::<LeadNoteAdded>();
}
