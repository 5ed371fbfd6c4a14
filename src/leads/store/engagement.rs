//! What a person did with our messages, as far as receipts and answers tell.

use diesel::prelude::*;

use super::Lead;
use crate::base::Result;
use crate::base::id::LeadId;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::engine::db::schema::{conversations, leads, messages};

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

/// Messages that are looked at. A lead with more has long shown what it is.
const MOST: i64 = 1000;

pub fn engagement(tx: &mut TenantTx<'_>, lead: &Lead) -> Result<Engagement> {
    let tenant = tx.tenant();
    let of_lead = conversations::table
        .filter(conversations::tenant_id.eq(tenant).and(conversations::lead_id.eq(lead.id)))
        .select(conversations::id);
    let rows: Vec<(String, String, String, Option<String>, Timestamp)> = messages::table
        .filter(messages::tenant_id.eq(tenant).and(messages::conversation_id.eq_any(of_lead)))
        .filter(
            messages::direction.eq("inbound").or(messages::direction.eq("outbound").and(messages::channel.eq("email"))),
        )
        .order((messages::created_at.asc(), messages::id.asc()))
        .select((messages::direction, messages::channel, messages::status, messages::to_address, messages::created_at))
        .limit(MOST)
        .load(tx.conn())?;
    let mut found = Engagement::default();
    for (direction, _, status, to, at) in &rows {
        if direction == "inbound" {
            found.has_answered = true;
            let waited = lead.first_contact_at.filter(|first| first <= at).map(|first| at.since(first).num_seconds());
            found.first_response_seconds = found.first_response_seconds.or(waited);
            continue;
        }
        let (is_opened, is_clicked) = (status == "opened" || status == "read", status == "clicked");
        found.email_opens += i64::from(is_opened || is_clicked);
        found.email_clicks += i64::from(is_clicked);
        let is_told = matches!(status.as_str(), "delivered" | "opened" | "read" | "clicked" | "bounced");
        if is_told && to.is_some() && *to == lead.email {
            found.has_bounced = status == "bounced";
        }
    }
    Ok(found)
}

/// Open leads in the order of their ids, after one of them.
pub fn open_leads(tx: &mut TenantTx<'_>, after: Option<LeadId>, most: i64) -> Result<Vec<LeadId>> {
    let mut rows = leads::table
        .filter(leads::tenant_id.eq(tx.tenant()).and(leads::closed_at.is_null()))
        .order(leads::id.asc())
        .select(leads::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        rows = rows.filter(leads::id.gt(after));
    }
    Ok(rows.load(tx.conn())?)
}
