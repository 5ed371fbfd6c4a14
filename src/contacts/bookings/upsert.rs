//! Many bookings at once: each is found by its external id and changed, or is new. One that cannot be says why, and the others are
//! written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::account::Accounts;
use super::store::{self as rows, Booking};
use super::write::{self, BookingInput, Called};
use crate::base::{Error, ErrorKind, FieldError, Result};
use crate::contacts::id::BookingId;
use crate::engine::db::TenantTx;
use crate::engine::http::read_document;

crate::text_enum! {
    /// What became of one booking of many.
    pub enum BookingOutcome {
        Created = "created",
        Updated = "updated",
        /// It said what was known.
        Unchanged = "unchanged",
        /// Nothing of it was written; `error` says why.
        Failed = "failed",
    }
}

/// Why one of many was not written.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BookingError {
    /// As of a problem.
    pub code: String,
    pub detail: String,
    /// Which values are wrong, when values are; each points into the booking.
    pub errors: Vec<FieldError>,
}

/// What became of one of them.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BookingResult {
    /// Its place in the request, from 0.
    pub index: usize,
    pub outcome: BookingOutcome,
    /// Null when nothing was written.
    pub id: Option<BookingId>,
    pub error: Option<BookingError>,
}

/// Those that are known by what they are called elsewhere.
type Known = BTreeMap<String, Booking>;

/// Writes them in their order; what follows for their contacts is written once.
///
/// # Errors
/// Those that are nobody's fault, which undo all.
pub(super) fn upsert(tx: &mut TenantTx<'_>, bookings: Vec<Value>) -> Result<Vec<BookingResult>> {
    write::open(tx)?;
    let called: Vec<&str> = bookings.iter().filter_map(|one| one["external_id"].as_str().map(str::trim)).collect();
    let known = rows::by_external_ids(tx, &called)?.into_iter();
    let mut known: Known = known.filter_map(|booking| Some((booking.external_id.clone()?, booking))).collect();
    let mut accounts = Accounts::default();
    let mut results = Vec::with_capacity(bookings.len());
    for (index, booking) in bookings.into_iter().enumerate() {
        let result = match one(tx, &mut accounts, &mut known, booking) {
            Ok((outcome, id)) => BookingResult { index, outcome, id: Some(id), error: None },
            Err(error) if is_its_own(&error) => {
                let errors = error.field_errors().to_vec();
                let error = BookingError { code: error.code().into(), detail: error.message().into(), errors };
                BookingResult { index, outcome: BookingOutcome::Failed, id: None, error: Some(error) }
            }
            Err(error) => return Err(error),
        };
        results.push(result);
    }
    accounts.close(tx)?;
    Ok(results)
}

fn is_its_own(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Invalid | ErrorKind::Conflict)
}

fn one(
    tx: &mut TenantTx<'_>,
    accounts: &mut Accounts,
    known: &mut Known,
    booking: Value,
) -> Result<(BookingOutcome, BookingId)> {
    let input: BookingInput = read_document(booking)?;
    let before = input.external_id.value().and_then(|called| known.get(called.as_str()).cloned());
    let (outcome, booking) = match before {
        None => (BookingOutcome::Created, write::enter(tx, accounts, input, Called::ByNobody)?),
        Some(before) => {
            let version = before.version;
            let booking = write::alter(tx, accounts, before, input)?;
            let is_same = booking.version == version;
            (if is_same { BookingOutcome::Unchanged } else { BookingOutcome::Updated }, booking)
        }
    };
    let id = booking.id;
    if let Some(called) = booking.external_id.clone() {
        known.insert(called, booking);
    }
    Ok((outcome, id))
}
