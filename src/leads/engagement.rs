//! What a person did with our messages, as far as receipts and answers tell. Messages lie above leads, so whoever keeps them
//! tells it ([`ReadEngagement`]).

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::leads::store::Lead;

/// Counted from stored messages; nothing of it for a lead that was never written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engagement {
    /// E-mails of ours that were opened, each once.
    pub email_opens: i64,
    /// E-mails of ours in which a link was clicked, each once.
    pub email_clicks: i64,
    /// The last e-mail to the lead's present address came back.
    pub has_bounced: bool,
    /// The person wrote to us.
    pub has_answered: bool,
    /// From our first message to the first answer after it.
    pub first_response_seconds: Option<i64>,
}

/// Whose engagement is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    pub lead: LeadId,
    /// Where the lead is reached now.
    pub email: Option<&'a str>,
    pub first_contact_at: Option<Timestamp>,
}

/// The hook by which scoring learns it.
#[derive(Debug, Clone, Copy)]
pub struct ReadEngagement(pub fn(&mut TenantTx<'_>, &Addressee<'_>) -> Result<Engagement>);

/// Nothing of it where nobody keeps messages.
pub fn engagement(tx: &mut TenantTx<'_>, lead: &Lead) -> Result<Engagement> {
    match tx.platform().reactions().hook::<ReadEngagement>() {
        Some(ReadEngagement(read)) => {
            let of = Addressee { lead: lead.id, email: lead.email.as_deref(), first_contact_at: lead.first_contact_at };
            read(tx, &of)
        }
        None => Ok(Engagement::default()),
    }
}
