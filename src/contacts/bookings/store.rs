//! Rows of `bookings` and `contact_spend`.

pub(super) mod respell;

use diesel::prelude::*;

use super::model::{BookingSource, BookingStatus, Moments};
use crate::base::bounded::Line;
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::base::{Result, unicode};
use crate::contacts::id::{BookingId, ContactId};
use crate::contacts::schema::{bookings, contact_spend as spend};
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};

/// What somebody buys.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = bookings, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Booking {
    pub tenant_id: TenantId,
    pub id: BookingId,
    pub contact_id: ContactId,
    pub title: String,
    pub category: Option<String>,
    /// Folded.
    pub category_word: Option<String>,
    pub status: BookingStatus,
    /// Minor units.
    pub value_amount: Option<i64>,
    pub value_currency: Option<Currency>,
    pub city: Option<String>,
    /// Folded.
    pub city_word: Option<String>,
    pub starts_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub refunded_at: Option<Timestamp>,
    /// Completed, else begun, else entered.
    pub latest_at: Timestamp,
    pub external_id: Option<String>,
    pub source: Doc<BookingSource>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Booking {
    pub fn value(&self) -> Option<Money> {
        Some(Money::new(self.value_amount?, self.value_currency?))
    }

    pub fn set_value(&mut self, value: Option<Money>) {
        (self.value_amount, self.value_currency) = value.map(|money| (money.amount, money.currency)).unzip();
    }

    pub fn moments(&self) -> Moments {
        let Self { confirmed_at, completed_at, cancelled_at, refunded_at, .. } = *self;
        Moments { confirmed_at, completed_at, cancelled_at, refunded_at }
    }

    pub fn set_moments(&mut self, moments: Moments) {
        let Moments { confirmed_at, completed_at, cancelled_at, refunded_at } = moments;
        (self.confirmed_at, self.completed_at) = (confirmed_at, completed_at);
        (self.cancelled_at, self.refunded_at) = (cancelled_at, refunded_at);
    }

    /// Before it is written: what follows from its other fields.
    pub fn refresh(&mut self) {
        let word = |text: &Option<String>| text.as_deref().map(unicode::folded).filter(|word| !word.is_empty());
        self.category_word = word(&self.category);
        self.city_word = word(&self.city);
        self.latest_at = self.completed_at.or(self.starts_at).unwrap_or(self.created_at);
    }

    /// What was paid for by it.
    pub fn spent(&self) -> Option<Money> {
        self.value().filter(|_| self.status == BookingStatus::Completed)
    }
}

crate::view! {
    /// What a contact buys: a project, a deal, an appointment.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a16", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12",
        "title": "Sharma wedding", "category": "wedding", "status": "confirmed", "value": {"amount": 15_000_000, "currency": "INR"},
        "city": "Mumbai", "starts_at": "2026-12-12T10:00:00Z", "confirmed_at": "2026-11-20T09:00:00Z", "completed_at": null,
        "cancelled_at": null, "refunded_at": null, "external_id": "deal-1042", "source": {"utm_source": null, "campaign_id": "diwali-offer", "click_id": null},
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    #[derive(Debug)]
    pub struct BookingView from booking: Booking {
        pub id: BookingId,
        pub contact_id: ContactId,
        pub title: String,
        pub category: Option<String>,
        pub status: BookingStatus,
        pub value: Option<Money> = booking.value_amount.zip(booking.value_currency).map(|(amount, of)| Money::new(amount, of)),
        pub city: Option<String>,
        pub starts_at: Option<Timestamp>,
        /// Since when it is or was confirmed; null when it never was.
        pub confirmed_at: Option<Timestamp>,
        /// When it was carried out: of a completed or refunded one.
        pub completed_at: Option<Timestamp>,
        pub cancelled_at: Option<Timestamp>,
        pub refunded_at: Option<Timestamp>,
        /// Its id elsewhere; of two of a tenant it is never the same.
        pub external_id: Option<String>,
        pub source: BookingSource = booking.source.0,
        #[serde(skip)]
        pub version: i32,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

crate::versioned!(BookingView);
crate::shown!(Booking as BookingView);
crate::rows!(bookings: Booking, BookingId, "booking" => insert, find, get, hold, save, delete);

crate::filter! {
    /// Which bookings to list.
    pub struct BookingFilter of bookings by change {
        contact_id: Option<ContactId> => eq contact_id,
        #[param(inline)]
        status: Option<BookingStatus> => eq status,
        /// In any spelling of the letters.
        category: Option<Line<1, 100>> => by hand,
        /// In any spelling of the letters.
        city: Option<Line<1, 120>> => by hand,
        external_id: Option<Line<1, 200>> => spelled external_id,
        currency: Option<Currency> => eq value_currency,
        /// This value or a larger one, in minor units; give the currency with it.
        value_from: Option<i64> => since value_amount,
        /// Below this value, in minor units.
        value_below: Option<i64> => before value_amount,
        starts_after: Option<Timestamp> => since starts_at,
        starts_before: Option<Timestamp> => before starts_at,
        completed_after: Option<Timestamp> => since completed_at,
        completed_before: Option<Timestamp> => before completed_at,
        created_after: Option<Timestamp> => since created_at,
        created_before: Option<Timestamp> => before created_at,
    }
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &BookingFilter, page: &PageRequest) -> Result<Page<Booking>> {
    use bookings::{category_word, city_word, id, tenant_id, updated_at};
    let which = filter
        .narrow(Where::of(tx, tenant_id))
        .eq(category_word, filter.category.as_deref().map(unicode::folded))
        .eq(city_word, filter.city.as_deref().map(unicode::folded));
    let newest = Order::by_id(Desc, id, |row: &Booking| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Booking| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// Those with these ids of elsewhere.
pub fn by_external_ids(tx: &mut TenantTx<'_>, ids: &[&str]) -> Result<Vec<Booking>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = bookings::table.filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::external_id.eq_any(ids)));
    Ok(crate::among!(tx.conn(), rows.select(Booking::as_select()), load)?)
}

/// The latest of a person's that stands.
pub fn latest(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<Option<(Timestamp, Option<String>)>> {
    let rows = bookings::table
        .filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::contact_id.eq(contact)))
        .filter(bookings::status.ne(BookingStatus::Cancelled).and(bookings::status.ne(BookingStatus::Refunded)))
        .order((bookings::latest_at.desc(), bookings::id.desc()))
        .select((bookings::latest_at, bookings::category));
    Ok(rows.first(tx.conn()).optional()?)
}

/// The ids of a person's newest.
pub fn newest(tx: &mut TenantTx<'_>, contact: ContactId, limit: i64) -> Result<Vec<BookingId>> {
    let rows = bookings::table
        .filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::contact_id.eq(contact)))
        .order((bookings::latest_at.desc(), bookings::id.desc()))
        .limit(limit)
        .select(bookings::id);
    Ok(rows.load(tx.conn())?)
}

/// All of a person's, for whoever counts them anew.
pub fn all_of(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<Vec<Booking>> {
    let rows = bookings::table.filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::contact_id.eq(contact)));
    Ok(rows.select(Booking::as_select()).load(tx.conn())?)
}

/// Makes all of a person's another's.
pub fn give(tx: &mut TenantTx<'_>, from: ContactId, to: ContactId) -> Result<usize> {
    let now = tx.now();
    let rows = bookings::table.filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::contact_id.eq(from)));
    let set = (bookings::contact_id.eq(to), bookings::version.eq(bookings::version + 1), bookings::updated_at.eq(now));
    Ok(diesel::update(rows).set(set).execute(tx.conn())?)
}

/// Writes down how much a person has paid for in a currency.
pub fn set_spend(tx: &mut TenantTx<'_>, contact: ContactId, currency: Currency, amount: i64) -> Result<()> {
    let row = spend::table.find((tx.tenant(), contact, currency));
    if amount == 0 {
        diesel::delete(row).execute(tx.conn())?;
        return Ok(());
    }
    if diesel::update(row).set(spend::amount.eq(amount)).execute(tx.conn())? == 0 {
        let tenant = tx.tenant();
        let values = (
            spend::tenant_id.eq(tenant),
            spend::contact_id.eq(contact),
            spend::currency.eq(currency),
            spend::amount.eq(amount),
        );
        diesel::insert_into(spend::table).values(values).execute(tx.conn())?;
    }
    Ok(())
}
