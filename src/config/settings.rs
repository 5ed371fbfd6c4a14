//! Every setting there is: its name and its meaning.

/// Every setting that exists, with what it means: the list the file is checked against and `doctor` explains.
pub const SETTINGS: &[(&str, &str)] = &[
    ("BIND", "address and port to listen on, 127.0.0.1:8080"),
    ("MONITOR_BIND", "address and port for health and metrics alone; a worker has no other"),
    ("METRICS_PUBLIC", "true shows metrics on LEADWRIGHT_BIND too"),
    ("DATABASE_URL", "sqlite://data/leadwright.db or postgres://…"),
    ("DATABASE_POOL", "connections per process, 8"),
    ("SQLITE_SYNCHRONOUS", "FULL (survives power loss), NORMAL or OFF"),
    ("PUBLIC_URL", "where the world reaches us; webhook signatures are built from it"),
    ("APP_URL", "where the platform's own frontend is, PUBLIC_URL; links in what the platform writes lead there"),
    (
        "SMS_COUNTRIES",
        "where SMS may go besides each tenant's own country: ISO codes separated by commas, such as AE,SG",
    ),
    ("MASTER_KEY", "base64 of 32 bytes; encrypts secrets at rest and signs tokens; NEW,OLD while it is changed"),
    ("OPERATOR_KEY", "key of the first operator, lw_… of 32 characters or more"),
    ("RATE_LIMIT", "on or off"),
    ("REQUESTS_PER_MINUTE", "of one authenticated caller while the limit is on, 1200"),
    ("MEGABYTES_PER_DAY", "of what one tenant writes while the limit is on, 200"),
    ("WEBHOOKS_PER_MINUTE", "that tenants' webhooks bring one destination while the limit is on, 3000; the rest waits"),
    ("SANDBOX", "true mounts the provider twins"),
    ("SANDBOX_URL", "where `leadwright sandbox` serves the twins, instead of SANDBOX"),
    (
        "TRUST_PROXY",
        "how many proxies of yours a request passes (true: one); that many entries of X-Forwarded-For count, from the right",
    ),
    ("CORS_ORIGINS", "origins separated by commas, or *"),
    ("PLATFORM_NAME", "the platform's name in messages, LeadGen Pro"),
    ("PRIVACY_POLICY_URL", "on every lead form that names none of its own"),
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
    ("GOOGLE_ADS_KEY", "key of the lead form webhooks in the platform's own ad accounts; several separated by commas"),
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

/// Before each name in the environment.
pub(super) const PREFIX: &str = "LEADWRIGHT_";

/// Is there a setting of this name?
pub(super) fn is_known(name: &str) -> bool {
    SETTINGS.iter().any(|(known, _)| *known == name)
}
