//! One HTTP client for all vendors, and the one place that decides what a lost answer means.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use tracing::Instrument;
use tracing::field::Empty;

use super::{ErrorClass, ProviderError, lenient};
use crate::engine::{trace, trust};

/// Answers are read up to this size; no provider we call sends more.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether making the request twice does more than making it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// A read, an idempotent write, or a write under an idempotency key: a lost answer is [`ErrorClass::Retry`].
    Harmless,
    /// A write that would happen twice: a lost answer is [`ErrorClass::Ambiguous`].
    Harmful,
}

impl Repeat {
    pub(super) fn when_lost(self) -> ErrorClass {
        match self {
            Repeat::Harmless => ErrorClass::Retry,
            Repeat::Harmful => ErrorClass::Ambiguous,
        }
    }
}

/// A complete answer, whatever its status.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        lenient::read_as(&self.body).ok()
    }
    /// `Retry-After` in seconds; the date form is not used by the providers we call.
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
    /// A 2xx whose body is not what was promised: the work may have been done.
    pub fn unreadable(&self, provider: &'static str, repeat: Repeat) -> ProviderError {
        ProviderError::new(
            provider,
            repeat.when_lost(),
            "unreadable_answer",
            format!("status {} with a body that could not be read", self.status),
        )
    }
}

/// The clients every vendor shares: connections are pooled, and the certificates are read once. Neither follows redirects, so that a
/// credential never travels to a host we did not configure.
pub(super) struct Clients {
    limit: Duration,
    /// For this machine (a twin), whatever proxy the environment names.
    direct: OnceLock<Client>,
    outside: OnceLock<Client>,
}

impl Clients {
    /// `limit` is the longest one exchange may take.
    pub fn new(limit: Duration) -> Self {
        Self { limit, direct: OnceLock::new(), outside: OnceLock::new() }
    }

    #[allow(clippy::disallowed_methods)] // the one place that makes the providers' clients
    pub fn reaching(&self, base_url: &url::Url) -> Result<Client, String> {
        let local = is_this_machine(base_url);
        let shared = if local { &self.direct } else { &self.outside };
        if let Some(client) = shared.get() {
            return Ok(client.clone());
        }
        let builder = Client::builder()
            .tls_backend_preconfigured(trust::machine())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(self.limit))
            .timeout(self.limit)
            .user_agent(concat!("leadwright/", env!("CARGO_PKG_VERSION")));
        let builder = if local { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| format!("the HTTP client could not be built: {error}"))?;
        Ok(shared.get_or_init(|| client).clone())
    }
}

fn is_this_machine(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Reads a base URL and drops its trailing slash.
pub(super) fn base_url(variable: &str, text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text.trim_end_matches('/')).map_err(|error| format!("{variable}: {error}"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() && url.query().is_none() => Ok(url),
        _ => Err(format!("{variable}: expected an http or https URL such as https://api.example.com")),
    }
}

/// `base` + path segments, each escaped, so that an id can never climb to another resource.
pub(super) fn under(base: &url::Url, segments: &[&str]) -> url::Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Makes the request and reads the whole answer.
///
/// # Errors
/// `connect` (retry: nothing was sent), `timeout`, `connection_lost`, `answer_too_large` (by `repeat`), `request` (config: our own defect).
pub(super) async fn exchange(
    provider: &'static str,
    repeat: Repeat,
    request: RequestBuilder,
) -> Result<Answer, ProviderError> {
    let span = call_span(provider);
    let answer = send(provider, repeat, request).instrument(span.clone()).await;
    if trace::is_on() {
        match &answer {
            Ok(answer) => span.record("http.response.status_code", i64::from(answer.status)),
            Err(error) => span.record("error.type", error.code.as_str()),
        };
        if !answer.as_ref().is_ok_and(Answer::is_success) {
            span.record("otel.status_code", "ERROR");
        }
    }
    answer
}

/// One call in a trace. Neither address nor body: both may hold what is nobody's business.
pub(super) fn call_span(provider: &'static str) -> tracing::Span {
    let span = tracing::info_span!("provider_call", provider, otel.name = Empty, otel.kind = Empty,
        otel.status_code = Empty, http.response.status_code = Empty, error.type = Empty);
    if trace::is_on() {
        span.record("otel.name", format!("call {provider}")).record("otel.kind", "client");
    }
    span
}

async fn send(provider: &'static str, repeat: Repeat, request: RequestBuilder) -> Result<Answer, ProviderError> {
    // `without_url` everywhere: the URL may carry a proof derived from a secret. Host and port say whom we could not reach.
    let lost = |error: reqwest::Error| {
        let place = error.url().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
        let (class, code) = if error.is_builder() {
            (ErrorClass::Config, "request")
        } else if error.is_connect() {
            (ErrorClass::Retry, "connect")
        } else if error.is_timeout() {
            (repeat.when_lost(), "timeout")
        } else {
            (repeat.when_lost(), "connection_lost")
        };
        let mut told = describe(&error.without_url());
        if let Some(place) = place {
            told = format!("{place}: {told}");
        }
        ProviderError::new(provider, class, code, told)
    };
    let mut response = request.send().await.map_err(lost)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(ProviderError::new(
                provider,
                repeat.when_lost(),
                "answer_too_large",
                "more than 4 MB were sent",
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// The error with its causes on one line: reqwest's own text hides the reason ("connection refused") in its source.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut line = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        line = format!("{line}: {source}");
        next = source.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place_in_the_path() {
        let base = base_url("X", "https://graph.example.com/api/").unwrap();
        assert_eq!(under(&base, &["v25.0", "1/../2?x"]).as_str(), "https://graph.example.com/api/v25.0/1%2F..%2F2%3Fx");
    }

    #[test]
    fn base_urls_are_web_addresses() {
        for bad in ["", "graph.example.com", "ftp://x", "file:///etc", "https://x/?a=1"] {
            assert!(base_url("LEADWRIGHT_X", bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_refused_connection_is_a_retry_and_a_lost_answer_is_not() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = base_url("X", &format!("http://{closed}")).unwrap();
        let client = Clients::new(Duration::from_secs(2)).reaching(&url).unwrap();
        let error = exchange("x", Repeat::Harmful, client.post(url)).await.err().unwrap();
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Retry, "connect"));
        assert!(error.message.starts_with(&format!("{closed}: ")), "it says where nobody answers: {}", error.message);

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = base_url("X", &format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = [0; 64];
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await;
            }
        });
        let error = exchange("x", Repeat::Harmful, client.post(url.clone()).body("work")).await.err().unwrap();
        assert_eq!(error.class, ErrorClass::Ambiguous, "{error}");
        let error = exchange("x", Repeat::Harmless, client.post(url).body("work")).await.err().unwrap();
        assert_eq!(error.class, ErrorClass::Retry, "{error}");
    }

    #[tokio::test]
    async fn silence_ends_at_the_limit_and_is_ambiguous() {
        // The backlog accepts the connection; nobody ever reads.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = base_url("X", &format!("http://{}", silent.local_addr().unwrap())).unwrap();
        let client = Clients::new(Duration::from_millis(300)).reaching(&url).unwrap();
        let error = exchange("x", Repeat::Harmful, client.post(url).body("work")).await.err().unwrap();
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Ambiguous, "timeout"));
    }
}
