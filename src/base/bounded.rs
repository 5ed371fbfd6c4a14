//! Texts that carry their bounds: what is read fits, and the document says the same numbers.
//!
//! A field of type `Line<1, 200>` is the rule, its description and its reading in one. [`Line`] is for what stands on one
//! line (a heading, a subject, a sender's name), [`Text`] for the rest, [`PersonName`] for what people are called, [`Dialled`]
//! for phone numbers as they are typed, [`HttpsUrl`] for addresses that a page loads.
//! Blanks around it are removed before characters are counted. [`Texts`] is a list of texts, bounded as a whole.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, schema};
use validator::ValidationError;

use super::text::{BLANK, SINGLE_LINE, person_name, single_line, web_url};
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

/// A phone number as somebody types it, of `MIN` to `MAX` characters. Whether it is one in some country is asked where the country
/// is known; what has too few digits is one in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled<const MIN: usize, const MAX: usize>(String);

/// An address by https of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl<const MAX: usize>(String);

/// At most `MOST` texts, of at most `BYTES` bytes all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts<const MOST: usize, const BYTES: usize>(Vec<String>);

/// What the name of such a type means in the document, where it is said in place; `None` for another name.
pub fn named(name: &str) -> Option<Schema> {
    if name == "PersonName" {
        return Some(described(1, LONGEST_NAME));
    }
    if let Some(bounds) = name.strip_prefix("Texts_") {
        return Some(list_described(bounds.split_once('_')?.0.parse().ok()?));
    }
    if let Some(max) = name.strip_prefix("HttpsUrl_") {
        return Some(url_described(max.parse().ok()?));
    }
    let within = |prefix: &str| {
        let (min, max) = name.strip_prefix(prefix)?.split_once('_')?;
        Some((min.parse().ok()?, max.parse().ok()?))
    };
    if let Some((min, max)) = within("Dialled_") {
        return Some(number_described(min, max));
    }
    within("Line_").or_else(|| within("Text_")).map(|(min, max)| described(min, max))
}

/// Of every phone number: three digits, in any script.
pub const DIALLED: &str = "[0-9].*[0-9].*[0-9]";
const FEWEST_DIGITS: usize = 3;
const NO_NUMBER: &str = "expected a phone number such as +919876543210";
const NO_URL: &str = "expected an address such as https://example.com/me.jpg";

/// Can this be a phone number anywhere?
///
/// # Errors
/// `invalid_value`.
pub fn dialled(text: &str) -> Result<(), ValidationError> {
    if text.chars().filter(|c| c.is_numeric()).count() >= FEWEST_DIGITS {
        return Ok(());
    }
    Err(ValidationError::new("invalid_value").with_message(NO_NUMBER.into()))
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
        _ if rule.starts_with("expected at most ") && rule.ends_with(" bytes all together") => Some("length"),
        _ => least_of(rule).map(|_| "length"),
    }
}

/// A text that keeps every rule which this sentence could be about; `None` for a sentence of something else.
pub fn stand_in_for(rule: &str) -> Option<String> {
    match rule {
        SINGLE_LINE | BLANK => Some("x".into()),
        _ => least_of(rule).map(|least| "x".repeat(least.max(1))),
    }
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
impl<const MIN: usize, const MAX: usize> std::str::FromStr for Dialled<MIN, MAX> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = fitting(text, MIN, MAX)?;
        dialled(text).map_err(|_| NO_NUMBER)?;
        Ok(Self(text.into()))
    }
}
impl<const MAX: usize> std::str::FromStr for HttpsUrl<MAX> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = fitting(text, 1, MAX)?;
        let is_one = text.starts_with("https://") && web_url(text).is_ok();
        is_one.then(|| Self(text.into())).ok_or_else(|| NO_URL.into())
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

impl<const MOST: usize, const BYTES: usize> TryFrom<Vec<String>> for Texts<MOST, BYTES> {
    type Error = String;
    fn try_from(list: Vec<String>) -> Result<Self, String> {
        let fits = list.len() <= MOST && list.iter().map(String::len).sum::<usize>() <= BYTES;
        fits.then_some(Self(list))
            .ok_or_else(|| format!("expected at most {MOST} texts, of at most {BYTES} bytes all together"))
    }
}
impl<const MOST: usize, const BYTES: usize> From<Texts<MOST, BYTES>> for Vec<String> {
    fn from(list: Texts<MOST, BYTES>) -> Self {
        list.0
    }
}
impl<'de, const MOST: usize, const BYTES: usize> Deserialize<'de> for Texts<MOST, BYTES> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Vec::deserialize(d)?.try_into().map_err(serde::de::Error::custom)
    }
}
impl<const MOST: usize, const BYTES: usize> utoipa::PartialSchema for Texts<MOST, BYTES> {
    fn schema() -> RefOr<Schema> {
        list_described(MOST).into()
    }
}
impl<const MOST: usize, const BYTES: usize> utoipa::ToSchema for Texts<MOST, BYTES> {
    fn name() -> Cow<'static, str> {
        format!("Texts_{MOST}_{BYTES}").into()
    }
}

fn described(min: usize, max: usize) -> Schema {
    let min = (min > 0).then_some(min);
    let text = ObjectBuilder::new().schema_type(schema::SchemaType::Type(Type::String));
    Schema::Object(text.min_length(min).max_length(Some(max)).build())
}

fn number_described(min: usize, max: usize) -> Schema {
    with(described(min, max), |text| text.pattern(Some(DIALLED)))
}

fn url_described(max: usize) -> Schema {
    with(described(1, max), |text| text.format(Some(SchemaFormat::Custom("uri".into()))))
}

fn with(schema: Schema, more: impl FnOnce(ObjectBuilder) -> ObjectBuilder) -> Schema {
    match schema {
        Schema::Object(text) => Schema::Object(more(ObjectBuilder::from(text)).build()),
        other => other,
    }
}

/// The bytes are no number that a schema has a word for: whoever uses the type says them.
fn list_described(most: usize) -> Schema {
    let text = ObjectBuilder::new().schema_type(schema::SchemaType::Type(Type::String));
    Schema::Array(ArrayBuilder::new().items(text).max_items(Some(most)).build())
}

/// What such a type is besides its rule: a text that is read by it, written as it is, and described by its bounds.
macro_rules! bounded {
    ($kind:ty, $name:expr, $schema:expr $(, $bound:ident)*) => {
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
                $schema.into()
            }
        }
        impl<$(const $bound: usize),*> utoipa::ToSchema for $kind {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

bounded!(Line<MIN, MAX>, format!("Line_{MIN}_{MAX}"), described(MIN, MAX), MIN, MAX);
bounded!(Text<MIN, MAX>, format!("Text_{MIN}_{MAX}"), described(MIN, MAX), MIN, MAX);
bounded!(Dialled<MIN, MAX>, format!("Dialled_{MIN}_{MAX}"), number_described(MIN, MAX), MIN, MAX);
bounded!(HttpsUrl<MAX>, format!("HttpsUrl_{MAX}"), url_described(MAX), MAX);
bounded!(PersonName, "PersonName", described(1, LONGEST_NAME));

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
    fn a_list_of_texts_is_bounded_as_a_whole() {
        let texts = |list: &[&str]| Texts::<2, 5>::try_from(list.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(texts(&["ab", "cde"]).map(Vec::from), Ok(vec!["ab".to_string(), "cde".into()]));
        let rule = texts(&["ab", "cdef"]).unwrap_err();
        assert_eq!(rule, texts(&["a", "b", "c"]).unwrap_err());
        assert_eq!((code_of(&rule), stand_in_for(&rule)), (Some("length"), None));
    }

    #[test]
    fn a_number_has_digits_and_a_picture_an_address() {
        let number = |text: &str| text.parse::<Dialled<0, 40>>().map(Dialled::into_string);
        assert_eq!(number(" 098765 43210 ").as_deref(), Ok("098765 43210"));
        assert_eq!(number("٩٨٧٦٥٤٣٢١٠").as_deref(), Ok("٩٨٧٦٥٤٣٢١٠"), "in any script");
        for wrong in ["", "12", "call me", "n/a"] {
            assert_eq!(number(wrong).unwrap_err(), NO_NUMBER, "{wrong}");
        }
        let url = |text: &str| text.parse::<HttpsUrl<30>>().map(HttpsUrl::into_string);
        assert_eq!(url("https://abc.example/a.jpg").as_deref(), Ok("https://abc.example/a.jpg"));
        for wrong in ["http://abc.example/a.jpg", "javascript:alert(1)", "https://", "a.jpg"] {
            assert_eq!(url(wrong).unwrap_err(), NO_URL, "{wrong}");
        }
        let Some(Schema::Object(described)) = named("Dialled_0_40") else { panic!() };
        assert_eq!((described.pattern.as_deref(), described.max_length), (Some(DIALLED), Some(40)));
        let Some(Schema::Object(described)) = named("HttpsUrl_500") else { panic!() };
        assert_eq!((described.max_length, described.format.is_some()), (Some(500), true));
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
        let bounds = |name: &str| match named(name)? {
            Schema::Object(text) => Some((text.min_length, text.max_length)),
            Schema::Array(list) => Some((list.min_items, list.max_items)),
            _ => None,
        };
        assert_eq!(bounds("Line_1_200"), Some((Some(1), Some(200))));
        assert_eq!(bounds(&<Text<0, 500> as utoipa::ToSchema>::name()), Some((None, Some(500))));
        assert_eq!(bounds("PersonName"), Some((Some(1), Some(200))));
        assert_eq!(bounds(&<Texts<9, 99> as utoipa::ToSchema>::name()), Some((None, Some(9))));
        for other in ["Line", "Line_item", "TextView", "Text_1", "Texts_1"] {
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
