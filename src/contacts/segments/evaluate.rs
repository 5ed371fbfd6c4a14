//! Asking the rules of people who changed: only those rules that see the change, and each of them once.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::MemberFact;
use super::known::Dynamic;
use super::store::{self as rows, members, turns};
use crate::base::Result;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::rules::{Touched, load, moment};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::rules::Moment;

/// People looked at together.
const AT_ONCE: usize = 200;

/// What came of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Evaluated {
    /// So many times a rule was asked of a person.
    pub asked: u64,
    pub entered: i64,
    pub left: i64,
}

/// Asks of each person those of the segments that see what was touched, brings the members up to date, and tells of each who came in
/// or left. `all` is in the order of [`known::dynamic`](super::known::dynamic).
pub fn evaluate(
    tx: &mut TenantTx<'_>,
    all: &[Dynamic],
    touched: &BTreeMap<ContactId, Vec<Touched>>,
) -> Result<Evaluated> {
    let mut evaluated = Evaluated::default();
    if all.is_empty() || touched.is_empty() {
        return Ok(evaluated);
    }
    let moment = moment(tx)?;
    let ids: Vec<ContactId> = touched.keys().copied().collect();
    for chunk in ids.chunks(AT_ONCE) {
        let sees = |one: &Dynamic, id: ContactId, moved: &BTreeSet<SegmentId>| {
            let what = touched.get(&id).map(Vec::as_slice).unwrap_or_default();
            what.iter().any(|what| what.is_seen_by(one.id, &one.reads, &one.asks_for))
                || one.asks_for.iter().any(|id| moved.contains(id))
        };
        let one = pass(tx, all, chunk, &moment, sees)?;
        one.tell(tx)?;
        evaluated.add(&one);
    }
    Ok(evaluated)
}

/// Asks one segment of these people, and tells of those who move where that `is_told`.
pub fn one_by_one(
    tx: &mut TenantTx<'_>,
    one: &Dynamic,
    ids: &[ContactId],
    moment: &Moment,
    is_told: bool,
) -> Result<Evaluated> {
    let mut evaluated = Evaluated::default();
    for chunk in ids.chunks(AT_ONCE) {
        let pass = pass(tx, std::slice::from_ref(one), chunk, moment, |_, _, _| true)?;
        if is_told {
            pass.tell(tx)?;
        }
        evaluated.add(&pass);
    }
    Ok(evaluated)
}

/// Tells that a person came into a segment, or left it.
pub fn tell(tx: &mut TenantTx<'_>, contact: ContactId, segment: SegmentId, is_in: bool) -> Result<()> {
    let kind = if is_in { MemberFact::ENTERED } else { MemberFact::LEFT };
    let fact = MemberFact { segment_id: Some(segment) };
    tx.record(fact.told_as(kind).about(contact.uuid())).map(|_| ())
}

impl Evaluated {
    fn add(&mut self, pass: &Pass) {
        self.asked += pass.asked;
        self.entered += pass.moved.iter().map(|(.., is_in)| i64::from(*is_in)).sum::<i64>();
        self.left += pass.moved.iter().map(|(.., is_in)| i64::from(!*is_in)).sum::<i64>();
    }
}

impl Pass {
    fn tell(&self, tx: &mut TenantTx<'_>) -> Result<()> {
        self.moved.iter().try_for_each(|(contact, segment, is_in)| tell(tx, *contact, *segment, *is_in))
    }
}

struct Pass {
    asked: u64,
    moved: Vec<(ContactId, SegmentId, bool)>,
}

fn pass(
    tx: &mut TenantTx<'_>,
    all: &[Dynamic],
    ids: &[ContactId],
    moment: &Moment,
    sees: impl Fn(&Dynamic, ContactId, &BTreeSet<SegmentId>) -> bool,
) -> Result<Pass> {
    let mut pass = Pass { asked: 0, moved: Vec::new() };
    for mut person in load(tx, ids)? {
        let id = person.contact.id;
        let mut moved = BTreeSet::new();
        for one in all {
            if !sees(one, id, &moved) {
                continue;
            }
            pass.asked += 1;
            let (is_in, was_in) = (one.rule.matches(&person, moment), person.segments.contains(&one.id));
            if one.rule.turns() {
                turns::set(tx, one.id, id, one.rule.changes_at(&person, moment))?;
            }
            if is_in == was_in {
                continue;
            }
            if is_in {
                person.segments.insert(one.id);
                members::add(tx, one.id, id)?;
            } else {
                person.segments.remove(&one.id);
                members::remove(tx, one.id, id)?;
            }
            moved.insert(one.id);
            pass.moved.push((id, one.id, is_in));
        }
    }
    let changes = pass.moved.iter().map(|(_, segment, is_in)| (*segment, if *is_in { 1 } else { -1 }));
    for (segment, change) in members::tallied(changes) {
        rows::count_by(tx, segment, change)?;
    }
    Ok(pass)
}
