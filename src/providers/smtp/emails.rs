//! Composing and handing over an e-mail by SMTP.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox as Address, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;
use tracing::Instrument;

use super::classify::{PROVIDER, Stage, classify, lost};
use crate::base::email;
use crate::engine::trace;
use crate::providers::http::call_span;
use crate::providers::{
    Accepted, DeliveryStatus, EmailSender, ErrorClass, Finding, Mailbox, OutgoingEmail, ProviderError, SmtpSettings,
};

/// Pooled connections to one server.
pub struct SmtpEmails {
    builder: AsyncSmtpTransportBuilder,
    /// Made at the first send: lettre's pool starts a task and so needs a runtime, which settings are read without.
    transport: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
    limit: Duration,
}

impl Drop for SmtpEmails {
    fn drop(&mut self) {
        // The pool closes its connections in a task; without a runtime that would panic, and the process is ending anyway.
        if tokio::runtime::Handle::try_current().is_err() {
            std::mem::forget(self.transport.take());
        }
    }
}

impl SmtpEmails {
    /// `Ok(None)` without a URL. `smtps://` is TLS from the first byte; `smtp://` upgrades by STARTTLS: always when a password is
    /// sent, when offered otherwise, and not at all to this machine. `?tls=required|opportunistic` overrides that.
    ///
    /// # Errors
    /// A sentence naming the variable; never the URL itself, which holds a password.
    pub fn from_settings(settings: &SmtpSettings, limit: Duration) -> Result<Option<Self>, String> {
        let Some(secret) = settings.url.as_ref().filter(|url| !url.is_empty()) else { return Ok(None) };
        let url = url::Url::parse(secret.expose()).map_err(|error| format!("LEADWRIGHT_SMTP_URL: {error}"))?;
        if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
            return Err("LEADWRIGHT_SMTP_URL: expected smtp://user:password@host:587 or smtps://…".into());
        }
        let url = with_tls(url);
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_| "LEADWRIGHT_SMTP_URL: expected smtp://user:password@host:587 or smtps://…".to_string())?
            .timeout(Some(limit));
        Ok(Some(Self { builder, transport: OnceLock::new(), limit }))
    }
}

fn with_tls(mut url: url::Url) -> url::Url {
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "smtp" && !local && !url.query_pairs().any(|(name, _)| name == "tls") {
        let tls = if url.password().is_some() { "required" } else { "opportunistic" };
        url.query_pairs_mut().append_pair("tls", tls);
    }
    url
}

fn compose(email: &OutgoingEmail) -> Result<Message, ProviderError> {
    let invalid = |what: &str| ProviderError::new(PROVIDER, ErrorClass::Permanent, "invalid_message", what);
    let address = |mailbox: &Mailbox| -> Result<Address, ProviderError> {
        let parsed = email::on_the_wire(&mailbox.address).parse().map_err(|_| invalid("an address is not valid"))?;
        Ok(Address::new(mailbox.name.clone(), parsed))
    };
    let (from, to) = (address(&email.from)?, address(&email.to)?);
    let one_line = |text: &str| !text.chars().any(char::is_control);
    if !one_line(&email.subject) || !one_line(&email.id) || email.id.contains(['<', '>', ' ', '@']) {
        return Err(invalid("the subject or the id holds a character that may not be there"));
    }
    let mut message = Message::builder()
        .message_id(Some(format!("<{}@{}>", email.id, from.email.domain())))
        .from(from)
        .to(to)
        .subject(&email.subject);
    if let Some(reply_to) = &email.reply_to {
        message = message.reply_to(address(reply_to)?);
    }
    for (name, value) in &email.headers {
        let header = HeaderName::new_from_ascii(name.clone()).map_err(|_| invalid("a header name is not valid"))?;
        if !one_line(value) {
            return Err(invalid("a header value holds a line break"));
        }
        message = message.raw_header(HeaderValue::new(header, value.clone()));
    }
    match &email.html {
        Some(html) => {
            // Programs that look no further than the first header learn the characters too. The id is longer than what could
            // be typed by chance, and was not known when the text was.
            let kind = format!("multipart/alternative; charset=utf-8; boundary=\"=_{}\"", email.id);
            let kind = ContentType::parse(&kind).map_err(|error| invalid(&error.to_string()))?;
            let text = SinglePart::plain(email.text.clone());
            message.multipart(
                MultiPart::builder().header(kind).singlepart(text).singlepart(SinglePart::html(html.clone())),
            )
        }
        // As a part of its own, so that the mail says what it is and in which characters it is written.
        None => message.singlepart(SinglePart::plain(email.text.clone())),
    }
    .map_err(|error| invalid(&error.to_string()))
}

impl SmtpEmails {
    /// Connects, upgrades to TLS and logs in; sends nothing.
    pub(crate) async fn check(&self) -> Finding {
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        let error = match timeout(self.limit, transport.test_connection()).await {
            Ok(Ok(true)) => return Finding::ok("smtp: server", "the mail server lets us in"),
            Ok(Ok(false)) => lost(Stage::Connecting, "the server closed the connection".into()),
            Ok(Err(error)) => classify(&error, Stage::Connecting),
            Err(_) => lost(Stage::Connecting, "no answer within the time limit".into()),
        };
        Finding::refused("smtp: server", "LEADWRIGHT_SMTP_URL", &error)
    }
}

#[async_trait]
impl EmailSender for SmtpEmails {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, email: &OutgoingEmail) -> Result<Accepted, ProviderError> {
        let span = call_span(PROVIDER);
        let sent = self.hand_over(email).instrument(span.clone()).await;
        if trace::is_on()
            && let Err(error) = &sent
        {
            span.record("otel.status_code", "ERROR").record("error.type", error.code.as_str());
        }
        sent
    }
}

impl SmtpEmails {
    async fn hand_over(&self, email: &OutgoingEmail) -> Result<Accepted, ProviderError> {
        let message = compose(email)?;
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        // A connection that works is established first, so that only the hand-over itself can end in doubt.
        match timeout(self.limit, transport.test_connection()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(classify(&error, Stage::Connecting)),
            Err(_) => return Err(lost(Stage::Connecting, "no answer within the time limit".into())),
        }
        match timeout(self.limit, transport.send(message)).await {
            // There is nothing to look a message up by: the Message-ID is our own.
            Ok(Ok(_)) => Ok(Accepted { provider_id: email.id.clone(), status: DeliveryStatus::Sent }),
            Ok(Err(error)) => Err(classify(&error, Stage::Sending)),
            Err(_) => Err(lost(Stage::Sending, "no answer within the time limit".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    use super::*;
    use crate::base::crypto::Secret;

    fn email() -> OutgoingEmail {
        OutgoingEmail {
            id: "018f-17".into(),
            from: Mailbox::new("ABC, Real Estate", "hello@abc.example"),
            to: Mailbox::bare("asha@example.com"),
            reply_to: Some(Mailbox::bare("agent@abc.example")),
            subject: "नमस्ते".into(),
            text: "hi".into(),
            html: Some("<p>hi</p>".into()),
            headers: vec![("List-Unsubscribe".into(), "<https://abc.example/u/1>".into())],
            tags: Vec::new(),
        }
    }

    #[test]
    fn the_message_carries_our_id_and_headers() {
        let text = String::from_utf8(compose(&email()).unwrap().formatted()).unwrap();
        assert!(text.contains("Message-ID: <018f-17@abc.example>\r\n"), "{text}");
        assert!(text.contains("List-Unsubscribe: <https://abc.example/u/1>\r\n"), "{text}");
        assert!(text.contains("multipart/alternative"), "{text}");
        assert!(text.contains("Reply-To: agent@abc.example\r\n"), "{text}");
    }

    #[test]
    fn every_mail_says_what_it_is_and_keeps_what_was_typed() {
        let typed =
            format!("Dear Asha,\n.hidden?\n.\n..two\n{}\n\ttab and trailing   \n👩‍👩‍👧 ₹80L\nFrom here", "x".repeat(3000));
        for html in [Some("<p>₹80L</p>".to_string()), None] {
            let bytes =
                compose(&OutgoingEmail { text: typed.clone(), html: html.clone(), ..email() }).unwrap().formatted();
            let mail = String::from_utf8(bytes).unwrap();
            assert!(mail.contains("MIME-Version: 1.0\r\n") && mail.contains("\r\nDate: "), "{mail}");
            assert!(mail.contains("Content-Type: text/plain; charset=utf-8\r\n"), "{mail}");
            assert_eq!(mail.contains("Content-Type: text/html; charset=utf-8\r\n"), html.is_some());
            let boundary = mail.matches("--=_018f-17\r\n").count();
            assert_eq!((boundary, mail.contains("--=_018f-17--")), if html.is_some() { (2, true) } else { (0, false) });
            assert!(mail.split("\r\n").all(|line| line.len() <= 78 || line.starts_with("Subject")), "{mail}");
            assert!(!mail.replace("\r\n", "").contains(['\n', '\r']), "a bare line end");
        }
    }

    #[test]
    fn line_breaks_cannot_add_headers() {
        let with = |change: fn(&mut OutgoingEmail)| {
            let mut email = email();
            change(&mut email);
            compose(&email)
        };
        assert!(with(|email| email.subject = "x\r\nBcc: y@example.com".into()).is_err());
        assert!(with(|email| email.headers[0].1 = "x\nBcc: y@example.com".into()).is_err());
        assert!(with(|email| email.id = "a>\r\nX: y".into()).is_err());
        assert!(with(|email| email.to.address = "a b".into()).is_err());
    }

    #[test]
    fn a_password_never_travels_in_clear_over_the_network() {
        let tls = |url: &str| with_tls(url.parse().unwrap()).query().unwrap_or("").to_string();
        assert_eq!(tls("smtp://u:p@mail.example.com:587"), "tls=required");
        assert_eq!(tls("smtp://mail.example.com"), "tls=opportunistic");
        assert_eq!(tls("smtp://u:p@127.0.0.1:1025"), "");
        assert_eq!(tls("smtp://u:p@mail.example.com?tls=opportunistic"), "tls=opportunistic");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_a_retry() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = SmtpSettings { url: Some(Secret::new(format!("smtp://{closed}"))) };
        let sender = SmtpEmails::from_settings(&settings, Duration::from_secs(2)).unwrap().unwrap();
        assert_eq!(sender.send(&email()).await.unwrap_err().class, ErrorClass::Retry);
        let refused = SmtpEmails::from_settings(&SmtpSettings { url: Some(Secret::new("http://x")) }, Duration::MAX);
        assert!(refused.err().unwrap().starts_with("LEADWRIGHT_SMTP_URL"));
    }

    /// A server that speaks just enough SMTP, and does `at_the_end` once the message is complete.
    async fn server(rcpt: &'static str, at_the_end: Option<&'static str>) -> SmtpEmails {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(BufReader::new(stream), rcpt, at_the_end));
            }
        });
        let settings = SmtpSettings { url: Some(Secret::new(url)) };
        SmtpEmails::from_settings(&settings, Duration::from_secs(5)).unwrap().unwrap()
    }

    async fn converse(
        mut stream: BufReader<tokio::net::TcpStream>,
        rcpt: &str,
        at_the_end: Option<&str>,
    ) -> Option<()> {
        stream.write_all(b"220 twin ESMTP\r\n").await.ok()?;
        let (mut line, mut in_data) = (String::new(), false);
        loop {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let reply = match (in_data, line.trim_end()) {
                (true, ".") => {
                    in_data = false;
                    at_the_end? // without a reply: the connection is closed here
                }
                (true, _) => continue,
                (false, line) if line.starts_with("EHLO") => "250 8BITMIME",
                (false, line) if line.starts_with("RCPT") => rcpt,
                (false, "DATA") => {
                    in_data = true;
                    "354 go on"
                }
                (false, _) => "250 ok",
            };
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
    }

    #[tokio::test]
    async fn only_a_lost_reply_after_the_message_is_ambiguous() {
        let sender = server("250 ok", Some("250 queued")).await;
        for _ in 0..2 {
            assert_eq!(sender.send(&email()).await.unwrap().status, DeliveryStatus::Sent);
        }
        let error = |rcpt, end| async move { server(rcpt, end).await.send(&email()).await.unwrap_err() };
        assert_eq!(error("250 ok", None).await.class, ErrorClass::Ambiguous);
        assert_eq!(error("250 ok", Some("451 4.3.0 later")).await.class, ErrorClass::Retry);
        let unknown = error("550 5.1.1 no such user", None).await;
        assert_eq!((unknown.class, unknown.code.as_str()), (ErrorClass::Unreachable, "550 5.1.1"));
        assert_eq!(error("550 5.7.1 refused", None).await.class, ErrorClass::Permanent);
    }
}
