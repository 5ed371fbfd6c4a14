//! The table of contents: what each folder mounts, runs, tells, reacts to and seeds.

use std::sync::Arc;

use utoipa_actix_web::service_config::ServiceConfig;

use super::labels;
use crate::base::Result;
use crate::config::Config;
use crate::engine::db::PlatformTx;
use crate::engine::db::dialect::lock_platform;
use crate::engine::events::{Facts, Reactions, catalogue};
use crate::engine::http::kept_answers;
use crate::engine::jobs::Registry;
use crate::engine::reseal::Sealed;
use crate::providers::Providers;
use crate::tenants::access::Areas;
use crate::{ads, billing, contacts, inbox, intake, integrations, leads, notify, ops, outreach, sending, tenants};

/// Everything under `/v1`.
pub(super) fn v1(cfg: &mut ServiceConfig<'_>) {
    // Paths are tried one after the other, so what is asked most stands first.
    leads::routes(cfg);
    contacts::routes(cfg);
    sending::routes(cfg);
    intake::routes(cfg);
    integrations::routes(cfg);
    inbox::routes(cfg);
    notify::routes(cfg);
    billing::routes(cfg);
    outreach::routes(cfg);
    ads::routes(cfg);
    tenants::routes(cfg);
    ops::routes(cfg);
    labels::routes(cfg);
}

/// Paths outside `/v1` that ad platforms were given.
pub(super) fn aliases(cfg: &mut ServiceConfig<'_>) {
    integrations::aliases(cfg);
}

/// What stands under which path.
pub(super) fn areas() -> Areas {
    let mut areas = Areas::default();
    tenants::areas(&mut areas);
    billing::areas(&mut areas);
    contacts::areas(&mut areas);
    sending::areas(&mut areas);
    leads::areas(&mut areas);
    inbox::areas(&mut areas);
    outreach::areas(&mut areas);
    ads::areas(&mut areas);
    notify::areas(&mut areas);
    integrations::areas(&mut areas);
    ops::areas(&mut areas);
    labels::areas(&mut areas);
    areas
}

/// What can happen, and who reads of it. Safe to repeat.
pub(super) fn declare() {
    areas().publish();
    let mut facts = Facts::default();
    tenants::facts(&mut facts);
    contacts::facts(&mut facts);
    sending::facts(&mut facts);
    billing::facts(&mut facts);
    leads::facts(&mut facts);
    inbox::facts(&mut facts);
    outreach::facts(&mut facts);
    ads::facts(&mut facts);
    notify::facts(&mut facts);
    integrations::facts(&mut facts);
    ops::facts(&mut facts);
    facts.publish();
}

pub(super) fn reactions(reactions: &mut Reactions) {
    contacts::reactions(reactions);
    billing::reactions(reactions);
    leads::reactions(reactions);
    inbox::reactions(reactions);
    outreach::reactions(reactions);
    ads::reactions(reactions);
    notify::reactions(reactions);
    integrations::reactions(reactions);
    ops::reactions(reactions);
    for kind in reactions.followed() {
        debug_assert!(catalogue::find(kind).is_some(), "something follows from {kind}, which never happens");
    }
}

pub(super) fn jobs(registry: &mut Registry, providers: &Arc<Providers>) {
    tenants::jobs(registry);
    sending::jobs(registry);
    contacts::jobs(registry);
    billing::jobs(registry);
    leads::jobs(registry);
    inbox::jobs(registry, providers.clone());
    outreach::jobs(registry, providers.clone());
    ads::jobs(registry, providers);
    integrations::jobs(registry, providers);
    notify::jobs(registry, providers.clone());
    ops::jobs(registry);
}

/// Everything that is stored sealed, or that follows from the master key: what `leadwright admin reseal` brings under another.
pub(super) fn sealed() -> Vec<Sealed> {
    vec![integrations::sealed(), tenants::sealed(), kept_answers::sealed(), billing::sealed()]
}

/// What must be there before the first request.
pub(super) fn seed(tx: &mut PlatformTx<'_>, config: &Config, providers: &Providers) -> Result<()> {
    // Of several processes that start at once on an empty database one writes and the others find it written.
    lock_platform(tx, "seed")?;
    billing::plans::seed(tx)?;
    sending::senders::seed(tx, providers, &config.email_from)?;
    if let Some(key) = &config.operator_key {
        tenants::ensure_operator(tx, "First operator", key.expose())?;
    }
    Ok(())
}
