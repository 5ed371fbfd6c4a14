//! Pages of a list: `{"data": [...], "next_cursor": "…"}`.
//!
//! A store says [which](super::filter) rows and in what [`Order`]; [`TenantTx::page`] and [`PlatformTx::page`] find the page
//! that was asked for. A list is walked by its keys and never by counting rows: a cursor is opaque and holds where the last row
//! stood, so a page begins exactly after the one before it, whatever was written in between. An order ends in the id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::Expression;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::conn::DbConn;
use super::filter::{Boxed, Comparable, Fragment, Piece};
use super::listing::{Listed, Rows, Statement};
use super::scope::{PlatformTx, TenantTx};
use crate::base::{Error, Result};

pub use super::listing::Direction;

/// One page of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give it as `cursor` for the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one row more than the page holds, so that the last page is known without counting.
    fn of(mut rows: Vec<T>, limit: PageSize, key: impl FnOnce(&T) -> Cursor) -> Self {
        let more = rows.len() > limit.size();
        rows.truncate(limit.size());
        let next_cursor = if more { rows.last().map(|row| key(row).0) } else { None };
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
        }
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
        }
    }
}

/// Finds the page: one row more than it holds, so that the last one is known.
fn find<R: Listed>(conn: &mut DbConn, rows: Rows, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
    let Order { columns, direction, seek, stands } = order;
    let after = at.cursor.as_ref().map(seek).transpose()?.unwrap_or_default();
    let statement = Statement::new(rows.with(after), columns, direction, at.limit.probe());
    Ok(Page::of(R::load(conn, statement)?, at.limit, stands))
}

impl TenantTx<'_> {
    /// A page of these rows.
    ///
    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn page<R: Listed>(&mut self, rows: impl Into<Rows>, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
        find(self.conn(), rows.into(), order, at)
    }
}

impl PlatformTx<'_> {
    /// A page of these rows.
    ///
    /// # Errors
    /// `cursor` is not one this list gave out.
    pub fn page<R: Listed>(&mut self, rows: impl Into<Rows>, order: Order<R>, at: &PageRequest) -> Result<Page<R>> {
        find(self.conn(), rows.into(), order, at)
    }
}
