//! The recorded webhooks and requests in `tests/fixtures`, for the tests beside the adapters.

use std::path::PathBuf;

use serde_json::Value;

use crate::base::crypto::Secret;

/// One recorded webhook with its sidecar.
pub struct Case {
    pub name: String,
    pub body: Vec<u8>,
    pub clock: i64,
    pub meta: Value,
}

impl Case {
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.meta["headers"].as_object()?;
        headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    }
    pub fn text(&self, field: &str) -> &str {
        self.meta[field].as_str().unwrap_or_else(|| panic!("{}: no {field}", self.name))
    }
    pub fn secret(&self) -> Secret {
        Secret::new(self.text("secret"))
    }
}

/// Clients for requests that are built and never sent.
pub fn clients() -> super::http::Clients {
    super::http::Clients::new(std::time::Duration::from_secs(1))
}

fn folder(provider: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(provider)
}

/// Every sidecar of a provider.
pub fn cases(provider: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(folder(provider))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".meta.json"))
        .map(|path| {
            let meta: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            let body = std::fs::read(folder(provider).join(meta["body_file"].as_str().unwrap())).unwrap();
            Case { name, body, clock: meta["clock"].as_i64().unwrap(), meta }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// Runs `accepts` over every sidecar and compares with its `expect` (`either` allows both).
pub fn check(provider: &str, accepts: impl Fn(&Case) -> bool) {
    let cases = cases(provider);
    assert!(cases.len() >= 6, "{provider}: only {} recorded webhooks found", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| match (case.text("expect"), accepts(case)) {
            ("accept", false) | ("reject", true) => Some(format!("{} ({})", case.name, case.text("why"))),
            ("accept" | "reject" | "either", _) => None,
            (other, _) => Some(format!("{}: unknown expectation {other}", case.name)),
        })
        .collect();
    assert!(wrong.is_empty(), "{provider}: judged otherwise than recorded: {wrong:#?}");
}

/// A recorded exchange: `api/<name>.json`.
pub fn api(provider: &str, name: &str) -> Value {
    read(provider, "api", name)
}

/// A request captured from the provider's own SDK: `captured_requests/<name>.json`, the first one.
pub fn captured(provider: &str, name: &str) -> Value {
    read(provider, "captured_requests", name)["requests"][0].clone()
}

fn read(provider: &str, kind: &str, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder(provider).join(kind).join(format!("{name}.json"))).unwrap()).unwrap()
}

/// The answer half of a recorded exchange, as an adapter would have read it.
pub fn answer(provider: &str, name: &str) -> super::http::Answer {
    let response = api(provider, name)["response"].clone();
    let mut headers = reqwest::header::HeaderMap::new();
    for (key, value) in response["headers"].as_object().unwrap() {
        headers.insert(
            reqwest::header::HeaderName::from_bytes(key.as_bytes()).unwrap(),
            value.as_str().unwrap().parse().unwrap(),
        );
    }
    super::http::Answer {
        status: response["status"].as_u64().unwrap() as u16,
        headers,
        body: serde_json::to_vec(&response["body"]).unwrap(),
    }
}
