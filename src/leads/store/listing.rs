//! The list of leads: filters, sorts and keyset pages, each on an index that begins with the tenant.

use std::collections::HashMap;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use super::Lead;
use crate::base::id::{AdCampaignId, LeadId, UserId};
use crate::base::time::Timestamp;
use crate::base::{Result, unicode};
use crate::each_engine;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::like_contains;
use crate::engine::db::schema::{leads, users};
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};

crate::text_enum! {
    /// How a list of leads is sorted; `-` is descending.
    pub enum LeadSort {
        CreatedDesc = "-created_at",
        CreatedAsc = "created_at",
        ReceivedDesc = "-received_at",
        ReceivedAsc = "received_at",
        ScoreDesc = "-score",
        ScoreAsc = "score",
    }
}

/// Which leads; empty parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    pub statuses: Vec<LeadStatus>,
    pub sources: Vec<LeadSource>,
    pub validity: Option<LeadValidity>,
    /// Inclusive on both sides.
    pub score: Option<(i32, i32)>,
    /// `Some(None)`: assigned to nobody.
    pub assigned_to: Option<Option<UserId>>,
    pub ad_campaign: Option<AdCampaignId>,
    pub is_locked: Option<bool>,
    pub created: (Option<Timestamp>, Option<Timestamp>),
    pub received: (Option<Timestamp>, Option<Timestamp>),
    /// Part of a name, e-mail, phone or company. Locked leads are not searched: a hit would tell what is masked.
    pub text: Option<String>,
}

/// The filtered query of one engine: one that is boxed for both is put together anew at every use, and its rows are read through
/// one more layer.
macro_rules! filtered {
    ($backend:ty, $tenant:expr, $filter:expr) => {{
        let mut query: leads::BoxedQuery<'static, $backend> =
            leads::table.filter(leads::tenant_id.eq($tenant)).into_boxed();
        let filter: &LeadFilter = $filter;
        // A statement with `IN` is not kept prepared, and one value is what most callers ask for.
        query = match filter.statuses.as_slice() {
            [] => query,
            [one] => query.filter(leads::status.eq(*one)),
            many => query.filter(leads::status.eq_any(many.to_vec())),
        };
        query = match filter.sources.as_slice() {
            [] => query,
            [one] => query.filter(leads::source.eq(*one)),
            many => query.filter(leads::source.eq_any(many.to_vec())),
        };
        if let Some(validity) = filter.validity {
            query = query.filter(leads::validity.eq(validity));
        }
        if let Some((low, high)) = filter.score {
            query = query.filter(leads::score.between(low, high));
        }
        match filter.assigned_to {
            Some(Some(user)) => query = query.filter(leads::assigned_to.eq(user)),
            Some(None) => query = query.filter(leads::assigned_to.is_null()),
            None => {}
        }
        if let Some(campaign) = filter.ad_campaign {
            query = query.filter(leads::ad_campaign_id.eq(campaign));
        }
        if let Some(locked) = filter.is_locked {
            query = query.filter(leads::is_locked.eq(locked));
        }
        if let Some(after) = filter.created.0 {
            query = query.filter(leads::created_at.ge(after));
        }
        if let Some(before) = filter.created.1 {
            query = query.filter(leads::created_at.lt(before));
        }
        if let Some(after) = filter.received.0 {
            query = query.filter(leads::received_at.ge(after));
        }
        if let Some(before) = filter.received.1 {
            query = query.filter(leads::received_at.lt(before));
        }
        if let Some(text) = &filter.text {
            let pattern = like_contains(&unicode::folded(text));
            query = query.filter(leads::is_locked.eq(false));
            query = match dialled(text) {
                Some(digits) => query.filter(
                    leads::search
                        .like(pattern)
                        .escape('\\')
                        .or(leads::search.like(like_contains(&digits)).escape('\\')),
                ),
                None => {
                    // What was written down before texts were folded stands there in lower case only.
                    let unfolded = like_contains(&text.to_lowercase());
                    let folded = leads::search.like(pattern.clone()).escape('\\');
                    match pattern == unfolded {
                        true => query.filter(folded),
                        false => query.filter(folded.or(leads::search.like(unfolded).escape('\\'))),
                    }
                }
            };
        }
        query
    }};
}

/// The digits of what looks like a phone number, as they stand in E.164: without blanks, signs and a leading zero.
fn dialled(text: &str) -> Option<String> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || " +-().\u{a0}".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (is_number && digits.len() >= 4).then(|| digits.to_string())
}

/// One page. `after` is the sort value (micros or score) and id of the last row seen.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &LeadFilter,
    sort: LeadSort,
    after: Option<(i64, LeadId)>,
    limit: i64,
) -> Result<Vec<Lead>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let moment = |micros: i64| Timestamp::from_micros(micros).unwrap_or(now);
    // The sort column and the id move together, so a page begins exactly after the row before it.
    macro_rules! keyset {
        ($query:expr, $column:expr, $cmp:ident, $dir:ident, $value:expr) => {{
            let mut query = $query.order(($column.$dir(), leads::id.$dir()));
            if let Some((value, id)) = after {
                let value = $value(value);
                // The first comparison lets the index start at the place; the second decides within equal values.
                query = match stringify!($cmp) {
                    "lt" => query.filter($column.le(value)),
                    _ => query.filter($column.ge(value)),
                };
                query = query.filter($column.ne(value).or(leads::id.$cmp(id)));
            }
            query
        }};
    }
    let score = |value: i64| i32::try_from(value).unwrap_or(0);
    each_engine!(tx.conn(), conn: Backend => {
        let query = filtered!(Backend, tenant, filter);
        let query = match sort {
            LeadSort::CreatedDesc => keyset!(query, leads::created_at, lt, desc, moment),
            LeadSort::CreatedAsc => keyset!(query, leads::created_at, gt, asc, moment),
            LeadSort::ReceivedDesc => keyset!(query, leads::received_at, lt, desc, moment),
            LeadSort::ReceivedAsc => keyset!(query, leads::received_at, gt, asc, moment),
            LeadSort::ScoreDesc => keyset!(query, leads::score, lt, desc, score),
            LeadSort::ScoreAsc => keyset!(query, leads::score, gt, asc, score),
        };
        Ok(query.limit(limit).select(Lead::as_select()).load(conn)?)
    })
}

/// How many leads of one source match.
pub type SourceCount = (LeadSource, i64);

/// Counts by source, for the tabs.
pub fn count_by_source(tx: &mut TenantTx<'_>, filter: &LeadFilter) -> Result<Vec<SourceCount>> {
    let tenant = tx.tenant();
    let mut counts: Vec<SourceCount> = each_engine!(tx.conn(), conn: Backend => {
        BySource(filtered!(Backend, tenant, filter).select(leads::source)).load(conn)?
    });
    counts.sort_unstable();
    Ok(counts)
}

/// Groups a query that selects sources: the query builder does not group a boxed one.
struct BySource<Q>(Q);

impl<Q> QueryId for BySource<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for BySource<Q> {
    type SqlType = (Text, BigInt);
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for BySource<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("SELECT found.source, count(*) FROM (");
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(") AS found GROUP BY found.source");
        Ok(())
    }
}

impl<Q, Conn> RunQueryDsl<Conn> for BySource<Q> {}

/// The names of the users some leads are assigned to, in one statement.
pub fn assignee_names(tx: &mut TenantTx<'_>, ids: &[UserId]) -> Result<HashMap<UserId, (Option<String>, String)>> {
    let rows: Vec<(UserId, Option<String>, String)> = users::table
        .filter(users::id.eq_any(ids.to_vec()))
        .select((users::id, users::name, users::email))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(id, name, email)| (id, (name, email))).collect())
}
