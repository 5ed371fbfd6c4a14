//! The e-mail by which somebody shows whose mailbox it is: a reaction to `user.verification_requested`, once per link.
//!
//! Its link stands in no row ([`super::personal_link`]). Who verified the address meanwhile is not written to.

use std::collections::BTreeMap;

use super::model::NotificationKind;
use super::personal_link::{self, Letter, moment};
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::{EventId, VerificationId};
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants::facts::VerificationFact;
use crate::tenants::store::current;
use crate::tenants::verify::{self, Purpose};

/// Soon, because somebody sits before a form and waits for it.
pub static VERIFY: JobKind = JobKind::new("notify.verification").priority(2);

const PROVES: &str = "verification";
/// To a mailbox with whose address somebody signed up while an account nobody verified had it.
const TAKES: &str = "address_offered";

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
    let letter = Letter {
        kind: NotificationKind::EmailVerification,
        template_code: match purpose {
            Purpose::Prove => PROVES,
            Purpose::Take => TAKES,
        },
        values: BTreeMap::from([
            ("platform", platform_name.to_string()),
            ("until", moment(verification.expires_at, &tenant)),
        ]),
    };
    letter.send(tx, id, user.email)
}

fn verification_of(event: &Event) -> Option<(VerificationId, Purpose)> {
    let fact = event.told::<VerificationFact>().ok().flatten()?;
    let purpose = if fact.offers_address == Some(true) { Purpose::Take } else { Purpose::Prove };
    Some((fact.verification_id?, purpose))
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
    Ok(link.map(|link| personal_link::text(delivery, &link)))
}
