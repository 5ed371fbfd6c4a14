//! A template, read once, and filled for many people.
//!
//! Templates are the tenant's, so they run in a sandbox: no file, no other template, no macro, a handful of filters, every step and
//! every letter counted ([`FUEL`]). A name in any case finds its value. One that is missing and has no fallback fails that one
//! message; so does a message that is longer than its channel takes. In HTML every value is escaped, whatever the template says.

use std::collections::BTreeSet;
use std::fmt;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, UndefinedBehavior};

use super::markup;
use super::model::{Content, Part};
use super::scope::{Gaps, Scope, furnish};
use super::segments::Segments;
use super::syntax;
use super::words::Words;
use crate::base::{FieldError, Result as Answer};
use crate::contacts::Channel;

/// Steps that a part of a template may take; letters cost, too, 64 of them a step.
const FUEL: u64 = 20_000;
/// Segments of a text message.
pub const MOST_SEGMENTS: usize = 10;
/// Bytes of an e-mail, its subject, text and HTML together.
pub const MOST_BYTES: usize = 256 * 1024;
/// Characters of a subject with its values.
pub const LONGEST_SUBJECT: usize = 500;

/// See the module. It is cheap to fill, and may be shared.
#[derive(Debug)]
pub struct Compiled {
    env: Environment<'static>,
    channel: Channel,
    parts: Vec<(Part, BTreeSet<String>)>,
}

/// A message as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Of an e-mail; on one line.
    pub subject: Option<String>,
    pub text: String,
    /// Of an e-mail whose template has one.
    pub html: Option<String>,
}

/// Why a message could not be made for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unrendered {
    /// These variables have no value for the person, and no fallback.
    Missing { variables: Vec<String> },
    /// With its values it is longer than the channel takes: a sentence.
    TooLong { limit: String },
    /// It takes more steps than a template may.
    TooMuchWork { part: &'static str },
    /// Nothing is left to be said.
    Empty,
    /// Its HTML has something in it that has no place in an e-mail.
    Unsafe { detail: String },
    /// It does with a value what cannot be done with it.
    Failed { part: &'static str, detail: String },
}

impl Unrendered {
    /// Stable, as it is stored.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "variable_missing",
            Self::TooLong { .. } => "too_long",
            Self::TooMuchWork { .. } => "too_much_work",
            Self::Empty => "empty",
            Self::Unsafe { .. } => "unsafe_html",
            Self::Failed { .. } => "template_failed",
        }
    }
}

impl fmt::Display for Unrendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { variables } => {
                let name = variables.first().map_or("name", String::as_str);
                let all = variables.join(", ");
                write!(f, "there is no value for {all}: give a fallback such as {{{{ {name} | default(\"…\") }}}}")
            }
            Self::TooLong { limit } => f.write_str(limit),
            Self::TooMuchWork { part } => write!(f, "the {part} repeats too much"),
            Self::Empty => f.write_str("nothing is left to be said"),
            Self::Unsafe { detail } => f.write_str(detail),
            Self::Failed { part, detail } => write!(f, "the {part}: {detail}"),
        }
    }
}

impl Compiled {
    /// Reads a template. Whether its variables are known is not asked: a name that nobody knows has no value.
    ///
    /// # Errors
    /// Everything that is wrong with it, under `/subject`, `/body`, `/html`, `/preheader`.
    pub fn of(content: &Content) -> Answer<Self> {
        let (compiled, wrong) = Self::read(content);
        if wrong.is_empty() { Ok(compiled) } else { Err(crate::base::Error::fields(wrong)) }
    }

    /// What can be read of it, and what is wrong.
    pub(super) fn read(content: &Content) -> (Self, Vec<FieldError>) {
        let mut wrong = misplaced(content);
        let mut env = Environment::empty();
        furnish(&mut env);
        env.set_fuel(Some(FUEL));
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_auto_escape_callback(|part| if is_html(part) { AutoEscape::Html } else { AutoEscape::None });
        // By the part and not by what the template says of escaping.
        env.set_formatter(|out, state, value| {
            if is_html(state.name()) && !value.is_safe() {
                write!(out, "{}", HtmlEscape(&value.to_string()))?;
            } else {
                write!(out, "{value}")?;
            }
            Ok(())
        });
        let mut parts = Vec::new();
        for part in Part::ALL {
            let Some(text) = content.part(part) else { continue };
            if let Err(error) = env.add_template_owned(part.as_str(), text.to_string()) {
                wrong.push(FieldError::new(part.pointer(), "template_syntax", told(&error)));
                continue;
            }
            let scan = syntax::scan(text);
            wrong.extend(scan.wrong.into_iter().map(|it| FieldError::new(part.pointer(), "template_syntax", it)));
            if part == Part::Html
                && let Err(rule) = markup::check(&scan.bare)
            {
                wrong.push(FieldError::new(part.pointer(), "unsafe_html", rule));
            }
            parts.push((part, scan.variables));
        }
        (Self { env, channel: content.channel, parts }, wrong)
    }

    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The variables of each part, in lower case.
    pub fn variables(&self) -> impl Iterator<Item = (Part, &BTreeSet<String>)> {
        self.parts.iter().map(|(part, variables)| (*part, variables))
    }

    /// The message for one person.
    ///
    /// # Errors
    /// Why there is none for this one.
    pub fn render(&self, words: &Words) -> Result<Rendered, Unrendered> {
        let gaps = Gaps::new(false);
        let filled = self.fill(words, &gaps);
        let missing = gaps.take();
        if !missing.is_empty() {
            return Err(Unrendered::Missing { variables: missing });
        }
        let rendered = filled?;
        self.fits(&rendered)?;
        Ok(rendered)
    }

    /// The message as far as it can be made: what is missing stands there as `[name]` and is told, and so is why it would not leave.
    pub fn preview(&self, words: &Words) -> (Option<Rendered>, Vec<String>, Option<Unrendered>) {
        let gaps = Gaps::new(true);
        let filled = self.fill(words, &gaps);
        let missing = gaps.take();
        let gap = (!missing.is_empty()).then(|| Unrendered::Missing { variables: missing.clone() });
        match filled {
            Ok(rendered) => {
                let failure = gap.or_else(|| self.fits(&rendered).err());
                (Some(rendered), missing, failure)
            }
            Err(failure) => (None, missing, Some(gap.unwrap_or(failure))),
        }
    }

    fn fill(&self, words: &Words, gaps: &std::sync::Arc<Gaps>) -> Result<Rendered, Unrendered> {
        let scope = Value::from_object(Scope { words: words.clone(), gaps: gaps.clone() });
        let part = |part: Part| {
            if !self.parts.iter().any(|(there, _)| *there == part) {
                return Ok(None);
            }
            let rendered = self.env.get_template(part.as_str()).and_then(|it| it.render(scope.clone()));
            rendered.map(Some).map_err(|error| failure(part, &error))
        };
        let subject = part(Part::Subject)?.map(|subject| one_line(&subject));
        let html = part(Part::Html)?;
        let text = match part(Part::Body)? {
            Some(body) => body.trim().to_string(),
            None => markup::text_of(html.as_deref().unwrap_or_default()),
        };
        let html = match (html, part(Part::Preheader)?) {
            (Some(html), Some(line)) => Some(markup::with_preheader(&html, &one_line(&line))),
            (html, _) => html,
        };
        Ok(Rendered { subject, text, html })
    }

    fn fits(&self, rendered: &Rendered) -> Result<(), Unrendered> {
        if rendered.text.is_empty() || rendered.subject.as_deref() == Some("") {
            return Err(Unrendered::Empty);
        }
        if self.channel == Channel::Sms {
            let count = Segments::of(&rendered.text).count;
            if count > MOST_SEGMENTS {
                let limit =
                    format!("with its values it has {count} segments; a text message has at most {MOST_SEGMENTS}");
                return Err(Unrendered::TooLong { limit });
            }
            return Ok(());
        }
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        if rendered.subject.as_ref().is_some_and(|subject| subject.chars().count() > LONGEST_SUBJECT) {
            let limit = format!("with its values the subject has more than {LONGEST_SUBJECT} characters");
            return Err(Unrendered::TooLong { limit });
        }
        if length(&rendered.subject) + rendered.text.len() + length(&rendered.html) > MOST_BYTES {
            let limit = format!("with its values an e-mail has at most {} KB", MOST_BYTES / 1024);
            return Err(Unrendered::TooLong { limit });
        }
        rendered.html.as_deref().map_or(Ok(()), markup::check).map_err(|detail| Unrendered::Unsafe { detail })
    }
}

fn is_html(part: &str) -> bool {
    part == Part::Html.as_str()
}

/// What a channel has no place for, and what it cannot do without.
fn misplaced(content: &Content) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let mut refuse = |part: Part, code: &'static str, rule: &'static str| {
        wrong.push(FieldError::new(part.pointer(), code, rule));
    };
    if content.channel == Channel::Email {
        if content.subject.is_none() {
            refuse(Part::Subject, "required", "an e-mail has a subject");
        }
        if content.body.is_none() && content.html.is_none() {
            refuse(Part::Body, "required", "an e-mail has a text or HTML");
        }
        if content.preheader.is_some() && content.html.is_none() {
            refuse(Part::Preheader, "invalid_value", "a line for the list of messages stands in HTML: give html, too");
        }
        return wrong;
    }
    if content.body.is_none() {
        refuse(Part::Body, "required", "a text message has a text");
    }
    for part in [Part::Subject, Part::Html, Part::Preheader] {
        if content.part(part).is_some() {
            refuse(part, "invalid_value", "only an e-mail has this");
        }
    }
    wrong
}

/// On one line, as headers and lists show it.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn failure(part: Part, error: &Error) -> Unrendered {
    match error.kind() {
        ErrorKind::OutOfFuel => Unrendered::TooMuchWork { part: part.as_str() },
        _ => Unrendered::Failed { part: part.as_str(), detail: told(error) },
    }
}

/// The library's words, with the line.
fn told(error: &Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_string);
    error.line().map_or_else(|| detail.clone(), |line| format!("line {line}: {detail}"))
}
