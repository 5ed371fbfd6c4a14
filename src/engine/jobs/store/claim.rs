//! Claiming: many jobs at once, fairly.
//!
//! Each tenant is a lane, and lanes take turns from a cursor on. The platform's own lane is different: everybody's webhooks
//! wait in it, so it has half of every claim. Cost does not depend on how many jobs a lane has queued: lanes are found by
//! skipping through the index `jobs_available`, and each gives its share from the front.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::JobRow;
use crate::base::Result;
use crate::base::id::{Guid, RawId, TenantId};
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::{DbConn, PlatformTx};
use crate::engine::events::platform_tenant;
use crate::engine::jobs::model::Job;
use crate::engine::trace::Cause;

/// Whose turn it is next.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::jobs) struct Cursor {
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

/// What is claimed for whom.
#[derive(Clone, Copy)]
struct Terms<'a> {
    worker: &'a str,
    lease_until: Timestamp,
    /// Of the platform's lane, and of all others together.
    own: i64,
    others: i64,
}

/// Claims at most `limit` jobs for `worker`, most urgent first, and moves the cursor.
pub(in crate::engine::jobs) fn claim(
    tx: &mut PlatformTx<'_>,
    worker: &str,
    limit: i64,
    lease_until: Timestamp,
    cursor: &mut Cursor,
) -> Result<Vec<Job>> {
    let own = if limit == 1 { i64::from(cursor.is_platforms) } else { limit - limit / 2 };
    let terms = Terms { worker, lease_until, own, others: limit - own };
    let mut rows = claim_from(tx.conn(), terms, cursor.lane)?;
    let counts = |rows: &[JobRow]| {
        let own = rows.iter().filter(|row| row.tenant_id == platform_tenant()).count();
        (i64::try_from(own).unwrap_or(limit), i64::try_from(rows.len() - own).unwrap_or(limit))
    };
    let (own, others) = counts(&rows);
    let rest = limit - own - others;
    // Behind the last lane comes the first; and who finds the other half unused may have it.
    let (is_at_end, is_filled) = (others == 0, others == terms.others);
    if rest > 0 && (is_filled || (is_at_end && cursor.lane > FIRST)) {
        let from = if is_at_end { FIRST } else { cursor.lane };
        keep(&mut rows, claim_from(tx.conn(), Terms { own: 0, others: rest, ..terms }, from))?;
    }
    let rest = limit - i64::try_from(rows.len()).unwrap_or(limit);
    if rest > 0 && own == terms.own {
        keep(&mut rows, claim_from(tx.conn(), Terms { own: rest, others: 0, ..terms }, cursor.lane))?;
    }
    let last = rows.iter().map(|row| row.tenant_id).max().filter(|last| *last != platform_tenant());
    cursor.lane = last.map_or(FIRST, |last| last.uuid().as_u128().wrapping_add(1).max(FIRST));
    cursor.is_platforms = !cursor.is_platforms;
    // An UPDATE answers in any order.
    rows.sort_by_key(|row| (row.priority, row.run_at, row.id));
    Ok(rows.into_iter().map(|row| job_of(row, worker)).collect())
}

/// Adds what a second look claimed. If that fails, what the first one claimed is ours all the same where each statement is
/// committed by itself; where it is not, the commit fails too. So it must be run, not forgotten under its lease.
fn keep(rows: &mut Vec<JobRow>, more: Result<Vec<JobRow>>) -> Result<()> {
    match more {
        Ok(more) => rows.extend(more),
        Err(error) if rows.is_empty() => return Err(error),
        Err(error) => tracing::warn!(error = %error.chain(), "fewer jobs than wanted could be claimed"),
    }
    Ok(())
}

fn claim_from(conn: &mut DbConn, terms: Terms<'_>, lane: u128) -> Result<Vec<JobRow>> {
    let from = RawId(uuid::Uuid::from_u128(lane));
    match conn {
        DbConn::Postgres(conn) => {
            let claimed = prepared(
                [
                    "WITH RECURSIVE lane (tenant_id) AS ( \
                        SELECT * FROM (SELECT tenant_id FROM jobs WHERE state = 'available' AND tenant_id >= ",
                    " ORDER BY tenant_id LIMIT 1) AS first \
                        UNION ALL \
                        SELECT (SELECT jobs.tenant_id FROM jobs WHERE jobs.state = 'available' AND jobs.tenant_id > lane.tenant_id \
                                ORDER BY jobs.tenant_id LIMIT 1) FROM lane WHERE lane.tenant_id IS NOT NULL \
                    ), others AS MATERIALIZED (SELECT tenant_id FROM lane WHERE tenant_id IS NOT NULL LIMIT ",
                    "), turn (tenant_id, share) AS ( \
                        SELECT '00000000-0000-0000-0000-000000000000'::uuid, ",
                    " UNION ALL SELECT tenant_id, greatest(1, ",
                    " / (SELECT count(*) FROM others)) FROM others \
                    ), mine AS MATERIALIZED (SELECT next.id FROM turn CROSS JOIN LATERAL \
                        (SELECT id FROM jobs WHERE state = 'available' AND jobs.tenant_id = turn.tenant_id \
                         ORDER BY priority, run_at, id LIMIT turn.share FOR UPDATE SKIP LOCKED) AS next) \
                    UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ",
                    ", worker = ",
                    " FROM mine WHERE jobs.id = mine.id RETURNING jobs.*",
                ],
                (
                    value::<Guid, _>(from),
                    value::<BigInt, _>(terms.others),
                    value::<BigInt, _>(terms.own),
                    value::<BigInt, _>(terms.others),
                    value::<Instant, _>(terms.lease_until),
                    value::<Text, _>(terms.worker),
                ),
            );
            Ok(claimed.load(conn)?)
        }
        DbConn::Sqlite(conn) => {
            let mut claimed = Vec::new();
            if terms.own > 0 {
                claimed = claim_lane(conn, terms, platform_tenant(), terms.own)?;
            }
            let lanes = if terms.others > 0 { lanes_from(conn, from, terms.others)? } else { Vec::new() };
            let share = (terms.others / i64::try_from(lanes.len().max(1)).unwrap_or(1)).max(1);
            for lane in lanes {
                claimed.extend(claim_lane(conn, terms, lane, share)?);
            }
            Ok(claimed)
        }
    }
}

fn claim_lane(conn: &mut SqliteConnection, terms: Terms<'_>, lane: TenantId, share: i64) -> Result<Vec<JobRow>> {
    let claimed = prepared(
        [
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ",
            ", worker = ",
            " WHERE id IN (SELECT id FROM jobs WHERE state = 'available' AND tenant_id = ",
            " ORDER BY priority, run_at, id LIMIT ",
            ") RETURNING *",
        ],
        (
            value::<Instant, _>(terms.lease_until),
            value::<Text, _>(terms.worker),
            value::<Guid, _>(lane),
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

fn lanes_from(conn: &mut SqliteConnection, from: RawId, limit: i64) -> Result<Vec<TenantId>> {
    let lanes = prepared(
        [
            "WITH RECURSIVE lane (tenant_id) AS ( \
                SELECT * FROM (SELECT tenant_id FROM jobs WHERE state = 'available' AND tenant_id >= ",
            " ORDER BY tenant_id LIMIT 1) AS first \
                UNION ALL \
                SELECT (SELECT jobs.tenant_id FROM jobs WHERE jobs.state = 'available' AND jobs.tenant_id > lane.tenant_id \
                        ORDER BY jobs.tenant_id LIMIT 1) FROM lane WHERE lane.tenant_id IS NOT NULL \
            ) SELECT tenant_id FROM lane WHERE tenant_id IS NOT NULL LIMIT ",
            "",
        ],
        (value::<Guid, _>(from), value::<BigInt, _>(limit)),
    );
    let lanes: Vec<Lane> = lanes.load(conn)?;
    Ok(lanes.into_iter().map(|lane| lane.tenant_id).collect())
}

fn job_of(row: JobRow, worker: &str) -> Job {
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
