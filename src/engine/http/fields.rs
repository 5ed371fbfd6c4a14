//! A JSON body read field by field, so that everything wrong with it is told at once.
//!
//! [`super::Json`] ends at the first value that has the wrong type. A form that a person fills in deserves better.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::body;
use super::document::{escaped, parse_json, typed};
use crate::base::{Error, FieldError, Result};

/// The fields of a body that were not read yet, and what is wrong with those that were.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    wrong: Vec<FieldError>,
}

impl FromRequest for Fields {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body::receive(req, payload);
        Box::pin(async move { Self::of(&bytes.await?) })
    }
}

impl Fields {
    /// # Errors
    /// For what is no JSON object, or holds what no body may hold.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        Ok(Self { members: parse_json(bytes)?, wrong: Vec::new() })
    }

    /// The value of a field; `None` when it is wrong or missing, which is then noted.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let Some(value) = self.members.remove(name) else {
            self.wrong.push(FieldError::new(format!("/{name}"), "required", "this field is required"));
            return None;
        };
        let read = typed(value, &format!("/{name}"));
        self.note(read)
    }

    /// The same for a field that may be absent or null.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.members.remove(name).filter(|value| !value.is_null())?;
        let read = typed(value, &format!("/{name}"));
        self.note(read)
    }

    /// Notes the field errors of a further rule.
    pub fn note<T>(&mut self, checked: Result<T>) -> Option<T> {
        let note = |error: Error| match error.field_errors() {
            [] => self.wrong.push(FieldError::new("", error.code().to_string(), error.message())),
            fields => self.wrong.extend_from_slice(fields),
        };
        checked.map_err(note).ok()
    }

    /// How many errors were noted so far.
    pub fn errors(&self) -> usize {
        self.wrong.len()
    }

    /// All that was noted as one refusal. What nobody read is not known.
    ///
    /// # Errors
    /// Field errors.
    pub fn finish(mut self) -> Result<()> {
        let unknown =
            |name: &String| FieldError::new(format!("/{}", escaped(name)), "unknown_field", "this field is not known");
        self.wrong.extend(self.members.keys().map(unknown));
        if self.wrong.is_empty() { Ok(()) } else { Err(Error::fields(self.wrong)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::email::Email;

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let mut fields = Fields::of(br#"{"email":"no","age":"x","nick":null,"a/b":1}"#).unwrap();
        assert_eq!(fields.required::<Email>("email"), None);
        assert_eq!(fields.required::<String>("name"), None);
        assert_eq!(fields.optional::<i32>("age"), None);
        assert_eq!((fields.optional::<String>("nick"), fields.errors()), (None, 3));
        fields.note::<()>(Err(Error::field("/email", "taken", "no")));
        let error = fields.finish().unwrap_err();
        let told: Vec<_> =
            error.field_errors().iter().map(|field| (field.pointer.as_str(), field.code.as_ref())).collect();
        assert_eq!(
            told,
            [
                ("/email", "invalid_value"),
                ("/name", "required"),
                ("/age", "invalid_type"),
                ("/email", "taken"),
                ("/a~1b", "unknown_field")
            ]
        );
        let mut good = Fields::of(br#"{"email":"asha@example.com"}"#).unwrap();
        assert_eq!(good.required::<Email>("email").unwrap().as_str(), "asha@example.com");
        assert!(good.finish().is_ok());
        assert_eq!(Fields::of(b"[]").unwrap_err().kind(), crate::base::ErrorKind::Invalid);
    }
}
