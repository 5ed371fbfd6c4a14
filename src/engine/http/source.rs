//! Whose address a request comes from, as far as it can be trusted.
//!
//! `X-Forwarded-For` is a list that everybody on the way may have written to; only what our own proxies appended is true. They
//! append at the right, so of [`Proxies`] that many entries are counted from there. `Forwarded`, `X-Real-IP` and the like are never
//! read: a proxy passes on what the client wrote there.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::{HttpRequest, web};

/// How many proxies of ours a request passes; in the app's data. None: the connection's own address counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proxies(pub usize);

/// An address as limits count it. An IPv6 network of 64 bits is one place: whoever has one address there has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    Address(IpAddr),
    /// No connection tells, as in tests without one.
    Unknown,
}

impl Source {
    pub fn of(req: &HttpRequest) -> Self {
        let proxies = req.app_data::<web::Data<Proxies>>().map_or(Proxies(0), |data| ***data);
        let lists = req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let peer = req.peer_addr().map(|peer| peer.ip());
        forwarded(proxies, lists).or(peer).map_or(Self::Unknown, |ip| Self::Address(place(ip)))
    }
}

impl Source {
    /// The IPv6 network of 48 bits that the place is in: what one customer gets, free of charge where tunnels are given away.
    pub(super) fn site(&self) -> Option<Self> {
        let Self::Address(IpAddr::V6(ip)) = self else { return None };
        let [a, b, c, ..] = ip.segments();
        Some(Self::Address(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Address(ip) => ip.fmt(f),
            Source::Unknown => f.write_str("unknown"),
        }
    }
}

/// The entry that the outermost of our proxies wrote. Fewer entries than proxies: whoever called an inner one is the first.
/// One that is no address tells nothing.
fn forwarded<'a>(Proxies(count): Proxies, lists: impl Iterator<Item = &'a str>) -> Option<IpAddr> {
    if count == 0 {
        return None;
    }
    let entries: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    let at = entries.len().saturating_sub(count);
    let entry = entries.get(at)?;
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn place(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: usize, lists: &[&str]) -> Option<String> {
        forwarded(Proxies(proxies), lists.iter().copied()).map(|ip| place(ip).to_string())
    }

    #[test]
    fn only_what_our_own_proxies_appended_is_believed() {
        assert_eq!(seen(0, &["203.0.113.7"]), None);
        assert_eq!(seen(1, &[]), None);
        assert_eq!(seen(1, &["10.9.9.9, 203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(seen(1, &["10.9.9.9", "203.0.113.7"]).as_deref(), Some("203.0.113.7"), "a header may come twice");
        assert_eq!(seen(2, &["10.9.9.9, 203.0.113.7, 192.0.2.1"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(seen(3, &["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(seen(1, &["account:owner@abc.example"]), None);
    }

    #[test]
    fn addresses_are_read_with_ports_and_counted_by_network() {
        assert_eq!(seen(1, &["203.0.113.7:5143"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(seen(1, &["[2001:db8:1:2:3:4:5:6]:443"]).as_deref(), Some("2001:db8:1:2::"));
        assert_eq!(seen(1, &["2001:db8:1:2:ffff::1"]).as_deref(), Some("2001:db8:1:2::"));
        assert_eq!(seen(1, &["::ffff:203.0.113.7"]).as_deref(), Some("203.0.113.7"));
    }
}
