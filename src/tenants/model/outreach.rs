//! What a tenant sets for messages that nobody waits for: at which hours, how many, and on what ground by e-mail.

use validator::Validate;

use super::clock::OpenHours;
use crate::base::FieldError;

/// From–to of every day, `HH:MM` on the clock of whoever is written to. Over midnight where it ends before it starts; none at all
/// where both are the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"starts": "21:00", "ends": "09:00"}))]
pub struct QuietHours {
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    #[serde(with = "super::clock::clock_time")]
    pub starts: chrono::NaiveTime,
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    #[serde(with = "super::clock::clock_time")]
    pub ends: chrono::NaiveTime,
}

/// How many marketing messages one person gets at most, whatever the channel. Days are days of UTC, and today is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"messages": 4, "days": 7}))]
pub struct FrequencyCap {
    #[validate(range(min = 1, max = 100))]
    #[schema(minimum = 1, maximum = 100)]
    pub messages: u32,
    #[validate(range(min = 1, max = 30))]
    #[schema(minimum = 1, maximum = 30)]
    pub days: u32,
}

crate::text_enum! {
    /// On what ground a tenant declares to write marketing e-mail to people who did not agree to it.
    pub enum LawfulBasis {
        /// They bought something like it, and could refuse when they did.
        ExistingCustomer = "existing_customer",
        /// The tenant has weighed its interest against theirs, and can show it.
        LegitimateInterest = "legitimate_interest",
    }
}

/// What holds for marketing messages.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"quiet_hours": {"starts": "21:00", "ends": "09:00"}, "frequency_cap": {"messages": 4, "days": 7},
    "email_lawful_basis": null, "india_promotional_hours": {"opens": "10:00", "closes": "21:00"}}))]
pub struct OutreachSettings {
    /// When nobody is disturbed, by the person's own clock. 21:00–09:00 at first.
    #[validate(nested)]
    pub quiet_hours: QuietHours,
    /// Four in seven days at first.
    #[validate(nested)]
    pub frequency_cap: FrequencyCap,
    /// The tenant's declaration, by which it may send marketing e-mail to who has not agreed and has not refused. None at first: then only
    /// to who agreed. WhatsApp and SMS always need the person's agreement.
    pub email_lawful_basis: Option<LawfulBasis>,
    /// When promotional SMS may reach Indian numbers, by the clock there. The law's 10:00–21:00 at first, and never beyond.
    pub india_promotional_hours: OpenHours,
}

fn at(hour: u32) -> chrono::NaiveTime {
    chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()
}

impl Default for OutreachSettings {
    fn default() -> Self {
        Self {
            quiet_hours: QuietHours { starts: at(21), ends: at(9) },
            frequency_cap: FrequencyCap { messages: 4, days: 7 },
            email_lawful_basis: None,
            india_promotional_hours: OpenHours { opens: at(10), closes: at(21) },
        }
    }
}

impl OutreachSettings {
    /// As they are at first, so that nothing of them is stored.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with them, with pointers below `at`.
    pub(super) fn wrong(&self, pointer: &str) -> Vec<FieldError> {
        let hours = &self.india_promotional_hours;
        let mut wrong = Vec::new();
        let mut note = |field: &str, rule: &str| {
            let pointer = format!("{pointer}/india_promotional_hours/{field}");
            wrong.push(FieldError::new(pointer, "invalid_value", rule));
        };
        if hours.opens < at(10) || hours.opens >= at(21) {
            note("opens", "expected a time from 10:00 on and before 21:00, which are the hours of the law");
        }
        if hours.closes > at(21) || hours.closes == chrono::NaiveTime::MIN {
            note("closes", "expected a time until 21:00, which are the hours of the law");
        } else if hours.closes <= hours.opens {
            note("closes", "expected a closing time after the opening time");
        }
        wrong
    }
}
