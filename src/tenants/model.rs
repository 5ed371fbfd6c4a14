//! What a tenant is: identity, settings, business profile and audience, as typed documents.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use validator::Validate;

use crate::base::email::Email;
use crate::base::id::TenantId;
use crate::base::money::{Currency, Money};
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

    /// How messages introduce the tenant: "ABC Real Estate via LeadGen Pro" (S0-57).
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

/// From–to on one day, `HH:MM`, to exclusive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"opens": "09:00", "closes": "18:00"}))]
pub struct OpenHours {
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    #[serde(with = "clock_time")]
    pub opens: chrono::NaiveTime,
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    #[serde(with = "clock_time")]
    pub closes: chrono::NaiveTime,
}

mod clock_time {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &NaiveTime, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&time.format("%H:%M"))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(d)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| serde::de::Error::custom("expected a time such as 09:00"))
    }
}

crate::text_enum! {
    /// A day of the week.
    pub enum Day { Monday = "monday", Tuesday = "tuesday", Wednesday = "wednesday", Thursday = "thursday", Friday = "friday", Saturday = "saturday", Sunday = "sunday" }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Day::Monday,
            Weekday::Tue => Day::Tuesday,
            Weekday::Wed => Day::Wednesday,
            Weekday::Thu => Day::Thursday,
            Weekday::Fri => Day::Friday,
            Weekday::Sat => Day::Saturday,
            Weekday::Sun => Day::Sunday,
        }
    }
}

/// How the tenant looks to its people.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Branding {
    /// Replaces the tenant's name in messages.
    #[validate(length(min = 1, max = 80))]
    pub display_name: Option<String>,
    #[validate(url, length(max = 500))]
    pub logo_url: Option<String>,
    /// `#RRGGBB`.
    #[validate(length(equal = 7))]
    pub primary_color: Option<String>,
}

/// Where notifications go besides the users' own addresses.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationRecipients {
    #[validate(length(max = 20))]
    pub emails: Vec<Email>,
    /// WhatsApp numbers in E.164.
    #[validate(length(max = 20))]
    pub whatsapp: Vec<String>,
}

/// What a tenant can set.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Open hours by day; a day without an entry is closed. Default 09:00–18:00 Monday to Saturday (C-53).
    pub business_hours: BTreeMap<Day, OpenHours>,
    /// Closed all day.
    #[validate(length(max = 366))]
    pub holidays: Vec<NaiveDate>,
    /// Cities or quarters the business serves; they target ads and score leads.
    #[validate(length(max = 100))]
    pub service_areas: Vec<String>,
    #[validate(nested)]
    pub branding: Branding,
    #[validate(nested)]
    pub notification_recipients: NotificationRecipients,
    /// Links in notifications start with it: `{base}/leads/{id}`.
    #[validate(url, length(max = 300))]
    pub deep_link_base_url: Option<String>,
    /// A scoring model's code; by the industry when not set.
    pub scoring_model: Option<String>,
    /// A second enquiry by the same person within so many days is not metered again.
    #[validate(range(min = 0, max = 365))]
    pub billing_dedupe_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        let nine_to_six = OpenHours {
            opens: chrono::NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default(),
            closes: chrono::NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default(),
        };
        let days = Day::ALL.iter().filter(|day| **day != Day::Sunday);
        Self {
            business_hours: days.map(|day| (*day, nine_to_six.clone())).collect(),
            holidays: Vec::new(),
            service_areas: Vec::new(),
            branding: Branding::default(),
            notification_recipients: NotificationRecipients::default(),
            deep_link_base_url: None,
            scoring_model: None,
            billing_dedupe_days: 30,
        }
    }
}

/// Step 1 of onboarding: the business (S1-63, S3-05).
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"owner_name": "Rajesh Kumar", "industry": "Real estate", "description": "2 BHK flats in Mumbai",
    "phone": "+919876500000", "website": "https://abc.example.com", "services": ["2 BHK flats"], "locations": ["Mumbai"], "goals": "50 leads a month"}))]
pub struct Profile {
    #[validate(length(max = 120))]
    pub owner_name: Option<String>,
    #[validate(length(max = 120))]
    pub industry: Option<String>,
    #[validate(length(max = 4000))]
    pub description: Option<String>,
    #[validate(url, length(max = 300))]
    pub website: Option<String>,
    /// E.164 or national form of the tenant's country.
    #[validate(length(max = 40))]
    pub phone: Option<String>,
    #[validate(length(max = 50))]
    pub services: Vec<String>,
    /// Where the business is.
    #[validate(length(max = 50))]
    pub locations: Vec<String>,
    #[validate(length(max = 2000))]
    pub goals: Option<String>,
}

impl Profile {
    /// What, which industry, where.
    pub fn is_complete(&self) -> bool {
        self.industry.is_some() && self.description.is_some() && !self.locations.is_empty()
    }
}

/// Step 2 of onboarding: the people the business wants to reach (S1-64).
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"description": "First-time home buyers", "locations": ["Andheri", "Goregaon"], "age_min": 25, "age_max": 45,
    "budget_min": {"amount": 600000000, "currency": "INR"}, "budget_max": {"amount": 1500000000, "currency": "INR"}, "timelines": ["immediate", "within_3_months"]}))]
pub struct Audience {
    #[validate(length(max = 4000))]
    pub description: Option<String>,
    #[validate(length(max = 100))]
    pub job_titles: Vec<String>,
    #[validate(length(max = 100))]
    pub industries: Vec<String>,
    #[validate(length(max = 100))]
    pub locations: Vec<String>,
    /// Employees, at least.
    #[validate(range(min = 0))]
    pub company_size_min: Option<i64>,
    #[validate(length(max = 100))]
    pub interests: Vec<String>,
    #[validate(range(min = 13, max = 100))]
    pub age_min: Option<u8>,
    #[validate(range(min = 13, max = 100))]
    pub age_max: Option<u8>,
    /// `all`, `male` or `female`.
    #[validate(length(max = 20))]
    pub gender: Option<String>,
    /// What a fitting lead wants to spend.
    pub budget_min: Option<Money>,
    pub budget_max: Option<Money>,
    /// Answers of a form's budget question that fit, word for word.
    #[validate(length(max = 50))]
    pub budget_labels: Vec<String>,
    /// `immediate`, `within_3_months`, `3_to_6_months`, `after_6_months`, `exploring`.
    #[validate(length(max = 10))]
    pub timelines: Vec<String>,
}

impl Audience {
    pub fn is_complete(&self) -> bool {
        self.description.is_some() && !(self.locations.is_empty() && self.industries.is_empty())
    }
}
