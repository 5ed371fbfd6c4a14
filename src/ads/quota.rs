//! `IF leads_delivered >= quota AND customer_not_buying_overages THEN pause_campaign()`, and back.
//!
//! `slow` lowers the daily budget where an ad campaign has one of its own, and pauses it elsewhere.
//! Pausing is asynchronous: leads that arrive after it are stored all the same, and metered by the policy.

use super::facts::AdCampaignFact;
use super::model::{CampaignStatus, Delivery, QUOTA_REACHED as REASON, Step};
use super::store::AdCampaign;
use super::{status, store, suspension};
use crate::base::Result;
use crate::base::patch::Patch;
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::{OveragePolicy, SubscriptionStatus};
use crate::billing::outlook::{Outlook, outlook};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::jobs::{JobContext, JobKind, Outcome};

/// Pauses or slows a tenant's ad campaigns.
pub static QUOTA_REACHED: JobKind = JobKind::new("ad_campaign.quota_reached").priority(3);
/// Lets them run again. What is in force decides, so it may be told of nothing.
pub static QUOTA_RENEWED: JobKind = JobKind::new("ad_campaign.quota_renewed").priority(3);

/// An event says that something ran out; what is in force now decides, for it may be told late.
pub(super) async fn reached(ctx: JobContext) -> Result<Outcome> {
    ctx.finish(hold_back).await
}

pub(super) fn hold_back(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    match outlook(tx)? {
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
        status::want(tx, &mut campaign, Delivery::Slow)?;
        store::save(tx, &mut campaign)?;
        note(tx, &campaign)?;
    }
    Ok(())
}

fn pause(tx: &mut TenantTx<'_>, which: impl Fn(&AdCampaign) -> bool) -> Result<()> {
    for mut campaign in store::in_status(tx, CampaignStatus::Active)?.into_iter().filter(which) {
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

/// Does this change give the tenant leads to receive again: overages it buys, or units it was given?
pub(super) fn lifts(fact: &SubscriptionFact) -> bool {
    // A choice made during a trial is in force once it is over.
    let is_paid = fact.status.is_none_or(|status| status == SubscriptionStatus::Active);
    let has_more = match fact.remaining {
        Patch::Absent => false,
        Patch::Null => true,
        Patch::Value(remaining) => remaining > 0,
    };
    let policy = fact.policy.or(fact.overage_policy);
    policy == Some(OveragePolicy::Bill) && is_paid
        || fact.credits_granted.is_some_and(|granted| granted > 0)
        || has_more
}

pub(super) async fn renewed(ctx: JobContext) -> Result<Outcome> {
    ctx.finish(let_run).await
}

pub(super) fn let_run(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    if outlook(tx)? != Outlook::Delivered || suspension::is_suspended(tx)? {
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
    let fact = AdCampaignFact {
        delivery: Some(campaign.desired_delivery),
        reason: campaign.status_reason.clone(),
        ..AdCampaignFact::of(campaign)
    };
    tx.record(fact.told_as(AdCampaignFact::UPDATED).about(campaign.id.uuid()))?;
    Ok(())
}
