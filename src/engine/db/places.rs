//! Places for reads that look at many rows: searches, counts, lists.
//!
//! Such a read takes a connection, and a processor, for as long as the tenant has rows. So a tenant has few of them at once
//! and waits for its own, and all tenants together leave connections for what is found by its key. Whoever waits too long,
//! or behind too many, is told to come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::id::TenantId;
use crate::base::{Error, Result};

/// How long a read waits for its place.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many of one tenant wait at most.
const QUEUE: usize = 32;

/// The places of one database handle; cheap to clone.
#[derive(Clone)]
pub(super) struct Places(Arc<Inner>);

struct Inner {
    each: usize,
    all: Arc<Semaphore>,
    tenants: Mutex<HashMap<TenantId, Standing>>,
    patience: Duration,
}

struct Standing {
    places: Arc<Semaphore>,
    /// Who has a place or waits for one.
    present: usize,
}

/// A place, until it is dropped.
pub(super) struct Place {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _presence: Presence,
}

struct Presence {
    places: Places,
    tenant: TenantId,
}

impl Places {
    /// For so many connections: one tenant has a quarter of them, all together three quarters.
    pub fn among(connections: u32) -> Self {
        let connections = usize::try_from(connections).unwrap_or(1);
        Self::new((connections / 4).max(1), (connections * 3 / 4).max(1), PATIENCE)
    }

    fn new(each: usize, all: usize, patience: Duration) -> Self {
        let all = Arc::new(Semaphore::new(all));
        Self(Arc::new(Inner { each, all, tenants: Mutex::default(), patience }))
    }

    /// # Errors
    /// `request.too_many_at_once` when the tenant's own reads leave no place for this one.
    pub async fn enter(&self, tenant: TenantId) -> Result<Place> {
        let (own, presence) = self.stand(tenant)?;
        let wait = async {
            let own = own.acquire_owned().await;
            let all = self.0.all.clone().acquire_owned().await;
            own.ok().zip(all.ok())
        };
        match tokio::time::timeout(self.0.patience, wait).await {
            Ok(Some((own, all))) => Ok(Place { _all: all, _own: own, _presence: presence }),
            Ok(None) => Err(Error::internal("places are never closed")),
            Err(_) => Err(busy()),
        }
    }

    fn stand(&self, tenant: TenantId) -> Result<(Arc<Semaphore>, Presence)> {
        let mut tenants = self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Standing { places: Arc::new(Semaphore::new(self.0.each)), present: 0 };
        let standing = tenants.entry(tenant).or_insert_with(fresh);
        if standing.present >= self.0.each + QUEUE {
            return Err(busy());
        }
        standing.present += 1;
        Ok((standing.places.clone(), Presence { places: self.clone(), tenant }))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut tenants = self.places.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(standing) = tenants.get_mut(&self.tenant) {
            standing.present -= 1;
            if standing.present == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

fn busy() -> Error {
    let message = "Too many searches, counts and lists of this tenant run at once. Let some end first.";
    Error::too_many("request.too_many_at_once", message).with_retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::from_uuid(uuid::Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn a_tenant_waits_for_its_own_reads_and_others_do_not() {
        let places = Places::new(2, 5, Duration::from_millis(20));
        let mut held = vec![];
        for _ in 0..2 {
            held.push(places.enter(tenant(1)).await.expect("a place"));
        }
        let refused = places.enter(tenant(1)).await.err().expect("no third");
        assert_eq!(refused.code(), "request.too_many_at_once");
        assert!(refused.retry_after().is_some());
        let other = places.enter(tenant(2)).await;
        assert!(other.is_ok());
        held.pop();
        assert!(places.enter(tenant(1)).await.is_ok(), "what ended gives its place");
    }

    #[tokio::test]
    async fn the_queue_of_a_tenant_has_an_end_and_nothing_is_kept_of_who_left() {
        let places = Places::new(1, 5, Duration::from_secs(60));
        let held = places.enter(tenant(1)).await.expect("a place");
        let waiting: Vec<_> = (0..QUEUE).map(|_| places.stand(tenant(1)).expect("in line")).collect();
        let told = tokio::time::timeout(Duration::from_secs(5), places.enter(tenant(1))).await.expect("at once");
        assert_eq!(told.err().map(|error| error.code().to_string()).as_deref(), Some("request.too_many_at_once"));
        drop((held, waiting));
        assert!(places.0.tenants.lock().expect("whole").is_empty());
        assert_eq!(places.0.all.available_permits(), 5);
    }

    #[test]
    fn few_connections_still_have_a_place() {
        for (connections, each, all) in [(1, 1, 1), (4, 1, 3), (8, 2, 6), (40, 10, 30)] {
            let places = Places::among(connections);
            assert_eq!((places.0.each, places.0.all.available_permits()), (each, all), "{connections}");
        }
    }
}
