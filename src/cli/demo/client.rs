//! The demo's side of HTTP: what a frontend, an operator's console and a platform in the outside world would send.
//!
//! It speaks JSON to one base address and knows who is speaking. It follows nothing, repeats nothing and believes no
//! answer whose status is not the expected one.

use std::time::Duration;

use serde_json::Value;

use crate::engine::trust;

/// Longer than any request of the product may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Who makes a request: a bearer token or key, and for an operator the tenant it acts in.
#[derive(Debug, Clone, Default)]
pub(super) struct Who {
    pub bearer: Option<String>,
    pub tenant: Option<String>,
}

impl Who {
    pub fn nobody() -> Self {
        Self::default()
    }
    pub fn bearing(token: &str) -> Self {
        Self { bearer: Some(token.into()), tenant: None }
    }
    /// The same operator, acting in a tenant.
    pub fn within(&self, tenant: &str) -> Self {
        Self { tenant: Some(tenant.into()), ..self.clone() }
    }
}

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
    /// `POST /v1/leads`, for messages.
    asked: String,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn expect(self, status: u16) -> Result<Value, String> {
        if self.status == status {
            return Ok(self.body);
        }
        Err(format!("{} answered {} where {status} was expected: {}", self.asked, self.status, self.body))
    }

    /// Nothing, if it was refused with this status and code.
    pub fn refused(self, status: u16, code: &str) -> Result<(), String> {
        let found = self.body["code"].as_str().unwrap_or_default().to_string();
        self.expect(status)?;
        super::story::same("the refusal's code", found.as_str(), code)
    }
}

/// A client of one server.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    // The providers' client guards requests that leave the platform. These come from outside and go to ourselves.
    #[allow(clippy::disallowed_methods)]
    pub fn new(base_url: &str) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::machine())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("leadwright-demo/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { http, base: base_url.trim_end_matches('/').into() })
    }

    pub async fn get(&self, who: &Who, path: &str) -> Result<Value, String> {
        self.send("GET", who, path, None).await?.expect(200)
    }
    pub async fn post(&self, who: &Who, path: &str, body: Value) -> Result<Answer, String> {
        self.send("POST", who, path, Some(body)).await
    }
    pub async fn put(&self, who: &Who, path: &str, body: Value) -> Result<Value, String> {
        self.send("PUT", who, path, Some(body)).await?.expect(200)
    }
    pub async fn patch(&self, who: &Who, path: &str, body: Value) -> Result<Value, String> {
        self.send("PATCH", who, path, Some(body)).await?.expect(200)
    }

    async fn send(&self, method: &str, who: &Who, path: &str, body: Option<Value>) -> Result<Answer, String> {
        let asked = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let failed = |error: reqwest::Error| format!("{asked}: {}", error.without_url());
        let verb = reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self.http.request(verb, format!("{}{path}", self.base));
        if let Some(bearer) = &who.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(tenant) = &who.tenant {
            request = request.header("x-tenant-id", tenant);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.map_err(failed)?;
        // An empty or foreign body is shown as it came, should the status be the wrong one.
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).chars().take(300).collect()));
        Ok(Answer { status, body, asked })
    }
}
