//! Sending a message, and finding one whose answer was lost.

use std::collections::BTreeMap;

use async_trait::async_trait;
use reqwest::{Client, RequestBuilder};
use url::Url;

use super::address::address;
use super::classify::{PROVIDER, classify};
use super::wire::{Message, MessagePage, delivery_status};
use crate::base::crypto::Secret;
use crate::base::time::Timestamp;
use crate::providers::http::{self, Answer, Clients, Repeat};
use crate::providers::{
    Accepted, DeliveryStatus, ErrorClass, OutgoingText, ProviderError, SentQuery, TextContent, TextSender,
    TwilioSettings,
};

/// How many pages of 50 a search reads back; a person gets far fewer messages between an attempt and its retry.
const SEARCH_PAGES: usize = 4;

/// The Messages resource of one account.
pub struct TwilioMessages {
    pub(super) client: Client,
    pub(super) base: Url,
    messages_url: Url,
    pub(super) account_sid: String,
    auth_token: Secret,
    status_callback: Option<Url>,
    templates: BTreeMap<String, String>,
}

impl TwilioMessages {
    /// `Ok(None)` without account and token.
    ///
    /// # Errors
    /// A sentence naming the variable whose value is wrong.
    pub(crate) fn from_settings(settings: &TwilioSettings, clients: &Clients) -> Result<Option<Self>, String> {
        let base = http::base_url("LEADWRIGHT_TWILIO_BASE_URL", &settings.base_url)?;
        let callback = settings.status_callback_url.as_deref();
        let status_callback = callback
            .map(|url| Url::parse(url).map_err(|error| format!("LEADWRIGHT_PUBLIC_URL: {error}")))
            .transpose()?;
        let (Some(account_sid), Some(auth_token)) =
            (settings.account_sid.clone(), settings.auth_tokens.first().cloned())
        else {
            return Ok(None);
        };
        let messages_url = http::under(&base, &["2010-04-01", "Accounts", &account_sid, "Messages.json"]);
        Ok(Some(Self {
            client: clients.reaching(&base)?,
            base,
            messages_url,
            account_sid,
            auth_token,
            status_callback,
            templates: settings.templates.clone(),
        }))
    }

    fn send_request(&self, message: &OutgoingText) -> Result<RequestBuilder, ProviderError> {
        let mut form =
            vec![("To", address(message.channel, &message.to)), ("From", address(message.channel, &message.from))];
        match &message.content {
            TextContent::Body(body) => form.push(("Body", body.clone())),
            TextContent::Template { code, variables, .. } => {
                form.push(("ContentSid", self.content_sid(code)?));
                if !variables.is_empty() {
                    form.push(("ContentVariables", serde_json::json!(variables).to_string()));
                }
            }
        }
        if let Some(url) = &self.status_callback {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("message_id", &message.id);
            if let Some(tenant) = &message.tenant_id {
                url.query_pairs_mut().append_pair("tenant_id", tenant);
            }
            form.push(("StatusCallback", url.into()));
        }
        Ok(self.authorized(self.client.post(self.messages_url.clone())).form(&form))
    }

    fn content_sid(&self, code: &str) -> Result<String, ProviderError> {
        if code.starts_with("HX") {
            return Ok(code.into());
        }
        self.templates.get(code).cloned().ok_or_else(|| {
            let message = format!("no ContentSid is configured for the template {code:?}");
            ProviderError::new(PROVIDER, ErrorClass::Config, "template_not_configured", message)
        })
    }

    /// A read below the account: `[]` is the account itself.
    pub(super) fn account_request(&self, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut segments = vec!["2010-04-01", "Accounts"];
        let own = format!("{}.json", self.account_sid);
        if path.is_empty() {
            segments.push(&own);
        } else {
            segments.push(&self.account_sid);
            segments.extend(path);
        }
        self.authorized(self.client.get(http::under(&self.base, &segments))).query(query)
    }

    /// Reached over this machine's own network: a twin.
    pub(super) fn is_local(&self) -> bool {
        self.base.scheme() == "http"
    }

    pub(super) fn status_callback(&self) -> Option<&Url> {
        self.status_callback.as_ref()
    }

    pub(super) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.account_sid, Some(self.auth_token.expose()))
    }
}

#[async_trait]
impl TextSender for TwilioMessages {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, message: &OutgoingText) -> Result<Accepted, ProviderError> {
        let answer = http::exchange(PROVIDER, Repeat::Harmful, self.send_request(message)?).await?;
        if !answer.is_success() {
            return Err(classify(&answer));
        }
        let sent: Message = answer.json().ok_or_else(|| answer.unreadable(PROVIDER, Repeat::Harmful))?;
        accepted(sent)
    }

    async fn find_sent(&self, query: &SentQuery) -> Result<Option<Accepted>, ProviderError> {
        // No DateSent filter: it is null while a message is queued, and such a message was taken all the same.
        let first = self.client.get(self.messages_url.clone()).query(&[
            ("To", address(query.channel, &query.to)),
            ("From", address(query.channel, &query.from)),
            ("PageSize", "50".into()),
        ]);
        let mut next = Some(first);
        let mut candidates = Vec::new();
        for _ in 0..SEARCH_PAGES {
            let Some(request) = next.take() else { break };
            let answer = http::exchange(PROVIDER, Repeat::Harmless, self.authorized(request)).await?;
            let page = read_page(&answer)?;
            let reached_older = page.messages.iter().any(|message| is_before(message, query.since));
            candidates.extend(page.messages.into_iter().filter(|message| !is_before(message, query.since)));
            if !reached_older {
                next = page.next_page_uri.and_then(|uri| self.page(&uri));
            }
        }
        candidates.retain(|message| !query.known.contains(&message.sid));
        Ok(pick(candidates, &query.content).map(|message| Accepted {
            status: delivery_status(&message.status).unwrap_or(DeliveryStatus::Queued),
            provider_id: message.sid,
        }))
    }
}

impl TwilioMessages {
    /// The request for a following page. Its address comes from the answer, so it must stay on the configured host.
    fn page(&self, uri: &str) -> Option<RequestBuilder> {
        let url = self.messages_url.join(uri).ok().filter(|url| url.origin() == self.base.origin())?;
        Some(self.client.get(url))
    }
}

/// A message that failed at once is an error even though Twilio answered 201.
fn accepted(sent: Message) -> Result<Accepted, ProviderError> {
    let status = delivery_status(&sent.status).unwrap_or(DeliveryStatus::Queued);
    match sent.error_code {
        Some(code) if status == DeliveryStatus::Failed => {
            let class = super::class_of(u32::try_from(code).unwrap_or(0), 200);
            Err(ProviderError::new(PROVIDER, class, code.to_string(), sent.error_message.unwrap_or_default()))
        }
        _ => Ok(Accepted { provider_id: sent.sid, status }),
    }
}

fn read_page(answer: &Answer) -> Result<MessagePage, ProviderError> {
    if !answer.is_success() {
        let mut error = classify(answer);
        if error.class == ErrorClass::Ambiguous {
            error.class = ErrorClass::Retry; // a read changes nothing
        }
        return Err(error);
    }
    answer.json().ok_or_else(|| answer.unreadable(PROVIDER, Repeat::Harmless))
}

/// Twilio dates are RFC 2822 with whole seconds, so the second the attempt began in still counts.
fn is_before(message: &Message, since: Timestamp) -> bool {
    let created = message.date_created.as_deref().and_then(|text| chrono::DateTime::parse_from_rfc2822(text).ok());
    created.is_some_and(|at| at.timestamp() < since.seconds())
}

/// The listed message that carries our content. A template is listed by its rendered text; when that differs from what we
/// rendered, a single candidate is still ours, and several are not decidable.
fn pick(mut candidates: Vec<Message>, content: &TextContent) -> Option<Message> {
    let (text, is_template) = match content {
        TextContent::Body(body) => (body, false),
        TextContent::Template { text, .. } => (text, true),
    };
    let same = |message: &Message| message.body.as_deref().is_some_and(|body| words(body).eq(words(text)));
    match candidates.iter().position(same) {
        Some(index) => Some(candidates.swap_remove(index)),
        None if is_template && candidates.len() == 1 => candidates.pop(),
        None => None,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{TextChannel, fixtures};

    fn adapter() -> TwilioMessages {
        let settings = TwilioSettings {
            account_sid: Some("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".into()),
            auth_tokens: vec![Secret::new("tok")],
            templates: [("first_contact".to_string(), "HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_string())].into(),
            ..Default::default()
        };
        TwilioMessages::from_settings(&settings, &fixtures::clients()).unwrap().unwrap()
    }

    fn form(text: &str) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    fn compare(adapter: &TwilioMessages, message: &OutgoingText, captured: &str) {
        let captured = fixtures::captured("twilio", captured);
        let request = adapter.send_request(message).unwrap().build().unwrap();
        assert_eq!(request.url().path(), captured["path"].as_str().unwrap());
        for name in ["authorization", "content-type"] {
            assert_eq!(request.headers()[name].to_str().unwrap(), captured["headers"][name].as_str().unwrap());
        }
        let body = std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap();
        assert_eq!(form(body), form(captured["body"].as_str().unwrap()));
    }

    #[test]
    fn sms_and_templates_are_the_requests_the_sdk_makes() {
        let mut sms = adapter();
        sms.status_callback = Some(Url::parse("https://hooks.example.test/webhooks/twilio/status").unwrap());
        let mut message = OutgoingText {
            id: "m-9".into(),
            tenant_id: None,
            channel: TextChannel::Sms,
            from: "+14155552346".into(),
            to: "+14155552345".into(),
            content: TextContent::Body("Hello!".into()),
        };
        let request = sms.send_request(&message).unwrap().build().unwrap();
        let sent = form(std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap());
        assert_eq!(sent["StatusCallback"], "https://hooks.example.test/webhooks/twilio/status?message_id=m-9");
        let mut recorded = form(fixtures::captured("twilio", "message_create")["body"].as_str().unwrap());
        recorded.insert("StatusCallback".into(), sent["StatusCallback"].clone());
        assert_eq!(sent, recorded);

        message.channel = TextChannel::Whatsapp;
        message.to = "+919876543210".into();
        message.from = "+14155238886".into();
        message.content = TextContent::Template {
            code: "first_contact".into(),
            variables: [("1".to_string(), "Asha".to_string())].into(),
            text: "Hello Asha".into(),
        };
        compare(&adapter(), &message, "message_create_whatsapp_template");
        message.content = TextContent::Template { code: "x".into(), variables: BTreeMap::new(), text: String::new() };
        assert_eq!(adapter().send_request(&message).err().unwrap().class, ErrorClass::Config);
    }

    #[test]
    fn the_recorded_answer_is_an_acceptance() {
        let sent = fixtures::answer("twilio", "message_create").json().unwrap();
        let accepted = accepted(sent).unwrap();
        assert_eq!(accepted.provider_id, "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!(accepted.status, DeliveryStatus::Queued);
    }

    #[test]
    fn a_lost_message_is_recognised_by_its_text() {
        let message = |sid: &str, body: &str| Message {
            sid: sid.into(),
            status: "queued".into(),
            body: Some(body.into()),
            date_created: Some("Fri, 20 Nov 2026 09:00:00 +0000".into()),
            error_code: None,
            error_message: None,
        };
        let body = TextContent::Body("hello  there".into());
        assert_eq!(pick(vec![message("a", "x"), message("b", "hello there")], &body).unwrap().sid, "b");
        assert!(pick(vec![message("a", "x")], &body).is_none());
        let template = TextContent::Template { code: "c".into(), variables: BTreeMap::new(), text: "y".into() };
        assert_eq!(pick(vec![message("a", "x")], &template).unwrap().sid, "a");
        assert!(pick(vec![message("a", "x"), message("b", "z")], &template).is_none());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!is_before(&message("a", ""), at("2026-11-20T09:00:00.900Z")));
        assert!(is_before(&message("a", ""), at("2026-11-20T09:00:01Z")));
    }
}
