//! Claiming: many jobs at once, fairly.
//!
//! Each tenant is a lane, and lanes take turns from a cursor on. The platform's own lane is different: what providers call about
//! wait in it, so it has half of every claim. Cost does not depend on how many jobs a lane has queued: lanes are found by
//! skipping through the index `jobs_available`, and each gives its share from the front.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::base::Result;
use crate::base::id::{Guid, JobId, RawId, TenantId};
use crate::base::json::Json;
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::schema::jobs;
use crate::engine::db::{DbConn, PlatformTx};
use crate::engine::events::platform_tenant;
use crate::engine::jobs::model::Job;
use crate::engine::trace::Cause;

/// Whose turn it is next.
#[derive(Debug, Clone, Copy)]
pub(in crate::jobs) struct Cursor {
    lane: u128,
    /// When there is one claim, the platform's lane and the others have it by turns.
    is_platforms: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { lane: FIRST, is_platforms: true }
    }
}

/// Behind the platform's lane, which is the nil id.
const FIRST: u128 = 1;

/// Named one by one, since connections keep these statements: PostgreSQL refuses `*` where a later version adds a column.
macro_rules! claimed_columns {
    () => {
        "jobs.id, jobs.tenant_id, jobs.kind, jobs.payload, jobs.priority, jobs.run_at, jobs.attempt, jobs.max_attempts, \
         jobs.trace, jobs.created_at"
    };
}

/// The columns that a run needs.
#[derive(QueryableByName)]
#[diesel(table_name = jobs)]
struct ClaimedRow {
    id: JobId,
    tenant_id: TenantId,
    kind: String,
    payload: Json,
    priority: i32,
    run_at: Timestamp,
    attempt: i32,
    max_attempts: i32,
    trace: Option<String>,
    created_at: Timestamp,
    /// What the job's lane was asked for.
    #[diesel(sql_type = BigInt)]
    share: i64,
}

/// What is claimed for whom.
#[derive(Clone, Copy)]
struct Terms<'a> {
    worker: &'a str,
    lease_until: Timestamp,
    /// A lane that has enough.
    without: Option<TenantId>,
    /// Of the platform's lane, and of all others together.
    own: i64,
    others: i64,
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(in crate::jobs) struct Ask {
    /// Jobs, at most.
    pub limit: i64,
    /// Of any tenant but this one.
    pub without: Option<TenantId>,
}

/// What a claim gave.
#[derive(Debug)]
pub(in crate::jobs) struct Claim {
    /// Most urgent first.
    pub jobs: Vec<Job>,
    /// Nothing was left, as far as one can tell: whoever comes back at once comes in vain.
    pub is_all: bool,
}

/// Claims for `worker`, and moves the cursor.
///
/// One look is enough for few jobs. It is followed by others while places are left and a lane has more than its share was,
/// or lies before the cursor.
pub(in crate::jobs) fn claim(
    tx: &mut PlatformTx<'_>,
    worker: &str,
    Ask { limit, without }: Ask,
    lease_until: Timestamp,
    cursor: &mut Cursor,
) -> Result<Claim> {
    let own = if limit == 1 { i64::from(cursor.is_platforms) } else { limit - limit / 2 };
    let mut terms = Terms { worker, lease_until, without, own, others: limit - own };
    let mut lane = cursor.lane;
    let (mut own_left, mut others_left, mut wraps, mut is_all) = (true, true, lane > FIRST, false);
    let mut rows = Vec::new();
    for _ in 0..LOOKS {
        let Some(look) = keep(&rows, claim_from(tx.conn(), terms, lane))? else { break };
        if terms.own > 0 {
            own_left = look.own_left;
        }
        if terms.others > 0 {
            others_left = look.others_left;
            cursor.lane = look.next_lane;
        }
        rows.extend(look.rows);
        let rest = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if rest <= 0 {
            break;
        } else if others_left {
            terms = Terms { own: 0, others: rest, ..terms };
        } else if wraps {
            (wraps, lane) = (false, FIRST);
            terms = Terms { own: 0, others: rest, ..terms };
        } else if own_left {
            terms = Terms { own: rest, others: 0, ..terms };
        } else {
            is_all = true;
            break;
        }
    }
    cursor.is_platforms = !cursor.is_platforms;
    // An UPDATE answers in any order.
    rows.sort_by_key(|row| (row.priority, row.run_at, row.id));
    Ok(Claim { jobs: rows.into_iter().map(|row| job_of(row, worker)).collect(), is_all })
}

/// Statements of one claim, at most.
const LOOKS: usize = 4;

/// What another look claimed. If that fails, what those before it claimed is ours all the same where each statement is
/// committed by itself; where it is not, the commit fails too. So it must be run, not forgotten under its lease.
fn keep(rows: &[ClaimedRow], look: Result<Look>) -> Result<Option<Look>> {
    match look {
        Ok(look) => Ok(Some(look)),
        Err(error) if rows.is_empty() => Err(error),
        Err(error) => {
            tracing::warn!(error = %error.chain(), "fewer jobs than wanted could be claimed");
            Ok(None)
        }
    }
}

/// What one statement claimed, and what it leaves to be claimed.
struct Look {
    rows: Vec<ClaimedRow>,
    /// The platform's lane gave all that it was asked for.
    own_left: bool,
    /// A lane gave all of its share, or there were more lanes than shares.
    others_left: bool,
    /// Behind the last lane, or the first when none comes behind it.
    next_lane: u128,
}

impl Look {
    fn of(rows: Vec<ClaimedRow>, terms: Terms<'_>) -> Self {
        let mut given: BTreeMap<TenantId, (i64, i64)> = BTreeMap::new();
        for row in &rows {
            let (count, share) = given.entry(row.tenant_id).or_default();
            (*count, *share) = (*count + 1, row.share);
        }
        let own = given.remove(&platform_tenant()).unwrap_or_default().0;
        let lanes = i64::try_from(given.len()).unwrap_or(i64::MAX);
        let last = given.last_key_value().map(|(lane, _)| lane.uuid().as_u128().wrapping_add(1).max(FIRST));
        Self {
            own_left: terms.own > 0 && own >= terms.own,
            others_left: given.values().any(|(count, share)| count >= share),
            next_lane: last.filter(|_| lanes >= terms.others).unwrap_or(FIRST),
            rows,
        }
    }
}

fn claim_from(conn: &mut DbConn, terms: Terms<'_>, lane: u128) -> Result<Look> {
    let from = RawId(uuid::Uuid::from_u128(lane));
    // Nobody's: the lane of none.
    let without = RawId(terms.without.map_or(uuid::Uuid::max(), |lane| lane.uuid()));
    match conn {
        DbConn::Postgres(conn) => {
            let claimed = prepared(
                [
                    "WITH RECURSIVE lane (tenant_id) AS ( \
                        SELECT tenant_id FROM (SELECT tenant_id FROM jobs WHERE state = 'available' AND tenant_id >= ",
                    " ORDER BY tenant_id LIMIT 1) AS first \
                        UNION ALL \
                        SELECT (SELECT jobs.tenant_id FROM jobs WHERE jobs.state = 'available' AND jobs.tenant_id > lane.tenant_id \
                                ORDER BY jobs.tenant_id LIMIT 1) FROM lane WHERE lane.tenant_id IS NOT NULL \
                    ), others AS MATERIALIZED (SELECT tenant_id FROM lane WHERE tenant_id <> ",
                    " LIMIT ",
                    "), turn (tenant_id, share) AS ( \
                        SELECT '00000000-0000-0000-0000-000000000000'::uuid, ",
                    " UNION ALL SELECT tenant_id, greatest(1, ",
                    " / (SELECT count(*) FROM others)) FROM others \
                    ), mine AS MATERIALIZED (SELECT next.id, turn.share FROM turn CROSS JOIN LATERAL \
                        (SELECT id FROM jobs WHERE state = 'available' AND jobs.tenant_id = turn.tenant_id \
                         ORDER BY priority, run_at, id LIMIT turn.share FOR UPDATE SKIP LOCKED) AS next) \
                    UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ",
                    ", worker = ",
                    concat!(" FROM mine WHERE jobs.id = mine.id RETURNING mine.share, ", claimed_columns!()),
                ],
                (
                    value::<Guid, _>(from),
                    value::<Guid, _>(without),
                    value::<BigInt, _>(terms.others),
                    value::<BigInt, _>(terms.own),
                    value::<BigInt, _>(terms.others),
                    value::<Instant, _>(terms.lease_until),
                    value::<Text, _>(terms.worker),
                ),
            );
            Ok(Look::of(claimed.load(conn)?, terms))
        }
        DbConn::Sqlite(conn) => {
            let mut claimed = Vec::new();
            if terms.own > 0 {
                claimed = claim_lane(conn, terms, platform_tenant(), terms.own)?;
            }
            let lanes = if terms.others > 0 { lanes_from(conn, from, without, terms.others)? } else { Vec::new() };
            let share = (terms.others / i64::try_from(lanes.len().max(1)).unwrap_or(1)).max(1);
            for lane in lanes {
                claimed.extend(claim_lane(conn, terms, lane, share)?);
            }
            Ok(Look::of(claimed, terms))
        }
    }
}

fn claim_lane(conn: &mut SqliteConnection, terms: Terms<'_>, lane: TenantId, share: i64) -> Result<Vec<ClaimedRow>> {
    let claimed = prepared(
        [
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ",
            ", worker = ",
            " WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_available WHERE state = 'available' AND tenant_id = ",
            " ORDER BY priority, run_at, id LIMIT ",
            concat!(") RETURNING ", claimed_columns!(), ", "),
            " AS share",
        ],
        (
            value::<Instant, _>(terms.lease_until),
            value::<Text, _>(terms.worker),
            value::<Guid, _>(lane),
            value::<BigInt, _>(share),
            value::<BigInt, _>(share),
        ),
    );
    Ok(claimed.load(conn)?)
}

#[derive(QueryableByName)]
struct Lane {
    #[diesel(sql_type = Guid)]
    tenant_id: TenantId,
}

// SQLite is told by which index: it may take another, and read and sort all that is available.
fn lanes_from(conn: &mut SqliteConnection, from: RawId, without: RawId, limit: i64) -> Result<Vec<TenantId>> {
    let lanes = prepared(
        [
            "WITH RECURSIVE lane (tenant_id) AS ( \
                SELECT tenant_id FROM (SELECT tenant_id FROM jobs INDEXED BY jobs_available \
                                       WHERE state = 'available' AND tenant_id >= ",
            " ORDER BY tenant_id LIMIT 1) AS first \
                UNION ALL \
                SELECT (SELECT jobs.tenant_id FROM jobs INDEXED BY jobs_available \
                        WHERE jobs.state = 'available' AND jobs.tenant_id > lane.tenant_id \
                        ORDER BY jobs.tenant_id LIMIT 1) FROM lane WHERE lane.tenant_id IS NOT NULL \
            ) SELECT tenant_id FROM lane WHERE tenant_id <> ",
            " LIMIT ",
            "",
        ],
        (value::<Guid, _>(from), value::<Guid, _>(without), value::<BigInt, _>(limit)),
    );
    let lanes: Vec<Lane> = lanes.load(conn)?;
    Ok(lanes.into_iter().map(|lane| lane.tenant_id).collect())
}

fn job_of(row: ClaimedRow, worker: &str) -> Job {
    Job {
        id: row.id,
        tenant: row.tenant_id,
        kind: row.kind,
        payload: row.payload.value(),
        attempt: row.attempt,
        max_attempts: row.max_attempts,
        created_at: row.created_at,
        cause: Cause::of_column(row.trace.as_deref()),
        worker: worker.into(),
    }
}
