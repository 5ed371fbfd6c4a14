//! Payments that operators have to see to: a subscription or a dearer plan that waits for its first one, and one that did not
//! come.
//!
//! A reaction to whatever happens to a subscription. It looks at how the subscription stands, opens the task that is wanted and
//! closes the one that is not, so that repeating it changes nothing. Nobody is troubled by a tenant whose owner has not shown
//! whose mailbox it is.

use super::facts::TaskFact;
use super::model::{OperatorNotification, TaskKind, TaskStatus};
use super::store;
use super::tell::tell;
use crate::base::Result;
use crate::base::id::NotificationId;
use crate::billing;
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::{PlanFrom, Subscription, SubscriptionStatus};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{self, Event, Fact as _, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants;

/// Opens and closes the tasks about a subscription's payment.
pub static FOLLOW: JobKind = JobKind::new("ops.follow_payments");

/// How long operators have to see to it.
const WITHIN: chrono::Duration = chrono::Duration::hours(24);

const KINDS: [TaskKind; 2] = [TaskKind::Activate, TaskKind::Collect];

pub(super) async fn follow(context: JobContext) -> Result<Outcome> {
    let payload: ReactionPayload = context.payload()?;
    context
        .finish(move |tx| {
            let event = events::get(tx, payload.event_id)?;
            follow_in(tx, &event)
        })
        .await
}

/// What the operators have to do about it.
fn wanted(subscription: &Subscription) -> Option<TaskKind> {
    match subscription.status {
        SubscriptionStatus::Incomplete => Some(TaskKind::Activate),
        SubscriptionStatus::PastDue | SubscriptionStatus::Paused => Some(TaskKind::Collect),
        SubscriptionStatus::Active if subscription.pending_from == Some(PlanFrom::Activation) => {
            Some(TaskKind::Activate)
        }
        _ => None,
    }
}

fn follow_in(tx: &mut TenantTx<'_>, event: &Event) -> Result<()> {
    // Two facts at once open one task.
    lock_tenant(tx, "payment_tasks")?;
    let tenant = tenants::store::current(tx)?;
    let subscription = billing::store::current(tx)?.filter(|_| tenant.verified_at.is_some());
    let wanted = subscription.as_ref().and_then(wanted);
    let mut is_open = false;
    for mut task in store::open_tasks_in(tx, &KINDS)? {
        if Some(task.kind) == wanted {
            is_open = true;
            continue;
        }
        let status = if event.kind == SubscriptionFact::CANCELED { TaskStatus::Canceled } else { TaskStatus::Done };
        task.turn(status, None, tx.now());
        store::save_task(&mut tx.platform(), &task)?;
    }
    let (Some(kind), Some(subscription), false) = (wanted, subscription, is_open) else { return Ok(()) };
    let new = store::NewTask {
        kind,
        title: kind.title(),
        dedupe_key: &format!("{}:{kind}:{}", subscription.id, event.id),
        due_at: event.occurred_at.plus(WITHIN),
        ad_campaign_id: None,
    };
    let Some(task) = store::add_task(tx, &new)? else { return Ok(()) };
    tx.record(TaskFact::made(kind, kind.title()).told_as(TaskFact::CREATED).about(task.uuid()))?;
    let note = OperatorNotification {
        id: NotificationId::new(),
        tenant_id: Some(tenant.id),
        kind: event.kind.to_string(),
        title: kind.title().into(),
        body: words(&tenant.name, &subscription),
        data: serde_json::json!({ "tenant_name": tenant.name, "plan_code": subscription.plan_code,
            "pending_plan_code": subscription.pending_plan_code, "subscription_id": subscription.id, "task_id": task }),
        read_at: None,
        created_at: tx.now(),
    };
    tell(&mut tx.platform(), note, event.id)
}

fn words(tenant: &str, subscription: &Subscription) -> String {
    let plan = subscription.pending_plan_code.as_ref().unwrap_or(&subscription.plan_code);
    match (subscription.status, subscription.paid_until) {
        (SubscriptionStatus::Incomplete, _) => format!("{tenant} chose {plan} and waits for its activation."),
        (SubscriptionStatus::Active, _) => {
            format!("{tenant} has {} and waits for {plan} to be activated.", subscription.plan_code)
        }
        (status, Some(until)) => format!("{tenant} was paid until {until} and is {status}."),
        (status, None) => format!("{tenant} is {status}."),
    }
}
