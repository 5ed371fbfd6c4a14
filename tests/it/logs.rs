//! Logs hold no secret, no token, no message and no address of a person: the whole story is played against a process that
//! logs all it can, everything said on the wire is recorded, and none of it may be found in the log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use leadwright::cli::demo::{Step, play};
use leadwright::sandbox::SandboxCredentials;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, OPERATOR_KEY, Process, free_port};

/// What must not be logged, with the name it had on the wire.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<(String, String)>>>);

const SECRET: &[&str] = &["password", "access_token", "refresh_token", "token", "key", "secret", "key_hash"];
const ADDRESS: &[&str] = &[
    "email",
    "phone",
    "whatsapp",
    "to",
    "from",
    "address",
    "value",
    "phone_number",
    "contact_phone",
    "contact_email",
    "values",
];
const TEXT: &[&str] =
    &["body", "text", "subject", "html", "note", "notes", "title", "content", "values", "form_responses"];

impl Heard {
    fn note(&self, name: &str, value: &str) {
        self.0.lock().expect("unpoisoned").insert((name.into(), value.into()));
    }

    fn walk(&self, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| self.walk(name, value)),
            Value::Array(items) => items.iter().for_each(|item| self.walk(name, item)),
            Value::String(text) => self.judge(name, text),
            _ => {}
        }
    }

    fn judge(&self, name: &str, text: &str) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_phone = text.starts_with('+') && digits.len() >= 8;
        if SECRET.contains(&name) && text.len() >= 8 {
            self.note(name, text);
        } else if ADDRESS.contains(&name) && is_phone {
            self.note(name, &digits);
        } else if ADDRESS.contains(&name) && text.contains('@') {
            self.note(name, text);
        } else if TEXT.contains(&name) {
            // A long line is nobody's coincidence.
            text.lines()
                .filter(|line| line.len() >= 12 && line.contains(' '))
                .for_each(|line| self.note(name, line.trim()));
        }
    }

    fn found_in(&self, log: &str) -> Vec<(String, String)> {
        let heard = self.0.lock().expect("unpoisoned");
        heard.iter().filter(|(_, value)| log.contains(value.as_str())).cloned().collect()
    }
}

#[derive(Clone)]
struct Wire {
    heard: Heard,
    target: String,
    http: reqwest::Client,
}

/// Hands a request on and remembers both sides of it.
async fn pass(request: HttpRequest, body: web::Bytes, wire: web::Data<Wire>) -> HttpResponse {
    if let Ok(sent) = serde_json::from_slice(&body) {
        wire.heard.walk("", &sent);
    }
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).expect("a method");
    let mut onward = wire.http.request(method, format!("{}{}", wire.target, request.uri())).body(body.to_vec());
    for (name, value) in request.headers() {
        let value = value.to_str().expect("text");
        if let ("authorization", Some(token)) = (name.as_str(), value.strip_prefix("Bearer ")) {
            wire.heard.note("authorization", token);
        }
        if !matches!(name.as_str(), "host" | "content-length" | "connection" | "accept-encoding") {
            onward = onward.header(name.as_str(), value);
        }
    }
    let answer = onward.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.bytes().await.expect("a body");
    if let Ok(said) = serde_json::from_slice(&text) {
        wire.heard.walk("", &said);
    }
    let mut response = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).expect("a status"));
    for (name, value) in &headers {
        if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection") {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    response.body(text)
}

#[allow(clippy::disallowed_methods)] // the tests are the outside world
fn record(target: &str, heard: &Heard) -> String {
    let tls = leadwright::engine::trust::machine();
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let wire = Wire { heard: heard.clone(), target: target.into(), http };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(wire.clone()))
            .app_data(web::PayloadConfig::new(16 << 20))
            .default_service(web::to(pass))
    });
    tokio::spawn(server.workers(1).disable_signals().listen(listener).expect("the port").run());
    url
}

/// What people get wrong, with secrets in it.
async fn provoke(client: &Client, heard: &Heard) {
    let typed = "swordfish and marlin 77";
    heard.note("password", typed);
    for body in [
        json!({ "email": "mistyped@people.example.net", "password": typed }),
        json!({ "email": "mistyped-people.example.net", "password": typed }),
        json!({ "email": { "no": "mistyped@people.example.net" }, "password": [typed] }),
    ] {
        client.post("/v1/auth/login", body).await;
    }
    heard.note("email", "mistyped@people.example.net");
    heard.note("email", "mistyped-people.example.net");
    client.call("POST", "/v1/auth/login").raw("application/json", format!("{{\"password\": \"{typed}\"")).await;
    client.with_token("lw_a_key_that_nobody_has_0123456789").get("/v1/leads").await.problem(401, "auth.invalid_key");
    client.post("/v1/auth/refresh", json!({ "refresh_token": "lwr_a_token_that_nobody_has_01234" })).await;
    client.get("/v1/webhooks/meta?hub.mode=subscribe&hub.verify_token=guessed-verify-token&hub.challenge=1").await;
    heard.note("hub.verify_token", "guessed-verify-token");
    heard.note("token", "lwr_a_token_that_nobody_has_01234");
}

both_engines! {
    async fn the_whole_story_leaves_no_secret_in_the_log(app: TestApp) {
        let config = &app.app.config;
        let key = config.master_key.to_base64();
        let bind = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{bind}");
        let password_in_url = "database-password-77";
        // PostgreSQL trusts the suite; the password is there to be looked for.
        let database = config.database.url.replace("leadwright@127.0.0.1", &format!("leadwright:{password_in_url}@127.0.0.1"));
        let settings = [
            ("BIND", bind.as_str()), ("DATABASE_URL", &database), ("SQLITE_SYNCHRONOUS", "OFF"), ("MASTER_KEY", &key),
            ("OPERATOR_KEY", OPERATOR_KEY), ("RATE_LIMIT", "off"), ("SANDBOX", "true"),
            ("RUST_LOG", "debug,leadwright=trace"),
        ];
        let server = Process::start(&["serve"], &settings).ready(&url).await;
        let heard = Heard::default();
        let known = SandboxCredentials::default();
        for (name, secret) in [
            ("meta app secret", known.meta_app_secret.expose()), ("meta token", known.meta_access_token.expose()),
            ("meta verify token", known.meta_verify_token.expose()), ("google key", known.google_key.expose()),
            ("google token", known.google_access_token.expose()), ("developer token", known.google_developer_token.expose()),
            ("twilio token", known.twilio_auth_token.expose()), ("resend key", known.resend_api_key.expose()),
            ("resend secret", known.resend_webhook_secret.expose()), ("master key", &key), ("operator key", OPERATOR_KEY),
            ("database password", password_in_url),
        ] {
            heard.note(name, secret);
        }
        let wire = record(&url, &heard);
        play(&wire, OPERATOR_KEY, &mut |_: &Step| {}).await.unwrap_or_else(|failed| panic!("{failed}\n{}", server.log()));
        let client = Client::new(&wire);
        client.get("/sandbox/outbox?limit=1000").await.ok();
        provoke(&client, &heard).await;
        // Something harmless that was said on the wire and belongs into the log: the search works.
        let marker = Heard::default();
        marker.note("x-request-id", "a-request-id-that-is-logged");
        client.get("/v1/labels").header("x-request-id", "a-request-id-that-is-logged").await.ok();
        let count = heard.0.lock().expect("unpoisoned").len();
        assert!(count > 100, "only {count} things were heard");
        let log = server.stop();
        assert!(log.contains("leadwright_engine::http::pipeline") && log.contains(" DEBUG "), "the log is a full one");
        assert_eq!(marker.found_in(&log).len(), 1, "what is in the log is found");
        let found = heard.found_in(&log);
        let lines: Vec<&str> = log.lines().filter(|line| found.iter().any(|(_, value)| line.contains(value.as_str()))).take(20).collect();
        assert!(found.is_empty(), "{found:#?}\nin\n{}", lines.join("\n"));
    }
}
