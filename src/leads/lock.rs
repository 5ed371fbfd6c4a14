//! What a locked lead tells: everything that may be known of it, in one place.
//!
//! Whoever masks by taking away forgets something one day, and what a question is *called* says nothing about what people
//! write into it. So a locked lead is made anew from a list of what is allowed: its score, source, age and counts; its budget
//! and timeline as one of a few bands that scoring recognised, or as a label of the tenant's own that is the very answer and a
//! round budget; its city where the tenant serves it, in the tenant's own spelling. Nothing that anybody typed is passed on, and that an answer is there is told by `has_email` and `has_phone` alone.

use super::cities;
use super::score::{Budget, Score, Timeline};
use super::store::{Behaviour, Lead, LeadProfile};
use crate::base::json::{Doc, Json};
use crate::base::money::Money;
use crate::base::{Error, Result};
use crate::leads::model::Location;
use crate::tenants::Tenant;

/// How every locked lead is called.
pub const NAME: &str = "Locked lead";
/// Where a sentence wants its phone number.
pub const PHONE: &str = "unlock to see";
/// Where something quotes what the person wrote.
pub const WORDS: &str = "(held under lock)";

/// Told to whoever asks for the person behind it.
pub fn refusal() -> Error {
    Error::forbidden("lead.locked", "This lead is held under lock: unlock it to see and contact the person.")
}

/// Budgets are told in steps of 1, 2 and 5, in whole units of their currency, up to this: a longer figure is a number of
/// another kind.
const LARGEST_BUDGET: i64 = 1_000_000_000;

/// The lead as it may be shown while it is locked. Every field is written down, so that a new one has to be decided on.
///
/// # Errors
/// A stored document that cannot be read.
pub fn shown(lead: &Lead, tenant: &Tenant) -> Result<Lead> {
    let profile = &lead.profile;
    let city = profile.location.city.as_deref().and_then(|city| known_place(city, tenant));
    let time_on_site_seconds = profile.behaviour.time_on_site_seconds;
    Ok(Lead {
        // Ids of ours, the source, and what we made of it.
        tenant_id: lead.tenant_id,
        id: lead.id,
        person_id: lead.person_id,
        source: lead.source,
        status: lead.status,
        validity: lead.validity,
        score: lead.score,
        is_locked: lead.is_locked,
        assigned_to: lead.assigned_to,
        assigned_at: lead.assigned_at,
        ad_campaign_id: lead.ad_campaign_id,
        lead_form_id: lead.lead_form_id,
        charge_kind: lead.charge_kind,
        charged_amount: lead.charged_amount,
        charge_currency: lead.charge_currency,
        contact_count: lead.contact_count,
        total_interactions: lead.total_interactions,
        first_contact_at: lead.first_contact_at,
        last_contact_at: lead.last_contact_at,
        last_activity_at: lead.last_activity_at,
        closed_at: lead.closed_at,
        received_at: lead.received_at,
        version: lead.version,
        created_at: lead.created_at,
        updated_at: lead.updated_at,
        // Derived.
        profile: Doc(LeadProfile {
            enquiry_count: profile.enquiry_count,
            form_submissions: profile.form_submissions,
            location: Location { city, ..Location::default() },
            budget_range: profile.budget_range.as_deref().and_then(|text| budget_band(text, tenant)),
            timeline: profile.timeline.as_deref().and_then(timeline_band),
            behaviour: Behaviour { time_on_site_seconds, ..Behaviour::default() },
            // Whatever the person or the platform wrote.
            phone_raw: None,
            source_details: Json::from(serde_json::json!({})),
            industry: None,
            form_responses: Json::from(serde_json::json!({})),
            contact_details: Json::from(serde_json::json!([])),
            ai_summary: None,
            ai_insights: None,
            metered_as: None,
        }),
        // The person.
        name: NAME.into(),
        email: None,
        phone: None,
        company: None,
        platform_lead_id: None,
        search: String::new(),
    })
}

/// A score whose reasons quote no answer: the items by what they are called in the model.
pub fn quiet(mut score: Score) -> Score {
    for item in &mut score.items {
        let mut words = item.rule.replace('_', " ");
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        item.label = words;
    }
    score
}

/// The band a budget lies in, or the tenant's own label for it where that is a round budget and the very words: a list of labels
/// that named every figure would tell which one was typed.
pub fn budget_band(text: &str, tenant: &Tenant) -> Option<String> {
    let budget = Budget::read(text, tenant.currency)?;
    let unit = 10_i64.pow(budget.currency.exponent());
    let figure = if budget.min > 0 { budget.min } else { budget.max? } / unit;
    let (from, to) = band(figure)?;
    let is_round = [Some(budget.min), budget.max].into_iter().flatten().all(|amount| is_round(amount / unit));
    let labels = tenant.audience.budget_labels.iter().filter(|_| is_round);
    if let Some(label) = labels.into_iter().find(|label| is_same(label, text)) {
        return Some(label.clone().into());
    }
    let money = |units: i64| Money::new(units * unit, budget.currency);
    let per = budget.period.map(|period| format!(" per {period}")).unwrap_or_default();
    Some(format!("{} to {}{per}", money(from), money(to)))
}

/// Two digits at most, then zeros: what people round to.
fn is_round(mut figure: i64) -> bool {
    while figure >= 100 {
        if figure % 10 != 0 {
            return false;
        }
        figure /= 10;
    }
    true
}

fn band(figure: i64) -> Option<(i64, i64)> {
    let (mut low, mut factors) = (1_i64, [(2, 1), (5, 2), (2, 1)].into_iter().cycle());
    while low < LARGEST_BUDGET {
        let (by, over) = factors.next()?;
        let high = low * by / over;
        if (low..high).contains(&figure) {
            return Some((low, high));
        }
        low = high;
    }
    None
}

/// The band a timeline lies in, in words.
pub fn timeline_band(text: &str) -> Option<String> {
    let words = match Timeline::read(text)? {
        Timeline::Immediate => "Immediately",
        Timeline::WithinThreeMonths => "Within 3 months",
        Timeline::ThreeToSixMonths => "3 to 6 months",
        Timeline::Later => "After 6 months",
        Timeline::Exploring => "Just exploring",
    };
    Some(words.into())
}

/// The city, where it is a large one and one that the tenant is looking for, as the tenant spells it. The tenant's list alone
/// would confirm any word that is guessed: a form may ask for a name where we look for a city.
pub fn known_place(city: &str, tenant: &Tenant) -> Option<String> {
    if !cities::is_large(city) {
        return None;
    }
    let mut places = tenant.audience.locations.iter().chain(&tenant.settings.service_areas);
    places.find(|place| cities::is_same(place, city)).cloned().map(Into::into)
}

fn is_same(a: &str, b: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_have_no_gaps_and_an_end() {
        let cases =
            [(1, (1, 2)), (2, (2, 5)), (4, (2, 5)), (5, (5, 10)), (10, (10, 20)), (8_000_000, (5_000_000, 10_000_000))];
        for (figure, expected) in cases {
            assert_eq!(band(figure), Some(expected), "{figure}");
        }
        assert_eq!(band(LARGEST_BUDGET - 1), Some((500_000_000, LARGEST_BUDGET)));
        assert_eq!((band(0), band(LARGEST_BUDGET), band(919_876_543_210)), (None, None, None));
    }

    #[test]
    fn a_label_of_two_digits_is_round_and_a_number_of_another_kind_is_not() {
        for round in [0, 7, 80, 99, 2_500, 8_000_000, 15_000_000] {
            assert!(is_round(round), "{round}");
        }
        for other in [101, 2_525, 91_234_567, 80_000_001] {
            assert!(!is_round(other), "{other}");
        }
    }

    #[test]
    fn a_timeline_is_told_in_our_words_and_anything_else_not_at_all() {
        assert_eq!(timeline_band("Within 3 months, call 98765 43210").as_deref(), Some("Within 3 months"));
        assert_eq!(timeline_band("98765 43299 after six"), None);
        assert_eq!(timeline_band("+919876543210"), None);
    }

    #[test]
    fn a_quiet_score_has_its_points_and_none_of_its_words() {
        let item = |rule: &str, label: &str| super::super::score::ScoreItem {
            rule: rule.into(),
            label: label.into(),
            points: 30,
        };
        let score = Score {
            score: 30,
            items: vec![item("budget_match", "Budget matches (zebra)")],
            model: "m".into(),
            version: 1,
        };
        let quiet = quiet(score);
        assert_eq!((quiet.items[0].label.as_str(), quiet.items[0].points), ("Budget match", 30));
    }
}
