//! What people attached to their messages. Twilio keeps it behind the account's credentials and answers with a redirect to
//! where it lies, which is followed without them, to hosts that are Twilio's, and no further.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::classify::PROVIDER;
use super::messages::TwilioMessages;
use crate::providers::http::describe;
use crate::providers::{ErrorClass, MediaBody, MediaFetcher, ProviderError};

/// WhatsApp takes files of up to 16 MB, and documents of up to 100 MB that Twilio does not pass on
/// (<https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages>).
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// The whole of it, also for a slow reader.
const LIMIT: Duration = Duration::from_secs(120);
const MOST_REDIRECTS: usize = 4;

impl TwilioMessages {
    /// Below our account: what credentials may be shown to.
    fn is_ours(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_twilio = !self.is_local() && url.scheme() == "https" && is_below(host, "twilio.com");
        let account = format!("/2010-04-01/Accounts/{}/", self.account_sid);
        let is_configured = url.origin() == self.base.origin();
        (is_configured || is_twilio) && url.path().contains(&account) && url.username().is_empty()
    }

    /// Where Twilio keeps media (<https://www.twilio.com/docs/messaging/api/media-resource>); for a twin its own address.
    fn may_be_kept_at(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_known = ["twilio.com", "twiliocdn.com", "amazonaws.com"].iter().any(|domain| is_below(host, domain));
        url.origin() == self.base.origin() || (url.scheme() == "https" && is_known)
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn refused(code: &str, message: impl Into<String>) -> ProviderError {
    ProviderError::new(PROVIDER, ErrorClass::Permanent, code, message)
}

#[async_trait]
impl MediaFetcher for TwilioMessages {
    async fn fetch_media(&self, url: &str) -> Result<MediaBody, ProviderError> {
        let mut url = Url::parse(url).map_err(|_| refused("not_an_address", "the stored address is none"))?;
        if !self.is_ours(&url) {
            return Err(refused("foreign_address", "the stored address is not of this account"));
        }
        for hop in 0..=MOST_REDIRECTS {
            let request = self.client.get(url.clone()).timeout(LIMIT);
            let request = if hop == 0 { self.authorized(request) } else { request };
            let lost = |error: reqwest::Error| {
                ProviderError::new(PROVIDER, ErrorClass::Retry, "connection_lost", describe(&error.without_url()))
            };
            let response = request.send().await.map_err(lost)?;
            let status = response.status();
            if status.is_redirection() {
                let next = response.headers().get("location").and_then(|value| value.to_str().ok());
                url =
                    next.and_then(|next| url.join(next).ok()).ok_or_else(|| refused("redirect", "it leads nowhere"))?;
                if !self.may_be_kept_at(&url) {
                    return Err(refused("redirect", "it leads to a host that is not Twilio's"));
                }
                continue;
            }
            return match status.as_u16() {
                200 => MediaBody::of(PROVIDER, response, MOST_BYTES),
                404 | 410 => Err(refused("gone", "Twilio does not have it any more")),
                401 | 403 if hop == 0 => Err(ProviderError::new(
                    PROVIDER,
                    ErrorClass::Auth,
                    "unauthorized",
                    "Twilio refuses our credentials",
                )),
                other => Err(ProviderError::new(PROVIDER, ErrorClass::Retry, other.to_string(), "it was not answered")),
            };
        }
        Err(refused("redirect", "it leads on and on"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;
    use crate::providers::{TwilioSettings, fixtures};

    fn adapter(base_url: Option<&str>) -> TwilioMessages {
        let mut settings = TwilioSettings {
            account_sid: Some("AC1".into()),
            auth_tokens: vec![Secret::new("tok")],
            ..Default::default()
        };
        settings.base_url = base_url.map_or(settings.base_url, Into::into);
        TwilioMessages::from_settings(&settings, &fixtures::clients()).unwrap().unwrap()
    }

    #[test]
    fn credentials_go_to_our_account_at_twilio_and_nowhere_else() {
        let url = |text: &str| Url::parse(text).unwrap();
        let real = adapter(None);
        let twin = adapter(Some("http://127.0.0.1:8080/sandbox/twilio"));
        let media = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1";
        assert!(real.is_ours(&url(media)) && !twin.is_ours(&url(media)));
        assert!(
            twin.is_ours(&url("http://127.0.0.1:8080/sandbox/twilio/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"))
        );
        for bad in [
            "http://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
            "https://api.twilio.com.evil.example/2010-04-01/Accounts/AC1/Media/ME1",
            "https://eviltwilio.com/2010-04-01/Accounts/AC1/Media/ME1",
            "https://u@api.twilio.com/2010-04-01/Accounts/AC1/Media/ME1",
            "https://api.twilio.com/2010-04-01/Accounts/AC2/Messages/MM1/Media/ME1",
            "https://169.254.169.254/2010-04-01/Accounts/AC1/Media/ME1",
        ] {
            assert!(!real.is_ours(&url(bad)), "{bad}");
        }
        assert!(real.may_be_kept_at(&url("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x")));
        assert!(real.may_be_kept_at(&url("https://mms.twiliocdn.com/AC1/x")));
        assert!(!real.may_be_kept_at(&url("http://mms.twiliocdn.com/AC1/x")));
        assert!(!real.may_be_kept_at(&url("https://evil.example/twiliocdn.com")));
        assert!(!real.may_be_kept_at(&url("https://10.0.0.1/x")));
    }
}
