//! The e-mail by which somebody is invited to a tenant: a reaction to `user.invited`, once per invitation.
//!
//! It leaves like every other notification ([`super::deliver`]), but its link lets whoever holds it in, so it stands in no row
//! ([`super::personal_link`]). An invitation that was withdrawn or accepted meanwhile is not sent.

use super::model::NotificationKind;
use super::personal_link::{Opened, Personal};
use super::readers::{self, named};
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::email::Email;
use crate::base::id::EventId;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::language::{Letter, Phrase, Values, fill};
use crate::sending::words::{self, Holds};
use crate::tenants::facts::InvitationFact;
use crate::tenants::id::InvitationId;
use crate::tenants::{invite, passes_for, store::current};

/// Writes to the invited address; soon, because its owner may be told of it in the same breath.
pub static INVITE: JobKind = JobKind::new("notify.invitation").priority(2);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let platform_name = context.core.settings.platform_name.clone();
    context.finish(move |tx| write_to(tx, event, &platform_name)).await
}

fn write_to(tx: &mut TenantTx<'_>, id: EventId, platform_name: &str) -> Result<()> {
    let event = events::get(tx, id)?;
    let Some(invitation) = invitation_of(&event) else { return Ok(()) };
    let Some((invitation, inviter)) = invite::pending(tx, invitation)? else { return Ok(()) };
    let tenant = current(tx)?;
    // The mail is the platform's: what strangers called themselves carries no message of its own.
    let name = named(&tenant);
    // The tenant sees what is sent, so that it is written in the tenant's language says nothing about who gets it.
    let reader = readers::of_tenant(&tenant);
    let name = if passes_for(&name, platform_name) { reader.phrase(Phrase::UnnamedBusiness) } else { name };
    let is_honest = |inviter: &String| {
        let is_own_address = inviter.parse::<Email>().is_ok();
        (is_own_address || words::check(inviter, Holds::Name).is_ok()) && !passes_for(inviter, platform_name)
    };
    let inviter = inviter.filter(is_honest).unwrap_or_else(|| match event.actor_type.as_str() {
        "operator" => platform_name.to_string(),
        _ => fill(reader.words.phrase(Phrase::TeamOf), |_| Some(name.as_str())).unwrap_or_default(),
    });
    let letter = Personal {
        kind: NotificationKind::UserInvited,
        letter: Letter::Invitation,
        reader,
        look: readers::look_of_platform(platform_name),
        values: Values::from([
            ("inviter", inviter),
            ("tenant", name),
            ("platform", platform_name.to_string()),
            ("role", reader.words.label("Role", invitation.role.as_str()).to_string()),
            ("until", reader.moment(invitation.expires_at)),
        ]),
    };
    letter.send(tx, id, invitation.email)
}

fn invitation_of(event: &Event) -> Option<InvitationId> {
    event.told::<InvitationFact>().ok().flatten()?.invitation_id
}

/// The e-mail as its receiver reads it; `None` when the invitation is open no more.
pub(super) fn opened(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    app_url: &str,
) -> Result<Option<Opened>> {
    let Some(id) = invitation_of(&events::get(tx, delivery.event_id)?) else { return Ok(None) };
    let link = invite::link(tx, key, id, app_url)?;
    Ok(link.map(|link| Opened::by(delivery, &link)))
}

/// Whether the platform's staff offered it.
pub(super) fn is_by_operator(tx: &mut TenantTx<'_>, delivery: &Delivery) -> Result<bool> {
    let Some(id) = invitation_of(&events::get(tx, delivery.event_id)?) else { return Ok(false) };
    Ok(invite::pending(tx, id)?.is_some_and(|(invitation, _)| invitation.by_operator))
}
