//! What a tenant can set: hours, areas, looks, recipients.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use validator::Validate;

use super::clock::OpenHours;
use super::outreach::OutreachSettings;
use crate::base::FieldError;
use crate::base::bounded::Text;
use crate::base::email::Email;
use crate::base::phone::Phone;
use crate::base::text::{single_line, web_url};
use crate::engine::http::PatchOf;
use crate::tenants::region::Language;

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
    #[validate(custom(function = "single_line"), length(min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80)]
    pub display_name: Option<String>,
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub logo_url: Option<String>,
    /// `#RRGGBB`.
    #[validate(length(equal = 7))]
    #[schema(min_length = 7, max_length = 7)]
    pub primary_color: Option<String>,
}

/// Where notifications go besides the users' own addresses.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationRecipients {
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub emails: Vec<Email>,
    /// WhatsApp numbers in E.164.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub whatsapp: Vec<Text<1, 100>>,
}

/// What a tenant can set.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Open hours by day; a day without an entry is closed. Default 09:00–18:00 Monday to Saturday.
    pub business_hours: BTreeMap<Day, OpenHours>,
    /// Closed all day.
    #[validate(length(max = 366))]
    #[schema(max_items = 366)]
    pub holidays: Vec<NaiveDate>,
    /// Cities or quarters the business serves; they target ads and score leads.
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub service_areas: Vec<Text<1, 200>>,
    #[validate(nested)]
    pub branding: Branding,
    #[validate(nested)]
    pub notification_recipients: NotificationRecipients,
    /// Links in notifications start with it: `{base}/leads/{id}`.
    #[validate(custom(function = "web_url"), length(max = 300))]
    #[schema(format = "uri", max_length = 300)]
    pub deep_link_base_url: Option<String>,
    /// In which language the tenant is written to, and its people who have set none of their own. Any is kept; the platform has
    /// words of those that `GET /v1/labels` lists, and writes in English where this is none of them or not set.
    // Left out where there is none: processes of the version before refuse what they do not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// A scoring model's code; by the industry when not set.
    pub scoring_model: Option<String>,
    /// A second enquiry by the same person within so many days is not metered again. Set by the platform's operators.
    #[validate(range(min = 0, max = 365))]
    #[schema(minimum = 0, maximum = 365)]
    pub billing_dedupe_days: u16,
    /// Members without a second factor do nothing here but put one before their account. Set by owners who have one.
    // Left out where it is not so: processes of the version before refuse what they do not know.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub requires_second_factor: bool,
    /// What holds for marketing messages. Left out while it is as at first: quiet from 21:00 to 09:00 by the person's clock, four
    /// messages in seven days, no declared ground for e-mail, and 10:00–21:00 for SMS to India.
    // Left out where it is not so: processes of the version before refuse what they do not know.
    #[schema(extensions(("x-left-out" = json!(true))))]
    #[validate(nested)]
    #[serde(skip_serializing_if = "OutreachSettings::is_default")]
    pub outreach: OutreachSettings,
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
            language: None,
            scoring_model: None,
            billing_dedupe_days: 30,
            requires_second_factor: false,
            outreach: OutreachSettings::default(),
        }
    }
}

/// A part of the settings.
pub type SettingsPatch = PatchOf<Settings>;

/// The scoring models a tenant may choose.
const SCORING_MODELS: [&str; 2] = ["real_estate_in", "default_b2b"];

impl Settings {
    /// Settings as stored: phone numbers in E.164 of `country`.
    ///
    /// # Errors
    /// Every value that is wrong, with pointers below `/settings`.
    pub fn checked(mut self, country: &str) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        for (day, hours) in &self.business_hours {
            if !hours.is_ordered() {
                let rule = "expected a closing time after the opening time (00:00 closes at midnight)";
                errors.push(FieldError::new(format!("/settings/business_hours/{day}/closes"), "invalid_value", rule));
            }
        }
        if let Some(color) = &self.branding.primary_color {
            let is_hex = color
                .strip_prefix('#')
                .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if !is_hex {
                let rule = "expected a colour such as #1A73E8";
                errors.push(FieldError::new("/settings/branding/primary_color", "invalid_value", rule));
            }
        }
        for (index, number) in self.notification_recipients.whatsapp.iter_mut().enumerate() {
            match Phone::parse(number, Some(country)).and_then(|phone| phone.into_string().parse()) {
                Ok(phone) => *number = phone,
                Err(rule) => {
                    let pointer = format!("/settings/notification_recipients/whatsapp/{index}");
                    errors.push(FieldError::new(pointer, "invalid_value", rule));
                }
            }
        }
        errors.extend(self.outreach.wrong("/settings/outreach"));
        if self.scoring_model.as_deref().is_some_and(|code| !SCORING_MODELS.contains(&code)) {
            let rule = format!("expected one of: {}", SCORING_MODELS.join(", "));
            errors.push(FieldError::new("/settings/scoring_model", "invalid_value", rule));
        }
        self.holidays.sort_unstable();
        self.holidays.dedup();
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(value: serde_json::Value) -> Settings {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn numbers_become_e164_of_the_tenants_country() {
        let given = settings(serde_json::json!({
            "notification_recipients": {"whatsapp": ["98765 43210"]}, "service_areas": [" Andheri "],
            "business_hours": {"sunday": {"opens": "18:00", "closes": "00:00"}}
        }));
        let checked = given.checked("IN").unwrap();
        assert_eq!(checked.notification_recipients.whatsapp.join(","), "+919876543210");
        assert_eq!(checked.service_areas.join(","), "Andheri");
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let given = settings(serde_json::json!({
            "notification_recipients": {"whatsapp": ["+919876543210", "12"]},
            "business_hours": {"monday": {"opens": "18:00", "closes": "09:00"}}, "scoring_model": "mine",
            "branding": {"primary_color": "#12345Z"}
        }));
        let pointers: Vec<_> = given.checked("IN").unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/settings/business_hours/monday/closes",
                "/settings/branding/primary_color",
                "/settings/notification_recipients/whatsapp/1",
                "/settings/scoring_model"
            ]
        );
    }

    fn merged(stored: &Settings, part: serde_json::Value) -> crate::base::Result<Settings> {
        serde_json::from_value::<SettingsPatch>(part).unwrap().merged_into(Some(stored), "/settings")
    }

    #[test]
    fn null_restores_and_objects_merge_at_every_depth() {
        let all = serde_json::json!({"billing_dedupe_days": 7, "scoring_model": "default_b2b",
            "branding": {"display_name": "ABC", "logo_url": "https://abc.example.com/l.png"},
            "notification_recipients": {"emails": ["a@example.com"], "whatsapp": ["+919876500000"]}});
        let stored = merged(&Settings::default(), all).unwrap();
        let some = serde_json::json!({"billing_dedupe_days": null, "scoring_model": null,
            "branding": {"primary_color": "#00ff00", "logo_url": null}, "notification_recipients": {"emails": null},
            "business_hours": {"sunday": {"opens": "10:00", "closes": "14:00"}, "saturday": null, "friday": {"closes": "20:00"}}});
        let settings = merged(&stored, some).unwrap();
        assert_eq!((settings.billing_dedupe_days, settings.scoring_model.as_deref()), (30, None));
        let looks = &settings.branding;
        assert_eq!((looks.display_name.as_deref(), looks.logo_url.as_deref()), (Some("ABC"), None));
        assert!(settings.notification_recipients.emails.is_empty());
        assert_eq!(settings.notification_recipients.whatsapp.len(), 1);
        assert_eq!(settings.business_hours.len(), 6, "Sunday came, Saturday went, the others stayed");
        let friday = serde_json::to_value(&settings.business_hours[&Day::Friday]).unwrap();
        assert_eq!(friday, serde_json::json!({"opens": "09:00", "closes": "20:00"}));
        let half = serde_json::json!({"business_hours": {"saturday": {"opens": "10:00"}}});
        let wrong = merged(&settings, half).unwrap_err();
        assert_eq!(wrong.field_errors()[0].pointer, "/settings/business_hours/saturday/closes");
    }
}
