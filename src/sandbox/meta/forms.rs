//! The person who fills a form: `POST /sandbox/meta/leads` stores a lead and announces it, `…/batch` announces up to 1,000 in one
//! request, `POST /sandbox/meta/forms` says what a form asks, `POST /sandbox/meta/resend` announces one again, tampered with if asked.

use actix_web::{HttpResponse, ResponseError as _, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::StoredLead;
use crate::base::Error;
use crate::base::time::Timestamp;
use crate::providers::{Digits, meta};
use crate::sandbox::Sandbox;
use crate::sandbox::callbacks::Webhook;
use crate::sandbox::faults::bad_request;
use crate::sandbox::state::lock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmittedLead {
    page_id: Digits,
    form_id: Digits,
    /// As it will be answered, whatever it is: Graph leaves values out, and forms hold anything.
    field_data: Vec<Value>,
    #[serde(default)]
    campaign_id: Option<Digits>,
    #[serde(default)]
    ad_id: Option<Digits>,
    #[serde(default)]
    leadgen_id: Option<Digits>,
    #[serde(default)]
    created_time: Option<Timestamp>,
    #[serde(default)]
    webhook: Option<bool>,
}

impl Sandbox {
    /// Stores the lead and returns its id.
    fn store_lead(&self, lead: SubmittedLead) -> (String, StoredLead) {
        let id = lead.leadgen_id.map_or_else(|| self.0.meta.numbers.next(), Digits::into_string);
        let at = lead.created_time.unwrap_or_else(|| self.now());
        let mut node = json!({
            "id": id,
            "created_time": at.utc().format("%Y-%m-%dT%H:%M:%S+0000").to_string(),
            "form_id": lead.form_id,
            "is_organic": lead.ad_id.is_none() && lead.campaign_id.is_none(),
            "platform": "fb",
            "field_data": lead.field_data,
        });
        let mut change =
            json!({"created_time": at.seconds(), "leadgen_id": id, "page_id": lead.page_id, "form_id": lead.form_id});
        if let Some(campaign) = lead.campaign_id {
            node["campaign_id"] = json!(campaign);
        }
        if let Some(ad) = lead.ad_id {
            node["ad_id"] = json!(ad);
            change["ad_id"] = json!(ad);
            change["adgroup_id"] = json!(ad);
        }
        let stored = StoredLead {
            node: node.as_object().cloned().unwrap_or_default(),
            change,
            page_id: lead.page_id.into_string(),
        };
        lock(&self.0.meta.leads).insert(id.clone(), stored.clone());
        (id, stored)
    }

    /// One signed POST; leads of the same page share an entry.
    fn leadgen_webhook(&self, leads: &[StoredLead]) -> Webhook {
        let mut entries: Vec<Value> = Vec::new();
        for lead in leads {
            let change = json!({ "field": "leadgen", "value": lead.change });
            match entries.iter_mut().find(|entry| entry["id"] == lead.page_id.as_str()) {
                Some(entry) => {
                    if let Some(changes) = entry["changes"].as_array_mut() {
                        changes.push(change);
                    }
                }
                None => {
                    entries.push(json!({"id": lead.page_id, "time": self.now().seconds(), "changes": [change]}));
                }
            }
        }
        let body = json!({ "object": "page", "entry": entries }).to_string().into_bytes();
        Webhook {
            provider: "meta",
            url: self.webhook_url("/v1/webhooks/meta"),
            content_type: "application/json",
            headers: vec![("x-hub-signature-256", meta::sign(&body, &self.credentials().meta_app_secret))],
            svix: None,
            body,
        }
    }
}

pub(super) async fn submit(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let lead: SubmittedLead = match serde_json::from_slice(&body) {
        Ok(lead) => lead,
        Err(error) => return bad_request(&error.to_string()),
    };
    let notify = lead.webhook.unwrap_or(true);
    let (id, stored) = sandbox.store_lead(lead);
    let status = if notify { sandbox.call_now(sandbox.leadgen_webhook(&[stored])).await } else { None };
    HttpResponse::Created().json(json!({ "leadgen_id": id, "webhook_status": status }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    form_id: Digits,
    questions: Vec<Question>,
}

#[derive(Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct Question {
    key: String,
    label: String,
    /// As Meta spells it: `FULL_NAME`, `EMAIL`, `CUSTOM`.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<Value>,
}

/// A form as somebody made it at Meta.
pub(super) async fn define(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let form: Definition = match serde_json::from_slice(&body) {
        Ok(form) => form,
        Err(error) => return bad_request(&error.to_string()),
    };
    lock(&sandbox.0.meta.forms).insert(form.form_id.as_str().to_string(), json!(form.questions));
    HttpResponse::Created().json(json!({ "form_id": form.form_id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    leads: Vec<SubmittedLead>,
}

pub(super) async fn submit_batch(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let batch: Batch = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => return bad_request(&error.to_string()),
    };
    if !(1..=1000).contains(&batch.leads.len()) {
        return bad_request("leads: expected 1 to 1000, the most Meta puts into one request");
    }
    let (ids, stored): (Vec<_>, Vec<_>) = batch.leads.into_iter().map(|lead| sandbox.store_lead(lead)).unzip();
    let status = sandbox.call_now(sandbox.leadgen_webhook(&stored)).await;
    HttpResponse::Created().json(json!({ "leadgen_ids": ids, "webhook_status": status }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendAgain {
    leadgen_id: Digits,
    #[serde(default)]
    times: Option<usize>,
    /// Changes the body after signing.
    #[serde(default)]
    tamper: bool,
}

/// The same notification again, all copies at once.
pub(super) async fn send_again(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let again: SendAgain = match serde_json::from_slice(&body) {
        Ok(again) => again,
        Err(error) => return bad_request(&error.to_string()),
    };
    let times = again.times.unwrap_or(1);
    if !(1..=1000).contains(&times) {
        return bad_request("times: expected 1 to 1000");
    }
    let Some(stored) = lock(&sandbox.0.meta.leads).get(again.leadgen_id.as_str()).cloned() else {
        return Error::not_found("sandbox.lead_not_found", "The twin knows no such lead.").error_response();
    };
    let mut webhook = sandbox.leadgen_webhook(&[stored]);
    if again.tamper {
        webhook.body.push(b' ');
    }
    let copies = (0..times).map(|_| sandbox.call_now(webhook.clone()));
    let statuses = futures_util::future::join_all(copies).await;
    HttpResponse::Ok().json(json!({
        "leadgen_id": again.leadgen_id, "webhook_status": statuses.last(), "webhook_statuses": statuses,
    }))
}
