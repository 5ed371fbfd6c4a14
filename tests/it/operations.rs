//! Every operation of the document is carried out, by the document's own example, and answers what the document says.
//!
//! The examples are sent as they stand, except for what an example cannot know: ids and tokens of this database. The
//! application itself counts what it answered, by route and status; in the end every operation must have succeeded. There
//! is no list of exceptions. A new operation is covered by being in the document; when it needs something to act on, the
//! test fails and [`stage`] says where to arrange it.

mod accounts;
pub mod schema;
mod sign;
mod stage;

use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::{body_example, operations, unwrapped};
use crate::support::{Client, TestApp};

use stage::{Act, Stage};

/// A request's media type and its example, if it has a body.
fn example(operation: &Value) -> Option<(String, Value)> {
    let content = operation["requestBody"]["content"].as_object()?;
    let media_type = content.keys().next()?.clone();
    let given = content[&media_type]["example"].clone();
    let body = if given.is_null() { body_example(operation)? } else { given };
    Some((media_type, body))
}

/// Statuses of success that the document knows for an operation.
fn successes(operation: &Value) -> Vec<u16> {
    let responses = operation["responses"].as_object().into_iter().flatten();
    responses.filter_map(|(status, _)| status.parse().ok()).filter(|status| (200..300).contains(status)).collect()
}

/// How often the application answered each operation with success, by its own count: `GET /v1/leads`.
async fn answered(app: &TestApp) -> std::collections::BTreeSet<String> {
    let text = app.anonymous().get("/metrics").await.text;
    let label = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_string())
    };
    let lines = text.lines().filter(|line| line.starts_with("leadwright_http_request_seconds_count{"));
    lines
        .filter(|line| label(line, "status").is_some_and(|status| status.starts_with('2')))
        .filter_map(|line| Some(format!("{} {}", label(line, "method")?, label(line, "route")?)))
        .collect()
}

/// Readers first, then what adds, changes and removes: nothing is gone before it was read.
fn in_order() -> Vec<(String, String, Value)> {
    let mut all = operations();
    all.sort_by_key(|(method, ..)| ["get", "post", "put", "patch", "delete"].iter().position(|one| one == method));
    all
}

both_engines! {
    async fn every_example_is_a_request_that_works(app: TestApp) {
        let stage = Stage::set(&app).await;
        let mut wrong = Vec::new();
        for (method, path, operation) in in_order() {
            let id = operation["operationId"].as_str().expect("an operationId");
            let Act { actor, path: filled, replace, sign } = stage.arrange(&app, id, &path, &operation).await;
            let mut call = actor.call(&method, &filled);
            if let Some((media_type, mut body)) = example(&operation) {
                merge(&mut body, replace);
                let url = format!("{}{filled}", app.url);
                let (text, signature) = sign.body(&url, &media_type, &body, &app);
                call = call.raw(&media_type, text);
                for (name, value) in &signature {
                    call = call.header(name, value);
                }
            }
            let answer = call.await;
            if !successes(&operation).contains(&answer.status) {
                wrong.push(format!("{id}: {method} {filled} answered {} {}", answer.status, answer.text));
                continue;
            }
            let kind = answer.header("content-type").unwrap_or_default().to_string();
            wrong.extend(schema::faults_of(id, answer.status, &kind, &answer.body));
            wrong.extend(broken_links(&actor, &operation, answer.status, &answer.body).await);
        }
        let done = answered(&app).await;
        for (method, path, _) in operations() {
            // Its own count is written when it has been read.
            let name = format!("{} {path}", method.to_uppercase());
            if !done.contains(&name) {
                wrong.push(format!("{name} was never answered with success"));
            }
        }
        let told = told_of(&stage.operator(&app)).await;
        assert!(told.len() > 50, "what was done is in the trail: {}", told.len());
        let event = json!({ "$ref": "#/components/schemas/WebhookEvent" });
        wrong.extend(told.iter().flat_map(|one| schema::faults(&one["type"].to_string(), &event, one)));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn all_that_is_wrong_with_a_body_is_told_at_once(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        for (method, path, operation) in in_order() {
            let id = operation["operationId"].as_str().expect("an operationId");
            let schema = crate::contract::body_schema(&operation).unwrap_or_default();
            let Some((media_type, mut body)) = example(&operation).filter(|_| schema["additionalProperties"] == false) else {
                continue;
            };
            let act = stage.arrange(&app, id, &path, &operation).await;
            merge(&mut body, act.replace);
            let expected = spoil(&mut body, &schema);
            let answer = act.actor.call(&method, &act.path).raw(&media_type, body.to_string()).await;
            let told: Vec<&str> = answer.body["errors"].as_array().into_iter().flatten().filter_map(|error| error["pointer"].as_str()).collect();
            asked += 1;
            if answer.status != 422 || expected.iter().any(|pointer| !told.contains(&pointer.as_str())) {
                wrong.push(format!("{id}: {body} was answered {} {told:?}, not {expected:?}", answer.status));
            }
        }
        assert!(asked > 45, "{asked}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// Makes a body wrong in as many ways as its schema lets: a value of another type, required where there is one, one that
/// breaks its bound, and a field that nobody knows. Answers where.
fn spoil(body: &mut Value, schema: &Value) -> Vec<String> {
    let mut places = vec!["/of_no_use".to_string()];
    body["of_no_use"] = true.into();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let is_required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let bound =
        properties.iter().rev().find_map(|(name, property)| Some((name.clone(), beyond(&unwrapped(property))?)));
    let mut others = properties.iter().filter(|(name, _)| bound.as_ref().is_none_or(|(bound, _)| bound != *name));
    let typed = others.clone().find(|(name, _)| is_required(name)).or_else(|| others.next());
    if let Some((name, property)) = typed {
        let is_object = unwrapped(property)["type"]
            .as_array()
            .map_or_else(|| unwrapped(property)["type"] == "object", |kinds| kinds.iter().any(|kind| kind == "object"));
        body[name] = if is_object { json!(7) } else { json!({ "no": "such" }) };
        places.push(format!("/{name}"));
    }
    if let Some((name, value)) = bound {
        body[&name] = value;
        places.push(format!("/{name}"));
    }
    places
}

/// A value of the right type that is too long or too large; `None` where there is no bound. A password's rules need whom it is
/// of: they are looked at when all else is right.
fn beyond(schema: &Value) -> Option<Value> {
    if schema["format"] == "password" {
        return None;
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        return Some("x".repeat(usize::try_from(most).expect("a length") + 1).into());
    }
    schema["maximum"].as_i64().map(|most| json!(most + 1))
}

/// Everything that the tenant's trail tells.
async fn told_of(operator: &Client) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/v1/events?limit=200{cursor}")).await.ok();
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

both_engines! {
    async fn a_change_that_changes_nothing_leaves_the_version(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        let changing = operations().into_iter().filter(|(method, ..)| ["patch", "put"].contains(&method.as_str()));
        for (method, path, operation) in changing {
            let id = operation["operationId"].as_str().expect("an operationId");
            let act = stage.arrange(&app, id, &path, &operation).await;
            let Some((_, mut body)) = example(&operation) else { continue };
            merge(&mut body, act.replace);
            let first = act.actor.call(&method, &act.path).json(body.clone()).await;
            let mut answers = vec![("the same", act.actor.call(&method, &act.path).json(body).await)];
            if method == "patch" {
                answers.push(("nothing", act.actor.call(&method, &act.path).json(json!({})).await));
            }
            let Some(tag) = first.header("etag").filter(|tag| tag.starts_with("\"v")) else { continue };
            for (what, answer) in &answers {
                let is_taken = (200..300).contains(&answer.status);
                asked += usize::from(is_taken);
                if is_taken && answer.header("etag") != Some(tag) {
                    wrong.push(format!("{id}: {what} made of {tag} {:?}", answer.header("etag")));
                }
            }
        }
        assert!(asked > 12, "{asked}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn what_may_be_null_is_what_takes_null(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        for (method, path, operation) in operations().into_iter().filter(|(method, ..)| method == "patch") {
            let id = operation["operationId"].as_str().expect("an operationId");
            let act = stage.arrange(&app, id, &path, &operation).await;
            for (name, says_null) in nullable_of(&operation) {
                let answer = act.actor.call(&method, &act.path).json(json!({ name.as_str(): null })).await;
                let at = format!("/{name}");
                let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
                let is_refused = answer.status == 422 && errors.iter().any(|error| error["pointer"] == at.as_str());
                let is_taken = (200..300).contains(&answer.status);
                asked += usize::from(is_refused || is_taken);
                // What an e-mail must have is no null there, and is in an SMS.
                let is_by_channel = id == "update_template" && ["subject", "body"].contains(&name.as_str());
                if !is_by_channel && ((is_refused && says_null) || (is_taken && !says_null)) {
                    wrong.push(format!("{id}: {at}: null was answered {}, the document says null: {says_null}", answer.status));
                }
            }
        }
        assert!(asked > 30, "{asked}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The fields of an operation's body, and whether the document lets each be null.
fn nullable_of(operation: &Value) -> Vec<(String, bool)> {
    let schema = crate::contract::body_schema(operation).unwrap_or_default();
    let is_null = |part: &Value| part["type"] == "null";
    let may = |property: &Value| {
        property["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "null"))
            || ["oneOf", "anyOf"]
                .iter()
                .any(|of| property[of].as_array().is_some_and(|parts| parts.iter().any(is_null)))
    };
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    properties.into_iter().map(|(name, property)| (name, may(&property))).collect()
}

/// Follows an answer's links to what can be read: the id that the document points at must be there, and must work.
async fn broken_links(actor: &Client, operation: &Value, status: u16, body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, link) in operation["responses"][status.to_string()]["links"].as_object().into_iter().flatten() {
        let target = operations().into_iter().find(|(.., operation)| operation["operationId"] == link["operationId"]);
        let Some((method, path, _)) = target else {
            wrong.push(format!("{}: the link {name} leads nowhere", operation["operationId"]));
            continue;
        };
        let mut filled = path;
        for (parameter, source) in link["parameters"].as_object().into_iter().flatten() {
            let Some(pointer) = source.as_str().and_then(|source| source.strip_prefix("$response.body#")) else {
                continue;
            };
            let value = body.pointer(pointer).and_then(Value::as_str).unwrap_or("nothing-there");
            filled = filled.replace(&format!("{{{parameter}}}"), value);
        }
        if method == "get" {
            let answer = actor.get(&filled).await;
            if answer.status != 200 {
                wrong.push(format!("{} → {name}: {filled} answered {}", operation["operationId"], answer.status));
            }
        }
    }
    wrong
}

/// Puts what an example cannot know into it. An object is merged, anything else replaced.
fn merge(body: &mut Value, with: Value) {
    match (body, with) {
        (Value::Object(body), Value::Object(with)) => {
            for (name, value) in with {
                merge(body.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (body, with) => *body = with,
    }
}

#[test]
fn every_example_keeps_to_its_schema() {
    let wrong = schema::faults_of_examples();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_answer_is_noticed() {
    let faults = |status, kind: &str, body: Value| schema::faults_of("get_unread_count", status, kind, &body).len();
    assert_eq!(faults(200, "application/json", json!({ "total": 3 })), 0);
    assert_eq!(faults(200, "application/json", json!({ "total": "three" })), 1);
    assert_eq!(faults(200, "application/json", json!({})), 1);
    assert_eq!(faults(299, "application/json", json!({ "total": 3 })), 1, "an undocumented status");
    assert_eq!(faults(200, "text/html", json!({ "total": 3 })), 1);
    let lead = json!({ "name": "", "grade": "splendid", "colour": "red" });
    let wrong = schema::faults("a lead", &json!({ "$ref": "#/components/schemas/LeadPatch" }), &lead);
    assert_eq!(wrong.len(), 3, "a name too short, and two properties that are not there: {wrong:?}");
}
