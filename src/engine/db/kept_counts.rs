//! How many rows of each kind a tenant has, kept while they are written, so that no count reads them all.
//!
//! A [`Collection`] says what its rows are counted by. A writer notes what it changes ([`added`], [`changed`]); what a transaction
//! noted is added up and appended to the deltas at its end, in one statement for all collections, and waits for nobody. [`fold`] adds
//! the deltas to the counts from time to time. The number is what both say together, read by one statement ([`totals`]), and exact
//! at every moment. Triggers would see every writer too, but a table with triggers cannot be spread over a cluster.

use std::borrow::Cow;
use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};

use super::conn::DbConn;
use super::filter::{Dialect, Part};
pub use super::kinds::{FIELDS, Kind, flag, kind, spelled};
use super::prepared::{prepared, value};
use super::schema::{kept_count_deltas as deltas, kept_counts as counts};
use super::scope::{Context, PlatformTx, TenantTx};
use super::{Engine, Where};
use crate::base::Result;
use crate::base::id::{EventId, Guid, RawId, TenantId, Uuid};
use crate::each_engine;

/// A collection that is counted.
#[derive(Debug)]
pub struct Collection {
    /// Stored with each count.
    pub noun: &'static str,
    pub table: &'static str,
    /// What its rows are counted by, [`FIELDS`] at most, in an order that stays: names, and how SQL reads them of a row.
    pub fields: &'static [(&'static str, Read)],
}

/// How a value that is counted by is read of a row.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// A column of texts.
    Word(&'static str),
    /// A column of ids, which may be null.
    Id(&'static str),
    /// Whether a condition holds.
    Whether(&'static str),
    /// An expression that both engines can say, and whose value is a text.
    Text(&'static str),
}

impl Read {
    fn sql(self, engine: Engine) -> String {
        match (self, engine) {
            (Self::Word(column) | Self::Text(column), _) => column.to_string(),
            (Self::Whether(condition), _) => format!("CASE WHEN {condition} THEN 'true' ELSE 'false' END"),
            (Self::Id(column), Engine::Postgres) => format!("COALESCE(replace(CAST({column} AS text), '-', ''), '')"),
            (Self::Id(column), Engine::Sqlite) => format!("COALESCE(lower(hex({column})), '')"),
        }
    }
}

fn note(tx: &mut TenantTx<'_>, of: &Collection, kind: Kind, by: i64) {
    let tenant = tx.tenant();
    *tx.platform().context.counted.borrow_mut().entry((tenant, of.noun, kind)).or_default() += by;
}

/// There is one more.
pub fn added(tx: &mut TenantTx<'_>, of: &Collection, kind: Kind) {
    note(tx, of, kind, 1);
}

/// One that was counted as this is written as that.
pub fn changed(tx: &mut TenantTx<'_>, of: &Collection, was: Kind, is: Kind) {
    if was != is {
        note(tx, of, was, -1);
        note(tx, of, is, 1);
    }
}

macro_rules! by_fields {
    ($($k:ident $at:tt),+) => {
        #[derive(Insertable)]
        #[diesel(table_name = counts)]
        struct Count<'a> {
            tenant_id: TenantId,
            noun: &'a str,
            $($k: &'a str,)+
            total: i64,
        }

        /// So many more of a kind, or fewer.
        #[derive(QueryableByName)]
        struct Changed {
            #[diesel(sql_type = Text)]
            noun: String,
            $(#[diesel(sql_type = Text)] $k: String,)+
            #[diesel(sql_type = BigInt)]
            change: i64,
        }

        impl Changed {
            fn taken_apart(self) -> (String, Kind, i64) {
                (self.noun, [$(self.$k.into()),+], self.change)
            }
        }

        /// All fields, as SQL names them.
        const NAMES: [&str; FIELDS] = [$(stringify!($k)),+];
        const ALL: &str = "k1, k2, k3, k4, k5, k6, k7, k8";

        type Row = ($(by_fields!(@text $k),)+ i64);

        fn told(row: Row) -> Total {
            ([$(row.$at),+], row.8)
        }

        /// Adds to a count.
        fn add(tx: &mut TenantTx<'_>, noun: &str, kind: &Kind, sum: i64) -> Result<()> {
            let [$($k),+] = kind;
            let row = Count { tenant_id: tx.tenant(), noun, $($k: $k.as_ref(),)+ total: sum };
            let total = counts::total.eq(counts::total + diesel::upsert::excluded(counts::total));
            each_engine!(tx.conn(), conn => diesel::insert_into(counts::table)
                .values(&row)
                .on_conflict((counts::tenant_id, counts::noun, $(counts::$k),+))
                .do_update()
                .set(total)
                .execute(conn))?;
            Ok(())
        }

        /// Those of which the field at this place has one of these values; of none, all.
        fn narrowed(which: Where<counts::table, Part>, at: usize, values: &[String]) -> Where<counts::table, Part> {
            match at {
                $($at => which.any(counts::$k, values),)+
                _ => which,
            }
        }
    };
    (@text $k:ident) => { String };
}

by_fields!(k1 0, k2 1, k3 2, k4 3, k5 4, k6 5, k7 6, k8 7);

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
pub(super) fn append(conn: &mut DbConn, context: &Context) -> Result<()> {
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

/// The values of the fields that are told apart, empty texts for the others, and how many there are.
pub type Total = ([String; FIELDS], i64);

/// How many there are of each value of the fields at the places `by`, among those that have one of these values at these places.
pub fn totals(
    tx: &mut TenantTx<'_>,
    of: &'static Collection,
    by: &[usize],
    among: impl IntoIterator<Item = (usize, Vec<String>)>,
) -> Result<Vec<Total>> {
    let which = among.into_iter().fold(Where::part(), |which, (at, values)| narrowed(which, at, &values));
    let kept = Kept { tenant: tx.tenant(), noun: of.noun, by: by.to_vec(), which };
    let rows: Vec<Row> = each_engine!(tx.conn(), conn => kept.load(conn)?);
    Ok(rows.into_iter().map(told).collect())
}

/// Counts and deltas together, under the name of the counts. Two statements could see a fold between them.
struct Kept {
    tenant: TenantId,
    noun: &'static str,
    by: Vec<usize>,
    which: Where<counts::table, Part>,
}

impl QueryId for Kept {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Kept {
    type SqlType = (Text, Text, Text, Text, Text, Text, Text, Text, BigInt);
}

impl<DB: Dialect> QueryFragment<DB> for Kept
where
    DB: HasSqlType<Guid>,
    TenantId: ToSql<Guid, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("SELECT ");
        for (at, name) in NAMES.iter().enumerate() {
            pass.push_sql(if self.by.contains(&at) { name } else { "CAST('' AS TEXT)" });
            pass.push_sql(", ");
        }
        pass.push_sql("CAST(sum(total) AS BIGINT) FROM (SELECT ");
        pass.push_sql(ALL);
        pass.push_sql(", total FROM kept_counts WHERE tenant_id = ");
        pass.push_bind_param::<Guid, _>(&self.tenant)?;
        pass.push_sql(" AND noun = ");
        pass.push_bind_param::<Text, _>(self.noun)?;
        pass.push_sql(" UNION ALL SELECT ");
        pass.push_sql(ALL);
        pass.push_sql(", change FROM kept_count_deltas WHERE tenant_id = ");
        pass.push_bind_param::<Guid, _>(&self.tenant)?;
        pass.push_sql(" AND noun = ");
        pass.push_bind_param::<Text, _>(self.noun)?;
        pass.push_sql(") AS kept_counts WHERE ");
        self.which.walk_ast(pass.reborrow())?;
        for (n, at) in self.by.iter().enumerate() {
            pass.push_sql(if n == 0 { " GROUP BY " } else { ", " });
            pass.push_sql(NAMES[*at]);
        }
        pass.push_sql(" HAVING sum(total) <> 0");
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

/// How many there are.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"total": 3, "by": {"status": {"open": 2, "closed": 1}}}))]
pub struct Counts {
    pub total: i64,
    /// For each field that was asked for, its values and how many there are of each; those of which there are none are left out. What
    /// has no value is `none`.
    pub by: BTreeMap<String, BTreeMap<String, i64>>,
}

/// Numbers by field and value.
pub type By = BTreeMap<String, BTreeMap<String, i64>>;

/// The same by each of these fields alone.
pub fn told_by(of: &Collection, by: &[usize], totals: &[Total]) -> By {
    let mut told = By::new();
    for (name, read, at) in by.iter().filter_map(|at| of.fields.get(*at).map(|(name, read)| (*name, *read, *at))) {
        let counts = told.entry(name.to_string()).or_default();
        for (values, count) in totals {
            let value = match (read, Uuid::parse_str(&values[at])) {
                (Read::Id(_), Ok(id)) => id.to_string(),
                (Read::Id(_), Err(_)) => "none".into(),
                _ => values[at].clone(),
            };
            *counts.entry(value).or_default() += count;
        }
        counts.retain(|_, count| *count != 0);
    }
    told
}

impl Counts {
    /// By each of these fields alone.
    pub fn of(of: &Collection, by: &[usize], totals: &[Total]) -> Self {
        Self { total: totals.iter().map(|(_, count)| count).sum(), by: told_by(of, by, totals) }
    }
}
