//! Where it all meets: reactions, jobs and routes of every folder, and the processes made of them.
//!
//! [`App::build`] assembles, [`App::prepare`] migrates and seeds, [`serve`] runs API and worker. Nothing imports this
//! module but the command line and the tests.

mod document;
mod fallback;
mod health;
mod routes;
pub mod serve;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::time::Clock;
use crate::base::{Error, Result};
use crate::config::Config;
use crate::engine::db::{Db, PlatformScope, PlatformTx, migrate};
use crate::engine::events::Reactions;
use crate::engine::jobs::{Registry, Wake, Worker};
use crate::engine::metrics::Metrics;
use crate::engine::{Core, CoreSettings};
use crate::inbox;
use crate::inbox::model::Channel;
use crate::providers::Providers;
use crate::sandbox::{Sandbox, SandboxSettings, SandboxTemplate};

pub use document::document;

/// A process' parts, assembled and not yet running.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub core: Core,
    pub providers: Arc<Providers>,
    /// The twins, when enabled.
    pub sandbox: Option<Sandbox>,
    pub registry: Arc<Registry>,
}

impl App {
    /// Assembles everything; opens nothing that must be reachable.
    pub fn build(config: Config, clock: Clock) -> Result<Self> {
        let mut settings = config.providers.clone();
        let sandbox = config.sandbox.then(|| {
            // The twins call back where this process listens, whatever the world calls it, and know the templates' texts.
            let listening = format!("http://{}", config.bind);
            let mut twins = SandboxSettings::new(&config.public_url, clock.clone());
            twins.deliver_to = Some(listening.clone());
            twins.credentials.templates = approved_templates();
            let mut own = twins.credentials.provider_settings(&listening);
            own.twilio.status_callback_url = settings.twilio.status_callback_url.clone();
            settings = settings.clone().or_twins(own);
            Sandbox::new(twins)
        });
        let providers = Providers::new(settings).map_err(|why| Error::invalid("config.provider", why))?;
        let providers = Arc::new(providers);
        let mut reactions = Reactions::default();
        routes::reactions(&mut reactions);
        let wake = Wake::default();
        let db = Db::open(&config.database, clock.clone(), wake, Arc::new(reactions))?;
        let core = Core {
            db,
            clock,
            metrics: Arc::new(Metrics::new()?),
            master_key: config.master_key.clone(),
            settings: Arc::new(CoreSettings {
                public_url: config.public_url.clone(),
                platform_name: config.platform_name.clone(),
                email_from: config.email_from.clone(),
                rate_limit: config.rate_limit,
            }),
        };
        let mut registry = Registry::default();
        routes::jobs(&mut registry, &providers);
        Ok(Self { config: Arc::new(config), core, providers, sandbox, registry: Arc::new(registry) })
    }

    /// Applies migrations, seeds the plans, makes the first operator and the platform's senders. Safe to repeat, by
    /// several processes at once.
    pub async fn prepare(&self) -> Result<()> {
        // libphonenumber's metadata loads at first use: better beside the start than in the first lead's request.
        tokio::task::spawn_blocking(|| crate::base::phone::Phone::parse("+919876543210", None).is_ok());
        let applied = self.core.db.with_connection(migrate::up).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "database migrated");
        }
        let (config, providers) = (self.config.clone(), self.providers.clone());
        let seed = move |tx: &mut PlatformTx<'_>| routes::seed(tx, &config, &providers);
        self.core.db.write(PlatformScope::system(), seed).await
    }

    /// A worker over this process' registry.
    pub fn worker(&self) -> Worker {
        Worker::new(self.core.clone(), self.registry.clone(), self.config.worker.clone())
    }
}

/// The WhatsApp templates as a provider would have approved them.
fn approved_templates() -> BTreeMap<String, SandboxTemplate> {
    let numbered = inbox::templates::for_approval(Channel::Whatsapp).into_iter().zip(1..);
    let approved = |((code, body), n): ((String, String), u32)| {
        (code, SandboxTemplate { content_sid: format!("HX{n:032}"), body })
    };
    numbered.map(approved).collect()
}
