//! Who hears of the mail that leaves by a real mail server in a sandbox: the twins of the mailboxes, whose people open the
//! links in it. A twin of a mail provider has the mail anyway; a mail server only carries it away.

use async_trait::async_trait;

use super::settings::Ear;
use super::smtp::SmtpEmails;
use super::{Accepted, EmailSender, OutgoingEmail, ProviderError};

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
        self.ear.hear(&email.text);
        Ok(taken)
    }
}
