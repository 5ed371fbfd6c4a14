//! Where passkeys belong: the domain they are bound to, and the origins whose pages may use them.

use url::{Host, Url};

use crate::base::{Error, Result};
use crate::engine::CoreSettings;

/// How an app's origin begins that Android vouches for, by the hash of the certificate it is signed with.
const ANDROID: &str = "android:apk-key-hash:";

/// The platform, as authenticators know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    domain: String,
    origins: Vec<String>,
}

/// Is the host the domain, or below it?
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An origin as browsers spell it, with its host. What is no name has no passkeys, so this machine is `localhost`.
fn origin_of(address: &str) -> Option<(String, String)> {
    let mut url = Url::parse(address).ok()?;
    let is_here = match url.host()? {
        Host::Ipv4(ip) => ip.is_loopback() || ip.is_unspecified(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.is_unspecified(),
        Host::Domain(_) => false,
    };
    if is_here {
        url.set_host(Some("localhost")).ok()?;
    }
    let origin = url.origin().ascii_serialization();
    Some((origin, url.host_str()?.to_string()))
}

impl Site {
    /// The frontend's, unless another domain is named; `others` are further origins within the domain, and Android apps.
    ///
    /// # Errors
    /// A sentence about what does not fit.
    pub fn of(app_url: &str, domain: Option<&str>, others: &[String]) -> Result<Self, String> {
        let (frontend, host) = origin_of(app_url).ok_or("expected an address of the frontend")?;
        let domain = match domain {
            Some(domain) => match Host::parse(domain) {
                Ok(Host::Domain(domain)) => domain,
                _ => return Err(format!("expected a domain such as example.com, and this is {domain:?}")),
            },
            None => host.clone(),
        };
        if !is_within(&host, &domain) {
            return Err(format!(
                "the frontend's host, {host}, is not within {domain}: its pages could use no passkeys"
            ));
        }
        let mut origins = vec![frontend];
        for other in others {
            if other.strip_prefix(ANDROID).is_some_and(|hash| hash.len() == 43) {
                origins.push(other.clone());
                continue;
            }
            let expected =
                || format!("expected origins within {domain} such as https://{domain}, and this is {other:?}");
            let (origin, host) = origin_of(other).ok_or_else(expected)?;
            let is_secure = origin.starts_with("https://") || is_within(&host, "localhost");
            if !is_within(&host, &domain) || !is_secure || !origin_is_all_of(other, &origin) {
                return Err(expected());
            }
            origins.push(origin);
        }
        Ok(Self { domain, origins })
    }

    /// As it is set; the start refused what does not fit.
    pub fn set(settings: &CoreSettings) -> Result<Self> {
        let domain = settings.passkey_domain.as_deref();
        Self::of(&settings.app_url, domain, &settings.passkey_origins).map_err(Error::internal)
    }

    /// What browsers call the relying party's id.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Can a browser make a passkey here? For an address without a name none does, nor on a page without TLS on another machine.
    pub fn is_usable(&self) -> bool {
        let is_name = matches!(Host::parse(&self.domain), Ok(Host::Domain(_)));
        let is_secure = |origin: &String| !origin.starts_with("http://") || is_within(&self.domain, "localhost");
        is_name && self.origins.iter().any(is_secure)
    }

    pub(super) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }
}

/// Nothing but a slash behind it.
fn origin_is_all_of(text: &str, origin: &str) -> bool {
    text.trim_end_matches('/').eq_ignore_ascii_case(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(app_url: &str, domain: Option<&str>, others: &[&str]) -> Result<Site, String> {
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        Site::of(app_url, domain, &others)
    }

    #[test]
    fn the_frontend_says_where_passkeys_belong() {
        let site = of("https://App.Example.com/start", None, &[]).unwrap();
        assert_eq!(site.domain(), "app.example.com");
        assert!(site.has_origin("https://app.example.com"));
        for foreign in [
            "https://example.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com/",
        ] {
            assert!(!site.has_origin(foreign), "{foreign}");
        }
        let here = of("http://127.0.0.1:8080", None, &[]).unwrap();
        assert_eq!(here.domain(), "localhost");
        assert!(here.has_origin("http://localhost:8080") && !here.has_origin("http://127.0.0.1:8080"));
    }

    #[test]
    fn no_browser_makes_one_without_a_name_or_tls() {
        for usable in
            ["https://app.example.com", "http://127.0.0.1:8080", "http://0.0.0.0:8080", "http://app.localhost:3000"]
        {
            assert!(of(usable, None, &[]).unwrap().is_usable(), "{usable}");
        }
        for useless in
            ["http://192.168.1.20:3000", "https://192.168.1.20", "http://app.example.com", "http://notlocalhost"]
        {
            assert!(!of(useless, None, &[]).unwrap().is_usable(), "{useless}");
        }
    }

    #[test]
    fn a_domain_takes_in_what_is_below_it() {
        let android = format!("{ANDROID}{}", "a".repeat(43));
        let others = ["https://admin.example.com", "https://example.com:8443/", android.as_str()];
        let site = of("https://app.example.com", Some("example.com"), &others).unwrap();
        assert_eq!(site.domain(), "example.com");
        for own in ["https://app.example.com", "https://admin.example.com", "https://example.com:8443", &android] {
            assert!(site.has_origin(own), "{own}");
        }
    }

    #[test]
    fn what_could_use_none_is_refused() {
        for (app_url, domain, others) in [
            ("https://app.example.com", Some("example.org"), vec![]),
            ("https://badexample.com", Some("example.com"), vec![]),
            ("https://app.example.com", Some("192.0.2.1"), vec![]),
            ("https://app.example.com", None, vec!["https://example.com"]),
            ("https://app.example.com", None, vec!["http://app.example.com"]),
            ("https://app.example.com", None, vec!["https://app.example.com/path"]),
            ("https://app.example.com", None, vec!["app.example.com"]),
            ("https://app.example.com", None, vec!["android:apk-key-hash:short"]),
        ] {
            assert!(of(app_url, domain, &others).is_err(), "{app_url} {domain:?} {others:?}");
        }
    }
}
