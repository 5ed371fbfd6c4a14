//! Counts and deltas together: how many there are.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};

use super::super::Where;
use super::super::filter::{Dialect, Part};
use super::super::schema::kept_counts as counts;
use super::super::scope::TenantTx;
use super::columns::{ALL, NAMES, Row, Total, narrowed, told};
use super::{Collection, Read};
use crate::base::Result;
use crate::base::id::{Guid, TenantId, Uuid};
use crate::each_engine;

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
