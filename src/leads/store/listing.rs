//! The list of leads: filters, sorts and keyset pages, each on an index that begins with the tenant.

use std::collections::HashMap;

use diesel::prelude::*;

use super::Lead;
use crate::base::Result;
use crate::base::id::{AdCampaignId, LeadId, TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::dialect::like_contains;
use crate::engine::db::schema::{leads, users};
use crate::engine::db::{MultiBackend, TenantTx};
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

type Boxed<'a> = leads::BoxedQuery<'a, MultiBackend>;

fn filtered(tenant: TenantId, filter: &LeadFilter) -> Boxed<'static> {
    let mut query = leads::table.filter(leads::tenant_id.eq(tenant)).into_boxed();
    if !filter.statuses.is_empty() {
        query = query.filter(leads::status.eq_any(filter.statuses.clone()));
    }
    if !filter.sources.is_empty() {
        query = query.filter(leads::source.eq_any(filter.sources.clone()));
    }
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
        let pattern = like_contains(&text.to_lowercase());
        query = query.filter(leads::is_locked.eq(false));
        query = match dialled(text) {
            Some(digits) => query.filter(
                leads::search.like(pattern).escape('\\').or(leads::search.like(like_contains(&digits)).escape('\\')),
            ),
            None => query.filter(leads::search.like(pattern).escape('\\')),
        };
    }
    query
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
    let query = filtered(tx.tenant(), filter);
    let moment = |micros: i64| Timestamp::from_micros(micros).unwrap_or(tx.now());
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
    let query = match sort {
        LeadSort::CreatedDesc => keyset!(query, leads::created_at, lt, desc, moment),
        LeadSort::CreatedAsc => keyset!(query, leads::created_at, gt, asc, moment),
        LeadSort::ReceivedDesc => keyset!(query, leads::received_at, lt, desc, moment),
        LeadSort::ReceivedAsc => keyset!(query, leads::received_at, gt, asc, moment),
        LeadSort::ScoreDesc => keyset!(query, leads::score, lt, desc, score),
        LeadSort::ScoreAsc => keyset!(query, leads::score, gt, asc, score),
    };
    Ok(query.limit(limit).select(Lead::as_select()).load(tx.conn())?)
}

/// How many leads of one source match.
pub type SourceCount = (LeadSource, i64);

/// Counts by source, for the tabs.
pub fn count_by_source(tx: &mut TenantTx<'_>, filter: &LeadFilter) -> Result<Vec<SourceCount>> {
    let mut counts: HashMap<LeadSource, i64> = HashMap::new();
    // A boxed query cannot be grouped through the connection enum, so each source is counted by its own index range.
    for source in LeadSource::ALL {
        if !filter.sources.is_empty() && !filter.sources.contains(source) {
            continue;
        }
        let one = LeadFilter { sources: vec![*source], ..filter.clone() };
        let count: i64 = filtered(tx.tenant(), &one).count().get_result(tx.conn())?;
        if count > 0 {
            counts.insert(*source, count);
        }
    }
    let mut counts: Vec<SourceCount> = counts.into_iter().collect();
    counts.sort_unstable();
    Ok(counts)
}

/// The names of the users some leads are assigned to, in one statement.
pub fn assignee_names(tx: &mut TenantTx<'_>, ids: &[UserId]) -> Result<HashMap<UserId, (Option<String>, String)>> {
    let rows: Vec<(UserId, Option<String>, String)> = users::table
        .filter(users::id.eq_any(ids.to_vec()))
        .select((users::id, users::name, users::email))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(id, name, email)| (id, (name, email))).collect())
}
