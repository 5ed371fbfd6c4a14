//! What people can be told, and what each of them wants to be told where.

use serde_json::Value;

use super::elsewhere;
use super::facts::RecipientFact;
use crate::base::patch::Patch;
use crate::billing::facts::{QuotaReached, SubscriptionFact};
use crate::engine::events::EventType;
use crate::inbox::facts::MessageFact;
use crate::leads::facts::{LeadCreated, LeadEnquired};
use crate::tenants::access::Role;
use crate::tenants::facts::{
    EmailChangeFact, InvitationFact, PasskeyFact, PasswordResetRequested, SecondFactorFact, TenantClosing,
    UserHandedOver, UserPasswordChanged, VerificationFact,
};

crate::text_enum! {
    /// What a notification is about.
    pub enum NotificationKind {
        LeadCreated = "lead_created",
        LeadEnquired = "lead_enquired",
        MessageReceived = "message_received",
        QuotaReached = "quota_reached",
        SubscriptionExpired = "subscription_expired",
        /// What was paid for is over, or was paused for want of a payment.
        PaymentDue = "payment_due",
        WebhookEndpointDisabled = "webhook_endpoint_disabled",
        AdCampaignReviewed = "ad_campaign_reviewed",
        MemberLeft = "member_left",
        /// To the invited address; nobody's choice.
        UserInvited = "user_invited",
        /// To an address whose holder has yet to show that it is theirs; nobody's choice.
        EmailVerification = "email_verification",
        /// To an address that a tenant wants its alerts to go to; nobody's choice.
        RecipientAsked = "recipient_asked",
        /// To whoever recovers their account or gives it another address; nobody's choice.
        AccountLink = "account_link",
        /// To whose account something happened; nobody's choice.
        AccountNotice = "account_notice",
        /// To the platform's own staff; nobody's choice.
        OperatorNotice = "operator_notice",
    }
}

impl NotificationKind {
    /// The notification that follows from an event, if any.
    pub fn of(event: EventType) -> Option<Self> {
        Some(match event {
            LeadCreated::TYPE => Self::LeadCreated,
            LeadEnquired::TYPE => Self::LeadEnquired,
            MessageFact::RECEIVED => Self::MessageReceived,
            QuotaReached::TYPE => Self::QuotaReached,
            SubscriptionFact::EXPIRED => Self::SubscriptionExpired,
            SubscriptionFact::PAST_DUE | SubscriptionFact::PAUSED => Self::PaymentDue,
            elsewhere::ENDPOINT_DISABLED => Self::WebhookEndpointDisabled,
            elsewhere::AD_CAMPAIGN_APPROVED | elsewhere::AD_CAMPAIGN_REJECTED => Self::AdCampaignReviewed,
            UserHandedOver::TYPE => Self::MemberLeft,
            InvitationFact::INVITED => Self::UserInvited,
            VerificationFact::REQUESTED => Self::EmailVerification,
            RecipientFact::ASKED => Self::RecipientAsked,
            PasswordResetRequested::TYPE | EmailChangeFact::REQUESTED | EmailChangeFact::CHANGED => Self::AccountLink,
            UserPasswordChanged::TYPE
            | TenantClosing::CLOSING
            | EmailChangeFact::RESTORED
            | SecondFactorFact::ENABLED
            | SecondFactorFact::DISABLED
            | SecondFactorFact::RECOVERY_CODE_USED
            | SecondFactorFact::RECOVERY_CODES_RENEWED
            | SecondFactorFact::REJECTED
            | SecondFactorFact::RESET
            | PasskeyFact::ADDED
            | PasskeyFact::REMOVED => Self::AccountNotice,
            _ => return None,
        })
    }

    /// About the account, hence for those who run it.
    pub fn is_for_managers(self) -> bool {
        !matches!(self, Self::LeadCreated | Self::LeadEnquired | Self::MessageReceived)
    }

    /// Important enough to reach people outside the product unless they say otherwise.
    pub fn leaves_the_product(self) -> bool {
        self == Self::LeadCreated || self.is_for_managers()
    }
}

/// Where one kind of notification reaches one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"in_app": true, "email": true, "whatsapp": false}))]
pub struct Choice {
    pub in_app: bool,
    /// To the person's own address.
    pub email: bool,
    /// To the phone number in the business profile; it is sent when any owner wants it.
    pub whatsapp: bool,
}

impl Choice {
    /// In the product for all; e-mail for owners and admins and WhatsApp for owners, where it matters.
    pub fn default_for(kind: NotificationKind, role: Role) -> Self {
        Self {
            in_app: true,
            email: kind.leaves_the_product() && matches!(role, Role::Owner | Role::Admin),
            whatsapp: kind == NotificationKind::LeadCreated && role == Role::Owner,
        }
    }

    /// The default with what the person changed. `preferences` is the membership's document.
    pub fn effective(preferences: &Value, kind: NotificationKind, role: Role) -> Self {
        let default = Self::default_for(kind, role);
        let own = &preferences[kind.as_str()];
        let pick = |name: &str, otherwise: bool| own[name].as_bool().unwrap_or(otherwise);
        Self {
            in_app: pick("in_app", default.in_app),
            email: pick("email", default.email),
            whatsapp: pick("whatsapp", default.whatsapp),
        }
    }
}

crate::patch! {
    /// Changes of one kind's choice: absent keeps, null returns to the default.
    #[schema(example = json!({"email": false}))]
    pub struct ChoicePatch {
        pub in_app: Patch<bool>,
        pub email: Patch<bool>,
        pub whatsapp: Patch<bool>,
    }
}

/// Applies a change of one kind to the membership's document; null forgets all that the person said about it.
pub fn merge(preferences: &mut Value, kind: NotificationKind, patch: Patch<ChoicePatch>) {
    if !preferences.is_object() {
        *preferences = serde_json::json!({});
    }
    let Some(document) = preferences.as_object_mut() else { return };
    let patch = match patch {
        Patch::Absent => return,
        Patch::Null => {
            document.remove(kind.as_str());
            return;
        }
        Patch::Value(patch) => patch,
    };
    let own = document.entry(kind.as_str()).or_insert_with(|| serde_json::json!({}));
    let Some(own) = own.as_object_mut() else { return };
    for (name, value) in [("in_app", patch.in_app), ("email", patch.email), ("whatsapp", patch.whatsapp)] {
        match value {
            Patch::Absent => {}
            Patch::Null => _ = own.remove(name),
            Patch::Value(value) => _ = own.insert(name.into(), value.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_follow_the_role_and_what_a_person_says_wins() {
        let lead = NotificationKind::LeadCreated;
        let of = |preferences: Value, role| Choice::effective(&preferences, lead, role);
        assert_eq!(of(json!({}), Role::Owner), Choice { in_app: true, email: true, whatsapp: true });
        assert_eq!(of(json!({}), Role::Agent), Choice { in_app: true, email: false, whatsapp: false });
        let quiet = json!({"lead_created": {"email": false}, "message_received": {"in_app": false}});
        assert_eq!(of(quiet, Role::Owner), Choice { in_app: true, email: false, whatsapp: true });
        assert_eq!(of(json!(null), Role::Viewer), Choice { in_app: true, email: false, whatsapp: false });
    }

    #[test]
    fn a_patch_keeps_what_it_does_not_name() {
        let mut document = json!({"lead_created": {"email": false, "in_app": false}, "theme": "dark"});
        let patch: ChoicePatch = serde_json::from_value(json!({"in_app": null, "whatsapp": false})).unwrap();
        merge(&mut document, NotificationKind::LeadCreated, Patch::Value(patch));
        assert_eq!(document, json!({"lead_created": {"email": false, "whatsapp": false}, "theme": "dark"}));
        merge(&mut document, NotificationKind::LeadCreated, Patch::Null);
        merge(&mut document, NotificationKind::QuotaReached, Patch::Absent);
        assert_eq!(document, json!({"theme": "dark"}));
    }

    #[test]
    fn every_kind_has_its_event() {
        let mut reactions = crate::engine::events::Reactions::default();
        crate::notify::reactions(&mut reactions);
        for kind in NotificationKind::ALL.iter().filter(|kind| **kind != NotificationKind::OperatorNotice) {
            assert!(reactions.followed().any(|event| NotificationKind::of(event) == Some(*kind)), "{kind}");
        }
    }
}
