//! From a name to addresses that are all public.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::address::is_public;

/// Turns names into addresses; the system's resolver, or a test's.
#[async_trait::async_trait]
pub trait Lookup: Send + Sync {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// `getaddrinfo`, hence the machine's own configuration.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

#[async_trait::async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The resolver of the client: what it answers is what is connected to.
pub(super) struct Checked {
    pub lookup: Arc<dyn Lookup>,
    pub loopback: bool,
}

/// Why a name gave no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    NotPublic,
    Unknown,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failed::NotPublic => "refused: the host is not on the public internet",
            Failed::Unknown => "resolve: the host's name could not be resolved",
        })
    }
}

impl std::error::Error for Failed {}

impl Checked {
    /// All of a name's addresses, or none: one that is not public gives the name away.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Failed> {
        let found = self.lookup.lookup(name).await.map_err(|_| Failed::Unknown)?;
        if found.is_empty() {
            return Err(Failed::Unknown);
        }
        let here = self.loopback && name == "localhost";
        let fits = |address: &IpAddr| is_public(*address) || (here && address.is_loopback());
        if found.iter().all(fits) { Ok(found) } else { Err(Failed::NotPublic) }
    }
}

impl reqwest::dns::Resolve for Checked {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let checked = Checked { lookup: self.lookup.clone(), loopback: self.loopback };
        Box::pin(async move {
            let found = checked.addresses(name.as_str()).await?;
            // Port 0 stands for the URL's own.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}
