//! Following what happens: who changed is looked at again by the segments that see the change, and who turns by time when the time comes.
//!
//! The events are the list of what changed, so whoever writes pays nothing for it. A tenant's segments are looked at by one job at a
//! time, and what changed several times meanwhile is looked at once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::evaluate::evaluate;
use super::facts::MemberFact;
use super::known::{self, Dynamic};
use super::store::{self as rows, turns};
use crate::base::Result;
use crate::base::id::RawId;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::rules::{Touched, followed, touches};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PageRequest, PlatformTx, TenantTx};
use crate::engine::events::{self, EventFilter, EventSort};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};

/// Every few seconds: who has news.
static LOOK: JobKind = JobKind::new("segment.look").periodic().priority(7);
/// One tenant's.
static FOLLOW: JobKind = JobKind::new("segment.follow").priority(7);

const EVERY: Duration = Duration::from_secs(5);
/// Tenants in one look.
const TENANTS: i64 = 500;
/// Events, and people who turn, in one transaction.
const AT_ONCE: u16 = 200;

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&LOOK, look).every(EVERY, &LOOK);
    registry.handle(&FOLLOW, run);
}

async fn look(context: JobContext) -> Result<Outcome> {
    context
        .finish_platform(|tx: &mut PlatformTx<'_>| {
            let slot = tx.now().seconds().div_euclid(i64::try_from(EVERY.as_secs()).unwrap_or(1));
            for tenant in rows::tenants_with_news(tx, TENANTS)? {
                let job = NewJob::new(&FOLLOW, &serde_json::json!({})).unique(format!("{tenant}:{slot}"));
                enqueue(tx, tenant, job)?;
            }
            Ok(())
        })
        .await
}

async fn run(context: JobContext) -> Result<Outcome> {
    let work = context.core.metrics.work.with_label_values(&["segment.evaluated"]);
    context
        .finish(move |tx| {
            let (asked, is_more) = follow(tx)?;
            work.inc_by(asked);
            if is_more {
                tx.enqueue(NewJob::new(&FOLLOW, &serde_json::json!({})))?;
            }
            Ok(())
        })
        .await
}

/// Follows all that happened, as far as a transaction may go. Answers how many times a rule was asked.
pub(super) fn catch_up(tx: &mut TenantTx<'_>) -> Result<u64> {
    let mut all = 0;
    for _ in 0..20 {
        let (asked, is_more) = follow(tx)?;
        all += asked;
        if !is_more {
            break;
        }
    }
    Ok(all)
}

/// How many times a rule was asked, and whether there is more to follow.
fn follow(tx: &mut TenantTx<'_>) -> Result<(u64, bool)> {
    lock_tenant(tx, "segment_members")?;
    let Some(after) = rows::place(tx)? else { return Ok((0, false)) };
    let until = tx.platform().horizon()?.id();
    let mut kinds = followed(tx);
    kinds.extend([MemberFact::ENTERED, MemberFact::LEFT]);
    let filter = EventFilter { kinds, sort: Some(EventSort::OccurredAsc), ..EventFilter::default() };
    let page = events::list(tx, &filter, &PageRequest::first(AT_ONCE).after(&after))?;
    let due = turns::due(tx, i64::from(AT_ONCE))?;
    if page.data.is_empty() && due.is_empty() {
        rows::advance(tx, until)?;
        return Ok((0, false));
    }
    let all = known::dynamic(tx)?;
    let mut touched = touches(tx, &page.data)?;
    // Those of dynamic segments were looked at with what moved them.
    let is_dynamic = |id: &SegmentId| all.iter().any(|one| one.id == *id);
    for event in &page.data {
        let moved = event.told::<MemberFact>()?.and_then(|fact| fact.segment_id).filter(|id| !is_dynamic(id));
        if let (Some(segment), Some(contact)) = (moved, event.subject_id) {
            touched.entry(ContactId::from_uuid(contact)).or_default().push(Touched::Segment(segment));
        }
    }
    let mut asked = evaluate(tx, &all, &touched)?.asked;
    let is_more_due = due.len() >= usize::from(AT_ONCE);
    asked += turn(tx, &all, due)?;
    let is_full = page.data.len() >= usize::from(AT_ONCE);
    let place = page.data.last().filter(|_| is_full).map(|event| RawId(event.id.uuid()));
    let place = place.unwrap_or(until);
    if place.0 > after.uuid() {
        rows::advance(tx, place)?;
    }
    Ok((asked, is_full || is_more_due))
}

/// Looks at those who turn now, each by the segment in which it does.
fn turn(tx: &mut TenantTx<'_>, all: &[Dynamic], due: Vec<(SegmentId, ContactId)>) -> Result<u64> {
    let mut touched: BTreeMap<ContactId, Vec<Touched>> = BTreeMap::new();
    for (segment, contact) in due {
        if all.iter().any(|one| one.id == segment) {
            touched.entry(contact).or_default().push(Touched::Turned(segment));
        } else {
            turns::set(tx, segment, contact, None)?;
        }
    }
    Ok(evaluate(tx, all, &touched)?.asked)
}
