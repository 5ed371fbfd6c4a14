//! Each kind of change, made to a small document and to the real one.

use serde_json::{Value, json};

use super::{breaking, makes_room};

fn document() -> Value {
    json!({
        "paths": {
            "/v1/leads/{id}": {
                "get": {
                    "operationId": "get_lead",
                    "security": [{ "bearer": [] }, { "operator": [] }],
                    "parameters": [
                        { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                        { "name": "include", "in": "query", "schema": { "type": "string", "enum": ["score", "assignee"] } }
                    ],
                    "responses": {
                        "200": { "headers": { "ETag": {} }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Lead" } } } },
                        "404": { "$ref": "#/components/responses/Problem404" }
                    }
                },
                "patch": {
                    "operationId": "update_lead",
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/LeadPatch" } } } },
                    "responses": { "200": { "content": {} } }
                }
            }
        },
        "webhooks": {
            "lead.created": { "post": { "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Lead" } } } } } }
        },
        "components": {
            "responses": { "Problem404": { "content": { "application/problem+json": { "schema": { "type": "object" } } } } },
            "schemas": {
                "Lead": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": { "type": "string", "format": "uuid" },
                        "status": { "type": "string", "enum": ["new", "won"] },
                        "score": { "type": ["integer", "null"] },
                        "parent": { "oneOf": [{ "$ref": "#/components/schemas/Lead" }, { "type": "null" }] }
                    }
                },
                "LeadPatch": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "name": { "type": "string", "maxLength": 200 },
                        "status": { "type": "string", "enum": ["new", "won"] },
                        "tags": { "type": "array", "items": { "type": "string" } }
                    }
                }
            }
        }
    })
}

/// What breaks when the value at this pointer becomes another, or goes.
fn after(pointer: &str, value: Option<Value>) -> Vec<String> {
    let old = document();
    let mut new = old.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let name = name.replace("~1", "/");
    let parent = new.pointer_mut(parent).and_then(Value::as_object_mut).expect("a place in the document");
    match value {
        Some(value) => parent.insert(name, value),
        None => parent.shift_remove(&name),
    };
    breaking(&old, &new)
}

const GET: &str = "/paths/~1v1~1leads~1{id}/get";
const PATCH: &str = "/paths/~1v1~1leads~1{id}/patch";
const LEAD: &str = "/components/schemas/Lead";
const INPUT: &str = "/components/schemas/LeadPatch";

#[test]
fn a_document_does_not_break_itself() {
    assert_eq!(breaking(&document(), &document()), Vec::<String>::new());
}

#[test]
fn a_permission_that_is_named_for_the_first_time_breaks_nothing() {
    let mut old = document();
    let mut new = document();
    *old.pointer_mut(&format!("{GET}/security")).unwrap() = json!([{ "bearer": [] }]);
    *new.pointer_mut(&format!("{GET}/security")).unwrap() = json!([{ "bearer": ["leads:read"] }]);
    assert_eq!(breaking(&old, &new), Vec::<String>::new());
    *old.pointer_mut(&format!("{GET}/security")).unwrap() = json!([{ "bearer": ["leads:write"] }]);
    assert_eq!(breaking(&old, &new).len(), 1, "another permission does");
}

#[test]
fn each_break_is_named() {
    let at = |base: &str, rest: &str| format!("{base}{rest}");
    for (pointer, value, expected) in [
        (GET.to_string(), None, "GET /v1/leads/{id}: was removed"),
        (at(GET, "/operationId"), Some(json!("read_lead")), "operationId \"get_lead\" became \"read_lead\""),
        (at(GET, "/security"), Some(json!([{ "bearer": [] }])), "no longer takes the credential"),
        (at(PATCH, "/security"), Some(json!([{ "bearer": [] }])), "PATCH /v1/leads/{id}: now needs a credential"),
        (at(GET, "/parameters"), Some(json!([])), "parameter \"include\" in query was removed"),
        (
            at(PATCH, "/parameters"),
            Some(json!([{ "name": "reason", "in": "query", "required": true, "schema": {} }])),
            "parameter \"reason\" in query is now required",
        ),
        (
            at(GET, "/parameters"),
            Some(json!([
                { "name": "lead_id", "in": "path", "required": true, "schema": { "type": "integer" } },
                { "name": "include", "in": "query", "schema": { "type": "string", "enum": ["score"] } }
            ])),
            "parameter \"include\" in query: \"assignee\" is no longer accepted",
        ),
        (at(GET, "/responses/404"), None, "status 404 was removed"),
        (at(GET, "/responses/200/headers"), Some(json!({})), "header ETag was removed"),
        (at(GET, "/responses/200/content"), Some(json!({ "text/csv": {} })), "application/json was removed"),
        (at(LEAD, "/properties/score"), None, "GET /v1/leads/{id} 200.score: was removed"),
        (at(LEAD, "/properties/score"), None, "POST lead.created payload.score: was removed"),
        (at(LEAD, "/required"), Some(json!(["id"])), "200.status: may be absent now"),
        (
            at(LEAD, "/properties/score"),
            Some(json!({ "type": "string" })),
            "200.score: type integer or null became string",
        ),
        (
            at(LEAD, "/properties/id"),
            Some(json!({ "type": ["string", "null"], "format": "uuid" })),
            "200.id: type string became null or string",
        ),
        (at(LEAD, "/properties/id/format"), None, "200.id: format \"uuid\" became no format"),
        (at(LEAD, "/properties/status/enum"), None, "200.status: may be any value now"),
        (at(INPUT, "/required"), Some(json!(["name"])), "request.name: is now required"),
        (at(INPUT, "/properties/name"), None, "request.name: is no longer accepted"),
        (at(INPUT, "/properties/name/maxLength"), Some(json!(100)), "request.name: maxLength 200 became 100"),
        (at(INPUT, "/properties/name/minLength"), Some(json!(1)), "request.name: minLength none became 1"),
        (at(INPUT, "/properties/name/pattern"), Some(json!("^a")), "request.name: another pattern"),
        (at(INPUT, "/properties/status/enum"), Some(json!(["new"])), "request.status: \"won\" is no longer accepted"),
        (
            at(INPUT, "/properties/tags/items"),
            Some(json!({ "type": "integer" })),
            "request.tags[]: type string became integer",
        ),
        (at(PATCH, "/requestBody/required"), Some(json!(true)), "a body is now required"),
        ("/webhooks/lead.created".to_string(), None, "POST lead.created: was removed"),
    ] {
        let found = after(&pointer, value);
        assert!(found.iter().any(|line| line.contains(expected)), "{pointer}: {expected:?} not in {found:#?}");
    }
}

#[test]
fn what_adds_passes() {
    let at = |base: &str, rest: &str| format!("{base}{rest}");
    for (pointer, value) in [
        ("/paths/~1v1~1notes".to_string(), json!({ "get": { "operationId": "list_notes" } })),
        (at(GET, "/security"), json!([{ "bearer": [] }, { "operator": [] }, { "cookie": [] }])),
        (at(GET, "/responses/409"), json!({ "content": {} })),
        (at(GET, "/description"), json!("In other words.")),
        (at(PATCH, "/parameters"), json!([{ "name": "reason", "in": "query", "schema": { "type": "string" } }])),
        (at(LEAD, "/properties/name"), json!({ "type": "string" })),
        (at(LEAD, "/required"), json!(["id", "status", "score"])),
        (at(LEAD, "/properties/score"), json!({ "type": "integer" })),
        (at(LEAD, "/properties/status/enum"), json!(["new", "won", "lost"])),
        (at(INPUT, "/properties/company"), json!({ "type": "string" })),
        (at(INPUT, "/properties/status/enum"), json!(["new", "won", "lost"])),
        (at(INPUT, "/properties/name/maxLength"), json!(300)),
        (at(INPUT, "/properties/name"), json!({ "type": ["string", "null"], "maxLength": 200 })),
        (at(INPUT, "/additionalProperties"), json!(true)),
        ("/webhooks/lead.won".to_string(), json!({ "post": {} })),
    ] {
        assert_eq!(after(&pointer, Some(value)), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn a_path_parameters_name_is_nobodys_concern() {
    let old = document();
    let text = old
        .to_string()
        .replace("/v1/leads/{id}", "/v1/leads/{lead_id}")
        .replace("\"name\":\"id\"", "\"name\":\"lead_id\"");
    let new: Value = serde_json::from_str(&text).expect("a document");
    assert_ne!(old, new);
    assert_eq!(breaking(&old, &new), Vec::<String>::new());
}

#[test]
fn versions_make_room_as_semantic_versioning_has_it() {
    for (old, new, expected) in [
        ("0.1.0", "0.1.9", false),
        ("0.1.0", "0.2.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.2.0", "1.3.0", false),
        ("1.2.0", "2.0.0-rc.1", true),
        ("2.0.0", "1.9.0", false),
    ] {
        assert_eq!(makes_room(old, new), expected, "{old} → {new}");
    }
}

/// On the real document: a response property that goes, a request property that is asked for.
#[test]
fn the_real_document_is_understood() {
    let old = crate::app::document();
    assert_eq!(breaking(&old, &old), Vec::<String>::new());
    let mut new = old.clone();
    new["components"]["schemas"]["Lead"]["properties"].as_object_mut().expect("properties").shift_remove("grade");
    new["components"]["schemas"]["NewLead"]["required"] = json!(["name", "company"]);
    let found = breaking(&old, &new);
    for expected in [
        "GET /v1/leads/{id} 200.grade: was removed",
        "GET /v1/leads 200.data[].grade: was removed",
        "POST /v1/leads request.company: is now required",
    ] {
        assert!(found.iter().any(|line| line == expected), "{expected:?} not in {found:#?}");
    }
}
