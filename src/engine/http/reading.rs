//! A typed body, or all that is wrong with it.
//!
//! Reading ends at the first wrong value; whoever fills in a form wants to hear of every one. So what was wrong is noted and
//! put aside, and the rest is read again: a text that broke its rule gives way to one that keeps it, anything else is left
//! out. What was found wrong is never used.

use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::document::{document, invalid, typed};
use crate::base::{Error, FieldError, Result, bounded};

/// So many errors of one body are told.
const MOST: usize = 20;
/// A larger body is a machine's, and reading it again and again would cost more than it helps.
const MOST_BYTES: usize = 64 * 1024;

/// # Errors
/// Of [`document`], or `request.invalid` with a field error for everything that was found wrong, by its place.
pub(super) fn read<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T> {
    match checked::<T>(document(bytes)?) {
        Err(first) if first.is_early && bytes.len() <= MOST_BYTES => {
            Err(all_wrong::<T>(document(bytes)?, &first.error))
        }
        other => other.map_err(|first| first.error),
    }
}

/// A document that is a tree already, as a type; errors point into it.
///
/// # Errors
/// `request.invalid` with a field error for everything that was found wrong.
pub(super) fn whole<T: DeserializeOwned + Validate>(document: Value) -> Result<T> {
    match checked::<T>(document.clone()) {
        Err(first) if first.is_early => Err(all_wrong::<T>(document, &first.error)),
        other => other.map_err(|first| first.error),
    }
}

/// What was found wrong, and whether reading ended there.
struct Wrong {
    error: Error,
    is_early: bool,
}

fn checked<T: DeserializeOwned + Validate>(document: Value) -> Result<T, Wrong> {
    let value = typed::<T>(document, "").map_err(|error| Wrong { error, is_early: true })?;
    value.validate().map_err(|errors| Wrong { error: invalid(errors), is_early: false })?;
    Ok(value)
}

fn all_wrong<T: DeserializeOwned + Validate>(mut rest: Value, first: &Error) -> Error {
    let mut wrong = first.field_errors().to_vec();
    let mut aside = Vec::new();
    while wrong.len() < MOST {
        let Some(place) = wrong.last().and_then(|last| put_aside(&mut rest, last)) else { break };
        aside.push(place);
        let (found, is_whole) = match checked::<T>(rest.clone()) {
            Ok(_) => (None, true),
            Err(next) => (Some(next.error), !next.is_early),
        };
        let known = wrong.len();
        // What is missing now because it was put aside is not missing.
        let is_new = |one: &&FieldError| !aside.contains(&one.pointer);
        wrong.extend(found.iter().flat_map(Error::field_errors).filter(is_new).cloned());
        if is_whole || wrong.len() == known {
            break;
        }
    }
    wrong.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    wrong.dedup_by(|a, b| a.pointer == b.pointer && a.code == b.code);
    Error::fields(wrong)
}

/// Makes a document readable past an error, and says what gave way for it; `None` where that cannot be done.
fn put_aside(document: &mut Value, wrong: &FieldError) -> Option<String> {
    // What is not there cannot give way; a null that is not allowed can.
    if wrong.code == "required" && document.pointer(&wrong.pointer).is_none() {
        return None;
    }
    if let Some(text) = bounded::stand_in_for(&wrong.detail)
        && let Some(value) = document.pointer_mut(&wrong.pointer)
    {
        *value = text.into();
        return Some(wrong.pointer.clone());
    }
    // An entry of a list goes with its list, since the others would change their places.
    let mut at = wrong.pointer.as_str();
    while let Some((above, name)) = at.rsplit_once('/') {
        if let Some(Value::Object(members)) = document.pointer_mut(above) {
            let name = name.replace("~1", "/").replace("~0", "~");
            return members.remove(&name).map(|_| at.to_string());
        }
        at = above;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bounded::{Line, Text};
    use crate::base::email::Email;

    #[derive(Debug, serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Form {
        name: Line<1, 5>,
        #[serde(default)]
        email: Option<Email>,
        #[serde(default)]
        notes: Vec<Text<1, 3>>,
        #[validate(range(min = 1, max = 9))]
        age: i32,
    }

    fn told(body: &str) -> Vec<(String, String)> {
        let error = read::<Form>(body.as_bytes()).unwrap_err();
        error.field_errors().iter().map(|field| (field.pointer.clone(), field.code.to_string())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(at, code)| ((*at).into(), (*code).into())).collect()
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let all = r#"{"name": "far too long", "email": "no", "notes": ["ab", "abcd", ""], "age": 12, "a/b": 1}"#;
        let expected = [
            ("/age", "range"),
            ("/a~1b", "unknown_field"),
            ("/email", "invalid_value"),
            ("/name", "length"),
            ("/notes/1", "length"),
            ("/notes/2", "length"),
        ];
        assert_eq!(told(all), pairs(&expected));
        assert_eq!(told(r#"{"name": "a\nb", "age": 10}"#), pairs(&[("/age", "range"), ("/name", "single_line")]));
        assert_eq!(
            told(r#"{"name": 7, "notes": [1, 2], "age": 1}"#),
            pairs(&[("/name", "invalid_type"), ("/notes/0", "invalid_type")])
        );
    }

    #[test]
    fn what_is_missing_is_told_after_what_is_wrong() {
        assert_eq!(told(r#"{"email": "no"}"#), pairs(&[("/email", "invalid_value"), ("/name", "required")]));
        assert_eq!(told(r#"{"name": 7, "age": 0}"#), pairs(&[("/name", "invalid_type")]), "not missing besides");
        assert_eq!(told("[]"), pairs(&[("", "invalid_type")]));
        assert!(read::<Form>(br#"{"name": " Asha ", "age": 9}"#).is_ok());
    }

    crate::patch! {
        struct FormPatch {
            name: Given<Line<1, 5>>,
            email: Patch<Email>,
        }
    }

    #[test]
    fn a_null_that_is_not_allowed_is_told_with_the_rest() {
        let error = read::<FormPatch>(br#"{"email": "no", "name": null}"#).unwrap_err();
        let told: Vec<_> =
            error.field_errors().iter().map(|field| (field.pointer.as_str(), field.code.as_ref())).collect();
        assert_eq!(told, [("/email", "invalid_value"), ("/name", "required")]);
    }

    #[test]
    fn no_body_is_read_for_ever() {
        let many: Vec<String> = (0..100).map(|n| format!(r#""x{n}": 1"#)).collect();
        assert_eq!(told(&format!("{{{}}}", many.join(","))).len(), MOST);
        let large = format!(r#"{{"name": 1, "email": "no", "x": "{}"}}"#, "y".repeat(MOST_BYTES));
        assert_eq!(told(&large).len(), 1);
    }
}
