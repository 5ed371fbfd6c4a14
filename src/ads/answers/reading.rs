//! What one answer is, and how we know.

use super::{MOST_OF_A_NAME, clean, names};
use crate::ads::form::{LeadForm, Question, QuestionType};
use crate::intake::fields::{
    StandardField, is_email, is_international_phone, looks_like_phone, says_email, says_phone,
};
use crate::intake::meaning::{self, Meaning};

/// One answered field of a form.
pub(crate) struct Answer<'a> {
    /// The platform's name of the field.
    pub field: &'a str,
    /// How the platform words the question, where it says so.
    pub label: Option<&'a str>,
    /// What the platform itself says that it asks.
    pub kind: Option<StandardField>,
    pub text: String,
}

/// Which part of a person an answer names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Name,
    First,
    Last,
    Email,
    Phone,
}

/// How we know; the better one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    /// By the platform's name of the field.
    Named,
    /// By words of the question and the shape of the answer.
    Worded,
    /// By what the tenant says of the question.
    Declared,
    /// By the answer alone.
    Content,
}

impl Ground {
    pub(super) fn is_hint(self) -> bool {
        self > Self::Worded
    }
}

/// A field of the lead that is no part of its person.
#[derive(Clone, Copy)]
pub(super) enum Other {
    State,
    Country,
    PostalCode,
    Is(Meaning),
}

pub(super) struct Reading {
    pub part: Option<(Part, Ground)>,
    /// The words of the question stand in a language whose names begin with the family's.
    pub is_family_first: bool,
    pub other: Option<Other>,
    /// What it is kept under.
    pub label: String,
}

impl Reading {
    pub fn of(answer: &Answer<'_>, form: Option<&LeadForm>) -> Self {
        let question = form.and_then(|form| form.question(answer.field));
        let by_name = || StandardField::of_name(answer.field);
        let standard = answer.kind.or_else(by_name).or_else(|| answer.label.and_then(StandardField::of_name));
        let part = part(answer, standard, question);
        let is_person = part.is_some_and(|(_, ground)| ground != Ground::Content);
        let other = if is_person { None } else { other(answer, standard, question) };
        let label = question.and_then(|question| question.label.as_deref()).or(answer.label).unwrap_or(answer.field);
        let is_areas = matches!(other, Some(Other::Is(Meaning::Areas)));
        let says_areas = Meaning::of_words(label) == Some(Meaning::Areas);
        let label = if is_areas && !says_areas { "preferred_areas" } else { label };
        let is_family_first = [Some(answer.field), Some(label)].into_iter().flatten().any(names::is_family_first);
        Self { part, is_family_first, other, label: clean(label, MOST_OF_A_NAME) }
    }
}

fn part(answer: &Answer<'_>, standard: Option<StandardField>, question: Option<&Question>) -> Option<(Part, Ground)> {
    use Ground::{Content, Declared, Named, Worded};
    let named = match standard {
        Some(StandardField::FullName) => Some(Part::Name),
        Some(StandardField::FirstName) => Some(Part::First),
        Some(StandardField::LastName) => Some(Part::Last),
        Some(StandardField::Email) => Some(Part::Email),
        Some(StandardField::Phone) => Some(Part::Phone),
        _ => None,
    };
    if let Some(part) = named {
        return Some((part, Named));
    }
    if question.is_some_and(|question| question.kind == QuestionType::MultipleChoice) {
        return None;
    }
    let (is_address, is_number) = (is_email(&answer.text), looks_like_phone(&answer.text));
    let (is_written_out, is_code) = (is_international_phone(&answer.text), is_postal_code(answer, standard));
    let asked_by = [Some(answer.field), answer.label];
    let asks = |says: fn(&str) -> bool| asked_by.into_iter().flatten().any(says);
    // An address under a question for a number was typed into the wrong box, and the other way round.
    if is_address && (asks(says_email) || asks(says_phone)) {
        return Some((Part::Email, Worded));
    }
    if is_number && !is_code && (asks(says_phone) || is_written_out && asks(says_email)) {
        return Some((Part::Phone, Worded));
    }
    let declared = question.and_then(|question| match question.kind {
        QuestionType::FirstName => Some(Part::First),
        QuestionType::LastName => Some(Part::Last),
        _ => match question.maps_to? {
            Meaning::Name => Some(Part::Name),
            Meaning::Email => Some(Part::Email),
            Meaning::Phone => Some(Part::Phone),
            _ => None,
        },
    });
    match declared {
        Some(Part::Email) if is_address => Some((Part::Email, Declared)),
        Some(Part::Phone) if is_number => Some((Part::Phone, Declared)),
        Some(part @ (Part::Name | Part::First | Part::Last)) if !is_address && !is_number => Some((part, Declared)),
        _ if is_address => Some((Part::Email, Content)),
        _ => is_written_out.then_some((Part::Phone, Content)),
    }
}

/// Digits under a question for a postal code; as many as a telephone has are a telephone.
fn is_postal_code(answer: &Answer<'_>, standard: Option<StandardField>) -> bool {
    standard == Some(StandardField::PostalCode) && answer.text.chars().filter(|c| c.is_numeric()).count() < 10
}

fn other(answer: &Answer<'_>, standard: Option<StandardField>, question: Option<&Question>) -> Option<Other> {
    let said = question.and_then(|question| match question.kind {
        QuestionType::State => Some(Other::State),
        QuestionType::Country => Some(Other::Country),
        QuestionType::PostalCode => Some(Other::PostalCode),
        _ => question.maps_to.map(Other::Is),
    });
    let by_name = || {
        Some(match standard? {
            StandardField::Company => Other::Is(Meaning::Company),
            StandardField::City => Other::Is(Meaning::Location),
            StandardField::State => Other::State,
            StandardField::Country => Other::Country,
            StandardField::PostalCode => Other::PostalCode,
            _ => return None,
        })
    };
    let by_words = || {
        let is_known = matches!(standard, Some(StandardField::StreetAddress | StandardField::JobTitle));
        let words = || [Some(answer.field).filter(|_| !is_known), answer.label].into_iter().flatten();
        if words().any(|question| meaning::is_postal_code(question, &answer.text)) {
            return Some(Other::PostalCode);
        }
        words().find_map(Meaning::of_words).map(Other::Is)
    };
    let other = said.or_else(by_name).or_else(by_words)?;
    // An address is no city and no date; a number may be a budget or a postal code and nothing else.
    let is_number =
        is_international_phone(&answer.text) || answer.text.starts_with('+') && looks_like_phone(&answer.text);
    let may_be_number = matches!(other, Other::PostalCode | Other::Is(Meaning::Budget));
    let is_plain_number = looks_like_phone(&answer.text) && !answer.text.chars().any(char::is_alphabetic);
    let misfits = is_email(&answer.text) || is_number || (is_plain_number && !may_be_number);
    (!misfits).then_some(other)
}
