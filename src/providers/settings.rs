//! What each adapter needs to know. Everything is optional: an absent credential means "not connected", which
//! [`Providers::connections`](super::Providers::connections) says in plain words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::outside::OutsideSettings;
use crate::base::crypto::Secret;

/// All providers' settings. [`Default`] is every provider's real address and no credential.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Limit of one whole exchange; connecting alone may take 5 s of it.
    pub timeout: Duration,
    pub meta: MetaSettings,
    pub google_ads: GoogleAdsSettings,
    pub twilio: TwilioSettings,
    pub resend: ResendSettings,
    pub smtp: SmtpSettings,
    /// The twins of the mailboxes, in a sandbox with a real mail server.
    pub mailboxes: Option<Ear>,
    /// How addresses that tenants give us are called.
    pub outside: OutsideSettings,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            meta: MetaSettings::default(),
            google_ads: GoogleAdsSettings::default(),
            twilio: TwilioSettings::default(),
            resend: ResendSettings::default(),
            smtp: SmtpSettings::default(),
            mailboxes: None,
            outside: OutsideSettings::default(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct MetaSettings {
    /// Graph API, without the version (a trailing `/vNN.N` is understood and wins over `version`).
    pub graph_url: String,
    pub version: String,
    /// A page or system-user token with leads_retrieval and ads_management.
    pub access_token: Option<Secret>,
    /// The current app secret first; a second one during rotation. The first also makes `appsecret_proof`.
    pub app_secrets: Vec<Secret>,
    pub verify_token: Option<Secret>,
    /// True when these settings point at a twin.
    pub sandbox: bool,
}

impl Default for MetaSettings {
    fn default() -> Self {
        Self {
            graph_url: "https://graph.facebook.com".into(),
            version: "v25.0".into(),
            access_token: None,
            app_secrets: Vec::new(),
            verify_token: None,
            sandbox: false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct GoogleAdsSettings {
    /// REST endpoint, without the version.
    pub base_url: String,
    pub version: String,
    /// The account that owns the ad campaigns, digits only.
    pub customer_id: Option<String>,
    /// The manager account, digits only, when access goes through one.
    pub login_customer_id: Option<String>,
    pub developer_token: Option<Secret>,
    pub access_token: Option<Secret>,
    /// Keys that lead form webhooks may carry.
    pub webhook_keys: Vec<Secret>,
    pub sandbox: bool,
}

impl Default for GoogleAdsSettings {
    fn default() -> Self {
        Self {
            base_url: "https://googleads.googleapis.com".into(),
            version: "v24".into(),
            customer_id: None,
            login_customer_id: None,
            developer_token: None,
            access_token: None,
            webhook_keys: Vec::new(),
            sandbox: false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct TwilioSettings {
    pub base_url: String,
    pub account_sid: Option<String>,
    /// The current auth token first (it signs our requests); a second one during rotation.
    pub auth_tokens: Vec<Secret>,
    /// The platform's WhatsApp number in E.164.
    pub whatsapp_from: Option<String>,
    /// The platform's SMS number in E.164.
    pub sms_from: Option<String>,
    /// Where status callbacks go: our public URL + `/v1/webhooks/twilio/status`. Without it no delivery is ever learned.
    pub status_callback_url: Option<String>,
    /// Our template code (`first_contact`, `lead_alert`) → ContentSid (`HX…`).
    pub templates: BTreeMap<String, String>,
    pub sandbox: bool,
}

impl Default for TwilioSettings {
    fn default() -> Self {
        Self {
            base_url: "https://api.twilio.com".into(),
            account_sid: None,
            auth_tokens: Vec::new(),
            whatsapp_from: None,
            sms_from: None,
            status_callback_url: None,
            templates: BTreeMap::new(),
            sandbox: false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct ResendSettings {
    pub base_url: String,
    pub api_key: Option<Secret>,
    pub webhook_secrets: Vec<Secret>,
    pub sandbox: bool,
}

impl Default for ResendSettings {
    fn default() -> Self {
        Self { base_url: "https://api.resend.com".into(), api_key: None, webhook_secrets: Vec::new(), sandbox: false }
    }
}

#[derive(Debug, Clone, Default)]
pub struct SmtpSettings {
    /// `smtp://user:password@host:587` or `smtps://user:password@host`. It carries a password, hence a secret.
    pub url: Option<Secret>,
}

impl ProviderSettings {
    /// Fills every adapter that has no credential from `twins` and leaves connected ones alone. A webhook secret that was
    /// configured stays valid beside the twin's, so both senders are believed.
    pub fn or_twins(mut self, twins: ProviderSettings) -> Self {
        if self.meta.access_token.is_none() {
            let own = std::mem::replace(&mut self.meta, twins.meta);
            self.meta.app_secrets.extend(own.app_secrets);
            self.meta.verify_token = own.verify_token.or(self.meta.verify_token.take());
        }
        let google = &self.google_ads;
        if google.access_token.is_none() && google.developer_token.is_none() {
            let own = std::mem::replace(&mut self.google_ads, twins.google_ads);
            self.google_ads.webhook_keys.extend(own.webhook_keys);
        }
        let twilio = &self.twilio;
        if twilio.account_sid.is_none() || twilio.auth_tokens.is_empty() {
            let own = std::mem::replace(&mut self.twilio, twins.twilio);
            self.twilio.auth_tokens.extend(own.auth_tokens);
            self.twilio.status_callback_url = own.status_callback_url.or(self.twilio.status_callback_url.take());
        }
        if self.resend.api_key.is_none() {
            let own = std::mem::replace(&mut self.resend, twins.resend);
            self.resend.webhook_secrets.extend(own.webhook_secrets);
        }
        self
    }
}

/// Told the text of every e-mail that left.
#[derive(Clone)]
pub struct Ear(Arc<dyn Fn(&str) + Send + Sync>);

impl Ear {
    pub fn new(hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(super) fn hear(&self, text: &str) {
        (self.0)(text);
    }
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ear")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_stand_in_only_for_what_has_no_credential() {
        let mut real = ProviderSettings::default();
        real.meta.app_secrets = vec![Secret::new("real-app-secret")];
        real.resend.api_key = Some(Secret::new("re_real"));
        let mut twins = ProviderSettings::default();
        twins.meta.graph_url = "http://127.0.0.1/sandbox/meta".into();
        twins.meta.access_token = Some(Secret::new("twin"));
        twins.meta.app_secrets = vec![Secret::new("twin-app-secret")];
        twins.resend.base_url = "http://127.0.0.1/sandbox/resend".into();

        let settings = real.or_twins(twins);
        assert_eq!(settings.meta.graph_url, "http://127.0.0.1/sandbox/meta");
        let secrets: Vec<_> = settings.meta.app_secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["twin-app-secret", "real-app-secret"], "the first one makes the proof the twin checks");
        assert_eq!(settings.resend.base_url, "https://api.resend.com");
    }
}
