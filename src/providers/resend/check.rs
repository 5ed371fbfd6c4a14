//! Does the key work, is the domain that e-mails come from verified, and are we told what becomes of them?

use serde::Deserialize;

use super::ResendEmails;
use super::classify::{PROVIDER, classify};
use crate::providers::Finding;
use crate::providers::http::{self, Repeat};

#[derive(Deserialize)]
struct Domains {
    data: Vec<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
    status: String,
}

#[derive(Deserialize)]
struct Webhooks {
    data: Vec<Webhook>,
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
    pub(in crate::providers) async fn check(
        &self,
        public_url: &str,
        email_from: &str,
        has_secret: bool,
    ) -> Vec<Finding> {
        vec![self.domain(email_from).await, self.webhook(public_url, has_secret).await]
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
        let answer = match http::exchange(PROVIDER, Repeat::Harmless, self.list_request("webhooks")).await {
            Ok(answer) if answer.is_success() => answer,
            Ok(answer) => {
                let error = classify(&answer);
                if error.code == "restricted_api_key" {
                    let advice = format!("Nothing, if resend.com/webhooks has one for {address}.");
                    return Finding::warning(WEBHOOK, "the key may only send, so it cannot be looked up", advice);
                }
                return Finding::refused(WEBHOOK, KEY, &error);
            }
            Err(error) => return Finding::refused(WEBHOOK, KEY, &error),
        };
        let Some(Webhooks { data }) = answer.json() else {
            return Finding::refused(WEBHOOK, KEY, &answer.unreadable(PROVIDER, Repeat::Harmless));
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
        let answer = match http::exchange(PROVIDER, Repeat::Harmless, self.list_request("domains")).await {
            Ok(answer) if answer.is_success() => answer,
            Ok(answer) => {
                let error = classify(&answer);
                if error.code == "restricted_api_key" {
                    let advice = "Nothing, if the domain of LEADWRIGHT_EMAIL_FROM is verified at resend.com/domains.";
                    return Finding::warning(NAME, "the key may only send, so the domain cannot be looked up", advice);
                }
                return Finding::refused(NAME, KEY, &error);
            }
            Err(error) => return Finding::refused(NAME, KEY, &error),
        };
        let Some(Domains { data }) = answer.json() else {
            return Finding::refused(NAME, KEY, &answer.unreadable(PROVIDER, Repeat::Harmless));
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
