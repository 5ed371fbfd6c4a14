//! Where it all meets: reactions, jobs and routes of every folder, and the processes made of them.
//!
//! [`App::build`] assembles, [`App::prepare`] migrates and seeds, [`serve`] runs API and worker. Nothing imports this
//! module but the command line and the tests.

mod docs;
mod document;
mod fallback;
mod health;
mod index;
mod introduction;
mod labels;
mod pages;
pub mod permissions;
mod problems;
pub mod refusals;
mod routes;
pub mod serve;
mod shapes;
pub mod signal;
pub mod twins;
pub mod version;

use std::sync::Arc;

use crate::base::time::Clock;
use crate::base::{Error, ErrorKind, Result};
use crate::config::Config;
use crate::engine::db::key_check::{self, KeyCheck};
use crate::engine::db::{Db, PlatformScope, PlatformTx, migrate};
use crate::engine::events::Reactions;
use crate::engine::jobs::{Registry, Wake, Worker};
use crate::engine::metrics::Metrics;
use crate::engine::reseal::{self, Sealed};
use crate::engine::{Core, CoreSettings};
use crate::providers::Providers;
use crate::sandbox::Sandbox;

pub use document::document;
pub use shapes::schemas_of;

/// Everything that is stored sealed; see [`reseal`].
pub fn sealed() -> Vec<Sealed> {
    routes::sealed()
}

/// A process' parts, assembled and not yet running.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub core: Core,
    pub providers: Arc<Providers>,
    /// The twins, when this process serves them.
    pub sandbox: Option<Sandbox>,
    pub registry: Arc<Registry>,
}

impl App {
    /// Assembles everything; opens nothing that must be reachable.
    pub fn build(config: Config, clock: Clock) -> Result<Self> {
        let (sandbox, settings) = twins::of(&config, &clock);
        let providers = Providers::new(settings).map_err(|why| Error::invalid("config.provider", why))?;
        let providers = Arc::new(providers);
        routes::declare();
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
                app_url: config.app_url.clone(),
                passkey_domain: config.passkey_domain.clone(),
                passkey_origins: config.passkey_origins.clone(),
                sms_countries: config.sms_countries.clone(),
                send_rates: config.send_rates,
                platform_name: config.platform_name.clone(),
                privacy_policy_url: config.privacy_policy_url.clone(),
                email_from: config.email_from.clone(),
                rate_limit: config.rate_limit,
            }),
        };
        let labels = [version::VERSION, version::COMMIT, core.db.engine().name()];
        core.metrics.build_info.with_label_values(&labels).set(1);
        core.metrics.sandbox.set(i64::from(config.has_twins()));
        let mut registry = Registry::default();
        routes::jobs(&mut registry, &providers);
        Ok(Self { config: Arc::new(config), core, providers, sandbox, registry: Arc::new(registry) })
    }

    /// Applies migrations, seeds the plans, makes the first operator and the platform's senders. Safe to repeat, by
    /// several processes at once.
    ///
    /// # Errors
    /// `config.master_key` when what is stored was sealed with another key; nothing is written then.
    pub async fn prepare(&self) -> Result<()> {
        self.refuse_other_key().await?;
        // libphonenumber's metadata loads at first use: better beside the start than in the first lead's request.
        tokio::task::spawn_blocking(|| crate::base::phone::Phone::parse("+919876543210", None).is_ok());
        let applied = self.core.db.with_connection(migrate::up).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "database migrated");
        }
        let key = self.core.master_key.clone();
        let check = move |tx: &mut PlatformTx<'_>| {
            let is_foreign = |tx: &mut PlatformTx<'_>| reseal::is_foreign(tx, &key, &routes::sealed());
            key_check::ensure(tx, &key, is_foreign)
        };
        if self.core.db.write(PlatformScope::system(), check).await? == KeyCheck::Differs {
            return Err(key_check::refusal());
        }
        let (config, providers) = (self.config.clone(), self.providers.clone());
        let seed = move |tx: &mut PlatformTx<'_>| routes::seed(tx, &config, &providers);
        self.core.db.write(PlatformScope::system(), seed).await
    }

    /// Before anything is written, migrations too.
    async fn refuse_other_key(&self) -> Result<()> {
        let key = self.core.master_key.clone();
        match self.core.db.with_connection(move |conn| key_check::check(conn, &key)).await {
            Ok(KeyCheck::Differs) => Err(key_check::refusal()),
            Err(error) if error.kind() == ErrorKind::Unavailable => Err(error),
            // One that is empty, or of before there were checks, is judged once it is migrated.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A worker over this process' registry.
    pub fn worker(&self) -> Worker {
        Worker::new(self.core.clone(), self.registry.clone(), self.config.worker.clone())
    }
}
