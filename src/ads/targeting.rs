//! Whom an ad campaign is shown to.

use validator::Validate;

use crate::base::FieldError;
use crate::base::bounded::Text;
use crate::engine::http::PatchOf;
use crate::tenants::Tenant;

/// What the ad platforms take when neither the request nor the tenant's audience says anything.
const AGE_MIN: u8 = 25;
const AGE_MAX: u8 = 55;

crate::text_enum! {
    /// Whom an ad is shown to by gender.
    pub enum Gender { All = "all", Male = "male", Female = "female" }
}

/// "Top 25–50 %" is `{"from": 25, "to": 50}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": 25, "to": 50}))]
pub struct IncomePercentile {
    #[validate(range(min = 0, max = 100))]
    #[schema(minimum = 0, maximum = 100)]
    pub from: u8,
    #[validate(range(min = 0, max = 100))]
    #[schema(minimum = 0, maximum = 100)]
    pub to: u8,
}

/// The audience of an ad campaign. What is left out comes from the tenant's service areas and audience.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"locations": ["Mumbai", "Thane", "Navi Mumbai"], "age_min": 25, "age_max": 45, "genders": "all",
    "interests": ["Real estate", "Home buyers"], "behaviors": ["Likely to move"], "income_percentile": {"from": 25, "to": 50}}))]
pub struct Targeting {
    /// Cities or quarters.
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub locations: Vec<Text<1, 200>>,
    #[validate(range(min = 13, max = 65))]
    #[schema(minimum = 13, maximum = 65)]
    pub age_min: Option<u8>,
    #[validate(range(min = 13, max = 65))]
    #[schema(minimum = 13, maximum = 65)]
    pub age_max: Option<u8>,
    pub genders: Option<Gender>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub interests: Vec<Text<1, 200>>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub behaviors: Vec<Text<1, 120>>,
    #[validate(nested)]
    pub income_percentile: Option<IncomePercentile>,
    /// Search keywords; for Google.
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub keywords: Vec<Text<1, 120>>,
}

/// A part of an audience. What null takes away is filled from the tenant's again.
pub type TargetingPatch = PatchOf<Targeting>;

impl Targeting {
    /// Fills what was left out from the tenant: its service areas, its audience's ages, and at last 25 to 55.
    pub fn or_of(mut self, tenant: &Tenant) -> Self {
        let audience = &tenant.audience;
        if self.locations.is_empty() {
            let areas = &tenant.settings.service_areas;
            self.locations = if areas.is_empty() { audience.locations.clone() } else { areas.clone() };
        }
        if self.interests.is_empty() {
            self.interests.clone_from(&audience.interests);
        }
        // One bound given alone must not end up beyond a bound that was only supposed.
        let max = self.age_max.unwrap_or(65);
        let min = self.age_min.unwrap_or_else(|| audience.age_min.unwrap_or(AGE_MIN).clamp(13, 65).min(max));
        self.age_max.get_or_insert_with(|| audience.age_max.unwrap_or(AGE_MAX).clamp(13, 65).max(min));
        self.age_min = Some(min);
        let gender = audience.gender.as_deref().and_then(|text| text.parse().ok());
        self.genders.get_or_insert(gender.unwrap_or(Gender::All));
        self
    }

    /// What no single field can tell.
    pub fn problems(&self, at: &str) -> Vec<FieldError> {
        let mut problems = Vec::new();
        if let (Some(min), Some(max)) = (self.age_min, self.age_max)
            && min > max
        {
            problems.push(FieldError::new(
                format!("{at}/age_max"),
                "invalid_value",
                format!("expected at least age_min, {min}"),
            ));
        }
        if let Some(IncomePercentile { from, to }) = self.income_percentile
            && from >= to
        {
            let detail = format!("expected more than from, {from}");
            problems.push(FieldError::new(format!("{at}/income_percentile/to"), "invalid_value", detail));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_cross_are_named() {
        let targeting = Targeting {
            age_min: Some(45),
            age_max: Some(25),
            income_percentile: Some(IncomePercentile { from: 50, to: 50 }),
            ..Targeting::default()
        };
        let pointers: Vec<_> = targeting.problems("/targeting").into_iter().map(|p| p.pointer).collect();
        assert_eq!(pointers, ["/targeting/age_max", "/targeting/income_percentile/to"]);
        assert!(Targeting::default().problems("").is_empty());
    }
}
