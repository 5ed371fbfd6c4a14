//! Keyset pages: `{"data": [...], "next_cursor": "…"}`. A cursor is opaque and holds where the last row stood.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::params;
use crate::base::{Error, FieldError, Result};

/// One page of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give it as `cursor` for the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one row more than the page holds, so that the last page is known without counting.
    pub fn of(mut rows: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> Cursor) -> Self {
        let more = rows.len() > limit.size();
        rows.truncate(limit.size());
        let next_cursor = if more { rows.last().map(|row| key(row).0) } else { None };
        Self { data: rows, next_cursor }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// How many entries a page holds: 1 to 200, 50 by default.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u16);

impl Limit {
    pub fn size(self) -> usize {
        self.0.into()
    }
    /// What to ask the database for: one more than the page holds.
    pub fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}
impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}
impl<'de> serde::Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.parse::<u16>() {
            Ok(limit @ 1..=200) => Ok(Self(limit)),
            _ => Err(serde::de::Error::custom("expected a whole number from 1 to 200")),
        }
    }
}

/// The query of a list: `limit`, `cursor`, and the filters that are the list's own. Anything else is refused.
#[derive(Debug)]
pub struct Paging<F = NoFilter> {
    filter: F,
    limit: Limit,
    cursor: Option<Cursor>,
}

/// Of a list without filters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// The part of the query that every list takes.
#[derive(Debug, serde::Deserialize)]
struct Place {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

impl<F> Paging<F> {
    /// The filters, the page's size, and the key after which it begins.
    ///
    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn read<K: DeserializeOwned>(self) -> Result<(F, Limit, Option<K>)> {
        let after = self.cursor.map(|cursor| cursor.read()).transpose()?;
        Ok((self.filter, self.limit, after))
    }
}

impl<F: DeserializeOwned + 'static> FromRequest for Paging<F> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(req.query_string()))
    }
}

impl<F: DeserializeOwned> Paging<F> {
    fn parse(query: &str) -> Result<Self> {
        let pairs = params::pairs(query)?;
        let (place, own): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, _)| LIST_PARAMETERS.contains(&name.as_str()));
        let filter = params::typed(&own)
            .map_err(|error| Error::fields(error.field_errors().iter().cloned().map(also_known).collect()))?;
        let Place { limit, cursor } = params::typed(&place)?;
        Ok(Self { filter, limit, cursor })
    }
}

/// What every list takes. The filters' own type does not know it.
pub(super) const LIST_PARAMETERS: [&str; 2] = ["limit", "cursor"];

fn also_known(mut field: FieldError) -> FieldError {
    if field.code == "unknown_field" {
        field.detail = match field.detail.strip_suffix("there are no fields") {
            Some(begun) => format!("{begun}expected `limit` or `cursor`"),
            None => format!("{}, `limit`, `cursor`", field.detail),
        };
    }
    field
}

/// An opaque place in a list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Cursor(pub String);

impl Cursor {
    pub fn of(key: &impl serde::Serialize) -> Self {
        Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default()))
    }

    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        URL_SAFE_NO_PAD
            .decode(&self.0)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Error::field("cursor", "invalid_value", "expected the next_cursor of this list, unchanged"))
    }
}
impl<'de> serde::Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(d).map(Self)
    }
}
