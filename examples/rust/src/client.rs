//! A typed client in a page: a token, retries that are safe, pages read to their end, refusals that are errors.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

pub type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// What every refusal looks like (RFC 9457). The code is stable and for programs; texts are for people.
#[derive(Debug, Deserialize)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)
    }
}

impl Error for Problem {}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

/// Sends one request. Another one is given to those who want to see answers get lost.
pub type Line = fn(RequestBuilder) -> Result<Response>;

#[derive(Clone)]
pub struct Leadwright {
    http: Client,
    url: String,
    token: Option<String>,
    /// Where an operator is at work.
    tenant: Option<Uuid>,
    line: Line,
}

impl Leadwright {
    pub fn new(url: &str) -> Self {
        Self { http: Client::new(), url: url.into(), token: None, tenant: None, line: |request| Ok(request.send()?) }
    }
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }
    /// An operator's client, at work in this tenant.
    pub fn within(&self, tenant: Uuid) -> Self {
        Self { tenant: Some(tenant), ..self.clone() }
    }
    pub fn over(&self, line: Line) -> Self {
        Self { line, ..self.clone() }
    }

    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.insistently(|| self.http.get(format!("{}{path}", self.url)))
    }
    pub fn patch<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        self.insistently(|| self.http.patch(format!("{}{path}", self.url)).json(body))
    }
    /// However often it has to be sent, it happens once: all attempts carry one `Idempotency-Key`.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        let key = Uuid::new_v4().to_string();
        self.insistently(|| {
            self.http.post(format!("{}{path}", self.url)).header("Idempotency-Key", &key).json(body)
        })
    }

    /// Every entry of a list, fetched `limit` at a time, and on how many pages they were.
    pub fn all<T: DeserializeOwned>(&self, path: &str, limit: usize) -> Result<(Vec<T>, usize)> {
        let (mut entries, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page: Page<T> = self.get(&format!("{path}?limit={limit}{cursor}"))?;
            entries.extend(page.data);
            pages += 1;
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok((entries, pages)),
            }
        }
    }

    /// Sends until there is an answer worth having: when the line broke, when the server is busy.
    fn insistently<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T> {
        const ATTEMPTS: u64 = 4;
        for attempt in 1..=ATTEMPTS {
            let mut request = request();
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            if let Some(tenant) = self.tenant {
                request = request.header("X-Tenant-Id", tenant.to_string());
            }
            match (self.line)(request) {
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(200 << attempt)),
                Ok(answer) if attempt < ATTEMPTS && is_busy(answer.status()) => {
                    let told = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
                    std::thread::sleep(Duration::from_secs(told.unwrap_or(attempt).min(30)));
                }
                Ok(answer) if answer.status().is_success() => return Ok(answer.json()?),
                Ok(answer) => return Err(Box::new(answer.json::<Problem>()?)),
            }
        }
        unreachable!("the last attempt returns")
    }
}

fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
