//! What an operation may refuse: from the catalogue of errors, by what the operation is.
//!
//! A [`Refusal`] says in which kinds of operations it is answered ([`Place`]). Of those that an operation is, their statuses
//! become its responses, each with an example for every code. What only follows from method, credentials and parameters is
//! shared by all operations that are alike in these; what is an operation's own stands in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, Content, Ref, RefOr, Response, ResponseBuilder};

use super::areas::{Area, Callers};
use super::operations::{add_header, requirements, takes_if_match};
use super::problem::{Problem, status_of};
use crate::base::FieldError;
use crate::base::refusal::{Place, Refusal};

const MEDIA_TYPE: &str = "application/problem+json";

/// Every problem status: what it says, and when.
const STATUSES: [(u16, &str); 14] = [
    (400, "The request could not be read"),
    (401, "No valid credential"),
    (403, "The credential may not do this"),
    (404, "There is no such resource"),
    (405, "The path does not take this method"),
    (409, "The state of the resource forbids it"),
    (412, "If-Match does not hold"),
    (413, "The body is too large"),
    (415, "The body is not JSON"),
    (422, "Values are not valid; errors says which"),
    (429, "Too many requests; see Retry-After"),
    (500, "A defect on our side"),
    (502, "A provider does not do what it was asked"),
    (
        503,
        "Storage cannot be reached, or the time limit passed. Nothing was written, unless the code is `storage.outcome_unknown` \
         or `request.timeout`: then repeat the request with the same Idempotency-Key",
    ),
];

/// What an operation is, as far as problems and headers follow from it.
pub(super) struct Kind {
    pub is_secured: bool,
    is_members: bool,
    is_operators: bool,
    is_persons: bool,
    is_receiver: bool,
    is_probe: bool,
    pub is_reading: bool,
    has_id: bool,
    has_body: bool,
    has_input: bool,
    pub takes_key: bool,
    pub takes_version: bool,
    pub takes_tenant: bool,
    path: String,
    id: String,
}

/// POSTs by anybody that leave nothing behind, no stored answer either.
const KEEPS_NOTHING: &[&str] = &["/v1/auth/passkey/options"];

/// An operation says so that it only reads, although it takes a body: nothing of it happens twice.
const SAFE: &str = "x-safe";

pub(super) fn is_marked(operation: &Operation, mark: &str) -> bool {
    operation.extensions.as_ref().is_some_and(|extensions| extensions.contains_key(mark))
}

impl Kind {
    pub fn of(path: &str, method: &str, operation: &Operation, area: Option<&Area>) -> Self {
        let is_tagged = |name: &str| operation.tags.iter().flatten().any(|tag| tag == name);
        let is_receiver = area.is_some_and(|area| matches!(area.callers, Callers::Providers));
        let callers = requirements(operation.security.as_deref().unwrap_or_default());
        let is_in_tenants = !area.is_some_and(|area| matches!(area.callers, Callers::Operators));
        let has_body = operation.request_body.is_some();
        Self {
            is_secured: !callers.is_empty(),
            is_members: callers.contains_key("bearer") || is_in_tenants && callers.contains_key("operator"),
            is_operators: callers.keys().eq(["operator"]),
            is_persons: callers.keys().eq(["bearer"]),
            is_receiver,
            is_probe: is_tagged("Health"),
            is_reading: method == "get",
            has_id: path.contains('{'),
            has_body,
            has_input: has_body || operation.parameters.as_ref().is_some_and(|all| !all.is_empty()),
            takes_key: method == "post"
                && !is_receiver
                && !KEEPS_NOTHING.contains(&path)
                && !is_marked(operation, SAFE),
            takes_version: takes_if_match(operation),
            takes_tenant: is_in_tenants && callers.contains_key("operator"),
            path: path.into(),
            id: operation.operation_id.clone().unwrap_or_default(),
        }
    }

    /// Whether it is of the kind that the place names.
    fn is_at(&self, place: &Place) -> bool {
        match place {
            Place::Anywhere => true,
            Place::Everywhere => !self.is_probe,
            Place::Unrouted => false,
            Place::Credentials => self.is_secured,
            Place::Members => self.is_members,
            Place::Operators => self.is_operators,
            Place::People => self.is_persons,
            Place::NamedTenant => self.takes_tenant,
            Place::Ids => self.has_id,
            // What cannot be read of a provider is stored and looked at later.
            Place::Input => {
                (self.has_input || self.takes_key || self.takes_tenant) && !self.is_receiver && !self.is_probe
            }
            Place::Bodies => self.has_body,
            Place::JsonBodies => self.has_body && !self.is_receiver,
            Place::Writes => !self.is_reading && !self.is_receiver,
            Place::Keys => self.takes_key,
            Place::Versions => self.takes_version,
            Place::Reads => self.is_reading && self.is_members,
            Place::Receivers => self.is_receiver,
            Place::Under(path) => self.path.starts_with(path),
            Place::At(id) => self.id == *id,
        }
    }
}

/// What one status of an operation may say.
struct Refused<'a> {
    status: u16,
    codes: Vec<&'a Refusal>,
    /// The kinds of operations that this follows from; `None` when the operation is among its reasons by name or path.
    kinds: Option<BTreeSet<&'static str>>,
}

/// The catalogue, as the document shows it.
pub(super) struct Refusals<'a>(pub &'a [&'a Refusal]);

impl Refusals<'_> {
    /// Adds what is shared, and an example of each.
    pub fn add_to(&self, components: &mut Components) {
        let answered = || self.0.iter().filter(|refusal| !refusal.places.is_empty());
        let is_shown = |refusal: &&&Refusal| refusal.places.iter().any(|place| *place != Place::Unrouted);
        for refusal in answered().filter(is_shown) {
            let example = ExampleBuilder::new().description(refusal.remedy).value(Some(example(refusal))).build();
            components.examples.insert(self.name(refusal), RefOr::T(example));
        }
        let codes: BTreeSet<&str> = answered().map(|refusal| refusal.code).collect();
        if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut("Problem")
            && let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code")
        {
            code.extensions = Some(Extensions::from_iter([("x-extensible-enum", json!(codes))]));
        }
    }

    /// The code, or what tells it from the same code with another status.
    fn name(&self, refusal: &Refusal) -> String {
        let is_first =
            self.0.iter().find(|other| other.code == refusal.code).is_some_and(|first| first.kind == refusal.kind);
        if is_first { refusal.code.into() } else { format!("{}.{}", refusal.code, status_of(refusal.kind).as_u16()) }
    }

    /// Adds to an operation what it may refuse, and to the components what it shares with others of its kind.
    pub fn describe(&self, kind: &Kind, operation: &mut Operation, shared: &mut BTreeMap<String, RefOr<Response>>) {
        for refused in self.of(kind) {
            let status = refused.status.to_string();
            let own = operation.responses.responses.get_mut(&status);
            match (own, &refused.kinds) {
                (Some(RefOr::T(own)), _) => {
                    own.description = told(&own.description, &refused.codes);
                    for content in own.content.values_mut() {
                        if let RefOr::T(content) = content {
                            content.examples = self.examples(&refused.codes);
                        }
                    }
                }
                (Some(RefOr::Ref(_)), _) => {}
                (None, None) => {
                    operation.responses.responses.insert(status, RefOr::T(self.response(&refused)));
                }
                (None, Some(kinds)) => {
                    let name = kinds.iter().fold(format!("Problem{status}"), |name, kind| name + kind);
                    operation.responses.responses.insert(status, RefOr::Ref(Ref::from_response_name(&name)));
                    shared.entry(name).or_insert_with(|| RefOr::T(self.response(&refused)));
                }
            }
        }
    }

    fn of(&self, kind: &Kind) -> Vec<Refused<'_>> {
        let mut by_status: BTreeMap<u16, Refused<'_>> = BTreeMap::new();
        for refusal in self.0 {
            let mut reasons = refusal.places.iter().filter(|place| kind.is_at(place)).peekable();
            if reasons.peek().is_none() {
                continue;
            }
            let status = status_of(refusal.kind).as_u16();
            let empty = || Refused { status, codes: Vec::new(), kinds: Some(BTreeSet::new()) };
            let refused = by_status.entry(status).or_insert_with(empty);
            refused.codes.push(refusal);
            let names: Option<Vec<&str>> = reasons.map(word).collect();
            match (&mut refused.kinds, names) {
                (Some(kinds), Some(names)) => kinds.extend(names.into_iter().filter(|name| !name.is_empty())),
                (kinds, _) => *kinds = None,
            }
        }
        by_status.into_values().collect()
    }

    fn response(&self, refused: &Refused<'_>) -> Response {
        let known = STATUSES.iter().find(|(status, _)| *status == refused.status);
        let description = known.map_or("Refused", |(_, description)| *description);
        let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
        content.examples = self.examples(&refused.codes);
        let description = told(description, &refused.codes);
        let mut response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build();
        add_headers(&refused.status.to_string(), &mut response);
        response
    }

    fn examples(&self, codes: &[&Refusal]) -> BTreeMap<String, RefOr<Example>> {
        let refer = |refusal: &&Refusal| {
            let place = format!("#/components/examples/{}", self.name(refusal));
            (refusal.code.to_string(), RefOr::Ref(Ref::new(place)))
        };
        codes.iter().map(refer).collect()
    }
}

/// How a kind of operation is told in the name of what is shared; `None` for what is one operation's own.
fn word(place: &Place) -> Option<&'static str> {
    Some(match place {
        Place::Everywhere | Place::Anywhere | Place::Unrouted | Place::Credentials => "",
        Place::Versions => "Version",
        Place::Input | Place::JsonBodies => "",
        Place::Members => "Members",
        Place::Operators => "Operators",
        Place::People => "People",
        Place::NamedTenant => "Tenant",
        Place::Ids => "Id",
        Place::Bodies => "Body",
        Place::Writes => "Write",
        Place::Keys => "Key",
        Place::Reads => "Read",
        Place::Receivers => "Receiver",
        Place::Under(_) | Place::At(_) => return None,
    })
}

/// The description with those codes that it does not name.
fn told(description: &str, codes: &[&Refusal]) -> String {
    let quoted = codes.iter().map(|refusal| format!("`{}`", refusal.code));
    let unsaid: Vec<String> = quoted.filter(|code| !description.contains(code.as_str())).collect();
    let description = description.trim_end_matches('.');
    if unsaid.is_empty() { description.into() } else { format!("{description}. Codes: {}", unsaid.join(", ")) }
}

/// A problem of this code, as it would be answered.
pub fn example(refusal: &Refusal) -> Value {
    let errors = match refusal.code {
        "request.invalid" => {
            vec![FieldError::new("/phone", "invalid_value", "expected a phone number such as +919876543210")]
        }
        _ => Vec::new(),
    };
    let detail =
        errors.first().map_or_else(|| refusal.why.into(), |first| format!("{}: {}", first.pointer, first.detail));
    let status = status_of(refusal.kind);
    json!(Problem {
        kind: format!("https://api.example.com/problems/{}", refusal.code),
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        detail,
        code: refusal.code.into(),
        request_id: "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10".into(),
        errors,
    })
}

/// The headers of every problem of this status.
pub(super) fn add_headers(status: &str, response: &mut Response) {
    add_header(response, "X-Request-Id");
    match status {
        "401" => add_header(response, "WWW-Authenticate"),
        "429" | "503" => add_header(response, "Retry-After"),
        _ => {}
    }
}
