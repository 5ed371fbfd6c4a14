//! What a lead is: its vocabulary and its transitions, without rows.

use crate::base::{Error, Result};

crate::text_enum! {
    /// Where a lead came from.
    pub enum LeadSource {
        OutreachResponse = "outreach_response",
        MetaAds = "meta_ads" | "facebook_lead_ad" | "facebook",
        GoogleAds = "google_ads",
        WebForm = "web_form",
        WebChat = "web_chat" | "ai_chat" | "platform_chat",
        Messenger = "messenger",
        Instagram = "instagram",
        WhatsappInbound = "whatsapp_inbound",
        EmailInbound = "email_inbound",
        SmsInbound = "sms_inbound",
        Marketplace = "marketplace",
        Referral = "referral",
        Organic = "organic",
        Import = "import",
        Api = "api",
        Manual = "manual",
    }
}

crate::text_enum! {
    /// How far a lead is.
    pub enum LeadStatus {
        New = "new",
        Contacted = "contacted",
        Qualified = "qualified",
        MeetingScheduled = "meeting_scheduled",
        ProposalSent = "proposal_sent",
        Won = "won" | "converted",
        Lost = "lost",
    }
}

impl LeadStatus {
    /// Won and lost end the enquiry: the next one by the same person is a new lead.
    pub fn is_closed(self) -> bool {
        matches!(self, LeadStatus::Won | LeadStatus::Lost)
    }

    /// Any open status may follow any other (people skip steps and go back); a closed lead must be reopened to
    /// `contacted` first, so that a won deal is not turned into a meeting by accident.
    ///
    /// # Errors
    /// `lead.illegal_transition`.
    pub fn check_transition(self, to: LeadStatus) -> Result<()> {
        if self == to || !self.is_closed() || to == LeadStatus::Contacted {
            return Ok(());
        }
        let message = format!("A lead that is {self} can only go back to contacted, not to {to}.");
        Err(Error::conflict("lead.illegal_transition", message))
    }
}

crate::text_enum! {
    /// Whether the person and the contact data are real (C-04).
    pub enum LeadValidity {
        Unverified = "unverified",
        Valid = "valid",
        Invalid = "invalid",
    }
}

crate::text_enum! {
    /// What identifies a person within a tenant.
    pub enum IdentityKind {
        Email = "email",
        Phone = "phone",
        PlatformLead = "platform_lead",
    }
}

/// Where a person is, as far as known.
#[derive(
    Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, validator::Validate, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"city": "Mumbai", "state": "Maharashtra", "country": "IN"}))]
pub struct Location {
    #[validate(length(max = 120))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[validate(length(max = 120))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2 where known.
    #[validate(length(max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[validate(length(max = 20))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Degrees, -90 to 90.
    #[validate(range(min = -90.0, max = 90.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees, -180 to 180.
    #[validate(range(min = -180.0, max = 180.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_lead_reopens_only_to_contacted() {
        for closed in [LeadStatus::Won, LeadStatus::Lost] {
            for to in LeadStatus::ALL {
                let allowed = *to == closed || *to == LeadStatus::Contacted;
                assert_eq!(closed.check_transition(*to).is_ok(), allowed, "{closed} → {to}");
            }
        }
        for from in LeadStatus::ALL.iter().filter(|status| !status.is_closed()) {
            assert!(LeadStatus::ALL.iter().all(|to| from.check_transition(*to).is_ok()), "{from}");
        }
    }

    #[test]
    fn the_seeds_words_are_understood() {
        assert_eq!("facebook_lead_ad".parse(), Ok(LeadSource::MetaAds));
        assert_eq!("converted".parse(), Ok(LeadStatus::Won));
    }
}
