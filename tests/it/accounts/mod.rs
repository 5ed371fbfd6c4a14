//! A person's own account: recovering it, where it is logged in, its address, its second factor and passkeys, and leaving.

mod browser;
mod leaving;
mod passkeys;
mod profile;
mod recovery;
mod second_factor;
mod sessions;

pub use passkeys::{device, page};
pub use second_factor::code;

use serde_json::{Value, json};

use crate::support::{Call, Client, TestApp};

/// Another password than everybody's.
const NEW_PASSWORD: &str = "first rain in june";

fn log_in(app: &TestApp, email: &str, password: &str) -> Call {
    app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password }))
}

/// A client with the access token of what was answered to a log-in.
fn client_of(app: &TestApp, signed_in: &Value) -> Client {
    app.anonymous().with_token(signed_in["access_token"].as_str().expect("an access token"))
}

async fn mails_to(app: &TestApp, address: &str) -> Vec<String> {
    let mails = app.outbox().await.into_iter().filter(|mail| mail["to"] == address);
    mails.map(|mail| mail["body"].as_str().expect("a text").to_string()).collect()
}

/// The token in the newest mail to somebody with a link to this page.
async fn token_for(app: &TestApp, address: &str, page: &str) -> Option<String> {
    let link = format!("/{page}?token=");
    let mails = mails_to(app, address).await;
    let text = mails.iter().find_map(|text| text.split_once(&link))?.1;
    text.split_whitespace().next().map(str::to_string)
}
