//! Every text that there is in each language, with what it names.

macro_rules! texts {
    ($(#[$about:meta])* $kind:ident { $($name:ident = $code:literal: [$($value:literal),*],)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $kind { $($name),* }

        impl $kind {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the files.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The placeholders in its text: all of them, and no other.
            pub const fn names(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($value),*]),* }
            }
        }
    };
}

texts! {
    /// An e-mail, in `letters.toml`. Its link stands in no text: it is behind the button, and written out below.
    Letter {
        AccountAlert = "account_alert": ["title", "text", "tenant"],
        LeadAlert = "lead_alert": ["grade", "score", "name", "phone", "budget", "timeline", "areas", "reasons", "tenant"],
        FirstContact = "first_contact": ["name", "business", "about"],
        Invitation = "invitation": ["inviter", "tenant", "platform", "role", "until"],
        Verification = "verification": ["platform", "until"],
        AddressOffered = "address_offered": ["platform", "until"],
        RecipientAsked = "recipient_asked": ["tenant", "platform"],
        PasswordReset = "password_reset": ["platform", "until"],
        EmailChange = "email_change": ["platform", "until"],
        EmailChanged = "email_changed": ["platform", "until"],
        AccountNotice = "account_notice": ["platform", "what", "when"],
        SecondFactorAdded = "second_factor_added": ["platform", "what", "when", "until"],
        TenantClosing = "tenant_closing": ["tenant", "platform", "until"],
        OperatorNotice = "operator_notice": ["title", "text"],
    }
}

texts! {
    /// What people are told of what happened, in `notices.toml`.
    Notice {
        LeadCreated = "lead_created": ["grade", "name", "score", "reasons"],
        LeadEnquired = "lead_enquired": ["name", "source"],
        MessageReceived = "message_received": ["name", "preview"],
        EndpointGone = "endpoint_gone": ["host"],
        EndpointFailing = "endpoint_failing": ["host"],
        CampaignApproved = "campaign_approved": ["name"],
        CampaignSentBack = "campaign_sent_back": ["name", "reason"],
        PaymentDue = "payment_due": ["day"],
        SubscriptionPaused = "subscription_paused": [],
        QuotaBilled = "quota_billed": ["used"],
        QuotaBlocked = "quota_blocked": ["used"],
        QuotaSlowed = "quota_slowed": ["used"],
        SubscriptionExpired = "subscription_expired": [],
        TrialOfAKnownPhone = "trial_of_a_known_phone": [],
        TrialOfAKnownOwner = "trial_of_a_known_owner": [],
        MemberLeft = "member_left": ["who", "hosts", "keys", "recipients"],
        MuchIsHappening = "much_is_happening": [],
    }
}

texts! {
    /// What other texts are made of, in `phrases.toml`.
    Phrase {
        Link = "link": [],
        SeeMore = "see_more": [],
        NotGiven = "not_given": [],
        NotStated = "not_stated": [],
        NoReason = "no_reason": [],
        NoName = "no_name": [],
        WhatWeOffer = "what_we_offer": [],
        There = "there": [],
        AgentOf = "agent_of": ["agent", "business"],
        AboutIn = "about_in": ["about", "areas"],
        AboutBudget = "about_budget": ["about", "budget"],
        UnnamedCampaign = "unnamed_campaign": [],
        UnnamedEndpoint = "unnamed_endpoint": [],
        UnnamedMember = "unnamed_member": [],
        UnnamedBusiness = "unnamed_business": [],
        TeamOf = "team_of": ["tenant"],
        PasswordChanged = "password_changed": [],
        SecondFactorEnabled = "second_factor_enabled": [],
        SecondFactorDisabled = "second_factor_disabled": [],
        SecondFactorRejected = "second_factor_rejected": [],
        SecondFactorReset = "second_factor_reset": [],
        AuthenticatorRemoved = "authenticator_removed": [],
        PasskeyAdded = "passkey_added": ["name"],
        PasskeyRemoved = "passkey_removed": ["name"],
        RecoveryCodeUsed = "recovery_code_used": [],
        RecoveryCodesRenewed = "recovery_codes_renewed": [],
        EmailRestored = "email_restored": [],
        UnsubscribeTitle = "unsubscribe_title": [],
        UnsubscribeAsk = "unsubscribe_ask": ["tenant", "address"],
        Unsubscribed = "unsubscribed": ["tenant", "address"],
        PreferencesTitle = "preferences_title": [],
        PreferencesAsk = "preferences_ask": ["tenant"],
        PreferenceEmail = "preference_email": ["address"],
        PreferenceWhatsapp = "preference_whatsapp": ["digits"],
        PreferenceSms = "preference_sms": ["digits"],
        PreferencesSave = "preferences_save": [],
        PreferencesSaved = "preferences_saved": [],
        LinkNotValid = "link_not_valid": [],
    }
}
