//! Ad campaigns that are to spend the platform's money: the operators are asked by a task and a notification, once for each
//! submission, and the task is closed by whoever decides.
//!
//! A reaction to `ad_campaign.submitted`, `ad_campaign.approved`, `ad_campaign.rejected` and `ad_campaign.completed`. It asks for
//! nothing that was decided meanwhile, and closes no task of a later submission.

use super::facts::TaskFact;
use super::model::{OperatorNotification, TaskKind, TaskStatus};
use super::store;
use super::tell::tell;
use crate::ads;
use crate::ads::facts::AdCampaignFact;
use crate::ads::model::{AccountOwner, ReviewState};
use crate::ads::store::{AdCampaign, Claim};
use crate::base::id::{AdCampaignId, NotificationId, OperatorId};
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, Fact as _, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants;

/// Asks the operators, or notes what they decided.
pub static REVIEW: JobKind = JobKind::new("ops.review_ad_campaign");

/// How long operators have to decide.
const DECIDE_WITHIN: chrono::Duration = chrono::Duration::hours(24);

pub(super) async fn follow(context: JobContext) -> Result<Outcome> {
    let payload: ReactionPayload = context.payload()?;
    context
        .finish(move |tx| {
            let event = events::find(tx, payload.event_id)?;
            let event = event.ok_or_else(|| Error::internal("a reaction without its event"))?;
            follow_in(tx, &event)
        })
        .await
}

fn follow_in(tx: &mut TenantTx<'_>, event: &Event) -> Result<()> {
    let id = event.subject_id.map(AdCampaignId::from_uuid);
    let id = id.ok_or_else(|| Error::internal("an ad campaign's event without its subject"))?;
    let status = match event.kind {
        AdCampaignFact::SUBMITTED => return ask(tx, id, event),
        AdCampaignFact::COMPLETED => TaskStatus::Canceled,
        _ => TaskStatus::Done,
    };
    settle(tx, id, event, status)
}

fn ask(tx: &mut TenantTx<'_>, id: AdCampaignId, event: &Event) -> Result<()> {
    let campaign = ads::store::find(tx, id)?;
    let Some(campaign) = campaign.filter(|campaign| campaign.review_state == Some(ReviewState::Pending)) else {
        return Ok(());
    };
    let rivals = ads::claim::rivals(tx, &campaign)?;
    let title = match rivals.first() {
        None => format!("{}: {}", TaskKind::Review.title(), campaign.name),
        Some(_) => format!("{}: {} (its ids are claimed by others too)", TaskKind::Review.title(), campaign.name),
    };
    let task = store::NewTask {
        kind: TaskKind::Review,
        title: &title,
        dedupe_key: &format!("review:{}", event.id),
        due_at: event.occurred_at.plus(DECIDE_WITHIN),
        ad_campaign_id: Some(id),
    };
    let Some(task) = store::add_task(tx, &task)? else { return Ok(()) };
    tx.record(TaskFact::made(TaskKind::Review, &title).told_as(TaskFact::CREATED).about(task.uuid()))?;
    let tenant = tenants::store::current(tx)?;
    let note = OperatorNotification {
        id: NotificationId::new(),
        tenant_id: Some(tenant.id),
        kind: event.kind.to_string(),
        title: title.clone(),
        body: request(&tenant.name, &campaign) + &warning(&rivals),
        data: serde_json::json!({ "tenant_name": tenant.name, "ad_campaign_id": id, "task_id": task,
            "competing_claims": rivals.iter().map(named).collect::<Vec<_>>() }),
        read_at: None,
        created_at: tx.now(),
    };
    tell(&mut tx.platform(), note, event.id)
}

/// Another ad campaign that names the same ids.
fn named(claim: &Claim) -> serde_json::Value {
    serde_json::json!({ "tenant_id": claim.tenant, "tenant_name": claim.tenant_name, "ad_campaign_id": claim.ad_campaign_id,
        "name": claim.name, "is_agreed": claim.is_agreed })
}

fn warning(rivals: &[Claim]) -> String {
    let of = |claim: &Claim| {
        let standing = if claim.is_agreed { "agreed to" } else { "written down only" };
        format!("\n- {} of {} ({standing})", claim.name, claim.tenant_name)
    };
    let list: String = rivals.iter().map(of).collect();
    if list.is_empty() {
        list
    } else {
        format!("\n\nOthers name the same ids at the ad platform. Find out whose they are:{list}")
    }
}

/// What the operators read.
fn request(tenant: &str, campaign: &AdCampaign) -> String {
    if campaign.account_owner == AccountOwner::Tenant {
        return format!(
            "{tenant} asks for the leads of {} on {}, in its own ad account.\nActivate it if the ids it names are its own, or send \
             it back with a reason.",
            campaign.name, campaign.platform
        );
    }
    let cap = campaign.monthly_cap.map_or("no monthly cap".into(), |cap| format!("{} a month", campaign.money(cap)));
    let daily = campaign.money(campaign.daily_budget);
    format!(
        "{tenant} asks to run {} on {} in the platform's ad account: {daily} a day, {cap}.\nActivate it, or send it back with a reason.",
        campaign.name, campaign.platform
    )
}

/// Closes the open tasks of submissions before this event.
fn settle(tx: &mut TenantTx<'_>, id: AdCampaignId, event: &Event, status: TaskStatus) -> Result<()> {
    let by = event.actor_id.filter(|_| event.actor_type == "operator").map(OperatorId::from_uuid);
    for (mut task, key) in store::open_tasks_of(tx, id)? {
        // Ids of events sort by creation.
        if key.strip_prefix("review:").is_none_or(|submission| submission >= event.id.to_string().as_str()) {
            continue;
        }
        let from = task.status;
        task.turn(status, by, tx.now());
        store::save_task(&mut tx.platform(), &task)?;
        let fact = TaskFact::turned(task.kind, from, status);
        tx.record(fact.told_as(TaskFact::UPDATED).about(task.id.uuid()))?;
    }
    Ok(())
}
