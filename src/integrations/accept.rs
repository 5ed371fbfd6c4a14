//! Taking a webhook in: refused as cheaply as it can be, and once it is verified stored with its job in one transaction, before
//! anyone is answered.
//!
//! The order is what keeps strangers from costing anything: is there a secret at all, has the signature the form of one, is the
//! length what this provider sends; then the bytes are read, large ones in turns ([`Turns`]), and only what verifies is parsed.
//! What verifies and cannot be understood is stored too, for operators: nobody sends it again after a refusal.

use actix_web::{HttpMessage, HttpRequest, web};
use serde_json::{Value, json};

use super::facts::WebhookEventFact;
use super::model::{WebhookKind, WebhookProvider, WebhookState};
use super::process::{ProcessPayload, job_of};
use super::store::{self, NewWebhook};
use super::turns::{self, Turns};
use crate::base::crypto::{Secret, sha256_hex};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx};
use crate::engine::events::{Fact as _, platform_tenant};
use crate::engine::http::{RequestId, Source, read_body};
use crate::engine::jobs::{NewJob, store as jobs};
use crate::providers::lenient;

/// A webhook as it came, before it is believed.
pub(super) struct Incoming<'a> {
    pub core: &'a Core,
    pub request: &'a HttpRequest,
    pub provider: WebhookProvider,
}

impl WebhookProvider {
    /// The largest body it sends, with room.
    fn limit(self) -> usize {
        match self {
            // Up to 1,000 changes in one request; where messages are among them, up to 3 MB.
            Self::Meta => 3 * 1024 * 1024,
            // One lead, of some ten answers.
            Self::GoogleAds => 64 * 1024,
            // One message of at most 4,096 characters, each of them up to twelve in a form.
            Self::Twilio => 64 * 1024,
            // One event with its recipients and tags.
            Self::Resend => 256 * 1024,
        }
    }
}

impl Incoming<'_> {
    /// The raw bytes, which is what signatures are over.
    ///
    /// # Errors
    /// `request.too_large`, before anything is read where the length says so; `request.unreadable`, `webhook.busy`.
    pub async fn body(&self, payload: web::Payload) -> Result<web::Bytes> {
        let limit = self.provider.limit();
        let declared = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let mut payload = payload.into_inner();
        let is_small = declared.map_or(limit <= turns::SMALL, |length| length <= turns::SMALL || length > limit);
        if is_small {
            return read_body(self.request, &mut payload, limit).await;
        }
        let turns = self.request.app_data::<web::Data<Turns>>();
        let _turn = match turns {
            Some(turns) => Some(turns.take(&Source::of(self.request).to_string()).await?),
            None => None,
        };
        let read = read_body(self.request, &mut payload, limit);
        tokio::time::timeout(turns::PATIENCE, read).await.unwrap_or_else(|_| Err(turns::busy()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Refuses while no secret is set, and what cannot be a signature.
    ///
    /// # Errors
    /// `webhook.not_configured`, `webhook.bad_signature`.
    pub fn glance(&self, secrets: &[Secret], is_signature: bool) -> Result<()> {
        if secrets.iter().all(Secret::is_empty) {
            self.count("refused", 1);
            let message = format!("Webhooks of {} are refused: no secret is configured for them.", self.provider);
            return Err(Error::forbidden("webhook.not_configured", message));
        }
        if is_signature { Ok(()) } else { Err(self.disbelieve()) }
    }

    /// Lets only what is verified pass.
    ///
    /// # Errors
    /// `webhook.bad_signature`.
    pub fn believe(&self, is_verified: bool) -> Result<()> {
        if is_verified { Ok(()) } else { Err(self.disbelieve()) }
    }

    pub fn disbelieve(&self) -> Error {
        self.count("refused", 1);
        tracing::warn!(provider = %self.provider, "refused a webhook whose signature does not hold");
        Error::forbidden("webhook.bad_signature", "The signature of this webhook does not hold.")
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
        self.accept_for(list, None).await
    }

    /// As [`Self::accept`]; what follows waits until `at`.
    pub async fn accept_for(&self, list: Vec<NewWebhook>, at: Option<Timestamp>) -> Result<()> {
        if list.is_empty() {
            return Ok(());
        }
        let request_id = self.request.extensions().get::<RequestId>().map(|id| id.0.clone());
        let scope = PlatformScope::mint(Origin { actor: Actor::Provider, request_id });
        let (total, kept) = (list.len(), list.iter().filter(|new| new.state != WebhookState::Received).count());
        let (accepted, new) = self
            .core
            .db
            .write(scope, move |tx: &mut PlatformTx<'_>| {
                let stored = store::insert_new(tx, list)?;
                let due: Vec<_> = stored.iter().filter(|event| event.state == WebhookState::Received).collect();
                let jobs = due.iter().map(|event| {
                    let payload = ProcessPayload { webhook_event_id: event.id };
                    let job = NewJob::new(job_of(event.kind), &payload).unique(event.id.to_string());
                    (platform_tenant(), NewJob { run_at: at, ..job })
                });
                jobs::enqueue_all(tx, jobs.collect())?;
                for event in stored.iter().filter(|event| event.state == WebhookState::Failed) {
                    let told = WebhookEventFact::of(event);
                    let fact = WebhookEventFact { outcome: event.outcome.clone(), ..told };
                    tx.record(fact.told_as(WebhookEventFact::FAILED).about(event.id.uuid()))?;
                }
                Ok((due.len(), stored.len()))
            })
            .await?;
        self.count("accepted", accepted);
        self.count("ignored", kept.min(new - accepted));
        self.count("duplicate", total - new);
        Ok(())
    }
}

/// What came of a verified webhook that cannot be understood.
pub(super) const UNREADABLE: &str = "unreadable";

/// A verified event that cannot be understood, for operators to see and to replay once it can. It is told apart by its bytes.
pub(super) fn unreadable(provider: WebhookProvider, kind: WebhookKind, body: Value) -> NewWebhook {
    let id = format!("{UNREADABLE}:{}", sha256_hex(body.to_string()));
    NewWebhook::new(provider, kind, id, body).kept(WebhookState::Failed, UNREADABLE)
}

/// A verified body as JSON; what is none stays text.
pub(super) fn parse(body: &[u8]) -> Result<Value, Value> {
    lenient::read(body).map_err(|_| json!({ "text": lenient::mended(body) }))
}
