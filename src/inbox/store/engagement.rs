//! How a lead took our messages: counted from what is stored, for scoring.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::inbox::schema::{conversations, messages};
use crate::leads::engagement::{Addressee, Engagement};

/// Messages that are looked at. A lead with more has long shown what it is.
const MOST: i64 = 1000;

pub fn of(tx: &mut TenantTx<'_>, lead: &Addressee<'_>) -> Result<Engagement> {
    let tenant = tx.tenant();
    let of_lead = conversations::table
        .filter(conversations::tenant_id.eq(tenant).and(conversations::lead_id.eq(lead.lead)))
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
        if is_told && to.is_some() && to.as_deref() == lead.email {
            found.has_bounced = status == "bounced";
        }
    }
    Ok(found)
}
