//! The variables that templates may name, and what is nearest to a name that is none of them.

use std::collections::BTreeSet;

use super::compiled::Compiled;
use super::words::Words;
use crate::base::FieldError;
use crate::contacts::Channel;

crate::text_enum! {
    /// Who has the value of a variable.
    pub enum VariableSource {
        /// What is known of the person.
        Contact = "contact",
        /// What is known of the business that writes.
        Business = "business",
        /// It is made for each message when it leaves.
        Message = "message",
    }
}

/// A variable that templates may name.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"name": "first_name", "source": "contact", "description": "First name; the first word of the name where nobody gave one", "example": "Priya"}))]
pub struct TemplateVariable {
    /// As templates spell it, in any case.
    pub name: &'static str,
    pub source: VariableSource,
    pub description: &'static str,
    /// What a preview without a contact shows.
    pub example: &'static str,
}

const fn variable(
    name: &'static str,
    source: VariableSource,
    description: &'static str,
    example: &'static str,
) -> TemplateVariable {
    TemplateVariable { name, source, description, example }
}

use VariableSource::{Business, Contact, Message};

/// All of them.
pub const VARIABLES: &[TemplateVariable] = &[
    variable(
        "name",
        Contact,
        "Whole name; none where the person is known by an address or a number alone",
        "Priya Sharma",
    ),
    variable("first_name", Contact, "First name; the first word of the name where nobody gave one", "Priya"),
    variable("last_name", Contact, "Last name, where somebody gave it", "Sharma"),
    variable("email", Contact, "E-mail address", "priya.sharma@example.com"),
    variable("phone", Contact, "Phone number, E.164", "+919876543210"),
    variable("company", Contact, "Company", "Sharma Exports"),
    variable("title", Contact, "What the person is at work", "Founder"),
    variable("city", Contact, "City", "Mumbai"),
    variable("state", Contact, "State or province", "Maharashtra"),
    variable("country", Contact, "Country, ISO 3166-1 alpha-2 where known", "IN"),
    variable("language", Contact, "Language tag, BCP 47", "en"),
    variable("birthday", Contact, "1990-05-17, or 05-17 where nobody knows the year", "05-17"),
    variable("tags", Contact, "Tags, a list; as one text they are parted by commas", "vip"),
    variable("business_name", Business, "Name of the business", "ABC Real Estate"),
    variable("business_phone", Business, "Phone number of the business, E.164", "+919876500000"),
    variable("business_website", Business, "Website of the business", "https://abc.example.com"),
    variable("business_industry", Business, "Industry of the business", "Real estate"),
    variable(
        "unsubscribe_url",
        Message,
        "Where the person says that it is enough",
        "https://abc.example.com/unsubscribe",
    ),
];

/// What a preview says where nobody says otherwise.
pub fn samples() -> Words {
    let mut words = Words::default();
    for variable in VARIABLES {
        if variable.name == "tags" {
            words.say_all("tags", vec![variable.example.to_string()]);
        } else {
            words.say(variable.name, variable.example);
        }
    }
    words
}

/// Of these words, with what is made for each message.
pub fn as_sent(mut words: Words) -> Words {
    for variable in VARIABLES.iter().filter(|variable| variable.source == Message) {
        words.say(variable.name, variable.example);
    }
    words
}

pub fn is_known(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.name == name)
}

/// Every name in a template that is no variable, where it stands.
pub fn unknown(compiled: &Compiled) -> Vec<FieldError> {
    let unknown = |(part, names): (super::model::Part, &BTreeSet<String>)| {
        let unknown: Vec<String> = names.iter().filter(|name| !is_known(name)).cloned().collect();
        unknown.into_iter().map(move |name| FieldError::new(part.pointer(), "unknown_variable", no_such(&name)))
    };
    compiled.variables().flat_map(unknown).collect()
}

/// A sentence with the nearest name that there is.
pub fn no_such(name: &str) -> String {
    let far = |known: &&TemplateVariable| strsim::damerau_levenshtein(known.name, name);
    let nearest = VARIABLES.iter().min_by_key(far).filter(|known| far(known) <= 1 + name.len() / 3);
    match nearest {
        Some(known) => format!("there is no variable {name}; the nearest is {}", known.name),
        None => format!("there is no variable {name}; GET /v1/templates/variables lists them"),
    }
}

/// What is wrong with a template even where everything is known: with the examples it has to be a message.
pub fn tried(compiled: &Compiled) -> Option<FieldError> {
    let failure = compiled.render(&samples()).err()?;
    use super::compiled::Unrendered as U;
    let at = match &failure {
        // A name that nobody knows has been told.
        U::Missing { .. } => return None,
        U::TooMuchWork { part } | U::Failed { part, .. } => format!("/{part}"),
        U::Unsafe { .. } => "/html".into(),
        U::TooLong { .. } | U::Empty => {
            let has_body = compiled.variables().any(|(part, _)| part == super::model::Part::Body);
            if has_body || compiled.channel() == Channel::Sms { "/body".into() } else { "/html".into() }
        }
    };
    Some(FieldError::new(at, failure.code(), failure.to_string()))
}
