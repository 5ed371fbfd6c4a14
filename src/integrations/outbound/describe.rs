//! What a tenant is told, in the document: a schema for every type of event that it may ask for, their union, and the
//! `webhooks` section. All of it is from the catalogue.

use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::pattern::is_offered;
use crate::engine::events::{Concern, Declared, Event, EventType, Field, catalogue};
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

/// The name of the union, which is that of the row in the collected document.
const UNION: &str = "Event";

/// Puts the union in the place of the schema that every event has in common, and adds the section.
pub fn add_to(document: &mut Value) {
    let told = |declared: &&&Declared| is_offered(declared.kind) || declared.kind == EndpointFact::PING;
    let all = catalogue::all();
    let told: Vec<&Declared> = all.iter().filter(told).copied().collect();
    let common = serde_json::to_value(Event::schema()).unwrap_or_default();
    let mapping: Map<String, Value> =
        told.iter().map(|declared| (declared.kind.to_string(), json!(place(declared.kind)))).collect();
    let one_of: Vec<Value> = told.iter().map(|declared| json!({ "$ref": place(declared.kind) })).collect();
    let schemas = &mut document["components"]["schemas"];
    for declared in &told {
        schemas[name(declared.kind)] = schema(declared, &common);
    }
    schemas[UNION] = json!({
        "description": "Something that happened: one of these, by its `type`.",
        "oneOf": one_of,
        "discriminator": { "propertyName": "type", "mapping": mapping },
        "example": common["example"],
    });
    for (name, about) in HEADERS {
        document["components"]["parameters"][name] = json!({ "name": name, "in": "header", "description": about, "required": true, "schema": { "type": "string" } });
    }
    document["webhooks"] =
        told.iter().map(|declared| (declared.kind.to_string(), json!({ "post": webhook(declared) }))).collect();
}

/// `lead.status_changed`: `LeadStatusChangedEvent`.
fn name(kind: EventType) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    kind.as_str().split(['.', '_']).map(capital).collect::<String>() + "Event"
}

fn place(kind: EventType) -> String {
    format!("#/components/schemas/{}", name(kind))
}

fn webhook(declared: &Declared) -> Value {
    let kind = declared.kind;
    let parameters: Vec<Value> =
        HEADERS.iter().map(|(name, _)| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    json!({
        "tags": ["Webhook endpoints"],
        "summary": summary(kind),
        "description": when(declared),
        "operationId": format!("on_{}", kind.as_str().replace('.', "_")),
        "parameters": parameters,
        "requestBody": {
            "content": { "application/json": { "schema": { "$ref": place(kind) }, "example": example(declared) } },
            "required": true,
        },
        "responses": {
            "200": { "description": "Any 2xx: taken. 410 disables the endpoint; anything else is tried again." },
        },
        "security": [],
    })
}

/// `lead.status_changed`: "Lead: status changed".
fn summary(kind: EventType) -> String {
    let words = kind.as_str().replace('_', " ");
    let (noun, verb) = words.split_once('.').unwrap_or((&words, ""));
    let mut letters = noun.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}: {verb}", letters.as_str())
}

fn when(declared: &Declared) -> String {
    declared.telling.when.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// What is common to all events, with the type, its subject and its data in their places.
fn schema(declared: &Declared, common: &Value) -> Value {
    let mut properties = common["properties"].clone();
    properties["type"] = json!({ "type": "string", "const": declared.kind });
    properties["subject_type"] =
        json!({ "type": "string", "const": declared.subject, "description": "What it is about." });
    properties["data"] = data(declared);
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({
        "type": "object",
        "description": when(declared),
        "required": required,
        "properties": properties,
        "example": example(declared),
    })
}

fn fields(declared: &Declared) -> impl Iterator<Item = &Field> {
    declared.fields.iter().filter(|field| declared.telling.says(field.name))
}

fn data(declared: &Declared) -> Value {
    let properties: Map<String, Value> =
        fields(declared).map(|field| (field.name.to_string(), value(declared, field))).collect();
    let mut data =
        json!({ "type": "object", "description": "What there is to know besides; read the resource for more." });
    if properties.is_empty() {
        data["additionalProperties"] = true.into();
        return data;
    }
    let required: Vec<&str> =
        fields(declared).map(|field| field.name).filter(|name| declared.telling.always.contains(name)).collect();
    if !required.is_empty() {
        data["required"] = json!(required);
    }
    data["properties"] = properties.into();
    data
}

fn value(declared: &Declared, field: &Field) -> Value {
    let mut schema = field.schema.clone();
    if schema.as_object().is_none_or(Map::is_empty) {
        schema = json!({ "type": "object", "additionalProperties": true });
    }
    // A fact that names a type of event was declared before all of them were known.
    if schema["enum"].as_array().is_some_and(Vec::is_empty) {
        schema = serde_json::to_value(EventType::schema()).unwrap_or_default();
    }
    // What is told of something else is told as far as it is known.
    let known = schema["required"].clone();
    for (name, member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if known.as_array().is_none_or(|known| !known.iter().any(|one| one == name)) {
            member["x-left-out"] = true.into();
        }
    }
    let about = match field.concern {
        Concern::Business => None,
        Concern::Person => Some("Null while the lead is locked."),
        Concern::Address => Some("Null while it is the address of a locked lead."),
    };
    if about.is_some() || field.null_says_something || (declared.telling.says_null && field.is_optional) {
        schema = or_null(schema);
    }
    if let Some(about) = about {
        schema["description"] = about.into();
    }
    if !declared.telling.always.contains(&field.name) {
        schema["x-left-out"] = true.into();
    }
    schema
}

fn or_null(mut schema: Value) -> Value {
    match schema["type"].as_str() {
        Some(kind) if schema["enum"].is_null() && schema["properties"].is_null() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({ "oneOf": [schema, { "type": "null" }] }),
    }
}

/// A whole event of this type.
fn example(declared: &Declared) -> Value {
    let kind = declared.kind;
    let data: Map<String, Value> =
        fields(declared).map(|field| (field.name.to_string(), field.example.clone())).collect();
    let lead = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11";
    let is_about_a_lead = matches!(kind.subject().as_str(), "lead" | "message" | "conversation");
    json!({
        "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
        "type": kind,
        "timestamp": "2026-11-20T09:00:01Z",
        "occurred_at": "2026-11-20T09:00:01Z",
        "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a10",
        "subject_type": kind.subject(),
        "subject_id": lead,
        "lead_id": is_about_a_lead.then_some(lead),
        "actor_type": "system",
        "actor_id": null,
        "request_id": null,
        "data": data,
    })
}
