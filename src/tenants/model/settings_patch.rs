//! A merge-patch of the settings (RFC 7396): members merge at every depth, null removes one or restores its default.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use validator::{Validate, ValidationErrors};

use super::{Branding, Day, NotificationRecipients, OpenHours, Settings};
use crate::base::FieldError;
use crate::base::apply::Apply as _;
use crate::base::email::Email;
use crate::base::patch::Patch;
use crate::tenants::region::Language;

/// A merge-patch of the settings: absent keeps, null restores the default, an object merges, anything else replaces.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// Day by day; null closes a day.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<Day, OpenHoursPatch>>)]
    pub business_hours: Patch<BTreeMap<Day, Patch<OpenHoursPatch>>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<NaiveDate>>)]
    pub holidays: Patch<Vec<NaiveDate>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub service_areas: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<BrandingPatch>)]
    pub branding: Patch<BrandingPatch>,
    #[serde(default)]
    #[schema(value_type = Option<NotificationRecipientsPatch>)]
    pub notification_recipients: Patch<NotificationRecipientsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub deep_link_base_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Language>)]
    pub language: Patch<Language>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub scoring_model: Patch<String>,
    /// Set by the platform's operators only.
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    pub billing_dedupe_days: Patch<u16>,
    /// Set by owners only, who have a second factor themselves.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub requires_second_factor: Patch<bool>,
}

/// Of a day that was closed, both are needed.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"closes": "19:00"}))]
pub struct OpenHoursPatch {
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    opens: Option<ClockTime>,
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    closes: Option<ClockTime>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
struct ClockTime(#[serde(with = "super::settings::clock_time")] chrono::NaiveTime);

crate::patch! {
    #[schema(example = json!({"primary_color": "#1A73E8"}))]
    pub struct BrandingPatch of Branding as part {
        pub display_name: Patch<String>,
        pub logo_url: Patch<String>,
        pub primary_color: Patch<String>,
    }
}

crate::patch! {
    /// A list replaces the list; null empties it.
    #[schema(example = json!({"whatsapp": ["98765 00000"]}))]
    pub struct NotificationRecipientsPatch of NotificationRecipients as part {
        emails: Patch<Vec<Email>>,
        whatsapp: Patch<Vec<String>>,
    }
}

impl SettingsPatch {
    /// # Errors
    /// A day that was closed and is given half of its hours, below `/settings`.
    pub fn apply(self, settings: &mut Settings) -> Result<(), Vec<FieldError>> {
        let default = Settings::default();
        let mut errors = Vec::new();
        match self.business_hours {
            Patch::Absent => {}
            Patch::Null => settings.business_hours = default.business_hours,
            Patch::Value(days) => {
                for (day, hours) in days {
                    merge_day(&mut settings.business_hours, day, hours, &mut errors);
                }
            }
        }
        self.holidays.apply_or(&mut settings.holidays, default.holidays);
        self.service_areas.apply_or(&mut settings.service_areas, default.service_areas);
        self.branding.apply_to(&mut settings.branding);
        self.notification_recipients.apply_to(&mut settings.notification_recipients);
        self.deep_link_base_url.apply_to(&mut settings.deep_link_base_url);
        self.language.apply_to(&mut settings.language);
        self.scoring_model.apply_to(&mut settings.scoring_model);
        self.billing_dedupe_days.apply_or(&mut settings.billing_dedupe_days, default.billing_dedupe_days);
        self.requires_second_factor.apply_or(&mut settings.requires_second_factor, false);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The settings it speaks of.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        [
            ("settings.business_hours", self.business_hours.is_absent()),
            ("settings.holidays", self.holidays.is_absent()),
            ("settings.service_areas", self.service_areas.is_absent()),
            ("settings.branding", self.branding.is_absent()),
            ("settings.notification_recipients", self.notification_recipients.is_absent()),
            ("settings.deep_link_base_url", self.deep_link_base_url.is_absent()),
            ("settings.language", self.language.is_absent()),
            ("settings.scoring_model", self.scoring_model.is_absent()),
            ("settings.billing_dedupe_days", self.billing_dedupe_days.is_absent()),
            ("settings.requires_second_factor", self.requires_second_factor.is_absent()),
        ]
        .into_iter()
        .filter(|(_, is_absent)| !is_absent)
        .map(|(field, _)| field)
    }
}

fn merge_day(
    days: &mut BTreeMap<Day, OpenHours>,
    day: Day,
    patch: Patch<OpenHoursPatch>,
    errors: &mut Vec<FieldError>,
) {
    let Patch::Value(patch) = patch else {
        days.remove(&day);
        return;
    };
    let before = days.get(&day);
    let opens = patch.opens.map(|time| time.0).or(before.map(|hours| hours.opens));
    let closes = patch.closes.map(|time| time.0).or(before.map(|hours| hours.closes));
    if let (Some(opens), Some(closes)) = (opens, closes) {
        days.insert(day, OpenHours { opens, closes });
        return;
    }
    for (name, is_missing) in [("opens", opens.is_none()), ("closes", closes.is_none())] {
        if is_missing {
            let pointer = format!("/settings/business_hours/{day}/{name}");
            errors.push(FieldError::new(pointer, "required", "this day was closed: give both times"));
        }
    }
}

impl Validate for SettingsPatch {
    /// The rules of [`Settings`] for what is given: the defaults beside it fit anyway.
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut settings = Settings::default();
        // Half a day is judged where the stored other half is known.
        let _ = self.clone().apply(&mut settings);
        settings.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(value: serde_json::Value) -> SettingsPatch {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn absent_keeps_null_restores_a_value_replaces() {
        let mut settings = Settings { billing_dedupe_days: 7, ..Settings::default() };
        settings.service_areas = vec!["Andheri".into()];
        settings.scoring_model = Some("default_b2b".into());
        let change = patch(serde_json::json!({"billing_dedupe_days": null, "holidays": [], "scoring_model": null}));
        assert_eq!(
            change.fields().collect::<Vec<_>>(),
            ["settings.holidays", "settings.scoring_model", "settings.billing_dedupe_days"]
        );
        change.apply(&mut settings).unwrap();
        assert_eq!((settings.billing_dedupe_days, settings.scoring_model), (30, None));
        assert_eq!(settings.service_areas, ["Andheri"]);
    }

    #[test]
    fn objects_merge_at_every_depth() {
        let mut settings = Settings::default();
        let all = serde_json::json!({"branding": {"display_name": "ABC", "logo_url": "https://abc.example.com/l.png"},
            "notification_recipients": {"emails": ["a@example.com"], "whatsapp": ["+919876500000"]}});
        patch(all).apply(&mut settings).unwrap();
        let some = serde_json::json!({"branding": {"primary_color": "#00ff00", "logo_url": null},
            "notification_recipients": {"emails": null},
            "business_hours": {"sunday": {"opens": "10:00", "closes": "14:00"}, "saturday": null, "friday": {"closes": "20:00"}}});
        patch(some).apply(&mut settings).unwrap();
        assert_eq!(
            (settings.branding.display_name.as_deref(), settings.branding.logo_url.as_deref()),
            (Some("ABC"), None)
        );
        assert!(settings.notification_recipients.emails.is_empty());
        assert_eq!(settings.notification_recipients.whatsapp, ["+919876500000"]);
        assert_eq!(settings.business_hours.len(), 6, "Sunday came, Saturday went, the others stayed");
        let friday = serde_json::to_value(&settings.business_hours[&Day::Friday]).unwrap();
        assert_eq!(friday, serde_json::json!({"opens": "09:00", "closes": "20:00"}));
        let half = patch(serde_json::json!({"business_hours": {"saturday": {"opens": "10:00"}}}));
        assert_eq!(half.apply(&mut settings).unwrap_err()[0].pointer, "/settings/business_hours/saturday/closes");
    }

    #[test]
    fn given_values_obey_the_rules_of_settings() {
        assert!(patch(serde_json::json!({"billing_dedupe_days": 365})).validate().is_ok());
        assert!(patch(serde_json::json!({"billing_dedupe_days": 366})).validate().is_err());
        assert!(patch(serde_json::json!({"branding": {"logo_url": "no url"}})).validate().is_err());
    }
}
