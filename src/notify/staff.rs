//! E-mails to the platform's own staff: what their console shows, sent to every operator who has an address.
//!
//! They leave like every other notification ([`super::deliver`]), as the platform's own: no tenant's standing holds them back.

use std::collections::BTreeMap;

use super::model::NotificationKind;
use super::queue::{Words, put};
use crate::base::Result;
use crate::base::id::EventId;
use crate::contacts::Channel;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;
use crate::engine::tally::{Span, Tally};
use crate::sending::templates::Rendered;
use crate::tenants::operators;

/// E-mails to one operator in a day. What goes beyond is in the console, so that one fault that repeats fills no mailbox.
const A_DAY: u32 = 50;

/// Writes to every operator with an address, once per event.
pub fn tell(tx: &mut PlatformTx<'_>, event: EventId, title: &str, body: &str) -> Result<()> {
    let span = Span::day(tx.now());
    for address in operators::addresses(tx)? {
        let today = Tally { tenant: platform_tenant(), kind: "staff_mailed", subject: &address, span };
        if !today.take(tx, A_DAY)? {
            continue;
        }
        let rendered =
            Rendered { subject: Some(title.to_string()), content: body.to_string(), numbered: BTreeMap::new() };
        let kind = NotificationKind::OperatorNotice;
        let words = Words { event, kind, template_code: "operator_notice", rendered, lead_received_at: None };
        put(&mut tx.for_tenant(platform_tenant()), words, Channel::Email, address)?;
    }
    Ok(())
}
