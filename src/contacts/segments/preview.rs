//! Whom a rule finds, before anything is saved.

use validator::Validate;

use crate::base::Result;
use crate::contacts::people::store::{Contact, ContactView};
use crate::contacts::rules::{counted, moment, read, which};
use crate::contacts::schema::contacts;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, PageRequest, TenantTx};
use crate::engine::rules::Written;

const SAMPLE: u16 = 20;

/// A rule to be tried.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rule": {"field": "birthday", "op": "within_next_days", "value": 7}}))]
pub struct SegmentTrial {
    pub rule: Written,
}

/// Whom a rule finds now.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"count": 0, "is_more": false, "sample": []}))]
pub struct SegmentPreview {
    /// Up to 100,000.
    pub count: i64,
    /// There are more than `count` says.
    pub is_more: bool,
    /// The newest 20 of them.
    pub sample: Vec<ContactView>,
}

/// # Errors
/// A rule that cannot be.
pub fn preview(tx: &mut TenantTx<'_>, trial: &SegmentTrial) -> Result<SegmentPreview> {
    let (rule, moment) = (read(tx, &trial.rule.0, "/rule")?, moment(tx)?);
    let which = |tx: &TenantTx<'_>| which(tx, &rule, &moment);
    let wanted = which(&*tx);
    let (count, is_all) = counted(tx, wanted)?;
    let newest = Order::by_id(Desc, contacts::id, |row: &Contact| row.id);
    let wanted = which(&*tx);
    let sample = tx.page(wanted, newest, &PageRequest::first(SAMPLE))?.data;
    Ok(SegmentPreview { count, is_more: !is_all, sample: sample.into_iter().map(Into::into).collect() })
}
