//! Who hears of the mail that leaves by a real mail server in a sandbox: the twins of the mailboxes, whose people open the
//! links in it. A twin of a mail provider has the mail anyway; a mail server only carries it away.

use std::sync::Arc;

use async_trait::async_trait;

use super::smtp::SmtpEmails;
use super::{Accepted, EmailSender, OutgoingEmail, ProviderError};

/// Told the text of every e-mail that left.
#[derive(Clone)]
pub struct Ear(Arc<dyn Fn(&str) + Send + Sync>);

impl Ear {
    pub fn new(hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ear")
    }
}

pub(super) struct Overheard {
    pub emails: SmtpEmails,
    pub ear: Ear,
}

#[async_trait]
impl EmailSender for Overheard {
    fn provider(&self) -> &'static str {
        self.emails.provider()
    }

    async fn send(&self, email: &OutgoingEmail) -> Result<Accepted, ProviderError> {
        let taken = self.emails.send(email).await?;
        (self.ear.0)(&email.text);
        Ok(taken)
    }
}
