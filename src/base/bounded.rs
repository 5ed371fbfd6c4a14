//! Texts that carry their bounds: what is read fits, and the document says the same numbers.
//!
//! A field of type `Line<1, 200>` is the rule, its description and its reading in one. [`Line`] is for what stands on one
//! line (a heading, a subject, a sender's name), [`Text`] for the rest, [`PersonName`] for what people are called.
//! Blanks around it are removed before characters are counted.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema};

use super::text::{BLANK, SINGLE_LINE, person_name, single_line};
use super::unicode;

/// `MIN` to `MAX` characters on one line, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MIN: usize, const MAX: usize>(String);

/// `MIN` to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// A person's name of 1 to 200 characters, as [`unicode::name`] keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// What the name of such a type means in the document, where it is said in place; `None` for another name.
pub fn named(name: &str) -> Option<Object> {
    if name == "PersonName" {
        return Some(described(1, LONGEST_NAME));
    }
    let (min, max) = name.strip_prefix("Line_").or(name.strip_prefix("Text_"))?.split_once('_')?;
    Some(described(min.parse().ok()?, max.parse().ok()?))
}

const LONGEST_NAME: usize = 200;

fn fitting(text: &str, min: usize, max: usize) -> Result<&str, String> {
    let text = text.trim();
    let count = text.chars().count();
    if (min..=max).contains(&count) { Ok(text) } else { Err(length_rule(min, max)) }
}

fn length_rule(min: usize, max: usize) -> String {
    if min == 0 { format!("expected at most {max} characters") } else { format!("expected {min} to {max} characters") }
}

/// The code of a rule that a text broke, by its sentence; `None` for a sentence that is none of theirs.
pub fn code_of(rule: &str) -> Option<&'static str> {
    match rule {
        SINGLE_LINE => Some("single_line"),
        BLANK => Some("blank"),
        _ => least_of(rule).map(|_| "length"),
    }
}

/// A text that keeps every rule which this sentence could be about; `None` for a sentence of something else.
pub fn stand_in_for(rule: &str) -> Option<String> {
    code_of(rule).map(|_| "x".repeat(least_of(rule).unwrap_or(1).max(1)))
}

/// The fewest characters that a sentence about a length allows.
fn least_of(rule: &str) -> Option<usize> {
    let bounds = rule.strip_prefix("expected ")?.strip_suffix(" characters")?;
    match bounds.split_once(" to ") {
        Some((min, max)) => max.parse::<usize>().ok().and_then(|_| min.parse().ok()),
        None => bounds.strip_prefix("at most ")?.parse::<usize>().ok().map(|_| 0),
    }
}

impl<const MIN: usize, const MAX: usize> std::str::FromStr for Line<MIN, MAX> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = fitting(text, MIN, MAX)?;
        single_line(text).map_err(|_| SINGLE_LINE)?;
        Ok(Self(text.into()))
    }
}
impl<const MIN: usize, const MAX: usize> std::str::FromStr for Text<MIN, MAX> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        fitting(text, MIN, MAX).map(|text| Self(text.into()))
    }
}
impl std::str::FromStr for PersonName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = fitting(text, 1, LONGEST_NAME)?;
        person_name(text).map_err(|error| error.message.unwrap_or(Cow::Borrowed(BLANK)))?;
        Ok(Self(unicode::name(text)))
    }
}

fn described(min: usize, max: usize) -> Object {
    let min = (min > 0).then_some(min);
    ObjectBuilder::new()
        .schema_type(schema::SchemaType::Type(Type::String))
        .min_length(min)
        .max_length(Some(max))
        .build()
}

/// What such a type is besides its rule: a text that is read by it, written as it is, and described by its bounds.
macro_rules! bounded {
    ($kind:ty, $name:expr, $min:expr, $max:expr $(, $bound:ident)*) => {
        impl<$(const $bound: usize),*> $kind {
            pub fn as_str(&self) -> &str {
                &self.0
            }
            pub fn into_string(self) -> String {
                self.0
            }
        }
        impl<$(const $bound: usize),*> From<$kind> for String {
            fn from(text: $kind) -> String {
                text.0
            }
        }
        impl<$(const $bound: usize),*> std::ops::Deref for $kind {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl<$(const $bound: usize),*> std::borrow::Borrow<str> for $kind {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl<'de, $(const $bound: usize),*> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl<$(const $bound: usize),*> Serialize for $kind {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        impl<$(const $bound: usize),*> utoipa::PartialSchema for $kind {
            fn schema() -> RefOr<Schema> {
                Schema::Object(described($min, $max)).into()
            }
        }
        impl<$(const $bound: usize),*> utoipa::ToSchema for $kind {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

bounded!(Line<MIN, MAX>, format!("Line_{MIN}_{MAX}"), MIN, MAX, MIN, MAX);
bounded!(Text<MIN, MAX>, format!("Text_{MIN}_{MAX}"), MIN, MAX, MIN, MAX);
bounded!(PersonName, "PersonName", 1, LONGEST_NAME);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_and_characters_are_counted() {
        let line = |text: &str| text.parse::<Line<1, 5>>().map(Line::into_string);
        assert_eq!(line("  Māhīm \n").as_deref(), Ok("Māhīm"), "five characters");
        assert_eq!(line("   ").unwrap_err(), "expected 1 to 5 characters");
        assert_eq!(line("Mumbai").unwrap_err(), "expected 1 to 5 characters");
        assert_eq!(line("a\nb").unwrap_err(), SINGLE_LINE);
        assert_eq!(line("a\u{202e}b").unwrap_err(), SINGLE_LINE);
        let text = |text: &str| text.parse::<Text<0, 5>>().map(Text::into_string);
        assert_eq!((text("a\nb").as_deref(), text("").as_deref()), (Ok("a\nb"), Ok("")));
        assert_eq!(text("abcdef").unwrap_err(), "expected at most 5 characters");
    }

    #[test]
    fn a_persons_name_shows_and_is_kept_in_one_spelling() {
        let name = |text: &str| text.parse::<PersonName>().map(PersonName::into_string);
        assert_eq!(name(" Jose\u{301} ").as_deref(), Ok("José"));
        assert_eq!(name("\u{200b}").unwrap_err(), BLANK);
        assert_eq!(name("A\nBcc: x").unwrap_err(), SINGLE_LINE);
        assert_eq!(name(&"x".repeat(201)).unwrap_err(), "expected 1 to 200 characters");
    }

    #[test]
    fn the_name_of_a_bounded_text_says_its_bounds() {
        let bounds = |name: &str| named(name).map(|text| (text.min_length, text.max_length));
        assert_eq!(bounds("Line_1_200"), Some((Some(1), Some(200))));
        assert_eq!(bounds(&<Text<0, 500> as utoipa::ToSchema>::name()), Some((None, Some(500))));
        assert_eq!(bounds("PersonName"), Some((Some(1), Some(200))));
        for other in ["Line", "Line_item", "TextView", "Text_1"] {
            assert_eq!(bounds(other), None, "{other}");
        }
    }

    #[test]
    fn a_broken_rule_has_its_code_and_a_text_that_keeps_it() {
        for (rule, code, stand_in) in [
            ("expected 3 to 500 characters", Some("length"), Some("xxx")),
            ("expected at most 40 characters", Some("length"), Some("x")),
            (SINGLE_LINE, Some("single_line"), Some("x")),
            (BLANK, Some("blank"), Some("x")),
            ("expected a password of 10 to 128 characters", None, None),
            ("expected a name of 1 to 120 characters that show", None, None),
        ] {
            assert_eq!((code_of(rule), stand_in_for(rule).as_deref()), (code, stand_in), "{rule}");
        }
    }
}
