//! The document in the shapes that generators of clients keep: nothing is lost in what openapi-typescript and
//! openapi-python-client make of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::{document, operations, resolve, unwrapped};

/// Every schema that is written anywhere, with its place. What a schema holds as a value is none.
fn schemas() -> Vec<(String, Value)> {
    fn walk(value: &Value, place: &str, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(members) => {
                found.push((place.into(), value.clone()));
                let is_value = |name: &str| ["example", "examples", "default", "x-codeSamples"].contains(&name);
                for (name, member) in
                    members.iter().filter(|(name, _)| place.ends_with("/properties") || !is_value(name))
                {
                    walk(member, &format!("{place}/{name}"), found);
                }
            }
            Value::Array(entries) => {
                entries.iter().enumerate().for_each(|(n, entry)| walk(entry, &format!("{place}/{n}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document(), "", &mut found);
    found.retain(|(place, _)| !place.ends_with("/properties"));
    found
}

fn is_of(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

fn may_be_null(schema: &Value) -> bool {
    is_of(schema, "null") || schema["oneOf"].as_array().is_some_and(|all| all.iter().any(may_be_null))
}

/// The names of the schemas below these places.
fn below(places: &[&Value]) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                let name =
                    members.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix("#/components/schemas/"));
                if let Some(name) = name
                    && found.insert(name.into())
                {
                    collect(&document()["components"]["schemas"][name], found);
                }
                members.values().for_each(|member| collect(member, found));
            }
            Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    places.iter().for_each(|place| collect(place, &mut found));
    found
}

fn asked() -> BTreeSet<String> {
    let operations = operations();
    below(&operations.iter().map(|(.., operation)| &operation["requestBody"]).collect::<Vec<_>>())
}

fn answered() -> BTreeSet<String> {
    let operations = operations();
    let mut places: Vec<&Value> = operations.iter().map(|(.., operation)| &operation["responses"]).collect();
    places.extend([&document()["components"]["responses"], &document()["webhooks"]]);
    below(&places)
}

fn wrong_in(check: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    schemas().into_iter().filter(|(place, schema)| check(place, schema)).map(|(place, _)| place).collect()
}

#[test]
fn no_object_is_bare() {
    let says = ["properties", "additionalProperties", "allOf", "oneOf", "$ref"];
    let bare = wrong_in(|_, schema| is_of(schema, "object") && says.iter().all(|word| schema[word].is_null()));
    assert!(bare.is_empty(), "of these nothing can be written or read: {bare:#?}");
    let lead = &document()["components"]["schemas"]["Lead"]["properties"];
    assert_eq!(unwrapped(&lead["form_responses"])["additionalProperties"]["$ref"], "#/components/schemas/FormAnswer");
}

#[test]
fn what_is_said_of_a_property_stands_at_the_property() {
    let beside = wrong_in(|_, schema| !schema["$ref"].is_null() && !schema["description"].is_null());
    assert!(beside.is_empty(), "{beside:#?}");
    let within = wrong_in(|_, schema| {
        let choices = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        may_be_null(schema) && choices.len() == 2 && choices.iter().any(|choice| !choice["description"].is_null())
    });
    assert!(within.is_empty(), "{within:#?}");
    let source = &document()["components"]["schemas"]["NewLead"]["properties"]["source"];
    assert!(source["description"].as_str().is_some_and(|text| text.starts_with("`api` for an API key")), "{source}");
}

#[test]
fn answers_have_what_they_may_have_as_null() {
    let mut wrong = Vec::new();
    for name in answered() {
        let schema = &document()["components"]["schemas"][&name];
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == member));
            if may_be_null(property) && !is_required && !LEFT_OUT.contains(&name.as_str()) {
                wrong.push(format!("{name}.{member} may be null and absent"));
            }
        }
        if !schema["default"].is_null() {
            wrong.push(format!("{name} has a default"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// They leave out what they do not know.
const LEFT_OUT: [&str; 7] =
    ["ConsentProof", "Location", "MessageAttachment", "OutreachAudience", "Quotas", "LeadCounts", "Settings"];

#[test]
fn no_body_has_a_default() {
    let with = wrong_in(|place, schema| place.starts_with("/components/schemas/") && !schema["default"].is_null());
    assert!(with.is_empty(), "generators ask for what has a default: {with:#?}");
    let form = &document()["components"]["schemas"]["NewAdCreative"]["properties"]["format"];
    assert_eq!(form["description"], "`single_image` by default.");
}

#[test]
fn names_are_those_of_clients() {
    let schemas = document()["components"]["schemas"].as_object().expect("schemas");
    let ours: Vec<&String> = schemas.keys().filter(|name| name.ends_with("View") || name.contains('_')).collect();
    assert!(ours.is_empty(), "{ours:?}");
    for name in
        ["Lead", "NewLead", "LeadPatch", "LeadPage", "ApiKeyWithSecret", "WebhookEvent", "Question", "NewQuestion"]
    {
        assert!(schemas.contains_key(name), "{name}");
    }
    let unused: Vec<&String> = schemas
        .keys()
        .filter(|name| !asked().contains(*name) && !answered().contains(*name) && !in_queries().contains(*name))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

fn in_queries() -> BTreeSet<String> {
    let operations = operations();
    below(&operations.iter().map(|(.., operation)| &operation["parameters"]).collect::<Vec<_>>())
}

#[test]
fn one_schema_has_one_shape() {
    let schemas = document()["components"]["schemas"].as_object().expect("schemas");
    let named: BTreeSet<String> =
        schemas.values().filter_map(|schema| schema.get("enum")).map(ToString::to_string).collect();
    let again = wrong_in(|place, schema| {
        place.matches('/').count() > 3 && schema["type"] == "string" && named.contains(&schema["enum"].to_string())
    });
    assert!(again.is_empty(), "these have a name: {again:#?}");
}

#[test]
fn words_are_enumerations() {
    let schemas = &document()["components"]["schemas"];
    for (name, member) in [
        ("Audience", "gender"),
        ("Lead", "charge_kind"),
        ("MessageError", "class"),
        ("Plan", "catalogue"),
        ("LeadCreatedEvent", "actor_type"),
    ] {
        let property = unwrapped(&schemas[name]["properties"][member]);
        assert!(property["enum"].as_array().is_some_and(|words| words.len() > 2), "{name}.{member}: {property}");
    }
    let timelines = unwrapped(&schemas["Audience"]["properties"]["timelines"]);
    assert!(resolve(&timelines["items"]).is_some_and(|item| item["enum"].is_array()), "{timelines}");
    let growing = schemas["LeadSource"]["x-extensible-enum"].as_array().expect("it grows");
    assert_eq!(Some(growing), schemas["LeadSource"]["enum"].as_array());
    assert!(schemas["Direction"]["x-extensible-enum"].is_null());
    let introduction = document()["info"]["description"].as_str().expect("an introduction");
    assert!(introduction.contains("`x-extensible-enum`"));
    let names = schemas["EventPattern"]["x-enum-varnames"].as_array().expect("names");
    assert_eq!(
        (names.len(), &names[0]),
        (schemas["EventPattern"]["enum"].as_array().expect("values").len(), &json!("EVERYTHING"))
    );
}

#[test]
fn lists_in_a_query_are_lists_of_words() {
    let mut lists = Vec::new();
    for (_, path, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            if is_of(schema, "array") {
                assert_eq!(
                    (&parameter["style"], &parameter["explode"]),
                    (&json!("form"), &json!(false)),
                    "{path}: {parameter}"
                );
                assert!(resolve(&schema["items"]).is_some_and(|item| item["enum"].is_array()), "{path}: {parameter}");
                lists.push(format!("{path} {}", parameter["name"].as_str().expect("a name")));
            }
        }
    }
    for list in [
        "/v1/leads status",
        "/v1/leads source",
        "/v1/leads include",
        "/v1/leads/counts status",
        "/v1/conversations status",
    ] {
        assert!(lists.iter().any(|known| known == list), "{list} in {lists:?}");
    }
}

#[test]
fn events_are_told_apart_by_their_type() {
    let schemas = &document()["components"]["schemas"];
    let union = &schemas["WebhookEvent"];
    assert_eq!(union["discriminator"]["propertyName"], "type");
    let mapping = union["discriminator"]["mapping"].as_object().expect("a mapping");
    assert_eq!(union["oneOf"].as_array().map(Vec::len), Some(mapping.len()));
    assert_eq!(schemas["WebhookEventPage"]["properties"]["data"]["items"]["$ref"], "#/components/schemas/WebhookEvent");
    for (kind, place) in mapping {
        let event = resolve(&json!({ "$ref": place })).expect("a schema");
        assert_eq!(event["properties"]["type"]["const"], *kind);
        let webhook = &document()["webhooks"][kind]["post"];
        assert_eq!(webhook["requestBody"]["content"]["application/json"]["schema"]["$ref"], *place);
        assert_eq!(webhook["description"], event["description"]);
    }
    // Each has its own members, and says which are always there.
    let data = |name: &str| schemas[name]["properties"]["data"].clone();
    let created = data("AdCampaignCreatedEvent");
    assert_eq!(created["required"], json!(["name", "platform", "daily_budget"]));
    assert!(created["properties"]["error"].is_null());
    assert_eq!(created["properties"]["platform"]["$ref"], "#/components/schemas/AdPlatform");
    assert!(is_of(&data("MessageReceivedEvent")["properties"]["preview"], "null"), "it may be a locked lead's");
}

both_engines! {
    async fn both_spellings_of_a_list_are_one(app: TestApp) {
        let tenant = app.growth("Lists").await;
        for (name, status) in [("Asha", "new"), ("Ravi", "contacted"), ("Meera", "lost")] {
            let lead = json!({ "name": name, "email": format!("{name}@example.com") });
            let lead = tenant.owner.post("/v1/leads", lead).await.created();
            if status != "new" {
                tenant.owner.patch(&format!("/v1/leads/{}", lead["id"].as_str().unwrap()), json!({ "status": status })).await.ok();
            }
        }
        let total = async |query: &str| tenant.owner.get(&format!("/v1/leads/counts?{query}")).await.ok()["total"].clone();
        assert_eq!(total("status=new,contacted").await, 2);
        assert_eq!(total("status=new&status=contacted").await, 2);
        assert_eq!(total("status=new").await, 1);
        let names = async |query: &str| -> usize { tenant.owner.get(&format!("/v1/leads?{query}")).await.ok()["data"].as_array().map_or(0, Vec::len) };
        assert_eq!(names("status=new&limit=10&status=contacted&include=score&include=assignee").await, 2);
        let twice = tenant.owner.get("/v1/leads?grade=hot&grade=cold").await.problem(422, "request.invalid");
        assert_eq!((&twice["errors"][0]["pointer"], &twice["errors"][0]["code"]), (&json!("grade"), &json!("repeated")));
    }
}
