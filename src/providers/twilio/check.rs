//! The account, the number we send SMS from, and where Twilio calls us.

use serde_json::Value;

use super::TwilioMessages;
use super::classify::{PROVIDER, classify};
use crate::providers::http::{self, Repeat};
use crate::providers::settings::TwilioSettings;
use crate::providers::{Finding, ProviderError};

const CREDENTIALS: &str = "LEADWRIGHT_TWILIO_ACCOUNT_SID and LEADWRIGHT_TWILIO_AUTH_TOKEN";

impl TwilioMessages {
    pub(crate) async fn check(&self, public_url: &str, settings: &TwilioSettings) -> Vec<Finding> {
        if settings.auth_tokens.is_empty() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        match self.ask(&[], &[]).await {
            Ok(account) if account["status"] == "active" => {
                findings.push(Finding::ok("twilio: account", "the credentials are accepted, the account is active"));
            }
            Ok(account) => findings.push(Finding::failed(
                "twilio: account",
                format!("the account is {}", account["status"].as_str().unwrap_or("in an unknown state")),
                "Twilio sends nothing for it; look at its console.",
            )),
            Err(error) => return vec![Finding::refused("twilio: account", CREDENTIALS, &error)],
        }
        if let Some(number) = &settings.sms_from {
            findings.push(self.number(number, public_url).await);
        }
        if let Some(number) = &settings.whatsapp_from {
            // The API that lists numbers does not know WhatsApp senders.
            let detail = format!(
                "cannot be looked up: the sender {number} must have {public_url}/v1/webhooks/twilio/messages as its webhook \
                 for incoming messages in Twilio's console"
            );
            findings.push(Finding::ok("twilio: whatsapp sender", detail));
        }
        findings.push(self.callbacks());
        findings
    }

    async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ProviderError> {
        let answer = http::exchange(PROVIDER, Repeat::Harmless, self.account_request(path, query)).await?;
        if !answer.is_success() {
            return Err(classify(&answer));
        }
        answer.json().ok_or_else(|| answer.unreadable(PROVIDER, Repeat::Harmless))
    }

    async fn number(&self, number: &str, public_url: &str) -> Finding {
        const NAME: &str = "twilio: sms number";
        let address = format!("{public_url}/v1/webhooks/twilio/messages");
        let body = match self.ask(&["IncomingPhoneNumbers.json"], &[("PhoneNumber", number)]).await {
            Ok(body) => body,
            Err(error) => return Finding::refused(NAME, CREDENTIALS, &error),
        };
        let Some(found) = body["incoming_phone_numbers"].get(0) else {
            return Finding::failed(
                NAME,
                "the account does not own the number in LEADWRIGHT_TWILIO_SMS_FROM",
                "Buy it in this account, or set the number that it has.",
            );
        };
        let url = found["sms_url"].as_str().unwrap_or_default();
        // A messaging service answers for its numbers; its address is not visible here.
        if url == address {
            Finding::ok(NAME, format!("people's answers arrive at {address}"))
        } else {
            Finding::warning(
                NAME,
                format!("the number's messages go to {:?}", if url.is_empty() { "nowhere" } else { url }),
                format!("Unless a messaging service does it, set \"A message comes in\" to {address}."),
            )
        }
    }

    /// Twilio takes any address and then calls nobody: a status that never comes is noticed late.
    fn callbacks(&self) -> Finding {
        const NAME: &str = "twilio: status callbacks";
        match self.status_callback() {
            Some(url) if url.scheme() == "https" => Finding::ok(NAME, format!("are asked for at {url}")),
            Some(url) if self.is_local() => Finding::ok(NAME, format!("are asked for at {url}, of the twin")),
            Some(url) => Finding::warning(
                NAME,
                format!("are asked for at {url}"),
                "Set LEADWRIGHT_PUBLIC_URL to an https address that Twilio reaches.",
            ),
            None => Finding::failed(NAME, "are not asked for", "Set LEADWRIGHT_PUBLIC_URL."),
        }
    }
}
