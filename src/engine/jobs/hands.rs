//! What a worker has in its hands: jobs that run in a place, jobs that run aside, and a few that wait for a place.
//!
//! Claims are fair, and so are places: who has fewest of them is next, whatever waited longer, and no tenant ever has more
//! than three quarters of them, so that somebody else's quick job finds one at once beside a hundred thousand slow ones. The
//! platform's lane, where what providers call about is, may have all; it goes first while it has less than half.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::lease::Held;
use super::model::Job;
use crate::base::id::TenantId;
use crate::engine::events::platform_tenant;

/// A job that is ours and has no place yet.
pub(super) struct Claimed {
    pub job: Job,
    pub held: Held,
    pub since: Instant,
}

pub(super) struct Hands {
    places: usize,
    pub ready: VecDeque<Claimed>,
    pub running: JoinSet<()>,
    pub aside: JoinSet<()>,
    taken: Taken,
}

/// Places by lane.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<HashMap<TenantId, usize>>>);

/// A lane has one more place until this is dropped.
pub(super) struct Place(Taken, TenantId);

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn by(&self, lane: TenantId) -> usize {
        self.lock().get(&lane).copied().unwrap_or_default()
    }
    fn take(&self, lane: TenantId) -> Place {
        *self.lock().entry(lane).or_default() += 1;
        Place(self.clone(), lane)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        match taken.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.1)),
        }
    }
}

impl Hands {
    pub fn new(places: usize) -> Self {
        Self { places, ready: VecDeque::new(), running: JoinSet::new(), aside: JoinSet::new(), taken: Taken::default() }
    }

    pub fn let_go_of_ended(&mut self) {
        while self.running.try_join_next().is_some() {}
        while self.aside.try_join_next().is_some() {}
    }

    pub async fn ended(&mut self) {
        while self.running.join_next().await.is_some() {}
        while self.aside.join_next().await.is_some() {}
    }

    /// The lane that may have no more places, when one has so many.
    pub fn crowded(&self) -> Option<TenantId> {
        let most = self.places - self.places / 4;
        let taken = self.taken.lock();
        taken.iter().find(|(lane, count)| **count >= most && **lane != platform_tenant()).map(|(lane, _)| *lane)
    }

    pub fn is_full(&self) -> bool {
        self.running.len() >= self.places
    }

    /// How many are ready that may have the next place.
    pub fn waiting(&self, crowded: Option<TenantId>) -> usize {
        self.ready.iter().filter(|claimed| Some(claimed.job.tenant) != crowded).count()
    }

    /// Who has the next place, and the place; none when there is no place or nobody who may have it.
    pub fn next(&mut self) -> Option<(Claimed, Place)> {
        if self.is_full() {
            return None;
        }
        let crowded = self.crowded();
        let has = |lane| {
            let taken = self.taken.by(lane);
            if lane == platform_tenant() { (taken + 1).saturating_sub(self.places / 2) } else { taken }
        };
        let may = self.ready.iter().enumerate().filter(|(_, claimed)| Some(claimed.job.tenant) != crowded);
        let (at, _) = may.min_by_key(|(at, claimed)| (has(claimed.job.tenant), *at))?;
        let next = self.ready.remove(at)?;
        let place = self.taken.take(next.job.tenant);
        Some((next, place))
    }

    /// Others that are ready of this one's kind and lane, at most so many, to share its place; each as `may` allows.
    pub fn alike(&mut self, first: &Job, most: usize, may: impl Fn(&Job) -> bool) -> Vec<Claimed> {
        let mut alike = Vec::new();
        for claimed in std::mem::take(&mut self.ready) {
            let job = &claimed.job;
            let is_alike = alike.len() < most && job.kind == first.kind && job.tenant == first.tenant && may(job);
            if is_alike { alike.push(claimed) } else { self.ready.push_back(claimed) }
        }
        alike
    }

    /// Takes out what has waited for longer than that; what was claimed first stands first.
    pub fn stale(&mut self, age: Duration) -> Vec<Claimed> {
        let count = self.ready.iter().take_while(|claimed| claimed.since.elapsed() > age).count();
        self.ready.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::JobId;
    use crate::base::time::Timestamp;
    use crate::engine::jobs::lease::Leases;
    use crate::engine::trace::Cause;

    fn ready(hands: &mut Hands, lane: TenantId, count: usize) {
        let now = Timestamp::from_seconds(1_795_165_200).unwrap();
        for _ in 0..count {
            let job = Job {
                id: JobId::new(),
                tenant: lane,
                kind: "test.ready".into(),
                payload: serde_json::Value::Null,
                attempt: 1,
                max_attempts: 1,
                created_at: now,
                cause: Cause::default(),
                worker: "w_test/1".into(),
            };
            let held = Leases::new(now).hold(job.id);
            hands.ready.push_back(Claimed { job, held, since: Instant::now() });
        }
    }

    /// Gives places until nobody may have one, and answers whose they are, in order.
    async fn fill(hands: &mut Hands, places: &mut Vec<Place>) -> Vec<TenantId> {
        let mut lanes = Vec::new();
        while let Some((claimed, place)) = hands.next() {
            hands.running.spawn(std::future::pending());
            lanes.push(claimed.job.tenant);
            places.push(place);
        }
        lanes
    }

    #[tokio::test]
    async fn no_tenant_has_more_than_three_quarters_of_the_places() {
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        let (mut hands, mut places) = (Hands::new(8), Vec::new());
        ready(&mut hands, busy, 20);
        assert_eq!(fill(&mut hands, &mut places).await, [busy; 6]);
        assert_eq!((hands.crowded(), hands.waiting(hands.crowded())), (Some(busy), 0));
        ready(&mut hands, quiet, 1);
        assert_eq!(fill(&mut hands, &mut places).await, [quiet]);
        places.remove(0);
        assert_eq!(fill(&mut hands, &mut places).await, [busy], "as soon as one of theirs is free");
        assert!(hands.is_full());
    }

    #[tokio::test]
    async fn who_has_fewest_places_is_next() {
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        let (mut hands, mut places) = (Hands::new(8), Vec::new());
        ready(&mut hands, busy, 5);
        ready(&mut hands, quiet, 2);
        ready(&mut hands, platform_tenant(), 9);
        let lanes = fill(&mut hands, &mut places).await;
        let of = |lane| lanes.iter().filter(|l| **l == lane).count();
        assert_eq!((of(busy), of(quiet), of(platform_tenant())), (2, 2, 4), "{lanes:?}");
        assert_eq!(lanes[..3], [busy, quiet, platform_tenant()]);
    }

    #[tokio::test]
    async fn the_platforms_lane_may_have_all_places() {
        for (lane, places) in [(platform_tenant(), 8), (TenantId::new(), 3), (TenantId::new(), 1)] {
            let mut hands = Hands::new(places);
            ready(&mut hands, lane, 20);
            assert_eq!(fill(&mut hands, &mut Vec::new()).await.len(), places);
        }
    }
}
