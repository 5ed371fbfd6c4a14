//! The e-mail by which somebody shows whose mailbox it is: a reaction to `user.verification_requested`, once per link.
//!
//! Its link stands in no row ([`super::personal_link`]). Who verified the address meanwhile is not written to.

use super::model::NotificationKind;
use super::personal_link::{Opened, Personal};
use super::readers;
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::EventId;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::language::{Letter, Values};
use crate::tenants::facts::VerificationFact;
use crate::tenants::id::VerificationId;
use crate::tenants::store::current;
use crate::tenants::verify::{self, Purpose};

/// Soon, because somebody sits before a form and waits for it.
pub static VERIFY: JobKind = JobKind::new("notify.verification").priority(2);

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
    let reader = readers::of_user(&user, &tenant);
    let letter = Personal {
        kind: NotificationKind::EmailVerification,
        letter: match purpose {
            Purpose::Prove => Letter::Verification,
            // To a mailbox with whose address somebody signed up while an account nobody verified had it.
            Purpose::Take => Letter::AddressOffered,
        },
        reader,
        look: readers::look_of_platform(platform_name),
        values: Values::from([
            ("platform", platform_name.to_string()),
            ("until", reader.moment(verification.expires_at)),
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
pub(super) fn opened(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<Opened>> {
    let Some(link) = verification_of(&events::get(tx, delivery.event_id)?) else { return Ok(None) };
    let link = verify::link(tx, key, link, settings)?;
    Ok(link.map(|link| Opened::by(delivery, &link)))
}
