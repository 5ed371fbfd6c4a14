//! Who the tenant is and whom it wants to reach: the two documents of onboarding.

use validator::Validate;

use crate::base::bounded::{Text, dialled};
use crate::base::money::Money;
use crate::base::phone::Phone;
use crate::base::text::{single_line, web_url};
use crate::base::{Error, FieldError, Result};

/// Step 1 of onboarding: the business.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"owner_name": "Rajesh Kumar", "industry": "Real estate", "description": "2 BHK flats in Mumbai",
    "phone": "+919876500000", "website": "https://abc.example.com", "services": ["2 BHK flats"], "locations": ["Mumbai"], "goals": "50 leads a month"}))]
pub struct Profile {
    #[validate(custom(function = "single_line"), length(max = 120))]
    #[schema(max_length = 120)]
    pub owner_name: Option<String>,
    #[validate(custom(function = "single_line"), length(max = 120))]
    #[schema(max_length = 120)]
    pub industry: Option<String>,
    #[validate(length(max = 4000))]
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    #[validate(custom(function = "web_url"), length(max = 300))]
    #[schema(format = "uri", max_length = 300)]
    pub website: Option<String>,
    /// E.164 or national form of the tenant's country.
    #[validate(length(max = 40), custom(function = "dialled"))]
    #[schema(max_length = 40, pattern = "[0-9].*[0-9].*[0-9]")]
    pub phone: Option<String>,
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub services: Vec<Text<1, 200>>,
    /// Where the business is.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub locations: Vec<Text<1, 200>>,
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000)]
    pub goals: Option<String>,
}

impl Profile {
    /// What, which industry, where.
    pub fn is_complete(&self) -> bool {
        self.industry.is_some() && self.description.is_some() && !self.locations.is_empty()
    }
}

/// Step 2 of onboarding: the people the business wants to reach.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"description": "First-time home buyers", "locations": ["Andheri", "Goregaon"], "age_min": 25, "age_max": 45,
    "budget_min": {"amount": 600000000, "currency": "INR"}, "budget_max": {"amount": 1500000000, "currency": "INR"}, "timelines": ["immediate", "within_3_months"]}))]
pub struct Audience {
    #[validate(length(max = 4000))]
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub job_titles: Vec<Text<1, 200>>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub industries: Vec<Text<1, 200>>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub locations: Vec<Text<1, 200>>,
    /// Employees, at least.
    #[validate(range(min = 0))]
    #[schema(minimum = 0)]
    pub company_size_min: Option<i64>,
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub interests: Vec<Text<1, 200>>,
    #[validate(range(min = 13, max = 100))]
    #[schema(minimum = 13, maximum = 100)]
    pub age_min: Option<u8>,
    #[validate(range(min = 13, max = 100))]
    #[schema(minimum = 13, maximum = 100)]
    pub age_max: Option<u8>,
    #[schema(value_type = Option<Gender>)]
    pub gender: Option<String>,
    /// What a fitting lead wants to spend.
    pub budget_min: Option<Money>,
    pub budget_max: Option<Money>,
    /// Answers of a form's budget question that fit, word for word.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub budget_labels: Vec<Text<1, 200>>,
    /// When a fitting lead wants to act.
    #[validate(length(max = 10))]
    #[schema(max_items = 10, value_type = Vec<Timeline>)]
    pub timelines: Vec<String>,
}

impl Audience {
    pub fn is_complete(&self) -> bool {
        self.description.is_some() && !(self.locations.is_empty() && self.industries.is_empty())
    }
}

crate::text_enum! {
    /// Whom ads are shown to, by gender.
    pub enum Gender { All = "all", Male = "male", Female = "female" }
}

crate::text_enum! {
    /// When a person wants to act.
    pub enum Timeline {
        Immediate = "immediate",
        WithinThreeMonths = "within_3_months",
        ThreeToSixMonths = "3_to_6_months",
        Later = "after_6_months",
        /// Has no date in mind.
        Exploring = "exploring",
    }
}

fn settle<T>(value: T, errors: Vec<FieldError>) -> Result<T> {
    if errors.is_empty() { Ok(value) } else { Err(Error::fields(errors)) }
}

/// A text of blanks is no text.
fn filled(text: &mut Option<String>) {
    *text = text.take().map(|text| text.trim().to_string()).filter(|text| !text.is_empty());
}

impl Profile {
    /// The profile as stored: texts trimmed, the phone in E.164 of `country`.
    ///
    /// # Errors
    /// Every value that is wrong.
    pub fn checked(mut self, country: &str) -> Result<Self> {
        let mut errors = Vec::new();
        for text in [&mut self.owner_name, &mut self.industry, &mut self.description, &mut self.goals] {
            filled(text);
        }
        if let Some(raw) = &self.phone {
            match Phone::parse(raw, Some(country)) {
                Ok(phone) => self.phone = Some(phone.into_string()),
                Err(rule) => errors.push(FieldError::new("/phone", "invalid_value", rule)),
            }
        }
        settle(self, errors)
    }
}

impl Audience {
    /// The audience as stored: texts trimmed, ranges in order.
    ///
    /// # Errors
    /// Every value that is wrong.
    pub fn checked(mut self) -> Result<Self> {
        let mut errors = Vec::new();
        filled(&mut self.description);
        let mut refuse = |pointer: &str, rule: String| errors.push(FieldError::new(pointer, "invalid_value", rule));
        if let (Some(min), Some(max)) = (self.age_min, self.age_max)
            && min > max
        {
            refuse("/age_max", format!("expected at least age_min, which is {min}"));
        }
        if let (Some(min), Some(max)) = (self.budget_min, self.budget_max) {
            if min.currency != max.currency {
                refuse(
                    "/budget_max/currency",
                    format!("expected the currency of budget_min, which is {}", min.currency),
                );
            } else if min.amount > max.amount {
                refuse("/budget_max/amount", format!("expected at least budget_min, which is {}", min.amount));
            }
        }
        if let Some(Err(rule)) = self.gender.as_deref().map(str::parse::<Gender>) {
            refuse("/gender", rule);
        }
        for (index, timeline) in self.timelines.iter().enumerate() {
            if let Err(rule) = timeline.parse::<Timeline>() {
                refuse(&format!("/timelines/{index}"), rule);
            }
        }
        settle(self, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(error: Error) -> Vec<String> {
        error.field_errors().iter().map(|field| field.pointer.clone()).collect()
    }

    #[test]
    fn a_profile_of_blanks_is_not_complete() {
        let given = |value| serde_json::from_value::<Profile>(value).unwrap();
        let blank = given(serde_json::json!({"industry": " ", "description": "Flats", "locations": ["Mumbai"]}));
        assert!(!blank.checked("IN").unwrap().is_complete());
        let full =
            given(serde_json::json!({"industry": "Real estate", "description": "Flats", "locations": ["Mumbai"],
            "phone": "98765 00000"}));
        let full = full.checked("IN").unwrap();
        assert!(full.is_complete());
        assert_eq!(full.phone.as_deref(), Some("+919876500000"));
        let wrong = given(serde_json::json!({"phone": "12"}));
        assert_eq!(pointers(wrong.checked("IN").unwrap_err()), ["/phone"]);
        assert!(serde_json::from_value::<Profile>(serde_json::json!({"services": [""]})).is_err());
    }

    #[test]
    fn ranges_of_an_audience_are_in_order_and_one_currency() {
        let given = |value| serde_json::from_value::<Audience>(value).unwrap();
        let money = |amount: i64, currency: &str| serde_json::json!({"amount": amount, "currency": currency});
        let wrong = given(
            serde_json::json!({"age_min": 45, "age_max": 25, "gender": "any", "timelines": ["immediate", "soon"],
            "budget_min": money(2, "INR"), "budget_max": money(1, "INR")}),
        );
        assert_eq!(
            pointers(wrong.checked().unwrap_err()),
            ["/age_max", "/budget_max/amount", "/gender", "/timelines/1"]
        );
        let mixed = given(serde_json::json!({"budget_min": money(2, "INR"), "budget_max": money(3, "USD")}));
        assert_eq!(pointers(mixed.checked().unwrap_err()), ["/budget_max/currency"]);
        let good = given(serde_json::json!({"age_min": 25, "age_max": 25, "budget_max": money(1, "USD")}));
        assert!(good.checked().is_ok());
    }
}
