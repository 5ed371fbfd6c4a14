//! Bookings that somebody enters, changes and deletes.

use super::account::Accounts;
use super::facts::BookingFact;
use super::model::{BookingSource, BookingStatus};
use super::store::{self as rows, Booking};
use crate::base::bounded::Line;
use crate::base::changes::Changes;
use crate::base::json::Doc;
use crate::base::money::Money;
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::contacts::id::{BookingId, ContactId};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

crate::patch! {
    /// What somebody buys. Absent keeps, null clears; a new one needs a contact and a title, and is an inquiry unless it says otherwise.
    #[schema(example = json!({"contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "title": "Sharma wedding", "category": "wedding",
        "status": "confirmed", "value": {"amount": 15_000_000, "currency": "INR"}, "city": "Mumbai", "starts_at": "2026-12-12T10:00:00Z",
        "external_id": "deal-1042", "source": {"campaign_id": "diwali-offer"}}))]
    pub struct BookingInput of Booking {
        /// Whose it is.
        contact_id: Given<ContactId>,
        title: Given<Line<1, 200>>,
        category: Patch<Line<1, 100>>,
        /// Any may follow any. The moment at which it was confirmed, completed, cancelled or refunded is kept.
        status: Given<BookingStatus> => by hand,
        value: Patch<Money> => by hand,
        city: Patch<Line<1, 120>>,
        starts_at: Patch<Timestamp>,
        /// When it was carried out, if that was not when its status changed: of a completed or refunded one.
        completed_at: Patch<Timestamp> => by hand,
        /// Its id elsewhere; of two of a tenant it is never the same.
        pub external_id: Patch<Line<1, 200>>,
        /// The click or campaign that it came from, as a whole.
        source: Patch<BookingSource> => by hand,
    }
}

/// The tenant's turn, in which contacts are written.
pub(super) fn open(tx: &mut TenantTx<'_>) -> Result<()> {
    lock_tenant(tx, "intake")
}

/// # Errors
/// `booking.external_id_taken`; a field that cannot be.
pub fn create(tx: &mut TenantTx<'_>, input: BookingInput) -> Result<Booking> {
    open(tx)?;
    let mut accounts = Accounts::default();
    let booking = enter(tx, &mut accounts, input, Called::Unheard)?;
    accounts.close(tx)?;
    Ok(booking)
}

/// # Errors
/// `booking.not_found`, `booking.external_id_taken`, `request.precondition_failed`; a field that cannot be.
pub fn change(tx: &mut TenantTx<'_>, id: BookingId, input: BookingInput, if_match: &IfMatch) -> Result<Booking> {
    open(tx)?;
    let before = rows::hold(tx, id)?;
    if_match.check(before.version)?;
    let mut accounts = Accounts::default();
    let booking = alter(tx, &mut accounts, before, input)?;
    accounts.close(tx)?;
    Ok(booking)
}

/// # Errors
/// `booking.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, id: BookingId) -> Result<()> {
    open(tx)?;
    let booking = rows::hold(tx, id)?;
    let mut accounts = Accounts::default();
    accounts.open(tx, booking.contact_id)?;
    accounts.note(Some(&booking), None)?;
    rows::delete(tx, id)?;
    tx.record(of(&booking).told_as(BookingFact::DELETED).about(id.uuid()))?;
    accounts.close(tx)
}

/// Makes all bookings of one contact another's: of two who turned out to be one. Whoever calls has taken the tenant's turn.
pub fn move_all(tx: &mut TenantTx<'_>, from: ContactId, to: ContactId) -> Result<()> {
    if rows::give(tx, from, to)? > 0 {
        recount(tx, from)?;
        recount(tx, to)?;
    }
    Ok(())
}

/// Counts anew what follows from a contact's bookings.
pub fn recount(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<()> {
    Accounts::recounted(tx, contact)
}

/// Whether it is known that nobody has the external id of a new booking.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    ByNobody,
    Unheard,
}

/// A new one; its contact's account is left open.
pub(super) fn enter(
    tx: &mut TenantTx<'_>,
    accounts: &mut Accounts,
    input: BookingInput,
    called: Called,
) -> Result<Booking> {
    let missing = [("/contact_id", input.contact_id.is_absent()), ("/title", input.title.is_absent())];
    let missing = missing.into_iter().filter(|(_, is_absent)| *is_absent);
    let mut wrong: Vec<FieldError> =
        missing.map(|(at, _)| FieldError::new(at, "required", "this field is required")).collect();
    let now = tx.now();
    let mut booking = Booking {
        tenant_id: tx.tenant(),
        id: BookingId::new(),
        contact_id: ContactId::from_uuid(crate::base::id::Uuid::nil()),
        title: String::new(),
        category: None,
        category_word: None,
        status: BookingStatus::Inquiry,
        value_amount: None,
        value_currency: None,
        city: None,
        city_word: None,
        starts_at: None,
        confirmed_at: None,
        completed_at: None,
        cancelled_at: None,
        refunded_at: None,
        latest_at: now,
        external_id: None,
        source: Doc(BookingSource::default()),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    apply(tx, accounts, &mut booking, input, &mut wrong)?;
    if called == Called::Unheard {
        check_external_id(tx, &booking)?;
    }
    accounts.note(None, Some(&booking))?;
    rows::insert(tx, &booking)?;
    let fact = BookingFact {
        status: Some(booking.status),
        category: booking.category.clone(),
        value: booking.value(),
        external_id: booking.external_id.clone(),
        ..of(&booking)
    };
    tx.record(fact.told_as(BookingFact::CREATED).about(booking.id.uuid()))?;
    Ok(booking)
}

/// Another of one that is held; the accounts of its contacts are left open.
pub(super) fn alter(
    tx: &mut TenantTx<'_>,
    accounts: &mut Accounts,
    before: Booking,
    input: BookingInput,
) -> Result<Booking> {
    let mut booking = before.clone();
    accounts.open(tx, before.contact_id)?;
    let changes = apply(tx, accounts, &mut booking, input, &mut Vec::new())?;
    if changes.is_empty() {
        return Ok(before);
    }
    if changes.has("external_id") {
        check_external_id(tx, &booking)?;
    }
    accounts.note(Some(&before), Some(&booking))?;
    rows::save(tx, &mut booking)?;
    let about = booking.id.uuid();
    if booking.status != before.status {
        let (category, value) = (booking.category.clone(), booking.value());
        let (from, to) = (Some(before.status), Some(booking.status));
        let fact = BookingFact { from, to, category, value, ..of(&booking) };
        tx.record(fact.told_as(BookingFact::STATUS_CHANGED).about(about))?;
    }
    let others: Vec<String> = changes.told().into_iter().filter(|name| name != "status").collect();
    if !others.is_empty() {
        let fact = BookingFact { changed: Some(others), ..of(&booking) };
        tx.record(fact.told_as(BookingFact::UPDATED).about(about))?;
    }
    Ok(booking)
}

fn of(booking: &Booking) -> BookingFact {
    BookingFact { contact_id: Some(booking.contact_id), ..BookingFact::default() }
}

/// Puts what was sent in its place, and tells everything that cannot be at once.
fn apply(
    tx: &mut TenantTx<'_>,
    accounts: &mut Accounts,
    booking: &mut Booking,
    mut input: BookingInput,
    wrong: &mut Vec<FieldError>,
) -> Result<Changes> {
    if let Some(contact) = input.contact_id.value()
        && !accounts.open(tx, *contact)?
    {
        wrong.push(FieldError::new("/contact_id", "invalid_value", "expected the id of a contact of this tenant"));
    }
    let status = input.status.0.unwrap_or(booking.status);
    if input.completed_at.is_value() && !status.is_done() {
        let rule = format!("only a completed or refunded booking has been carried out, not one that is {status}");
        wrong.push(FieldError::new("/completed_at", "invalid_value", rule));
    }
    if !wrong.is_empty() {
        return Err(Error::fields(std::mem::take(wrong)));
    }
    let mut changes = input.apply(booking);
    if status != booking.status {
        booking.set_moments(booking.moments().turned(status, tx.now()));
        booking.status = status;
        changes.note("status", true);
    }
    let completed_at = match input.completed_at {
        Patch::Absent => booking.completed_at,
        // Of what is completed the moment is known: null is none.
        Patch::Null => booking.completed_at.filter(|_| booking.status == BookingStatus::Completed),
        Patch::Value(at) => Some(at),
    };
    changes.put("completed_at", &mut booking.completed_at, completed_at);
    if let Some(value) = input.value.sent() {
        let is_other = value != booking.value();
        booking.set_value(value);
        changes.note("value", is_other);
    }
    if let Some(source) = input.source.sent() {
        changes.put("source", &mut booking.source.0, source.unwrap_or_default());
    }
    booking.refresh();
    Ok(changes)
}

/// # Errors
/// `booking.external_id_taken`.
fn check_external_id(tx: &mut TenantTx<'_>, booking: &Booking) -> Result<()> {
    let Some(external_id) = booking.external_id.as_deref() else { return Ok(()) };
    match rows::by_external_ids(tx, &[external_id])?.first() {
        Some(other) if other.id != booking.id => {
            let message = format!("Another booking has this external id: {}.", other.id);
            Err(Error::conflict("booking.external_id_taken", message))
        }
        _ => Ok(()),
    }
}
