//! Is a connection really one? What `leadwright doctor` asks each provider, and what to do about the answer.
//!
//! Only reads are made: nobody receives a message, no ad campaign changes. Each vendor's questions are in its own `check`.

use std::time::Duration;

use super::Providers;
use super::finding::Finding;
use super::http::{self, Clients, Repeat};
use super::registry::ConnectionState;

impl Providers {
    /// Asks every connected provider. `public_url` is where their webhooks must come; `email_from` what e-mails come from.
    pub async fn check(&self, public_url: &str, email_from: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for connection in self.connections() {
            match connection.state {
                ConnectionState::NotConnected => {
                    findings.push(Finding::warning(connection.name, "not connected", format!("{}.", connection.detail)))
                }
                _ => findings.push(Finding::ok(connection.name, connection.detail)),
            }
        }
        let (meta, google, twilio, resend, smtp) = self.adapters();
        if let Some(meta) = meta {
            findings.extend(meta.check(public_url, self.settings().meta.app_secrets.first()).await);
        }
        if let Some(google) = google {
            findings.push(google.check().await);
        }
        if let Some(twilio) = twilio {
            findings.extend(twilio.check(public_url, &self.settings().twilio).await);
        }
        match (smtp, resend) {
            (Some(smtp), _) => findings.push(smtp.check().await),
            (None, Some(resend)) => {
                let has_secret = !self.settings().resend.webhook_secrets.is_empty();
                findings.extend(resend.check(public_url, email_from, has_secret).await);
            }
            (None, None) => {}
        }
        findings
    }

    /// Who answers at an address of our own settings, which `variable` names? The status and the body of `path`.
    ///
    /// # Errors
    /// Why it cannot be reached, in words.
    pub async fn reach(&self, variable: &str, address: &str, path: &str) -> Result<(u16, String), String> {
        let base = http::base_url(variable, address)?;
        let client = Clients::new(Duration::from_secs(10)).reaching(&base)?;
        let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let answer =
            http::exchange("address", Repeat::Harmless, client.get(url)).await.map_err(|error| error.message)?;
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }
}
