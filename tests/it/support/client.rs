//! A caller: who it is, what it sends, what it expects.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::Value;

/// One actor. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    #[allow(clippy::disallowed_methods)] // the tests are the outside world
    pub fn new(url: &str) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(leadwright::engine::trust::machine())
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(64)
            .build()
            .expect("a client");
        Self { http, url: url.into(), token: None, headers: Vec::new() }
    }
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }
    /// The same actor, at another process.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.into(), ..self.clone() }
    }
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.into()));
        client
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let url = if path.starts_with("http") { path.to_string() } else { format!("{}{path}", self.url) };
        let mut request = self.http.request(method.clone(), url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Call { request, what: format!("{method} {path}") }
    }
    /// Does a server answer here, and is it ready?
    pub async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
    /// What is answered here, if anything is.
    pub async fn status_of(&self, url: &str) -> Option<u16> {
        Some(self.http.get(url).send().await.ok()?.status().as_u16())
    }
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }
    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call("POST", path).json(body)
    }
    pub fn put(&self, path: &str, body: Value) -> Call {
        self.call("PUT", path).json(body)
    }
    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call("PATCH", path).json(body)
    }
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }
}

/// A request being put together; `.await` sends it.
pub struct Call {
    request: reqwest::RequestBuilder,
    what: String,
}

impl Call {
    pub fn json(mut self, body: Value) -> Self {
        self.request = self.request.json(&body);
        self
    }
    pub fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("content-type", content_type).body(body.into());
        self
    }
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.request.send().await.unwrap_or_else(|error| panic!("{}: {error}", self.what));
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let text = response.text().await.unwrap_or_default();
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
            if let Some((method, path)) = self.what.split_once(' ')
                && kind == Some("application/problem+json")
                && path.starts_with('/')
                && method != "HEAD"
            {
                crate::problems::hold(method, path, status, &body);
            }
            Answer { what: self.what, status, headers, text, body }
        })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    what: String,
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self.body
    }
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200)
    }
    #[track_caller]
    pub fn created(self) -> Value {
        self.expect(201)
    }
    /// A problem of this status and code, in the right content type, with the request's id.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}: {}", self.what, self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.what);
        assert_eq!(self.header("x-request-id"), self.body["request_id"].as_str(), "{}", self.what);
        self.body
    }
    /// A 422 that points at this field.
    #[track_caller]
    pub fn invalid(self, pointer: &str) -> Value {
        let what = format!("{}: {}", self.what, self.text);
        assert_eq!(self.status, 422, "{what}");
        let pointers: Vec<&str> =
            self.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["pointer"].as_str()).collect();
        assert!(pointers.contains(&pointer), "{pointer} not in {pointers:?}; {what}");
        self.body
    }
    /// The values of a header that may come several times.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
