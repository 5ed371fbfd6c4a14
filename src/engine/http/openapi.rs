//! The finishing of the contract: what is the same for every operation is added here, once.
//!
//! Handlers describe their input, their success and the problems that are theirs alone. What follows from what an operation
//! is (its method, its path, who may call it) is added to it: its tag, its ids, the permission it needs, and the shared
//! problems, headers and parameters. What a handler says itself stands.
//!
//! An operation that says nothing about its callers is the tenant's and the operator's, never everybody's: that is said by
//! `security(())`. `security(("bearer" = []))` is for what belongs to a person.

use std::collections::BTreeMap;

use utoipa::IntoParams as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Required, Response};

use super::areas::area_of;
pub use super::areas::{Area, Callers};
use super::composed;
use super::conditions;
use super::etag::{self, IF_NONE_MATCH, IfMatch};
use super::inlined;
use super::links;
use super::operations::{IF_MATCH, add_header, extend, operations, requirements, takes_if_match};
use super::paging::LIST_PARAMETERS;
use super::problem::Problem;
use super::refused::{self, Kind, Refusals};
use super::samples;
use crate::base::refusal::Refusal;
use crate::engine::db::PageSize;

const HEADERS: [(&str, &str); 7] = [
    (
        "ETag",
        "The version: for If-Match, where the operation that changes it takes that, and for If-None-Match when reading.",
    ),
    ("Idempotency-Replayed", "`true` when this is the stored answer of an earlier request with the same key."),
    ("RateLimit", "What is left of the limit."),
    ("RateLimit-Policy", "The limit that applies."),
    ("Retry-After", "Seconds to wait."),
    ("WWW-Authenticate", "`Bearer`."),
    ("X-Request-Id", "Identifies the request in our logs."),
];

/// Adds the security schemes and the shared components, and makes every operation refer to them. `catalogue` is what may be
/// refused, by code; `bodies_or_nothing` are the paths whose body may be left out, those of a [`JsonOrNothing`](super::JsonOrNothing).
pub fn finish(mut doc: OpenApi, areas: &[Area], catalogue: &[&Refusal], bodies_or_nothing: &[&str]) -> OpenApi {
    let refusals = Refusals(catalogue);
    let components = doc.components.get_or_insert_with(Components::default);
    add_components(components);
    refusals.add_to(components);
    let mut shared = std::mem::take(&mut components.responses);
    for (path, item) in &mut doc.paths.paths {
        let area = area_of(areas, path);
        let versioned = operations(item).any(|(_, operation)| takes_if_match(operation));
        for (method, operation) in operations(item) {
            describe_callers(method, operation, area);
            describe_ids(path, operation);
            inlined::inline_parameters(operation);
            describe_page(operation);
            if bodies_or_nothing.contains(&path.as_str()) {
                let_body_out(operation);
            }
            let kind = Kind::of(path, method, operation, area);
            take_shared_parameters(&kind, operation);
            refusals.describe(&kind, operation, &mut shared);
            add_headers(&kind, operation, versioned, etag::has_tag(path));
            describe_unchanged(path, &kind, operation);
        }
    }
    doc.components.get_or_insert_with(Components::default).responses = shared;
    links::add(&mut doc);
    samples::add(&mut doc, |path| !matches!(area_of(areas, path), Some(Area { callers: Callers::Providers, .. })));
    doc
}

fn let_body_out(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::False);
    }
}

/// The tag, and who may call: by which credential, and with which permission. OpenAPI has a place for that beside the
/// credential; readers find it in the description, and programs in `x-required-permissions`.
fn describe_callers(method: &str, operation: &mut Operation, area: Option<&Area>) {
    if let Some(area) = area {
        operation.tags.get_or_insert_with(|| vec![area.tag.into()]);
    }
    let (usual, permission) = match area.map(|area| &area.callers) {
        Some(Callers::Operators) => (vec!["operator"], None),
        Some(Callers::Providers) => (Vec::new(), None),
        Some(Callers::Tenants { reads, writes }) => {
            (vec!["bearer", "operator"], if method == "get" { reads.as_ref() } else { writes.as_ref() })
        }
        None => (vec!["bearer", "operator"], None),
    };
    let said = operation.security.as_deref().map(requirements);
    let mut callers = said.unwrap_or_else(|| usual.iter().map(|scheme| ((*scheme).into(), Vec::new())).collect());
    if let Some(needed) = callers.get_mut("bearer").filter(|needed| needed.is_empty()) {
        needed.extend(permission.cloned());
    }
    let needed = callers.get("bearer").cloned().unwrap_or_default();
    if callers.keys().eq(["bearer"]) {
        tell(operation, "For a logged-in user; neither an API key nor an operator is one.");
    }
    tell(operation, &format!("{}{}", who_may(&callers, &needed, area), conditions::told(operation)));
    extend(operation, "x-required-permissions", needed.into());
    operation.security =
        Some(callers.into_iter().map(|(scheme, needed)| SecurityRequirement::new(scheme, needed)).collect());
}

/// The last line of a description.
fn who_may(callers: &BTreeMap<String, Vec<String>>, needed: &[String], area: Option<&Area>) -> String {
    let names: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] if matches!(area, Some(Area { callers: Callers::Providers, .. })) => {
            "Needs no credential of ours: what is sent proves itself.".into()
        }
        [] if callers.is_empty() => "Needs no credential.".into(),
        [] if callers.keys().eq(["operator"]) => "Needs an operator's key.".into(),
        [] => "Needs no permission.".into(),
        [_] => format!("Needs the permission {}.", names.concat()),
        _ => format!("Needs the permissions {}.", names.join(" and ")),
    }
}

fn tell(operation: &mut Operation, sentence: &str) {
    let told = operation.description.take().filter(|text| !text.is_empty());
    operation.description = Some(told.map_or_else(|| sentence.into(), |told| format!("{told}\n\n{sentence}")));
}

/// What a path names and the handler does not describe is an id.
fn describe_ids(path: &str, operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for (place, name) in names.enumerate() {
        let is_it = |known: &RefOr<Parameter>| matches!(known, RefOr::T(known) if known.name == name && known.parameter_in == ParameterIn::Path);
        if parameters.iter().any(is_it) {
            continue;
        }
        let id = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        parameters.insert(place, parameter.schema(Some(id)).build().into());
    }
}

fn add_components(components: &mut Components) {
    for (name, description) in [
        ("bearer", "A user's access token from `POST /v1/auth/login`, or a tenant's API key (`lw_…`)."),
        ("operator", "An operator's key (`lw_…`). Add `X-Tenant-Id` to act inside one tenant."),
    ] {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let mut schemas = Vec::new();
    <Problem as utoipa::ToSchema>::schemas(&mut schemas);
    schemas.push(("Problem".into(), <Problem as utoipa::PartialSchema>::schema()));
    components.schemas.extend(schemas);
    inlined::inline(components);
    composed::complete(components);
    share_entries(components);
    for (name, description) in HEADERS {
        let header = HeaderBuilder::new().schema(Some(text().build())).description(Some(description)).build();
        components.headers.insert(name.into(), RefOr::T(header));
    }
    let key = text().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
    let of_header = |name: &str, schema: ObjectBuilder, description: &str| {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
        parameter.required(Required::False).description(Some(description)).schema(Some(schema)).build()
    };
    let mut shared = vec![
        of_header("Idempotency-Key", key, "Repeat the request with the same key and it happens once; kept 24 h."),
        of_header("X-Tenant-Id", text(), "The tenant an operator acts in. Everybody else's credential says it."),
    ];
    shared.extend(IfMatch::into_params(|| None));
    shared.push(etag::if_none_match());
    let size = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(PageSize::MOST))
        .default(Some(PageSize::DEFAULT.into()));
    for (name, schema, description) in [
        ("limit", size, "How many entries the page holds."),
        ("cursor", text(), "The `next_cursor` of the page before."),
    ] {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
        let parameter = parameter.required(Required::False).description(Some(description)).schema(Some(schema));
        shared.push(parameter.build());
    }
    components.parameters.extend(shared.into_iter().map(|shared| (shared.name.clone(), RefOr::T(shared))));
}

/// Lets a page refer to what it is a page of. The derive writes a generic's argument out in place.
fn share_entries(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let Some(entry) = name.strip_prefix("Page_").filter(|entry| names.iter().any(|name| name == entry)) else {
            continue;
        };
        if let RefOr::T(Schema::Object(page)) = schema {
            let entries = ArrayBuilder::new().items(Ref::from_schema_name(entry));
            page.properties.insert("data".into(), entries.into());
        }
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// What answers a page takes [`Paging`](super::Paging); one with more beside its entries is called so.
fn describe_page(operation: &mut Operation) {
    let is_page = |answer: &RefOr<Response>| {
        let RefOr::T(answer) = answer else { return false };
        let schemas = answer.content.values().filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        });
        let is_one = |name: &str| name.contains("/Page_") || name.ends_with("Page");
        schemas.into_iter().any(|schema| matches!(schema, RefOr::Ref(page) if is_one(&page.ref_location)))
    };
    if operation.responses.responses.values().any(is_page) {
        let shared = LIST_PARAMETERS.map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        operation.parameters.get_or_insert_with(Vec::new).extend(shared);
    }
}

fn take_shared_parameters(kind: &Kind, operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    parameters.retain(|one| !matches!(one, RefOr::T(parameter) if parameter.name == IF_MATCH));
    for (name, takes) in
        [("Idempotency-Key", kind.takes_key), (IF_MATCH, kind.takes_version), ("X-Tenant-Id", kind.takes_tenant)]
    {
        if takes {
            parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        }
    }
}

fn add_headers(kind: &Kind, operation: &mut Operation, versioned: bool, has_tag: bool) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with('2') {
            refused::add_headers(status, response);
            continue;
        }
        let has_content = !response.content.is_empty();
        for (name, holds) in [
            (
                "ETag",
                has_content
                    && (versioned || has_tag && kind.is_reading && response.content.contains_key("application/json")),
            ),
            ("Idempotency-Replayed", kind.takes_key),
            ("RateLimit", kind.is_secured),
            ("RateLimit-Policy", kind.is_secured),
            ("X-Request-Id", true),
        ] {
            if holds {
                add_header(response, name);
            }
        }
    }
}

/// What is read and has a tag is not sent again to whoever shows it.
fn describe_unchanged(path: &str, kind: &Kind, operation: &mut Operation) {
    if !kind.is_reading || !etag::has_tag(path) || !operation.responses.responses.get("200").is_some_and(is_json) {
        return;
    }
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{IF_NONE_MATCH}"))));
    let mut unchanged = Response::new("It is still what the ETag in If-None-Match was read with");
    for name in ["ETag", "RateLimit", "RateLimit-Policy", "X-Request-Id"] {
        if kind.is_secured || !name.starts_with("RateLimit") {
            add_header(&mut unchanged, name);
        }
    }
    operation.responses.responses.insert("304".into(), RefOr::T(unchanged));
}

fn is_json(answer: &RefOr<Response>) -> bool {
    matches!(answer, RefOr::T(answer) if answer.content.contains_key("application/json"))
}
