//! What a lead is: its vocabulary and its transitions, without rows.

use crate::base::bounded::Text;
use crate::base::{Error, Result};
use crate::billing::model::MeterKind;

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
    /// How a lead is paid for.
    pub enum ChargeKind {
        Quota = "quota",
        Rollover = "rollover",
        Credit = "credit",
        Overage = "overage",
        PerLead = "per_lead",
        Repeat = "repeat",
        Blocked = "blocked",
        Unreachable = "unreachable",
        /// By an earlier version, before the tenant had any plan.
        Unmetered = "unmetered",
    }
}

impl ChargeKind {
    /// It counts against quota or credits, or is billed.
    pub fn is_paid_for(self) -> bool {
        match self {
            Self::Quota | Self::Rollover | Self::Credit | Self::Overage | Self::PerLead => true,
            Self::Repeat | Self::Blocked | Self::Unreachable | Self::Unmetered => false,
        }
    }
}

impl From<MeterKind> for ChargeKind {
    fn from(kind: MeterKind) -> Self {
        match kind {
            MeterKind::Quota => Self::Quota,
            MeterKind::Rollover => Self::Rollover,
            MeterKind::Credit => Self::Credit,
            MeterKind::Overage => Self::Overage,
            MeterKind::PerLead => Self::PerLead,
            MeterKind::Repeat => Self::Repeat,
            MeterKind::Blocked => Self::Blocked,
            MeterKind::Unreachable => Self::Unreachable,
        }
    }
}

impl LeadSource {
    /// The person is answered where they wrote, whatever else is known of them.
    pub fn is_conversation(self) -> bool {
        use LeadSource::{EmailInbound, Instagram, Messenger, SmsInbound, WebChat, WhatsappInbound};
        matches!(self, WebChat | Messenger | Instagram | WhatsappInbound | EmailInbound | SmsInbound)
    }
}

/// Begins the platform's id of a lead for which only a key that a tenant made itself vouches.
pub const OWN_KEY: &str = "own_key:";

/// Does anybody but the tenant vouch for a lead? An ad platform does, for what it delivered along a route that operators agreed
/// to. The word of a source does not: the tenant writes that itself.
pub fn is_vouched(platform_lead_id: Option<&str>) -> bool {
    platform_lead_id.is_some_and(|id| !id.starts_with(OWN_KEY))
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
    /// Whether the person and the contact data are real.
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
    #[schema(max_length = 120)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub city: Option<String>,
    #[validate(length(max = 120))]
    #[schema(max_length = 120)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2 where known.
    #[validate(length(max = 60))]
    #[schema(max_length = 60)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub country: Option<String>,
    #[validate(length(max = 20))]
    #[schema(max_length = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub postal_code: Option<String>,
    /// Degrees, -90 to 90.
    #[validate(range(min = -90.0, max = 90.0))]
    #[schema(minimum = -90.0, maximum = 90.0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub lat: Option<f64>,
    /// Degrees, -180 to 180.
    #[validate(range(min = -180.0, max = 180.0))]
    #[schema(minimum = -180.0, maximum = 180.0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub lng: Option<f64>,
}

crate::patch! {
    /// A merge-patch of a location: absent keeps, null clears.
    #[derive(PartialEq)]
    #[schema(example = json!({"city": "Pune", "postal_code": null}))]
    pub struct LocationPatch of Location as part {
        city: Patch<Text<0, 120>>,
        state: Patch<Text<0, 120>>,
        /// ISO 3166-1 alpha-2 where known.
        country: Patch<Text<0, 60>>,
        postal_code: Patch<Text<0, 20>>,
        /// Degrees, -90 to 90.
        #[validate(range(min = -90.0, max = 90.0))]
        #[schema(minimum = -90, maximum = 90)]
        lat: Patch<f64>,
        /// Degrees, -180 to 180.
        #[validate(range(min = -180.0, max = 180.0))]
        #[schema(minimum = -180, maximum = 180)]
        lng: Patch<f64>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use validator::Validate;

    #[test]
    fn a_part_of_a_location_changes_alone() {
        let patch = |body: serde_json::Value| serde_json::from_value::<LocationPatch>(body).unwrap();
        let mut location = Location { city: Some("Mumbai".into()), country: Some("IN".into()), ..Default::default() };
        patch(serde_json::json!({"city": "Pune", "country": null, "lat": 18.5})).apply(&mut location);
        assert_eq!(location, Location { city: Some("Pune".into()), lat: Some(18.5), ..Default::default() });
        let wrong = patch(serde_json::json!({"lng": 181.0, "lat": null})).validate().unwrap_err();
        assert_eq!(wrong.errors().keys().collect::<Vec<_>>(), ["lng"]);
        assert!(serde_json::from_value::<LocationPatch>(serde_json::json!({"city": "x".repeat(121)})).is_err());
    }

    #[test]
    fn a_key_of_the_tenants_own_vouches_for_nothing() {
        assert!(is_vouched(Some("meta:1")) && is_vouched(Some("google:1")));
        assert!(!is_vouched(Some("own_key:google:1")) && !is_vouched(None));
    }

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
    fn other_words_for_them_are_understood() {
        assert_eq!("facebook_lead_ad".parse(), Ok(LeadSource::MetaAds));
        assert_eq!("converted".parse(), Ok(LeadStatus::Won));
    }
}
