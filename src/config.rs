//! Configuration: `leadwright.toml` and `LEADWRIGHT_*`, one typed struct, refused at start with the name and the reason.
//!
//! The environment wins over the file. In the file the same settings are written in lower case without the prefix, flat or
//! in tables: `LEADWRIGHT_META_APP_SECRET` is `meta_app_secret = "…"` or `[meta] app_secret = "…"`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::base::crypto::{MasterKey, Secret};
use crate::engine::db::{DbSettings, Engine};
use crate::engine::jobs::WorkerSettings;
use crate::providers::ProviderSettings;

/// Everything a process needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    pub bind: SocketAddr,
    /// A further port for health and metrics only; the only port of a worker.
    pub monitor_bind: Option<SocketAddr>,
    pub database: DbSettings,
    pub public_url: String,
    pub master_key: MasterKey,
    pub operator_key: Option<Secret>,
    pub rate_limit: bool,
    /// What one authenticated caller may ask.
    pub requests_per_minute: u32,
    pub sandbox: bool,
    /// Twins that another process serves, without trailing slash.
    pub sandbox_url: Option<String>,
    pub trust_proxy: bool,
    /// Origins that browsers may call from; `*` allows all.
    pub cors_origins: Vec<String>,
    pub platform_name: String,
    /// Where e-mails come from.
    pub email_from: String,
    pub json_logs: bool,
    /// The collector that traces go to.
    pub otlp_endpoint: Option<String>,
    pub worker: WorkerSettings,
    pub providers: ProviderSettings,
}

/// Every setting that exists, with what it means: the list the file is checked against and `doctor` explains.
pub const SETTINGS: &[(&str, &str)] = &[
    ("BIND", "address and port to listen on, 127.0.0.1:8080"),
    ("MONITOR_BIND", "address and port for health and metrics alone; a worker has no other"),
    ("DATABASE_URL", "sqlite://data/leadwright.db or postgres://…"),
    ("DATABASE_POOL", "connections per process, 8"),
    ("SQLITE_SYNCHRONOUS", "FULL (survives power loss), NORMAL or OFF"),
    ("PUBLIC_URL", "where the world reaches us; webhook signatures and links are built from it"),
    ("MASTER_KEY", "base64 of 32 bytes; encrypts secrets at rest and signs tokens"),
    ("OPERATOR_KEY", "key of the first operator, lw_… of 32 characters or more"),
    ("RATE_LIMIT", "on or off"),
    ("REQUESTS_PER_MINUTE", "of one authenticated caller while the limit is on, 1200"),
    ("SANDBOX", "true mounts the provider twins"),
    ("SANDBOX_URL", "where `leadwright sandbox` serves the twins, instead of SANDBOX"),
    ("TRUST_PROXY", "true reads X-Forwarded-For"),
    ("CORS_ORIGINS", "origins separated by commas, or *"),
    ("PLATFORM_NAME", "the platform's name in messages, LeadGen Pro"),
    ("EMAIL_FROM", "address that e-mails come from"),
    ("LOG_FORMAT", "json or text"),
    (
        "OTLP_ENDPOINT",
        "collector for traces over HTTP, such as http://localhost:4318; OTEL_EXPORTER_OTLP_ENDPOINT works too",
    ),
    ("WORKER_CONCURRENCY", "jobs at once per process, 32"),
    ("META_APP_SECRET", "verifies Meta's webhooks; two during rotation, separated by a comma"),
    ("META_VERIFY_TOKEN", "answers Meta's subscription check"),
    ("META_ACCESS_TOKEN", "fetches leads and controls ad campaigns"),
    ("META_GRAPH_URL", "https://graph.facebook.com"),
    ("META_GRAPH_VERSION", "v25.0"),
    ("GOOGLE_ADS_KEY", "key of the lead form webhooks; several separated by commas"),
    ("GOOGLE_ADS_BASE_URL", "https://googleads.googleapis.com"),
    ("GOOGLE_ADS_CUSTOMER_ID", "account that owns the ad campaigns, digits"),
    ("GOOGLE_ADS_LOGIN_CUSTOMER_ID", "manager account, digits"),
    ("GOOGLE_ADS_DEVELOPER_TOKEN", "controls ad campaigns"),
    ("GOOGLE_ADS_ACCESS_TOKEN", "controls ad campaigns"),
    ("TWILIO_ACCOUNT_SID", "WhatsApp and SMS"),
    ("TWILIO_AUTH_TOKEN", "WhatsApp and SMS; two during rotation, separated by a comma"),
    ("TWILIO_BASE_URL", "https://api.twilio.com"),
    ("TWILIO_WHATSAPP_FROM", "the platform's WhatsApp number, E.164"),
    ("TWILIO_SMS_FROM", "the platform's SMS number, E.164"),
    ("TWILIO_TEMPLATES", "first_contact=HX…,lead_alert=HX…,account_alert=HX…"),
    ("SMTP_URL", "smtp://user:password@host:587 or smtps://…"),
    ("RESEND_API_KEY", "e-mail by Resend"),
    ("RESEND_WEBHOOK_SECRET", "whsec_…; two during rotation, separated by a comma"),
    ("RESEND_BASE_URL", "https://api.resend.com"),
    (
        "WEBHOOKS_TO_LOOPBACK",
        "true lets tenants' webhook endpoints be on this machine, also by http; for development only",
    ),
];

/// Where the data lives when nothing is said.
pub const DEFAULT_DATABASE: &str = "sqlite://data/leadwright.db";

const PREFIX: &str = "LEADWRIGHT_";

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

/// Settings by name, before they are typed.
#[derive(Debug, Default)]
pub struct Source(BTreeMap<String, String>);

impl Source {
    /// Reads `$LEADWRIGHT_CONFIG` or `leadwright.toml` when present, then the environment.
    ///
    /// # Errors
    /// The file cannot be read, or has a setting nobody knows.
    #[allow(clippy::disallowed_methods)] // the one place that reads the environment
    pub fn load() -> Result<Self, ConfigError> {
        let mut source = Self::default();
        let named = std::env::var("LEADWRIGHT_CONFIG").ok().map(PathBuf::from);
        let path = named.clone().unwrap_or_else(|| PathBuf::from("leadwright.toml"));
        if named.is_some() || path.exists() {
            source.read_file(&path)?;
        }
        for (name, value) in std::env::vars() {
            if let Some(name) = name.strip_prefix(PREFIX)
                && SETTINGS.iter().any(|(known, _)| *known == name)
            {
                source.0.insert(name.into(), value);
            }
        }
        if !source.has("OTLP_ENDPOINT")
            && let Ok(standard) = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT")
        {
            source.0.insert("OTLP_ENDPOINT".into(), standard);
        }
        Ok(source)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let refuse = |why: String| ConfigError(vec![format!("{}: {why}", path.display())]);
        let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| refuse(error.message().into()))?;
        let mut flat = Vec::new();
        flatten("", &table, &mut flat);
        let unknown: Vec<String> = flat
            .iter()
            .filter(|(name, _)| !SETTINGS.iter().any(|(known, _)| known == name))
            .map(|(name, _)| format!("{}: there is no setting {}", path.display(), name.to_lowercase()))
            .collect();
        if !unknown.is_empty() {
            return Err(ConfigError(unknown));
        }
        self.0.extend(flat);
        Ok(())
    }

    /// Overrides one setting, for a command's option.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.insert(name.into(), value.into());
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A setting as it was written; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn flatten(prefix: &str, table: &toml::Table, flat: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.to_uppercase() } else { format!("{prefix}_{}", key.to_uppercase()) };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, flat),
            toml::Value::Array(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                flat.push((name, items.join(",")));
            }
            other => flat.push((name, scalar(other))),
        }
    }
}

fn scalar(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// Reads typed values and collects what is wrong.
struct Reader<'a> {
    source: &'a Source,
    wrong: Vec<String>,
}

impl Reader<'_> {
    /// An empty value counts as not set.
    fn text(&self, name: &str) -> Option<String> {
        self.source.get(name).map(str::to_string)
    }
    fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }
    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_string).collect()
    }
    fn secrets(&self, name: &str) -> Vec<Secret> {
        self.list(name).into_iter().map(Secret::new).collect()
    }
    fn refuse(&mut self, name: &str, why: impl std::fmt::Display) {
        self.wrong.push(format!("{PREFIX}{name}: {why}"));
    }
    fn parse<T>(&mut self, name: &str, default: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        match self.text(name).map(|text| read(&text)) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(why)) => {
                self.refuse(name, why);
                default
            }
        }
    }
    fn flag(&mut self, name: &str, default: bool) -> bool {
        self.parse(name, default, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" | "yes" => Ok(true),
            "false" | "off" | "0" | "no" => Ok(false),
            _ => Err("expected true or false (on or off)".into()),
        })
    }
    fn number(&mut self, name: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> u32 {
        self.parse(name, default, |text| {
            let rule = || format!("expected a whole number from {} to {}", range.start(), range.end());
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(rule)
        })
    }
    fn url(&mut self, name: &str, default: &str) -> String {
        self.parse(name, default.to_string(), |text| {
            let url =
                url::Url::parse(text).map_err(|_| "expected a URL such as https://leads.example.com".to_string())?;
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
                return Err("expected an http or https URL without a query".into());
            }
            Ok(text.trim_end_matches('/').to_string())
        })
    }
    fn phone(&mut self, name: &str) -> Option<String> {
        self.parse(name, None, |text| {
            crate::base::phone::Phone::parse(text, None).map(|phone| Some(phone.into_string()))
        })
    }
}

impl Config {
    /// Types every setting.
    ///
    /// # Errors
    /// Names every setting that is wrong, and why.
    pub fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let mut r = Reader { source, wrong: Vec::new() };
        let bind = r.parse("BIND", SocketAddr::from(([127, 0, 0, 1], 8080)), |text| {
            text.parse().map_err(|_| "expected an address and port such as 127.0.0.1:8080".into())
        });
        let monitor_bind = r.parse("MONITOR_BIND", None, |text| {
            text.parse().map(Some).map_err(|_| "expected an address and port such as 127.0.0.1:9090".into())
        });
        let url =
            r.parse("DATABASE_URL", DEFAULT_DATABASE.to_string(), |text| Engine::of(text).map(|_| text.to_string()));
        let synchronous =
            r.parse("SQLITE_SYNCHRONOUS", "FULL".to_string(), |text| match text.to_uppercase().as_str() {
                known @ ("FULL" | "NORMAL" | "OFF") => Ok(known.to_string()),
                _ => Err("expected FULL, NORMAL or OFF".into()),
            });
        let pool_size = r.number("DATABASE_POOL", 8, 1..=200);
        let operator_key = r.parse("OPERATOR_KEY", None, |text| {
            let fits = text.starts_with("lw_") && text.len() >= 32 && text.bytes().all(|b| b.is_ascii_graphic());
            if fits { Ok(Some(Secret::new(text))) } else { Err("expected lw_ and 32 characters or more in all".into()) }
        });
        let sandbox = r.flag("SANDBOX", false);
        let sandbox_url = Some(r.url("SANDBOX_URL", "")).filter(|url| !url.is_empty());
        if sandbox && sandbox_url.is_some() {
            r.refuse("SANDBOX_URL", "not beside SANDBOX=true: the twins run either here or there");
        }
        let master_key = r.parse("MASTER_KEY", None, |text| MasterKey::from_base64(text).map(Some));
        let public_url = r.url("PUBLIC_URL", &format!("http://{bind}"));
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
        let mut config = Self {
            bind,
            monitor_bind,
            database: DbSettings { url, pool_size, sqlite_synchronous: synchronous },
            public_url,
            master_key: master_key.clone().unwrap_or_else(MasterKey::random),
            operator_key,
            rate_limit: r.flag("RATE_LIMIT", true),
            requests_per_minute: r.number("REQUESTS_PER_MINUTE", 1200, 1..=1_000_000_000),
            sandbox,
            sandbox_url,
            trust_proxy: r.flag("TRUST_PROXY", false),
            cors_origins: r.list("CORS_ORIGINS"),
            platform_name: r.text("PLATFORM_NAME").unwrap_or_else(|| "LeadGen Pro".into()),
            email_from,
            json_logs,
            otlp_endpoint,
            worker,
            providers: providers(&mut r),
        };
        let status_url = format!("{}/v1/webhooks/twilio/status", config.public_url);
        config.providers.twilio.status_callback_url = Some(status_url);
        if master_key.is_none() && r.wrong.is_empty() {
            match stored_master_key(&config.database.url) {
                Ok(key) => config.master_key = key,
                Err(why) => r.refuse("MASTER_KEY", why),
            }
        }
        if r.wrong.is_empty() { Ok(config) } else { Err(ConfigError(r.wrong)) }
    }
}

fn providers(r: &mut Reader<'_>) -> ProviderSettings {
    let mut p = ProviderSettings::default();
    p.meta.app_secrets = r.secrets("META_APP_SECRET");
    p.meta.verify_token = r.secret("META_VERIFY_TOKEN");
    p.meta.access_token = r.secret("META_ACCESS_TOKEN");
    p.meta.graph_url = r.url("META_GRAPH_URL", &p.meta.graph_url.clone());
    p.meta.version = r.text("META_GRAPH_VERSION").unwrap_or(p.meta.version);
    p.google_ads.webhook_keys = r.secrets("GOOGLE_ADS_KEY");
    p.google_ads.base_url = r.url("GOOGLE_ADS_BASE_URL", &p.google_ads.base_url.clone());
    p.google_ads.customer_id = r.text("GOOGLE_ADS_CUSTOMER_ID");
    p.google_ads.login_customer_id = r.text("GOOGLE_ADS_LOGIN_CUSTOMER_ID");
    p.google_ads.developer_token = r.secret("GOOGLE_ADS_DEVELOPER_TOKEN");
    p.google_ads.access_token = r.secret("GOOGLE_ADS_ACCESS_TOKEN");
    p.twilio.account_sid = r.text("TWILIO_ACCOUNT_SID");
    p.twilio.auth_tokens = r.secrets("TWILIO_AUTH_TOKEN");
    p.twilio.base_url = r.url("TWILIO_BASE_URL", &p.twilio.base_url.clone());
    p.twilio.whatsapp_from = r.phone("TWILIO_WHATSAPP_FROM");
    p.twilio.sms_from = r.phone("TWILIO_SMS_FROM");
    for pair in r.list("TWILIO_TEMPLATES") {
        match pair.split_once('=') {
            Some((code, sid)) if sid.starts_with("HX") => {
                p.twilio.templates.insert(code.trim().into(), sid.trim().into());
            }
            _ => r.refuse("TWILIO_TEMPLATES", "expected entries such as first_contact=HX…"),
        }
    }
    p.smtp.url = r.secret("SMTP_URL");
    p.resend.api_key = r.secret("RESEND_API_KEY");
    p.resend.webhook_secrets = r.secrets("RESEND_WEBHOOK_SECRET");
    p.resend.base_url = r.url("RESEND_BASE_URL", &p.resend.base_url.clone());
    p.outside.loopback = r.flag("WEBHOOKS_TO_LOOPBACK", false);
    p
}

/// Beside an SQLite file the master key is kept in `master.key` (made at the first start, readable by its owner only). A
/// PostgreSQL deployment has several machines and must say its key.
fn stored_master_key(url: &str) -> Result<MasterKey, String> {
    let Some(file) = url.strip_prefix("sqlite://") else {
        return Err("is required with PostgreSQL: base64 of 32 random bytes (openssl rand -base64 32)".into());
    };
    let path = master_key_path(Path::new(file));
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    if let Ok(text) = std::fs::read_to_string(&path) {
        return MasterKey::from_base64(&text).map_err(|why| format!("{}: {why}", path.display()));
    }
    let write = || -> std::io::Result<MasterKey> {
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(&folder)?;
        }
        let key = MasterKey::random();
        write_master_key(&path, &key)?;
        Ok(key)
    };
    write().map_err(|error| format!("could not be kept in {}: {error}", path.display()))
}

/// The place of the master key beside an SQLite file.
pub fn master_key_path(database: &Path) -> PathBuf {
    database.with_file_name("master.key")
}

/// Writes a new file that only its owner reads.
pub fn write_master_key(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", key.to_base64())?;
    file.sync_all()
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
            ("PUBLIC_URL", "ftp://x"),
            ("DATABASE_POOL", "0"),
            ("TWILIO_SMS_FROM", "12"),
            ("TWILIO_TEMPLATES", "first_contact"),
            ("LOG_FORMAT", "xml"),
            ("OTLP_ENDPOINT", "collector"),
            ("EMAIL_FROM", "nobody"),
            ("MASTER_KEY", "AAAA"),
            ("SANDBOX_URL", "twins"),
        ];
        let ConfigError(lines) = with(&bad).unwrap_err();
        for (name, _) in bad {
            assert!(lines.iter().any(|line| line.starts_with(&format!("LEADWRIGHT_{name}: "))), "{name} in {lines:?}");
        }
    }

    #[test]
    fn postgres_must_say_its_master_key() {
        let mut source = Source::default();
        source.set("DATABASE_URL", "postgres://localhost/x");
        let ConfigError(lines) = Config::from_source(&source).unwrap_err();
        assert!(lines[0].starts_with("LEADWRIGHT_MASTER_KEY: is required"));
    }

    #[test]
    fn the_readme_names_every_setting_with_its_meaning() {
        let readme = include_str!("../README.md");
        let start = readme.find("<!-- settings").expect("the table's beginning is marked");
        let table = &readme[start..readme.find("<!-- end of settings").expect("and so is its end")];
        for (name, meaning) in SETTINGS {
            let row = format!("| `{PREFIX}{name}` | {meaning} |");
            assert!(table.contains(&row), "README.md lacks the row {row}");
        }
        assert_eq!(table.matches("| `").count(), SETTINGS.len(), "README.md has a setting that does not exist");
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
