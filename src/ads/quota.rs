//! `IF leads_delivered >= quota AND customer_not_buying_overages THEN pause_campaign()` (S0-85), and back.
//!
//! `slow` lowers the daily budget where an ad campaign has one of its own, and pauses it elsewhere.
//! Pausing is asynchronous: leads that arrive after it are stored all the same, and metered by the policy.

use super::model::{CampaignStatus, Delivery, QUOTA_REACHED as REASON, Step};
use super::store::AdCampaign;
use super::{status, store};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::outlook::{Outlook, outlook};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventFilter, EventType, NewEvent, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};

/// Pauses or slows a tenant's ad campaigns.
pub static QUOTA_REACHED: JobKind = JobKind::new("ad_campaign.quota_reached").priority(3);
/// Lets them run again.
pub static QUOTA_RENEWED: JobKind = JobKind::new("ad_campaign.quota_renewed").priority(3);

crate::text_enum! {
    /// What the tenant chose to happen beyond its quota, as the event tells.
    pub enum OveragePolicy {
        /// Buys overages: keep running.
        Bill = "bill",
        Block = "block",
        Slow = "slow",
    }
}

pub(super) async fn reached(ctx: JobContext) -> Result<Outcome> {
    let ReactionPayload { event_id } = ctx.payload()?;
    let found = ctx.core.db.read(ctx.scope(), move |tx: &mut TenantTx<'_>| events::find(tx, event_id)).await?;
    let Some(event) = found else { return Ok(Outcome::Discard("the event is gone".into())) };
    if event.kind != EventType::QuotaReached {
        // The subscription is over, whatever its policy was.
        return ctx.finish(stop).await;
    }
    let named = event.data.get("policy").or_else(|| event.data.get("overage_policy"));
    let policy = match named.and_then(|policy| policy.as_str()).map(str::parse::<OveragePolicy>) {
        Some(Ok(policy)) => policy,
        other => {
            let message = format!("quota.reached carries no overage policy we know: {other:?}");
            return Ok(Outcome::Dead(Error::internal(message)));
        }
    };
    if policy == OveragePolicy::Bill {
        // The tenant buys overages and its ad campaigns keep running, unless there is nothing to buy, as in a trial.
        return ctx.finish(stop).await;
    }
    ctx.finish(move |tx| hold_back(tx, &event, policy)).await
}

pub(super) fn hold_back(tx: &mut TenantTx<'_>, event: &Event, policy: OveragePolicy) -> Result<()> {
    store::lock(tx)?;
    if is_over(tx, event)? {
        return Ok(());
    }
    let slows = |campaign: &AdCampaign| policy == OveragePolicy::Slow && campaign.platform.has_own_budget();
    let (mut slowed, paused): (Vec<_>, Vec<_>) =
        store::in_status(tx, CampaignStatus::Active)?.into_iter().partition(&slows);
    for mut campaign in paused {
        let to = campaign.status.after(Step::Pause)?;
        status::move_to(tx, &mut campaign, Step::Pause, to, Some(REASON.into()))?;
    }
    // Paused under an earlier, stricter choice.
    let stricter = store::in_status(tx, CampaignStatus::Paused)?;
    slowed.extend(stricter.into_iter().filter(|campaign| is_held_back(campaign) && slows(campaign)));
    for mut campaign in slowed.into_iter().filter(|campaign| campaign.desired_delivery != Delivery::Slow) {
        campaign.status = CampaignStatus::Active;
        campaign.status_reason = Some(REASON.into());
        status::want(tx, &mut campaign, Delivery::Slow)?;
        store::save(tx, &mut campaign)?;
        note(tx, &campaign)?;
    }
    Ok(())
}

/// Pauses what runs, once the subscription is over and nothing is delivered any more.
fn stop(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    if outlook(tx)? != Outlook::HeldBack {
        return Ok(());
    }
    for mut campaign in store::in_status(tx, CampaignStatus::Active)? {
        let to = campaign.status.after(Step::Pause)?;
        status::move_to(tx, &mut campaign, Step::Pause, to, Some(REASON.into()))?;
    }
    Ok(())
}

/// How far the plan lets an ad campaign run that somebody wants to run.
pub(super) fn allowed(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<Delivery> {
    Ok(match outlook(tx)? {
        Outlook::Delivered => Delivery::Running,
        Outlook::Slowed if campaign.platform.has_own_budget() => Delivery::Slow,
        Outlook::Slowed | Outlook::HeldBack => Delivery::Paused,
    })
}

fn is_held_back(campaign: &AdCampaign) -> bool {
    campaign.status_reason.as_deref() == Some(REASON)
}

/// The quota of the event is no longer the one in force.
fn is_over(tx: &mut TenantTx<'_>, event: &Event) -> Result<bool> {
    let period_end = event.data.get("period_end").and_then(|end| end.as_str()).and_then(|end| end.parse().ok());
    if period_end.is_some_and(|end: Timestamp| end <= tx.now()) {
        return Ok(true);
    }
    for kind in [EventType::SubscriptionRenewed, EventType::SubscriptionActivated, EventType::SubscriptionUpdated] {
        let filter =
            EventFilter { kind: Some(kind), occurred_after: Some(event.occurred_at), ..EventFilter::default() };
        // Of the same transaction, the one recorded later counts; ids sort by creation.
        if events::list(tx, &filter, 1)?.first().is_some_and(|newest| newest.id > event.id && lifts(newest)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Does this event give the tenant leads to receive again: a new period, overages it buys, or units it was given?
fn lifts(event: &Event) -> bool {
    let number = |name: &str| event.data.get(name).and_then(|value| value.as_i64()).unwrap_or(0);
    let is_unlimited = event.data.get("remaining").is_some_and(serde_json::Value::is_null);
    match event.kind {
        EventType::SubscriptionRenewed | EventType::SubscriptionActivated | EventType::SubscriptionTrialStarted => true,
        EventType::SubscriptionUpdated => {
            event.data.get("overage_policy").and_then(|policy| policy.as_str()) == Some(OveragePolicy::Bill.as_str())
                || number("credits_granted") > 0
                || number("remaining") > 0
                || is_unlimited
        }
        _ => false,
    }
}

pub(super) async fn renewed(ctx: JobContext) -> Result<Outcome> {
    let ReactionPayload { event_id } = ctx.payload()?;
    let found = ctx.core.db.read(ctx.scope(), move |tx: &mut TenantTx<'_>| events::find(tx, event_id)).await?;
    if !found.as_ref().is_some_and(lifts) {
        return Ok(Outcome::Discard("the quota is what it was".into()));
    }
    ctx.finish(let_run).await
}

pub(super) fn let_run(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    if outlook(tx)? != Outlook::Delivered {
        return Ok(());
    }
    for mut campaign in store::in_status(tx, CampaignStatus::Paused)?.into_iter().filter(is_held_back) {
        let to = campaign.status.after(Step::Resume)?;
        status::move_to(tx, &mut campaign, Step::Resume, to, None)?;
    }
    for mut campaign in store::in_status(tx, CampaignStatus::Active)? {
        if campaign.desired_delivery == Delivery::Slow {
            campaign.status_reason = None;
            status::want(tx, &mut campaign, Delivery::Running)?;
            store::save(tx, &mut campaign)?;
            note(tx, &campaign)?;
        }
    }
    Ok(())
}

fn note(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<()> {
    let data = serde_json::json!({"name": campaign.name, "platform": campaign.platform,
        "delivery": campaign.desired_delivery, "reason": campaign.status_reason});
    tx.record(NewEvent::new(EventType::AdCampaignUpdated).subject(campaign.id.uuid()).data(data))?;
    Ok(())
}
