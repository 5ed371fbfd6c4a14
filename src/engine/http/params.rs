//! Path and query parameters.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::value::{self, MapDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer, Visitor};

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

pub(super) type Pairs = Vec<(String, Given)>;

/// The values of one name, in their order.
#[derive(Debug, Clone)]
pub(super) struct Given(Vec<String>);

/// The names of a query, each once, with all that was given for it.
pub(super) fn pairs(query: &str) -> Result<Pairs> {
    let mut pairs: Pairs = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        if name.contains('\0') || value.contains('\0') || value.contains('\u{fffd}') {
            let shown = name.replace('\0', "\u{fffd}");
            return Err(Error::fields(vec![FieldError::new(shown, "invalid_value", NUL_RULE)]));
        }
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, given)) => given.0.push(value),
            None => pairs.push((name, Given(vec![value]))),
        }
    }
    Ok(pairs)
}

/// # Errors
/// All that is wrong: reading ends at the first, so what follows is read by itself.
pub(super) fn typed<T: DeserializeOwned>(pairs: &[(String, Given)]) -> Result<T> {
    one_by_one(pairs).map_err(|first| {
        let mut wrong = first.field_errors().to_vec();
        for pair in pairs {
            let alone = one_by_one::<T>(std::slice::from_ref(pair)).err();
            let its_own = alone.iter().flat_map(Error::field_errors).filter(|field| field.pointer == pair.0);
            for field in its_own {
                if !wrong.iter().any(|known| known.pointer == field.pointer) {
                    wrong.push(field.clone());
                }
            }
        }
        Error::fields(wrong)
    })
}

fn one_by_one<T: DeserializeOwned>(pairs: &[(String, Given)]) -> Result<T> {
    let source = MapDeserializer::new(pairs.iter().map(|(name, given)| (name.as_str(), given.clone())));
    serde_path_to_error::deserialize(source).map_err(|error| {
        let name = error.path().to_string();
        let sentence = error.into_inner().to_string();
        if sentence == REPEATED {
            return Error::fields(vec![FieldError::new(name, "repeated", REPEATED)]);
        }
        let mut field = field_error(if name == "." { String::new() } else { format!("/{name}") }, &sentence);
        field.pointer = field.pointer.trim_start_matches('/').to_string();
        Error::fields(vec![field])
    })
}

const REPEATED: &str = "give this parameter once; it takes no list";
/// More than there are event types, which may all be named.
const MOST_VALUES: usize = 200;
/// How a [`CommaList`] asks for all values of its name.
const LIST: &str = "CommaList";

impl Given {
    /// The value of a name that takes one.
    fn one(&self) -> Result<&str, value::Error> {
        match self.0.as_slice() {
            [one] => Ok(one),
            _ => Err(serde::de::Error::custom(REPEATED)),
        }
    }
}

impl IntoDeserializer<'_, value::Error> for Given {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

/// Numbers and flags are read from their text.
macro_rules! parsed {
    ($($deserialize:ident => $visit:ident),+ $(,)?) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let parsed = self.one()?.parse().map_err(serde::de::Error::custom)?;
            visitor.$visit(parsed)
        }
    )+};
}

impl<'de> serde::Deserializer<'de> for Given {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(self.one()?)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let given = if name == LIST { Self(vec![self.0.join(",")]) } else { self };
        visitor.visit_newtype_struct(given)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let text: value::StrDeserializer<'_, Self::Error> = self.one()?.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }
    parsed! {
        deserialize_bool => visit_bool, deserialize_i8 => visit_i8, deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32, deserialize_i64 => visit_i64, deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16, deserialize_u32 => visit_u32, deserialize_u64 => visit_u64,
        deserialize_f32 => visit_f32, deserialize_f64 => visit_f64,
    }
    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// `?status=new,contacted`, or `?status=new&status=contacted`: one or more values, at most 200.
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
        let text = d.deserialize_newtype_struct(LIST, Joined)?;
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > MOST_VALUES {
            return Err(serde::de::Error::custom(format!("expected at most {MOST_VALUES} values")));
        }
        let values: Result<Vec<T>, String> = parts.into_iter().map(str::parse).collect();
        values.map(Self).map_err(serde::de::Error::custom)
    }
}

/// All values of a name, with commas between them.
struct Joined;

impl<'de> Visitor<'de> for Joined {
    type Value = String;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("values separated by commas")
    }
    fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        serde::Deserialize::deserialize(d)
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
        let error = parse::<Filter>("limit=x&nope=1&kinds=INR,XXZ&limit=2").unwrap_err();
        let wrong: Vec<&str> = error.field_errors().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(wrong, ["limit", "nope", "kinds"], "all that is wrong is told at once");
        for query in ["kinds=inr,usd&limit=5", "kinds=inr&limit=5&kinds=usd", "limit=5&kinds=inr&kinds=usd"] {
            let good = parse::<Filter>(query).unwrap();
            assert_eq!((good.limit, good.kinds.unwrap().0.len()), (Some(5), 2), "{query}");
        }
    }
}
