//! Segments that somebody makes, changes and deletes.

use validator::Validate;

use super::build;
use super::facts::SegmentFact;
use super::known;
use super::model::{SegmentKind, SegmentStatus};
use super::store::{self as rows, Segment};
use crate::base::bounded::{Line, Text};
use crate::base::json::Json;
use crate::base::{Error, Result};
use crate::contacts::id::SegmentId;
use crate::contacts::rules;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::engine::rules::{Rule, Written};
use crate::tenants::store::person_behind;

/// How many segments a tenant may have: each change of a person is held against all that see it.
pub const MOST_PER_TENANT: i64 = 500;

/// A segment to be made.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "VIPs of Mumbai", "kind": "dynamic", "rule": {"all": [
    {"field": "city", "op": "eq", "value": "Mumbai"}, {"field": "tags", "op": "contains", "value": "vip"}]}}))]
pub struct NewSegment {
    pub name: Line<1, 120>,
    pub description: Option<Text<0, 500>>,
    pub kind: SegmentKind,
    /// Of a dynamic one, and of no other.
    pub rule: Option<Written>,
}

crate::patch! {
    /// A change to a segment: absent keeps, null clears.
    #[schema(example = json!({"name": "VIPs of Pune", "rule": {"field": "city", "op": "eq", "value": "Pune"}}))]
    pub struct SegmentPatch of Segment {
        pub name: Given<Line<1, 120>>,
        pub description: Patch<Text<0, 500>>,
        /// Of a dynamic one. The members are gathered anew; until that is through those of before stay.
        pub rule: Given<Written> => by hand,
    }
}

/// # Errors
/// `segment.too_many`; a rule that cannot be.
pub fn create(tx: &mut TenantTx<'_>, new: NewSegment) -> Result<Segment> {
    let rule = match (new.kind, &new.rule) {
        (SegmentKind::Dynamic, Some(rule)) => Some(read(tx, None, rule)?),
        (SegmentKind::Dynamic, None) => {
            return Err(Error::field("/rule", "required", "a dynamic segment has a rule that says who is in it"));
        }
        (SegmentKind::Static, Some(_)) => {
            let detail = "a static segment has no rule: leave it out, or make a dynamic one";
            return Err(Error::field("/rule", "invalid_value", detail));
        }
        (SegmentKind::Static, None) => None,
    };
    rows::room(tx, MOST_PER_TENANT)?;
    let (now, is_dynamic) = (tx.now(), rule.is_some());
    let segment = Segment {
        tenant_id: tx.tenant(),
        id: SegmentId::new(),
        name: new.name.into_string(),
        description: new.description.map(Into::into),
        kind: new.kind,
        rule: rule.as_ref().map(kept).transpose()?,
        status: if is_dynamic { SegmentStatus::Building } else { SegmentStatus::Ready },
        members_count: 0,
        rule_version: 1,
        built_at: None,
        created_by: person_behind(tx)?,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    rows::insert(tx, &segment)?;
    if is_dynamic {
        rows::begin(tx)?;
        build::begin(tx, segment.id)?;
    }
    let fact = SegmentFact { kind: Some(segment.kind), ..SegmentFact::default() };
    tx.record(fact.told_as(SegmentFact::CREATED).about(segment.id.uuid()))?;
    Ok(segment)
}

/// # Errors
/// `segment.not_found`, `request.precondition_failed`; a rule that cannot be.
pub fn change(tx: &mut TenantTx<'_>, id: SegmentId, mut patch: SegmentPatch, if_match: &IfMatch) -> Result<Segment> {
    let mut segment = rows::hold(tx, id)?;
    if_match.check(segment.version)?;
    let rule = patch.rule.0.take();
    let mut changes = patch.apply(&mut segment);
    if let Some(rule) = rule {
        if segment.kind == SegmentKind::Static {
            return Err(Error::field("/rule", "invalid_value", "a static segment has no rule"));
        }
        let rule = Some(kept(&read(tx, Some(id), &rule)?)?);
        changes.note("rule", segment.rule != rule);
        segment.rule = rule;
    }
    if changes.is_empty() {
        return Ok(segment);
    }
    if changes.has("rule") {
        segment.status = SegmentStatus::Building;
    }
    rows::save(tx, &mut segment)?;
    if changes.has("rule") {
        build::begin(tx, id)?;
    }
    let fact = SegmentFact { changed: Some(changes.told()), ..SegmentFact::default() };
    tx.record(fact.told_as(SegmentFact::UPDATED).about(id.uuid()))?;
    Ok(segment)
}

/// # Errors
/// `segment.not_found`, `segment.in_use`.
pub fn delete(tx: &mut TenantTx<'_>, id: SegmentId) -> Result<()> {
    // Whoever makes another that asks for it waits.
    lock_tenant(tx, "segments")?;
    rows::hold(tx, id)?;
    let all = known::dynamic(tx)?;
    let users: Vec<&str> =
        all.iter().filter(|one| one.id != id && one.asks_for.contains(&id)).map(|one| one.name.as_str()).collect();
    if !users.is_empty() {
        let message = format!("Other segments ask for this one: {}.", users.join(", "));
        return Err(Error::conflict("segment.in_use", message));
    }
    rows::delete(tx, id)?;
    if rows::dynamic(tx)?.is_empty() {
        rows::end(tx)?;
    }
    tx.record(SegmentFact::default().told_as(SegmentFact::DELETED).about(id.uuid()))?;
    Ok(())
}

/// Reads a rule, and makes sure that the segments that it asks for are there and lead to no circle.
fn read(tx: &mut TenantTx<'_>, of: Option<SegmentId>, rule: &Written) -> Result<Rule> {
    let read = rules::read(tx, &rule.0, "/rule")?;
    let asked = known::asked_at(&rule.0, "/rule");
    if asked.is_empty() {
        return Ok(read);
    }
    lock_tenant(tx, "segments")?;
    let (all, mut wrong) = (known::dynamic(tx)?, Vec::new());
    for (pointer, id) in asked {
        if rows::find(tx, id)?.is_none() {
            wrong.push(crate::base::FieldError::new(pointer, "not_found", "there is no such segment"));
        } else if of.is_some_and(|of| known::leads_back(of, &[id].into(), &all)) {
            let detail =
                "this segment asks for the one that is changed, by itself or by others: that would be a circle";
            wrong.push(crate::base::FieldError::new(pointer, "circular", detail));
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(Error::fields(wrong)) }
}

fn kept(rule: &Rule) -> Result<Json> {
    serde_json::to_value(rule.expr()).map(Json::from).map_err(Error::internal)
}
