//! E-mails to the platform's own staff: what their console shows, sent to every operator who has an address.
//!
//! They leave like every other notification ([`super::deliver`]), as the platform's own: no tenant's standing holds them back.

use super::model::NotificationKind;
use super::queue::{Words, put};
use super::readers;
use crate::base::Result;
use crate::base::id::EventId;
use crate::contacts::Channel;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;
use crate::engine::tally::{Span, Tally};
use crate::language::{Letter, Look, Values};
use crate::tenants::operators;

/// E-mails to one operator in a day. What goes beyond is in the console, so that one fault that repeats fills no mailbox.
const A_DAY: u32 = 50;

/// Writes to every operator with an address, once per event.
pub fn tell(tx: &mut PlatformTx<'_>, event: EventId, title: &str, body: &str) -> Result<()> {
    let letter = Letter::OperatorNotice;
    let values = Values::from([("title", title.to_string()), ("text", body.to_string())]);
    let written = readers::of_staff().letter(letter, &values, None, &Look::default())?;
    let span = Span::day(tx.now());
    for address in operators::addresses(tx)? {
        let today = Tally { tenant: platform_tenant(), kind: "staff_mailed", subject: &address, span };
        if !today.take(tx, A_DAY)? {
            continue;
        }
        let (kind, content) = (NotificationKind::OperatorNotice, written.clone().into());
        let words = Words { event, kind, template_code: letter.code(), content, lead_received_at: None };
        put(&mut tx.for_tenant(platform_tenant()), words, Channel::Email, address)?;
    }
    Ok(())
}
