//! Message templates, as data in `templates.json`: what may be sent outside WhatsApp's window, and drafts elsewhere. What a
//! provider approved is English; as an e-mail it reads what [`crate::language`] has, in the language of whoever sends it.
//!
//! A template reads the same on every channel it has a text for. Its variables are named, whatever the case, and
//! numbered as the provider that approved it numbers them. A missing value takes its fallback; a missing required one is an
//! error that names it. Values are put on one line, since WhatsApp refuses line breaks in them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::status::longest_content;
use super::words::{self, Holds};
use crate::base::{Error, FieldError, Result};
use crate::contacts::Channel;
use crate::language::{self, Letter, Phrase, Words, english};

static CATALOGUE: LazyLock<Vec<Template>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("templates.json")).expect("templates.json is part of the binary")
});

/// One built-in template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub code: String,
    pub title: String,
    /// The others go to the tenant's own people, never to a lead.
    #[serde(default)]
    for_leads: bool,
    variables: Vec<Variable>,
    texts: BTreeMap<Channel, Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    number: String,
    name: String,
    #[serde(default)]
    required: bool,
    /// The phrase that is said where nothing is given.
    fallback: Option<String>,
    /// What a caller may put into it; none where only our own data goes in.
    holds: Option<Holds>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    body: String,
}

/// The text of a template on a channel.
struct Draft<'a> {
    subject: Option<&'a str>,
    body: &'a str,
    /// The language it is in.
    words: &'static Words,
}

impl Variable {
    /// What is said where nothing is given.
    fn otherwise(&self, words: &Words) -> String {
        let phrase = Phrase::ALL.iter().find(|phrase| self.fallback.as_deref() == Some(phrase.code()));
        phrase.map_or_else(String::new, |phrase| words.phrase(*phrase).to_string())
    }
}

/// A template with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: Option<String>,
    pub content: String,
    /// By the provider's numbers.
    pub numbered: BTreeMap<String, String>,
}

/// # Errors
/// A field error at `/template/code` that lists what there is.
pub fn find(code: &str) -> Result<&'static Template> {
    CATALOGUE.iter().find(|template| template.code == code).ok_or_else(|| {
        let known: Vec<&str> = CATALOGUE.iter().map(|template| template.code.as_str()).collect();
        let detail = format!("there is no such template; expected one of: {}", known.join(", "));
        Error::field("/template/code", "invalid_value", detail)
    })
}

/// The templates for leads that exist on a channel.
pub fn codes_for_leads(channel: Channel) -> Vec<&'static str> {
    let fits = |template: &&Template| template.is_for_leads() && template.draft(channel, english()).is_some();
    CATALOGUE.iter().filter(fits).map(|template| template.code.as_str()).collect()
}

/// Code and text of each template as its provider approves it on a channel, with numbers for names: what an operator
/// registers, and what a twin must hold to read the same.
pub fn for_approval(channel: Channel) -> Vec<(String, String)> {
    let numbered = |template: &Template, text: &Text| {
        let numbers = template.variables.iter().map(|v| (v.name.as_str(), format!("{{{{{}}}}}", v.number)));
        fill(&text.body, &numbers.collect())
    };
    let text = |template: &Template| {
        template.texts.get(&channel).map(|text| (template.code.clone(), numbered(template, text)))
    };
    CATALOGUE.iter().filter_map(text).collect()
}

impl Template {
    pub fn is_for_leads(&self) -> bool {
        self.for_leads
    }

    fn draft(&self, channel: Channel, words: &'static Words) -> Option<Draft<'_>> {
        if channel != Channel::Email {
            return self.texts.get(&channel).map(|text| Draft { subject: None, body: &text.body, words: english() });
        }
        let letter = Letter::ALL.iter().find(|letter| self.for_leads && letter.code() == self.code)?;
        let (subject, body) = words.draft(*letter);
        Some(Draft { subject: Some(subject), body, words })
    }

    /// What is given for the variables that say who writes.
    pub fn senders<'a>(&'a self, values: &'a BTreeMap<String, String>) -> impl Iterator<Item = (&'a str, &'a str)> {
        let senders = self.variables.iter().filter(|variable| variable.holds == Some(Holds::Sender));
        senders.flat_map(move |variable| {
            let given =
                values.iter().filter(|(key, _)| **key == variable.number || key.eq_ignore_ascii_case(&variable.name));
            given.map(|(_, value)| (variable.name.as_str(), value.as_str()))
        })
    }

    /// Fills the template for a channel, as an e-mail in the given language. Values are keyed by name in any case, or by
    /// number.
    ///
    /// # Errors
    /// Field errors under `/template`: a channel without text, unknown variables, missing required ones, values that say more
    /// than their variable may ([`words`]), and one that makes it longer than the channel takes.
    pub fn render(
        &self,
        channel: Channel,
        values: &BTreeMap<String, String>,
        words: &'static Words,
    ) -> Result<Rendered> {
        let Some(draft) = self.draft(channel, words) else {
            let detail = format!("the template {} has no text for {channel}", self.code);
            return Err(Error::field("/template/code", "invalid_value", detail));
        };
        let mut wrong = Vec::new();
        let is = |variable: &Variable, key: &str| key == variable.number || key.eq_ignore_ascii_case(&variable.name);
        for key in values.keys().filter(|key| !self.variables.iter().any(|variable| is(variable, key))) {
            let pointer = format!("/template/variables/{}", key.replace('~', "~0").replace('/', "~1"));
            wrong.push(FieldError::new(pointer, "unknown_field", "this template has no such variable"));
        }
        let mut filled = BTreeMap::new();
        for variable in &self.variables {
            let given = values.iter().find(|(key, _)| is(variable, key)).map(|(_, value)| one_line(value));
            let value = given.filter(|value| !value.is_empty());
            if let (Some(value), Some(holds)) = (&value, variable.holds)
                && let Err(rule) = words::check(value, holds)
            {
                let pointer = format!("/template/variables/{}", variable.name);
                wrong.push(FieldError::new(pointer, "invalid_value", rule));
            }
            if value.is_none() && variable.required {
                let pointer = format!("/template/variables/{}", variable.name);
                wrong.push(FieldError::new(pointer, "required", "this variable is required"));
            }
            filled.insert(variable.name.as_str(), value.unwrap_or_else(|| variable.otherwise(draft.words)));
        }
        if !wrong.is_empty() {
            return Err(Error::fields(wrong));
        }
        let content = fill(draft.body, &filled);
        let most = longest_content(channel);
        if content.chars().count() > most {
            let longest = filled.iter().max_by_key(|(_, value)| value.len()).map_or("", |(name, _)| *name);
            let detail = format!("with its values a message on {channel} has at most {most} characters");
            return Err(Error::field(format!("/template/variables/{longest}"), "too_long", detail));
        }
        let number = |variable: &Variable| (variable.number.clone(), filled[variable.name.as_str()].clone());
        Ok(Rendered {
            subject: draft.subject.map(|subject| fill(subject, &filled)),
            content,
            numbered: self.variables.iter().map(number).collect(),
        })
    }
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Replaces each `{{name}}`; the tests hold every text to the variables of its template.
fn fill(text: &str, values: &BTreeMap<&str, String>) -> String {
    language::fill(text, |name| Some(values.get(name).map_or("", String::as_str))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn every_text_uses_only_its_variables_and_every_variable_is_used() {
        for template in CATALOGUE.iter() {
            let names: Vec<&str> = template.variables.iter().map(|variable| variable.name.as_str()).collect();
            let phrases: Vec<&str> = Phrase::ALL.iter().map(|phrase| phrase.code()).collect();
            let fallbacks = template.variables.iter().filter_map(|variable| variable.fallback.as_deref());
            assert_eq!(fallbacks.filter(|fallback| !phrases.contains(fallback)).count(), 0, "{}", template.code);
            let mails = language::all()
                .iter()
                .filter_map(|words| Some((Channel::Email, template.draft(Channel::Email, words)?)));
            let others =
                template.texts.keys().filter_map(|channel| Some((*channel, template.draft(*channel, english())?)));
            for (channel, text) in others.chain(mails) {
                let whole = format!("{} {}", text.subject.unwrap_or_default(), text.body);
                for part in whole.split("{{").skip(1) {
                    assert!(
                        names.contains(&part.split_once("}}").unwrap().0),
                        "{} on {channel}: {part}",
                        template.code
                    );
                }
                assert!(names.iter().all(|name| whole.contains(&format!("{{{{{name}}}}}"))), "{}", template.code);
                // Meta refuses a template whose body begins or ends with a variable.
                let body = text.body.trim();
                assert!(channel != Channel::Whatsapp || !(body.starts_with("{{") || body.ends_with("}}")));
            }
        }
    }

    #[test]
    fn names_in_any_case_numbers_and_fallbacks_fill_the_text() {
        let template = find("first_contact").unwrap();
        let rendered = template
            .render(Channel::Whatsapp, &values(&[("Name", "Asha\nRao"), ("2", "ABC via {{name}}")]), english())
            .unwrap();
        assert_eq!(
            rendered.content,
            "Hi Asha Rao, this is ABC via {{name}}. Thank you for your interest in what we offer. \
             Would you be available for a quick call today to discuss your requirements?"
        );
        assert_eq!(rendered.numbered["1"], "Asha Rao");
        assert_eq!(rendered.numbered["3"], "what we offer");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let template = find("first_contact").unwrap();
        let error = template.render(Channel::Email, &values(&[("NAME", " "), ("nmae", "x")]), english()).unwrap_err();
        let pointers: Vec<&str> = error.field_errors().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/template/variables/nmae", "/template/variables/name", "/template/variables/business"]);
        assert_eq!(find("nope").unwrap_err().field_errors()[0].pointer, "/template/code");
        for about in ["é".repeat(101), "see https://evil.example".into(), "call 98765 00000".into()] {
            let told = values(&[("name", "Asha"), ("business", "ABC"), ("about", &about)]);
            let error = template.render(Channel::Whatsapp, &told, english()).unwrap_err();
            assert_eq!(error.field_errors()[0].pointer, "/template/variables/about");
        }
        let long = values(&[("title", "x"), ("text", &"é".repeat(1_600)), ("link", "https://x.example")]);
        let error = find("account_alert").unwrap().render(Channel::Whatsapp, &long, english()).unwrap_err();
        assert_eq!(error.field_errors()[0].pointer, "/template/variables/text");
        let alert = find("account_alert").unwrap().render(Channel::Email, &long, english()).unwrap_err();
        assert_eq!(alert.field_errors()[0].pointer, "/template/code", "as an e-mail it is a letter");
        let alert = find("lead_alert").unwrap().render(Channel::Sms, &BTreeMap::new(), english()).unwrap_err();
        assert_eq!(alert.field_errors()[0].pointer, "/template/code");
    }

    #[test]
    fn the_text_for_approval_has_numbers_and_reads_the_same_with_the_values_put_in() {
        let (code, body) = for_approval(Channel::Whatsapp).swap_remove(0);
        assert_eq!(code, "first_contact");
        assert!(body.starts_with("Hi {{1}}, this is {{2}}. Thank you for your interest in {{3}}."), "{body}");
        let values = values(&[("name", "Asha"), ("business", "ABC"), ("about", "flats")]);
        let rendered = find(&code).unwrap().render(Channel::Whatsapp, &values, english()).unwrap();
        let put_in =
            rendered.numbered.iter().fold(body, |text, (n, value)| text.replace(&format!("{{{{{n}}}}}"), value));
        assert_eq!(put_in, rendered.content);
    }

    #[test]
    fn an_e_mail_is_in_the_language_of_whoever_sends_it() {
        let told = values(&[("name", "आशा"), ("business", "ABC")]);
        let hindi = language::of("hi").unwrap();
        let mail = find("first_contact").unwrap().render(Channel::Email, &told, hindi).unwrap();
        assert_eq!(mail.subject.as_deref(), Some("हमारी सेवाओं के बारे में आपकी पूछताछ"));
        assert!(mail.content.starts_with("नमस्ते आशा,\n\nहम ABC की ओर से"), "{}", mail.content);
        let message = find("first_contact").unwrap().render(Channel::Whatsapp, &told, hindi).unwrap();
        assert!(message.content.starts_with("Hi आशा, this is ABC."), "as it was approved: {}", message.content);
    }

    #[test]
    fn alerts_are_not_for_leads() {
        assert_eq!(codes_for_leads(Channel::Whatsapp), ["first_contact"]);
        assert_eq!(codes_for_leads(Channel::Email), ["first_contact"]);
        assert!(codes_for_leads(Channel::WebChat).is_empty());
    }
}
