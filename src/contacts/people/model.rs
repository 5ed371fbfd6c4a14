//! What a person is: how one is known, where one is, and what is not searched by.

use std::str::FromStr;

use utoipa::openapi::schema::Type;

use crate::base::bounded::Text;
use crate::base::money::Money;
use crate::base::phone::PhoneKey;
use crate::base::unicode;
use crate::contacts::attributes::define::Values;
use crate::engine::rules::DayOfYear;

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

impl Location {
    /// Without texts of which nothing shows.
    pub fn seen(&self) -> Self {
        let mut seen = self.clone();
        for text in [&mut seen.city, &mut seen.state, &mut seen.country, &mut seen.postal_code] {
            *text = text.take().filter(|text| unicode::shows(text));
        }
        seen
    }
}

impl IdentityKind {
    /// What an identity is written down as; the other spellings of a number may stand in rows that were kept as they came.
    pub fn key(self, value: &str) -> PhoneKey {
        match self {
            Self::Phone => PhoneKey::of(value),
            Self::Email | Self::PlatformLead => PhoneKey::exactly(value),
        }
    }
}

crate::text_enum! {
    /// How the tenant came to know a person.
    pub enum ContactSource {
        OutreachResponse = "outreach_response",
        MetaAds = "meta_ads",
        GoogleAds = "google_ads",
        WebForm = "web_form",
        WebChat = "web_chat",
        Messenger = "messenger",
        Instagram = "instagram",
        WhatsappInbound = "whatsapp_inbound",
        EmailInbound = "email_inbound",
        SmsInbound = "sms_inbound",
        Marketplace = "marketplace",
        Referral = "referral",
        Organic = "organic",
        Import = "import" | "manual_import",
        Api = "api",
        Manual = "manual",
        /// Found by prospecting: nobody has enquired.
        Prospecting = "prospecting" | "ai_scraping",
    }
}

crate::text_enum! {
    /// Whether a person is real. An enquiry verifies who was not marked invalid.
    pub enum VerificationStatus {
        Unverified = "unverified",
        Verified = "verified",
        Invalid = "invalid",
    }
}

crate::text_enum! {
    /// How good a match a person is, by the quality score: high from 80, medium from 60, low below.
    pub enum Quality { High = "high", Medium = "medium", Low = "low" }
}

impl Quality {
    /// Inclusive on both sides.
    pub fn range(self) -> (i32, i32) {
        match self {
            Self::High => (80, 100),
            Self::Medium => (60, 79),
            Self::Low => (0, 59),
        }
    }
}

/// A birthday: `1990-05-17`, or `05-17` where nobody knows the year. 29 February is one in any year that is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Birthday(String);

impl From<Birthday> for String {
    fn from(day: Birthday) -> String {
        day.0
    }
}

impl FromStr for Birthday {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = || "expected a day such as 1990-05-17, or 05-17 without a year".to_string();
        let text = text.trim();
        // A leap year has every day.
        let whole = if text.len() == 5 { format!("2000-{text}") } else { text.to_string() };
        let day = whole.parse::<chrono::NaiveDate>().map_err(|_| rule())?;
        let is_plain = whole == day.format("%Y-%m-%d").to_string() && text.len() >= 5;
        let is_a_persons = ("1900-01-01".."2100-01-01").contains(&whole.as_str());
        if is_plain && is_a_persons { Ok(Self(text.into())) } else { Err(rule()) }
    }
}

impl Birthday {
    /// With its year, and later than this day: nobody has been born yet.
    pub fn is_after(&self, today: chrono::NaiveDate) -> bool {
        self.0.parse::<chrono::NaiveDate>().is_ok_and(|day| day > today)
    }
}
impl<'de> serde::Deserialize<'de> for Birthday {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Birthday {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(19[0-9]{2}-|20[0-9]{2}-)?[0-9]{2}-[0-9]{2}$"))
            .description(Some("`1990-05-17`, or `05-17` where nobody knows the year."))
            .examples([serde_json::json!("1990-05-17")])
            .into()
    }
}
impl utoipa::ToSchema for Birthday {
    fn name() -> std::borrow::Cow<'static, str> {
        "Birthday".into()
    }
}

/// What is known of a person and never filtered by, as one document.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ContactProfile {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// In normal form, without the contact's own.
    pub other_emails: Vec<String>,
    /// E.164, without the contact's own.
    pub other_phones: Vec<String>,
    pub title: Option<String>,
    pub location: Location,
    /// BCP 47.
    pub language: Option<String>,
    /// IANA.
    pub time_zone: Option<String>,
    pub birthday: Option<String>,
    pub tags: Vec<String>,
    /// Of the tenant's custom attributes, by key.
    pub custom_attributes: Values,
    /// What completed bookings are worth, by currency.
    pub lifetime_spend: Vec<Money>,
    /// Of the latest booking, as it was spelled.
    pub last_category: Option<String>,
}

impl ContactProfile {
    /// On which day of the year the birthday is.
    pub fn birthday_in_year(&self) -> Option<DayOfYear> {
        let text = self.birthday.as_deref()?;
        let (month, day) = text.get(text.len().checked_sub(5)?..)?.split_once('-')?;
        Some(DayOfYear { month: month.parse().ok()?, day: day.parse().ok()? })
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
    fn a_birthday_is_a_day_with_or_without_its_year() {
        for good in ["1990-05-17", "05-17", "02-29", "2000-02-29"] {
            assert_eq!(good.parse::<Birthday>().map(String::from).as_deref(), Ok(good));
        }
        for wrong in [
            "",
            "17",
            "1990-02-29",
            "02-30",
            "1899-01-01",
            "2999-01-01",
            "17-05-1990",
            "1990-5-17",
            "13-01",
            "+1990-05-17",
        ] {
            assert!(wrong.parse::<Birthday>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_birthday_may_be_still_to_come_where_its_year_is_told() {
        let today = "2026-11-20".parse().unwrap();
        let is_after = |day: &str| day.parse::<Birthday>().unwrap().is_after(today);
        assert!(is_after("2026-11-21") && is_after("2099-01-01"));
        assert!(!is_after("2026-11-20") && !is_after("1990-12-31") && !is_after("12-31"));
    }

    #[test]
    fn what_does_not_show_is_no_place() {
        let of = |city: &str| Location { city: Some(city.into()), lat: Some(18.5), ..Default::default() }.seen().city;
        assert_eq!(of("Mumbai").as_deref(), Some("Mumbai"));
        for blank in ["", " ", "\u{200b}", "\u{2800}\u{ad}"] {
            assert_eq!(of(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn the_seeds_words_are_understood() {
        assert_eq!("ai_scraping".parse(), Ok(ContactSource::Prospecting));
        assert_eq!("manual_import".parse(), Ok(ContactSource::Import));
    }
}
