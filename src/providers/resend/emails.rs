//! Sending an e-mail through Resend.

use async_trait::async_trait;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, Serialize};
use url::Url;

use super::classify::{PROVIDER, classify};
use crate::base::crypto::Secret;
use crate::base::email;
use crate::providers::http::{self, Clients, Repeat};
use crate::providers::{
    Accepted, DeliveryStatus, EmailSender, ErrorClass, Mailbox, OutgoingEmail, ProviderError, ResendSettings,
};

/// The e-mails resource of one team.
pub struct ResendEmails {
    client: Client,
    emails_url: Url,
    api_key: Secret,
}

#[derive(Serialize)]
struct NewEmail<'a> {
    from: String,
    to: [String; 1],
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    headers: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
struct Tag<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl ResendEmails {
    /// `Ok(None)` without an API key.
    ///
    /// # Errors
    /// A sentence naming the variable whose value is wrong.
    pub(crate) fn from_settings(settings: &ResendSettings, clients: &Clients) -> Result<Option<Self>, String> {
        let base = http::base_url("LEADWRIGHT_RESEND_BASE_URL", &settings.base_url)?;
        let Some(api_key) = settings.api_key.clone().filter(|key| !key.is_empty()) else { return Ok(None) };
        Ok(Some(Self { client: clients.reaching(&base)?, emails_url: http::under(&base, &["emails"]), api_key }))
    }

    /// Everything of that name in the account: `domains` or `webhooks`.
    pub(super) fn list_request(&self, of: &str) -> RequestBuilder {
        let mut url = self.emails_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop().push(of);
        }
        self.client.get(url).bearer_auth(self.api_key.expose())
    }

    fn send_request(&self, email: &OutgoingEmail) -> RequestBuilder {
        let body = NewEmail {
            from: written(&email.from),
            to: [written(&email.to)],
            subject: &email.subject,
            html: email.html.as_deref(),
            text: &email.text,
            reply_to: email.reply_to.as_ref().map(written),
            headers: email.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect(),
            tags: email.tags.iter().map(|(name, value)| Tag { name, value }).collect(),
        };
        self.client
            .post(self.emails_url.clone())
            .bearer_auth(self.api_key.expose())
            .header("idempotency-key", &email.id)
            .json(&body)
    }
}

/// `Acme <hello@example.com>`; names with special characters are quoted, control characters dropped.
fn written(mailbox: &Mailbox) -> String {
    let name = mailbox.name.as_deref().unwrap_or("").replace(|c: char| c.is_control(), " ");
    let name = name.trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '&' | '\'' | '!');
    let address = email::on_the_wire(&mailbox.address);
    if name.is_empty() {
        address.into_owned()
    } else if name.chars().all(plain) {
        format!("{name} <{address}>")
    } else {
        format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[async_trait]
impl EmailSender for ResendEmails {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, email: &OutgoingEmail) -> Result<Accepted, ProviderError> {
        if email.id.is_empty() || email.id.len() > 256 || !email.id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "an idempotency key has 1 to 256 printable characters";
            return Err(ProviderError::new(PROVIDER, ErrorClass::Permanent, "invalid_id", message));
        }
        // The idempotency key makes repeating harmless, so a lost answer is a plain retry.
        let answer = http::exchange(PROVIDER, Repeat::Harmless, self.send_request(email)).await?;
        if !answer.is_success() {
            return Err(classify(&answer));
        }
        let created: Created = answer.json().ok_or_else(|| answer.unreadable(PROVIDER, Repeat::Harmless))?;
        Ok(Accepted { provider_id: created.id, status: DeliveryStatus::Queued })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn sending_is_the_request_the_sdk_makes() {
        let settings = ResendSettings { api_key: Some(Secret::new("re_x")), ..Default::default() };
        let adapter = ResendEmails::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let request = adapter.send_request(&OutgoingEmail {
            id: "outbox-17".into(),
            from: Mailbox::new("Acme", "onboarding@example.com"),
            to: Mailbox::bare("delivered@resend.dev"),
            reply_to: None,
            subject: "hello".into(),
            text: "hi".into(),
            html: Some("<p>hi</p>".into()),
            headers: vec![
                pair("List-Unsubscribe", "<https://app.example.test/u/tok>, <mailto:u@example.com?subject=tok>"),
                pair("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ],
            tags: vec![pair("category", "confirm_email")],
        });
        let request = request.build().unwrap();
        let captured = fixtures::captured("resend", "email_send");
        assert_eq!(request.url().path(), captured["path"].as_str().unwrap());
        for name in ["authorization", "content-type", "idempotency-key"] {
            assert_eq!(request.headers()[name].to_str().unwrap(), captured["headers"][name].as_str().unwrap());
        }
        let body: serde_json::Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
        assert_eq!(body, captured["body"]);
    }

    #[test]
    fn names_cannot_break_out_of_their_mailbox() {
        assert_eq!(written(&Mailbox::new("ABC, \"Real\" Estate", "a@b.in")), "\"ABC, \\\"Real\\\" Estate\" <a@b.in>");
        assert_eq!(written(&Mailbox::new("x\r\nBcc: y", "a@b.in")), "\"x  Bcc: y\" <a@b.in>");
        assert_eq!(written(&Mailbox::bare("a@b.in")), "a@b.in");
    }
}
