//! The webhooks the twins send us: in order per message, retried a few times, a bounded number at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::faults::{Fault, FaultMode, hold};
use super::{Sandbox, SandboxSettings};
use crate::base::crypto::Secret;
use crate::engine::trust;
use crate::providers::standard_webhooks;

/// Requests in flight at once; a provider would open more, our own server is the one to spare.
const AT_ONCE: usize = 64;
/// Waits between the attempts of one webhook.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// One webhook request.
#[derive(Clone)]
pub(super) struct Webhook {
    pub provider: &'static str,
    pub url: String,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    /// Signed at each attempt, since the timestamp is signed too.
    pub svix: Option<(String, Secret)>,
    pub body: Vec<u8>,
}

pub(super) struct Callbacks {
    client: reqwest::Client,
    permits: Arc<Semaphore>,
    in_flight: watch::Sender<usize>,
    public_url: String,
    deliver_to: Option<String>,
}

/// Counts one piece of work until it is dropped.
pub(super) struct InFlight<'a>(&'a watch::Sender<usize>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Callbacks {
    #[allow(clippy::disallowed_methods)] // the twins stand outside: they must not share the providers' client
    pub fn new(settings: &SandboxSettings) -> Self {
        // The twins call this very process: never through a proxy, and never for longer than a provider would wait.
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::machine())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15))
            .user_agent(concat!("leadwright-twin/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("an HTTP client without special settings can be built");
        Self {
            client,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            in_flight: watch::Sender::new(0),
            public_url: settings.public_url.clone(),
            deliver_to: settings.deliver_to.clone(),
        }
    }

    pub async fn idle(&self) {
        // The sender is ours, so the channel cannot close while we wait.
        let _ = self.in_flight.subscribe().wait_for(|count| *count == 0).await;
    }

    fn begin(&self) -> InFlight<'_> {
        self.in_flight.send_modify(|count| *count += 1);
        InFlight(&self.in_flight)
    }

    /// One attempt; `None` when nobody answered.
    async fn post(&self, webhook: &Webhook, now: i64) -> Option<u16> {
        let url = match (&self.deliver_to, webhook.url.strip_prefix(&self.public_url)) {
            (Some(real), Some(rest)) => format!("{}{rest}", real.trim_end_matches('/')),
            _ => webhook.url.clone(),
        };
        let mut request = self.client.post(url).header("content-type", webhook.content_type);
        for (name, value) in &webhook.headers {
            request = request.header(*name, value);
        }
        if let Some((id, secret)) = &webhook.svix {
            let signature = standard_webhooks::sign(secret, id, now, &webhook.body).unwrap_or_default();
            request = request.header("svix-id", id).header("svix-timestamp", now).header("svix-signature", signature);
        }
        let response = request.body(webhook.body.clone()).send().await.ok()?;
        let status = response.status().as_u16();
        // Reading the answer to its end lets the connection be used again.
        let _ = response.bytes().await;
        Some(status)
    }
}

/// Silence, throttling and a failing server are worth another try; a refusal is final, since the same bytes will be refused again.
fn worth_repeating(status: Option<u16>) -> bool {
    status.is_none_or(|status| matches!(status, 408 | 429 | 500..))
}

/// How many copies of a webhook leave under a fault, after the delay it asks for.
async fn copies(fault: Option<Fault>) -> usize {
    match fault {
        Some(Fault { mode: FaultMode::Drop, .. }) => 0,
        Some(fault) => {
            hold(&fault).await;
            if fault.mode == FaultMode::Duplicate { 2 } else { 1 }
        }
        None => 1,
    }
}

impl Sandbox {
    /// The full address of one of our own webhooks.
    pub(super) fn webhook_url(&self, path: &str) -> String {
        format!("{}{path}", self.0.settings.public_url)
    }

    /// Delivers the webhooks of one message in their order, in the background. `step` runs with a webhook's place in the list before
    /// it leaves, unless a later one has left already.
    pub(super) fn call_back(&self, webhooks: Vec<Webhook>, step: impl Fn(&Sandbox, usize) + Send + 'static) {
        let sandbox = self.clone();
        sandbox.0.callbacks.in_flight.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let _in_flight = InFlight(&sandbox.0.callbacks.in_flight);
            let _permit = sandbox.0.callbacks.permits.acquire().await;
            let fault = |webhook: &Webhook| sandbox.0.faults.take(webhook.provider, "callback");
            let mut planned: Vec<_> = webhooks.iter().map(fault).enumerate().collect();
            if planned.iter().flat_map(|(_, fault)| fault).any(|fault| fault.mode == FaultMode::Reorder) {
                planned.reverse();
            }
            let mut reached = None;
            for (index, fault) in planned {
                if Some(index) > reached {
                    reached = Some(index);
                    step(&sandbox, index);
                }
                sandbox.deliver_persistently(&webhooks[index], fault).await;
            }
        });
    }

    /// Delivers one webhook now and says how the first attempt was answered (`None`: not sent, or nobody answered). A refusal by
    /// the server (5xx, 429) or silence is retried in the background, as every provider does.
    pub(super) async fn call_now(&self, webhook: Webhook) -> Option<u16> {
        let _in_flight = self.0.callbacks.begin();
        let fault = self.0.faults.take(webhook.provider, "callback");
        let copies = copies(fault).await;
        if copies == 0 {
            return None; // dropped on purpose, so not to be tried again
        }
        let mut status = None;
        for _ in 0..copies {
            let _permit = self.0.callbacks.permits.acquire().await;
            status = self.0.callbacks.post(&webhook, self.now().seconds()).await;
        }
        if worth_repeating(status) {
            self.retry_later(webhook);
        }
        status
    }

    fn retry_later(&self, webhook: Webhook) {
        let sandbox = self.clone();
        sandbox.0.callbacks.in_flight.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let _in_flight = InFlight(&sandbox.0.callbacks.in_flight);
            for wait in RETRY_AFTER {
                tokio::time::sleep(wait).await;
                let _permit = sandbox.0.callbacks.permits.acquire().await;
                if !worth_repeating(sandbox.0.callbacks.post(&webhook, sandbox.now().seconds()).await) {
                    return;
                }
            }
        });
    }

    async fn deliver_persistently(&self, webhook: &Webhook, fault: Option<Fault>) {
        let copies = copies(fault).await;
        for _ in 0..copies {
            let mut waits = RETRY_AFTER.into_iter();
            loop {
                let status = self.0.callbacks.post(webhook, self.now().seconds()).await;
                if !worth_repeating(status) {
                    break;
                }
                match waits.next() {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => {
                        tracing::warn!(
                            provider = webhook.provider,
                            url = webhook.url,
                            ?status,
                            "a twin gave up a webhook"
                        );
                        return;
                    }
                }
            }
        }
    }
}
