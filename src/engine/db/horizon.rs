//! Until when everything that was written can be seen.
//!
//! A transaction takes its moment when it begins and is seen when it ends, so what is older may appear after what is newer. Whoever
//! reads in the order of change and never looks back ([`Order::by_change`](super::page::Order::by_change)) would miss it. So such a
//! page ends before the oldest moment that a transaction may still bring: the horizon. What is older than that is all there, or
//! never will be.
//!
//! This process knows its own writes that are under way. Those of others are seen in PostgreSQL, which tells how long the oldest open
//! transaction has lasted, and whose clock nobody shares: it is asked for a length of time, not for a moment. Clocks of processes
//! differ a little, so the horizon lies further back by [`DbSettings::clocks_apart`](super::DbSettings::clocks_apart). Writers pay
//! nothing for any of this but a number in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::conn::DbConn;
use super::prepared::{prepared, value};
use crate::base::Result;
use crate::base::id::{RawId, Uuid};
use crate::base::time::{Clock, Timestamp};

/// Everything older than this is seen.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    moment: Timestamp,
    /// The same by the system's clock, by which ids are made.
    made: Timestamp,
}

impl Horizon {
    /// Rows that were written before it are all seen.
    pub fn moment(self) -> Timestamp {
        self.moment
    }

    /// Ids that sort before it are all seen.
    pub fn id(self) -> RawId {
        let millis = u128::try_from(self.made.micros().div_euclid(1000)).unwrap_or(0);
        RawId(Uuid::from_u128(millis << 80))
    }
}

/// When each write that is under way in this process began.
#[derive(Clone)]
pub(super) struct UnderWay(Arc<Inner>);

struct Inner {
    clock: Clock,
    apart: Duration,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    entered: u64,
    began: BTreeMap<u64, Horizon>,
}

/// A write is under way until this is dropped.
pub(super) struct Stay {
    number: u64,
    among: UnderWay,
}

impl UnderWay {
    pub fn new(clock: Clock, apart: std::time::Duration) -> Self {
        let apart = Duration::from_std(apart).unwrap_or_default();
        Self(Arc::new(Inner { clock, apart, open: Mutex::default() }))
    }

    /// What the clock shows at this instant.
    pub fn clock_now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Horizon {
        Horizon { moment: self.0.clock.now(), made: Clock::system().now() }
    }

    /// A write begins; this is its moment.
    pub fn enter(&self) -> (Timestamp, Stay) {
        let mut open = self.open();
        // Taken under the lock: whoever asks for the horizon meanwhile finds it below this moment, or this write in the list.
        let now = self.now();
        open.entered += 1;
        let number = open.entered;
        open.began.insert(number, now);
        (now.moment, Stay { number, among: self.clone() })
    }

    /// To be asked before what it is to bound is read.
    pub fn horizon(&self, conn: &mut DbConn) -> Result<Horizon> {
        let (now, mine) = {
            let open = self.open();
            let now = self.now();
            let earliest =
                |a: Horizon, b: &Horizon| Horizon { moment: a.moment.min(b.moment), made: a.made.min(b.made) };
            (now, open.began.values().fold(now, earliest))
        };
        let DbConn::Postgres(conn) = conn else { return Ok(mine) };
        let others = longest_open(conn)?.map_or_else(Duration::zero, Duration::microseconds);
        Ok(Horizon {
            moment: mine.moment.min(now.moment.minus(others)).minus(self.0.apart),
            made: mine.made.min(now.made.minus(others)).minus(self.0.apart),
        })
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.among.open().began.remove(&self.number);
    }
}

#[derive(QueryableByName)]
struct Lasting {
    #[diesel(sql_type = Nullable<BigInt>)]
    micros: Option<i64>,
}

/// How long the oldest transaction has been open that may have taken its moment already. A statement by itself, such as somebody's
/// long search, began with its transaction and writes nothing; neither does a copy of the whole database.
fn longest_open(conn: &mut PgConnection) -> Result<Option<i64>> {
    const LOOK: &str = "SELECT CAST(extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000000 AS bigint) AS micros \
        FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() \
        AND (query_start <> xact_start OR state LIKE 'idle in transaction%' OR backend_xid IS NOT NULL) \
        AND application_name <> ";
    let found: Lasting = prepared([LOOK, ""], (value::<Text, _>("pg_dump"),)).get_result(conn)?;
    Ok(found.micros)
}
