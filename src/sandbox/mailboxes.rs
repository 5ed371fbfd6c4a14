//! The people behind the mailboxes: a moment after an e-mail came, they open the link in it that shows whose mailbox it is.
//!
//! They do what a page of the platform's frontend does with the token in such a link: they post it to the product. `PUT
//! /sandbox/mailboxes {"open_links": false}` has them leave their mail unread.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Sandbox;
use super::callbacks::Webhook;
use super::faults::bad_request;

/// What a link's path leads to.
const PAGES: &[(&str, &str)] = &[
    ("/verify-email?token=", "/v1/auth/verify-email"),
    ("/notification-recipients/confirm?token=", "/v1/notification-recipients/confirm"),
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Habits {
    open_links: bool,
}

pub(super) struct Mailboxes {
    open_links: AtomicBool,
}

impl Mailboxes {
    pub fn new() -> Self {
        Self { open_links: AtomicBool::new(true) }
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/mailboxes", web::get().to(tell));
    cfg.route("/mailboxes", web::put().to(set));
}

async fn tell(sandbox: web::Data<Sandbox>) -> HttpResponse {
    let open_links = sandbox.0.mailboxes.open_links.load(Ordering::Relaxed);
    HttpResponse::Ok().json(Habits { open_links })
}

async fn set(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let habits: Habits = match serde_json::from_slice(&body) {
        Ok(habits) => habits,
        Err(error) => return bad_request(&error.to_string()),
    };
    sandbox.0.mailboxes.open_links.store(habits.open_links, Ordering::Relaxed);
    HttpResponse::Ok().json(habits)
}

/// The operation behind the link in a text, and the link's token.
fn link(text: &str) -> Option<(&'static str, &str)> {
    PAGES.iter().find_map(|(page, operation)| {
        let (_, rest) = text.split_once(page)?;
        let token = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next()?;
        (!token.is_empty()).then_some((*operation, token))
    })
}

impl Sandbox {
    /// Somebody reads an e-mail.
    pub fn reads_mail(&self, text: &str) {
        if !self.0.mailboxes.open_links.load(Ordering::Relaxed) {
            return;
        }
        let Some((operation, token)) = link(text) else { return };
        let opened = Webhook {
            provider: "mailbox",
            url: self.webhook_url(operation),
            content_type: "application/json",
            headers: Vec::new(),
            svix: None,
            body: json!({ "token": token }).to_string().into_bytes(),
        };
        self.call_back(vec![opened], |_, _| {});
    }
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn a_link_is_found_with_its_token() {
        let text = "Open this:\nhttps://x.example/verify-email?token=ver_a-B_9\n\nBye";
        assert_eq!(link(text), Some(("/v1/auth/verify-email", "ver_a-B_9")));
        assert_eq!(link("Nothing to open"), None);
        assert_eq!(link("https://x.example/verify-email?token="), None);
    }
}
