//! The two sides of a score: what is known of the lead, and what the tenant is looking for.
//!
//! Both are plain values, so that a score is a pure function of them. Whoever holds a lead row fills a [`Subject`]
//! (`Subject { name, ..Default::default() }`); whoever holds the tenant's settings fills a [`Target`].

use std::collections::BTreeMap;

use crate::base::money::Currency;

use super::budget::Budget;
use super::timeline::Timeline;

/// All that a scoring model can ask about a lead. What is not known stays `None`, zero or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subject {
    pub name: Option<String>,
    pub company: Option<String>,
    /// The address parsed as an [`Email`](crate::base::email::Email), and nothing has bounced.
    pub email_valid: bool,
    /// The number is in a range its country has given out ([`phone::is_valid`](crate::base::phone::is_valid)).
    pub phone_valid: bool,
    /// As the lead wrote or chose it: "₹80L-1Cr".
    pub budget_text: Option<String>,
    /// As the lead wrote or chose it: "Within 3 months".
    pub timeline_text: Option<String>,
    /// Where the lead is.
    pub location: Location,
    /// Where the lead wants to be, as written: "Andheri, Goregaon".
    pub preferred_areas: Option<String>,
    pub industry: Option<String>,
    /// Employees.
    pub company_size: Option<i64>,
    pub decision_maker: Option<bool>,
    /// The answers of the form, by question key; several chosen options are joined with ", ".
    pub form_responses: BTreeMap<String, String>,
    pub pages_visited_count: i64,
    pub time_on_site_seconds: i64,
    pub form_submissions: i64,
    pub had_conversation: bool,
    pub email_opens: i64,
    pub email_clicks: i64,
    /// From our first message to the lead's first answer; `None` while there is no answer.
    pub first_response_seconds: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Location {
    pub city: Option<String>,
    pub state: Option<String>,
    /// Spelled as the tenant's service areas spell it.
    pub country: Option<String>,
}

/// What the tenant is looking for. An empty part means the tenant has not said, not that it accepts nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The tenant's currency: that of figures a lead writes without one.
    pub currency: Currency,
    pub budget: Option<Budget>,
    /// Answers to the budget question that are accepted as they are, such as "₹80L-1Cr"; beside `budget`, not instead.
    pub budget_labels: Vec<String>,
    pub timelines: Vec<Timeline>,
    /// Cities, quarters, states or countries.
    pub service_areas: Vec<String>,
    pub industries: Vec<String>,
    /// The least number of employees, included.
    pub min_company_size: Option<i64>,
}

impl Default for Target {
    /// Nothing said yet, in Indian rupees.
    fn default() -> Self {
        Self {
            currency: Currency::INR,
            budget: None,
            budget_labels: Vec::new(),
            timelines: Vec::new(),
            service_areas: Vec::new(),
            industries: Vec::new(),
            min_company_size: None,
        }
    }
}
