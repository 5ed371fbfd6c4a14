//! What the twins expect from our side: fixed and public, since they guard nothing.

use std::collections::BTreeMap;

use crate::base::crypto::Secret;
use crate::providers::{GoogleAdsSettings, MetaSettings, ProviderSettings, ResendSettings, TwilioSettings};

/// One set for all twins. [`Default`] is the well-known one.
#[derive(Debug, Clone)]
pub struct SandboxCredentials {
    pub meta_app_secret: Secret,
    pub meta_verify_token: Secret,
    pub meta_access_token: Secret,
    pub google_key: Secret,
    pub google_customer_id: String,
    pub google_login_customer_id: String,
    pub google_developer_token: Secret,
    pub google_access_token: Secret,
    pub twilio_account_sid: String,
    pub twilio_auth_token: Secret,
    /// Numbers that may send, in E.164.
    pub whatsapp_from: String,
    pub sms_from: String,
    /// Approved templates: our code → its ContentSid and text with `{{1}}`, `{{2}}` …
    pub templates: BTreeMap<String, SandboxTemplate>,
    pub resend_api_key: Secret,
    pub resend_webhook_secret: Secret,
}

#[derive(Debug, Clone)]
pub struct SandboxTemplate {
    pub content_sid: String,
    pub body: String,
}

impl Default for SandboxCredentials {
    fn default() -> Self {
        let template = |code: &str, sid: &str, body: &str| {
            (code.to_string(), SandboxTemplate { content_sid: sid.into(), body: body.into() })
        };
        Self {
            meta_app_secret: Secret::new("sandbox-meta-app-secret"),
            meta_verify_token: Secret::new("sandbox-meta-verify-token"),
            meta_access_token: Secret::new("sandbox-meta-access-token"),
            google_key: Secret::new("sandbox-google-key"),
            google_customer_id: "1234567890".into(),
            google_login_customer_id: "9876543210".into(),
            google_developer_token: Secret::new("sandbox-developer-token"),
            google_access_token: Secret::new("sandbox-google-access-token"),
            twilio_account_sid: "AC00000000000000000000000000000001".into(),
            twilio_auth_token: Secret::new("sandbox-twilio-auth-token"),
            whatsapp_from: "+14155238886".into(),
            sms_from: "+14155550100".into(),
            templates: [
                // 1: the person's name, 2: the message, 3: who it is from ("ABC Real Estate via …").
                template("first_contact", "HX00000000000000000000000000000001", "Hi {{1}}! {{2}}\n\n{{3}}"),
                // 1: the business, 2: who and what, 3: why it is a good lead, 4: the deep link.
                template(
                    "lead_alert",
                    "HX00000000000000000000000000000002",
                    "New lead for {{1}}: {{2}}\n\n{{3}}\n\nContact within 1 hour: {{4}}",
                ),
            ]
            .into(),
            resend_api_key: Secret::new("re_sandbox"),
            // base64 of "leadwright-sandbox-webhooks"
            resend_webhook_secret: Secret::new("whsec_bGVhZHdyaWdodC1zYW5kYm94LXdlYmhvb2tz"),
        }
    }
}

impl SandboxCredentials {
    /// Settings with these credentials for twins served by `base`, which is also where status callbacks go.
    pub fn provider_settings(&self, base: &str) -> ProviderSettings {
        let base = base.trim_end_matches('/');
        let templates = self.templates.iter().map(|(code, template)| (code.clone(), template.content_sid.clone()));
        ProviderSettings {
            meta: MetaSettings {
                graph_url: format!("{base}/sandbox/meta"),
                access_token: Some(self.meta_access_token.clone()),
                app_secrets: vec![self.meta_app_secret.clone()],
                verify_token: Some(self.meta_verify_token.clone()),
                sandbox: true,
                ..Default::default()
            },
            google_ads: GoogleAdsSettings {
                base_url: format!("{base}/sandbox/google-ads"),
                customer_id: Some(self.google_customer_id.clone()),
                login_customer_id: Some(self.google_login_customer_id.clone()),
                developer_token: Some(self.google_developer_token.clone()),
                access_token: Some(self.google_access_token.clone()),
                webhook_keys: vec![self.google_key.clone()],
                sandbox: true,
                ..Default::default()
            },
            twilio: TwilioSettings {
                base_url: format!("{base}/sandbox/twilio"),
                account_sid: Some(self.twilio_account_sid.clone()),
                auth_tokens: vec![self.twilio_auth_token.clone()],
                whatsapp_from: Some(self.whatsapp_from.clone()),
                sms_from: Some(self.sms_from.clone()),
                status_callback_url: Some(format!("{base}/v1/webhooks/twilio/status")),
                templates: templates.collect(),
                sandbox: true,
            },
            resend: ResendSettings {
                base_url: format!("{base}/sandbox/resend"),
                api_key: Some(self.resend_api_key.clone()),
                webhook_secrets: vec![self.resend_webhook_secret.clone()],
                sandbox: true,
            },
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::phone::Phone;

    #[test]
    fn the_well_known_numbers_are_real_phone_numbers() {
        let known = SandboxCredentials::default();
        for number in [known.whatsapp_from, known.sms_from] {
            assert_eq!(Phone::parse(&number, None).unwrap().as_str(), number);
        }
    }

    #[test]
    fn every_adapter_is_connected_to_its_twin() {
        let providers =
            crate::providers::Providers::new(SandboxCredentials::default().provider_settings("http://x")).unwrap();
        let connections = providers.connections();
        let sandbox = |c: &crate::providers::Connection| c.state == crate::providers::ConnectionState::Sandbox;
        assert!(connections.iter().all(sandbox), "{connections:#?}");
    }
}
