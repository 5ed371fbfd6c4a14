//! The twins, beside the API or in a process of their own, and the settings that lead our adapters to them.
//!
//! A process of their own outlives the server: what they were sent and told is still known when the server has died, so they
//! can bear witness of it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::base::time::Clock;
use crate::base::{Error, Result};
use crate::config::Config;
use crate::inbox;
use crate::inbox::model::Channel;
use crate::providers::{Ear, ProviderSettings};
use crate::sandbox::{self, Sandbox, SandboxCredentials, SandboxSettings, SandboxTemplate};

/// The twins this process serves, if any, and the adapters' settings with twins in place of what has no credential.
pub(super) fn of(config: &Config, clock: &Clock) -> (Option<Sandbox>, ProviderSettings) {
    let settings = config.providers.clone();
    // Twins in this process are reached where it listens, whatever the world calls it.
    let listening = format!("http://{}", config.bind);
    let Some(base) = config.sandbox_url.as_ref().or(config.sandbox.then_some(&listening)) else {
        return (None, settings);
    };
    let mut twins = credentials().provider_settings(base);
    twins.twilio.status_callback_url = settings.twilio.status_callback_url.clone();
    let served = config.sandbox.then(|| {
        let mut own = SandboxSettings::new(&config.public_url, clock.clone());
        own.deliver_to = Some(listening.clone());
        own.credentials = credentials();
        Sandbox::new(own)
    });
    let mut settings = settings.or_twins(twins);
    settings.mailboxes = served.clone().map(|twins| Ear::new(move |text| twins.reads_mail(text)));
    (served, settings)
}

/// Serves the twins and nothing else until SIGINT or SIGTERM; their webhooks go to `public_url`.
///
/// # Errors
/// `config.bind` when nobody can listen there.
pub async fn serve(bind: SocketAddr, public_url: &str) -> Result<()> {
    let mut settings = SandboxSettings::new(public_url, Clock::system());
    settings.credentials = credentials();
    let twins = web::Data::new(Sandbox::new(settings));
    let listener = TcpListener::bind(bind)
        .map_err(|error| Error::unavailable("config.bind", format!("--bind: cannot listen on {bind}: {error}")))?;
    tracing::info!("the twins listen on http://{bind}/sandbox and call back at {public_url}");
    let server = HttpServer::new(move || {
        let health = web::get().to(async || HttpResponse::Ok().finish());
        App::new().app_data(twins.clone()).configure(sandbox::routes).route("/healthz", health)
    });
    let server = server.workers(2).disable_signals().listen(listener).map_err(Error::internal)?.run();
    let (handle, server) = (server.handle(), tokio::spawn(server));
    super::serve::wait_for_signal().await;
    handle.stop(false).await;
    server.await.map_err(Error::internal)?.map_err(Error::internal)
}

/// The well-known ones, with the WhatsApp templates as a provider would have approved them.
fn credentials() -> SandboxCredentials {
    let numbered = inbox::templates::for_approval(Channel::Whatsapp).into_iter().zip(1..);
    let approved = |((code, body), n): ((String, String), u32)| {
        (code, SandboxTemplate { content_sid: format!("HX{n:032}"), body })
    };
    let templates: BTreeMap<_, _> = numbered.map(approved).collect();
    SandboxCredentials { templates, ..SandboxSettings::default_credentials() }
}
