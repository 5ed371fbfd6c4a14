//! What transactions changed: appended by them, and added to the counts from time to time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};

use super::super::Engine;
use super::super::conn::DbConn;
use super::super::filter::Dialect;
use super::super::prepared::{prepared, value};
use super::super::schema::{kept_count_deltas as deltas, kept_counts as counts};
use super::super::scope::{Context, PlatformTx, TenantTx};
use super::columns::{ALL, Changed, NAMES, add};
use super::{Collection, FIELDS, Kind};
use crate::base::Result;
use crate::base::id::{EventId, Guid, RawId, TenantId};
use crate::each_engine;

/// So many more of a kind, or fewer, to be written.
struct Delta {
    tenant: TenantId,
    id: RawId,
    noun: Cow<'static, str>,
    kind: Kind,
    change: i64,
}

impl Delta {
    fn of(tenant: TenantId, noun: impl Into<Cow<'static, str>>, kind: Kind, change: i64) -> Self {
        Self { tenant, id: RawId(EventId::new().uuid()), noun: noun.into(), kind, change }
    }
}

/// Several rows by one statement, on either engine.
struct Append<'r>(&'r [Delta]);

impl QueryId for Append<'_> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Dialect> QueryFragment<DB> for Append<'_>
where
    DB: HasSqlType<Guid>,
    TenantId: ToSql<Guid, DB>,
    RawId: ToSql<Guid, DB>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(
            "INSERT INTO kept_count_deltas (tenant_id, id, noun, k1, k2, k3, k4, k5, k6, k7, k8, change) VALUES ",
        );
        for (n, row) in self.0.iter().enumerate() {
            pass.push_sql(if n == 0 { "(" } else { "), (" });
            pass.push_bind_param::<Guid, _>(&row.tenant)?;
            pass.push_sql(", ");
            pass.push_bind_param::<Guid, _>(&row.id)?;
            pass.push_sql(", ");
            pass.push_bind_param::<Text, str>(&row.noun)?;
            for value in &row.kind {
                pass.push_sql(", ");
                pass.push_bind_param::<Text, str>(value)?;
            }
            pass.push_sql(", ");
            pass.push_bind_param::<BigInt, _>(&row.change)?;
        }
        pass.push_sql(")");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Append<'_> {}

/// A statement of each number of rows is kept prepared, so there are few.
const TOGETHER: usize = 8;

/// Appends what a transaction noted, when it has done everything else.
pub(in super::super) fn append(conn: &mut DbConn, context: &Context) -> Result<()> {
    let noted = context.counted.take();
    let rows: Vec<Delta> = noted
        .into_iter()
        .filter(|(_, by)| *by != 0)
        .map(|((tenant, noun, kind), by)| Delta::of(tenant, noun, kind, by))
        .collect();
    write(conn, &rows)
}

fn write(conn: &mut DbConn, rows: &[Delta]) -> Result<()> {
    for some in rows.chunks(TOGETHER) {
        each_engine!(conn, conn => Append(some).execute(conn))?;
    }
    Ok(())
}

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
            "DELETE FROM kept_count_deltas WHERE tenant_id = ",
            " AND id IN (SELECT id FROM kept_count_deltas WHERE tenant_id = ",
            " ORDER BY id LIMIT ",
            ") RETURNING noun, k1, k2, k3, k4, k5, k6, k7, k8, change",
        ],
        (value::<Guid, _>(tenant), value::<Guid, _>(tenant), value::<BigInt, _>(MOST)),
    );
    let gone: Vec<Changed> = each_engine!(tx.conn(), conn => gone.load(conn))?;
    let mut sums: BTreeMap<(String, Kind), i64> = BTreeMap::new();
    for (noun, kind, change) in gone.into_iter().map(Changed::taken_apart) {
        *sums.entry((noun, kind)).or_default() += change;
    }
    for ((noun, kind), sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
        add(tx, &noun, &kind, sum)?;
    }
    // Kinds of which none is left: whoever once had a row would stay among them.
    let nothing = counts::table.filter(counts::tenant_id.eq(tenant).and(counts::total.eq(0)));
    diesel::delete(nothing).execute(tx.conn())?;
    Ok(())
}

/// Counts the tenant's rows and appends what the counts lack; answers how many kinds that were. For what wrote rows without
/// counting them: a process of a version before, or somebody by hand. One statement sees one state, so writers go on meanwhile.
pub fn recount(tx: &mut TenantTx<'_>, of: &'static Collection) -> Result<usize> {
    let (engine, place) = match tx.conn() {
        DbConn::Postgres(_) => (Engine::Postgres, "$1"),
        DbConn::Sqlite(_) => (Engine::Sqlite, "?1"),
    };
    let read = |at: usize| of.fields.get(at).map_or("CAST('' AS TEXT)".into(), |(_, read)| read.sql(engine));
    let read: Vec<String> = (0..FIELDS).map(|at| format!("{} AS {}", read(at), NAMES[at])).collect();
    let (noun, table, read) = (of.noun, of.table, read.join(", "));
    let sql = format!(
        "SELECT '{noun}' AS noun, {ALL}, CAST(sum(n) AS BIGINT) AS change FROM (\
         SELECT {ALL}, count(*) AS n FROM (SELECT {read} FROM {table} WHERE tenant_id = {place}) AS them GROUP BY {ALL} \
         UNION ALL SELECT {ALL}, -total FROM kept_counts WHERE tenant_id = {place} AND noun = '{noun}' \
         UNION ALL SELECT {ALL}, -change FROM kept_count_deltas WHERE tenant_id = {place} AND noun = '{noun}'\
         ) AS all_of_them GROUP BY {ALL} HAVING sum(n) <> 0"
    );
    let tenant = tx.tenant();
    let missing: Vec<Changed> =
        each_engine!(tx.conn(), conn => diesel::sql_query(&sql).bind::<Guid, _>(tenant).load(conn))?;
    let rows: Vec<Delta> = missing
        .into_iter()
        .map(Changed::taken_apart)
        .map(|(noun, kind, change)| Delta::of(tenant, noun, kind, change))
        .collect();
    write(tx.conn(), &rows)?;
    Ok(rows.len())
}
