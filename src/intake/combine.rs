//! What a second enquiry adds to an open lead.
//!
//! It fills in what the lead lacks and never overwrites who the person is; of budget, timeline and answers the newest is
//! the better one. Answers together stay bounded, however often somebody enquires: the oldest go.

use serde_json::{Map, Value};

use super::NewEnquiry;
use super::recognise::Person;
use crate::base::Result;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::leads::model::Location;
use crate::leads::store::Lead;

/// All answers of one lead, as JSON text: the largest enquiry four times over.
const MAX_ANSWERS_BYTES: usize = 64 * 1024;

/// Adds the enquiry to the lead. Answers whether it named somebody to take the lead, whom nobody had.
pub(super) fn combine(lead: &mut Lead, enquiry: &NewEnquiry, person: &Person, now: Timestamp) -> Result<bool> {
    if person.is_named && is_stand_in(lead) {
        lead.name = person.name.clone();
    }
    fill(&mut lead.email, &person.email);
    if lead.phone.is_none() {
        (lead.phone, lead.phone_raw) = (person.phone.clone(), person.phone_raw.clone());
    }
    fill(&mut lead.company, &enquiry.company);
    fill(&mut lead.industry, &enquiry.industry);
    let mut place = lead.location()?;
    fill_place(&mut place, &enquiry.location);
    lead.location = Json::of(&place);
    replace(&mut lead.budget_range, &enquiry.budget_range);
    replace(&mut lead.timeline, &enquiry.timeline);
    lead.form_responses = Json::of(&newest(lead.form_responses()?, &enquiry.form_responses));
    let is_taken = lead.assigned_to.is_none() && enquiry.assigned_to.is_some();
    if is_taken {
        (lead.assigned_to, lead.assigned_at) = (enquiry.assigned_to, Some(now));
    }
    Ok(is_taken)
}

/// A name made of what else was known, when the person gave none.
fn is_stand_in(lead: &Lead) -> bool {
    let mailbox = lead.email.as_deref().and_then(|email| email.split('@').next());
    lead.name == "Unknown" || Some(lead.name.as_str()) == mailbox || Some(&lead.name) == lead.phone.as_ref()
}

/// Parts of another city would make a place that is nowhere.
fn fill_place(place: &mut Location, said: &Location) {
    let is_elsewhere = match (&place.city, &said.city) {
        (Some(known), Some(said)) => known.to_lowercase() != said.to_lowercase(),
        _ => false,
    };
    if is_elsewhere {
        return;
    }
    fill(&mut place.city, &said.city);
    fill(&mut place.state, &said.state);
    fill(&mut place.country, &said.country);
    fill(&mut place.postal_code, &said.postal_code);
    if place.lat.is_none() && place.lng.is_none() {
        (place.lat, place.lng) = (said.lat, said.lng);
    }
}

fn newest(known: Map<String, Value>, said: &Map<String, Value>) -> Map<String, Value> {
    let size = |(question, answer): (&String, &Value)| question.len() + answer.to_string().len() + 6;
    let mut kept: Vec<(String, Value)> =
        known.into_iter().filter(|(question, _)| !said.contains_key(question)).collect();
    let mut total: usize = said.iter().map(size).sum::<usize>() + kept.iter().map(|(q, a)| size((q, a))).sum::<usize>();
    let mut gone = 0;
    while total > MAX_ANSWERS_BYTES && gone < kept.len() {
        total -= size((&kept[gone].0, &kept[gone].1));
        gone += 1;
    }
    kept.drain(..gone);
    kept.into_iter().chain(said.clone()).collect()
}

fn fill(target: &mut Option<String>, value: &Option<String>) {
    if target.is_none() {
        target.clone_from(value);
    }
}

fn replace(target: &mut Option<String>, value: &Option<String>) {
    if value.is_some() {
        target.clone_from(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_oldest_answers_go_when_there_are_too_many() {
        let answer = "x".repeat(10_000);
        let mut known = Map::new();
        for n in 0..20 {
            let said = Map::from_iter([(format!("q{n}"), json!(answer))]);
            known = newest(known, &said);
        }
        let questions: Vec<&str> = known.keys().map(String::as_str).collect();
        assert_eq!(questions, ["q14", "q15", "q16", "q17", "q18", "q19"]);
        known = newest(known, &Map::from_iter([("q14".to_string(), json!("again"))]));
        assert_eq!((known.len(), &known["q14"]), (6, &json!("again")), "another answer to a question replaces it");
    }

    #[test]
    fn a_place_is_filled_in_and_never_mixed() {
        let of = |value: Value| serde_json::from_value::<Location>(value).unwrap();
        let mut place = of(json!({"state": "Maharashtra"}));
        fill_place(&mut place, &of(json!({"city": "Mumbai", "state": "MH"})));
        assert_eq!(place, of(json!({"city": "Mumbai", "state": "Maharashtra"})));
        fill_place(&mut place, &of(json!({"city": "Pune", "postal_code": "411001"})));
        assert_eq!(place.postal_code, None);
        fill_place(&mut place, &of(json!({"city": "mumbai", "postal_code": "400053"})));
        assert_eq!(place.postal_code.as_deref(), Some("400053"));
    }
}
