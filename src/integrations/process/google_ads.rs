//! A lead of a Google lead form: the webhook carries all of it.

use super::{Failure, form_of, note_test, read, settle, take_in, unrouted};
use crate::ads::{leads, route};
use crate::engine::jobs::{JobContext, Outcome};
use crate::integrations::model::WebhookProvider;
use crate::integrations::store::WebhookEvent;
use crate::providers::AdPlatform;
use crate::providers::google_ads::LeadFormWebhook;

pub(super) async fn lead(ctx: &JobContext, event: &WebhookEvent) -> Result<Outcome, Failure> {
    let lead: LeadFormWebhook = read(event)?;
    let (context, told_at) = (ctx.clone(), event.received_at);
    settle(ctx, event, move |tx| {
        let form = lead.form_id.as_ref().map(|id| id.as_str());
        let campaign = lead.campaign_id.as_ref().map(|id| id.as_str());
        let route = route::find(tx, AdPlatform::Google, form, campaign, None, None)?;
        if lead.is_test() {
            return note_test(tx, route, WebhookProvider::GoogleAds, &lead.lead_id);
        }
        let route = route.ok_or_else(unrouted)?;
        let form = form_of(tx, route)?;
        take_in(tx, &context, route, leads::from_google(&lead, route, form.as_ref(), told_at), told_at)
    })
    .await
}
