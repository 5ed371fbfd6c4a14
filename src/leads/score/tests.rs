//! Scores as a tenant sees them: the worked example, the built-in models item by item, and the limits.

use serde_json::json;

use super::*;
use crate::base::money::Currency;

fn text(text: &str) -> Option<String> {
    Some(text.to_string())
}

/// The lead of the worked example: a Meta form of a real-estate tenant in Mumbai.
fn rajesh() -> Subject {
    Subject {
        name: text("Rajesh Kumar"),
        email_valid: true,
        phone_valid: true,
        budget_text: text("₹80L-1Cr"),
        timeline_text: text("Within 3 months"),
        preferred_areas: text("Andheri, Goregaon"),
        ..Default::default()
    }
}

fn abc_real_estate() -> Target {
    Target {
        budget: Budget::read("₹60L-1.5Cr", Currency::INR),
        service_areas: vec!["Andheri West".into(), "Goregaon".into()],
        ..Default::default()
    }
}

fn real_estate(subject: &Subject, target: &Target) -> Score {
    sums(score(model("real_estate_in").unwrap(), subject, target))
}

fn b2b(subject: &Subject, target: &Target) -> Score {
    sums(score(model("default_b2b").unwrap(), subject, target))
}

/// Holds for every score of every test.
fn sums(score: Score) -> Score {
    assert_eq!(score.items.iter().map(|item| item.points).sum::<i32>(), score.score, "{score:?}");
    assert!((0..=100).contains(&score.score), "{score:?}");
    assert!(score.items.iter().all(|item| item.points != 0 && !item.label.contains(['{', '}'])), "{score:?}");
    score
}

fn lines(score: &Score) -> Vec<String> {
    score.items.iter().map(|item| format!("{} {:+}", item.label, item.points)).collect()
}

#[test]
fn the_worked_example_is_95_and_hot() {
    let score = real_estate(&rajesh(), &abc_real_estate());
    assert_eq!(
        lines(&score),
        [
            "Budget matches (₹80L-1Cr) +30",
            "Timeline good (Within 3 months) +25",
            "Location matches (Andheri) +20",
            "Phone format valid +10",
            "Email valid +10",
        ]
    );
    assert_eq!((score.score, score.model.as_str(), score.version), (95, "real_estate_in", 1));
    assert_eq!((grade(95), intent(95), is_qualified(95)), (Grade::Hot, Intent::Hot, true));
    assert_eq!(
        reasons(&score),
        ["Budget matches (₹80L-1Cr)", "Timeline good (Within 3 months)", "Location matches (Andheri)"]
    );
    assert_eq!(serde_json::from_value::<Score>(serde_json::to_value(&score).unwrap()).unwrap(), score);
}

#[test]
fn what_does_not_match_earns_nothing() {
    let subject = Subject {
        budget_text: text("₹30-40L"),
        timeline_text: text("Just exploring"),
        preferred_areas: text("Thane"),
        ..rajesh()
    };
    assert_eq!(lines(&real_estate(&subject, &abc_real_estate())), ["Phone format valid +10", "Email valid +10"]);
    let nobody = real_estate(&Subject::default(), &abc_real_estate());
    assert_eq!((nobody.score, nobody.items.len()), (0, 0));
    assert!(reasons(&nobody).is_empty());
}

#[test]
fn without_a_target_a_stated_budget_counts_and_a_location_does_not() {
    let score = real_estate(&rajesh(), &Target::default());
    assert_eq!(lines(&score)[0], "Budget stated (₹80L-1Cr) +30");
    assert_eq!(score.score, 75);
    let vague = Subject { budget_text: text("not sure yet"), ..rajesh() };
    assert_eq!(real_estate(&vague, &Target::default()).score, 45);
}

#[test]
fn the_tenants_timelines_replace_the_models() {
    let target = Target { timelines: vec![Timeline::ThreeToSixMonths], ..Default::default() };
    let soon = Subject { timeline_text: text("ASAP"), ..Default::default() };
    let later = Subject { timeline_text: text("3-6 months"), ..Default::default() };
    assert_eq!((real_estate(&soon, &target).score, real_estate(&later, &target).score), (0, 25));
    assert_eq!((b2b(&soon, &target).score, b2b(&later, &target).score), (0, 15));
    assert_eq!((b2b(&soon, &Target::default()).score, b2b(&later, &Target::default()).score), (15, 0));
}

#[test]
fn each_business_item_gives_what_it_promises() {
    let targeted =
        Target { service_areas: vec!["Mumbai".into()], industries: vec!["Retail".into()], ..Default::default() };
    let none = Subject::default;
    let located = |city| Location { city: text(city), ..Default::default() };
    for (expected, subject) in [
        (0, none()),
        (10, Subject { industry: text("retail"), ..none() }),
        (0, Subject { industry: text("Mining"), ..none() }),
        (0, Subject { company_size: Some(10), ..none() }),
        (5, Subject { company_size: Some(11), ..none() }),
        (5, Subject { location: located("Mumbai"), ..none() }),
        (8, Subject { pages_visited_count: 4, ..none() }),
        (10, Subject { pages_visited_count: 5, ..none() }),
        (10, Subject { pages_visited_count: i64::MAX, ..none() }),
        (0, Subject { pages_visited_count: -5, ..none() }),
        (0, Subject { time_on_site_seconds: 59, ..none() }),
        (2, Subject { time_on_site_seconds: 179, ..none() }),
        (10, Subject { time_on_site_seconds: 3600, ..none() }),
        (30, Subject { form_submissions: 2, ..none() }),
        (10, Subject { had_conversation: true, ..none() }),
        (0, Subject { budget_text: text("$5k/month"), ..none() }),
        (20, Subject { budget_text: text("$5k+ per month"), ..none() }),
        (20, Subject { budget_text: text("$5-10k/month"), ..none() }),
        (20, Subject { budget_text: text("$61k per year"), ..none() }),
        (0, Subject { budget_text: text("$60k per year"), ..none() }),
        (0, Subject { budget_text: text("₹5 lakh per month"), ..none() }),
        (15, Subject { timeline_text: text("immediate"), ..none() }),
        (0, Subject { timeline_text: text("Within 3 months"), ..none() }),
        (20, Subject { decision_maker: Some(true), ..none() }),
        (0, Subject { decision_maker: Some(false), ..none() }),
        (9, Subject { email_opens: 3, ..none() }),
        (10, Subject { email_clicks: 2, ..none() }),
        (10, Subject { first_response_seconds: Some(3599), ..none() }),
        (0, Subject { first_response_seconds: Some(3600), ..none() }),
    ] {
        assert_eq!(b2b(&subject, &targeted).score, expected, "{subject:?}");
    }
    let budgeted = Target { budget: Budget::read("₹4 lakh+ per month", Currency::INR), ..Default::default() };
    let rupees = Subject { budget_text: text("₹5 lakh per month"), ..none() };
    assert_eq!(b2b(&rupees, &budgeted).score, 20, "the tenant's own target replaces $5,000");
}

#[test]
fn a_sum_beyond_the_limits_is_explained_too() {
    let eager = Subject { form_submissions: 9, email_opens: i64::MAX, ..rajesh() };
    let score = b2b(&eager, &Target::default());
    let clamp = score.items.last().unwrap();
    assert_eq!((score.score, clamp.rule.as_str(), clamp.label.as_str()), (100, CLAMP, "Limited to 100"));
    assert_eq!(clamp.points, 100 - 135 - 1_000_000);

    let exactly = Subject { form_submissions: 6, had_conversation: true, ..Default::default() };
    let score = b2b(&exactly, &Target::default());
    assert_eq!((score.score, score.items.len()), (100, 2));

    let strict = json!({"code": "strict", "version": 3, "name": "Strict", "items": [
        {"rule": "spam", "label": "Looks like spam", "points": -40, "when": {"field": "name", "op": "not_exists"}},
        {"rule": "opens", "label": "Opens {email_opens}", "points_per": -1, "of": "email_opens", "max": 5},
    ]});
    let strict = ScoringModel::parse(&strict).unwrap();
    let score = sums(super::score(&strict, &Subject { email_opens: 9, ..Default::default() }, &Target::default()));
    assert_eq!(lines(&score), ["Looks like spam -40", "Opens 9 -5", "Raised to 0 +45"]);
    assert!(reasons(&score).is_empty(), "being raised to 0 is no reason to call");
}

#[test]
fn what_a_lead_typed_is_one_short_line_and_never_a_template() {
    let model = json!({"code": "a", "version": 1, "name": "A", "items": [
        {"rule": "n", "label": "{name} ({company})", "points": 1, "when": {"field": "name", "op": "exists"}},
    ]});
    let model = ScoringModel::parse(&model).unwrap();
    let label = |name: &str| {
        let subject = Subject { name: text(name), ..Default::default() };
        super::score(&model, &subject, &Target::default()).items[0].label.clone()
    };
    assert_eq!(label("A\n\tB"), "A B (not stated)");
    assert_eq!(label("{company}"), "{company} (not stated)");
    assert_eq!(label(&"é".repeat(61)), format!("{}… (not stated)", "é".repeat(60)));
}

#[test]
fn grades_and_intents_change_at_their_limits() {
    let at = |score| (grade(score).as_str(), intent(score).as_str(), is_qualified(score));
    assert_eq!(at(0), ("unqualified", "cold", false));
    assert_eq!(at(19), ("unqualified", "cold", false));
    assert_eq!(at(20), ("cold", "cold", false));
    assert_eq!(at(39), ("cold", "cold", false));
    assert_eq!(at(40), ("qualified", "cold", false));
    assert_eq!(at(59), ("qualified", "cold", false));
    assert_eq!(at(60), ("warm", "warm", true));
    assert_eq!(at(79), ("warm", "warm", true));
    assert_eq!(at(80), ("hot", "hot", true));
    assert_eq!(at(100), ("hot", "hot", true));
}
