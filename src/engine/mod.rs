//! The engine under the business: database, jobs, events, HTTP and rules, none of which knows what the business is about.
//!
//! [`Core`] is the handle every handler and job holds. Imports run downwards only: the engine knows [`crate::base`] and
//! nothing above itself.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
pub extern crate self as engine;

#[path = "../base/mod.rs"]
pub mod base;
pub mod catch_up;
pub mod db;
pub mod events;
pub mod hooks;
pub mod http;
pub mod jobs;
pub mod metrics;
pub mod outage;
mod process;
pub mod refusals;
pub mod reseal;
pub mod rules;
pub mod tally;
pub mod trace;
pub mod trust;

use std::future::Future;
use std::sync::Arc;

use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::time::Clock;
use crate::engine::db::{TenantScope, TenantTx};

/// The engine as one handle; cheap to clone.
#[derive(Clone)]
pub struct Core {
    pub db: db::Db,
    pub clock: Clock,
    pub metrics: Arc<metrics::Metrics>,
    pub master_key: MasterKey,
    pub settings: Arc<CoreSettings>,
}

impl Core {
    /// The metrics as they are now, in Prometheus' text format.
    pub fn exposition(&self) -> Result<String> {
        let connections = self.db.connections();
        self.metrics.connections.with_label_values(&["in_use"]).set(connections.in_use);
        self.metrics.connections.with_label_values(&["idle"]).set(connections.idle);
        self.metrics.waiting_for_connection.set(connections.waiting);
        self.metrics.render()
    }

    /// [`Db::read`](db::Db::read) in the caller's tenant.
    pub fn read<T: Send + 'static>(
        &self,
        who: impl Into<TenantScope>,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.db.read(who.into(), body)
    }

    /// [`Db::write`](db::Db::write) in the caller's tenant.
    pub fn write<T: Send + 'static>(
        &self,
        who: impl Into<TenantScope>,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.db.write(who.into(), body)
    }
}

/// What the engine needs to know about its deployment.
#[derive(Debug, Clone)]
pub struct CoreSettings {
    /// Where the world reaches us, without a trailing slash: signatures and links are built from it, never from `Host`.
    pub public_url: String,
    /// Where the platform's own frontend is, without a trailing slash: links in what the platform writes go there.
    pub app_url: String,
    /// The domain that passkeys are bound to, where it is not `app_url`'s host.
    pub passkey_domain: Option<String>,
    /// Further origins whose pages may use passkeys, and apps.
    pub passkey_origins: Vec<String>,
    /// The platform's own name, as in "ABC Real Estate via Acme Pro".
    pub platform_name: String,
    /// The platform's privacy policy, for whoever has none of their own.
    pub privacy_policy_url: Option<String>,
    /// Where SMS may go besides each tenant's own country (ISO 3166-1 alpha-2).
    pub sms_countries: Vec<String>,
    pub send_rates: SendRates,
    /// Where e-mails come from.
    pub email_from: String,
    /// Off for tests and benchmarks.
    pub rate_limit: bool,
}

/// How many messages to many leave a second from the platform's senders, whatever the number of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendRates {
    pub email: u32,
    pub sms: u32,
}

impl Default for SendRates {
    fn default() -> Self {
        Self { email: 10, sms: 10 }
    }
}
