//! A lead at Meta: the notification holds ids only, so the lead is fetched before it is taken in.

use super::{ANSWERS_HIDDEN, Done, Failure, UNROUTED, note_test, questions, read, settle, take_in, unrouted};
use crate::ads::{enquiries, route};
use crate::base::Error;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::engine::jobs::{JobContext, Outcome};
use crate::integrations::model::WebhookProvider;
use crate::integrations::store::{self, WebhookEvent};
use crate::providers::meta::{LeadgenChange, MetaLead};
use crate::providers::{AdPlatform, ErrorClass, Providers};

/// How long a lead that may not be read is asked for. Operators are told afterwards; most mend it within hours.
const WITHOUT_ACCESS: chrono::Duration = chrono::Duration::days(1);

#[derive(serde::Deserialize)]
struct Stored {
    change: LeadgenChange,
    #[serde(default)]
    tenant_hint: Option<TenantId>,
}

pub(super) async fn lead(ctx: &JobContext, providers: &Providers, event: &WebhookEvent) -> Result<Outcome, Failure> {
    let Stored { change, tenant_hint } = read(event)?;
    if change.is_dashboard_test() {
        return settle(ctx, event, |_| Ok(Done { outcome: "test_lead", tenant: None })).await;
    }
    let told = change.clone();
    let known = ctx
        .core
        .db
        .read(ctx.platform_scope(), move |tx: &mut PlatformTx<'_>| {
            Ok(find(tx, &told, None, tenant_hint)?.map(|found| found.form))
        })
        .await?;
    let graph = providers.meta_leads();
    let fetched = match graph {
        Some(graph) => {
            let fetched = graph.fetch_lead(change.leadgen_id.as_str()).await;
            let result = fetched.as_ref().map_or_else(|error| error.class.as_str(), |_| "ok");
            ctx.core.metrics.provider_call("meta", "fetch_lead", result);
            fetched
        }
        None if known.is_none() => return Err(Failure::Final("unrouted", unrouted())),
        None => {
            let message = "Meta is not connected: its leads cannot be fetched";
            return Err(Failure::Final("not_connected", Error::upstream("provider.not_connected", message)));
        }
    };
    let lead = match fetched {
        Ok(lead) => lead,
        // A form nobody here has is most likely one we may not read either; the first is what an operator can mend.
        Err(error) if known.is_none() && !error.is_temporary() => {
            return Err(Failure::Final(
                "unrouted",
                Error::not_found(UNROUTED, unrouted().message()).with_source(error),
            ));
        }
        // Access to the page, or to its leads, was withdrawn, or is not given yet.
        Err(error) if error.code.starts_with("100/33") => {
            let error = Error::upstream("webhook.unreadable", "Meta does not let us read this lead").with_source(error);
            return Err(Failure::Unreadable { until: WITHOUT_ACCESS, outcome: "refused", error });
        }
        // A token that ended, a permission that was taken away: somebody gives it back within hours, and the alert of the metric is
        // out already. What waits then goes on by itself.
        Err(error) if error.needs_an_operator() => {
            let outcome = if error.class == ErrorClass::Auth { "auth" } else { "config" };
            let told = Error::upstream(format!("provider.{}", error.class), error.to_string());
            return Err(Failure::Unreadable { until: WITHOUT_ACCESS, outcome, error: told });
        }
        Err(error) => return Err(Failure::of(error, ctx.core.clock.now())),
    };
    let asked = match graph {
        Some(graph) => questions::of(ctx, graph, known.flatten(), &lead).await,
        None => return Err(Failure::Final("unrouted", unrouted())),
    };
    let (context, told_at) = (ctx.clone(), event.received_at);
    let (id, mut body) = (event.id, event.body.clone());
    settle(ctx, event, move |tx| {
        // Looked up again, inside: the ad campaign may have been set up while the lead was fetched.
        let found = find(tx, &change, Some(&lead), tenant_hint)?;
        if is_test(&lead) {
            let route = found.map(|found| found.route);
            return note_test(tx, route, WebhookProvider::Meta, change.leadgen_id.as_str());
        }
        let found = found.ok_or_else(unrouted)?;
        let route = found.route;
        if is_unanswered(&lead) {
            let message =
                "Meta shows this lead without its answers: they can be read once the app may access the page's leads";
            return Err(Error::upstream(ANSWERS_HIDDEN, message));
        }
        let form = found.questions()?;
        let page = change.page_id.as_ref().map(|id| id.as_str());
        let mut enquiry = enquiries::from_meta(&lead, page, route, form.as_ref(), &asked.questions, told_at);
        asked.keep(&mut tx.for_tenant(route.tenant))?;
        // The notification's id is the one deliveries are told apart by.
        enquiry.platform_lead_id = Some(format!("meta:{}", change.leadgen_id));
        // Operators find in the stored webhook what the tenant is not shown of the platform's ad accounts.
        let origin = enquiry.source_details.clone();
        if route::hide_platforms_ids(&found, &mut enquiry.source_details) {
            store::note_origin(tx, id, &mut body, origin)?;
        }
        take_in(tx, &context, route, enquiry, told_at)
    })
    .await
}

fn find(
    tx: &mut PlatformTx<'_>,
    change: &LeadgenChange,
    lead: Option<&MetaLead>,
    tenant_hint: Option<TenantId>,
) -> crate::base::Result<Option<route::Found>> {
    let campaign = lead.and_then(|lead| lead.campaign_id.as_ref()).map(|id| id.as_str());
    let told = change.form_id.as_ref().or_else(|| lead.and_then(|lead| lead.form_id.as_ref())).map(|id| id.as_str());
    let page = change.page_id.as_ref().map(|id| id.as_str());
    route::find(tx, AdPlatform::Meta, told, campaign, page, tenant_hint)
}

/// Nothing was answered, or we do not see it: Graph leaves the answers out for an app without access to the leads, and after
/// ninety days for everybody.
fn is_unanswered(lead: &MetaLead) -> bool {
    lead.field_data.iter().flat_map(|datum| &datum.values).all(|value| value.trim().is_empty())
}

/// Meta's testing tool fills every field with `<test lead: dummy data for …>`.
fn is_test(lead: &MetaLead) -> bool {
    lead.field_data.iter().flat_map(|datum| &datum.values).any(|value| value.starts_with("<test lead:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_testing_tools_leads_are_told_by_their_answers() {
        let lead = |value: &str| -> MetaLead {
            serde_json::from_value(serde_json::json!({"id": "1", "field_data": [{"name": "email", "values": [value]}]}))
                .unwrap()
        };
        assert!(is_test(&lead("<test lead: dummy data for email>")));
        assert!(!is_test(&lead("test@example.com")));
    }
}
