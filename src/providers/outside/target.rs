//! Reading a URL that somebody gave us: what may be called at all, before any name is resolved.

use std::net::IpAddr;

use url::{Host, Url};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::address::is_public;
use crate::base::bounded::HttpsUrl;

/// The longest URL.
pub const LONGEST: usize = 2048;

/// Names that never mean a host of the public internet (RFC 6761, RFC 6762, RFC 8375, ICANN's reservation of .internal).
const LOCAL_NAMES: &[&str] = &["localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "onion"];

/// Reads `text` by the rules of browsers, which is also how it is called later: decimal, octal and hexadecimal hosts, full-width
/// letters and dots have become plain addresses and names before anything is checked.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse(text: &str, loopback: bool) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err(format!("expected at most {LONGEST} characters"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("expected a URL without blanks and control characters".into());
    }
    let url = Url::parse(text).map_err(|_| "expected a URL such as https://hooks.example.com/leads".to_string())?;
    let here = loopback && is_loopback(&url);
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        _ if is_loopback(&url) => {
            return Err("expected an https URL (on a development server: LEADWRIGHT_WEBHOOKS_TO_LOOPBACK=true)".into());
        }
        _ => return Err("expected an https URL".into()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected a URL without a user name and password".into());
    }
    if url.fragment().is_some() {
        return Err("expected a URL without a fragment".into());
    }
    if here {
        return Ok(url);
    }
    if !matches!(url.port(), None | Some(1024..)) {
        return Err("expected port 443, or one from 1024 on".into());
    }
    let fits = match url.host() {
        Some(Host::Ipv4(v4)) => is_public(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => is_public(IpAddr::V6(v6)),
        Some(Host::Domain(name)) => is_public_name(name),
        None => false,
    };
    if fits { Ok(url) } else { Err("expected a host on the public internet".into()) }
}

/// A URL that can be called from somewhere, be it a development server; whether from here is asked when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callable(String);

impl From<Callable> for String {
    fn from(url: Callable) -> String {
        url.0
    }
}
impl std::ops::Deref for Callable {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
impl std::str::FromStr for Callable {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, true).map(|_| Self(text.into()))
    }
}
impl<'de> serde::Deserialize<'de> for Callable {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl PartialSchema for Callable {
    fn schema() -> RefOr<Schema> {
        HttpsUrl::<LONGEST>::schema()
    }
}
// Described in place, as that type is.
impl ToSchema for Callable {
    fn name() -> std::borrow::Cow<'static, str> {
        HttpsUrl::<LONGEST>::name()
    }
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_under = |local: &str| name == local || name.strip_suffix(local).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && !LOCAL_NAMES.iter().any(|local| is_under(local))
}

/// This machine, written so that no resolver has a say.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_tricks_do_not_pass() {
        let tricks = [
            "http://hooks.example.com/", // not encrypted
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "gopher://hooks.example.com/",
            "javascript:alert(1)",
            "//hooks.example.com/",
            "hooks.example.com",
            "",
            "https://",
            "https:///path",
            "https://user@hooks.example.com/",
            "https://user:password@hooks.example.com/",
            "https://hooks.example.com@127.0.0.1/", // the host is what follows the @
            "https://hooks.example.com/#fragment",
            "https://hooks.example.com:22/",
            "https://hooks.example.com:80/",
            "https://hooks.example.com:0/",
            "https://hooks.example.com:99999/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://localhost./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://router.home.arpa/",
            "https://intranet/",
            "https://127.0.0.1/",
            "https://127.1/",      // short
            "https://2130706433/", // decimal
            "https://0x7f000001/", // hexadecimal
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/", // octal
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://①②⑦.⓪.⓪.①/",       // full-width
            "https://127。0。0。1/",    // ideographic dots
            "https://%31%32%37.0.0.1/", // percent-encoded
            "https://0/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/", // the same, decimal
            "https://0xA9FEA9FE/",
            "https://100.100.100.200/",
            "https://192.168.1.1:8443/",
            "https://[::1]/",
            "https://[::]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://[fe80::1%25eth0]/",
            "https://[ff02::1]/",
            "https://hooks.example.com/\n",
            "https://hooks.example.com/ x",
            "https://hooks.exa\tmple.com/",
            "https:\\\\user@hooks.example.com\\",
        ];
        for trick in tricks {
            for loopback in [false, true] {
                let here = loopback
                    && Url::parse(trick).is_ok_and(|url| is_loopback(&url) && matches!(url.scheme(), "https" | "http"));
                let read = parse(trick, loopback);
                assert!(here || read.is_err(), "{trick} became {}", read.unwrap());
            }
        }
        let long = format!("https://hooks.example.com/{}", "x".repeat(LONGEST));
        assert!(parse(&long, false).is_err());
    }

    #[test]
    fn what_a_tenant_would_give_us_passes() {
        for url in [
            "https://hooks.example.com/leads",
            "https://hooks.example.com:443/leads",
            "https://hooks.example.com:8443/leads?token=x",
            "HTTPS://Hooks.Example.com",
            "https://xn--bcher-kva.example/",
            "https://bücher.example/",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]:8443/",
            "https://mylocal.example.com/",
        ] {
            assert!(parse(url, false).is_ok(), "{url}: {:?}", parse(url, false));
        }
    }

    #[test]
    fn this_machine_is_reached_only_where_it_is_allowed() {
        for url in ["http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]:9000/", "https://127.0.0.1/"] {
            assert!(parse(url, true).is_ok(), "{url}");
            assert!(parse(url, false).is_err(), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://user@127.0.0.1/", "http://hooks.example.com/", "http://0.0.0.0:9000/"] {
            assert!(parse(url, true).is_err(), "{url}");
        }
    }
}
