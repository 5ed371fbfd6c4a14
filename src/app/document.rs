//! The OpenAPI document: collected from the routes, so that a route cannot exist without its description.

use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt as _;

use super::{health, introduction, problems, refusals, routes};
use crate::engine::http::openapi::{self, Area, Callers};
use crate::integrations::outbound;
use crate::tenants::access::Permission;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Leadwright",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Authentication", description = "Sign-up, login, sessions."),
        (name = "Users", description = "People of a tenant and their roles."),
        (name = "API keys", description = "Keys for integrations."),
        (name = "Tenant", description = "Settings, business profile, audience."),
        (name = "Billing", description = "Plans, what a tenant has bought of them, and what it has used."),
        (name = "Leads", description = "Verified enquiries by people."),
        (name = "Conversations", description = "Threads with one person on one channel."),
        (name = "Ad campaigns", description = "Adverts that bring leads in."),
        (name = "Notifications", description = "What a tenant's people are told."),
        (name = "Webhook endpoints", description = outbound::describe::ABOUT),
        (name = "Operators", description = "The platform's own staff, and tenants as they see them."),
        (name = "Operations", description = "What operators do: tasks, jobs, stored webhooks, activation, credits."),
        (name = "Provider webhooks", description = "What Meta, Google, Twilio and Resend call, each with its own signature."),
        (name = "Errors", description = "What every error code means."),
        (name = "Health", description = "For load balancers and monitoring."),
    ),
)]
struct Base;

/// What the paths have in common. An operation that differs says so itself.
fn areas() -> Vec<Area> {
    use Permission as P;
    let of_tenants = |under, tag, reads: Option<P>, writes: Option<P>| {
        let name = |permission: P| permission.to_string();
        Area { under, tag, callers: Callers::Tenants { reads: reads.map(name), writes: writes.map(name) } }
    };
    let of = |under, tag, reads, writes| of_tenants(under, tag, Some(reads), Some(writes));
    let of_anybody = |under, tag| of_tenants(under, tag, None, None);
    let of_operators = |under, tag| Area { under, tag, callers: Callers::Operators };
    let of_providers = |under| Area { under, tag: "Provider webhooks", callers: Callers::Providers };
    vec![
        of_anybody("/", "Health"),
        of_anybody("/problems", "Errors"),
        of_providers("/api/webhooks"),
        of_providers("/v1/webhooks"),
        of_anybody("/v1/auth", "Authentication"),
        of_anybody("/v1/me", "Authentication"),
        of("/v1/users", "Users", P::UsersRead, P::UsersWrite),
        of("/v1/invitations", "Users", P::UsersRead, P::UsersWrite),
        of("/v1/api-keys", "API keys", P::ApiKeysWrite, P::ApiKeysWrite),
        of("/v1/tenants/current", "Tenant", P::TenantRead, P::TenantWrite),
        of("/v1/events", "Tenant", P::EventsRead, P::EventsRead),
        of_anybody("/v1/plans", "Billing"),
        of("/v1/subscriptions", "Billing", P::BillingRead, P::BillingWrite),
        of("/v1/usage", "Billing", P::BillingRead, P::BillingWrite),
        of("/v1/leads", "Leads", P::LeadsRead, P::LeadsWrite),
        of("/v1/conversations", "Conversations", P::ConversationsRead, P::ConversationsWrite),
        of("/v1/messages/", "Conversations", P::ConversationsRead, P::ConversationsWrite),
        of("/v1/suppressions", "Conversations", P::ConversationsRead, P::ConversationsWrite),
        of("/v1/ad-campaigns", "Ad campaigns", P::AdCampaignsRead, P::AdCampaignsWrite),
        of("/v1/notifications", "Notifications", P::NotificationsRead, P::NotificationsWrite),
        of("/v1/notification-recipients", "Notifications", P::TenantRead, P::TenantWrite),
        of("/v1/webhook-endpoints", "Webhook endpoints", P::WebhooksRead, P::WebhooksWrite),
        of("/v1/webhook-deliveries", "Webhook endpoints", P::WebhooksRead, P::WebhooksWrite),
        of_operators("/v1/tenants", "Operators"),
        of_operators("/v1/ops/operators", "Operators"),
        of_operators("/v1/ops", "Operations"),
    ]
}

/// Whom each group of operations is for, as readers of the document fold them.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "For tenants",
        &[
            "Authentication",
            "Users",
            "API keys",
            "Tenant",
            "Billing",
            "Leads",
            "Conversations",
            "Ad campaigns",
            "Notifications",
            "Webhook endpoints",
        ],
    ),
    ("For operators", &["Operators", "Operations"]),
    ("For providers", &["Provider webhooks"]),
    ("About the server", &["Errors", "Health"]),
];

fn tag_groups() -> serde_json::Value {
    GROUPS.iter().map(|(name, tags)| json!({ "name": name, "tags": tags })).collect()
}

/// The document as it is committed and served.
pub fn document() -> OpenApi {
    routes::declare();
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(health::routes)
        .configure(problems::routes)
        .configure(routes::aliases)
        .service(utoipa_actix_web::scope("/v1").configure(routes::v1))
        .split_for_parts();
    let mut document = openapi::finish(document, &areas(), &refusals::all());
    outbound::describe::add_to(&mut document);
    document.info.description = Some(introduction::text());
    document.extensions = Some([("x-tagGroups", tag_groups())].into_iter().collect());
    document
}
