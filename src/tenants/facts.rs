//! What happens to tenants, their people, sessions and keys, and to the platform's operators.

use super::access::{Permission, Role};
use super::model::{MemberStatus, TenantStatus};
use crate::base::id::{ApiKeyId, TenantId, UserId};
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::engine::events::Facts;
use crate::tenants::id::{EmailChangeId, InvitationId, PasskeyId, PasswordResetId, VerificationId};

crate::fact! {
    /// What a tenant is, or which of its fields changed.
    TenantFact as { CREATED = "tenant.created", UPDATED = "tenant.updated", ONBOARDED = "tenant.onboarded" } {
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
    TenantClosing as { CLOSING = "tenant.closing", REOPENED = "tenant.reopened" } {
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
    VerificationFact as { REQUESTED = "user.verification_requested", VERIFIED = "user.verified" } {
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
    InvitationFact as { INVITED = "user.invited", REVOKED = "user.invitation_revoked", JOINED = "user.joined" } {
        invitation_id: Option<InvitationId>,
        email: Option<String> = "agent@abc.example",
        role: Option<Role> = "agent",
    }
}

crate::fact! {
    /// A member changed, or what they want to be told.
    UserUpdated as { TYPE = "user.updated" } {
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
        REQUESTED = "user.email_change_requested", CHANGED = "user.email_changed", RESTORED = "user.email_restored",
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
        ENABLED = "user.second_factor_enabled", DISABLED = "user.second_factor_disabled",
        RECOVERY_CODE_USED = "user.recovery_code_used", RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed",
    } {
        recovery_codes_left: Option<i64> = 9,
        /// Which still let them in.
        passkeys_left: Option<i64> = 2,
    }
}

crate::fact! {
    /// What one of a user's devices logs in with.
    PasskeyFact as {
        ADDED = "user.passkey_added", RENAMED = "user.passkey_renamed", REMOVED = "user.passkey_removed",
    } {
        passkey_id: Option<PasskeyId>,
        name: Option<String> = "Phone",
    }
}

crate::fact! {
    /// Somebody logged in or out, or their session was ended.
    SessionFact as {
        STARTED = "session.started", ENDED = "session.ended", REUSE_DETECTED = "session.reuse_detected",
    } {
        user_id: Option<UserId>,
    }
}

crate::fact! {
    /// A key for integrations.
    ApiKeyFact as {
        CREATED = "api_key.created", UPDATED = "api_key.updated", ROTATED = "api_key.rotated", REVOKED = "api_key.revoked",
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
        CREATED = "operator.created", KEY_CREATED = "operator.key_created", KEY_REVOKED = "operator.key_revoked",
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
