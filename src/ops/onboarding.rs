//! A new tenant needs campaigns: the operators are told, and get three tasks due in 24 hours.
//!
//! It happens when a trial starts, and the alert again when the subscription becomes active; tasks that exist are
//! not added again. Nobody is troubled by a trial whose owner has not shown whose mailbox it is: it is announced then. A
//! reaction to `subscription.trial_started`, `subscription.activated` and `tenant.verified`.

use super::facts::TaskFact;
use super::model::{OperatorNotification, TaskKind};
use super::store::{self, NewTask};
use super::tell::tell;
use crate::base::id::{NotificationId, SubscriptionId};
use crate::base::money::Money;
use crate::base::{Error, Result};
use crate::billing;
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::{Plan, Subscription, SubscriptionStatus};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventType, Fact as _, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants::facts::TenantVerified;
use crate::tenants::{self, Tenant};

/// Tells the operators about a new tenant and gives them its tasks.
pub static ANNOUNCE: JobKind = JobKind::new("ops.announce_tenant");

/// How long operators have to launch the campaigns.
const LAUNCH_WITHIN: chrono::Duration = chrono::Duration::hours(24);

pub(super) async fn announce(context: JobContext) -> Result<Outcome> {
    let payload: ReactionPayload = context.payload()?;
    context
        .finish(move |tx| {
            let event = events::get(tx, payload.event_id)?;
            announce_in(tx, &event)
        })
        .await
}

fn announce_in(tx: &mut TenantTx<'_>, event: &Event) -> Result<()> {
    let Some(subscription) = subscription_of(tx, event)? else { return Ok(()) };
    let id = subscription.id;
    let plan = billing::subscription::plan_of(tx, &subscription)?;
    let tenant = tenants::store::current(tx)?;
    if tenant.verified_at.is_none() && event.kind == SubscriptionFact::TRIAL_STARTED {
        return Ok(());
    }
    // Whoever paid late is no new customer.
    let was = event.told::<SubscriptionFact>()?.and_then(|fact| fact.was);
    let is_known = matches!(was, Some(SubscriptionStatus::PastDue | SubscriptionStatus::Paused));
    let mut is_news = event.kind == SubscriptionFact::ACTIVATED && !is_known;
    for kind in TaskKind::ONBOARDING {
        let key = format!("{id}:{kind}");
        let due_at = event.occurred_at.plus(LAUNCH_WITHIN);
        let new = NewTask { kind, title: kind.title(), dedupe_key: &key, due_at, ad_campaign_id: None };
        if let Some(task) = store::add_task(tx, &new)? {
            is_news = true;
            tx.record(TaskFact::made(kind, kind.title()).told_as(TaskFact::CREATED).about(task.uuid()))?;
        }
    }
    if !is_news {
        return Ok(()); // told already: the trial and the proof of the mailbox came together
    }
    let note = OperatorNotification {
        id: NotificationId::new(),
        tenant_id: Some(tenant.id),
        kind: event.kind.to_string(),
        title: "New Customer Alert".into(),
        body: alert(&tenant, &plan, event.kind),
        data: serde_json::json!({ "tenant_name": tenant.name, "plan_code": plan.code, "subscription_id": id }),
        read_at: None,
        created_at: tx.now(),
    };
    tell(&mut tx.platform(), note, event.id)
}

/// Which subscription is announced; none when the tenant was verified before it chose a plan.
fn subscription_of(tx: &mut TenantTx<'_>, event: &Event) -> Result<Option<Subscription>> {
    if event.kind == TenantVerified::TYPE {
        return billing::store::current(tx);
    }
    let id = event.subject_id.map(SubscriptionId::from_uuid);
    let id = id.ok_or_else(|| Error::internal("a subscription's event without its subject"))?;
    let absent = || Error::internal("an event of a subscription that is not there");
    billing::store::subscription(tx, id)?.ok_or_else(absent).map(Some)
}

/// What the operators read.
fn alert(tenant: &Tenant, plan: &Plan, kind: EventType) -> String {
    let quota = plan.leads_per_month.map_or("unlimited leads".into(), |leads| format!("{leads} leads/month"));
    let standing = if kind == SubscriptionFact::ACTIVATED { "paid" } else { "trial" };
    let mut text = format!("Customer: {}\nPlan: {} ({quota}), {standing}\n", tenant.name, plan.name);
    let industry = tenant.profile.industry.as_deref().unwrap_or("not given");
    text.push_str(&format!("Industry: {industry}\nTarget: {}\n\nAction required:\n", target(tenant)));
    for kind in TaskKind::ONBOARDING {
        text.push_str(&format!("✓ {}\n", kind.title()));
    }
    text.push_str("✓ Launch within 24 hours");
    text
}

/// The audience in one line: "Home buyers in Mumbai, INR 8,000,000.00 to INR 10,000,000.00".
fn target(tenant: &Tenant) -> String {
    let audience = &tenant.audience;
    let mut text = audience.description.clone().unwrap_or_else(|| "not described yet".into());
    if !audience.locations.is_empty() {
        text.push_str(&format!(" in {}", audience.locations.join(", ")));
    }
    let amount = |money: &Option<Money>| money.map(|money| money.to_string());
    match (amount(&audience.budget_min), amount(&audience.budget_max)) {
        (Some(from), Some(to)) => text.push_str(&format!(", {from} to {to}")),
        (Some(from), None) => text.push_str(&format!(", from {from}")),
        (None, Some(to)) => text.push_str(&format!(", up to {to}")),
        (None, None) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::model::OveragePolicy;
    use crate::billing::testing::House;
    use crate::engine::db::testing::on_both_engines;
    use crate::engine::db::{PageRequest, PlatformScope, PlatformTx};
    use crate::engine::events::EventFilter;
    use crate::ops::store::{NotificationFilter, TaskFilter};

    async fn announce_last(house: &House, kind: EventType) {
        let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
        house
            .write(move |tx| {
                let event = events::list(tx, &filter, &PageRequest::first(1))?.data.remove(0);
                announce_in(tx, &event)
            })
            .await
            .unwrap();
    }

    async fn told(house: &House) -> (Vec<String>, Vec<(String, bool)>) {
        let now = house.clock.now();
        let due = now.plus(LAUNCH_WITHIN);
        let look = move |tx: &mut PlatformTx<'_>| {
            let notes = store::notifications(tx, &NotificationFilter::default(), &PageRequest::first(10))?.data;
            let tasks = store::tasks(tx, &TaskFilter::default(), &PageRequest::first(10))?.data;
            Ok((
                notes.into_iter().map(|note| note.body).collect(),
                tasks.into_iter().map(|(task, name)| (format!("{name}: {}", task.title), task.due_at == due)).collect(),
            ))
        };
        house.db.read(PlatformScope::system(), look).await.unwrap()
    }

    on_both_engines! {
        async fn a_new_tenant_is_announced_at_trial_and_at_payment_with_one_set_of_tasks(house: House) {
            house.subscribe("growth", OveragePolicy::Block).await;
            announce_last(&house, SubscriptionFact::TRIAL_STARTED).await;
            let (notes, tasks) = told(&house).await;
            assert_eq!(tasks.len(), 3);
            assert!(tasks.iter().all(|(title, in_a_day)| title.starts_with("ABC Real Estate: ") && *in_a_day), "{tasks:?}");
            assert_eq!(house.count_events(TaskFact::CREATED).await, 3);
            assert!(
                notes[0].starts_with("Customer: ABC Real Estate\nPlan: Growth (50 leads/month), trial\n"),
                "{}",
                notes[0]
            );

            house.activate().await;
            announce_last(&house, SubscriptionFact::ACTIVATED).await;
            let (notes, tasks) = told(&house).await;
            assert_eq!((notes.len(), tasks.len()), (2, 3), "the tasks exist already");
        }
    }
}
