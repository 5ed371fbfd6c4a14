//! The OpenAPI document: collected from the routes, so that a route cannot exist without its description.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt as _;

use super::{health, routes};
use crate::engine::http::openapi;
use crate::integrations::outbound;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Leadwright",
        description = "Headless, multi-tenant lead generation and sales automation.\n\n\
            Authenticate with `Authorization: Bearer` and a user's access token or an API key. Lists are keyset pages \
            (`limit`, `cursor`, `next_cursor`). Errors are `application/problem+json` (RFC 9457) with a stable `code`. \
            Every authenticated POST takes an `Idempotency-Key`. \
            A caller that may change a thing and not read it is answered its `id` alone, and what was made for it, such as a \
            token or a secret. Money is integer minor units with a currency; times are RFC 3339 in UTC.",
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
        (name = "Webhooks", description = "Signed endpoints that providers call."),
        (name = "Webhook endpoints", description = outbound::describe::ABOUT),
        (name = "Operators", description = "The platform's own staff, and tenants as they see them."),
        (name = "Operations", description = "What operators do: tasks, jobs, stored webhooks, activation, credits."),
        (name = "Health", description = "For load balancers and monitoring."),
    ),
)]
struct Base;

/// The document as it is committed and served.
pub fn document() -> OpenApi {
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(health::routes)
        .configure(routes::aliases)
        .service(utoipa_actix_web::scope("/v1").configure(routes::v1))
        .split_for_parts();
    let mut document = openapi::finish(document);
    outbound::describe::add_to(&mut document);
    document
}
