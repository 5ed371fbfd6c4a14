//! Token, app secret, the app's webhook subscription and each page's: what must be right before a lead arrives.

use serde::Deserialize;

use super::GraphApi;
use crate::base::crypto::Secret;
use crate::providers::{ErrorClass, Finding, ProviderError};

#[derive(Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    name: String,
    /// A page's own, when the user behind our token manages it.
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Subscription {
    object: String,
    callback_url: String,
    active: bool,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
}

#[derive(Deserialize)]
struct SubscribedApp {
    id: String,
    #[serde(default)]
    subscribed_fields: Vec<String>,
}

/// More pages than that are asked about by name.
const PAGES: usize = 25;

impl GraphApi {
    /// See the module. Without the app secret there is nothing to ask with.
    pub(crate) async fn check(&self, public_url: &str, app_secret: Option<&Secret>) -> Vec<Finding> {
        let Some(secret) = app_secret else { return Vec::new() };
        let app: Node = match self.ask(self.access_token(), secret, &["app"], "id,name").await {
            Ok(app) => app,
            Err(error) => return vec![Finding::refused("meta: token", "LEADWRIGHT_META_ACCESS_TOKEN", &error)],
        };
        let mut findings = vec![Finding::ok("meta: token", format!("accepted for the app {} {}", app.id, app.name))];
        findings.push(self.subscription(&app, secret, public_url).await);
        match self.pages(secret).await {
            Ok(pages) if pages.is_empty() => findings.push(Finding::failed(
                "meta: pages",
                "the token reaches no page",
                "Give the system user behind LEADWRIGHT_META_ACCESS_TOKEN the pages whose leads are to arrive.",
            )),
            Ok(pages) => {
                for page in pages.iter().take(PAGES) {
                    findings.push(self.page(&app, page, secret).await);
                }
            }
            Err(error) => findings.push(Finding::refused("meta: pages", "LEADWRIGHT_META_ACCESS_TOKEN", &error)),
        }
        findings
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        token: &Secret,
        app_secret: &Secret,
        path: &[&str],
        fields: &str,
    ) -> Result<T, ProviderError> {
        let answer = self.call(self.read_as(token, app_secret, path, fields)).await?;
        answer.json().ok_or_else(|| answer.unreadable(super::PROVIDER, crate::providers::http::Repeat::Harmless))
    }

    /// Where Meta sends the app's lead notifications. Asked as the app, which proves the secret.
    async fn subscription(&self, app: &Node, secret: &Secret, public_url: &str) -> Finding {
        const NAME: &str = "meta: webhook";
        let as_app = Secret::new(format!("{}|{}", app.id, secret.expose()));
        let fields = "object,callback_url,active,fields";
        let list: List<Subscription> = match self.ask(&as_app, secret, &[&app.id, "subscriptions"], fields).await {
            Ok(list) => list,
            Err(error) => return Finding::refused(NAME, "LEADWRIGHT_META_APP_SECRET", &error),
        };
        let address = format!("{public_url}/v1/webhooks/meta");
        let advice = format!(
            "In the app's dashboard, under Webhooks, subscribe Page to {address} with the verify token of \
             LEADWRIGHT_META_VERIFY_TOKEN and the field leadgen."
        );
        let Some(page) = list.data.into_iter().find(|subscription| subscription.object == "page") else {
            return Finding::failed(NAME, "the app is not subscribed to its pages", advice);
        };
        if !is_ours(&page.callback_url, public_url) {
            return Finding::failed(NAME, format!("Meta calls {} instead of {address}", page.callback_url), advice);
        }
        if !page.active || !page.fields.iter().any(|field| field.name == "leadgen") {
            return Finding::failed(NAME, "the subscription is off, or lacks the field leadgen", advice);
        }
        Finding::ok(NAME, format!("Meta sends lead notifications to {}", page.callback_url))
    }

    async fn pages(&self, secret: &Secret) -> Result<Vec<Node>, ProviderError> {
        let listed = self.ask(self.access_token(), secret, &["me", "accounts"], "id,name,access_token").await;
        match listed {
            Ok(List { data }) => Ok(data),
            // A page's own token has no accounts: it is the page.
            Err(error) if error.class == ErrorClass::Permanent && error.code.starts_with("100") => {
                Ok(vec![self.ask(self.access_token(), secret, &["me"], "id,name").await?])
            }
            Err(error) => Err(error),
        }
    }

    async fn page(&self, app: &Node, page: &Node, secret: &Secret) -> Finding {
        let name = format!("meta: page {}", page.id);
        let token = page.access_token.clone().map_or_else(|| self.access_token().clone(), Secret::new);
        let path = [page.id.as_str(), "subscribed_apps"];
        let apps: List<SubscribedApp> = match self.ask(&token, secret, &path, "id,subscribed_fields").await {
            Ok(apps) => apps,
            Err(error) => return Finding::refused(&name, "LEADWRIGHT_META_ACCESS_TOKEN", &error),
        };
        let subscribed = apps
            .data
            .iter()
            .any(|entry| entry.id == app.id && entry.subscribed_fields.iter().any(|field| field == "leadgen"));
        if subscribed {
            return Finding::ok(name, format!("{} sends its leads", page.name));
        }
        let advice = format!("POST /{}/subscribed_apps with subscribed_fields=leadgen and the page's token.", page.id);
        Finding::failed(name, format!("{} does not send its leads to the app", page.name), advice)
    }
}

/// One of the addresses under which Meta's notifications are taken in: the whole app's, or that of a tenant in older set-ups,
/// which ends in its id.
fn is_ours(callback_url: &str, public_url: &str) -> bool {
    let path = callback_url.strip_prefix(public_url).map(|path| path.trim_end_matches('/'));
    path.is_some_and(|path| {
        let tenant = path.strip_prefix("/api/webhooks/facebook/leads/");
        path == "/v1/webhooks/meta" || tenant.is_some_and(|id| id.parse::<uuid::Uuid>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn both_addresses_of_ours_are_known_and_no_other() {
        let is = |path: &str| is_ours(&format!("https://leads.example.com{path}"), "https://leads.example.com");
        for ours in [
            "/v1/webhooks/meta",
            "/v1/webhooks/meta/",
            "/api/webhooks/facebook/leads/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        ] {
            assert!(is(ours), "{ours}");
        }
        for wrong in [
            "/webhooks/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
            "/api/webhooks/facebook/leads/",
            "/v1/webhooks/twilio",
            ".evil.example/v1/webhooks/meta",
        ] {
            assert!(!is(wrong), "{wrong}");
        }
        assert!(!is_ours("https://other.example.com/v1/webhooks/meta", "https://leads.example.com"));
    }
}
