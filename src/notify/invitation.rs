//! The e-mail by which somebody is invited to a tenant: a reaction to `user.invited`, once per invitation.
//!
//! It leaves like every other notification ([`super::deliver`]), but its link lets whoever holds it in. So the link is put
//! into the text when the e-mail is handed to the provider, and stands in no row, event or log. An invitation that was
//! withdrawn or accepted meanwhile is not sent.

use std::collections::BTreeMap;

use super::announce::{self, Outgoing};
use super::model::NotificationKind;
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::email::Email;
use crate::base::id::{EventId, InvitationId};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::inbox::model::Channel;
use crate::inbox::templates;
use crate::sending::words::{self, Holds};
use crate::tenants::{invite, passes_for, store::current};

/// Writes to the invited address; soon, because its owner may be told of it in the same breath.
pub static INVITE: JobKind = JobKind::new("notify.invitation").priority(2);

const TEMPLATE: &str = "invitation";
/// What stands for the link until the e-mail leaves.
const LINK: &str = "[personal link]";

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
    let name = announce::named(&tenant);
    let is_honest = |inviter: &String| {
        let is_own_address = inviter.parse::<Email>().is_ok();
        (is_own_address || words::check(inviter, Holds::Name).is_ok()) && !passes_for(inviter, platform_name)
    };
    let inviter = inviter.filter(is_honest).unwrap_or_else(|| match event.actor_type.as_str() {
        "operator" => platform_name.to_string(),
        _ => format!("The team of {name}"),
    });
    let until = invitation.expires_at.utc().with_timezone(&tenant.time_zone).format("%-d %B %Y, %H:%M %Z");
    let values = BTreeMap::from([
        ("inviter".to_string(), inviter),
        ("tenant".to_string(), name),
        ("platform".to_string(), platform_name.to_string()),
        ("role".to_string(), invitation.role.to_string()),
        ("until".to_string(), until.to_string()),
        ("link".to_string(), LINK.to_string()),
    ]);
    let rendered = templates::find(TEMPLATE)?.render(Channel::Email, &values)?;
    let outgoing = Outgoing {
        event: id,
        kind: NotificationKind::UserInvited,
        template_code: TEMPLATE,
        rendered,
        lead_received_at: None,
    };
    announce::dispatch(tx, outgoing, Channel::Email, invitation.email)
}

fn invitation_of(event: &Event) -> Option<InvitationId> {
    event.data["invitation_id"].as_str()?.parse().ok()
}

/// The e-mail as its receiver reads it; `None` when the invitation is open no more.
pub(super) fn text(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    app_url: &str,
) -> Result<Option<String>> {
    let Some(id) = invitation_of(&events::get(tx, delivery.event_id)?) else { return Ok(None) };
    let link = invite::link(tx, key, id, app_url)?;
    Ok(link.map(|link| delivery.body.replace(LINK, &link)))
}

/// Whether the platform's staff offered it.
pub(super) fn is_by_operator(tx: &mut TenantTx<'_>, delivery: &Delivery) -> Result<bool> {
    let Some(id) = invitation_of(&events::get(tx, delivery.event_id)?) else { return Ok(false) };
    Ok(invite::pending(tx, id)?.is_some_and(|(invitation, _)| invitation.by_operator))
}
