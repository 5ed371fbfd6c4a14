//! What the answers of an ad platform's form say: who the person is, and what a lead has fields for.
//!
//! Grounds differ in what they carry. A field that goes by a platform's own name, in whatever language, is what its name says;
//! so is an answer that reads as an address or a number beside words that ask for one. What the tenant declares of a question
//! (`type`, `maps_to`) is a hint, and so is an address, or a number with its country code, that stands somewhere by itself:
//! shown as the lead's e-mail or phone, but no ground for who the person is, what it costs or what is hidden. One choice of
//! several is never an address.
//!
//! Every answer that did not become the lead's name, e-mail or phone is kept under its question, in the form's order; where
//! several questions ask for a number or an address, so is the one that became the lead's: whose it is stands in its words.

mod names;
mod reading;
#[cfg(test)]
mod tests;

use self::reading::{Ground, Other, Part, Reading};
use super::form::LeadForm;
use crate::intake::fields::{is_email, looks_like_phone};
use crate::intake::meaning::Meaning;
use crate::intake::{Further, NewEnquiry};
use crate::leads::answers;
use crate::leads::contact_details::DetailKind;

pub(super) use self::reading::Answer;

/// Characters of one answer that are kept; what is cut is said.
const MOST_OF_ONE: usize = 20_000;
/// Bytes of all answers of one form beyond which each is cut to a few lines.
const MOST_OF_ALL: usize = 256 * 1024;
const MOST_OF_A_LATE_ONE: usize = 200;
/// Characters of a question, a name or an id.
pub(super) const MOST_OF_A_NAME: usize = 500;

/// Puts the answers where they belong.
pub(super) fn fill<'a>(enquiry: &mut NewEnquiry, given: impl Iterator<Item = Answer<'a>>, form: Option<&LeadForm>) {
    let given: Vec<Answer<'_>> = given.filter(|answer| !answer.text.is_empty()).collect();
    let readings: Vec<Reading> = given.iter().map(|answer| Reading::of(answer, form)).collect();
    let best = |part: Part, is_readable: fn(&str) -> bool| {
        let of_part = readings.iter().enumerate().filter_map(|(index, reading)| {
            let (_, ground) = reading.part.filter(|(known, _)| *known == part)?;
            Some((!is_readable(&given[index].text), ground, index))
        });
        of_part.min().map(|(_, ground, index)| (index, ground))
    };
    let any = |_: &str| true;
    let (email, phone) = (best(Part::Email, is_email), best(Part::Phone, looks_like_phone));
    let full = best(Part::Name, any);
    let halves = if full.is_none() { [best(Part::First, any), best(Part::Last, any)] } else { [full, None] };
    let given_text = |index: usize| given[index].text.clone();

    enquiry.name = match halves {
        [Some((given, _)), Some((family, _))] => {
            let is_family_first = [given, family].into_iter().any(|index| readings[index].is_family_first);
            Some(names::joined(&given_text(given), &given_text(family), is_family_first))
        }
        [one, other] => one.or(other).map(|(index, _)| given_text(index)),
    };
    enquiry.email = email.map(|(index, _)| given_text(index));
    enquiry.is_email_hint = email.is_some_and(|(_, ground)| ground.is_hint());
    enquiry.phone = phone.map(|(index, _)| given_text(index));
    enquiry.is_phone_hint = phone.is_some_and(|(_, ground)| ground.is_hint());

    let told = [email, phone].into_iter().chain(halves).flatten();
    let told: Vec<usize> = told.filter(|(_, ground)| *ground != Ground::Content).map(|(index, _)| index).collect();
    let is_one_of_several = |part: Part| {
        let asked = readings.iter().filter_map(|reading| reading.part);
        asked.filter(|(known, ground)| *known == part && *ground != Ground::Content).count() > 1
    };
    let (several_emails, several_phones) = (is_one_of_several(Part::Email), is_one_of_several(Part::Phone));
    for (index, (answer, reading)) in given.iter().zip(&readings).enumerate() {
        if told.contains(&index) {
            let is_kept = match reading.part {
                Some((Part::Email, _)) => several_emails,
                Some((Part::Phone, _)) => several_phones,
                _ => false,
            };
            if is_kept {
                keep(enquiry, reading, answer);
            }
            continue;
        }
        let is_chosen = [email, phone].into_iter().flatten().any(|(chosen, _)| chosen == index);
        let kind = match reading.part {
            Some((Part::Email, ground)) if ground != Ground::Content => Some((DetailKind::Email, ground)),
            Some((Part::Phone, ground)) if !is_chosen => Some((DetailKind::Phone, ground)),
            _ => None,
        };
        if let Some((kind, ground)) = kind {
            let (typed, is_hint) = (answer.text.clone(), ground.is_hint());
            enquiry.also.push(Further { kind, typed, is_hint });
        }
        if let Some(target) = reading.other.and_then(|other| target(enquiry, other))
            && target.is_none()
        {
            *target = Some(answer.text.clone());
        }
        keep(enquiry, reading, answer);
    }
}

fn target(enquiry: &mut NewEnquiry, other: Other) -> Option<&mut Option<String>> {
    let place = &mut enquiry.location;
    Some(match other {
        Other::State => &mut place.state,
        Other::Country => &mut place.country,
        Other::PostalCode => &mut place.postal_code,
        Other::Is(Meaning::Location) => &mut place.city,
        Other::Is(Meaning::Company) => &mut enquiry.company,
        Other::Is(Meaning::Budget) => &mut enquiry.budget_range,
        Other::Is(Meaning::Timeline) => &mut enquiry.timeline,
        Other::Is(Meaning::Industry) => &mut enquiry.industry,
        Other::Is(Meaning::Name | Meaning::Email | Meaning::Phone | Meaning::Areas | Meaning::FirstTime) => {
            return None;
        }
    })
}

/// Keeps an answer under its question. Two questions of one wording stay apart by their fields, or else by number.
fn keep(enquiry: &mut NewEnquiry, reading: &Reading, answer: &Answer<'_>) {
    let kept = &mut enquiry.form_responses;
    let size: usize = kept.iter().map(|(question, answer)| question.len() + answer.as_str().map_or(8, str::len)).sum();
    let most = if size + answer.text.len() > MOST_OF_ALL { MOST_OF_A_LATE_ONE } else { MOST_OF_ONE };
    let field = clean(answer.field, MOST_OF_A_NAME);
    let is_free = |name: &str| !name.is_empty() && !kept.contains_key(name);
    let question = if is_free(&reading.label) || !is_free(&field) { reading.label.clone() } else { field };
    answers::add(kept, question, cut(&answer.text, most).into());
}

/// A text of at most `most` characters; what it lacks is said at its end.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_string(),
        Some((end, _)) => format!("{}… ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

/// Without NUL, which no column holds, without blanks at the ends, and not endless.
pub(super) fn clean(text: &str, most: usize) -> String {
    text.replace('\0', "").trim().chars().take(most).collect()
}

/// An answer as it is kept; its length is seen to later.
pub(super) fn spoken(text: &str) -> String {
    text.replace('\0', "").trim().to_string()
}
