//! Which capability is served by which adapter, and what is missing for the others.

use std::sync::Arc;

use super::google_ads::GoogleAdsApi;
use super::http::Clients;
use super::meta::GraphApi;
use super::outside::Outside;
use super::overheard::Overheard;
use super::resend::ResendEmails;
use super::smtp::SmtpEmails;
use super::twilio::TwilioMessages;
use super::{
    AdPlatform, BudgetControl, CampaignControl, EmailSender, LeadFetcher, MediaFetcher, ProviderSettings, TextChannel,
    TextSender,
};

/// The connected adapters. Cheap to clone.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    settings: ProviderSettings,
    meta: Option<GraphApi>,
    google_ads: Option<GoogleAdsApi>,
    twilio: Option<TwilioMessages>,
    resend: Option<ResendEmails>,
    smtp: Option<SmtpEmails>,
    overheard: Option<Overheard>,
    outside: Outside,
}

crate::text_enum! {
    /// Whether a provider can be used.
    pub enum ConnectionState {
        Connected = "connected",
        /// A built-in twin stands in.
        Sandbox = "sandbox",
        NotConnected = "not_connected",
    }
}

/// One line of "what is connected".
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Connection {
    /// `meta`, `google_ads`, `whatsapp`, `sms` or `email`.
    pub name: &'static str,
    pub state: ConnectionState,
    /// A sentence: what works, or what is missing and which variable sets it.
    pub detail: String,
}

impl Providers {
    /// Builds every adapter that has its credentials.
    ///
    /// # Errors
    /// A sentence naming the `LEADWRIGHT_*` variable whose value cannot be used.
    pub fn new(settings: ProviderSettings) -> Result<Self, String> {
        let clients = Clients::new(settings.timeout);
        Ok(Self(Arc::new(Inner {
            meta: GraphApi::from_settings(&settings.meta, &clients)?,
            google_ads: GoogleAdsApi::from_settings(&settings.google_ads, &clients)?,
            twilio: TwilioMessages::from_settings(&settings.twilio, &clients)?,
            resend: ResendEmails::from_settings(&settings.resend, &clients)?,
            smtp: SmtpEmails::from_settings(&settings.smtp, settings.timeout)?,
            overheard: SmtpEmails::from_settings(&settings.smtp, settings.timeout)?
                .zip(settings.mailboxes.clone())
                .map(|(emails, ear)| Overheard { emails, ear }),
            outside: Outside::new(settings.outside.clone())?,
            settings,
        })))
    }

    /// The settings in force: webhook secrets, keys and tokens are read from here.
    pub fn settings(&self) -> &ProviderSettings {
        &self.0.settings
    }

    #[allow(clippy::type_complexity)] // five options, read at once
    pub(super) fn adapters(
        &self,
    ) -> (Option<&GraphApi>, Option<&GoogleAdsApi>, Option<&TwilioMessages>, Option<&ResendEmails>, Option<&SmtpEmails>)
    {
        let inner = &self.0;
        (
            inner.meta.as_ref(),
            inner.google_ads.as_ref(),
            inner.twilio.as_ref(),
            inner.resend.as_ref(),
            inner.smtp.as_ref(),
        )
    }

    /// For addresses that tenants give us.
    pub fn outside(&self) -> &Outside {
        &self.0.outside
    }

    pub fn whatsapp(&self) -> Option<&dyn TextSender> {
        self.0.twilio.as_ref().map(|twilio| twilio as &dyn TextSender)
    }

    pub fn sms(&self) -> Option<&dyn TextSender> {
        self.0.twilio.as_ref().map(|twilio| twilio as &dyn TextSender)
    }

    pub fn text(&self, channel: TextChannel) -> Option<&dyn TextSender> {
        match channel {
            TextChannel::Whatsapp => self.whatsapp(),
            TextChannel::Sms => self.sms(),
        }
    }

    /// The platform's own number on a channel, in E.164 even when it was configured as `whatsapp:+…`.
    pub fn platform_number(&self, channel: TextChannel) -> Option<&str> {
        let twilio = &self.0.settings.twilio;
        let number = match channel {
            TextChannel::Whatsapp => twilio.whatsapp_from.as_deref(),
            TextChannel::Sms => twilio.sms_from.as_deref(),
        };
        number.map(|number| number.trim_start_matches("whatsapp:"))
    }

    /// What people attached to their messages.
    pub fn media(&self) -> Option<&dyn MediaFetcher> {
        self.0.twilio.as_ref().map(|twilio| twilio as &dyn MediaFetcher)
    }

    /// SMTP when configured, else Resend.
    pub fn email(&self) -> Option<&dyn EmailSender> {
        let overheard = self.0.overheard.as_ref().map(|smtp| smtp as &dyn EmailSender);
        let smtp = overheard.or(self.0.smtp.as_ref().map(|smtp| smtp as &dyn EmailSender));
        smtp.or(self.0.resend.as_ref().map(|resend| resend as &dyn EmailSender))
    }

    pub fn meta_leads(&self) -> Option<&dyn LeadFetcher> {
        self.0.meta.as_ref().map(|meta| meta as &dyn LeadFetcher)
    }

    pub fn campaign_control(&self, platform: AdPlatform) -> Option<&dyn CampaignControl> {
        match platform {
            AdPlatform::Meta => self.0.meta.as_ref().map(|meta| meta as &dyn CampaignControl),
            AdPlatform::Google => self.0.google_ads.as_ref().map(|google| google as &dyn CampaignControl),
        }
    }

    pub fn budget_control(&self, platform: AdPlatform) -> Option<&dyn BudgetControl> {
        match platform {
            AdPlatform::Meta => self.0.meta.as_ref().map(|meta| meta as &dyn BudgetControl),
            // A budget there is an object of its own, shared between campaigns, that has to be looked up first.
            AdPlatform::Google => None,
        }
    }

    /// What is connected, in the order of the story: leads in, messages out.
    pub fn connections(&self) -> Vec<Connection> {
        let settings = &self.0.settings;
        let (meta, google, twilio) = (&settings.meta, &settings.google_ads, &settings.twilio);
        let email_ok = self.email().is_some();
        let number = |name, from: &Option<String>, variable, works| {
            line(
                name,
                twilio.sandbox,
                &[
                    (twilio.account_sid.is_some(), "LEADWRIGHT_TWILIO_ACCOUNT_SID", "Twilio is not reached"),
                    (!twilio.auth_tokens.is_empty(), "LEADWRIGHT_TWILIO_AUTH_TOKEN", "Twilio's webhooks are refused"),
                    (from.is_some(), variable, "there is no number to send from"),
                ],
                works,
            )
        };
        vec![
            line(
                "meta",
                meta.sandbox,
                &[
                    (
                        meta.access_token.is_some(),
                        "LEADWRIGHT_META_ACCESS_TOKEN",
                        "leads cannot be fetched nor ad campaigns paused",
                    ),
                    (!meta.app_secrets.is_empty(), "LEADWRIGHT_META_APP_SECRET", "lead webhooks are refused"),
                    (meta.verify_token.is_some(), "LEADWRIGHT_META_VERIFY_TOKEN", "Meta cannot subscribe its webhook"),
                ],
                "lead webhooks are verified, leads fetched and ad campaigns paused",
            ),
            line(
                "google_ads",
                google.sandbox,
                &[
                    (!google.webhook_keys.is_empty(), "LEADWRIGHT_GOOGLE_ADS_KEY", "lead form webhooks are refused"),
                    (
                        google.customer_id.is_some(),
                        "LEADWRIGHT_GOOGLE_ADS_CUSTOMER_ID",
                        "ad campaigns cannot be paused",
                    ),
                    (
                        google.developer_token.is_some(),
                        "LEADWRIGHT_GOOGLE_ADS_DEVELOPER_TOKEN",
                        "ad campaigns cannot be paused",
                    ),
                    (
                        google.access_token.is_some(),
                        "LEADWRIGHT_GOOGLE_ADS_ACCESS_TOKEN",
                        "ad campaigns cannot be paused",
                    ),
                ],
                "lead form webhooks are verified and ad campaigns paused",
            ),
            number(
                "whatsapp",
                &twilio.whatsapp_from,
                "LEADWRIGHT_TWILIO_WHATSAPP_FROM",
                "WhatsApp messages travel through Twilio",
            ),
            number("sms", &twilio.sms_from, "LEADWRIGHT_TWILIO_SMS_FROM", "SMS travel through Twilio"),
            line(
                "email",
                settings.resend.sandbox && self.0.smtp.is_none(),
                &[(email_ok, "LEADWRIGHT_SMTP_URL or LEADWRIGHT_RESEND_API_KEY", "no e-mail can be sent")],
                match (self.0.smtp.is_some(), settings.resend.webhook_secrets.is_empty()) {
                    (true, _) => "e-mail travels by SMTP",
                    (false, false) => "e-mail travels through Resend",
                    (false, true) => {
                        "e-mail travels through Resend; bounces are not learned until LEADWRIGHT_RESEND_WEBHOOK_SECRET is set"
                    }
                },
            ),
        ]
    }
}

/// Connected when everything is there; otherwise one sentence per consequence, with the variables that would lift it.
fn line(name: &'static str, sandbox: bool, needs: &[(bool, &str, &str)], works: &str) -> Connection {
    let mut missing: Vec<(&str, Vec<&str>)> = Vec::new();
    for (_, variable, consequence) in needs.iter().filter(|(present, ..)| !present) {
        match missing.iter_mut().find(|(known, _)| known == consequence) {
            Some((_, variables)) => variables.push(variable),
            None => missing.push((consequence, vec![variable])),
        }
    }
    let state = match (missing.is_empty(), sandbox) {
        (true, true) => ConnectionState::Sandbox,
        (true, false) => ConnectionState::Connected,
        (false, _) => ConnectionState::NotConnected,
    };
    let detail = if missing.is_empty() {
        if sandbox { format!("{works}, to a built-in twin") } else { works.to_string() }
    } else {
        let sentences = missing.iter().map(|(consequence, names)| format!("{consequence}: set {}", names.join(", ")));
        sentences.collect::<Vec<_>>().join("; ")
    };
    Connection { name, state, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;

    #[test]
    fn nothing_configured_connects_nothing_and_says_what_to_set() {
        let providers = Providers::new(ProviderSettings::default()).unwrap();
        assert!(providers.whatsapp().is_none() && providers.sms().is_none() && providers.email().is_none());
        assert!(providers.meta_leads().is_none());
        assert!(AdPlatform::ALL.iter().all(|platform| providers.campaign_control(*platform).is_none()));
        let connections = providers.connections();
        assert!(connections.iter().all(|c| c.state == ConnectionState::NotConnected), "{connections:#?}");
        let all: String = connections.iter().map(|connection| connection.detail.as_str()).collect();
        for variable in [
            "LEADWRIGHT_META_ACCESS_TOKEN",
            "LEADWRIGHT_META_APP_SECRET",
            "LEADWRIGHT_GOOGLE_ADS_KEY",
            "LEADWRIGHT_TWILIO_ACCOUNT_SID",
            "LEADWRIGHT_TWILIO_WHATSAPP_FROM",
            "LEADWRIGHT_TWILIO_SMS_FROM",
            "LEADWRIGHT_SMTP_URL",
        ] {
            assert!(all.contains(variable), "{variable}");
        }
    }

    #[test]
    fn smtp_is_preferred_and_half_a_connection_says_its_consequence() {
        let mut settings = ProviderSettings::default();
        settings.resend.api_key = Some(Secret::new("re_x"));
        settings.meta.access_token = Some(Secret::new("t"));
        let providers = Providers::new(settings.clone()).unwrap();
        assert_eq!(providers.email().unwrap().provider(), "resend");
        let meta = &providers.connections()[0];
        assert_eq!(meta.state, ConnectionState::NotConnected);
        assert!(
            meta.detail.starts_with("lead webhooks are refused: set LEADWRIGHT_META_APP_SECRET"),
            "{}",
            meta.detail
        );
        settings.smtp.url = Some(Secret::new("smtp://localhost:1025"));
        assert_eq!(Providers::new(settings).unwrap().email().unwrap().provider(), "smtp");
    }

    #[test]
    fn a_bad_address_is_refused_with_its_variable() {
        let mut settings = ProviderSettings::default();
        settings.twilio.base_url = "api.twilio.com".into();
        assert!(Providers::new(settings).err().unwrap().starts_with("LEADWRIGHT_TWILIO_BASE_URL"));
    }
}
