//! Leads that came before anybody agreed whose they are.
//!
//! They wait as `failed`, `unrouted`, and follow once an operator agreed to the ids that they name: a reaction to
//! `ad_campaign.activated` and `ad_campaign.updated`. What the agreement does not concern stays where it is.

use serde_json::Value;

use super::facts::WebhookEventFact;
use super::model::WebhookProvider;
use super::process::{ProcessPayload, WAITING, job_of};
use super::store::{self, WebhookEvent};
use crate::ads;
use crate::base::id::TenantId;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{self, Fact as _, ReactionPayload, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, store as jobs};
use crate::leads::id::AdCampaignId;
use crate::providers::{AdPlatform, Digits};

/// Tries the waiting leads of an ad campaign again.
pub static REROUTE: JobKind = JobKind::new("webhook.reroute").priority(2);

/// Older ones are left to operators.
const SINCE: chrono::Duration = chrono::Duration::days(30);
const AT_ONCE: i64 = 1000;

pub(super) async fn follow(ctx: JobContext) -> Result<Outcome> {
    let ReactionPayload { event_id } = ctx.payload()?;
    let look = move |tx: &mut TenantTx<'_>| {
        let event = events::get(tx, event_id)?;
        let id = event.subject_id.map(AdCampaignId::from_uuid);
        let id = id.ok_or_else(|| Error::internal("an ad campaign's event without its subject"))?;
        agreed_ids(tx, id)
    };
    let Some(agreed) = ctx.core.db.read(ctx.scope(), look).await? else {
        return Ok(Outcome::Discard("nobody agreed to an id of it".into()));
    };
    ctx.finish_platform(move |tx| again(tx, &agreed)).await
}

struct Agreed {
    platform: AdPlatform,
    tenant: TenantId,
    campaign: Option<String>,
    form: Option<String>,
    page: Option<String>,
}

fn agreed_ids(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<Option<Agreed>> {
    let Some(campaign) = ads::store::find(tx, id)? else { return Ok(None) };
    let form = ads::store::form_of(tx, &campaign)?.and_then(|form| form.agreed_form_id);
    let agreed = Agreed {
        platform: campaign.platform,
        tenant: tx.tenant(),
        campaign: campaign.agreed_campaign_id,
        form,
        page: campaign.agreed_page_id,
    };
    let is_any = agreed.campaign.is_some() || agreed.form.is_some() || agreed.page.is_some();
    Ok(is_any.then_some(agreed))
}

fn again(tx: &mut PlatformTx<'_>, agreed: &Agreed) -> Result<()> {
    let provider = match agreed.platform {
        AdPlatform::Meta => WebhookProvider::Meta,
        AdPlatform::Google => WebhookProvider::GoogleAds,
    };
    let since = tx.now().minus(SINCE);
    let waiting = store::failed_since(tx, provider, &WAITING, since, AT_ONCE)?;
    for event in waiting.iter().filter(|event| is_concerned(event, agreed)) {
        if !store::reopen(tx, event.id)? {
            continue;
        }
        let fact = WebhookEventFact { was: event.outcome.clone(), ..WebhookEventFact::of(event) };
        let replayed = tx.record(fact.told_as(WebhookEventFact::REPLAYED).about(event.id.uuid()))?;
        let payload = ProcessPayload { webhook_event_id: event.id };
        let job = NewJob::new(job_of(event.kind), &payload).unique(format!("{}:{replayed}", event.id));
        jobs::enqueue(tx, platform_tenant(), job)?;
    }
    Ok(())
}

/// Does a waiting lead name what was agreed to? At Meta the ad campaign is known only once the lead is fetched, so its page
/// is enough to try.
fn is_concerned(event: &WebhookEvent, agreed: &Agreed) -> bool {
    let body = event.body.value();
    let hint = body["keyed_for"]["tenant_id"].as_str().or_else(|| body["tenant_hint"].as_str());
    if hint.is_some_and(|tenant| tenant != agreed.tenant.to_string()) {
        return false;
    }
    let told = if body["change"].is_object() { &body["change"] } else { &body };
    let names = |name: &str, wanted: &Option<String>| id_of(&told[name]).is_some_and(|id| Some(&id) == wanted.as_ref());
    names("form_id", &agreed.form) || names("campaign_id", &agreed.campaign) || names("page_id", &agreed.page)
}

fn id_of(value: &Value) -> Option<String> {
    serde_json::from_value::<Digits>(value.clone()).ok().map(Digits::into_string)
}
