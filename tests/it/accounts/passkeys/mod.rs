//! Passkeys: adding them, logging in with one, and everything that is not one.

mod adding;
mod entering;
mod proving;
mod refused;
mod taken_back;

use serde_json::{Value, json};

use crate::support::{Authenticator, Call, Client, PASSWORD, TestApp};

/// Where the platform's pages are, for a browser on the machine of the tests.
pub fn page(app: &TestApp) -> String {
    app.url.replace("127.0.0.1", "localhost")
}

async fn begin(by: &Client) -> Value {
    by.post("/v1/me/passkeys/options", json!({ "current_password": PASSWORD })).await.ok()["public_key"].clone()
}

fn add(by: &Client, credential: &Value) -> Call {
    by.post("/v1/me/passkeys", json!({ "name": "Phone", "credential": credential }))
}

/// A security key that lets this person in, with what was answered when it was added.
pub async fn device(app: &TestApp, by: &Client) -> (Authenticator, Value) {
    let mut device = Authenticator::security_key(&page(app));
    let made = device.create(&begin(by).await);
    let added = add(by, &made).await.created();
    (device, added)
}

async fn options(app: &TestApp) -> Value {
    app.anonymous().call("POST", "/v1/auth/passkey/options").await.ok()["public_key"].clone()
}

fn enter(app: &TestApp, credential: &Value) -> Call {
    app.anonymous().post("/v1/auth/passkey", json!({ "credential": credential }))
}

/// Logs in with what the device says to new options.
async fn enter_by(app: &TestApp, device: &mut Authenticator) -> crate::support::Answer {
    let said = device.get(&options(app).await);
    enter(app, &said).await
}

async fn list(by: &Client) -> Vec<Value> {
    by.get("/v1/me/passkeys").await.ok()["data"].as_array().expect("passkeys").clone()
}

/// The code with which a credential was refused.
fn why(problem: &Value) -> &str {
    problem["errors"][0]["code"].as_str().expect("a code")
}

fn off(by: &Client, body: Value) -> Call {
    by.post("/v1/me/second-factor/removal", body)
}

fn path_of(added: &Value) -> String {
    format!("/v1/me/passkeys/{}", added["id"].as_str().expect("an id"))
}

async fn user_events(by: &Client, kind: &str) -> Vec<Value> {
    by.get(&format!("/v1/events?type={kind}")).await.ok()["data"].as_array().expect("events").clone()
}
