//! The twins: strict, stateful imitations of the providers' HTTP APIs, served by this binary under `/sandbox` when enabled.
//!
//! A twin checks requests as its provider would, answers in its shapes, signs its webhooks with its algorithm, keeps what it was sent
//! and can be told to misbehave ([`Fault`]). The product cannot tell it from the real thing: adapters reach it over HTTP with another
//! base URL, and its webhooks arrive at the public address. Extra `POST`s play the outside world (a person fills a form, somebody
//! answers), people open the links that are mailed to them (`/sandbox/mailboxes`), `/sandbox/outbox` shows everything that was sent, and `/sandbox/clock` lets time pass. Nothing here is reachable unless mounted, and nothing survives a restart.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as sandbox;
use ::providers;
use engine::{self, base, text_enum};

mod callbacks;
mod clock;
mod credentials;
mod faults;
mod google_ads;
mod index;
mod mailboxes;
mod meta;
mod outbox;
pub mod refusals;
mod resend;
mod state;
mod twilio;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::web;

pub use credentials::{SandboxCredentials, SandboxTemplate};
pub use faults::{Fault, FaultMode};
pub use outbox::OutboxEntry;

use crate::base::time::Clock;
use crate::providers::ProviderSettings;

/// Largest request a twin reads: a batch of 1,000 leads fits.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Where our own webhooks live, and what the twins expect of us.
#[derive(Clone)]
pub struct SandboxSettings {
    /// The address providers are told, without trailing slash (`http://127.0.0.1:8080`); webhooks are signed for it.
    pub public_url: String,
    /// Where requests to `public_url` are really sent, when that address cannot be reached from here (a proxy in front).
    pub deliver_to: Option<String>,
    pub credentials: SandboxCredentials,
    pub clock: Clock,
}

impl SandboxSettings {
    /// The well-known credentials, which [`Sandbox::provider_settings`] uses too.
    pub fn default_credentials() -> SandboxCredentials {
        SandboxCredentials::default()
    }

    /// Twins with the well-known credentials, calling back at `public_url`.
    pub fn new(public_url: &str, clock: Clock) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').into(),
            deliver_to: None,
            credentials: Self::default_credentials(),
            clock,
        }
    }
}

/// All twins with their state. Cheap to clone; the clones share everything.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    settings: SandboxSettings,
    callbacks: callbacks::Callbacks,
    faults: faults::Faults,
    outbox: outbox::Outbox,
    mailboxes: mailboxes::Mailboxes,
    meta: meta::MetaTwin,
    google_ads: google_ads::GoogleAdsTwin,
    twilio: twilio::TwilioTwin,
    resend: resend::ResendTwin,
}

impl Sandbox {
    pub fn new(settings: SandboxSettings) -> Self {
        Self(Arc::new(Inner {
            callbacks: callbacks::Callbacks::new(&settings),
            faults: faults::Faults::default(),
            outbox: outbox::Outbox::new(),
            mailboxes: mailboxes::Mailboxes::new(),
            meta: meta::MetaTwin::new(),
            google_ads: google_ads::GoogleAdsTwin::new(),
            twilio: twilio::TwilioTwin::new(),
            resend: resend::ResendTwin::new(),
            settings,
        }))
    }

    /// Settings that point every adapter at the twins served by `base` (`http://127.0.0.1:8080`), with the well-known
    /// credentials on both sides.
    pub fn provider_settings(base: &str) -> ProviderSettings {
        SandboxCredentials::default().provider_settings(base)
    }

    /// Resolves when no webhook of a twin is on its way. A test alternates this with running jobs until both are quiet.
    pub async fn idle(&self) {
        self.0.callbacks.idle().await;
    }

    /// What our side sent, newest first; for tests in the same process.
    pub fn sent(&self) -> Vec<OutboxEntry> {
        self.0.outbox.list(&outbox::OutboxFilter::default())
    }

    fn credentials(&self) -> &SandboxCredentials {
        &self.0.settings.credentials
    }

    fn now(&self) -> crate::base::time::Timestamp {
        self.0.settings.clock.now()
    }
}

/// Mounts every twin under `/sandbox`. The application must hold `web::Data<Sandbox>`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/sandbox")
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .configure(index::routes)
            .configure(meta::routes)
            .configure(google_ads::routes)
            .configure(twilio::routes)
            .configure(resend::routes)
            .configure(outbox::routes)
            .configure(mailboxes::routes)
            .configure(faults::routes)
            .configure(clock::routes),
    );
}
