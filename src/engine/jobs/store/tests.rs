//! Who gets which share of a claim, and who may settle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::prelude::*;

use super::{
    AT_ONCE, Ask, Claim, Cursor, JobFilter, JobRow, Settled, Settlement, claim, claim_name, count_open, enqueue_all,
    promote, prune, settle_all,
};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::schema::jobs;
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{Db, PageRequest, PlatformScope, PlatformTx};
use crate::engine::events::platform_tenant;
use crate::engine::jobs::{Job, JobKind, JobState, NewJob};

static CLAIMS: AtomicU64 = AtomicU64::new(1);
static KIND: JobKind = JobKind::new("test.claimed");

fn list(tx: &mut PlatformTx<'_>, state: Option<JobState>, most: u16) -> Result<Vec<JobRow>> {
    Ok(super::list(tx, &JobFilter { state, kind: None }, &PageRequest::first(most))?.data)
}

async fn enqueue(db: &Db, tenant: TenantId, count: usize) {
    let many = (0..count).map(|n| (tenant, NewJob::new(&KIND, &serde_json::json!({ "n": n })))).collect();
    db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| enqueue_all(tx, many)).await.expect("enqueued");
}

async fn claim_of(db: &Db, limit: i64, cursor: &mut Cursor) -> Claim {
    ask(db, Ask { limit, without: None }, cursor).await
}

async fn ask(db: &Db, ask: Ask, cursor: &mut Cursor) -> Claim {
    let mut at = *cursor;
    let name = claim_name("w_test", CLAIMS.fetch_add(1, Ordering::Relaxed));
    let write = db.write_apart(PlatformScope::system(), move |tx| {
        let lease = tx.now().plus(chrono::Duration::minutes(1));
        let claim = claim(tx, &name, ask, lease, &mut at)?;
        Ok((claim, at))
    });
    let (claim, at) = write.await.expect("claimed");
    *cursor = at;
    claim
}

async fn claimed(db: &Db, limit: i64, cursor: &mut Cursor) -> Vec<Job> {
    claim_of(db, limit, cursor).await.jobs
}

fn shares(jobs: &[Job]) -> BTreeMap<TenantId, usize> {
    jobs.iter().fold(BTreeMap::new(), |mut shares, job| {
        *shares.entry(job.tenant).or_default() += 1;
        shares
    })
}

on_both_engines! {
    async fn the_platforms_lane_has_half_and_the_others_share_theirs(db: Db) {
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        enqueue(&db, platform_tenant(), 100).await;
        enqueue(&db, busy, 100).await;
        enqueue(&db, quiet, 1).await;
        let jobs = claimed(&db, 20, &mut Cursor::default()).await;
        let shares = shares(&jobs);
        assert_eq!(shares[&quiet], 1, "{shares:?}");
        assert!(shares[&platform_tenant()] >= 10 && shares[&busy] >= 5, "{shares:?}");
        assert!(jobs.len() <= 20);
    }

    async fn a_lane_that_is_alone_has_everything(db: Db) {
        for lane in [platform_tenant(), TenantId::new()] {
            enqueue(&db, lane, 30).await;
            let mut cursor = Cursor::default();
            assert_eq!(claimed(&db, 20, &mut cursor).await.len(), 20);
            assert_eq!(claimed(&db, 20, &mut cursor).await.len(), 10);
            assert!(claimed(&db, 20, &mut cursor).await.is_empty());
        }
    }

    async fn one_that_has_much_takes_what_those_with_little_leave(db: Db) {
        let busy = TenantId::new();
        enqueue(&db, busy, 1_000).await;
        for _ in 0..4 {
            enqueue(&db, TenantId::new(), 1).await;
        }
        let claim = claim_of(&db, 40, &mut Cursor::default()).await;
        let shares = shares(&claim.jobs);
        assert_eq!((claim.jobs.len(), shares.len(), shares[&busy]), (40, 5, 36));
        assert!(!claim.is_all);
    }

    async fn who_has_enough_is_left_out(db: Db) {
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        enqueue(&db, busy, 10).await;
        enqueue(&db, quiet, 2).await;
        enqueue(&db, platform_tenant(), 1).await;
        let without = Ask { limit: 20, without: Some(busy) };
        let claim = ask(&db, without, &mut Cursor::default()).await;
        assert_eq!(shares(&claim.jobs), BTreeMap::from([(quiet, 2), (platform_tenant(), 1)]));
        assert!(claim.is_all);
        assert_eq!(claimed(&db, 20, &mut Cursor::default()).await.len(), 10);
    }

    async fn what_lies_before_the_cursor_is_seen_before_a_worker_rests(db: Db) {
        let mut lanes = [TenantId::new(), TenantId::new()];
        lanes.sort_unstable();
        let mut cursor = Cursor::default();
        for lane in &lanes {
            enqueue(&db, *lane, 2).await;
        }
        // A place for each of two halves: one of the first tenant's, and the cursor stands behind it.
        assert_eq!(shares(&claimed(&db, 2, &mut cursor).await).into_keys().collect::<Vec<_>>(), [lanes[0]]);
        enqueue(&db, lanes[0], 1).await;
        let claim = claim_of(&db, 20, &mut cursor).await;
        let left: Vec<(TenantId, usize)> = shares(&claim.jobs).into_iter().collect();
        assert_eq!(left, [(lanes[0], 1), (lanes[1], 2)]);
        assert!(claim.is_all, "and it may rest");
        assert!(claim_of(&db, 20, &mut cursor).await.is_all);
    }

    async fn a_single_place_is_had_by_turns(db: Db) {
        let tenant = TenantId::new();
        enqueue(&db, platform_tenant(), 5).await;
        enqueue(&db, tenant, 5).await;
        let (mut cursor, mut all) = (Cursor::default(), Vec::new());
        for turn in 0..10 {
            let jobs = claimed(&db, 1, &mut cursor).await;
            assert_eq!(jobs.len(), 1, "turn {turn}");
            all.extend(jobs);
            if turn == 3 {
                assert_eq!(shares(&all).len(), 2, "neither waits for the other's end");
            }
        }
        assert!(claimed(&db, 1, &mut cursor).await.is_empty());
    }

    async fn of_many_ends_only_those_count_whose_job_is_still_ours(db: Db) {
        enqueue(&db, TenantId::new(), 4).await;
        let jobs = claimed(&db, 10, &mut Cursor::default()).await;
        let mut list: Vec<Settled> = jobs.iter().map(|job| Settled { job: job.clone(), end: Settlement::done() }).collect();
        list[1].job.attempt += 1;
        let (lost, ours) = (list[1].job.id, list.iter().map(|one| one.job.id).collect::<Vec<_>>());
        let again = list.clone();
        let settled = db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &list)).await.expect("settled");
        assert_eq!(settled.len(), 3);
        assert!(!settled.contains(&lost) && settled.iter().all(|id| ours.contains(id)));
        let settled = db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &again)).await.expect("settled");
        assert!(settled.is_empty(), "an end counts once");
    }

    async fn the_end_of_a_run_is_never_taken_for_that_of_a_later_one(db: Db) {
        enqueue(&db, TenantId::new(), 1).await;
        let first = claimed(&db, 10, &mut Cursor::default()).await.remove(0);
        let put_off = |job: &Job| {
            let end = Settlement { state: JobState::Available, refund_attempt: true, ..Settlement::done() };
            vec![Settled { job: job.clone(), end }]
        };
        let (end, repeated) = (put_off(&first), put_off(&first));
        let settled = db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &end)).await.expect("settled");
        assert_eq!(settled.len(), 1);
        let second = claimed(&db, 10, &mut Cursor::default()).await.remove(0);
        assert_eq!((second.id, second.attempt), (first.id, first.attempt), "its attempt was given back");
        // The answer to the first write was lost, so it is tried again.
        let settled = db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &repeated)).await.expect("settled");
        assert!(settled.is_empty());
        let running = move |tx: &mut PlatformTx<'_>| list(tx, Some(JobState::Running), 10);
        assert_eq!(db.read(PlatformScope::system(), running).await.expect("jobs").len(), 1);
    }

    async fn every_end_is_written_as_it_was(db: Db) {
        enqueue(&db, TenantId::new(), 5).await;
        let later = db.clock().now().plus(chrono::Duration::hours(1));
        let end = |state, reason: Option<&str>, refund_attempt| Settlement {
            state,
            run_at: (state == JobState::Retry).then_some(later),
            last_error: reason.map(Into::into),
            refund_attempt,
        };
        let ends = [
            end(JobState::Done, None, false),
            end(JobState::Retry, Some("failed"), false),
            end(JobState::Retry, Some("put off"), true),
            end(JobState::Dead, Some("gave up"), false),
            end(JobState::Discarded, Some("pointless"), false),
        ];
        let jobs = claimed(&db, 10, &mut Cursor::default()).await;
        let all: Vec<Settled> = jobs.into_iter().zip(ends).map(|(job, end)| Settled { job, end }).collect();
        db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &all)).await.expect("settled");
        let rows = db.read(PlatformScope::system(), |tx: &mut PlatformTx<'_>| list(tx, None, 10)).await.expect("jobs");
        let mut seen: Vec<_> = rows
            .iter()
            .map(|row| (row.state.as_str(), row.attempt, row.run_at == later, row.last_error.as_deref(), row.finished_at.is_some()))
            .collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [
                ("dead", 1, false, Some("gave up"), true),
                ("discarded", 1, false, Some("pointless"), true),
                ("done", 1, false, None, true),
                ("retry", 0, true, Some("put off"), false),
                ("retry", 1, true, Some("failed"), false),
            ]
        );
        assert!(rows.iter().all(|row| row.lease_until.is_none()));
    }

    async fn a_backlog_is_made_claimable_and_deleted_in_pages(db: Db) {
        let (now, day) = (db.clock().now(), chrono::Duration::days(1));
        let waits = move |n: i64| NewJob::new(&KIND, &n).at(now.plus(chrono::Duration::seconds(1_501 - n)));
        let many = (1..=1_500).map(|n| (TenantId::new(), waits(n))).collect();
        db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| enqueue_all(tx, many)).await.expect("enqueued");
        let promoted = || db.write_apart(PlatformScope::system(), promote);
        assert_eq!(promoted().await.expect("none"), 0);
        db.clock().advance(day);
        assert_eq!(promoted().await.expect("a page"), AT_ONCE);
        let left = |tx: &mut PlatformTx<'_>| list(tx, Some(JobState::Scheduled), 2_000);
        let left = db.read(PlatformScope::system(), left).await.expect("jobs");
        assert!(left.len() == 500 && left.iter().all(|row| row.run_at > now.plus(chrono::Duration::seconds(1_000))), "the longest waiting first");
        assert_eq!(promoted().await.expect("the rest"), 500);

        let jobs = claimed(&db, 1_500, &mut Cursor::default()).await;
        let ends = jobs.into_iter().enumerate().map(|(n, job)| {
            let state = if n == 0 { JobState::Dead } else { JobState::Done };
            Settled { job, end: Settlement { state, ..Settlement::done() } }
        });
        let ends: Vec<Settled> = ends.collect();
        db.write_apart(PlatformScope::system(), move |tx| settle_all(tx, &ends)).await.expect("settled");
        let pruned = |before| db.write_long(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| prune(tx, before));
        let ended = db.clock().now();
        assert_eq!(pruned(ended).await.expect("none"), 0);
        assert_eq!(pruned(ended.plus(day)).await.expect("a page"), AT_ONCE);
        assert_eq!(pruned(ended.plus(day)).await.expect("the rest"), 499, "the dead stay");
    }

    async fn each_state_is_found_by_its_own_words(db: Db) {
        enqueue(&db, platform_tenant(), JobState::ALL.len()).await;
        db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| {
            let rows = list(tx, None, 100)?;
            for (row, state) in rows.iter().zip(JobState::ALL) {
                let ended = matches!(state, JobState::Done | JobState::Dead | JobState::Discarded).then(|| tx.now());
                diesel::update(jobs::table.find(row.id))
                    .set((jobs::state.eq(*state), jobs::finished_at.eq(ended)))
                    .execute(tx.conn())?;
            }
            for state in JobState::ALL {
                let found: Vec<JobState> = list(tx, Some(*state), 100)?.iter().map(|row| row.state).collect();
                assert_eq!(found, [*state]);
            }
            let open: BTreeSet<JobState> = count_open(tx)?.into_iter().map(|(_, state, count)| {
                assert_eq!(count, 1, "{state}");
                state
            }).collect();
            assert_eq!(open, BTreeSet::from(JobState::OPEN));
            Ok(())
        }).await.expect("listed");
    }
}
