//! Settings that are right on one's own machine and wrong before the world: told at the start, and by `leadwright doctor`.

use super::Config;
use crate::tenants::passkeys::Site;

/// A setting that gives away what the public address opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// What it is about, in a word or two.
    pub name: &'static str,
    pub detail: &'static str,
    pub advice: &'static str,
    /// No deployment may be so: everybody can read what is not theirs, or nothing reaches anybody.
    pub is_grave: bool,
}

impl Config {
    /// Do twins stand in for providers here?
    pub fn has_twins(&self) -> bool {
        self.sandbox || self.sandbox_url.is_some()
    }

    /// Is the public address known to others than this machine?
    pub fn faces_the_world(&self) -> bool {
        !is_this_machine(&self.public_url)
    }

    /// What is careless here; nothing while only this machine can call, but for what cannot work there either.
    pub fn risks(&self) -> Vec<Risk> {
        let site = Site::of(&self.app_url, self.passkey_domain.as_deref(), &self.passkey_origins);
        let useless = [(site.is_ok_and(|site| !site.is_usable()), PASSKEYS)];
        let careless = if self.faces_the_world() { self.careless() } else { Vec::new() };
        careless.into_iter().chain(useless).filter(|(holds, _)| *holds).map(|(_, risk)| risk).collect()
    }

    fn careless(&self) -> Vec<(bool, Risk)> {
        vec![
            (self.has_twins() && !self.is_meant_in_public, SANDBOX),
            (self.has_twins() && self.is_meant_in_public, Risk { is_grave: false, ..SANDBOX }),
            (self.providers.outside.loopback, LOOPBACK),
            (!self.rate_limit, UNLIMITED),
            (self.cors_origins.iter().any(|origin| origin == "*"), EVERY_ORIGIN),
            (self.metrics_public, METRICS),
        ]
    }
}

const SANDBOX: Risk = Risk {
    name: "sandbox",
    detail: "twins stand in for the providers at a public address: what is sent reaches nobody, and the credentials of their webhooks are known to everybody",
    advice: "Unset LEADWRIGHT_SANDBOX and LEADWRIGHT_SANDBOX_URL, and set the providers' credentials.",
    is_grave: true,
};
const LOOPBACK: Risk = Risk {
    name: "webhooks to loopback",
    detail: "tenants may have this server call addresses of its own machine",
    advice: "Unset LEADWRIGHT_WEBHOOKS_TO_LOOPBACK.",
    is_grave: true,
};
const UNLIMITED: Risk = Risk {
    name: "rate limit",
    detail: "callers are not throttled: passwords and keys can be guessed without end",
    advice: "Unset LEADWRIGHT_RATE_LIMIT.",
    is_grave: true,
};
const EVERY_ORIGIN: Risk = Risk {
    name: "origins",
    detail: "pages of every origin may call from a browser",
    advice: "Name your frontends' origins in LEADWRIGHT_CORS_ORIGINS.",
    is_grave: false,
};
const METRICS: Risk = Risk {
    name: "metrics",
    detail: "anybody reads how much comes in and how it goes",
    advice: "Unset LEADWRIGHT_METRICS_PUBLIC and scrape LEADWRIGHT_MONITOR_BIND, or keep /metrics from the proxy.",
    is_grave: false,
};

const PASSKEYS: Risk = Risk {
    name: "passkeys",
    detail: "no browser makes a passkey for where the frontend is: that takes a name, and https unless it is localhost",
    advice: "Set LEADWRIGHT_APP_URL to an https address with a name, or to localhost while you try things out.",
    is_grave: false,
};

/// Does this URL lead to the machine itself, whoever asks?
pub fn is_this_machine(url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    match host {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;
    use crate::base::crypto::MasterKey;

    fn risks(pairs: &[(&str, &str)]) -> Vec<&'static str> {
        let mut source = Source::default();
        source.set("MASTER_KEY", MasterKey::random().to_base64());
        for (name, value) in pairs {
            source.set(name, *value);
        }
        Config::from_source(&source).expect("valid").risks().iter().map(|risk| risk.name).collect()
    }

    const CARELESS: [(&str, &str); 5] = [
        ("SANDBOX", "true"),
        ("WEBHOOKS_TO_LOOPBACK", "true"),
        ("RATE_LIMIT", "off"),
        ("CORS_ORIGINS", "*"),
        ("METRICS_PUBLIC", "true"),
    ];

    #[test]
    fn what_helps_on_ones_own_machine_is_a_risk_before_the_world() {
        for near in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
            assert!(risks(&[CARELESS.as_slice(), &[("PUBLIC_URL", near)]].concat()).is_empty(), "{near}");
        }
        for far in ["http://leads.example.com", "http://0.0.0.0:8080", "http://192.168.1.4:8080"] {
            let found = risks(&[CARELESS.as_slice(), &[("PUBLIC_URL", far)]].concat());
            let careless = ["sandbox", "webhooks to loopback", "rate limit", "origins", "metrics"];
            assert_eq!(found[..5], careless, "{far}");
            assert_eq!(found.get(5), Some(&"passkeys").filter(|_| !far.contains("0.0.0.0")), "{far}");
        }
        assert!(risks(&[("PUBLIC_URL", "https://leads.example.com")]).is_empty());
        assert_eq!(
            risks(&[("PUBLIC_URL", "http://leads.example.com"), ("SANDBOX_URL", "http://127.0.0.1:8090")]),
            ["sandbox", "passkeys"]
        );
        assert_eq!(risks(&[("APP_URL", "http://192.168.1.20:3000")]), ["passkeys"], "on this machine, too");
        assert_eq!(
            risks(&[("PUBLIC_URL", "https://leads.example.com"), ("SANDBOX", "yes-in-public")]),
            ["sandbox"],
            "said twice it is told all the same"
        );
    }
}
