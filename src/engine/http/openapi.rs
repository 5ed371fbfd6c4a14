//! The finishing of the contract: what is the same for every operation is added here, once.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};

use super::problem::Problem;

/// Adds the security schemes, the shared problem responses and the shared headers.
pub fn finish(mut doc: OpenApi) -> OpenApi {
    let components = doc.components.get_or_insert_with(Components::default);
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
    for (path, item) in &mut doc.paths.paths {
        for (method, operation) in operations(item) {
            finish_operation(path, method, operation);
        }
    }
    doc
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("post", item.post.as_mut()),
        ("put", item.put.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

fn finish_operation(path: &str, method: &str, operation: &mut Operation) {
    let secured = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let has_input = has_body || operation.parameters.as_ref().is_some_and(|list| !list.is_empty());
    let is_webhook = path.contains("/webhooks/");
    let is_probe = !path.starts_with("/v1") && !path.starts_with("/api");
    let mut problems: Vec<(&str, &str)> = vec![("500", "A defect on our side")];
    if !is_probe {
        problems.extend([
            ("400", "The request could not be read"),
            ("429", "Too many requests; see Retry-After"),
            ("503", "Storage cannot be reached, or the time limit passed; nothing was written"),
        ]);
    }
    if secured {
        problems.extend([("401", "No valid credential"), ("403", "The credential may not do this")]);
    }
    if path.contains('{') {
        problems.push(("404", "There is no such resource"));
    }
    if has_input && !is_webhook {
        problems.push(("422", "Values are not valid; errors says which"));
    }
    if has_body && !is_webhook {
        problems.extend([("413", "The body is too large"), ("415", "The body is not JSON")]);
    }
    if method != "get" && !is_webhook {
        problems.push(("409", "The state of the resource forbids it"));
    }
    if method == "patch" {
        problems.push(("412", "If-Match does not hold"));
        push_header(operation, "If-Match", "Apply only to this version, an ETag read before.");
    }
    if method == "post" && secured {
        push_header(
            operation,
            "Idempotency-Key",
            "Repeat the request with the same key and it happens once; kept 24 h.",
        );
    }
    for (status, description) in problems {
        operation.responses.responses.entry(status.into()).or_insert_with(|| RefOr::T(problem(description)));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            add_headers(status, method, secured, response);
        }
    }
}

fn problem(description: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build()
}

fn push_header(operation: &mut Operation, name: &str, description: &str) {
    let schema = Schema::Object(Object::with_type(Type::String));
    let parameter: Parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build();
    operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(parameter));
}

fn add_headers(status: &str, method: &str, secured: bool, response: &mut Response) {
    let header = |description: &str| {
        HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(description)).build()
    };
    response.headers.insert("X-Request-Id".into(), header("Identifies the request in our logs.").into());
    if status == "429" || status == "503" {
        response.headers.insert("Retry-After".into(), header("Seconds to wait.").into());
    }
    if secured && status.starts_with('2') {
        response.headers.insert("RateLimit-Policy".into(), header("The limit that applies.").into());
        response.headers.insert("RateLimit".into(), header("What is left of it.").into());
        if method == "patch" {
            response.headers.insert("ETag".into(), header("The version, for If-Match.").into());
        }
    }
}
