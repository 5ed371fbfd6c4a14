//! Everything our side sent through a twin: `GET /sandbox/outbox?provider=&channel=&to=&limit=`, newest first; `DELETE` empties it.

use std::sync::Mutex;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Sandbox;
use super::faults::bad_request;
use super::state::{Ring, lock};
use crate::base::time::Timestamp;

const CAPACITY: usize = 200_000;

/// One message a twin accepted.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxEntry {
    /// The provider's id of the message.
    pub id: String,
    /// `twilio` or `resend`.
    pub provider: &'static str,
    /// `whatsapp`, `sms` or `email`.
    pub channel: &'static str,
    pub from: String,
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the person reads: a template is rendered, an e-mail is its text part.
    pub body: String,
    /// The HTML part of an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The ContentSid of a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The provider's word, advancing as the twin delivers.
    pub status: &'static str,
    pub at: Timestamp,
}

/// Addresses compare without the `whatsapp:` prefix.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutboxFilter {
    provider: Option<String>,
    channel: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
}

pub(super) struct Outbox(Mutex<Ring<String, OutboxEntry>>);

impl Outbox {
    pub fn new() -> Self {
        Self(Mutex::new(Ring::new(CAPACITY)))
    }

    pub fn record(&self, entry: OutboxEntry) {
        lock(&self.0).insert(entry.id.clone(), entry);
    }

    pub fn advance(&self, id: &str, status: &'static str) {
        if let Some(entry) = lock(&self.0).get_mut(id) {
            entry.status = status;
        }
    }

    pub fn list(&self, filter: &OutboxFilter) -> Vec<OutboxEntry> {
        let same = |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|wanted| wanted == actual);
        // A `+` that was not escaped in the query arrives as a space.
        let to = filter.to.as_deref().map(|to| to.trim_start_matches("whatsapp:").replace(' ', "+"));
        let entries = lock(&self.0);
        entries
            .newest_first()
            .filter(|entry| same(&filter.provider, entry.provider) && same(&filter.channel, entry.channel))
            .filter(|entry| same(&to, &entry.to))
            .take(filter.limit.unwrap_or(usize::MAX))
            .cloned()
            .collect()
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/outbox", web::get().to(list));
    cfg.route("/outbox", web::delete().to(clear));
}

async fn list(sandbox: web::Data<Sandbox>, request: HttpRequest) -> HttpResponse {
    let mut filter: OutboxFilter = match serde_urlencoded::from_str(request.query_string()) {
        Ok(filter) => filter,
        Err(error) => return bad_request(&error.to_string()),
    };
    filter.limit = Some(filter.limit.unwrap_or(1000));
    HttpResponse::Ok().json(json!({ "data": sandbox.0.outbox.list(&filter) }))
}

async fn clear(sandbox: web::Data<Sandbox>) -> HttpResponse {
    lock(&sandbox.0.outbox.0).clear();
    HttpResponse::NoContent().finish()
}
