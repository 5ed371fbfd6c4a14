//! Conversations: what leaves, what comes back and to whom; and what the tenant's own people are told.

mod after_hours;
mod announcing;
mod bounces;
mod conversations;
mod following;
mod gate;
mod receiving;
mod sending;
mod shared;
mod sharing;

use serde_json::{Value, json};

use crate::support::{Client, Tenant, TestApp};

pub(super) const PERSON: &str = "+919876543210";
pub(super) const SHARED: &str = "+14155238886";

/// The lead's conversation on a channel.
pub(super) async fn conversation(client: &Client, lead: &Value, channel: &str) -> Value {
    let page =
        client.get(&format!("/v1/conversations?channel={channel}&lead_id={}", lead["id"].as_str().unwrap())).await.ok();
    page["data"].get(0).cloned().unwrap_or_else(|| panic!("no conversation: {page}"))
}

pub(super) fn messages_path(conversation: &Value) -> String {
    format!("/v1/conversations/{}/messages", conversation["id"].as_str().expect("an id"))
}

pub(super) async fn messages(client: &Client, conversation: &Value) -> Vec<Value> {
    let page = client.get(&format!("{}?order=asc&limit=200", messages_path(conversation))).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

pub(super) fn template() -> Value {
    json!({ "template": { "code": "first_contact", "variables": { "name": "Asha", "business": "ABC", "about": "2 BHK" } } })
}

pub(super) async fn inbound(app: &TestApp, from: &str, body: &str) {
    let sent = app
        .anonymous()
        .post("/sandbox/twilio/inbound", json!({ "from": format!("whatsapp:{from}"), "to": SHARED, "body": body }))
        .await
        .created();
    assert!(sent["webhook_status"].as_i64().is_some_and(|status| (200..300).contains(&status)), "{sent}");
    app.run_jobs().await;
}

/// What reached this address, newest first.
pub(super) async fn reached(app: &TestApp, to: &str) -> Vec<Value> {
    app.outbox().await.into_iter().filter(|entry| entry["to"] == to).collect()
}

pub(super) async fn fault(app: &TestApp, faults: Value) {
    app.anonymous().put("/sandbox/faults", json!({ "faults": faults })).await.ok();
}

/// A tenant with one lead and its WhatsApp conversation, with everything that follows from the lead done.
pub(super) async fn with_lead(app: &TestApp, name: &str) -> (Tenant, Value, Value) {
    let tenant = app.growth(name).await;
    let lead = tenant.lead("Asha Verma", "asha@example.com", PERSON).await;
    app.run_jobs().await;
    let conversation = conversation(&tenant.owner, &lead, "whatsapp").await;
    (tenant, lead, conversation)
}

pub(super) async fn send(tenant: &Tenant, conversation: &Value, body: Value) -> Value {
    tenant.owner.post(&messages_path(conversation), body).await.expect(202)
}

pub(super) async fn last(tenant: &Tenant, conversation: &Value) -> Value {
    messages(&tenant.owner, conversation).await.pop().expect("a message")
}
