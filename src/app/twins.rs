//! The twins, beside the API or in a process of their own, and the settings that lead our adapters to them.
//!
//! A process of their own outlives the server: what they were sent and told is still known when the server has died, so they
//! can bear witness of it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{App, HttpResponse, HttpServer, ResponseError, web};

use crate::base::time::Clock;
use crate::base::{Error, Result};
use crate::config::{Config, is_this_machine};
use crate::contacts::Channel;
use crate::providers::{Ear, ProviderSettings};
use crate::sandbox::{self, Sandbox, SandboxCredentials, SandboxSettings, SandboxTemplate};
use crate::sending;
use crate::tenants::access::Operator;

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

/// Who may come to the twins of this process: on a machine nobody else reaches, everybody; at an address of the world,
/// this machine's own processes, and operators. The twins show what was sent to whom, invitations' links too, and play
/// whatever person they are told to.
pub(super) struct Gate {
    is_open: bool,
    /// Where this process reaches itself.
    listening: String,
}

impl Gate {
    pub fn of(config: &Config) -> Self {
        Self { is_open: !config.faces_the_world(), listening: format!("http://{}", config.bind) }
    }

    /// Somebody else's request that a proxy of this machine hands on, or a browser sends, is not this machine's.
    fn lets_in(&self, req: &ServiceRequest) -> bool {
        let is_handed_on = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
        let is_near = req.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let is_meant = req.headers().get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| {
            let url = format!("http://{host}");
            is_this_machine(&url) || url == self.listening
        });
        self.is_open || (is_near && is_meant && !is_handed_on.iter().any(|name| req.headers().contains_key(*name)))
    }
}

/// The middleware that asks for an operator's key before the twins, where [`Gate`] has it asked.
pub(super) async fn gate(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // As the router reads it: an escaped letter is that letter.
    let is_for_twins = req.match_info().as_str().starts_with("/sandbox");
    let is_open = |req: &ServiceRequest| req.app_data::<web::Data<Gate>>().is_none_or(|gate| gate.lets_in(req));
    if is_for_twins
        && !is_open(&req)
        && let Err(refused) = req.extract::<Operator>().await
    {
        let refused = refused.error_response();
        return Ok(req.into_response(refused));
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
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
    if !bind.ip().is_loopback() {
        tracing::warn!(
            "the sandbox's twins listen on {bind}: whoever reaches it reads what was sent and plays any person"
        );
    }
    tracing::info!("the twins listen on http://{bind}/sandbox and call back at {public_url}");
    let server = HttpServer::new(move || {
        let health = web::get().to(async || HttpResponse::Ok().finish());
        App::new().app_data(twins.clone()).configure(sandbox::routes).route("/healthz", health)
    });
    let server = server.workers(2).disable_signals().listen(listener).map_err(Error::internal)?.run();
    let (handle, server) = (server.handle(), tokio::spawn(server));
    super::signal::wait_for_signal().await;
    handle.stop(false).await;
    server.await.map_err(Error::internal)?.map_err(Error::internal)
}

/// The well-known ones, with the WhatsApp templates as a provider would have approved them.
fn credentials() -> SandboxCredentials {
    let numbered = sending::templates::for_approval(Channel::Whatsapp).into_iter().zip(1..);
    let approved = |((code, body), n): ((String, String), u32)| {
        (code, SandboxTemplate { content_sid: format!("HX{n:032}"), body })
    };
    let templates: BTreeMap<_, _> = numbered.map(approved).collect();
    SandboxCredentials { templates, ..SandboxSettings::default_credentials() }
}
