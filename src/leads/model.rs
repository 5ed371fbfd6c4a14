//! What a lead is: its vocabulary and its transitions, without rows.

use crate::base::{Error, Result};
use crate::billing::model::MeterKind;

use crate::contacts::ContactSource;
pub use crate::contacts::{IdentityKind, Location, LocationPatch};

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

impl From<LeadSource> for ContactSource {
    fn from(source: LeadSource) -> Self {
        // Every source of leads is one of people; a test holds it.
        source.as_str().parse().unwrap_or(Self::Api)
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn whoever_enquires_is_known_from_where() {
        for source in LeadSource::ALL {
            assert_eq!(ContactSource::from(*source).as_str(), source.as_str());
        }
    }

    #[test]
    fn other_words_for_them_are_understood() {
        assert_eq!("facebook_lead_ad".parse(), Ok(LeadSource::MetaAds));
        assert_eq!("converted".parse(), Ok(LeadStatus::Won));
    }
}
