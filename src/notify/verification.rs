//! The e-mail by which somebody shows whose mailbox it is: a reaction to `user.verification_requested`, once per link.
//!
//! As with an invitation ([`super::invitation`]), the link is put into the text when the e-mail is handed to the provider,
//! and stands in no row, event or log. Who verified the address meanwhile is not written to.

use std::collections::BTreeMap;

use super::announce::{self, Outgoing};
use super::model::NotificationKind;
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::{EventId, VerificationId};
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::inbox::model::Channel;
use crate::inbox::templates;
use crate::tenants::store::current;
use crate::tenants::verify::{self, Purpose};

/// Soon, because somebody sits before a form and waits for it.
pub static VERIFY: JobKind = JobKind::new("notify.verification").priority(2);

const PROVES: &str = "verification";
/// To a mailbox with whose address somebody signed up while an account nobody verified had it.
const TAKES: &str = "address_offered";
/// What stands for the link until the e-mail leaves.
const LINK: &str = "[personal link]";

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let platform_name = context.core.settings.platform_name.clone();
    context.finish(move |tx| write_to(tx, event, &platform_name)).await
}

fn write_to(tx: &mut TenantTx<'_>, id: EventId, platform_name: &str) -> Result<()> {
    let event = events::get(tx, id)?;
    let Some((verification, purpose)) = verification_of(&event) else { return Ok(()) };
    let Some((verification, user)) = verify::pending(tx, verification)? else { return Ok(()) };
    let tenant = current(tx)?;
    let until = verification.expires_at.utc().with_timezone(&tenant.time_zone).format("%-d %B %Y, %H:%M %Z");
    let values = BTreeMap::from([
        ("platform".to_string(), platform_name.to_string()),
        ("until".to_string(), until.to_string()),
        ("link".to_string(), LINK.to_string()),
    ]);
    let template = match purpose {
        Purpose::Prove => PROVES,
        Purpose::Take => TAKES,
    };
    let rendered = templates::find(template)?.render(Channel::Email, &values)?;
    let outgoing = Outgoing {
        event: id,
        kind: NotificationKind::EmailVerification,
        template_code: template,
        rendered,
        lead_received_at: None,
    };
    announce::dispatch(tx, outgoing, Channel::Email, user.email)
}

fn verification_of(event: &Event) -> Option<(VerificationId, Purpose)> {
    let purpose = if event.data["offers_address"] == true { Purpose::Take } else { Purpose::Prove };
    Some((event.data["verification_id"].as_str()?.parse().ok()?, purpose))
}

/// The e-mail as its receiver reads it; `None` when the link need not be opened any more.
pub(super) fn text(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let Some(link) = verification_of(&events::get(tx, delivery.event_id)?) else { return Ok(None) };
    let link = verify::link(tx, key, link, settings)?;
    Ok(link.map(|link| delivery.body.replace(LINK, &link)))
}
