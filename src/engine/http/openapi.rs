//! The finishing of the contract: what is the same for every operation is added here, once.
//!
//! Handlers describe their input, their success and the problems that are theirs alone. Problems, headers and parameters
//! that follow from what an operation is (its method, its path, who may call it) are shared components it refers to.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};

use super::links;
use super::problem::Problem;

/// Every problem status: what it says, and when.
const PROBLEMS: [(&str, &str); 12] = [
    ("400", "The request could not be read"),
    ("401", "No valid credential"),
    ("403", "The credential may not do this"),
    ("404", "There is no such resource"),
    ("409", "The state of the resource forbids it"),
    ("412", "If-Match does not hold"),
    ("413", "The body is too large"),
    ("415", "The body is not JSON"),
    ("422", "Values are not valid; errors says which"),
    ("429", "Too many requests; see Retry-After"),
    ("500", "A defect on our side"),
    (
        "503",
        "Storage cannot be reached, or the time limit passed. Nothing was written, unless the code is `storage.outcome_unknown` \
         or `request.timeout`: then repeat the request with the same Idempotency-Key",
    ),
];

const HEADERS: [(&str, &str); 7] = [
    ("ETag", "The version, for If-Match."),
    ("Idempotency-Replayed", "`true` when this is the stored answer of an earlier request with the same key."),
    ("RateLimit", "What is left of the limit."),
    ("RateLimit-Policy", "The limit that applies."),
    ("Retry-After", "Seconds to wait."),
    ("WWW-Authenticate", "`Bearer`."),
    ("X-Request-Id", "Identifies the request in our logs."),
];

/// A PATCH whose resource has no version.
const WITHOUT_VERSION: &str = "update_me";
/// A DELETE that leaves its resource behind, in another state and a new version.
const VERSIONED_DELETE: &str = "cancel_current_subscription";

/// Adds the security schemes and the shared components, and makes every operation refer to them.
pub fn finish(mut doc: OpenApi) -> OpenApi {
    add_components(doc.components.get_or_insert_with(Components::default));
    for (path, item) in &mut doc.paths.paths {
        let versioned = operations(item).any(|(method, operation)| takes_if_match(method, operation));
        for (method, operation) in operations(item) {
            finish_operation(Kind::of(path, method, operation), operation, versioned);
        }
    }
    links::add(&mut doc);
    doc
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
    share_entries(components);
    for (name, description) in HEADERS {
        let header = HeaderBuilder::new().schema(Some(text().build())).description(Some(description)).build();
        components.headers.insert(name.into(), RefOr::T(header));
    }
    for (status, description) in PROBLEMS {
        let mut response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
            .build();
        add_problem_headers(status, &mut response);
        components.responses.insert(problem_name(status), RefOr::T(response));
    }
    let key = text().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
    let tags = text().pattern(Some(r#"^(\*|(W/)?"[!#-+\--~]*"(, (W/)?"[!#-+\--~]*")*)$"#));
    for (name, schema, description) in [
        ("Idempotency-Key", key, "Repeat the request with the same key and it happens once; kept 24 h."),
        ("If-Match", tags, "Apply only to this version, an ETag read before, with its quotes."),
        ("X-Tenant-Id", text(), "The tenant an operator acts in. Everybody else's credential says it."),
    ] {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema))
            .build();
        components.parameters.insert(name.into(), RefOr::T(parameter));
    }
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

fn problem_name(status: &str) -> String {
    format!("Problem{status}")
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
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

pub(super) fn takes_if_match(method: &str, operation: &Operation) -> bool {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    match method {
        "put" => true,
        "patch" => id != WITHOUT_VERSION,
        "delete" => id == VERSIONED_DELETE,
        _ => false,
    }
}

/// What an operation is, as far as problems and headers follow from it.
struct Kind {
    is_secured: bool,
    is_webhook: bool,
    is_probe: bool,
    has_path_parameter: bool,
    takes_key: bool,
    takes_version: bool,
    takes_tenant: bool,
    writes: bool,
}

impl Kind {
    fn of(path: &str, method: &str, operation: &Operation) -> Self {
        let is_webhook = operation.tags.iter().flatten().any(|tag| tag == "Webhooks");
        // `security(())` says: nobody needs a credential.
        let is_public = |list: &Vec<_>| list.iter().all(|one| *one == Default::default());
        Self {
            is_secured: !operation.security.as_ref().is_none_or(is_public),
            is_webhook,
            is_probe: operation.tags.iter().flatten().any(|tag| tag == "Health"),
            has_path_parameter: path.contains('{'),
            takes_key: method == "post" && !is_webhook,
            takes_version: takes_if_match(method, operation),
            takes_tenant: operation.security.as_ref().is_some_and(|list| list.len() == 2),
            writes: method != "get",
        }
    }

    /// The statuses that any operation of this kind may answer.
    fn problems(&self, has_body: bool, has_input: bool) -> Vec<&'static str> {
        let when = [
            ("400", !self.is_probe),
            ("401", self.is_secured),
            ("403", self.is_secured || self.is_webhook),
            ("404", self.has_path_parameter || self.takes_tenant),
            ("409", self.writes && !self.is_webhook),
            ("412", self.takes_version),
            ("413", has_body),
            ("415", has_body && !self.is_webhook),
            ("422", has_input && !self.is_webhook),
            ("429", !self.is_probe),
            ("500", true),
            ("503", !self.is_probe),
        ];
        when.into_iter().filter(|(_, holds)| *holds).map(|(status, _)| status).collect()
    }
}

fn finish_operation(kind: Kind, operation: &mut Operation, versioned: bool) {
    if !kind.is_secured {
        operation.security = Some(Vec::new());
    }
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    for (name, takes) in
        [("Idempotency-Key", kind.takes_key), ("If-Match", kind.takes_version), ("X-Tenant-Id", kind.takes_tenant)]
    {
        if takes {
            parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        }
    }
    let has_body = operation.request_body.is_some();
    let has_input = has_body || !parameters.is_empty();
    let responses = &mut operation.responses.responses;
    for status in kind.problems(has_body, has_input) {
        let shared = || RefOr::Ref(Ref::from_response_name(problem_name(status)));
        responses.entry(status.into()).or_insert_with(shared);
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with('2') {
            add_problem_headers(status, response);
            continue;
        }
        let has_content = !response.content.is_empty();
        for (name, holds) in [
            ("ETag", versioned && has_content),
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

fn add_problem_headers(status: &str, response: &mut Response) {
    add_header(response, "X-Request-Id");
    match status {
        "401" => add_header(response, "WWW-Authenticate"),
        "429" | "503" => add_header(response, "Retry-After"),
        _ => {}
    }
}

fn add_header(response: &mut Response, name: &str) {
    response.headers.insert(name.into(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
}
