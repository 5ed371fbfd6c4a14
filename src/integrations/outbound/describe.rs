//! The `webhooks` section of the OpenAPI document: every event type a tenant may ask for, from the catalogue.

use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, ResponsesBuilder, Schema, SchemaFormat,
};

use super::pattern::is_offered;
use super::payload::Payload;
use crate::engine::events::{Concern, Declared, EventType, Field, Shape, catalogue};
use crate::integrations::outbound::facts::EndpointFact;

/// For the tag of the operations.
pub const ABOUT: &str = "Where a tenant is told what happens.\n\n\
    Events are posted as JSON by the [Standard Webhooks](https://www.standardwebhooks.com) specification; the types and their \
    payloads are under `webhooks` in this document. Answer 2xx within 15 seconds and work afterwards.\n\n\
    **Verify.** `webhook-signature` holds one or more `v1,` signatures separated by blanks: base64 of HMAC-SHA256 over \
    `{webhook-id}.{webhook-timestamp}.{body}` with the raw bytes of the body, under the base64 behind `whsec_`. Accept when any \
    of them matches, compare in constant time, and refuse a timestamp that is more than five minutes off. The libraries of the \
    specification do all that.\n\n\
    **At least once, in no promised order.** An event may arrive twice and after a later one: `webhook-id` is the event's id, the \
    same in every attempt and every replay, so remember it; `timestamp` in the payload says when it happened.\n\n\
    **Retries.** Anything but 2xx is tried again after 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours, up to a fifth \
    later, or later still when `Retry-After` asks for it (10 hours at most). Redirects are not followed. 410 disables the endpoint \
    at once, five days without a success disable it too, and the tenant is notified.\n\n\
    **Suspension.** While the tenant is suspended nothing is sent. What happens meanwhile waits as a delivery that `is_held`, for \
    30 days at most, and leaves when the tenant is active again; an endpoint that was failing begins anew.";

/// What every webhook carries besides its body.
const HEADERS: [(&str, &str); 3] = [
    ("webhook-id", "The event's id: the same in every attempt and every replay."),
    ("webhook-timestamp", "Unix seconds of this attempt."),
    ("webhook-signature", "`v1,` and a signature; several, separated by blanks, while a secret is rotated."),
];

/// Adds the section and the schema it shares.
pub fn add_to(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    components.schemas.insert("WebhookPayload".into(), <Payload as utoipa::PartialSchema>::schema());
    let mut schemas = Vec::new();
    <Payload as utoipa::ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let told = |declared: &&&Declared| is_offered(declared.kind) || declared.kind == EndpointFact::PING;
    for (name, about) in HEADERS {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        components.parameters.insert(name.into(), RefOr::T(parameter));
    }
    let webhooks: Paths = catalogue::all()
        .iter()
        .filter(told)
        .fold(PathsBuilder::new(), |paths, declared| paths.path(declared.kind.as_str(), webhook(declared)))
        .build();
    document.webhooks = Some(webhooks);
}

fn webhook(declared: &Declared) -> PathItem {
    let kind = declared.kind;
    let content = ContentBuilder::new().schema(Some(payload(declared))).example(Some(example(declared))).build();
    let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
    let taken = ResponseBuilder::new()
        .description("Any 2xx: taken. 410 disables the endpoint; anything else is tried again.")
        .build();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(format!("on_{}", kind.as_str().replace('.', "_"))))
        .summary(Some(summary(kind)))
        .tag("Webhook endpoints")
        .request_body(Some(body))
        .responses(ResponsesBuilder::new().response("200", taken).build())
        .build();
    let parameters = HEADERS.iter().map(|(name, _)| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
    operation.parameters = Some(parameters.collect());
    operation.security = Some(Vec::new());
    PathItem::new(HttpMethod::Post, operation)
}

/// `lead.status_changed`: "Lead: status changed".
fn summary(kind: EventType) -> String {
    let words = kind.as_str().replace('_', " ");
    let (noun, verb) = words.split_once('.').unwrap_or((&words, ""));
    let mut letters = noun.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}: {verb}", letters.as_str())
}

fn payload(declared: &Declared) -> Schema {
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([declared.kind.as_str()]));
    let mut data = ObjectBuilder::new();
    for field in &declared.fields {
        data = data.property(field.name, schema(field));
    }
    let own = ObjectBuilder::new().property("type", name).property("data", data);
    AllOfBuilder::new().item(Ref::from_schema_name("WebhookPayload")).item(own).build().into()
}

fn schema(field: &Field) -> RefOr<Schema> {
    let or_null = |plain: Type| SchemaType::Array(vec![plain, Type::Null]);
    let object = |plain: Type| ObjectBuilder::new().schema_type(or_null(plain));
    let about = match field.concern {
        Concern::Business => None,
        Concern::Person => Some("Null while the lead is locked."),
        Concern::Address => Some("Null while it is the address of a locked lead."),
    };
    let format = |name: &str| Some(SchemaFormat::Custom(name.into()));
    match field.shape {
        Shape::Text => object(Type::String).description(about).into(),
        Shape::Id => object(Type::String).format(format("uuid")).description(about).into(),
        Shape::Moment => object(Type::String).format(format("date-time")).description(about).into(),
        Shape::Integer => object(Type::Integer).description(about).into(),
        Shape::Flag => object(Type::Boolean).description(about).into(),
        Shape::Object => object(Type::Object).description(about).into(),
        Shape::Texts => {
            let item = ObjectBuilder::new().schema_type(Type::String);
            ArrayBuilder::new().schema_type(or_null(Type::Array)).items(item).description(about).into()
        }
        Shape::Money => object(Type::Object)
            .property("amount", ObjectBuilder::new().schema_type(Type::Integer))
            .property("currency", ObjectBuilder::new().schema_type(Type::String))
            .description(Some("Minor units and ISO 4217 code."))
            .into(),
    }
}

/// A whole payload of this type.
fn example(declared: &Declared) -> Value {
    let kind = declared.kind;
    let data: serde_json::Map<String, Value> =
        declared.fields.iter().map(|field| (field.name.to_string(), field.example.clone())).collect();
    let lead = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11";
    let is_about_a_lead = matches!(kind.subject().as_str(), "lead" | "message" | "conversation");
    json!({
        "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
        "type": kind,
        "timestamp": "2026-11-20T09:00:01Z",
        "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a10",
        "subject_type": kind.subject(),
        "subject_id": lead,
        "lead_id": is_about_a_lead.then_some(lead),
        "data": data,
    })
}
