//! How often something happened within a span of time: the counters behind caps.
//!
//! A count belongs to a tenant, or to the platform under the nil tenant, and is taken in the transaction of what it counts:
//! when that is rolled back, so is the count. Nothing here knows what is counted. Spans that are over are forgotten.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::db::schema::tallies;
use super::db::{DbConn, PlatformTx};
use crate::base::Result;
use crate::base::id::{Guid, TenantId};
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::prepared::{prepared, value};

/// Spans are kept for so long after they began.
const KEPT_DAYS: i64 = 8;

/// A span of time that is counted in: a whole hour or day of UTC, so that every process means the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl Span {
    pub fn hour(now: Timestamp) -> Self {
        Self::of(now, 3_600)
    }
    pub fn day(now: Timestamp) -> Self {
        Self::of(now, 86_400)
    }

    fn of(now: Timestamp, seconds: i64) -> Self {
        let began = now.utc().timestamp().div_euclid(seconds) * seconds;
        let starts_at = Timestamp::from_seconds(began).unwrap_or(now);
        Self { starts_at, ends_at: starts_at.plus(chrono::Duration::seconds(seconds)) }
    }
}

/// What is counted, and where.
#[derive(Debug, Clone, Copy)]
pub struct Tally<'a> {
    pub tenant: TenantId,
    pub kind: &'static str,
    /// Whom it is done to; empty where only the sum counts.
    pub subject: &'a str,
    pub span: Span,
}

impl Tally<'_> {
    /// Counts one more, unless there are `most` already: then it is `false` and nothing changed.
    pub fn take(&self, tx: &mut PlatformTx<'_>, most: u32) -> Result<bool> {
        if most == 0 {
            return Ok(false);
        }
        const INSERT: &str = "INSERT INTO tallies (tenant_id, kind, starts_at, subject, count) VALUES (";
        const COUNT: &str = ", 1) ON CONFLICT (tenant_id, kind, starts_at, subject) \
                             DO UPDATE SET count = tallies.count + 1 WHERE tallies.count < ";
        let pieces = [INSERT, ", ", ", ", ", ", COUNT, ""];
        let values = (
            value::<Guid, _>(self.tenant),
            value::<Text, _>(self.kind),
            value::<Instant, _>(self.span.starts_at),
            value::<Text, _>(self.subject),
            value::<Integer, _>(i32::try_from(most).unwrap_or(i32::MAX)),
        );
        let counted = match tx.conn() {
            DbConn::Postgres(conn) => prepared(pieces, values).execute(conn)?,
            DbConn::Sqlite(conn) => prepared(pieces, values).execute(conn)?,
        };
        Ok(counted == 1)
    }

    /// Counts the subject among those of the span, unless there are `most` others already. Whoever is among them already may
    /// be counted again at any time. Call it where subjects of one tenant take turns.
    pub fn take_subject(&self, tx: &mut PlatformTx<'_>, most: u32) -> Result<bool> {
        let of_span = tallies::table
            .filter(tallies::tenant_id.eq(self.tenant).and(tallies::kind.eq(self.kind)))
            .filter(tallies::starts_at.eq(self.span.starts_at));
        let known: i64 = of_span.filter(tallies::subject.eq(self.subject)).count().get_result(tx.conn())?;
        if known == 0 {
            let others: i64 = of_span.count().get_result(tx.conn())?;
            if others >= i64::from(most) {
                return Ok(false);
            }
        }
        self.take(tx, u32::MAX)
    }

    /// Counts each of these among those of the span, as [`take_subject`](Self::take_subject) does one; of each whether it was. Three
    /// statements however many they are.
    pub fn take_subjects(&self, tx: &mut PlatformTx<'_>, subjects: &[String], most: u32) -> Result<Vec<bool>> {
        let of_span = || {
            tallies::table
                .filter(tallies::tenant_id.eq(self.tenant).and(tallies::kind.eq(self.kind)))
                .filter(tallies::starts_at.eq(self.span.starts_at))
        };
        let known: Vec<String> =
            of_span().filter(tallies::subject.eq_any(subjects.to_vec())).select(tallies::subject).load(tx.conn())?;
        let mut known: std::collections::BTreeSet<String> = known.into_iter().collect();
        let mut room = i64::from(most) - of_span().count().get_result::<i64>(tx.conn())?;
        let (mut fresh, mut counted) = (Vec::new(), Vec::with_capacity(subjects.len()));
        for subject in subjects {
            let fits = known.contains(subject) || room > 0;
            if fits && known.insert(subject.clone()) {
                room -= 1;
                fresh.push((
                    tallies::tenant_id.eq(self.tenant),
                    tallies::kind.eq(self.kind),
                    tallies::starts_at.eq(self.span.starts_at),
                    tallies::subject.eq(subject.clone()),
                    tallies::count.eq(1),
                ));
            }
            counted.push(fits);
        }
        if !fresh.is_empty() {
            crate::insert_few!(tx.conn(), tallies::table, &fresh)?;
        }
        Ok(counted)
    }

    /// How often it was taken.
    pub fn count(&self, tx: &mut PlatformTx<'_>) -> Result<u32> {
        let row = tallies::table.find((self.tenant, self.kind, self.span.starts_at, self.subject));
        let count: Option<i32> = row.select(tallies::count).first(tx.conn()).optional()?;
        Ok(count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
    }

    /// How many subjects the span has.
    pub fn subjects(&self, tx: &mut PlatformTx<'_>) -> Result<u32> {
        let of_span = tallies::table
            .filter(tallies::tenant_id.eq(self.tenant).and(tallies::kind.eq(self.kind)))
            .filter(tallies::starts_at.eq(self.span.starts_at));
        let count: i64 = of_span.count().get_result(tx.conn())?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

/// Forgets spans that are long over, the oldest first. Answers how many counts went; when `limit`, there are more.
pub fn prune(tx: &mut PlatformTx<'_>, limit: i64) -> Result<usize> {
    let before = tx.now().minus(chrono::Duration::days(KEPT_DAYS));
    let first: Vec<Timestamp> = tallies::table
        .filter(tallies::starts_at.lt(before))
        .order(tallies::starts_at)
        .limit(limit)
        .select(tallies::starts_at)
        .load(tx.conn())?;
    let (Some(oldest), Some(newest)) = (first.first(), first.last()) else { return Ok(0) };
    let gone = tallies::table.filter(tallies::starts_at.between(*oldest, *newest));
    Ok(diesel::delete(gone).execute(tx.conn())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::db::testing::on_both_engines;
    use crate::engine::db::{Db, PlatformScope};

    on_both_engines! {
        async fn a_cap_is_reached_once_and_forgotten_when_its_span_is_over(db: Db) {
            let tenant = TenantId::new();
            let took = async |clock: Timestamp, subject: &'static str| {
                let take = move |tx: &mut PlatformTx<'_>| {
                    Tally { tenant, kind: "test", subject, span: Span::day(clock) }.take(tx, 2)
                };
                db.write(PlatformScope::system(), take).await.unwrap()
            };
            let now = db.clock().now();
            assert_eq!((took(now, "a").await, took(now, "a").await, took(now, "a").await), (true, true, false));
            assert!(took(now, "b").await, "each subject has its own");
            assert!(took(now.plus(chrono::Duration::days(1)), "a").await, "and each day");
            assert!(db.clock().advance(chrono::Duration::days(9)));
            let pruned = db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| prune(tx, 100)).await.unwrap();
            assert_eq!(pruned, 3);
        }

        async fn so_many_people_and_no_more_are_counted(db: Db) {
            let tenant = TenantId::new();
            let span = Span::day(db.clock().now());
            for (subject, fits) in [("a", true), ("b", true), ("c", false), ("a", true), ("c", false)] {
                let take = move |tx: &mut PlatformTx<'_>| {
                    Tally { tenant, kind: "people", subject, span }.take_subject(tx, 2)
                };
                assert_eq!(db.write(PlatformScope::system(), take).await.unwrap(), fits, "{subject}");
            }
        }
    }

    #[test]
    fn spans_are_whole_hours_and_days() {
        let now: Timestamp = "2026-11-20T09:30:12Z".parse().unwrap();
        assert_eq!(Span::hour(now).starts_at.to_string(), "2026-11-20T09:00:00Z");
        assert_eq!(Span::day(now).ends_at.to_string(), "2026-11-21T00:00:00Z");
    }
}
