//! The OpenAPI document: collected from the routes, so that a route cannot exist without its description.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::tag::TagBuilder;
use utoipa_actix_web::AppExt as _;

use super::{health, routes};
use crate::engine::http::openapi::{self, Area, Callers};
use crate::integrations::outbound;
use crate::tenants::access;

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
)]
struct Base;

/// Under a tag of its own, and named by no folder.
const HEALTH: (&str, &str) = ("Health", "For load balancers and monitoring.");

/// What the paths have in common. An operation that differs says so itself.
fn paths_of(area: &access::Area) -> Area {
    let callers = match area.callers {
        access::Callers::Tenants { reads, writes } => {
            Callers::Tenants { reads: Some(reads.to_string()), writes: Some(writes.to_string()) }
        }
        access::Callers::Anybody => Callers::Tenants { reads: None, writes: None },
        access::Callers::Operators => Callers::Operators,
    };
    Area { under: area.under, tag: area.tag, callers }
}

/// The document as it is committed and served.
pub fn document() -> OpenApi {
    routes::declare();
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(health::routes)
        .configure(routes::aliases)
        .service(utoipa_actix_web::scope("/v1").configure(routes::v1))
        .split_for_parts();
    let declared = routes::areas();
    let mut areas: Vec<Area> = declared.all().iter().map(paths_of).collect();
    areas.push(Area { under: "/", tag: HEALTH.0, callers: Callers::Tenants { reads: None, writes: None } });
    let mut document = openapi::finish(document, &areas);
    let tag = |(name, about): &(&str, &str)| TagBuilder::new().name(*name).description(Some(*about)).build();
    document.tags = Some(declared.tags().iter().chain([&HEALTH]).map(tag).collect());
    outbound::describe::add_to(&mut document);
    document
}
