//! Path and query parameters.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::document::{NUL_RULE, field_error};
use crate::base::{Error, FieldError, Result};

/// Typed path parameters. A value that cannot be an id is not found, and said to be none.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = actix_web::web::Path::<T>::extract(req).into_inner();
        ready(
            parsed.map(|path| Self(path.into_inner())).map_err(|_| Error::not_found("resource.not_found", no_id(req))),
        )
    }
}

fn no_id(req: &HttpRequest) -> String {
    let is_id = |part: &str| uuid::Uuid::try_parse(part).is_ok();
    match req.match_info().iter().map(|(_, part)| part).find(|part| !is_id(part)) {
        Some(part) if part.len() <= 64 => {
            format!("{part:?} is no id. Expected one as it was answered, such as 019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11.")
        }
        _ => "There is nothing under this path.".into(),
    }
}

/// Typed query parameters; unknown ones are refused (the type says `deny_unknown_fields`).
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(req.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    typed(&pairs(query)?)
}

pub(super) type Pairs = Vec<(String, String)>;

/// The names and values of a query; each name once.
pub(super) fn pairs(query: &str) -> Result<Pairs> {
    let pairs: Pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut seen = std::collections::HashSet::new();
    for (name, value) in &pairs {
        let shown = name.replace('\0', "\u{fffd}");
        if name.contains('\0') || value.contains('\0') || value.contains('\u{fffd}') {
            return Err(Error::fields(vec![FieldError::new(shown, "invalid_value", NUL_RULE)]));
        }
        if !seen.insert(name.as_str()) {
            let detail = "give this parameter once; separate several values by commas where a list is allowed";
            return Err(Error::fields(vec![FieldError::new(shown, "repeated", detail)]));
        }
    }
    Ok(pairs)
}

pub(super) fn typed<T: DeserializeOwned>(pairs: &Pairs) -> Result<T> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let source = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(source).map_err(|error| {
        let name = error.path().to_string();
        let mut field =
            field_error(if name == "." { String::new() } else { format!("/{name}") }, &error.into_inner().to_string());
        field.pointer = field.pointer.trim_start_matches('/').to_string();
        Error::fields(vec![field])
    })
}

/// `?status=new,contacted`: one or more values separated by commas, at most 50.
#[derive(Debug, Clone)]
pub struct CommaList<T>(pub Vec<T>);

impl<T> std::ops::Deref for CommaList<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> Default for CommaList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: FromStr<Err = String>> serde::Deserialize<'de> for CommaList<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > 50 {
            return Err(serde::de::Error::custom("expected at most 50 values"));
        }
        let values: Result<Vec<T>, String> = parts.into_iter().map(str::parse).collect();
        values.map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        limit: Option<u32>,
        kinds: Option<CommaList<crate::base::money::Currency>>,
    }

    #[test]
    fn names_the_wrong_parameter() {
        for (query, name, code) in [
            ("limit=x", "limit", "invalid_value"),
            ("nope=1", "nope", "unknown_field"),
            ("limit=1&limit=2", "limit", "repeated"),
            ("kinds=INR,XXZ", "kinds", "invalid_value"),
            ("limit=%00", "limit", "invalid_value"),
        ] {
            let error = parse::<Filter>(query).unwrap_err();
            assert_eq!(
                (error.field_errors()[0].pointer.as_str(), error.field_errors()[0].code.as_ref()),
                (name, code),
                "{query}"
            );
        }
        let good = parse::<Filter>("kinds=inr,usd&limit=5").unwrap();
        assert_eq!((good.limit, good.kinds.unwrap().0.len()), (Some(5), 2));
    }
}
