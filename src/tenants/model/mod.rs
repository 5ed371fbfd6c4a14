//! What a tenant is: identity, settings, business profile and audience, as typed documents.

mod agreed;
mod clock;
mod domain;
mod outreach;
mod profile;
mod settings;

pub use agreed::{Agreed, AgreedPatch};
pub use clock::OpenHours;
pub use outreach::{FrequencyCap, LawfulBasis, OutreachSettings, QuietHours};
pub use profile::{Audience, Gender, Profile};
pub use settings::{Branding, Day, NotificationRecipients, Settings, SettingsPatch};

use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::base::time::Timestamp;

crate::text_enum! {
    /// Whether a tenant may use the platform.
    pub enum TenantStatus {
        Active = "active",
        /// By an operator, or because it is being closed: nobody of the tenant can log in, but owners of one that is being closed;
        /// inbound leads are still stored.
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
    /// By the operators.
    pub agreed: Agreed,
    /// When profile and audience were first complete.
    pub onboarded_at: Option<Timestamp>,
    /// When an owner first showed that their mailbox is theirs; nothing leaves in the tenant's name before.
    pub verified_at: Option<Timestamp>,
    /// When it is erased, because an owner closes it; until then it is suspended, and an owner may open it again.
    pub closes_at: Option<Timestamp>,
    /// When it was erased.
    pub erased_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Tenant {
    /// The operators shut it out for now: its ads rest, and nothing leaves in its name.
    pub fn is_suspended(&self) -> bool {
        self.status == TenantStatus::Suspended
    }

    /// Where links to the tenant's pages begin, without a trailing slash: its own address when the operators agreed to the
    /// domain, else the platform's frontend. What the platform writes never leads to an address a tenant made up.
    pub fn pages<'a>(&'a self, app_url: &'a str) -> &'a str {
        let own = self.settings.deep_link_base_url.as_deref().filter(|url| self.agreed.allows_link(url));
        own.unwrap_or(app_url).trim_end_matches('/')
    }

    /// The page that takes an invitation's token: `{pages}/invitations/accept?token=…`.
    pub fn invitation_link(&self, token: &str, app_url: &str) -> String {
        format!("{}/invitations/accept?token={token}", self.pages(app_url))
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
