//! Receives Leadwright's webhooks and believes only what is signed, by the official library of Standard Webhooks.
//!
//! ```sh
//! WEBHOOK_SECRET=whsec_… cargo run --manifest-path examples/webhooks/rust/Cargo.toml --bin receive
//! ```
//!
//! The secret is what `POST /v1/webhook-endpoints` answered, once. `WEBHOOK_PORT` is the port, 8090 by default, 0 for any.
//! With `--until TYPE` the program ends when an event of that type has arrived. With `--vectors FOLDER` it listens to nobody
//! and checks the library against recorded deliveries instead.
//!
//! Answer fast and with 2xx; work afterwards. The same event may come twice, under the same `webhook-id`: remember those.

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::Notify;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

struct Receiver {
    webhook: Webhook,
    seen: Mutex<HashSet<String>>,
    until: Option<String>,
    done: Notify,
}

/// The signature is over the bytes as they came: parsed and written again they would be others.
async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Err(refused) = receiver.webhook.verify(&body, &headers) {
        println!("refused: {refused}");
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let delivery = headers.get("webhook-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    if receiver.seen.lock().expect("no panic while it is held").insert(delivery.unwrap_or_default()) {
        let kind = event["type"].as_str().unwrap_or_default();
        println!("{kind} at {}: {}", event["timestamp"], event["data"]);
        if receiver.until.as_deref() == Some(kind) {
            receiver.done.notify_one();
        }
    }
    StatusCode::NO_CONTENT
}

async fn listen(secret: &str, until: Option<String>) -> Result {
    let webhook = Webhook::new(secret)?;
    let receiver = Arc::new(Receiver { webhook, seen: Mutex::default(), until, done: Notify::new() });
    let port = std::env::var("WEBHOOK_PORT").unwrap_or_else(|_| "8090".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = Router::new().route("/", post(receive)).fallback(receive).with_state(receiver.clone());
    axum::serve(listener, app).with_graceful_shutdown(async move { receiver.done.notified().await }).await?;
    Ok(())
}

/// Every recorded delivery that is to be accepted carries the signature that the library makes of it.
fn check(folder: &Path) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with(".meta.json") {
            continue;
        }
        let meta: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let header = |name: &str| text(&meta["headers"][name]);
        let body = std::fs::read(folder.join(text(&meta["body_file"])))?;
        let sent_at: i64 = header("webhook-timestamp").parse()?;
        let signature = Webhook::new(&text(&meta["secret"]))?.sign(&header("webhook-id"), sent_at, &body)?;
        let is_signed = header("webhook-signature").split(' ').any(|one| one == signature);
        let age = (sent_at - meta["clock"].as_i64().unwrap_or_default()).abs();
        let is_fresh = age <= meta["tolerance_s"].as_i64().unwrap_or_default();
        if (is_signed && is_fresh) != (meta["expect"] == "accept") {
            return Err(format!("{}: {} was expected", path.display(), meta["expect"]).into());
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--vectors", folder] => check(Path::new(folder)),
        [] => listen(&std::env::var("WEBHOOK_SECRET")?, None).await,
        ["--until", kind] => listen(&std::env::var("WEBHOOK_SECRET")?, Some((*kind).into())).await,
        _ => Err("usage: receive [--until TYPE | --vectors FOLDER]".into()),
    }
}
