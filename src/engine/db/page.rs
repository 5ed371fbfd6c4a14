//! Pages of a list: `{"data": [...], "next_cursor": "…"}`.
//!
//! A store says [which](super::filter) rows and in what [`Order`]; [`TenantTx::page`] and [`PlatformTx::page`] find the page
//! that was asked for. A list is walked by its keys and never by counting rows: a cursor is opaque and holds where the last row
//! stood, so a page begins exactly after the one before it, whatever was written in between. An order ends in the id.
//!
//! A list that is copied is read in the order of change ([`ByChange`]). There is always a next page, which may be empty so far, and
//! a page ends at the [horizon](super::horizon), so that nothing appears behind a reader who went on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::Expression;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::filter::{Boxed, Comparable, Fragment, Piece};
use super::horizon::Horizon;
use super::listing::{Listed, Rows, Statement};
use super::scope::{PlatformTx, TenantTx};
use crate::base::id::{RawId, Uuid};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

pub use super::listing::Direction;

/// One page of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give it as `cursor` for the next page; null on the last page. In an order that is read on and on (`sort=updated_at`) it is
    /// never null: an empty page is the last one so far.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one row more than the page holds, so that the last page is known without counting.
    fn of(mut rows: Vec<T>, limit: PageSize, key: impl FnOnce(&T) -> Cursor, stays: Option<Cursor>) -> Self {
        let more = rows.len() > limit.size();
        rows.truncate(limit.size());
        let last = rows.last().filter(|_| more || stays.is_some()).map(key);
        let next_cursor = last.or(stays).map(|cursor| cursor.0);
        Self { data: rows, next_cursor }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }

    /// # Errors
    /// The first row's that has one.
    pub fn try_map<U>(self, f: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        Ok(Page { data: self.data.into_iter().map(f).collect::<Result<_>>()?, next_cursor: self.next_cursor })
    }

    /// The same page with other entries, as views made of all of them together.
    pub fn with<U>(self, f: impl FnOnce(Vec<T>) -> Result<Vec<U>>) -> Result<Page<U>> {
        Ok(Page { data: f(self.data)?, next_cursor: self.next_cursor })
    }
}

/// How many entries a page holds.
#[derive(Debug, Clone, Copy)]
pub struct PageSize(u16);

impl PageSize {
    pub const MOST: u16 = 200;
    pub const DEFAULT: u16 = 50;

    fn size(self) -> usize {
        self.0.into()
    }
    /// What to ask the database for: one more than the page holds.
    fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}
impl Default for PageSize {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}
impl<'de> serde::Deserialize<'de> for PageSize {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.parse::<u16>() {
            Ok(size @ 1..=Self::MOST) => Ok(Self(size)),
            _ => Err(serde::de::Error::custom("expected a whole number from 1 to 200")),
        }
    }
}

/// An opaque place in a list.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    fn of(key: &impl Serialize) -> Self {
        Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default()))
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(foreign_cursor)
    }
}

/// For a cursor that no list of this kind gave out.
pub fn foreign_cursor() -> Error {
    Error::field("cursor", "invalid_value", "expected the next_cursor of this list, unchanged")
}

/// Which page of a list: what every list takes besides its filters.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    #[serde(default)]
    limit: PageSize,
    cursor: Option<Cursor>,
}

impl PageRequest {
    /// The first page, of so many entries.
    pub fn first(entries: u16) -> Self {
        Self { limit: PageSize(entries), cursor: None }
    }

    /// What a body asks for; its bounds are the body's.
    pub fn of(limit: Option<u16>, cursor: Option<String>) -> Self {
        let limit = limit.map_or_else(PageSize::default, |limit| PageSize(limit.clamp(1, PageSize::MOST)));
        Self { limit, cursor: cursor.map(Cursor) }
    }

    /// Where it begins, in a list [by change](Order::by_change).
    ///
    /// # Errors
    /// `cursor` is not one of such a list.
    pub fn changed<K: DeserializeOwned>(&self) -> Result<Option<(Timestamp, K)>> {
        self.cursor.as_ref().map(|cursor| cursor.read::<Changed<K>>()?.place()).transpose()
    }

    /// Begins after this key, in a list [by ids](Order::by_id), unless it is another page already.
    pub fn after(&self, key: &impl Serialize) -> Self {
        Self { limit: self.limit, cursor: self.cursor.clone().or_else(|| Some(Cursor::of(key))) }
    }
}

/// What is asked of the rows after a place.
type Seek = Box<dyn FnOnce(&Cursor) -> Result<Vec<Piece>>>;

/// In what order rows of the type `R` are listed, and how a cursor is spelled there. Clients keep cursors, so the spelling of a
/// list stays as it is.
pub struct Order<R> {
    columns: Vec<Boxed>,
    direction: Direction,
    seek: Seek,
    stands: Box<dyn Fn(&R) -> Cursor>,
    on_and_on: Option<OnAndOn>,
}

/// Of an order that whoever copies the list reads again and again.
struct OnAndOn {
    /// What is seen for good.
    until: Box<dyn FnOnce(Horizon) -> Piece>,
    /// Before everything.
    begin: Cursor,
}

crate::text_enum! {
    /// The order of whoever keeps a copy of a list.
    pub enum ByChange { UpdatedAsc = "updated_at" }
}

impl ByChange {
    /// The order that was asked for: this one, or the list's own.
    pub fn or<R>(asked_for: Option<Self>, own: Order<R>, by_change: Order<R>) -> Order<R> {
        match asked_for {
            Some(Self::UpdatedAsc) => by_change,
            None => own,
        }
    }
}

/// Where an entry stood in the order of change.
#[derive(serde::Serialize, serde::Deserialize)]
struct Changed<K> {
    /// Microseconds since 1970.
    changed_at: i64,
    id: K,
}

impl<K> Changed<K> {
    fn place(self) -> Result<(Timestamp, K)> {
        let at = Timestamp::from_micros(self.changed_at).filter(|at| at.is_storable()).ok_or_else(foreign_cursor)?;
        Ok((at, self.id))
    }
}

impl<R> Order<R> {
    /// By the id alone, which grows with time. The cursor is the id.
    pub fn by_id<I, K>(direction: Direction, id: I, key: fn(&R) -> K) -> Self
    where
        R: 'static,
        I: Expression + Fragment + Copy + 'static,
        K: Comparable<I::SqlType> + Serialize + DeserializeOwned + 'static,
    {
        let seek = move |cursor: &Cursor| {
            let last: K = cursor.read()?;
            Ok(vec![Piece::compare(id, direction.further(), last.boxed())])
        };
        Self {
            columns: vec![Box::new(id)],
            direction,
            seek: Box::new(seek),
            stands: Box::new(move |row| Cursor::of(&key(row))),
            on_and_on: None,
        }
    }

    /// By the id, on and on: for rows that are only ever added, with ids that are made when they are.
    pub fn by_id_on<I, K>(id: I, key: fn(&R) -> K) -> Self
    where
        R: 'static,
        I: Expression + Fragment + Copy + 'static,
        K: Comparable<I::SqlType> + Serialize + DeserializeOwned + 'static,
        RawId: Comparable<I::SqlType>,
    {
        let until = move |horizon: Horizon| Piece::compare(id, " < ", Comparable::<I::SqlType>::boxed(horizon.id()));
        let on_and_on = OnAndOn { until: Box::new(until), begin: Cursor::of(&Uuid::nil()) };
        Self { on_and_on: Some(on_and_on), ..Self::by_id(Direction::Asc, id, key) }
    }

    /// By when each was changed last and by its id, the oldest change first, on and on: an entry that changes again stands at the
    /// end again. The cursor is of this order only.
    pub fn by_change<C, I, K>(columns: (C, I), key: fn(&R) -> (Timestamp, K)) -> Self
    where
        R: 'static,
        C: Expression + Fragment + Copy + 'static,
        I: Expression + Fragment + Copy + 'static,
        Timestamp: Comparable<C::SqlType>,
        K: Comparable<I::SqlType> + Serialize + DeserializeOwned + 'static,
    {
        let write = move |row: &R| {
            let (at, id) = key(row);
            Changed { changed_at: at.micros(), id }
        };
        let changed_at = columns.0;
        let until = move |horizon: Horizon| {
            Piece::compare(changed_at, " < ", Comparable::<C::SqlType>::boxed(horizon.moment()))
        };
        let begin = Cursor::of(&Changed { changed_at: 0, id: Uuid::nil() });
        let on_and_on = OnAndOn { until: Box::new(until), begin };
        Self { on_and_on: Some(on_and_on), ..Self::spelled(Direction::Asc, columns, write, Changed::place) }
    }

    /// By a column, and by the id where that is equal. The cursor is both.
    pub fn by<C, I, V, K>(direction: Direction, columns: (C, I), key: fn(&R) -> (V, K)) -> Self
    where
        R: 'static,
        C: Expression + Fragment + Copy + 'static,
        I: Expression + Fragment + Copy + 'static,
        V: Comparable<C::SqlType> + Serialize + DeserializeOwned + 'static,
        K: Comparable<I::SqlType> + Serialize + DeserializeOwned + 'static,
    {
        Self::spelled(direction, columns, key, Ok)
    }

    /// The same with a cursor that is spelled otherwise: `write` says where a row stands, `read` what that means.
    pub fn spelled<C, I, V, K, W>(
        direction: Direction,
        (column, id): (C, I),
        write: impl Fn(&R) -> W + 'static,
        read: impl FnOnce(W) -> Result<(V, K)> + 'static,
    ) -> Self
    where
        C: Expression + Fragment + Copy + 'static,
        I: Expression + Fragment + Copy + 'static,
        V: Comparable<C::SqlType>,
        K: Comparable<I::SqlType>,
        W: Serialize + DeserializeOwned,
    {
        let seek = move |cursor: &Cursor| {
            let (value, last) = read(cursor.read()?)?;
            // Both at once: an index of both starts at the place, however many rows are equal in the first.
            Ok(vec![Piece::Together {
                columns: vec![Box::new(column), Box::new(id)],
                operator: direction.further(),
                values: vec![value.boxed(), last.boxed()],
            }])
        };
        Self {
            columns: vec![Box::new(column), Box::new(id)],
            direction,
            seek: Box::new(seek),
            stands: Box::new(move |row| Cursor::of(&write(row))),
            on_and_on: None,
        }
    }
}

/// Finds the page: one row more than it holds, so that the last one is known.
fn find<R: Listed>(tx: &mut PlatformTx<'_>, rows: Rows, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
    let Order { columns, direction, seek, stands, on_and_on } = order;
    let mut bounds = at.cursor.as_ref().map(seek).transpose()?.unwrap_or_default();
    let mut stays = None;
    if let Some(OnAndOn { until, begin }) = on_and_on {
        bounds.push(until(tx.horizon()?));
        stays = Some(at.cursor.clone().unwrap_or(begin));
    }
    let statement = Statement::new(rows.with(bounds), columns, direction, at.limit.probe());
    Ok(Page::of(R::load(tx.conn(), statement)?, at.limit, stands, stays))
}

impl TenantTx<'_> {
    /// A page of these rows.
    ///
    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn page<R: Listed>(&mut self, rows: impl Into<Rows>, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
        find(&mut self.platform(), rows.into(), order, at)
    }
}

impl PlatformTx<'_> {
    /// A page of these rows.
    ///
    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn page<R: Listed>(&mut self, rows: impl Into<Rows>, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
        find(self, rows.into(), order, at)
    }
}
