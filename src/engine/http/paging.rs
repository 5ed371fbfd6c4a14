//! The query of a list. What a page is stands in [`page`](crate::engine::db::page).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::params;
use crate::base::{Error, FieldError, Result};
pub use crate::engine::db::Page;
use crate::engine::db::PageRequest;

/// The query of a list: `limit`, `cursor`, and the filters that are the list's own. Anything else is refused.
#[derive(Debug)]
pub struct Paging<F = NoFilter> {
    pub filter: F,
    pub page: PageRequest,
}

/// Of a list without filters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

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
        match (params::typed(&own), params::typed(&place)) {
            (Ok(filter), Ok(page)) => Ok(Self { filter, page }),
            (filter, page) => {
                let of_filter = filter.err().into_iter().flat_map(|error: Error| error.field_errors().to_vec());
                let of_page = page.err().into_iter().flat_map(|error: Error| error.field_errors().to_vec());
                Err(Error::fields(of_filter.map(also_known).chain(of_page).collect()))
            }
        }
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
