//! Calling addresses that tenants give us, and only such as lie on the public internet (the SSRF guard).
//!
//! The one place for it, in three steps. [`target`] reads the URL; [`address`] knows what is public; and the client itself
//! resolves every name through a resolver that refuses a name with any address that is not ([`Checked`]), so the address that is
//! checked is the address that is called, and a name that changes its mind in between changes nothing. Redirects are not followed
//! and the environment's proxies are not used, because either would call what nobody checked. An answer is read up to
//! [`EXCERPT`] bytes and the rest is dropped. Nor does any destination get more than it can be thought to bear ([`pace`]).

pub mod address;
mod pace;
mod resolve;
pub mod target;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;

use pace::Pace;
use resolve::Checked;

use crate::base::time::Timestamp;
use crate::engine::trust;
pub use pace::Destination;
pub use resolve::{Lookup, SystemLookup};

/// Connecting, the TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time for names while somebody waits for an answer of ours.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// How much of an answer is read, in bytes.
pub const EXCERPT: usize = 4096;
/// How long an answer's body is waited for once its status is known: the status decides.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// How tenants' addresses are called.
#[derive(Debug, Clone)]
pub struct OutsideSettings {
    /// Lets http and https reach this machine itself, for development.
    pub loopback: bool,
    /// Limit of one whole exchange.
    pub timeout: Duration,
    /// Calls that one destination gets in a minute, whoever sends them; without one there is no limit.
    pub per_minute: Option<u32>,
}

impl Default for OutsideSettings {
    fn default() -> Self {
        Self { loopback: false, timeout: Duration::from_secs(15), per_minute: None }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Received {
    pub status: u16,
    /// The beginning of the body, as text.
    pub excerpt: String,
    headers: HeaderMap,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Calls tenants' addresses. Cheap to clone.
#[derive(Clone)]
pub struct Outside {
    settings: OutsideSettings,
    lookup: Arc<dyn Lookup>,
    client: reqwest::Client,
    pace: Arc<Pace>,
}

impl Outside {
    /// # Errors
    /// A sentence, when the client cannot be built.
    pub fn new(settings: OutsideSettings) -> Result<Self, String> {
        Self::resolving_by(settings, Arc::new(SystemLookup))
    }

    /// With names resolved in another way.
    #[allow(clippy::disallowed_methods)] // a client of its own: its resolver is the guard
    pub fn resolving_by(settings: OutsideSettings, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::machine())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .dns_resolver(Arc::new(Checked { lookup: lookup.clone(), loopback: settings.loopback }))
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .timeout(settings.timeout)
            .pool_max_idle_per_host(8)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("leadwright-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client could not be built: {error}"))?;
        let pace = Arc::new(Pace::new(settings.per_minute));
        Ok(Self { settings, lookup, client, pace })
    }

    /// Where a URL leads now, for [`Self::admit`].
    pub async fn destination(&self, text: &str) -> Destination {
        let url = target::parse(text, self.settings.loopback).ok().filter(|_| self.pace.is_limited());
        let Some(host) = url.as_ref().and_then(url::Url::host) else { return Destination::of("", &[]) };
        let addresses = match &host {
            url::Host::Ipv4(v4) => vec![(*v4).into()],
            url::Host::Ipv6(v6) => vec![(*v6).into()],
            url::Host::Domain(name) => {
                let checked = Checked { lookup: self.lookup.clone(), loopback: self.settings.loopback };
                let found = tokio::time::timeout(LOOKUP_TIMEOUT, checked.addresses(name)).await;
                found.ok().and_then(Result::ok).unwrap_or_default()
            }
        };
        Destination::of(&host.to_string(), &addresses)
    }

    /// Counts a call to `to` that `sender` is about to have made. `is_wanted`: the destination has shown that it takes such.
    ///
    /// # Errors
    /// When there is room for it.
    pub fn admit(&self, to: &Destination, sender: &str, is_wanted: bool, now: Timestamp) -> Result<(), Timestamp> {
        self.pace.take(to, sender, is_wanted, now)
    }

    /// Judges a URL before it is kept. A name that does not resolve today passes: it may tomorrow, and is checked again then.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub async fn check(&self, text: &str) -> Result<(), String> {
        let url = target::parse(text, self.settings.loopback)?;
        let Some(url::Host::Domain(name)) = url.host() else { return Ok(()) };
        let checked = Checked { lookup: self.lookup.clone(), loopback: self.settings.loopback };
        match tokio::time::timeout(LOOKUP_TIMEOUT, checked.addresses(name)).await {
            Ok(Err(resolve::Failed::NotPublic)) => Err("expected a host on the public internet".into()),
            _ => Ok(()),
        }
    }

    /// Posts JSON and reads the beginning of the answer, whatever its status.
    ///
    /// # Errors
    /// A sentence for the tenant: `refused`, `resolve`, `connect`, `timeout` or `connection_lost`, and why.
    pub async fn post(&self, text: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Received, String> {
        // Again, because rules and settings may have changed since the URL was kept.
        let url = target::parse(text, self.settings.loopback).map_err(|why| format!("refused: {why}"))?;
        let request = self.client.post(url).header("content-type", "application/json").body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let mut response = request.send().await.map_err(|error| in_words(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut read = Vec::new();
        let reading = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                read.extend_from_slice(&chunk[..chunk.len().min(EXCERPT - read.len())]);
                if read.len() >= EXCERPT {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(BODY_TIMEOUT, reading).await;
        let excerpt = String::from_utf8_lossy(&read).replace('\0', "\u{fffd}");
        Ok(Received { status, excerpt, headers })
    }
}

/// Never the URL, which may hold a token, nor our own names: the text is shown to the tenant.
fn in_words(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(failed) = source.downcast_ref::<resolve::Failed>() {
            return failed.to_string();
        }
        causes.push(source.to_string());
        next = source.source();
    }
    let kind = if error.is_timeout() {
        return "timeout: no answer in time".into();
    } else if error.is_connect() {
        "connect"
    } else {
        "connection_lost"
    };
    format!("{kind}: {}", causes.last().map_or("the exchange failed", String::as_str))
}

#[cfg(test)]
mod tests;
