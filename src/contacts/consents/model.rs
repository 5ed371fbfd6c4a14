//! What a consent is, and which of two about the same thing stands.

use crate::base::time::Timestamp;
use crate::contacts::model::SuppressionReason;

crate::text_enum! {
    /// What a message is for.
    pub enum MessageClass {
        /// What somebody needs for what they bought or asked for: a receipt, a changed appointment.
        Transactional = "transactional",
        /// Talk about an enquiry or a booking, with the person who made it.
        Service = "service",
        /// What nobody waits for: offers, news, reminders to buy.
        Marketing = "marketing",
    }
}

crate::text_enum! {
    /// What was said.
    pub enum ConsentState { Granted = "granted", Withdrawn = "withdrawn" }
}

crate::text_enum! {
    /// Where it was said. The person's own words reach us directly; what a tenant reports is the tenant's word.
    pub enum ConsentSource {
        /// A form, which the tenant vouches for.
        Form = "form",
        /// A list that was imported.
        Import = "import",
        /// The `opt_in` of a lead.
        Lead = "lead",
        /// Face to face, on paper, by telephone: a user of the tenant says so.
        Manual = "manual",
        /// Another system of the tenant's.
        Api = "api",
        /// The person wrote STOP or a word like it.
        StopWord = "stop_word",
        /// The person wrote START or a word like it.
        StartWord = "start_word",
        /// The person said so in another message.
        Message = "message",
        /// The provider says that the person opted out there.
        ProviderOptOut = "provider_opt_out",
        /// The person reported a message as spam.
        Complaint = "complaint",
        /// The person opened the link of an e-mail, or their mail program did so for them.
        UnsubscribeLink = "unsubscribe_link",
        /// The person chose on the page of preferences.
        PreferencePage = "preference_page",
        /// The person opened the link that asked whether it was they.
        DoubleOptIn = "double_opt_in",
    }
}

crate::text_enum! {
    /// Where a tenant heard it.
    pub enum ReportedSource {
        /// A form, which the tenant vouches for.
        Form = "form",
        /// A list that was imported.
        Import = "import",
        /// Face to face, on paper, by telephone.
        Manual = "manual",
        /// Another system of the tenant's.
        Api = "api",
    }
}

impl From<ReportedSource> for ConsentSource {
    fn from(source: ReportedSource) -> Self {
        match source {
            ReportedSource::Form => Self::Form,
            ReportedSource::Import => Self::Import,
            ReportedSource::Manual => Self::Manual,
            ReportedSource::Api => Self::Api,
        }
    }
}

impl ConsentSource {
    /// As what a refusal is written down that came by a word of the person's.
    pub fn of(reason: SuppressionReason) -> Option<Self> {
        match reason {
            SuppressionReason::StopWord => Some(Self::StopWord),
            SuppressionReason::ProviderOptOut => Some(Self::ProviderOptOut),
            SuppressionReason::Complained => Some(Self::Complaint),
            SuppressionReason::Bounced | SuppressionReason::Manual => None,
        }
    }

    /// Said by the person to us, so that no word of a tenant's takes it back.
    pub fn is_the_persons(self) -> bool {
        !matches!(self, Self::Form | Self::Import | Self::Lead | Self::Manual | Self::Api)
    }
}

/// What is asked of two consents about the same address, channel and class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub state: ConsentState,
    pub source: ConsentSource,
    pub occurred_at: Timestamp,
}

/// What becomes of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It holds from now on.
    Stands,
    /// It is kept, and a later word holds.
    Outdated,
    /// The person said no, and only the person takes that back.
    Outvoted,
}

impl Word {
    /// The person's own no.
    pub fn is_own_refusal(self) -> bool {
        self.state == ConsentState::Withdrawn && self.source.is_the_persons()
    }

    /// Where it belongs beside what stands. The later word counts, of two of one moment the refusal; but a tenant's word takes no
    /// place of the person's own no, and a no of the person's that is told late still counts against a tenant's yes.
    pub fn beside(self, standing: Option<Self>) -> Place {
        let Some(standing) = standing else { return Place::Stands };
        let is_yes = self.state == ConsentState::Granted;
        let is_tenants = |word: Self| !word.source.is_the_persons();
        if self.is_own_refusal() && standing.state == ConsentState::Granted && is_tenants(standing) {
            return Place::Stands;
        }
        let is_later = match self.occurred_at.cmp(&standing.occurred_at) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => {
                self.state == ConsentState::Withdrawn || standing.state == ConsentState::Granted
            }
            std::cmp::Ordering::Greater => true,
        };
        if is_tenants(self) && standing.is_own_refusal() {
            let is_before = self.occurred_at < standing.occurred_at;
            return if is_yes && !is_before { Place::Outvoted } else { Place::Outdated };
        }
        if is_later { Place::Stands } else { Place::Outdated }
    }
}

/// How a consent is shown to be true: as much of it as there is.
#[derive(
    Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, validator::Validate, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"ip": "203.0.113.7", "form_id": "wedding-fair-2026"}))]
pub struct ConsentProof {
    /// From where it was said: an IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "is_ip"))]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 400))]
    #[schema(extensions(("x-left-out" = json!(true))), min_length = 1, max_length = 400)]
    pub user_agent: Option<String>,
    /// The form, as whoever vouches for it calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 200))]
    #[schema(extensions(("x-left-out" = json!(true))), min_length = 1, max_length = 200)]
    pub form_id: Option<String>,
    /// The message in which it was said, as the provider calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 200))]
    #[schema(extensions(("x-left-out" = json!(true))), min_length = 1, max_length = 200)]
    pub message_id: Option<String>,
    /// A page, or a document that was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 500))]
    #[schema(extensions(("x-left-out" = json!(true))), min_length = 1, max_length = 500)]
    pub url: Option<String>,
    /// Anything else that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 500))]
    #[schema(extensions(("x-left-out" = json!(true))), min_length = 1, max_length = 500)]
    pub note: Option<String>,
}

fn is_ip(text: &str) -> Result<(), validator::ValidationError> {
    let rule = "expected an IP address, such as 203.0.113.7";
    let wrong = || validator::ValidationError::new("invalid_value").with_message(rule.into());
    text.parse::<std::net::IpAddr>().map(|_| ()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_word_never_outvotes_the_persons_no() {
        use {ConsentSource as S, ConsentState as C, Place as P};
        let word = |state, source, day: &str| Word {
            state,
            source,
            occurred_at: format!("2026-11-{day}T09:00:00Z").parse().unwrap(),
        };
        let yes = |day| word(C::Granted, S::Form, day);
        let no = |day| word(C::Withdrawn, S::Manual, day);
        let stop = |day| word(C::Withdrawn, S::StopWord, day);
        let own_yes = |day| word(C::Granted, S::PreferencePage, day);
        for (new, standing, place) in [
            (yes("10"), None, P::Stands),
            (no("10"), None, P::Stands),
            // The later word counts.
            (yes("11"), Some(no("10")), P::Stands),
            (no("11"), Some(yes("10")), P::Stands),
            (yes("09"), Some(no("10")), P::Outdated),
            (no("09"), Some(yes("10")), P::Outdated),
            // Of one moment the refusal.
            (yes("10"), Some(no("10")), P::Outdated),
            (no("10"), Some(yes("10")), P::Stands),
            (yes("10"), Some(yes("10")), P::Stands),
            // The person's no.
            (yes("11"), Some(stop("10")), P::Outvoted),
            (yes("10"), Some(stop("10")), P::Outvoted),
            (yes("09"), Some(stop("10")), P::Outdated),
            (own_yes("11"), Some(stop("10")), P::Stands),
            (own_yes("09"), Some(stop("10")), P::Outdated),
            (no("11"), Some(stop("10")), P::Outdated),
            // Told late, it counts against what a tenant said meanwhile, and not against what the person did.
            (stop("10"), Some(yes("11")), P::Stands),
            (stop("10"), Some(own_yes("11")), P::Outdated),
        ] {
            assert_eq!(new.beside(standing), place, "{new:?} beside {standing:?}");
        }
    }
}
