//! A typed body, or all that is wrong with it.
//!
//! Reading ends at the first wrong value; whoever fills in a form wants to hear of every one. So what was wrong is noted and
//! gives way, and the rest is read again: a text that broke its rule gives way to one that keeps it, anything else is left
//! out, and what cannot be left out is taken from the type's own example, which is a request that works. Only a body that can
//! be read whole has its further rules checked. What was found wrong is never used.

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::PartialSchema;
use validator::Validate;

use super::document::{document, invalid, refuse_nul, tree, typed};
use crate::base::{Error, FieldError, Result, bounded};

/// So many errors of one body are told.
const MOST: usize = 20;
/// A larger body is a machine's, and reading it again and again would cost more than it helps.
const MOST_BYTES: usize = 64 * 1024;

/// # Errors
/// Of [`document`], or `request.invalid` with a field error for everything that was found wrong, by its place.
pub(super) fn read<T: DeserializeOwned + Validate + PartialSchema>(bytes: &[u8]) -> Result<T> {
    read_of(bytes, document)
}

/// [`read`], of a body whose entries are documents of their own: a NUL in one is told by whoever reads that one ([`whole`]).
pub(super) fn read_many<T: DeserializeOwned + Validate + PartialSchema>(bytes: &[u8]) -> Result<T> {
    read_of(bytes, tree)
}

fn read_of<T: DeserializeOwned + Validate + PartialSchema>(
    bytes: &[u8],
    body: fn(&[u8]) -> Result<Value>,
) -> Result<T> {
    match typed::<T>(body(bytes)?, "") {
        Ok(value) => checked(value),
        Err(first) if bytes.len() > MOST_BYTES => Err(first),
        Err(first) => Err(all_wrong::<T>(body(bytes)?, first)),
    }
}

/// A document that is a tree already, as a type; errors point into it.
///
/// # Errors
/// `request.invalid` with a field error for everything that was found wrong.
pub fn whole<T: DeserializeOwned + Validate + PartialSchema>(document: Value) -> Result<T> {
    refuse_nul(&document)?;
    match typed::<T>(document.clone(), "") {
        Ok(value) => checked(value),
        Err(first) => Err(all_wrong::<T>(document, first)),
    }
}

fn checked<T: Validate>(value: T) -> Result<T> {
    value.validate().map(|()| value).map_err(invalid)
}

fn all_wrong<T: DeserializeOwned + Validate + PartialSchema>(body: Value, mut error: Error) -> Error {
    let mut rest = Rest { body, example: example_of::<T>(), changed: Vec::new(), filled: Vec::new() };
    let mut wrong: Vec<FieldError> = Vec::new();
    loop {
        let mut is_readable = true;
        for field in error.field_errors() {
            if !rest.is_changed(&field.pointer) {
                wrong.push(field.clone());
            }
            is_readable &= rest.give_way(field);
        }
        if !is_readable || wrong.len() >= MOST {
            break;
        }
        error = match typed::<T>(rest.body.clone(), "") {
            Err(error) => error,
            Ok(value) => {
                let broken = value.validate().err().map(invalid);
                let broken = broken.iter().flat_map(Error::field_errors);
                wrong.extend(broken.filter(|field| !rest.is_changed(&field.pointer)).cloned());
                break;
            }
        };
    }
    wrong.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    wrong.dedup_by(|a, b| a.pointer == b.pointer && a.code == b.code);
    Error::fields(wrong)
}

/// The request that the document shows for a type.
fn example_of<T: PartialSchema>() -> Value {
    let mut schema = serde_json::to_value(T::schema()).unwrap_or_default();
    schema["example"].take()
}

/// A body of which something gave way.
struct Rest {
    body: Value,
    example: Value,
    /// What stands there is not what was sent.
    changed: Vec<String>,
    /// What stands there is the example's.
    filled: Vec<String>,
}

impl Rest {
    /// Is it, or is it part of, what gave way?
    fn is_changed(&self, pointer: &str) -> bool {
        let is_within =
            |place: &String| pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.changed.iter().any(is_within)
    }

    /// Makes it readable past an error; `false` where that cannot be done.
    fn give_way(&mut self, wrong: &FieldError) -> bool {
        if self.body.pointer(&wrong.pointer).is_none() {
            return wrong.code == "required" && self.fill(&wrong.pointer);
        }
        if self.filled.contains(&wrong.pointer) {
            return false;
        }
        if let Some(text) = bounded::stand_in_for(&wrong.detail)
            && let Some(value) = self.body.pointer_mut(&wrong.pointer)
            && *value != text
        {
            *value = text.into();
            self.changed.push(wrong.pointer.clone());
            return true;
        }
        // An entry of a list goes with its list, since the others would change their places.
        let mut at = wrong.pointer.as_str();
        while let Some((above, name)) = at.rsplit_once('/') {
            if let Some(Value::Object(members)) = self.body.pointer_mut(above) {
                self.changed.push(at.into());
                return members.remove(&unescaped(name)).is_some();
            }
            at = above;
        }
        false
    }

    /// Puts the example's value where one is missing.
    fn fill(&mut self, pointer: &str) -> bool {
        let Some((above, name)) = pointer.rsplit_once('/') else { return false };
        let Some(Value::Object(members)) = self.body.pointer_mut(above) else { return false };
        // Any entry of the example's list is as good as another.
        let first = pointer.split('/').map(|part| if part.parse::<usize>().is_ok() { "0" } else { part });
        let Some(value) = self.example.pointer(&first.collect::<Vec<_>>().join("/")) else { return false };
        members.insert(unescaped(name), value.clone());
        self.changed.push(pointer.into());
        self.filled.push(pointer.into());
        true
    }
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bounded::{Line, Text};
    use crate::base::email::Email;

    #[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({"name": "Asha", "age": 5}))]
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
    fn what_is_missing_is_told_with_what_is_wrong() {
        assert_eq!(
            told(r#"{"email": "no"}"#),
            pairs(&[("/age", "required"), ("/email", "invalid_value"), ("/name", "required")])
        );
        assert_eq!(
            told(r#"{"name": 7, "age": 0, "nick": 1}"#),
            pairs(&[("/age", "range"), ("/name", "invalid_type"), ("/nick", "unknown_field")]),
            "a rule that is checked of the whole, beside what cannot be read; and nothing is missing besides"
        );
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
