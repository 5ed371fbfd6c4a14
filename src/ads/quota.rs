//! `IF leads_delivered >= quota AND customer_not_buying_overages THEN pause_campaign()`, and back.
//!
//! `slow` lowers the daily budget where an ad campaign has one of its own, and pauses it elsewhere.
//! Pausing is asynchronous: leads that arrive after it are stored all the same, and metered by the policy.

use super::model::{CampaignStatus, Delivery, QUOTA_REACHED as REASON, Step};
use super::movement::{move_to, want};
use super::store::{self, AdCampaign};
use crate::base::Result;
use crate::billing::books::Books;
use crate::billing::outlook::{Outlook, outlook};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventType, NewEvent, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants;

/// Pauses or slows a tenant's ad campaigns.
pub static QUOTA_REACHED: JobKind = JobKind::new("ad_campaign.quota_reached").priority(3);
/// Lets them run again.
pub static QUOTA_RENEWED: JobKind = JobKind::new("ad_campaign.quota_renewed").priority(3);

/// An event says that something ran out; what is in force now decides, for it may be told late.
pub(super) async fn reached(ctx: JobContext) -> Result<Outcome> {
    ctx.finish(hold_back).await
}

pub(super) fn hold_back(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    match outlook(&mut Books::open(tx)?)? {
        Outlook::Delivered => Ok(()),
        Outlook::Slowed => slow(tx),
        Outlook::HeldBack => pause(tx, |_| true),
    }
}

/// Lowers the budget of those that have one of their own, and pauses the others.
fn slow(tx: &mut TenantTx<'_>) -> Result<()> {
    let slows = |campaign: &AdCampaign| campaign.platform.has_own_budget();
    pause(tx, |campaign| !slows(campaign))?;
    let mut slowed = store::in_status(tx, CampaignStatus::Active)?;
    // Paused under an earlier, stricter choice.
    let stricter = store::in_status(tx, CampaignStatus::Paused)?;
    slowed.extend(stricter.into_iter().filter(|campaign| is_held_back(campaign) && slows(campaign)));
    for mut campaign in slowed.into_iter().filter(|campaign| campaign.desired_delivery != Delivery::Slow) {
        campaign.status = CampaignStatus::Active;
        campaign.status_reason = Some(REASON.into());
        want(tx, &mut campaign, Delivery::Slow)?;
        store::save(tx, &mut campaign)?;
        note(tx, &campaign)?;
    }
    Ok(())
}

fn pause(tx: &mut TenantTx<'_>, which: impl Fn(&AdCampaign) -> bool) -> Result<()> {
    for mut campaign in store::in_status(tx, CampaignStatus::Active)?.into_iter().filter(which) {
        let to = campaign.status.after(Step::Pause)?;
        move_to(tx, &mut campaign, Step::Pause, to, Some(REASON.into()))?;
    }
    Ok(())
}

/// How far the plan lets an ad campaign run that somebody wants to run.
pub(super) fn allowed(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<Delivery> {
    Ok(match outlook(&mut Books::open(tx)?)? {
        Outlook::Delivered => Delivery::Running,
        Outlook::Slowed if campaign.platform.has_own_budget() => Delivery::Slow,
        Outlook::Slowed | Outlook::HeldBack => Delivery::Paused,
    })
}

/// The policy in force where the event tells it, else the one the tenant chose.
fn named_policy(event: &Event) -> Option<&str> {
    event.data.get("policy").or_else(|| event.data.get("overage_policy")).and_then(|policy| policy.as_str())
}

fn is_held_back(campaign: &AdCampaign) -> bool {
    campaign.status_reason.as_deref() == Some(REASON)
}

/// Does this event give the tenant leads to receive again: a new period, overages it buys, or units it was given?
fn lifts(event: &Event) -> bool {
    let number = |name: &str| event.data.get(name).and_then(|value| value.as_i64()).unwrap_or(0);
    // A choice made during a trial is in force once it is over.
    let is_paid = event.data.get("status").and_then(|status| status.as_str()).is_none_or(|status| status == "active");
    let is_unlimited = event.data.get("remaining").is_some_and(serde_json::Value::is_null);
    match event.kind {
        EventType::SubscriptionRenewed | EventType::SubscriptionActivated | EventType::SubscriptionTrialStarted => true,
        EventType::SubscriptionUpdated => {
            named_policy(event) == Some("bill") && is_paid
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
    if outlook(&mut Books::open(tx)?)? != Outlook::Delivered || tenants::store::current(tx)?.is_suspended() {
        return Ok(());
    }
    for mut campaign in store::in_status(tx, CampaignStatus::Paused)?.into_iter().filter(is_held_back) {
        let to = campaign.status.after(Step::Resume)?;
        move_to(tx, &mut campaign, Step::Resume, to, None)?;
    }
    for mut campaign in store::in_status(tx, CampaignStatus::Active)? {
        if campaign.desired_delivery == Delivery::Slow {
            campaign.status_reason = None;
            want(tx, &mut campaign, Delivery::Running)?;
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
