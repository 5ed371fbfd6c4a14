//! How many leads of each kind a tenant has, kept while leads are written, so that no count reads them all.
//!
//! A writer appends what it changes to the deltas, in the transaction of the change, and waits for nobody; [`fold`] adds the
//! deltas to the counts from time to time. The number is what both say together, read by one statement, and exact at every
//! moment. Each function of the store that changes what is counted says so here; nothing else writes leads. Triggers would see
//! every writer too, but a table with triggers cannot be spread over a cluster.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::filter::{LeadFilter, SourceCount};
use super::{Lead, LeadId};
use crate::base::id::{EventId, Guid, RawId, TenantId};
use crate::base::{Error, Result};
use crate::each_engine;
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::filter::{Dialect, Part};
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::{PlatformTx, TenantTx, Where};
use crate::insert_few;
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};
use crate::leads::schema::{lead_count_deltas as deltas, lead_counts as counts, leads};
use crate::tenants::schema::tenants;

/// Where the grades begin: a count knows no finer score.
const BANDS: [i32; 5] = [0, 20, 40, 60, 80];

/// What leads are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub(super) struct Kind {
    #[diesel(sql_type = Text)]
    status: LeadStatus,
    #[diesel(sql_type = Text)]
    source: LeadSource,
    #[diesel(sql_type = Text)]
    validity: LeadValidity,
    #[diesel(sql_type = Integer)]
    score_from: i32,
    #[diesel(sql_type = Bool)]
    is_locked: bool,
}

/// So many more of a kind, or fewer.
#[derive(QueryableByName)]
struct Changed {
    #[diesel(embed)]
    kind: Kind,
    #[diesel(sql_type = BigInt)]
    change: i64,
}

type Columns = (leads::status, leads::source, leads::validity, leads::score, leads::is_locked);
const COLUMNS: Columns = (leads::status, leads::source, leads::validity, leads::score, leads::is_locked);

impl From<(LeadStatus, LeadSource, LeadValidity, i32, bool)> for Kind {
    fn from((status, source, validity, score, is_locked): (LeadStatus, LeadSource, LeadValidity, i32, bool)) -> Self {
        let score_from = BANDS.into_iter().rev().find(|from| *from <= score).unwrap_or(BANDS[0]);
        Self { status, source, validity, score_from, is_locked }
    }
}

impl From<&Lead> for Kind {
    fn from(lead: &Lead) -> Self {
        (lead.status, lead.source, lead.validity, lead.score, lead.is_locked).into()
    }
}

#[derive(Insertable)]
#[diesel(table_name = deltas)]
struct Delta {
    tenant_id: TenantId,
    id: RawId,
    status: LeadStatus,
    source: LeadSource,
    validity: LeadValidity,
    score_from: i32,
    is_locked: bool,
    change: i64,
}

fn append(tx: &mut TenantTx<'_>, changes: &[(Kind, i64)]) -> Result<()> {
    let tenant_id = tx.tenant();
    let delta = |(kind, change): &(Kind, i64)| {
        let Kind { status, source, validity, score_from, is_locked } = *kind;
        let id = RawId(EventId::new().uuid());
        Delta { tenant_id, id, status, source, validity, score_from, is_locked, change: *change }
    };
    let rows: Vec<Delta> = changes.iter().map(delta).collect();
    insert_few!(tx.conn(), deltas::table, &rows)?;
    Ok(())
}

/// There is one more.
pub(super) fn added(tx: &mut TenantTx<'_>, lead: &Lead) -> Result<()> {
    append(tx, &[(lead.into(), 1)])
}

/// One that was counted as this is written as that.
pub(super) fn changed(tx: &mut TenantTx<'_>, was: Kind, is: Kind) -> Result<()> {
    if was == is { Ok(()) } else { append(tx, &[(was, -1), (is, 1)]) }
}

/// These were locked, and are so no more.
pub(super) fn unlocked(tx: &mut TenantTx<'_>, ids: &[LeadId]) -> Result<()> {
    let mut kinds: BTreeMap<Kind, i64> = BTreeMap::new();
    for chunk in ids.chunks(200) {
        let rows = leads::table.filter(leads::tenant_id.eq(tx.tenant()).and(leads::id.eq_any(chunk.to_vec())));
        let found: Vec<(LeadStatus, LeadSource, LeadValidity, i32, bool)> = rows.select(COLUMNS).load(tx.conn())?;
        for row in found {
            *kinds.entry(row.into()).or_default() += 1;
        }
    }
    for (kind, count) in kinds {
        append(tx, &[(Kind { is_locked: true, ..kind }, -count), (Kind { is_locked: false, ..kind }, count)])?;
    }
    Ok(())
}

/// What a filter asks of the counts; `None` when it asks for more than they know.
fn known(filter: &LeadFilter) -> Option<Where<counts::table, Part>> {
    let LeadFilter {
        statuses,
        sources,
        validity,
        score,
        assigned_to: None,
        ad_campaign: None,
        is_locked,
        created: (None, None),
        received: (None, None),
        text: None,
    } = filter
    else {
        return None;
    };
    let is_of_bands = |(low, high): &(i32, i32)| {
        (*low <= 0 || BANDS.contains(low)) && (*high >= 100 || *high < 0 || BANDS.contains(&(*high + 1)))
    };
    if !score.as_ref().is_none_or(is_of_bands) {
        return None;
    }
    let which = Where::part()
        .any(counts::status, statuses)
        .any(counts::source, sources)
        .eq(counts::validity, *validity)
        .within(counts::score_from, *score)
        .eq(counts::is_locked, *is_locked);
    Some(which)
}

/// Counts by source from what is kept; `None` when the filter asks for more than that.
pub(super) fn kept(tx: &mut TenantTx<'_>, filter: &LeadFilter) -> Result<Option<Vec<SourceCount>>> {
    let Some(which) = known(filter) else { return Ok(None) };
    let kept = Kept { tenant: tx.tenant(), which };
    Ok(Some(each_engine!(tx.conn(), conn => kept.load(conn)?)))
}

/// Counts and deltas together, under the name of the counts. Two statements could see a fold between them.
struct Kept {
    tenant: TenantId,
    which: Where<counts::table, Part>,
}

impl QueryId for Kept {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Kept {
    type SqlType = (Text, BigInt);
}

impl<DB: Dialect> QueryFragment<DB> for Kept
where
    DB: diesel::sql_types::HasSqlType<Guid>,
    TenantId: diesel::serialize::ToSql<Guid, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(
            "SELECT source, CAST(sum(total) AS BIGINT) FROM (\
             SELECT status, source, validity, score_from, is_locked, total FROM lead_counts WHERE tenant_id = ",
        );
        pass.push_bind_param::<Guid, _>(&self.tenant)?;
        pass.push_sql(
            " UNION ALL SELECT status, source, validity, score_from, is_locked, change FROM lead_count_deltas \
             WHERE tenant_id = ",
        );
        pass.push_bind_param::<Guid, _>(&self.tenant)?;
        pass.push_sql(") AS lead_counts WHERE ");
        self.which.walk_ast(pass.reborrow())?;
        pass.push_sql(" GROUP BY source HAVING sum(total) <> 0");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Kept {}

/// Deltas of one tenant that are added up at once.
const MOST: i64 = 20_000;

/// Tenants with deltas, and whether one fold leaves some.
pub fn unfolded(tx: &mut PlatformTx<'_>, most: i64) -> Result<Vec<(TenantId, bool)>> {
    let found: Vec<(TenantId, i64)> = deltas::table
        .group_by(deltas::tenant_id)
        .select((deltas::tenant_id, diesel::dsl::count_star()))
        .limit(most)
        .load(tx.conn())?;
    Ok(found.into_iter().map(|(tenant, count)| (tenant, count > MOST)).collect())
}

/// Adds deltas to the counts. What is deleted is what is added, whoever appends or folds meanwhile.
pub fn fold(tx: &mut TenantTx<'_>) -> Result<()> {
    let tenant = tx.tenant();
    let gone = prepared(
        [
            "DELETE FROM lead_count_deltas WHERE tenant_id = ",
            " AND id IN (SELECT id FROM lead_count_deltas WHERE tenant_id = ",
            " ORDER BY id LIMIT ",
            ") RETURNING status, source, validity, score_from, is_locked, change",
        ],
        (value::<Guid, _>(tenant), value::<Guid, _>(tenant), value::<BigInt, _>(MOST)),
    );
    let gone: Vec<Changed> = each_engine!(tx.conn(), conn => gone.load(conn))?;
    let mut sums: BTreeMap<Kind, i64> = BTreeMap::new();
    for changed in gone {
        *sums.entry(changed.kind).or_default() += changed.change;
    }
    for (kind, sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
        const INSERT: &str =
            "INSERT INTO lead_counts (tenant_id, status, source, validity, score_from, is_locked, total) VALUES (";
        const ADD: &str = ") ON CONFLICT (tenant_id, status, source, validity, score_from, is_locked) \
                           DO UPDATE SET total = lead_counts.total + excluded.total";
        let values = (
            value::<Guid, _>(tenant),
            value::<Text, _>(kind.status),
            value::<Text, _>(kind.source),
            value::<Text, _>(kind.validity),
            value::<Integer, _>(kind.score_from),
            value::<Bool, _>(kind.is_locked),
            value::<BigInt, _>(sum),
        );
        let add = prepared([INSERT, ", ", ", ", ", ", ", ", ", ", ", ", ADD], values);
        each_engine!(tx.conn(), conn => add.execute(conn))?;
    }
    Ok(())
}

/// Counts the tenant's leads and appends what the counts lack; answers how many kinds that were. For what wrote leads without
/// counting them: a process of a version before, or somebody by hand. One statement sees one state, so writers go on meanwhile.
pub fn recount(tx: &mut TenantTx<'_>) -> Result<usize> {
    let tenant = tx.tenant();
    let tenant = || value::<Guid, _>(tenant);
    let missing = prepared(
        [
            "SELECT status, source, validity, score_from, is_locked, CAST(sum(n) AS BIGINT) AS change FROM \
             (SELECT status, source, validity, CASE WHEN score >= 80 THEN 80 WHEN score >= 60 THEN 60 \
             WHEN score >= 40 THEN 40 WHEN score >= 20 THEN 20 ELSE 0 END AS score_from, is_locked, count(*) AS n \
             FROM leads WHERE tenant_id = ",
            " GROUP BY 1, 2, 3, 4, 5 UNION ALL SELECT status, source, validity, score_from, is_locked, \
             -total FROM lead_counts WHERE tenant_id = ",
            " UNION ALL SELECT status, source, validity, score_from, is_locked, -change \
             FROM lead_count_deltas WHERE tenant_id = ",
            ") AS all_of_them GROUP BY status, source, validity, score_from, is_locked HAVING sum(n) <> 0",
        ],
        (tenant(), tenant(), tenant()),
    );
    let missing: Vec<Changed> = each_engine!(tx.conn(), conn => missing.load(conn))?;
    let changes: Vec<(Kind, i64)> = missing.into_iter().map(|missing| (missing.kind, missing.change)).collect();
    // A statement of each number of rows is kept prepared, so there are few.
    for some in changes.chunks(8) {
        append(tx, some)?;
    }
    Ok(changes.len())
}

/// The next tenant's counts; see [`crate::engine::catch_up`].
pub(super) fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut next = tenants::table.order(tenants::id).select(tenants::id).limit(1).into_boxed();
    if let Some(after) = reading.after::<TenantId>()? {
        next = next.filter(tenants::id.gt(after));
    }
    let Some(tenant) = next.first::<TenantId>(tx.conn()).optional()? else { return Ok(Batch::default()) };
    let changed = recount(&mut tx.for_tenant(tenant))?;
    let last = serde_json::to_value(tenant).map_err(Error::internal)?;
    Ok(Batch { looked_at: 1, changed: i64::try_from(changed).unwrap_or(i64::MAX), last: Some(last) })
}
