//! What happens to tenants, their people, sessions and keys, and to the platform's operators.

use super::access::{Permission, Role};
use super::model::{MemberStatus, TenantStatus};
use crate::base::id::{ApiKeyId, TenantId, UserId};
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::engine::events::Facts;
use crate::tenants::id::{EmailChangeId, InvitationId, PasskeyId, PasswordResetId, RejectionId, VerificationId};

crate::fact! {
    /// What a tenant is, or which of its fields changed.
    TenantFact as {
        /// A business signed up, or operators made its tenant.
        CREATED = "tenant.created",
        /// What a tenant is, or one of its settings, changed.
        UPDATED = "tenant.updated",
        /// A tenant completed both steps of its onboarding for the first time.
        ONBOARDED = "tenant.onboarded" says [name] maybe [industry],
    } {
        name: Option<String> = "ABC Real Estate",
        slug: Option<String> = "abc-real-estate",
        /// Names of what changed, settings as `settings.holidays`.
        fields: Option<Vec<String>> = ["settings.holidays"],
        /// Told by the operators alone, changed or not.
        status: Option<TenantStatus> = "active",
        previous: Option<TenantBefore> = {"name": "ABC"},
        industry: Option<String> = "real_estate",
    }
}

/// What a tenant was before.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct TenantBefore {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TenantStatus>,
    /// Where alerts were wished to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_recipients: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl TenantFact {
    /// Did one of these fields change, a setting or not?
    pub fn touches(&self, names: &[&str]) -> bool {
        let is_named = |field: &String| names.iter().any(|name| field.rsplit('.').next() == Some(name));
        self.fields.iter().flatten().any(is_named)
    }

    pub fn ends_a_suspension(&self) -> bool {
        let before = self.previous.as_ref().and_then(|previous| previous.status);
        self.status == Some(TenantStatus::Active) && before == Some(TenantStatus::Suspended)
    }
}

crate::fact! {
    /// An owner closes the tenant, or opens it again while it is being closed.
    TenantClosing as {
        /// An owner closes the tenant: it rests, and is erased at the end.
        CLOSING = "tenant.closing",
        /// An owner opened a closing tenant again.
        REOPENED = "tenant.reopened" says [] maybe [],
    } {
        closes_at: Option<Timestamp>,
        reason: Option<String> = "We have merged with another business.",
    }
}

crate::fact! {
    /// Nothing of a closed tenant is there any more but its books.
    TenantErased = "tenant.erased" {
        tenant_id: Option<TenantId>,
    }
}

crate::fact! {
    /// It is known whose business it is: by an owner's mailbox, or by the operators, who name nobody.
    TenantVerified = "tenant.verified" {
        user_id: Option<UserId>,
        email: Option<String> = "owner@abc.example",
    }
}

crate::fact! {
    /// A mailbox was asked whose it is, or answered.
    VerificationFact as {
        /// A mailbox is to be asked whose it is.
        REQUESTED = "user.verification_requested" says [verification_id, email] maybe [offers_address],
        /// A user showed that the mailbox is theirs.
        VERIFIED = "user.verified" says [email] maybe [],
    } {
        verification_id: Option<VerificationId>,
        email: Option<String> = "owner@abc.example",
        /// To somebody who signs up with the address of an account that never showed that it is theirs.
        offers_address: Option<bool>,
    }
}

crate::fact! {
    /// Somebody tried to log in with a wrong password.
    UserLoginFailed = "user.login_failed" {
        email: String = "owner@abc.example",
        user_agent: Option<String> = "curl/8.5.0",
    }
}

crate::fact! {
    /// Somebody is to become a member, no longer, or became one.
    InvitationFact as {
        /// Somebody was invited to become a member.
        INVITED = "user.invited" says [invitation_id, email, role] maybe [],
        /// An invitation was withdrawn.
        REVOKED = "user.invitation_revoked" says [invitation_id, email] maybe [],
        /// Somebody became a member.
        JOINED = "user.joined" says [role] maybe [email, invitation_id],
    } {
        invitation_id: Option<InvitationId>,
        email: Option<String> = "agent@abc.example",
        role: Option<Role> = "agent",
    }
}

crate::fact! {
    /// A member changed, or what they want to be told.
    UserUpdated as {
        /// A member changed, or what they want to be told.
        TYPE = "user.updated",
    } {
        fields: Option<Vec<String>> = ["name"],
        changed: Option<Vec<String>> = ["notification_preferences"],
        role: Option<Role> = "agent",
        status: Option<MemberStatus> = "active",
        previous: Option<MemberBefore> = {"role": "viewer", "status": "active"},
    }
}

/// What a member was before.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct MemberBefore {
    pub role: Role,
    pub status: MemberStatus,
}

crate::fact! {
    /// A member was taken out, and the keys they made ended.
    UserRemoved = "user.removed" {
        email: Option<String> = "agent@abc.example",
        role: Option<Role> = "agent",
        api_keys: Vec<String> = ["CRM"],
    }
}

crate::fact! {
    /// What somebody left behind who was removed.
    UserHandedOver = "user.handed_over" {
        email: Option<String> = "agent@abc.example",
        hosts: Vec<String> = ["hooks.abc.example"],
        api_keys: Vec<String> = ["CRM"],
        recipients: Vec<String> = ["agent@elsewhere.example"],
    }
}

crate::fact! {
    /// A password was changed, and the user's other sessions ended.
    UserPasswordChanged = "user.password_changed" {
        sessions_ended: i64 = 1,
        /// By whoever reads the mailbox, who did not know the old one.
        by_mailed_link: Option<bool>,
    }
}

crate::fact! {
    /// Somebody who says that they forgot the password is to be mailed a link.
    PasswordResetRequested = "user.password_reset_requested" {
        reset_id: Option<PasswordResetId>,
        email: String = "owner@abc.example",
    }
}

crate::fact! {
    /// A user wants another e-mail address, got it, or got the former one back by the mail that went there.
    EmailChangeFact as {
        /// A user wants another e-mail address; the new mailbox is asked.
        REQUESTED = "user.email_change_requested" says [change_id, email, wanted] maybe [],
        /// A user has another e-mail address.
        CHANGED = "user.email_changed" says [change_id, email, previous] maybe [],
        /// A user took the former e-mail address back, by the mail that went there.
        RESTORED = "user.email_restored" says [change_id, email, previous] maybe [],
    } {
        change_id: Option<EmailChangeId>,
        /// The address as it is now.
        email: Option<String> = "owner@abc.example",
        wanted: Option<String> = "rajesh@abc.example",
        previous: Option<String> = "owner@abc.example",
    }
}

crate::fact! {
    /// A user's second factor: a code or a passkey besides the password, or a recovery code instead of it.
    SecondFactorFact as {
        /// A user put a second factor before the account.
        ENABLED = "user.second_factor_enabled" says [recovery_codes_left] maybe [passkeys_left, rejection_id],
        /// A user took the second factor away.
        DISABLED = "user.second_factor_disabled" says [recovery_codes_left] maybe [passkeys_left],
        /// A user came in with a recovery code.
        RECOVERY_CODE_USED = "user.recovery_code_used" says [recovery_codes_left] maybe [passkeys_left],
        /// A user has new recovery codes.
        RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed" says [recovery_codes_left] maybe [passkeys_left],
        /// A user took away what somebody else had put before the account, by the mail that told of it.
        REJECTED = "user.second_factor_rejected" says [recovery_codes_left, passkeys_left] maybe [],
        /// Operators took a user's second factors away.
        RESET = "user.second_factor_reset" says [recovery_codes_left, passkeys_left, reason] maybe [],
    } {
        recovery_codes_left: Option<i64> = 9,
        /// Which still let them in.
        passkeys_left: Option<i64> = 2,
        /// By which its holder may take it away, if it was not they.
        rejection_id: Option<RejectionId>,
        /// How the operators know who asked.
        reason: Option<String> = "Called back at the business' number.",
    }
}

crate::fact! {
    /// What one of a user's devices logs in with.
    PasskeyFact as {
        /// A user added a passkey to the account.
        ADDED = "user.passkey_added" says [passkey_id, name] maybe [rejection_id],
        /// A user renamed a passkey.
        RENAMED = "user.passkey_renamed" says [passkey_id, name] maybe [],
        /// A user removed a passkey.
        REMOVED = "user.passkey_removed" says [passkey_id, name] maybe [],
    } {
        passkey_id: Option<PasskeyId>,
        name: Option<String> = "Phone",
        /// By which the account's holder may take it away, if it was not they.
        rejection_id: Option<RejectionId>,
    }
}

crate::fact! {
    /// Somebody logged in or out, or their session was ended.
    SessionFact as {
        /// Somebody logged in.
        STARTED = "session.started" says [user_id] maybe [],
        /// Somebody logged out, or their session was ended.
        ENDED = "session.ended" says [] maybe [user_id],
        /// A refresh token came a second time, so that its session was ended.
        REUSE_DETECTED = "session.reuse_detected" says [user_id] maybe [],
    } {
        user_id: Option<UserId>,
    }
}

crate::fact! {
    /// A key for integrations.
    ApiKeyFact as {
        /// An API key was made.
        CREATED = "api_key.created" says [name, scopes] maybe [],
        /// An API key has another name or another end.
        UPDATED = "api_key.updated" says [name, expires_at] maybe [],
        /// An API key was replaced; the old one works for a while.
        ROTATED = "api_key.rotated" says [replaced_by, valid_until] maybe [],
        /// An API key was revoked.
        REVOKED = "api_key.revoked" says [name] maybe [],
    } {
        name: Option<String> = "Website",
        scopes: Option<Vec<Permission>> = ["leads:read", "leads:write"],
        /// Null where it ends never.
        expires_at: Patch<Timestamp>,
        replaced_by: Option<ApiKeyId>,
        valid_until: Option<Timestamp>,
    }
}

crate::fact! {
    /// An account of the platform's staff, or a key of one.
    OperatorFact as {
        /// An operator has an account.
        CREATED = "operator.created" says [name] maybe [email],
        /// An operator has a new key.
        KEY_CREATED = "operator.key_created" says [key_id, name, prefix] maybe [],
        /// A key of an operator was revoked.
        KEY_REVOKED = "operator.key_revoked" says [key_id, name, prefix] maybe [],
    } {
        name: Option<String> = "Asha",
        email: Option<String> = "asha@platform.example",
        key_id: Option<ApiKeyId>,
        prefix: Option<String> = "lw_Q2Fubm9",
    }
}

pub fn facts(facts: &mut Facts) {
    facts
        .add::<TenantFact>()
        .add::<TenantVerified>()
        .add::<TenantClosing>()
        .add::<VerificationFact>()
        .add::<UserLoginFailed>()
        .add::<InvitationFact>()
        .add::<UserUpdated>()
        .add::<UserRemoved>()
        .add::<UserHandedOver>()
        .add::<UserPasswordChanged>()
        .add::<PasswordResetRequested>()
        .add::<EmailChangeFact>()
        .add::<SecondFactorFact>()
        .add::<PasskeyFact>()
        .add::<SessionFact>()
        .add::<ApiKeyFact>()
        .add_platforms::<OperatorFact>()
        .add_platforms::<TenantErased>();
}
