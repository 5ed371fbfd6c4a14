//! Taking a verified webhook in: stored with its job in one transaction, before anyone is answered.

use actix_web::{HttpMessage, HttpRequest, web};

use super::model::{WebhookProvider, WebhookState};
use super::process::{ProcessPayload, job_of};
use super::store::{self, NewWebhook};
use crate::base::crypto::Secret;
use crate::base::{Error, ErrorKind, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx};
use crate::engine::events::platform_tenant;
use crate::engine::http::RequestId;
use crate::engine::jobs::{NewJob, store as jobs};

/// WhatsApp-sized payloads go up to 3 MB; a batch of 1,000 leads stays far below.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A webhook as it came, before it is believed.
pub(super) struct Incoming<'a> {
    pub core: &'a Core,
    pub request: &'a HttpRequest,
    pub provider: WebhookProvider,
}

impl Incoming<'_> {
    /// The raw bytes, which is what signatures are over.
    pub async fn body(&self, payload: web::Payload) -> Result<web::Bytes> {
        let too_large = |_| {
            let message = format!("The body may have at most {MAX_BODY} bytes.");
            Error::new(ErrorKind::TooLarge, "request.too_large", message)
        };
        let read = payload.to_bytes_limited(MAX_BODY).await.map_err(too_large)?;
        read.map_err(|error| {
            Error::malformed("request.unreadable", "The body could not be read.").with_source(error.to_string())
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Lets only what is verified pass, and nothing while the secret is unset.
    ///
    /// # Errors
    /// `webhook.not_configured`, `webhook.bad_signature`.
    pub fn believe(&self, secrets: &[Secret], verify: impl FnOnce() -> bool) -> Result<()> {
        if secrets.iter().all(Secret::is_empty) {
            self.count("refused", 1);
            let message = format!("Webhooks of {} are refused: no secret is configured for them.", self.provider);
            return Err(Error::forbidden("webhook.not_configured", message));
        }
        if !verify() {
            self.count("refused", 1);
            tracing::warn!(provider = %self.provider, "refused a webhook whose signature does not hold");
            return Err(Error::forbidden("webhook.bad_signature", "The signature of this webhook does not hold."));
        }
        Ok(())
    }

    pub fn count(&self, outcome: &str, times: usize) {
        let counter = self.core.metrics.webhooks.with_label_values(&[self.provider.as_str(), outcome]);
        counter.inc_by(u64::try_from(times).unwrap_or(0));
    }

    /// Verified, but not for us.
    pub fn ignore(&self, times: usize, why: &str) {
        if times > 0 {
            self.count("ignored", times);
            tracing::info!(provider = %self.provider, times, why, "ignored webhook events");
        }
    }

    /// Stores what is new and enqueues what follows. What was here before changes nothing.
    pub async fn accept(&self, list: Vec<NewWebhook>) -> Result<()> {
        if list.is_empty() {
            return Ok(());
        }
        let request_id = self.request.extensions().get::<RequestId>().map(|id| id.0.clone());
        let scope = PlatformScope::mint(Origin { actor: Actor::Provider, request_id });
        let (total, kept) = (list.len(), list.iter().filter(|new| new.state == WebhookState::Ignored).count());
        let (accepted, new) = self
            .core
            .db
            .write(scope, move |tx: &mut PlatformTx<'_>| {
                let stored = store::insert_new(tx, list)?;
                let due: Vec<_> = stored.iter().filter(|event| event.state == WebhookState::Received).collect();
                let jobs = due.iter().map(|event| {
                    let payload = ProcessPayload { webhook_event_id: event.id };
                    (platform_tenant(), NewJob::new(job_of(event.kind), &payload).unique(event.id.to_string()))
                });
                jobs::enqueue_all(tx, jobs.collect())?;
                Ok((due.len(), stored.len()))
            })
            .await?;
        self.count("accepted", accepted);
        self.count("ignored", kept.min(new - accepted));
        self.count("duplicate", total - new);
        Ok(())
    }
}

/// Parses a verified body.
pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let message =
            format!("The body is not what this webhook sends (line {}, column {}).", error.line(), error.column());
        Error::malformed("webhook.malformed", message)
    })
}
