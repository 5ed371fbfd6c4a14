//! What a second enquiry adds to an open lead.
//!
//! It fills in what the lead lacks and never overwrites who the person is; of budget, timeline and answers the newest is
//! the better one. Whatever else the person gave to be called by is kept beside. Answers together stay bounded, however often
//! somebody enquires: the oldest go, and the timeline says which.

use serde_json::Value;

use super::NewEnquiry;
use super::person::Person;
use crate::base::Result;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::leads::answers::{self, Answers};
use crate::leads::cities;
use crate::leads::contact_details::DetailKind;
use crate::leads::for_intake::Lead;
use crate::leads::model::Location;

/// All answers of one lead, as JSON text: the largest enquiry four times over.
const MAX_ANSWERS_BYTES: usize = 64 * 1024;

/// What an enquiry changed that is told besides.
pub(super) struct Combined {
    /// It named somebody to take the lead, whom nobody had.
    pub is_taken: bool,
    /// Which kinds of contact detail it brought that were not known.
    pub new_details: Vec<DetailKind>,
    /// Questions whose answers had to go.
    pub forgotten: Vec<String>,
}

/// Adds the enquiry to the lead.
pub(super) fn combine(lead: &mut Lead, enquiry: &NewEnquiry, person: &Person, now: Timestamp) -> Result<Combined> {
    let mut details = lead.contact_details()?;
    let mut new_details = Vec::new();
    for detail in &person.details {
        if details.add(detail.clone()) && !new_details.contains(&detail.kind) {
            new_details.push(detail.kind);
        }
    }
    lead.profile.contact_details = Json::of(&details);
    if person.is_named && is_stand_in(lead) {
        lead.name = person.name.clone();
    }
    fill(&mut lead.email, &person.email);
    if lead.phone.is_none() {
        (lead.phone, lead.profile.phone_raw) = (person.phone.clone(), person.phone_raw.clone());
    }
    fill(&mut lead.company, &enquiry.company);
    fill(&mut lead.profile.industry, &enquiry.industry);
    fill_place(&mut lead.profile.location, &enquiry.location);
    replace(&mut lead.profile.budget_range, &enquiry.budget_range);
    replace(&mut lead.profile.timeline, &enquiry.timeline);
    let (kept, forgotten) = newest(lead.form_responses()?, &enquiry.form_responses);
    lead.profile.form_responses = answers::stored(&kept);
    lead.profile.form_submissions += i32::from(enquiry.is_form());
    let is_taken = lead.assigned_to.is_none() && enquiry.assigned_to.is_some();
    if is_taken {
        (lead.assigned_to, lead.assigned_at) = (enquiry.assigned_to, Some(now));
    }
    Ok(Combined { is_taken, new_details, forgotten })
}

/// A name made of what else was known, when the person gave none.
fn is_stand_in(lead: &Lead) -> bool {
    let mailbox = lead.email.as_deref().and_then(|email| email.split('@').next());
    lead.name == "Unknown" || Some(lead.name.as_str()) == mailbox || Some(&lead.name) == lead.phone.as_ref()
}

/// Parts of another city would make a place that is nowhere.
fn fill_place(place: &mut Location, said: &Location) {
    let is_elsewhere = match (&place.city, &said.city) {
        (Some(known), Some(said)) => !cities::is_same(known, said),
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

/// What is kept of old and new answers, and the questions of what is not.
fn newest(known: Answers, said: &Answers) -> (Answers, Vec<String>) {
    let size = |(question, answer): (&String, &Value)| question.len() + answer.to_string().len() + 6;
    let mut kept: Vec<(String, Value)> =
        known.into_iter().filter(|(question, _)| !said.contains_key(question)).collect();
    let mut total: usize = said.iter().map(size).sum::<usize>() + kept.iter().map(|(q, a)| size((q, a))).sum::<usize>();
    let mut gone = 0;
    while total > MAX_ANSWERS_BYTES && gone < kept.len() {
        total -= size((&kept[gone].0, &kept[gone].1));
        gone += 1;
    }
    let forgotten = kept.drain(..gone).map(|(question, _)| question).collect();
    (kept.into_iter().chain(said.clone()).collect(), forgotten)
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
        let (mut known, mut forgotten) = (Answers::new(), Vec::new());
        for n in 0..20 {
            let said = Answers::from_iter([(format!("q{n}"), json!(answer))]);
            let (kept, gone) = newest(known, &said);
            (known, forgotten) = (kept, gone);
        }
        assert_eq!(forgotten, ["q13"]);
        let questions: Vec<&str> = known.keys().map(String::as_str).collect();
        assert_eq!(questions, ["q14", "q15", "q16", "q17", "q18", "q19"]);
        (known, _) = newest(known, &Answers::from_iter([("q14".to_string(), json!("again"))]));
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
        fill_place(&mut place, &of(json!({"city": "मुंबई", "country": "IN"})));
        assert_eq!((place.city.as_deref(), place.country.as_deref()), (Some("Mumbai"), Some("IN")));
    }
}
