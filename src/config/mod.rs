//! Configuration: `leadwright.toml` and `LEADWRIGHT_*`, one typed struct, refused at start with the name and the reason.
//!
//! The environment wins over the file. In the file the same settings are written in lower case without the prefix, flat or
//! in tables: `LEADWRIGHT_META_APP_SECRET` is `meta_app_secret = "…"` or `[meta] app_secret = "…"`.

mod master_key;
mod providers;
mod reader;
mod risks;
mod settings;
mod source;

use std::net::SocketAddr;
use std::time::Duration;

pub use master_key::{master_key_path, write_master_key};
pub use risks::{Risk, is_this_machine};
pub use settings::{Fallback, Kind, PREFIX, SETTINGS, Setting};
pub use source::{Origin, Source};

use crate::base::crypto::{MasterKey, Secret};
use crate::engine::SendRates;
use crate::engine::db::{DbSettings, transport};
use crate::engine::http::Logged;
use crate::engine::jobs::WorkerSettings;
use crate::providers::ProviderSettings;
use crate::tenants::passkeys::Site;
use crate::tenants::region::Country;
use master_key::stored_master_key;
use providers::providers;
use reader::Reader;

/// Where the data lives when nothing is said.
pub const DEFAULT_DATABASE: &str = "sqlite://data/leadwright.db";

/// What one authenticated caller may ask in a minute, unless the platform sets another number.
pub const REQUESTS_PER_MINUTE: u32 = 1200;
/// How far the clocks of processes on one PostgreSQL may differ.
pub const CLOCKS_APART_SECONDS: u32 = 5;
/// What one tenant may have written in a day.
pub const MEGABYTES_PER_DAY: u32 = 200;

/// Everything a process needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    pub bind: SocketAddr,
    /// A further port for health and metrics only; the only port of a worker.
    pub monitor_bind: Option<SocketAddr>,
    /// Metrics on the public port too.
    pub metrics_public: bool,
    pub database: DbSettings,
    pub public_url: String,
    /// Where the platform's own frontend is, without trailing slash.
    pub app_url: String,
    /// The domain that passkeys are bound to; the host of `app_url` where it is not said.
    pub passkey_domain: Option<String>,
    /// Origins within it, and Android apps, besides `app_url`'s.
    pub passkey_origins: Vec<String>,
    /// SMS goes there besides each tenant's own country.
    pub sms_countries: Vec<String>,
    /// How fast messages to many leave from the platform's senders.
    pub send_rates: SendRates,
    pub master_key: MasterKey,
    pub operator_key: Option<Secret>,
    pub rate_limit: bool,
    /// What one authenticated caller may ask.
    pub requests_per_minute: u32,
    /// What one tenant may have written in a day.
    pub megabytes_per_day: u32,
    pub sandbox: bool,
    /// Twins that another process serves, without trailing slash.
    pub sandbox_url: Option<String>,
    /// Somebody said twice that twins are right at a public address.
    pub is_meant_in_public: bool,
    /// Proxies of ours that a request passes, each of which appends to `X-Forwarded-For`.
    pub proxies: usize,
    /// Origins that browsers may call from; `*` allows all.
    pub cors_origins: Vec<String>,
    pub platform_name: String,
    /// On every lead form that names none of its own.
    pub privacy_policy_url: Option<String>,
    /// Where e-mails come from.
    pub email_from: String,
    pub json_logs: bool,
    /// Which requests have a line in the log.
    pub logged: Logged,
    /// The collector that traces go to.
    pub otlp_endpoint: Option<String>,
    pub worker: WorkerSettings,
    pub providers: ProviderSettings,
    /// Variables of the environment that are named like settings and are none: most likely misspelt.
    pub unknown: Vec<String>,
}

/// What was refused: one line per setting.
#[derive(Debug)]
pub struct ConfigError(pub Vec<String>);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the configuration is not valid:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
impl std::error::Error for ConfigError {}

impl Config {
    /// Types every setting.
    ///
    /// # Errors
    /// Names every setting that is wrong, and why.
    pub fn from_source(source: &Source) -> Result<Self, ConfigError> {
        Self::read(source, stored_master_key)
    }

    /// What is wrong with the settings, without making what is not there yet.
    ///
    /// # Errors
    /// As [`Self::from_source`].
    pub fn check(source: &Source) -> Result<(), ConfigError> {
        let is_file = |url: &str| url.starts_with("sqlite://") && !master_key::is_there(url);
        Self::read(source, |url| if is_file(url) { Ok(MasterKey::random()) } else { stored_master_key(url) }).map(drop)
    }

    fn read(source: &Source, stored: impl FnOnce(&str) -> Result<MasterKey, String>) -> Result<Self, ConfigError> {
        let mut r = Reader::new(source);
        let bind = r.parse("BIND", SocketAddr::from(([127, 0, 0, 1], 8080)), |text| {
            text.parse().map_err(|_| "expected an address and port such as 127.0.0.1:8080".into())
        });
        let monitor_bind = r.parse("MONITOR_BIND", None, |text| {
            text.parse().map(Some).map_err(|_| "expected an address and port such as 127.0.0.1:9090".into())
        });
        let url = r.parse("DATABASE_URL", DEFAULT_DATABASE.to_string(), |text| {
            transport::may_use(text).map(|()| text.to_string())
        });
        let synchronous =
            r.parse("SQLITE_SYNCHRONOUS", "FULL".to_string(), |text| match text.to_uppercase().as_str() {
                known @ ("FULL" | "NORMAL" | "OFF") => Ok(known.to_string()),
                _ => Err("expected FULL, NORMAL or OFF".into()),
            });
        let pool_size = r.number("DATABASE_POOL", 8, 1..=200);
        let clocks_apart = r.number("CLOCKS_APART_SECONDS", CLOCKS_APART_SECONDS, 0..=600);
        let operator_key = r.parse("OPERATOR_KEY", None, |text| {
            let fits = text.starts_with("lw_") && text.len() >= 32 && text.bytes().all(|b| b.is_ascii_graphic());
            if fits { Ok(Some(Secret::new(text))) } else { Err("expected lw_ and 32 characters or more in all".into()) }
        });
        let (sandbox, is_meant_in_public) =
            r.parse("SANDBOX", (false, false), |text| match text.to_ascii_lowercase().as_str() {
                "yes-in-public" => Ok((true, true)),
                text => reader::flag(text).map(|on| (on, false)).ok_or("expected true, false or yes-in-public".into()),
            });
        let sandbox_url = Some(r.url("SANDBOX_URL", "")).filter(|url| !url.is_empty());
        if sandbox && sandbox_url.is_some() && !is_meant_in_public {
            r.refuse("SANDBOX_URL", "not beside SANDBOX=true: the twins run either here or there");
        }
        let logged = r.parse("LOG_REQUESTS", Logged::All, |text| text.parse());
        let master_key = r.parse("MASTER_KEY", None, |text| MasterKey::from_base64(text).map(Some));
        let public_url = r.url("PUBLIC_URL", &format!("http://{bind}"));
        let app_url = r.url("APP_URL", &public_url);
        let (passkey_domain, passkey_origins) = (r.text("PASSKEY_DOMAIN"), r.list("PASSKEY_ORIGINS"));
        if let Err(why) = Site::of(&app_url, passkey_domain.as_deref(), &[]) {
            r.refuse("PASSKEY_DOMAIN", why);
        } else if let Err(why) = Site::of(&app_url, passkey_domain.as_deref(), &passkey_origins) {
            r.refuse("PASSKEY_ORIGINS", why);
        }
        let sms_countries = r.parse("SMS_COUNTRIES", Vec::new(), |text| {
            let codes = text.split(',').map(str::trim).filter(|code| !code.is_empty());
            codes.map(|code| code.parse::<Country>().map(Country::into_string)).collect()
        });
        let send_rates = SendRates {
            email: r.number("EMAILS_PER_SECOND", SendRates::default().email, 1..=10_000),
            sms: r.number("SMS_PER_SECOND", SendRates::default().sms, 1..=10_000),
        };
        let email_from = r.parse("EMAIL_FROM", "leads@leadwright.example".to_string(), |text| {
            text.parse::<crate::base::email::Email>().map(crate::base::email::Email::into_string)
        });
        let worker = WorkerSettings {
            concurrency: usize::try_from(r.number("WORKER_CONCURRENCY", 32, 1..=512)).unwrap_or(32),
            ..Default::default()
        };
        let json_logs = r.parse("LOG_FORMAT", false, |text| match text {
            "json" => Ok(true),
            "text" => Ok(false),
            _ => Err("expected json or text".into()),
        });
        let otlp_endpoint = r.text("OTLP_ENDPOINT").map(|_| r.url("OTLP_ENDPOINT", ""));
        let privacy_policy_url = r.text("PRIVACY_POLICY_URL").map(|_| r.url("PRIVACY_POLICY_URL", ""));
        let mut config = Self {
            bind,
            monitor_bind,
            metrics_public: r.flag("METRICS_PUBLIC", false),
            database: DbSettings {
                url,
                pool_size,
                sqlite_synchronous: synchronous,
                clocks_apart: Duration::from_secs(clocks_apart.into()),
                application: format!("leadwright {}", env!("CARGO_PKG_VERSION")),
            },
            public_url,
            app_url,
            passkey_domain,
            passkey_origins,
            sms_countries,
            send_rates,
            master_key: master_key.clone().unwrap_or_else(MasterKey::random),
            operator_key,
            rate_limit: r.flag("RATE_LIMIT", true),
            requests_per_minute: r.number("REQUESTS_PER_MINUTE", REQUESTS_PER_MINUTE, 1..=1_000_000_000),
            megabytes_per_day: r.number("MEGABYTES_PER_DAY", MEGABYTES_PER_DAY, 1..=1_000_000),
            sandbox: sandbox && sandbox_url.is_none(),
            sandbox_url,
            is_meant_in_public,
            proxies: r.parse("TRUST_PROXY", 0, |text| match text {
                "true" => Ok(1),
                "false" => Ok(0),
                count => count
                    .parse()
                    .ok()
                    .filter(|count| *count <= 10)
                    .ok_or_else(|| "expected true, false or a number of proxies up to 10".into()),
            }),
            cors_origins: r.list("CORS_ORIGINS"),
            platform_name: r.text("PLATFORM_NAME").unwrap_or_else(|| "LeadGen Pro".into()),
            privacy_policy_url,
            email_from,
            json_logs,
            logged,
            otlp_endpoint,
            worker,
            providers: providers(&mut r),
            unknown: source.unknown().to_vec(),
        };
        let status_url = format!("{}/v1/webhooks/twilio/status", config.public_url);
        config.providers.twilio.status_callback_url = Some(status_url);
        let is_public = config.public_url.starts_with("https://") && config.faces_the_world();
        if config.has_twins() && is_public && !is_meant_in_public && !is_reserved(&config.public_url) {
            r.refuse(
                if config.sandbox { "SANDBOX" } else { "SANDBOX_URL" },
                "LEADWRIGHT_PUBLIC_URL is an https address of the world, where twins would take what is meant for providers: nothing \
                 reaches anybody, and everybody knows the credentials of their webhooks. Unset it; if this is a rehearsal in public, \
                 say so twice: LEADWRIGHT_SANDBOX=yes-in-public",
            );
        }
        if master_key.is_none() && r.wrong.is_empty() {
            match stored(&config.database.url) {
                Ok(key) => config.master_key = key,
                Err(why) => r.refuse("MASTER_KEY", why),
            }
        }
        if r.wrong.is_empty() { Ok(config) } else { Err(ConfigError(r.wrong)) }
    }
}

/// Names that are nobody's (RFC 2606): whoever uses one reads a guide or runs a test, and is warned.
fn is_reserved(url: &str) -> bool {
    const NAMES: [&str; 6] = ["example", "test", "invalid", "example.com", "example.net", "example.org"];
    let host =
        url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase)).unwrap_or_default();
    NAMES.iter().any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut source = Source::default();
        source.set("MASTER_KEY", MasterKey::random().to_base64());
        for (name, value) in pairs {
            source.set(name, *value);
        }
        Config::from_source(&source)
    }

    #[test]
    fn defaults_need_nothing() {
        let config = with(&[]).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert!(config.rate_limit && !config.sandbox);
    }

    #[test]
    fn every_bad_value_is_named_with_its_reason() {
        let bad = [
            ("BIND", "nowhere"),
            ("MONITOR_BIND", "9090"),
            ("DATABASE_URL", "mysql://x"),
            ("OPERATOR_KEY", "short"),
            ("RATE_LIMIT", "maybe"),
            ("REQUESTS_PER_MINUTE", "0"),
            ("WEBHOOKS_PER_MINUTE", "0"),
            ("PUBLIC_URL", "ftp://x"),
            ("DATABASE_POOL", "0"),
            ("TWILIO_SMS_FROM", "12"),
            ("TWILIO_TEMPLATES", "first_contact"),
            ("LOG_FORMAT", "xml"),
            ("LOG_REQUESTS", "some"),
            ("OTLP_ENDPOINT", "collector"),
            ("EMAIL_FROM", "nobody"),
            ("MASTER_KEY", "AAAA"),
            ("SANDBOX_URL", "twins"),
            ("TRUST_PROXY", "yes please"),
            ("APP_URL", "app"),
            ("SMS_COUNTRIES", "IN, India"),
        ];
        let ConfigError(lines) = with(&bad).unwrap_err();
        for (name, _) in bad {
            assert!(lines.iter().any(|line| line.starts_with(&format!("LEADWRIGHT_{name}: "))), "{name} in {lines:?}");
        }
    }

    #[test]
    fn twins_in_public_must_be_said_twice() {
        let world = ("PUBLIC_URL", "https://leads.abc-realty.in");
        let twins = ("SANDBOX_URL", "http://127.0.0.1:8090");
        for (name, settings) in [("SANDBOX", vec![world, ("SANDBOX", "true")]), ("SANDBOX_URL", vec![world, twins])] {
            let ConfigError(lines) = with(&settings).unwrap_err();
            assert!(lines.len() == 1 && lines[0].starts_with(&format!("LEADWRIGHT_{name}: ")), "{lines:?}");
            assert!(lines[0].contains("yes-in-public"), "{lines:?}");
        }
        let here = with(&[world, ("SANDBOX", "Yes-In-Public")]).unwrap();
        assert!(here.sandbox && here.has_twins());
        let there = with(&[world, ("SANDBOX", "yes-in-public"), twins]).unwrap();
        assert!(!there.sandbox && there.has_twins());
        for near in ["http://localhost:8080", "https://localhost", "http://leads.example.com"] {
            assert!(with(&[("PUBLIC_URL", near), ("SANDBOX", "true")]).is_ok(), "{near}");
        }
        assert!(with(&[world]).is_ok() && with(&[world, ("SANDBOX", "no")]).is_ok());
        for nobodys in ["https://leads.example.com", "https://Leads.Example", "https://a.b.test:8443/lw"] {
            assert!(with(&[("PUBLIC_URL", nobodys), ("SANDBOX", "true")]).is_ok(), "{nobodys}");
        }
        assert!(with(&[("PUBLIC_URL", "https://notexample.com"), ("SANDBOX", "true")]).is_err());
    }

    #[test]
    fn postgres_must_say_its_master_key() {
        let mut source = Source::default();
        source.set("DATABASE_URL", "postgres://localhost/x");
        let ConfigError(lines) = Config::from_source(&source).unwrap_err();
        assert!(lines[0].starts_with("LEADWRIGHT_MASTER_KEY: is required"));
    }

    #[test]
    fn the_documentation_names_every_setting_with_its_default_and_its_meaning() {
        let page = include_str!("../../docs/settings.md");
        let start = page.find("<!-- settings").expect("the table's beginning is marked");
        let table = &page[start..page.find("<!-- end of settings").expect("and so is its end")];
        for Setting { name, default, kind, meaning } in SETTINGS {
            let default = match default {
                Fallback::None => String::new(),
                Fallback::Is(text) => format!("`{text}`"),
                Fallback::Follows(text) => (*text).into(),
                Fallback::Required(text) => format!("required {text}"),
            };
            let secret = match kind {
                Kind::Plain => "",
                Kind::Secret => "yes",
                Kind::HoldsPassword => "its password",
            };
            let row = format!("| `{PREFIX}{name}` | {default} | {secret} | {meaning} |");
            assert!(table.contains(&row), "docs/settings.md lacks the row {row}");
        }
        assert_eq!(
            table.matches("| `LEADWRIGHT_").count(),
            SETTINGS.len(),
            "docs/settings.md has a setting that does not exist"
        );
    }

    #[test]
    fn what_is_told_as_a_default_is_what_holds_without_it() {
        let key = MasterKey::random().to_base64();
        let with = |pair: Option<(&str, &str)>| {
            let mut source = Source::default();
            source.set("MASTER_KEY", &key);
            if let Some((name, value)) = pair {
                source.set(name, value);
            }
            format!("{:?}", Config::from_source(&source).expect("valid"))
        };
        let silent = with(None);
        for Setting { name, default, .. } in SETTINGS {
            if let Fallback::Is(value) = default {
                assert_eq!(with(Some((name, value))), silent, "{name} is not {value} by itself");
            }
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let config =
            with(&[("META_APP_SECRET", "hush-hush"), ("OPERATOR_KEY", "lw_0123456789012345678901234567890123")])
                .unwrap();
        let printed = format!("{:?} {:?} {:?}", config.providers, config.operator_key, config.master_key);
        assert!(!printed.contains("hush") && !printed.contains("lw_0"), "{printed}");
    }
}
