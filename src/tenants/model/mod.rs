//! What a tenant is: identity, settings, business profile and audience, as typed documents.

mod list;
mod profile;
mod settings;
mod settings_patch;

pub use profile::{Audience, Profile};
pub use settings::{Branding, Day, NotificationRecipients, OpenHours, Settings};
pub use settings_patch::SettingsPatch;

use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::base::time::Timestamp;

crate::text_enum! {
    /// Whether a tenant may use the platform.
    pub enum TenantStatus {
        Active = "active",
        /// By an operator: nobody of the tenant can log in; inbound leads are still stored.
        Suspended = "suspended",
    }
}

/// A business that pays the platform.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// Unique, in lower case: `abc-real-estate`.
    pub slug: String,
    pub status: TenantStatus,
    pub time_zone: chrono_tz::Tz,
    /// ISO 3166-1 alpha-2; the region of phone numbers without a country code.
    pub country: String,
    pub currency: Currency,
    pub settings: Settings,
    pub profile: Profile,
    pub audience: Audience,
    /// When profile and audience were first complete.
    pub onboarded_at: Option<Timestamp>,
    /// When an owner first showed that their mailbox is theirs; nothing leaves in the tenant's name before.
    pub verified_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Tenant {
    /// The link in notifications: `{deep_link_base_url}/leads/{id}`.
    pub fn lead_link(&self, lead: crate::base::id::LeadId, public_url: &str) -> String {
        let base = self.settings.deep_link_base_url.as_deref().unwrap_or(public_url);
        format!("{}/leads/{lead}", base.trim_end_matches('/'))
    }

    /// The page that takes an invitation's token: `{deep_link_base_url}/invitations/accept?token=…`.
    pub fn invitation_link(&self, token: &str, public_url: &str) -> String {
        let base = self.settings.deep_link_base_url.as_deref().unwrap_or(public_url);
        format!("{}/invitations/accept?token={token}", base.trim_end_matches('/'))
    }

    /// How messages introduce the tenant: "ABC Real Estate via LeadGen Pro".
    pub fn sender_name(&self, platform_name: &str) -> String {
        let name = self.settings.branding.display_name.as_deref().unwrap_or(&self.name);
        format!("{name} via {platform_name}")
    }

    /// The scoring model in force: the chosen one, or the one that fits the industry.
    pub fn scoring_model(&self) -> &str {
        if let Some(code) = &self.settings.scoring_model {
            return code;
        }
        let industry = self.profile.industry.as_deref().unwrap_or_default().to_lowercase();
        if industry.contains("real estate") || industry.contains("real_estate") || industry.contains("property") {
            "real_estate_in"
        } else {
            "default_b2b"
        }
    }
}

crate::text_enum! {
    /// Whether a member may act for the tenant.
    pub enum MemberStatus {
        Active = "active",
        /// May not log in; can be made active again.
        Disabled = "disabled",
        /// Gone; kept because leads and events name them. Only a new invitation brings them back.
        Removed = "removed",
    }
}
