//! What to ask: every reading operation of the document, once plainly and once with each of its filters and orders.

use serde_json::Value;

use crate::Outcome;
use crate::http::Caller;
use crate::workloads::World;

/// A seeded lead that is not locked.
const LEAD: u64 = 8;

/// One operation and the queries to ask it with.
pub struct Question {
    pub operation: String,
    /// With its parameters in braces.
    pub template: String,
    pub is_operators: bool,
    pub queries: Vec<String>,
    /// Whether it answers pages.
    pub is_list: bool,
    lead: String,
    conversation: String,
}

pub fn all(document: &Value, world: &World) -> Vec<Question> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .filter_map(|(template, operations)| {
            let get = operations.get("get")?;
            let secured = get.get("security").and_then(Value::as_array).filter(|list| !list.is_empty())?;
            let is_operators = secured.iter().all(|one| one.get("operator").is_some());
            Some(Question {
                operation: get["operationId"].as_str()?.to_string(),
                template: template.clone(),
                is_operators,
                queries: queries(document, get, world),
                is_list: get["parameters"].as_array().into_iter().flatten().any(|p| p["name"] == "cursor"),
                lead: crate::seed::lead_id(LEAD),
                // Seeded beside it.
                conversation: crate::seed::lead_id(LEAD).replacen("01900000", "01900001", 1),
            })
        })
        .collect()
}

/// The path with ids of rows that exist.
pub async fn path(question: &Question, caller: &mut Caller) -> Outcome<Option<String>> {
    let template = &question.template;
    let Some(at) = template.find('{') else { return Ok(Some(template.clone())) };
    let parent = template[..at].trim_end_matches('/');
    let rest = template[at..].split_once('}').map_or("", |(_, rest)| rest);
    let id = match parent {
        "/v1/leads" => question.lead.clone(),
        "/v1/conversations" => question.conversation.clone(),
        _ => {
            let (status, text) = caller.exchange("GET", parent, None).await?;
            let page: Value = serde_json::from_str(&text).unwrap_or_default();
            match page["data"][0]["id"].as_str().or(page["data"][0]["user_id"].as_str()) {
                Some(id) if status == 200 => id.to_string(),
                _ => return Ok(None),
            }
        }
    };
    Ok(Some(format!("{parent}/{id}{rest}")))
}

fn queries(document: &Value, get: &Value, world: &World) -> Vec<String> {
    let mut list = vec![String::new()];
    let parameters: Vec<&Value> =
        get["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query").collect();
    let values = |parameter: &Value| {
        let name = parameter["name"].as_str().unwrap_or_default();
        values(name, get["operationId"].as_str().unwrap_or_default(), resolved(document, &parameter["schema"]), world)
    };
    for parameter in &parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        if matches!(name, "limit" | "cursor" | "subject_type" | "subject_id") {
            continue;
        }
        list.extend(values(parameter).into_iter().map(|value| format!("{name}={value}")));
    }
    // Orders with the filter that lists are mostly looked at with.
    let find = |wanted: &str| parameters.iter().find(|parameter| parameter["name"] == wanted);
    if let (Some(sort), Some(status)) = (find("sort"), find("status")) {
        for order in values(sort) {
            list.extend(values(status).into_iter().map(|state| format!("sort={order}&status={state}")));
        }
    }
    if find("subject_type").is_some() {
        list.push(format!("subject_type=lead&subject_id={}", crate::seed::lead_id(LEAD)));
    }
    list
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn values(name: &str, operation: &str, schema: &Value, world: &World) -> Vec<String> {
    let one = |text: &str| vec![text.to_string()];
    let tenant = &world.tenants[0];
    match name {
        "status" if operation.contains("lead") => vec!["new".into(), "new,contacted".into()],
        "status" if operation.contains("conversation") => one("open"),
        "source" => vec!["meta_ads".into(), "meta_ads,google_ads".into()],
        "assigned_to" => vec!["none".into(), tenant.user_id.clone()],
        "lead_id" => one(&crate::seed::lead_id(LEAD)),
        "tenant_id" => one(&tenant.id),
        "q" => one("asha"),
        "kind" if schema["enum"].is_null() => one("webhook.process"),
        "include" => vec!["score,assignee".into()],
        "score_min" => one("80"),
        "score_max" => one("20"),
        "catalogue" => one("in-selfserve"),
        _ if schema["format"] == "uuid" => one(&crate::seed::lead_id(LEAD)),
        _ if schema["format"] == "date-time" => one("2026-11-01T00:00:00Z"),
        _ if schema["type"] == "boolean" => vec!["true".into(), "false".into()],
        _ => {
            let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            words.take(if name == "sort" || name == "order" { usize::MAX } else { 2 }).map(str::to_string).collect()
        }
    }
}
