//! How a lead compares with what the tenant is looking for, decided before any points are given.
//!
//! Each comparison has three outcomes: it matches, it does not, or there is nothing to compare (`None`) because the tenant
//! has not said what it wants or the lead has not answered. A model decides what the third is worth; `match.budget` is
//! `false`, not unknown, for an answer that cannot be read.

use crate::base::unicode;
use crate::leads::cities;

use super::budget::Budget;
use super::subject::{Location, Subject, Target};
use super::timeline::Timeline;

/// What is derived from a subject and a target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fit {
    /// The lead's budget, when it can be read.
    pub budget: Option<Budget>,
    /// The lead's timeline, when it can be read.
    pub timeline: Option<Timeline>,
    pub budget_matches: Option<bool>,
    pub timeline_matches: Option<bool>,
    pub location_matches: Option<bool>,
    /// The place that matched, for a person to read.
    pub place: Option<String>,
    pub industry_matches: Option<bool>,
    pub company_size_matches: Option<bool>,
}

impl Fit {
    pub fn of(subject: &Subject, target: &Target) -> Self {
        let budget = stated(&subject.budget_text).and_then(|text| Budget::read(text, target.currency));
        let timeline = stated(&subject.timeline_text).and_then(Timeline::read);
        let place = place(subject, &target.service_areas);
        let located = !places(subject).is_empty();
        Self {
            budget,
            timeline,
            budget_matches: budget_matches(subject, budget, target),
            timeline_matches: timeline
                .filter(|_| !target.timelines.is_empty())
                .map(|timeline| target.timelines.contains(&timeline)),
            location_matches: (located && named(&target.service_areas)).then_some(place.is_some()),
            place,
            industry_matches: stated(&subject.industry).filter(|_| named(&target.industries)).map(|industry| {
                let industry = words(industry);
                target.industries.iter().any(|wanted| within(&words(wanted), &industry))
            }),
            company_size_matches: subject.company_size.zip(target.min_company_size).map(|(size, least)| size >= least),
        }
    }
}

fn stated(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn named(list: &[String]) -> bool {
    list.iter().any(|name| !name.trim().is_empty())
}

/// The range decides where both sides have one in the same currency; an accepted label always counts.
fn budget_matches(subject: &Subject, budget: Option<Budget>, target: &Target) -> Option<bool> {
    let text = stated(&subject.budget_text)?;
    if target.budget.is_none() && !named(&target.budget_labels) {
        return None;
    }
    let in_range = budget.zip(target.budget).is_some_and(|(stated, wanted)| stated.overlaps(wanted));
    let accepted = target.budget_labels.iter().any(|label| {
        words(label) == words(text) || (budget.is_some() && budget == Budget::read(label, target.currency))
    });
    Some(in_range || accepted)
}

/// The first of the lead's places that lies in a service area. The wish goes before the address.
fn place(subject: &Subject, areas: &[String]) -> Option<String> {
    let areas: Vec<_> = areas.iter().map(|area| (area, words(area))).filter(|(_, words)| !words.is_empty()).collect();
    places(subject).into_iter().find_map(|place| {
        let wished = words(place);
        areas.iter().find_map(|(area, served)| {
            // "Andheri" lies in "Andheri West" as people speak; "West" does not.
            if served.starts_with(&wished) || cities::is_same(area, place) {
                Some(place.to_string())
            } else {
                within(served, &wished).then(|| area.trim().to_string())
            }
        })
    })
}

fn places(subject: &Subject) -> Vec<&str> {
    let Location { city, state, country } = &subject.location;
    let wished = subject.preferred_areas.as_deref().unwrap_or_default();
    let wished = wished.split([',', ';', '/', '|', '\n', '&']).flat_map(|part| part.split(" or "));
    let wished = wished.flat_map(|part| part.split(" and "));
    wished
        .map(str::trim)
        .chain([city, state, country].into_iter().filter_map(stated))
        .filter(|place| !words(place).is_empty())
        .collect()
}

/// Folded words without punctuation, so that "Real-Estate" and "real estate" are the same, and so are "Zürich" and "Zurich".
fn words(text: &str) -> Vec<String> {
    let text = unicode::folded(text);
    // Vowel signs and other combining marks belong to their word, so only ASCII and spaces separate.
    text.split(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation() || matches!(letter, '–' | '—'))
        .filter(|word| !word.is_empty())
        .map(str::to_string)
        .collect()
}

/// Do the words of `part` stand side by side in `whole`?
fn within(part: &[String], whole: &[String]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Currency;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| text.to_string()).collect()
    }

    fn budget(stated: &str, range: Option<&str>, labels: &[&str]) -> Option<bool> {
        let subject = Subject { budget_text: Some(stated.into()), ..Default::default() };
        let budget = range.and_then(|text| Budget::read(text, Currency::INR));
        Fit::of(&subject, &Target { budget, budget_labels: texts(labels), ..Default::default() }).budget_matches
    }

    #[test]
    fn budgets_match_by_range_or_by_accepted_answer() {
        assert_eq!(budget("₹80L-1Cr", Some("60L-1.5Cr"), &[]), Some(true));
        assert_eq!(budget("₹60-80L", Some("80L-1Cr"), &[]), Some(false));
        assert_eq!(budget("₹80L-1Cr", None, &["80 lakh to 1 crore"]), Some(true));
        assert_eq!(budget("Premium segment", Some("1Cr+"), &["premium  SEGMENT"]), Some(true));
        assert_eq!(budget("whatever it takes", Some("1Cr+"), &[]), Some(false), "stated and unreadable");
        assert_eq!(budget("₹80L-1Cr", None, &[]), None, "no target");
        assert_eq!(budget("  ", Some("1Cr+"), &[]), None, "not stated");
        for part in ["Premium", "segment", "remium segmen", "Premium segment please", "e", " "] {
            assert_eq!(
                budget("Premium segment", Some("1Cr+"), &[part]),
                Some(false),
                "whole words, and all of them: {part}"
            );
        }
    }

    fn location(areas: &[&str], preferred: &str, city: &str) -> (Option<bool>, Option<String>) {
        let some = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
        let location = Location { city: some(city), ..Default::default() };
        let subject = Subject { preferred_areas: some(preferred), location, ..Default::default() };
        let fit = Fit::of(&subject, &Target { service_areas: texts(areas), ..Default::default() });
        (fit.location_matches, fit.place)
    }

    #[test]
    fn locations_match_by_whole_words() {
        let yes = |place: &str| (Some(true), Some(place.to_string()));
        assert_eq!(location(&["Andheri West", "Goregaon"], "Andheri, Goregaon", ""), yes("Andheri"));
        assert_eq!(location(&["andheri", "goregaon"], "Thane or GOREGAON East", ""), yes("goregaon"));
        assert_eq!(location(&["Mumbai"], "Anywhere in Mumbai", ""), yes("Mumbai"));
        assert_eq!(location(&["Mumbai"], "Bandra", "mumbai"), yes("mumbai"));
        assert_eq!(location(&["मुंबई"], "मुंबई", ""), yes("मुंबई"));
        assert_eq!(location(&["Mumbai"], "", "मुंबई"), yes("मुंबई"));
        assert_eq!(location(&["Zürich"], "", "zurich"), yes("zurich"));
        assert_eq!(location(&["Málaga Centro"], "", "malaga"), yes("malaga"));
        for (areas, preferred) in [(["Andheri West"], "West"), (["Goa"], "Goregaon"), (["Pune"], "Andheri & Bandra")] {
            assert_eq!(location(&areas, preferred, ""), (Some(false), None), "{areas:?} {preferred}");
        }
        assert_eq!(location(&[" "], "Andheri", ""), (None, None), "no target");
        assert_eq!(location(&["Mumbai"], " , ", ""), (None, None), "not stated");
    }

    #[test]
    fn industry_size_and_timeline_need_both_sides() {
        let subject = Subject {
            industry: Some("Commercial real-estate".into()),
            company_size: Some(10),
            timeline_text: Some("3-6 months".into()),
            ..Default::default()
        };
        let fit = Fit::of(&subject, &Target::default());
        assert_eq!((fit.industry_matches, fit.company_size_matches, fit.timeline_matches), (None, None, None));
        assert_eq!(fit.timeline, Some(Timeline::ThreeToSixMonths));

        let target = Target {
            industries: texts(&["Real Estate"]),
            min_company_size: Some(10),
            timelines: vec![Timeline::ThreeToSixMonths],
            ..Default::default()
        };
        let fit = Fit::of(&subject, &target);
        assert_eq!(
            (fit.industry_matches, fit.company_size_matches, fit.timeline_matches),
            (Some(true), Some(true), Some(true))
        );
        let empty = Fit::of(&Subject::default(), &target);
        assert_eq!(empty, Fit::default());
    }
}
