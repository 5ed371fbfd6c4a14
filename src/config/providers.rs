//! What is said about the providers.

use super::reader::Reader;
use crate::providers::ProviderSettings;

pub(super) fn providers(r: &mut Reader<'_>) -> ProviderSettings {
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
    let per_minute = r.number("WEBHOOKS_PER_MINUTE", 3000, 1..=1_000_000);
    p.outside.per_minute = r.flag("RATE_LIMIT", true).then_some(per_minute);
    p
}
