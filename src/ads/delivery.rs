//! Carrying out what an ad campaign should be doing, at the ad platform.
//!
//! The wish is a column, not a payload: the job reads it when it runs and looks again when it is done, so that of a quick
//! pause and resume the last one holds, in whatever order the jobs ran.

use super::documents::Carried;
use super::facts::AdCampaignFact;
use super::model::Delivery;
use super::store::{self, AdCampaign};
use crate::base::money::{Currency, Money};
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome};
use crate::leads::id::AdCampaignId;
use crate::providers::{AdPlatform, ErrorClass, ProviderError, Providers, Running};

pub static SYNC_DELIVERY: JobKind = JobKind::new("ad_campaign.sync_delivery").priority(3);

/// ₹100 a day keeps an ad campaign alive; elsewhere an eighth of its budget, as ₹100 is of ₹800.
const SLOW_RUPEES: i64 = 10_000;

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct SyncPayload {
    pub ad_campaign_id: AdCampaignId,
}

pub(super) async fn run(ctx: JobContext, providers: Providers) -> Result<Outcome> {
    let SyncPayload { ad_campaign_id: id } = ctx.payload()?;
    let found = ctx.core.db.read(ctx.scope(), move |tx: &mut TenantTx<'_>| store::find(tx, id)).await?;
    let Some(campaign) = found else { return Ok(Outcome::Discard("the ad campaign is gone".into())) };
    let Some(external) = campaign.external_campaign_id.clone() else {
        return Ok(Outcome::Discard("the ad campaign has no id at the ad platform".into()));
    };
    if !campaign.is_steered() {
        return Ok(Outcome::Discard("no operator agreed to its id at the ad platform".into()));
    }
    let told = tell(&providers, &campaign, &external).await;
    let result = told.as_ref().map_or_else(|error| error.class.as_str(), |_| "ok");
    let provider = match campaign.platform {
        AdPlatform::Meta => "meta",
        AdPlatform::Google => "google_ads",
    };
    ctx.core.metrics.provider_call(provider, "steer_campaign", result);
    match told {
        Ok(lowered) => ctx.finish(move |tx| carried_out(tx, &campaign, lowered)).await,
        Err(error) => refused(&ctx, campaign, error).await,
    }
}

/// Says it to the ad platform. Answers the lowered budget that is in force afterwards.
async fn tell(providers: &Providers, campaign: &AdCampaign, external: &str) -> Result<Option<i64>, ProviderError> {
    let platform = campaign.platform;
    let missing = |what: &str| {
        let message = format!("{what} on {platform} cannot be set: the ad platform is not connected for it");
        ProviderError::new(platform.as_str(), ErrorClass::Config, "not_connected", message)
    };
    let control = providers.campaign_control(platform).ok_or_else(|| missing("The status of ad campaigns"))?;
    let own = campaign.money(campaign.daily_budget);
    let budget = match campaign.desired_delivery {
        Delivery::Paused => {
            control.set_campaign_status(external, Running::Paused).await?;
            return Ok(campaign.delivery.lowered_budget);
        }
        Delivery::Slow => Some(slow_budget(own)),
        Delivery::Running => campaign.delivery.lowered_budget.map(|_| own),
    };
    // The budget first: an ad campaign must not run a moment on more than was meant.
    if let Some(budget) = budget {
        let budgets = providers.budget_control(platform).ok_or_else(|| missing("The budget of ad campaigns"))?;
        budgets.set_daily_budget(external, budget).await?;
    }
    control.set_campaign_status(external, Running::Active).await?;
    Ok(budget.map(|budget| budget.amount).filter(|_| campaign.desired_delivery == Delivery::Slow))
}

/// The daily budget of slow delivery.
fn slow_budget(own: Money) -> Money {
    let slow = if own.currency == Currency::INR { SLOW_RUPEES } else { own.amount / 8 };
    Money::new(slow.clamp(1, own.amount.max(1)), own.currency)
}

fn carried_out(tx: &mut TenantTx<'_>, sent: &AdCampaign, lowered: Option<i64>) -> Result<()> {
    store::lock(tx)?;
    let now = tx.now();
    let Some(campaign) = store::find(tx, sent.id)? else { return Ok(()) };
    let is_other_budget = campaign.money(campaign.daily_budget) != sent.money(sent.daily_budget);
    if is_other_budget || campaign.desired_delivery != sent.desired_delivery {
        // Another wish came meanwhile, and its own job may have been faster than this one.
        let lowered = if is_other_budget { lowered.or(Some(sent.daily_budget)) } else { lowered };
        store::save_delivery(tx, campaign.id, Carried { lowered_budget: lowered, ..Carried::default() })?;
        tx.enqueue(NewJob::new(&SYNC_DELIVERY, &SyncPayload { ad_campaign_id: campaign.id }))?;
        return Ok(());
    }
    store::save_delivery(tx, campaign.id, Carried { synced_at: Some(now), error: None, lowered_budget: lowered })?;
    let fact = AdCampaignFact {
        delivery: Some(campaign.desired_delivery),
        daily_budget: Some(campaign.money(lowered.unwrap_or(campaign.daily_budget))),
        ..AdCampaignFact::of(&campaign)
    };
    tx.record(fact.told_as(AdCampaignFact::DELIVERY_CHANGED).about(campaign.id.uuid()))?;
    Ok(())
}

async fn refused(ctx: &JobContext, campaign: AdCampaign, error: ProviderError) -> Result<Outcome> {
    if error.class == ErrorClass::Rate && !ctx.job.is_last_attempt() {
        let wait = error.retry_after.and_then(|wait| chrono::Duration::from_std(wait).ok());
        let at = ctx.core.clock.now().plus(wait.unwrap_or(chrono::Duration::seconds(60)));
        return Ok(Outcome::Snooze(at, error.to_string()));
    }
    let may_retry = matches!(error.class, ErrorClass::Retry | ErrorClass::Ambiguous) && !ctx.job.is_last_attempt();
    let reason = error.to_string();
    let public = format!("{}: the ad platform did not carry it out", error.class);
    if !may_retry {
        let noted = move |tx: &mut TenantTx<'_>| {
            store::lock(tx)?;
            let Some(now) = store::find(tx, campaign.id)? else { return Ok(()) };
            // The budget may have been lowered before the rest failed, so it is to be restored later.
            let slow = (campaign.desired_delivery == Delivery::Slow)
                .then(|| slow_budget(campaign.money(campaign.daily_budget)));
            let lowered = slow.map(|slow| slow.amount).or(now.delivery.lowered_budget);
            if now.desired_delivery != campaign.desired_delivery {
                return store::save_delivery(tx, now.id, Carried { lowered_budget: lowered, ..now.delivery.0 });
            }
            let delivery = Carried { synced_at: None, error: Some(public.clone()), lowered_budget: lowered };
            store::save_delivery(tx, now.id, delivery)?;
            let fact = AdCampaignFact {
                delivery: Some(now.desired_delivery),
                error: Some(public),
                ..AdCampaignFact::of(&now)
            };
            tx.record(fact.told_as(AdCampaignFact::DELIVERY_FAILED).about(now.id.uuid()))?;
            Ok(())
        };
        ctx.core.db.write(ctx.scope(), noted).await?;
    }
    let error = Error::upstream("ad_campaign.delivery_failed", reason);
    Ok(if may_retry { Outcome::Retry(error) } else { Outcome::Dead(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_a_hundred_rupees_or_an_eighth_and_never_more_than_the_budget() {
        let usd = |amount| Money::new(amount, Currency::USD);
        assert_eq!(slow_budget(Money::inr(80_000)), Money::inr(10_000));
        assert_eq!(slow_budget(Money::inr(5_000)), Money::inr(5_000));
        assert_eq!(slow_budget(usd(800)), usd(100));
        assert_eq!(slow_budget(usd(3)), usd(1));
    }
}
