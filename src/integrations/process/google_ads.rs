//! A lead of a Google lead form: the webhook carries all of it. Which key vouched for it says how far it may go.

use super::{Failure, KeyedFor, OTHER_KEY, UNANSWERED, note_test, read, settle, take_in, unrouted};
use crate::ads::{enquiries, route};
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::jobs::{JobContext, Outcome};
use crate::integrations::model::WebhookProvider;
use crate::integrations::store::WebhookEvent;
use crate::leads::model::OWN_KEY;
use crate::providers::AdPlatform;
use crate::providers::google_ads::LeadFormWebhook;

#[derive(serde::Deserialize)]
struct Stored {
    #[serde(default)]
    keyed_for: Option<KeyedFor>,
}

pub(super) async fn lead(ctx: &JobContext, event: &WebhookEvent) -> Result<Outcome, Failure> {
    let lead: LeadFormWebhook = read(event)?;
    let Stored { keyed_for } = read(event)?;
    let (context, told_at) = (ctx.clone(), event.received_at);
    settle(ctx, event, move |tx| {
        let found = find(tx, &lead, keyed_for)?;
        if lead.is_test() {
            return note_test(tx, found.map(|found| found.route), WebhookProvider::GoogleAds, &lead.lead_id);
        }
        let found = found.ok_or_else(unrouted)?;
        let route = found.route;
        if lead.user_column_data.iter().all(|column| column.string_value.trim().is_empty()) {
            let message = "Google sent this lead without its answers";
            return Err(Error::upstream(UNANSWERED, message));
        }
        let form = found.questions()?;
        let mut enquiry = enquiries::from_google(&lead, route, form.as_ref(), told_at);
        route::hide_platforms_ids(&found, &mut enquiry.source_details);
        if let Some(key) = keyed_for
            && !route::is_vouched_by_key(&mut tx.for_tenant(key.tenant_id), key.ad_campaign_id)?
        {
            enquiry.platform_lead_id = enquiry.platform_lead_id.map(|id| format!("{OWN_KEY}{id}"));
        }
        take_in(tx, &context, route, enquiry, told_at)
    })
    .await
}

fn find(tx: &mut PlatformTx<'_>, lead: &LeadFormWebhook, key: Option<KeyedFor>) -> Result<Option<route::Found>> {
    let form = lead.form_id.as_ref().map(|id| id.as_str());
    let campaign = lead.campaign_id.as_ref().map(|id| id.as_str());
    if let Some(key) = key {
        let found = route::by_key(&mut tx.for_tenant(key.tenant_id), key.ad_campaign_id, form, campaign)?;
        let other =
            "the key is another ad campaign's: neither the form nor the ad campaign is the one written down for it";
        return found.map(Some).ok_or_else(|| Error::forbidden(OTHER_KEY, other));
    }
    let Some(found) = route::find(tx, AdPlatform::Google, form, campaign, None, None)? else { return Ok(None) };
    if route::opens_to_the_platforms_key(tx, &found)? {
        return Ok(Some(found));
    }
    let closed =
        "the platform's key vouches for the platform's ad accounts alone, and for no ad campaign with a key of its own";
    Err(Error::forbidden(OTHER_KEY, closed))
}
