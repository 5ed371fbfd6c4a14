//! The way in from the world: is the public address https, does it lead to us, and does it answer Meta's check?

use crate::app::App;
use crate::base::crypto::random_token;
use crate::config::is_this_machine;
use crate::providers::Finding;

const VARIABLE: &str = "LEADWRIGHT_PUBLIC_URL";

pub(super) async fn examine(app: &App) -> Vec<Finding> {
    let public_url = &app.config.public_url;
    let is_local = is_this_machine(public_url);
    let mut findings = vec![scheme(public_url, is_local)];
    let reached = app.providers.reach(VARIABLE, public_url, "/healthz").await;
    let is_reached = matches!(&reached, Ok((200, body)) if body.contains("\"ok\""));
    findings.push(match reached {
        Ok(_) if is_reached => Finding::ok("public address", format!("{public_url} leads to a running server")),
        Ok((status, _)) => Finding::failed(
            "public address",
            format!("{public_url}/healthz answers {status}, not as we do"),
            "Point the name, or the proxy behind it, at LEADWRIGHT_BIND.",
        ),
        Err(why) if is_local => Finding::warning(
            "public address",
            format!("no server answers at {public_url}: {why}"),
            "Start leadwright serve.",
        ),
        Err(why) => Finding::failed(
            "public address",
            format!("{public_url} cannot be reached: {why}"),
            "Start the server; then look at DNS, the certificate and the proxy, in this order.",
        ),
    });
    findings.push(frontend(app).await);
    if is_reached {
        findings.extend(handshake(app, public_url).await);
    }
    findings
}

fn scheme(public_url: &str, is_local: bool) -> Finding {
    const NAME: &str = "public scheme";
    let advice = "Set LEADWRIGHT_PUBLIC_URL to the https address that a proxy or a tunnel gives you.";
    if public_url.starts_with("https://") {
        Finding::ok(NAME, "https")
    } else if is_local {
        Finding::warning(NAME, format!("{public_url} is known to this machine only: no provider can call it"), advice)
    } else {
        Finding::failed(
            NAME,
            format!("{public_url} is not https: Meta and Google refuse it, and secrets travel open"),
            advice,
        )
    }
}

/// Where links in what the platform writes lead. Each tenant may have them lead to a frontend of its own.
async fn frontend(app: &App) -> Finding {
    const NAME: &str = "app address";
    const APP: &str = "LEADWRIGHT_APP_URL";
    let app_url = &app.config.app_url;
    if *app_url == app.config.public_url {
        let detail = format!("links in e-mails lead to the API itself, {app_url}, which has no pages");
        return Finding::warning(NAME, detail, "Set LEADWRIGHT_APP_URL to where your frontend is.");
    }
    match app.providers.reach(APP, app_url, "").await {
        Ok((200..=399, _)) => Finding::ok(NAME, format!("links in e-mails lead to {app_url}, which answers")),
        Ok((status, _)) => Finding::warning(
            NAME,
            format!("links in e-mails lead to {app_url}, which answers {status}"),
            "Correct LEADWRIGHT_APP_URL, or look why the frontend has no page there.",
        ),
        Err(why) => Finding::failed(
            NAME,
            format!("links in e-mails lead to {app_url}, which cannot be reached: {why}"),
            "Start the frontend, or correct LEADWRIGHT_APP_URL.",
        ),
    }
}

/// What Meta does when its webhook is set up.
async fn handshake(app: &App, public_url: &str) -> Option<Finding> {
    const NAME: &str = "meta: verify token";
    let token = app.providers.settings().meta.verify_token.as_ref()?;
    let challenge = random_token("");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.verify_token", token.expose())
        .append_pair("hub.challenge", &challenge)
        .finish();
    Some(match app.providers.reach(VARIABLE, public_url, &format!("/v1/webhooks/meta?{query}")).await {
        Ok((200, body)) if body == challenge => Finding::ok(NAME, "Meta's subscription check is answered"),
        Ok((status, _)) => Finding::failed(
            NAME,
            format!("the running server answers Meta's subscription check with {status}"),
            "Restart it with the LEADWRIGHT_META_VERIFY_TOKEN of here.",
        ),
        Err(why) => Finding::failed(NAME, why, "Look at the server's log."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Standing;

    #[test]
    fn only_https_is_fit_for_the_world() {
        for (url, state) in [
            ("https://leads.example.com", Standing::Ok),
            ("http://localhost:8080", Standing::Warning),
            ("http://[::1]:8080", Standing::Warning),
            ("http://leads.example.com", Standing::Failed),
            ("http://10.0.0.7", Standing::Failed),
        ] {
            assert_eq!(scheme(url, is_this_machine(url)).state, state, "{url}");
        }
    }
}
