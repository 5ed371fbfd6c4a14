//! A lead as a scoring model sees it: the names a model may use, and their values.
//!
//! Add a field in both places below; the test holds them together.

use std::sync::LazyLock;

use crate::engine::rules::{Catalogue, Fact, Facts, Field, FieldType};

use super::fit::Fit;
use super::subject::Subject;

/// The fields of scoring models. Amounts are minor units of `budget.currency`; `match.*` compares with the tenant's target
/// and is missing when there is nothing to compare.
pub static FIELDS: LazyLock<Catalogue> = LazyLock::new(|| {
    use FieldType::{Boolean, Number, Text};
    let of = |catalogue: Catalogue, field_type: FieldType, names: &[&'static str]| {
        names.iter().fold(catalogue, |catalogue, name| catalogue.field(*name, field_type.clone()))
    };
    let catalogue = Catalogue::new().open("form_responses", Text);
    let catalogue = of(catalogue, Text, TEXTS);
    let catalogue = of(catalogue, Number, NUMBERS);
    of(catalogue, Boolean, BOOLEANS)
});

const TEXTS: &[&str] = &[
    "name",
    "company",
    "industry",
    "preferred_areas",
    "location.city",
    "location.state",
    "location.country",
    "budget",
    "budget.currency",
    "budget.period",
    "timeline",
    "timeline_text",
    "match.place",
];
const NUMBERS: &[&str] = &[
    "budget.min",
    "budget.max",
    "budget.monthly_min",
    "budget.monthly_max",
    "company_size",
    "pages_visited_count",
    "time_on_site_seconds",
    "minutes_on_site",
    "form_submissions",
    "email_opens",
    "email_clicks",
    "first_response_seconds",
];
const BOOLEANS: &[&str] = &[
    "email_valid",
    "phone_valid",
    "decision_maker",
    "had_conversation",
    "match.budget",
    "match.timeline",
    "match.location",
    "match.industry",
    "match.company_size",
];

/// One lead beside one target.
pub(super) struct LeadFacts<'a> {
    pub subject: &'a Subject,
    pub fit: Fit,
}

impl Facts for LeadFacts<'_> {
    fn get(&self, field: &Field) -> Fact<'_> {
        self.value(&field.name)
    }
}

impl LeadFacts<'_> {
    pub fn value(&self, field: &str) -> Fact<'_> {
        let (lead, fit) = (self.subject, &self.fit);
        match field {
            "name" => lead.name.as_ref().into(),
            "company" => lead.company.as_ref().into(),
            "industry" => lead.industry.as_ref().into(),
            "preferred_areas" => lead.preferred_areas.as_ref().into(),
            "location.city" => lead.location.city.as_ref().into(),
            "location.state" => lead.location.state.as_ref().into(),
            "location.country" => lead.location.country.as_ref().into(),
            "budget" => lead.budget_text.as_ref().into(),
            "budget.currency" => fit.budget.map(|budget| budget.currency.code()).into(),
            "budget.period" => fit.budget.and_then(|budget| budget.period).map(|period| period.as_str()).into(),
            "budget.min" => fit.budget.map(|budget| budget.min).into(),
            "budget.max" => fit.budget.and_then(|budget| budget.max).into(),
            "budget.monthly_min" => fit.budget.and_then(|budget| budget.monthly_min()).into(),
            "budget.monthly_max" => fit.budget.and_then(|budget| budget.monthly_max()).into(),
            "timeline" => fit.timeline.map(|timeline| timeline.as_str()).into(),
            "timeline_text" => lead.timeline_text.as_ref().into(),
            "company_size" => lead.company_size.into(),
            "pages_visited_count" => lead.pages_visited_count.into(),
            "time_on_site_seconds" => lead.time_on_site_seconds.into(),
            "minutes_on_site" => (lead.time_on_site_seconds / 60).into(),
            "form_submissions" => lead.form_submissions.into(),
            "email_opens" => lead.email_opens.into(),
            "email_clicks" => lead.email_clicks.into(),
            "first_response_seconds" => lead.first_response_seconds.into(),
            "email_valid" => lead.email_valid.into(),
            "phone_valid" => lead.phone_valid.into(),
            "decision_maker" => lead.decision_maker.into(),
            "had_conversation" => lead.had_conversation.into(),
            "match.budget" => fit.budget_matches.into(),
            "match.timeline" => fit.timeline_matches.into(),
            "match.location" => fit.location_matches.into(),
            "match.industry" => fit.industry_matches.into(),
            "match.company_size" => fit.company_size_matches.into(),
            "match.place" => fit.place.as_ref().into(),
            _ => field.strip_prefix("form_responses.").and_then(|key| lead.form_responses.get(key)).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leads::score::budget::Budget;
    use crate::leads::score::subject::{Location, Target};
    use crate::leads::score::timeline::Timeline;

    #[test]
    fn every_field_of_the_catalogue_is_given_with_its_type() {
        let some = |text: &str| Some(text.to_string());
        let subject = Subject {
            name: some("Rajesh Kumar"),
            company: some("Kumar & Sons"),
            budget_text: some("₹5-10 lakh per month"),
            timeline_text: some("Immediately"),
            location: Location { city: some("Mumbai"), state: some("Maharashtra"), country: some("India") },
            preferred_areas: some("Andheri"),
            industry: some("Retail"),
            company_size: Some(11),
            decision_maker: Some(true),
            first_response_seconds: Some(0),
            form_responses: [("first_time".to_string(), "Yes".to_string())].into(),
            ..Default::default()
        };
        let target = Target {
            budget: Budget::read("5 lakh+", crate::base::money::Currency::INR),
            timelines: vec![Timeline::Immediate],
            service_areas: vec!["Mumbai".into()],
            industries: vec!["Retail".into()],
            min_company_size: Some(10),
            ..Default::default()
        };
        let facts = LeadFacts { subject: &subject, fit: Fit::of(&subject, &target) };
        for name in TEXTS.iter().chain(&["form_responses.first_time"]) {
            assert!(matches!(facts.value(name), Fact::Text(text) if !text.is_empty()), "{name}");
        }
        for name in NUMBERS {
            assert!(matches!(facts.value(name), Fact::Number(_)), "{name}");
        }
        for name in BOOLEANS {
            assert!(matches!(facts.value(name), Fact::Boolean(_)), "{name}");
        }
        assert!(
            TEXTS.iter().chain(NUMBERS).chain(BOOLEANS).all(|name| FIELDS.type_of(name) != Some(FieldType::Instant))
        );
        assert_eq!(FIELDS.names().count(), TEXTS.len() + NUMBERS.len() + BOOLEANS.len() + 1);
    }
}
