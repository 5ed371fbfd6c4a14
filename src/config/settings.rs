//! Every setting there is: its name, its default, whether it is a secret, and its meaning.

use Kind::{HoldsPassword, Plain, Secret};

/// Before each name in the environment.
pub const PREFIX: &str = "LEADWRIGHT_";
/// After the name of a secret that stands in a file of its own.
pub(super) const IN_FILE: &str = "_FILE";

/// What holds where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    None,
    /// As if this had been written.
    Is(&'static str),
    /// What follows from other settings.
    Follows(&'static str),
    /// It must be said, or it is made: when, and where.
    Required(&'static str),
}

/// Who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// Nobody; it may stand in a file of its own.
    Secret,
    /// A URL that may hold a password; it may stand in a file of its own.
    HoldsPassword,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Without the prefix.
    pub name: &'static str,
    pub default: Fallback,
    pub kind: Kind,
    pub meaning: &'static str,
}

impl Setting {
    /// May it be given as `…_FILE`, the path of a file that holds it?
    pub fn may_be_in_file(&self) -> bool {
        self.kind != Plain
    }
}

const fn setting(name: &'static str, default: Fallback, kind: Kind, meaning: &'static str) -> Setting {
    Setting { name, default, kind, meaning }
}

/// Every setting that exists, in the order in which they are explained.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("BIND", Fallback::Is("127.0.0.1:8080"), Plain, "address and port to listen on"),
    setting("MONITOR_BIND", Fallback::None, Plain, "address and port for health and metrics alone; a worker has no other"),
    setting("METRICS_PUBLIC", Fallback::Is("false"), Plain, "true shows metrics on LEADWRIGHT_BIND too"),
    setting("DATABASE_URL", Fallback::Is("sqlite://data/leadwright.db"), HoldsPassword, "sqlite://… or postgres://…"),
    setting("DATABASE_POOL", Fallback::Is("8"), Plain, "connections per process"),
    setting("CLOCKS_APART_SECONDS", Fallback::Is("5"), Plain, "how far the clocks of processes on one PostgreSQL may differ; lists in the order of change end so long before now"),
    setting("SQLITE_SYNCHRONOUS", Fallback::Is("FULL"), Plain, "FULL (survives power loss), NORMAL or OFF"),
    setting("PUBLIC_URL", Fallback::Follows("http:// and LEADWRIGHT_BIND"), Plain, "where the world reaches us; webhook signatures are built from it"),
    setting("APP_URL", Fallback::Follows("LEADWRIGHT_PUBLIC_URL"), Plain, "where the platform's own frontend is; links in what the platform writes lead there"),
    setting("PASSKEY_DOMAIN", Fallback::Follows("the host of LEADWRIGHT_APP_URL"), Plain, "the domain that passkeys are bound to: that host, or one above it, for frontends on several hosts. With another one, passkeys of before log nobody in: who has nothing else needs a recovery code, or an operator (POST /v1/ops/second-factor-resets)"),
    setting("PASSKEY_ORIGINS", Fallback::None, Plain, "origins within it whose pages may use passkeys besides LEADWRIGHT_APP_URL's, separated by commas; an Android app as android:apk-key-hash:…"),
    setting("SMS_COUNTRIES", Fallback::None, Plain, "where SMS may go besides each tenant's own country: ISO codes separated by commas, such as AE,SG"),
    setting("EMAILS_PER_SECOND", Fallback::Is("10"), Plain, "e-mails to many that leave a second from the platform's sender, all processes together: what your provider takes"),
    setting("SMS_PER_SECOND", Fallback::Is("10"), Plain, "SMS to many that leave a second from the platform's number, all processes together: what your number may send"),
    setting("MASTER_KEY", Fallback::Required("with PostgreSQL; beside an SQLite file it is made, in master.key"), Secret, "base64 of 32 bytes; encrypts secrets at rest and signs tokens; NEW,OLD while it is changed"),
    setting("OPERATOR_KEY", Fallback::None, Secret, "key of the first operator, lw_… of 32 characters or more"),
    setting("RATE_LIMIT", Fallback::Is("on"), Plain, "on or off"),
    setting("REQUESTS_PER_MINUTE", Fallback::Is("1200"), Plain, "of one authenticated caller while the limit is on"),
    setting("MEGABYTES_PER_DAY", Fallback::Is("200"), Plain, "of what one tenant writes while the limit is on"),
    setting("WEBHOOKS_PER_MINUTE", Fallback::Is("3000"), Plain, "that tenants' webhooks bring one destination while the limit is on; the rest waits"),
    setting("SANDBOX", Fallback::Is("false"), Plain, "true mounts the provider twins; at a public https address yes-in-public, or the start is refused"),
    setting("SANDBOX_URL", Fallback::None, Plain, "where `leadwright sandbox` serves the twins, instead of SANDBOX"),
    setting("TRUST_PROXY", Fallback::Is("false"), Plain, "how many proxies of yours a request passes (true: one); that many entries of X-Forwarded-For count, from the right"),
    setting("CORS_ORIGINS", Fallback::None, Plain, "origins separated by commas, or *"),
    setting("PLATFORM_NAME", Fallback::Is("LeadGen Pro"), Plain, "the platform's name in messages"),
    setting("PRIVACY_POLICY_URL", Fallback::None, Plain, "on every lead form that names none of its own"),
    setting("EMAIL_FROM", Fallback::Is("leads@leadwright.example"), Plain, "address that e-mails come from"),
    setting("LOG_FORMAT", Fallback::Is("text"), Plain, "json or text"),
    setting("LOG_REQUESTS", Fallback::Is("all"), Plain, "which requests have a line in the log: all (but probes and scrapes that went well), slow (a second or more, and refused or failed ones) or errors (4xx and 5xx)"),
    setting("OTLP_ENDPOINT", Fallback::None, Plain, "collector for traces over HTTP, such as http://localhost:4318; OTEL_EXPORTER_OTLP_ENDPOINT works too"),
    setting("WORKER_CONCURRENCY", Fallback::Is("32"), Plain, "jobs at once per process"),
    setting("META_APP_SECRET", Fallback::None, Secret, "verifies Meta's webhooks; two during rotation, separated by a comma"),
    setting("META_VERIFY_TOKEN", Fallback::None, Secret, "answers Meta's subscription check"),
    setting("META_ACCESS_TOKEN", Fallback::None, Secret, "fetches leads and controls ad campaigns"),
    setting("META_GRAPH_URL", Fallback::Is("https://graph.facebook.com"), Plain, "Meta's Graph API"),
    setting("META_GRAPH_VERSION", Fallback::Is("v25.0"), Plain, "its version"),
    setting("GOOGLE_ADS_KEY", Fallback::None, Secret, "key of the lead form webhooks in the platform's own ad accounts; several separated by commas"),
    setting("GOOGLE_ADS_BASE_URL", Fallback::Is("https://googleads.googleapis.com"), Plain, "Google's API"),
    setting("GOOGLE_ADS_CUSTOMER_ID", Fallback::None, Plain, "account that owns the ad campaigns, digits"),
    setting("GOOGLE_ADS_LOGIN_CUSTOMER_ID", Fallback::None, Plain, "manager account, digits"),
    setting("GOOGLE_ADS_DEVELOPER_TOKEN", Fallback::None, Secret, "controls ad campaigns"),
    setting("GOOGLE_ADS_ACCESS_TOKEN", Fallback::None, Secret, "controls ad campaigns"),
    setting("TWILIO_ACCOUNT_SID", Fallback::None, Plain, "WhatsApp and SMS"),
    setting("TWILIO_AUTH_TOKEN", Fallback::None, Secret, "WhatsApp and SMS; two during rotation, separated by a comma"),
    setting("TWILIO_BASE_URL", Fallback::Is("https://api.twilio.com"), Plain, "Twilio's API"),
    setting("TWILIO_WHATSAPP_FROM", Fallback::None, Plain, "the platform's WhatsApp number, E.164"),
    setting("TWILIO_SMS_FROM", Fallback::None, Plain, "the platform's SMS number, E.164"),
    setting("TWILIO_TEMPLATES", Fallback::None, Plain, "first_contact=HX…,lead_alert=HX…,account_alert=HX…"),
    setting("SMTP_URL", Fallback::None, Secret, "smtp://user:password@host:587 or smtps://…"),
    setting("RESEND_API_KEY", Fallback::None, Secret, "e-mail by Resend"),
    setting("RESEND_WEBHOOK_SECRET", Fallback::None, Secret, "whsec_…; two during rotation, separated by a comma"),
    setting("RESEND_BASE_URL", Fallback::Is("https://api.resend.com"), Plain, "Resend's API"),
    setting("WEBHOOKS_TO_LOOPBACK", Fallback::Is("false"), Plain, "true lets tenants' webhook endpoints be on this machine, also by http; for development only"),
];

/// The setting of this name, if there is one.
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|known| known.name == name)
}
