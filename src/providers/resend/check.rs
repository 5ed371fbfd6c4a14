//! Does the key work, is the domain that e-mails come from verified, and are we told what becomes of them?

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ResendEmails;
use super::classify::{PROVIDER, classify};
use crate::providers::Finding;
use crate::providers::http::{self, Repeat};

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
    status: String,
}

#[derive(Deserialize)]
struct Webhook {
    endpoint: String,
    status: String,
    events: Vec<String>,
}

const NAME: &str = "resend: domain";
const WEBHOOK: &str = "resend: webhook";
/// What we act upon.
const EVENTS: [&str; 3] = ["email.delivered", "email.bounced", "email.complained"];
const KEY: &str = "LEADWRIGHT_RESEND_API_KEY";

impl ResendEmails {
    /// `has_secret` says whether webhooks that come can be verified.
    pub(crate) async fn check(&self, public_url: &str, email_from: &str, has_secret: bool) -> Vec<Finding> {
        vec![self.domain(email_from).await, self.webhook(public_url, has_secret).await]
    }

    /// What the account has of a kind, or what to say instead: `unseen` is the advice when the key may not look.
    async fn list<T: DeserializeOwned>(&self, of: &str, name: &str, unseen: &str) -> Result<Vec<T>, Finding> {
        let answer = http::exchange(PROVIDER, Repeat::Harmless, self.list_request(of)).await;
        let answer = answer.map_err(|error| Finding::refused(name, KEY, &error))?;
        if !answer.is_success() {
            let error = classify(&answer);
            return Err(match error.code.as_str() {
                "restricted_api_key" => {
                    Finding::warning(name, "the key may only send, so it cannot be looked up", unseen)
                }
                _ => Finding::refused(name, KEY, &error),
            });
        }
        let page: Option<Page<T>> = answer.json();
        let unreadable = || Finding::refused(name, KEY, &answer.unreadable(PROVIDER, Repeat::Harmless));
        Ok(page.ok_or_else(unreadable)?.data)
    }

    async fn webhook(&self, public_url: &str, has_secret: bool) -> Finding {
        let address = format!("{public_url}/v1/webhooks/resend");
        let set_up = format!(
            "Add a webhook for {address} with {} at resend.com/webhooks, and set LEADWRIGHT_RESEND_WEBHOOK_SECRET to its \
             signing secret.",
            EVENTS.join(", ")
        );
        if !has_secret {
            return Finding::warning(WEBHOOK, "bounces and complaints are not learned: webhooks are refused", set_up);
        }
        let unseen = format!("Nothing, if resend.com/webhooks has one for {address}.");
        let data: Vec<Webhook> = match self.list("webhooks", WEBHOOK, &unseen).await {
            Ok(data) => data,
            Err(finding) => return finding,
        };
        let Some(found) = data.iter().find(|known| known.endpoint.trim_end_matches('/') == address) else {
            return Finding::failed(WEBHOOK, format!("none of this account leads to {address}"), set_up);
        };
        let missing: Vec<&str> =
            EVENTS.into_iter().filter(|event| !found.events.iter().any(|known| known == event)).collect();
        if found.status != "enabled" {
            Finding::failed(WEBHOOK, format!("it is {}", found.status), "Enable it at resend.com/webhooks.")
        } else if !missing.is_empty() {
            let detail = format!("it does not tell of {}", missing.join(", "));
            Finding::failed(WEBHOOK, detail, "Choose these events for it at resend.com/webhooks.")
        } else {
            Finding::ok(WEBHOOK, format!("what becomes of e-mails is told to {address}"))
        }
    }

    async fn domain(&self, email_from: &str) -> Finding {
        let unseen = "Nothing, if the domain of LEADWRIGHT_EMAIL_FROM is verified at resend.com/domains.";
        let data: Vec<Domain> = match self.list("domains", NAME, unseen).await {
            Ok(data) => data,
            Err(finding) => return finding,
        };
        let domain = email_from.rsplit('@').next().unwrap_or_default();
        let found = data.iter().find(|known| domain == known.name || domain.ends_with(&format!(".{}", known.name)));
        match found {
            Some(known) if known.status == "verified" => Finding::ok(NAME, format!("{} is verified", known.name)),
            Some(known) => Finding::failed(
                NAME,
                format!("{} is {}", known.name, known.status),
                "Add the DNS records that resend.com/domains shows.",
            ),
            None => Finding::failed(
                NAME,
                format!("{domain} is not a domain of this account"),
                "Add it at resend.com/domains, or set LEADWRIGHT_EMAIL_FROM to an address of a verified domain.",
            ),
        }
    }
}
