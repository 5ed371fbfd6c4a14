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
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};

use super::composed;
use super::etag::IfMatch;
use super::inlined;
use super::links;
use super::operations::{IF_MATCH, operations, takes_if_match};
use super::paging::LIST_PARAMETERS;
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

/// What the paths under a prefix have in common. The longest prefix of a path is the one that counts.
pub struct Area {
    pub under: &'static str,
    pub tag: &'static str,
    pub callers: Callers,
}

/// Who calls what is under a prefix, where an operation does not say so itself.
pub enum Callers {
    /// A tenant's people and keys that have the permission to read or to write, and operators who name the tenant.
    Tenants {
        reads: Option<String>,
        writes: Option<String>,
    },
    Operators,
}

/// Adds the security schemes and the shared components, and makes every operation refer to them.
pub fn finish(mut doc: OpenApi, areas: &[Area]) -> OpenApi {
    add_components(doc.components.get_or_insert_with(Components::default));
    for (path, item) in &mut doc.paths.paths {
        let area = areas.iter().filter(|area| path.starts_with(area.under)).max_by_key(|area| area.under.len());
        let versioned = operations(item).any(|(_, operation)| takes_if_match(operation));
        for (method, operation) in operations(item) {
            describe_callers(method, operation, area);
            describe_ids(path, operation);
            inlined::inline_parameters(operation);
            describe_page(operation);
            finish_operation(Kind::of(path, method, operation, area), operation, versioned);
        }
    }
    links::add(&mut doc);
    doc
}

/// The tag, and who may call: by which credential, and with which permission. OpenAPI has a place for that beside the
/// credential; readers find it in the description.
fn describe_callers(method: &str, operation: &mut Operation, area: Option<&Area>) {
    if let Some(area) = area {
        operation.tags.get_or_insert_with(|| vec![area.tag.into()]);
    }
    let (usual, permission) = match area.map(|area| &area.callers) {
        Some(Callers::Operators) => (vec!["operator"], None),
        Some(Callers::Tenants { reads, writes }) => {
            (vec!["bearer", "operator"], if method == "get" { reads.as_ref() } else { writes.as_ref() })
        }
        None => (vec!["bearer", "operator"], None),
    };
    let said = operation.security.as_deref().map(requirements);
    let mut callers = said.unwrap_or_else(|| usual.iter().map(|scheme| ((*scheme).into(), Vec::new())).collect());
    if callers.keys().eq(["bearer"]) {
        tell(operation, "For a logged-in user; neither an API key nor an operator is one.");
    }
    if let Some(needed) = callers.get_mut("bearer") {
        if needed.is_empty() {
            needed.extend(permission.cloned());
        }
        let names: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            let noun = if names.len() == 1 { "permission" } else { "permissions" };
            tell(operation, &format!("Needs the {noun} {}.", names.join(" and ")));
        }
    }
    operation.security =
        Some(callers.into_iter().map(|(scheme, needed)| SecurityRequirement::new(scheme, needed)).collect());
}

/// Scheme to permissions; empty when nobody needs a credential, which is written as one empty requirement.
fn requirements(list: &[SecurityRequirement]) -> BTreeMap<String, Vec<String>> {
    let read = |one: &SecurityRequirement| serde_json::from_value::<BTreeMap<_, _>>(serde_json::to_value(one)?);
    list.iter().filter_map(|one| read(one).ok()).flatten().collect()
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
    for (status, description) in PROBLEMS {
        let mut response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
            .build();
        add_problem_headers(status, &mut response);
        components.responses.insert(problem_name(status), RefOr::T(response));
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
    let size =
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(200)).default(Some(50.into()));
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

fn problem_name(status: &str) -> String {
    format!("Problem{status}")
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
    fn of(path: &str, method: &str, operation: &Operation, area: Option<&Area>) -> Self {
        let is_webhook = operation.tags.iter().flatten().any(|tag| tag == "Webhooks");
        let callers = requirements(operation.security.as_deref().unwrap_or_default());
        let is_in_tenants = !area.is_some_and(|area| matches!(area.callers, Callers::Operators));
        Self {
            is_secured: !callers.is_empty(),
            is_webhook,
            is_probe: operation.tags.iter().flatten().any(|tag| tag == "Health"),
            has_path_parameter: path.contains('{'),
            takes_key: method == "post" && !is_webhook,
            takes_version: takes_if_match(operation),
            takes_tenant: is_in_tenants && callers.contains_key("operator"),
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

/// What answers a page takes [`Paging`](super::Paging).
fn describe_page(operation: &mut Operation) {
    let is_page = |answer: &RefOr<Response>| {
        let RefOr::T(answer) = answer else { return false };
        let schemas = answer.content.values().filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        });
        schemas.into_iter().any(|schema| matches!(schema, RefOr::Ref(page) if page.ref_location.contains("/Page_")))
    };
    if operation.responses.responses.values().any(is_page) {
        let shared = LIST_PARAMETERS.map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        operation.parameters.get_or_insert_with(Vec::new).extend(shared);
    }
}

fn finish_operation(kind: Kind, operation: &mut Operation, versioned: bool) {
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    parameters.retain(|one| !matches!(one, RefOr::T(parameter) if parameter.name == IF_MATCH));
    for (name, takes) in
        [("Idempotency-Key", kind.takes_key), (IF_MATCH, kind.takes_version), ("X-Tenant-Id", kind.takes_tenant)]
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
