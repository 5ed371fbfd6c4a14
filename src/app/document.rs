//! The OpenAPI document: collected from the routes, so that a route cannot exist without its description.

use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::tag::TagBuilder;
use utoipa_actix_web::AppExt as _;

use super::{health, introduction, problems, refusals, routes, shapes};
use crate::engine::http::openapi::{self, Area, Callers};
use crate::integrations::outbound;
use crate::tenants::access;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Leadwright",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "The server that this document came from; a client takes its address as base URL")),
)]
struct Base;

/// Tags of the server itself, which no folder names.
const ERRORS: (&str, &str) = ("Errors", "What every error code means.");
const HEALTH: (&str, &str) = ("Health", "For load balancers and monitoring.");
const OWN: [(&str, (&str, &str)); 2] = [("/", HEALTH), ("/problems", ERRORS)];

/// What the paths have in common. An operation that differs says so itself.
fn paths_of(area: &access::Area) -> Area {
    let callers = match area.callers {
        access::Callers::Tenants { reads, writes } => {
            Callers::Tenants { reads: Some(reads.to_string()), writes: Some(writes.to_string()) }
        }
        access::Callers::Anybody => Callers::Tenants { reads: None, writes: None },
        access::Callers::Operators => Callers::Operators,
        access::Callers::Providers => Callers::Providers,
    };
    Area { under: area.under, tag: area.tag, callers }
}

/// Operations whose body may be left out; a test holds each to what its handler takes.
const BODY_OR_NOTHING: &[&str] = &[
    "/v1/ad-campaigns/{id}/pause",
    "/v1/ad-campaigns/{id}/webhook-key",
    "/v1/api-keys/{id}/rotate",
    "/v1/auth/passkey/options",
    "/v1/auth/refresh",
    "/v1/webhook-endpoints/{id}/rotate",
];

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
            "Contacts",
            "Segments",
            "Bookings",
            "Leads",
            "Tasks",
            "Conversations",
            "Templates",
            "Outreach",
            "Ad campaigns",
            "Notifications",
            "Webhook endpoints",
        ],
    ),
    ("For operators", &["Operators", "Operations"]),
    ("For providers", &["Provider webhooks"]),
    ("About the server", &["Labels", "Errors", "Health"]),
];

fn tag_groups() -> serde_json::Value {
    GROUPS.iter().map(|(name, tags)| json!({ "name": name, "tags": tags })).collect()
}

/// The document as it is committed and served.
pub fn document() -> Value {
    routes::declare();
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(health::routes)
        .configure(problems::routes)
        .configure(routes::aliases)
        .service(utoipa_actix_web::scope("/v1").configure(routes::v1))
        .split_for_parts();
    let declared = routes::areas();
    let mut areas: Vec<Area> = declared.all().iter().map(paths_of).collect();
    areas.extend(OWN.map(|(under, (tag, _))| Area {
        under,
        tag,
        callers: Callers::Tenants { reads: None, writes: None },
    }));
    let mut document = openapi::finish(document, &areas, &refusals::all(), BODY_OR_NOTHING);
    let tag = |(name, about): &(&str, &str)| TagBuilder::new().name(*name).description(Some(*about)).build();
    let place = |(name, _): &&(&str, &str)| GROUPS.iter().flat_map(|(_, tags)| *tags).position(|tag| tag == name);
    let mut tags: Vec<_> = declared.tags().iter().chain([&ERRORS, &HEALTH]).collect();
    tags.sort_by_key(place);
    document.tags = Some(tags.into_iter().map(tag).collect());
    document.info.description = Some(introduction::text());
    document.extensions = Some([("x-tagGroups", tag_groups())].into_iter().collect());
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    outbound::describe::add_to(&mut document);
    shapes::settle(&mut document);
    document
}
