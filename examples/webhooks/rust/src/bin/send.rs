//! Sends a signed webhook, as Meta and Twilio do.
//!
//! ```sh
//! send meta --page-id 153125381133 --form-id 612312312312 --leadgen-id 1231231231230001
//! send twilio --from +919876543210 --body "Please call me"
//! ```
//!
//! Meta signs the very bytes of the body, Twilio the address and the form. With `--tamper` the body is changed afterwards,
//! and must be refused. `LEADWRIGHT_URL` is the server; the secrets (`META_APP_SECRET`, `TWILIO_AUTH_TOKEN`) suit a local
//! server with its twins on. Exits with 0 when the webhook is accepted.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::json;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn setting(name: &str, local: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| local.into())
}

/// `--name value` by name; `--tamper` stands alone.
fn options(arguments: &[String]) -> BTreeMap<String, String> {
    let named = arguments.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("--")?, &pair[1])));
    named.map(|(name, value)| (name.to_string(), value.clone())).collect()
}

fn meta(url: &str, options: &BTreeMap<String, String>, tamper: bool) -> Result<RequestBuilder> {
    let [page, form, lead] = ["page-id", "form-id", "leadgen-id"].map(|name| options.get(name));
    let (Some(page), Some(form), Some(lead)) = (page, form, lead) else {
        return Err("meta needs --page-id, --form-id and --leadgen-id".into());
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let value = json!({ "created_time": now, "leadgen_id": lead, "page_id": page, "form_id": form });
    let entry = json!({ "id": page, "time": now, "changes": [{ "field": "leadgen", "value": value }] });
    let mut body = json!({ "object": "page", "entry": [entry] }).to_string();
    let secret = setting("META_APP_SECRET", "sandbox-meta-app-secret");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    if tamper {
        body.push(' ');
    }
    let request = Client::new().post(format!("{url}/v1/webhooks/meta"));
    Ok(request.header("Content-Type", "application/json").header("X-Hub-Signature-256", signature).body(body))
}

fn twilio(url: &str, options: &BTreeMap<String, String>, tamper: bool) -> Result<RequestBuilder> {
    let (Some(from), Some(body)) = (options.get("from"), options.get("body")) else {
        return Err("twilio needs --from and --body".into());
    };
    let url = format!("{url}/v1/webhooks/twilio/messages");
    let mut form = BTreeMap::from([
        ("AccountSid", setting("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001")),
        ("ApiVersion", "2010-04-01".into()),
        ("Body", body.clone()),
        ("From", format!("whatsapp:{from}")),
        ("MessageSid", format!("SM{}", uuid::Uuid::new_v4().simple())),
        ("NumMedia", "0".into()),
        ("To", format!("whatsapp:{}", options.get("to").map_or("+14155238886", String::as_str))),
    ]);
    let token = setting("TWILIO_AUTH_TOKEN", "sandbox-twilio-auth-token");
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes())?;
    mac.update(url.as_bytes());
    for (name, value) in &form {
        mac.update(format!("{name}{value}").as_bytes());
    }
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    if tamper {
        form.entry("Body").or_default().push('!');
    }
    Ok(Client::new().post(url).header("X-Twilio-Signature", signature).form(&form))
}

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = setting("LEADWRIGHT_URL", "http://127.0.0.1:8080");
    let (options, tamper) = (options(&arguments), arguments.iter().any(|one| one == "--tamper"));
    let request = match arguments.first().map(String::as_str) {
        Some("meta") => meta(&url, &options, tamper)?,
        Some("twilio") => twilio(&url, &options, tamper)?,
        _ => return Err("say who sends: meta or twilio".into()),
    };
    let answer = request.send()?;
    println!("{} answered {}", answer.url(), answer.status());
    if !answer.status().is_success() {
        return Err(answer.text()?.into());
    }
    Ok(())
}
