//! A tenant with books and a clock, for the tests of metering and of every folder above.

use chrono::Duration;

use super::books::Books;
use super::meter::{Metered, MeteredLead, Seen, meter_lead};
use super::model::{Meter, MeterKind, OveragePolicy, Subscription};
use super::release::{Release, release_blocked};
use super::store::Totals;
use super::subscription::payment::{self, Payment};
use super::subscription::{CreateSubscription, UpdateSubscription};
use super::{current, plans, store, subscription};
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::TenantId;
use crate::base::patch::Given;
use crate::base::time::{Clock, Timestamp};
use crate::contacts::id::LeadId;
use crate::engine::db::testing::OnDatabase;
use crate::engine::db::{Db, PageRequest, PlatformScope, PlatformTx, TenantTx};
use crate::engine::events::{self, EventFilter, EventType};
use crate::engine::http::IfMatch;
use crate::tenants::testing as house;

pub struct House {
    pub db: Db,
    pub clock: Clock,
    pub tenant: TenantId,
}

impl OnDatabase for House {
    /// One tenant in Mumbai; it is 21 November 2026, 14:30 there.
    async fn on(db: Db) -> Self {
        let clock = db.clock().clone();
        clock.advance(Duration::days(1));
        let seed = |tx: &mut PlatformTx<'_>| {
            plans::seed(tx)?;
            house::open(tx, "ABC Real Estate")
        };
        let tenant = db.write(PlatformScope::system(), seed).await.unwrap();
        Self { db, clock, tenant }
    }
}

impl House {
    pub async fn write<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.db.write(house::scope(self.tenant), body).await
    }

    pub async fn subscribe(&self, plan: &str, policy: OveragePolicy) -> Subscription {
        let new = CreateSubscription {
            plan_code: plan.parse().unwrap(),
            overage_policy: Some(policy),
            billing_interval: None,
        };
        self.write(|tx| subscription::start(&mut Books::open(tx)?, new, &MasterKey::random())).await.unwrap().0
    }

    pub async fn activate(&self) -> Subscription {
        self.write(|tx| {
            let id = current::require(tx)?.id;
            subscription::activate(&mut Books::open(tx)?, id, Payment::default())
        })
        .await
        .unwrap()
        .0
    }

    /// The next interval is paid in time.
    pub async fn pay(&self) -> Subscription {
        let write = |tx: &mut TenantTx<'_>| {
            let id = current::require(tx)?.id;
            payment::pay(&mut Books::open(tx)?, id, None, None)
        };
        self.write(write).await.unwrap().0
    }

    pub async fn change(&self, change: UpdateSubscription) -> Result<Subscription> {
        Ok(self.write(|tx| subscription::change(&mut Books::open(tx)?, change, &IfMatch::default())).await?.0)
    }

    pub async fn choose(&self, plan: &str) -> Result<Subscription> {
        self.change(UpdateSubscription { plan_code: Given(plan.parse().ok()), ..Default::default() }).await
    }

    /// The operators' activation for a payment of this plan.
    pub async fn activate_for(&self, plan: &str) -> Result<Subscription> {
        let plan = plan.to_string();
        let write = move |tx: &mut TenantTx<'_>| {
            let id = current::require(tx)?.id;
            subscription::activate(&mut Books::open(tx)?, id, Payment { plan_code: Some(&plan), ..Payment::default() })
        };
        Ok(self.write(write).await?.0)
    }

    pub async fn features(&self) -> Vec<String> {
        let look = |tx: &mut TenantTx<'_>| crate::tenants::access::entitlements(tx);
        let found = self.write(look).await.unwrap();
        found.features().iter().map(ToString::to_string).collect()
    }

    pub async fn lead_at(&self, person: &str, received_at: Timestamp) -> Metered {
        let lead = MeteredLead {
            lead_id: LeadId::new(),
            dedupe_key: person.into(),
            received_at,
            is_time_vouched: true,
            worth: 81,
            seen: Seen::Nothing,
        };
        self.write(|tx| {
            let tenant = crate::tenants::store::current(tx)?;
            meter_lead(&mut Books::open(tx)?, &tenant, lead)
        })
        .await
        .unwrap()
    }

    pub async fn lead(&self, person: &str) -> Metered {
        self.lead_at(person, self.clock.now()).await
    }

    /// So many leads by different people; answers the last one's kind.
    pub async fn leads(&self, label: &str, count: usize) -> MeterKind {
        let (label, at) = (label.to_string(), self.clock.now());
        self.write(move |tx| {
            let mut last = MeterKind::Blocked;
            let tenant = crate::tenants::store::current(tx)?;
            for index in 0..count {
                let dedupe_key = format!("{label}{index}");
                let lead = MeteredLead {
                    lead_id: LeadId::new(),
                    dedupe_key,
                    received_at: at,
                    is_time_vouched: true,
                    worth: 50,
                    seen: Seen::Nothing,
                };
                last = meter_lead(&mut Books::open(tx)?, &tenant, lead)?.kind;
            }
            Ok(last)
        })
        .await
        .unwrap()
    }

    /// base, rollover, credits, used, overage, blocked, amount due.
    pub async fn usage(&self) -> (Option<i32>, i32, i32, i32, i32, i32, i64) {
        self.write(|tx| {
            let period = store::last_period(tx, Meter::Leads)?.unwrap();
            let (quota, totals) = (period.quota, store::totals(tx, period.id)?);
            let Totals { amount_due, blocked, .. } = totals;
            Ok((quota.base, quota.rollover, quota.credits, quota.used, quota.overage, blocked, amount_due))
        })
        .await
        .unwrap()
    }

    pub async fn count_events(&self, kind: EventType) -> usize {
        let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
        self.write(move |tx| events::list(tx, &filter, &PageRequest::first(1000))).await.unwrap().data.len()
    }

    pub async fn settle(&self) -> Option<Subscription> {
        self.write(|tx| Ok(Books::open(tx)?.current().cloned())).await.unwrap()
    }

    pub async fn release_batch(&self, batch: usize) -> usize {
        self.write(move |tx| release_blocked(&mut Books::open(tx)?, Release::All, batch)).await.unwrap().len()
    }

    pub async fn release(&self) -> usize {
        self.write(|tx| release_blocked(&mut Books::open(tx)?, Release::All, usize::MAX)).await.unwrap().len()
    }
}
