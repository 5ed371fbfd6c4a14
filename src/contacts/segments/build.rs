//! Gathering the members of a segment as a whole: when its rule is new, and once a night to compare.
//!
//! A job goes through the tenant's contacts in stretches, each a transaction, so that others write in between and a run that dies goes
//! on where it began. The members of before stay until their stretch comes. One statement fills a stretch in which nobody is yet.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::evaluate::{Evaluated, one_by_one, tell};
use super::facts::SegmentFact;
use super::follow::catch_up;
use super::known::{self, Dynamic};
use super::model::SegmentStatus;
use super::store::{self as rows, members, turns};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::rules::{catalogue, moment, which};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{Fact as _, Reactions, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};
use crate::tenants::facts::TenantFact;

/// One segment's, until its contacts are through.
static BUILD: JobKind = JobKind::new("segment.build").priority(8);
/// Once a night: asks for a comparison of each.
static COMPARE: JobKind = JobKind::new("segment.compare").periodic().priority(9);
/// Follows a change of the tenant's time zone, in which days begin.
static REZONE: JobKind = JobKind::new("segment.rezone").priority(8);

const NIGHT: Duration = Duration::from_secs(24 * 3600);
/// Contacts in one transaction: those that SQL decides, and those that are looked at one by one.
const STRETCH: i64 = 5_000;
const ONE_BY_ONE: i64 = 500;
/// One run goes on for so long; then another does.
const RUN: Duration = Duration::from_secs(20);
/// Tenants in one transaction of the nightly job.
const TENANTS: i64 = 50;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Build {
    segment: SegmentId,
    rule_version: i32,
    /// Compares, and says what it mended.
    is_check: bool,
    after: Option<ContactId>,
    entered: i64,
    left: i64,
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Night {
    slot: i64,
    after: Option<TenantId>,
}

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&BUILD, run);
    registry.handle(&COMPARE, compare).every(NIGHT, &COMPARE);
    registry.handle(&REZONE, rezone);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.on_if(TenantFact::UPDATED, &REZONE, |fact: &TenantFact| fact.touches(&["time_zone"]));
}

/// Has the members gathered anew; what waits for an older rule has nothing to do.
pub(super) fn begin(tx: &mut TenantTx<'_>, segment: SegmentId) -> Result<()> {
    let rule_version = rows::rebuild(tx, segment)?;
    let build = Build { segment, rule_version, is_check: false, after: None, entered: 0, left: 0 };
    tx.enqueue(NewJob::new(&BUILD, &build))?;
    Ok(())
}

/// How far a build is.
enum Step {
    Further(Build),
    Through,
}

async fn run(context: JobContext) -> Result<Outcome> {
    let (mut build, began) = (context.payload::<Build>()?, Instant::now());
    let (asked, mended) = (
        context.core.metrics.work.with_label_values(&["segment.evaluated"]),
        context.core.metrics.work.with_label_values(&["segment.mended"]),
    );
    loop {
        let (now, asked, mended) = (build.clone(), asked.clone(), mended.clone());
        let step = context.core.db.write_long(context.scope(), move |tx| {
            let is_check = now.is_check;
            let (step, evaluated) = step(tx, now)?;
            asked.inc_by(evaluated.asked);
            if is_check {
                mended.inc_by(u64::try_from(evaluated.entered + evaluated.left).unwrap_or(0));
            }
            Ok(step)
        });
        match step.await? {
            Step::Through => return Ok(Outcome::Done),
            Step::Further(next) => build = next,
        }
        if began.elapsed() >= RUN {
            return context.finish(move |tx| tx.enqueue(NewJob::new(&BUILD, &build)).map(|_| ())).await;
        }
    }
}

/// One stretch, or the end.
fn step(tx: &mut TenantTx<'_>, mut build: Build) -> Result<(Step, Evaluated)> {
    lock_tenant(tx, "segment_members")?;
    let nothing = Evaluated::default();
    let row = rows::find(tx, build.segment)?.filter(|row| row.rule_version == build.rule_version);
    let Some(row) = row else { return Ok((Step::Through, nothing)) };
    let catalogue = catalogue(tx)?;
    let one = match known::of(&row, &catalogue) {
        Ok(Some(one)) => one,
        Ok(None) => return Ok((Step::Through, nothing)),
        Err(error) => {
            tracing::warn!(segment = %build.segment, error = %error.chain(), "the rule of a segment cannot be read any more");
            rows::stands(tx, build.segment, SegmentStatus::Broken)?;
            return Ok((Step::Through, nothing));
        }
    };
    let mut followed = 0;
    if build.is_check {
        // What has not been followed yet has not drifted.
        followed = catch_up(tx)?;
    } else if build.after.is_none() {
        turns::forget(tx, build.segment)?;
    }
    let limit = if one.rule.turns() { ONE_BY_ONE } else { STRETCH };
    let Some((stretch, ids)) = members::next_stretch(tx, build.after, limit)? else {
        end(tx, &build)?;
        return Ok((Step::Through, nothing));
    };
    let evaluated = if one.rule.turns() {
        let moment = moment(tx)?;
        one_by_one(tx, &one, &ids, &moment, build.is_check)?
    } else {
        fill(tx, &one, stretch, build.is_check)?
    };
    let evaluated = Evaluated { asked: evaluated.asked + followed, ..evaluated };
    build.after = Some(stretch.to);
    build.entered += evaluated.entered;
    build.left += evaluated.left;
    Ok((Step::Further(build), evaluated))
}

/// Those of whom SQL can tell; each who moves is told of where that `is_told`.
fn fill(tx: &mut TenantTx<'_>, one: &Dynamic, stretch: members::Stretch, is_told: bool) -> Result<Evaluated> {
    let moment = moment(tx)?;
    let present = members::within(tx, one.id, stretch)?;
    let wanted = which(tx, &one.rule, &moment);
    let (entered, left) = if present.is_empty() && !is_told {
        (members::fill(tx, one.id, wanted, stretch)?, 0)
    } else {
        let found: BTreeSet<ContactId> = members::found(tx, wanted, stretch)?.into_iter().collect();
        let present: BTreeSet<ContactId> = present.into_iter().collect();
        for id in found.difference(&present) {
            members::add(tx, one.id, *id)?;
            if is_told {
                tell(tx, *id, one.id, true)?;
            }
        }
        for id in present.difference(&found) {
            members::remove(tx, one.id, *id)?;
            if is_told {
                tell(tx, *id, one.id, false)?;
            }
        }
        (found.difference(&present).count(), present.difference(&found).count())
    };
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let evaluated = Evaluated { asked: 0, entered: count(entered), left: count(left) };
    rows::count_by(tx, one.id, evaluated.entered - evaluated.left)?;
    Ok(evaluated)
}

fn end(tx: &mut TenantTx<'_>, build: &Build) -> Result<()> {
    let count = members::count(tx, build.segment)?;
    rows::settle(tx, build.segment, count)?;
    let (fact, kind) = if build.is_check {
        let fact = SegmentFact { added: Some(build.entered), removed: Some(build.left), ..SegmentFact::default() };
        (fact, SegmentFact::REPAIRED)
    } else {
        (SegmentFact { members_count: Some(count), ..SegmentFact::default() }, SegmentFact::BUILT)
    };
    let is_other = build.entered + build.left > 0;
    if is_other || !build.is_check {
        tx.record(fact.told_as(kind).about(build.segment.uuid()))?;
    }
    if is_other {
        // Who asks for this one asks about others than before.
        let asking: Vec<SegmentId> = known::dynamic(tx)?
            .into_iter()
            .filter(|one| one.asks_for.contains(&build.segment) && one.id != build.segment)
            .map(|one| one.id)
            .collect();
        for one in asking {
            begin(tx, one)?;
        }
    }
    Ok(())
}

async fn compare(context: JobContext) -> Result<Outcome> {
    let night: Night = context.payload()?;
    context
        .finish_platform(move |tx: &mut PlatformTx<'_>| {
            let tenants = rows::tenants_that_follow(tx, night.after, TENANTS)?;
            for tenant in &tenants {
                let mut tx = tx.for_tenant(*tenant);
                for row in rows::dynamic(&mut tx)? {
                    if row.status != SegmentStatus::Ready {
                        continue;
                    }
                    let (segment, rule_version) = (row.id, row.rule_version);
                    let check = Build { segment, rule_version, is_check: true, after: None, entered: 0, left: 0 };
                    tx.enqueue(NewJob::new(&BUILD, &check).unique(format!("{segment}:{}", night.slot)))?;
                }
            }
            if let Some(last) = tenants.last() {
                let next = Night { slot: night.slot, after: Some(*last) };
                enqueue(tx, platform_tenant(), NewJob::new(&COMPARE, &next))?;
            }
            Ok(())
        })
        .await
}

async fn rezone(context: JobContext) -> Result<Outcome> {
    context
        .finish(|tx| {
            for one in known::dynamic(tx)?.into_iter().filter(|one| one.rule.turns()) {
                begin(tx, one.id)?;
            }
            Ok(())
        })
        .await
}
