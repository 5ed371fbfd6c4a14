//! Provider webhooks are signed: by each provider's own rule, with the twins' secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;

use crate::support::TestApp;

/// Who signs a request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Nobody,
    Meta,
    Resend,
    Twilio,
}

type Headers = Vec<(&'static str, String)>;

impl Sign {
    /// The bytes to send, and the headers that prove who sends them.
    pub fn body(self, url: &str, media_type: &str, body: &Value, app: &TestApp) -> (String, Headers) {
        if media_type == "application/x-www-form-urlencoded" {
            return form(url, body);
        }
        let text = body.to_string();
        let headers = match self {
            Self::Meta => {
                let digest = hmac::<Hmac<sha2::Sha256>>(b"sandbox-meta-app-secret", text.as_bytes());
                vec![("x-hub-signature-256", format!("sha256={}", hex::encode(digest)))]
            }
            Self::Resend => {
                let (id, timestamp) = ("msg_of_the_example", app.clock.now().seconds());
                let secret = STANDARD.decode("bGVhZHdyaWdodC1zYW5kYm94LXdlYmhvb2tz").expect("base64");
                let digest = hmac::<Hmac<sha2::Sha256>>(&secret, format!("{id}.{timestamp}.{text}").as_bytes());
                vec![
                    ("svix-id", id.into()),
                    ("svix-timestamp", timestamp.to_string()),
                    ("svix-signature", format!("v1,{}", STANDARD.encode(digest))),
                ]
            }
            Self::Nobody | Self::Twilio => Vec::new(),
        };
        (text, headers)
    }
}

/// Twilio's: the address, then every field and its value by the names' order.
fn form(url: &str, body: &Value) -> (String, Headers) {
    let fields = body.as_object().expect("a form");
    let mut pairs: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect();
    pairs.sort_unstable();
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let signed = pairs.iter().fold(url.to_string(), |signed, (name, value)| signed + name + value);
    let digest = hmac::<Hmac<sha1::Sha1>>(b"sandbox-twilio-auth-token", signed.as_bytes());
    (text, vec![("x-twilio-signature", STANDARD.encode(digest))])
}

fn hmac<M: Mac + hmac::digest::KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <M as Mac>::new_from_slice(key).expect("a key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
