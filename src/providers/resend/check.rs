//! Does the key work, and is the domain that e-mails come from verified?

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

const NAME: &str = "resend: domain";
const KEY: &str = "LEADWRIGHT_RESEND_API_KEY";

impl ResendEmails {
    pub(in crate::providers) async fn check(&self, email_from: &str) -> Finding {
        let answer = match http::exchange(PROVIDER, Repeat::Harmless, self.domains_request()).await {
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
