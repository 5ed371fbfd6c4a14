//! A tenant's dynamic segments with their rules, in the order in which they are asked: those that others ask for come first.

use std::collections::{BTreeMap, BTreeSet};

use super::store::{self as rows, Segment};
use crate::base::{Error, Result};
use crate::contacts::id::SegmentId;
use crate::contacts::rules::catalogue;
use crate::engine::db::TenantTx;
use crate::engine::rules::{Catalogue, Expr, Rule};

/// A dynamic segment and its rule.
pub struct Dynamic {
    pub id: SegmentId,
    pub name: String,
    pub rule: Rule,
    pub reads: BTreeSet<String>,
    /// The segments that it asks for.
    pub asks_for: BTreeSet<SegmentId>,
}

/// Those whose rule can be read; the others wait for a new one.
pub fn dynamic(tx: &mut TenantTx<'_>) -> Result<Vec<Dynamic>> {
    let catalogue = catalogue(tx)?;
    let rows = rows::dynamic(tx)?;
    let all: Vec<Dynamic> = rows.iter().filter_map(|row| of(row, &catalogue).ok().flatten()).collect();
    Ok(in_order(all))
}

/// `None` of a static one.
///
/// # Errors
/// The rule asks for what is not there any more.
pub fn of(segment: &Segment, catalogue: &Catalogue) -> Result<Option<Dynamic>> {
    let Some(rule) = &segment.rule else { return Ok(None) };
    let expr: Expr = serde_json::from_value(rule.clone().value()).map_err(Error::internal)?;
    let rule = Rule::of(&expr, catalogue)?;
    let asks_for = asked_for(&rule);
    let (id, name) = (segment.id, segment.name.clone());
    Ok(Some(Dynamic { id, name, reads: rule.reads(), rule, asks_for }))
}

/// The segments that a rule asks for.
pub fn asked_for(rule: &Rule) -> BTreeSet<SegmentId> {
    rule.ids_of("segments").into_iter().map(SegmentId::from_uuid).collect()
}

/// Those that ask for none first, then those that ask for these. None goes in a circle, since that is refused.
fn in_order(all: Vec<Dynamic>) -> Vec<Dynamic> {
    let mut waiting = all;
    let mut ordered: Vec<Dynamic> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let open: BTreeSet<SegmentId> = waiting.iter().map(|one| one.id).collect();
        let is_free = |one: &Dynamic| one.asks_for.iter().all(|id| !open.contains(id) || *id == one.id);
        let (mut free, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_free);
        if free.is_empty() {
            ordered.extend(rest);
            break;
        }
        ordered.append(&mut free);
        waiting = rest;
    }
    ordered
}

/// Does one of these lead back to `id`, by what they ask for?
pub fn leads_back(id: SegmentId, asks_for: &BTreeSet<SegmentId>, all: &[Dynamic]) -> bool {
    let by_id: BTreeMap<SegmentId, &Dynamic> = all.iter().map(|one| (one.id, one)).collect();
    let (mut open, mut seen) = (asks_for.iter().copied().collect::<Vec<_>>(), BTreeSet::new());
    while let Some(next) = open.pop() {
        if next == id {
            return true;
        }
        if seen.insert(next) {
            open.extend(by_id.get(&next).into_iter().flat_map(|one| &one.asks_for));
        }
    }
    false
}

/// The segments that a rule asks for, and where it does.
pub fn asked_at(rule: &serde_json::Value, at: &str) -> Vec<(String, SegmentId)> {
    use serde_json::Value;
    let id = |value: &Value| value.as_str().and_then(|text| text.trim().parse::<SegmentId>().ok());
    match rule {
        Value::Object(node) if node.get("field").and_then(Value::as_str) == Some("segments") => match node.get("value")
        {
            Some(Value::Array(list)) => {
                let places = list.iter().enumerate();
                places.filter_map(|(place, one)| Some((format!("{at}/value/{place}"), id(one)?))).collect()
            }
            Some(one) => id(one).map(|id| (format!("{at}/value"), id)).into_iter().collect(),
            None => Vec::new(),
        },
        Value::Object(node) => node.iter().flat_map(|(word, part)| asked_at(part, &format!("{at}/{word}"))).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(place, part)| asked_at(part, &format!("{at}/{place}"))).collect()
        }
        _ => Vec::new(),
    }
}
