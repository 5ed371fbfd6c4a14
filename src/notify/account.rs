//! E-mails about somebody's own account: the links by which it is recovered or gets another address, and what happened to it.
//!
//! Links stand in no row ([`super::personal_link`]). They leave whatever the tenant's state, since an account is a person's.

use std::collections::BTreeMap;

use super::model::NotificationKind;
use super::personal_link::{self, Letter, moment};
use super::queue::{Words, put};
use super::store::Delivery;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::{EventId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::sending::templates;
use crate::tenants::access::Role;
use crate::tenants::email_change::{self, Purpose};
use crate::tenants::facts::{
    EmailChangeFact, PasskeyFact, PasswordResetRequested, SecondFactorFact, TenantClosing, UserPasswordChanged,
};
use crate::tenants::id::{EmailChangeId, PasswordResetId};
use crate::tenants::reset;
use crate::tenants::store::{current, members, user_of};

/// Soon, because somebody sits before a form and waits for it.
pub static ACCOUNT: JobKind = JobKind::new("notify.account").priority(2);

/// What a link is for.
#[derive(Debug, Clone, Copy)]
enum Link {
    Reset(PasswordResetId),
    Change(EmailChangeId, Purpose),
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let settings = context.core.settings.clone();
    context.finish(move |tx| write_to(tx, event, &settings)).await
}

fn write_to(tx: &mut TenantTx<'_>, id: EventId, settings: &CoreSettings) -> Result<()> {
    let event = events::get(tx, id)?;
    if let Some(link) = link_of(&event)? {
        return write_link(tx, id, link, &settings.platform_name);
    }
    if let Some(TenantClosing { closes_at: Some(closes_at), .. }) = event.told::<TenantClosing>()? {
        return write_to_owners(tx, id, closes_at, settings);
    }
    let Some(what) = happened(&event)? else { return Ok(()) };
    let Some(user) = event.subject_id.map(UserId::from_uuid) else { return Ok(()) };
    let at = moment(event.occurred_at, &current(tx)?);
    let values = BTreeMap::from([
        ("platform".to_string(), settings.platform_name.clone()),
        ("what".to_string(), what),
        ("when".to_string(), at),
        ("link".to_string(), format!("{}/forgot-password", settings.app_url.trim_end_matches('/'))),
    ]);
    let rendered = templates::find("account_notice")?.render(Channel::Email, &values)?;
    let (kind, template_code) = (NotificationKind::AccountNotice, "account_notice");
    let words = Words { event: id, kind, template_code, rendered, lead_received_at: None };
    let to = user_of(tx, user)?.email;
    put(tx, words, Channel::Email, to)
}

/// The tenant is being closed, by one of them.
fn write_to_owners(tx: &mut TenantTx<'_>, event: EventId, until: Timestamp, settings: &CoreSettings) -> Result<()> {
    let tenant = current(tx)?;
    let values = BTreeMap::from([
        ("platform".to_string(), settings.platform_name.clone()),
        ("tenant".to_string(), tenant.name.clone()),
        ("until".to_string(), moment(until, &tenant)),
    ]);
    let owners = members(tx)?.into_iter().filter(|one| one.role == Role::Owner && one.status == "active");
    for owner in owners {
        let rendered = templates::find("tenant_closing")?.render(Channel::Email, &values)?;
        let (kind, template_code) = (NotificationKind::AccountNotice, "tenant_closing");
        put(tx, Words { event, kind, template_code, rendered, lead_received_at: None }, Channel::Email, owner.email)?;
    }
    Ok(())
}

fn link_of(event: &Event) -> Result<Option<Link>> {
    if let Some(fact) = event.told::<PasswordResetRequested>()? {
        return Ok(fact.reset_id.map(Link::Reset));
    }
    let Some(fact) = event.told::<EmailChangeFact>()? else { return Ok(None) };
    Ok(fact.change_id.and_then(|id| match event.kind {
        EmailChangeFact::REQUESTED => Some(Link::Change(id, Purpose::Prove)),
        EmailChangeFact::CHANGED => Some(Link::Change(id, Purpose::Undo)),
        _ => None,
    }))
}

/// What the user is told, where nothing is asked of them.
fn happened(event: &Event) -> Result<Option<String>> {
    if let Some(PasskeyFact { name: Some(name), .. }) = event.told::<PasskeyFact>()? {
        return Ok(match event.kind {
            PasskeyFact::ADDED => {
                Some(format!("The passkey “{name}” was added to your account: it lets its holder in."))
            }
            PasskeyFact::REMOVED => Some(format!("The passkey “{name}” of your account was removed.")),
            _ => None,
        });
    }
    let passkeys_left = event.told::<SecondFactorFact>()?.and_then(|fact| fact.passkeys_left).unwrap_or_default();
    let what = match event.kind {
        UserPasswordChanged::TYPE => Some("The password of your account was changed, and other sessions were ended."),
        SecondFactorFact::ENABLED => {
            Some("A second factor was turned on for your account: a code is asked for at log-in.")
        }
        SecondFactorFact::DISABLED if passkeys_left > 0 => {
            Some("The authenticator app of your account was removed; its passkeys stay.")
        }
        SecondFactorFact::DISABLED => {
            Some("The second factor of your account was turned off: the password alone lets you in.")
        }
        SecondFactorFact::RECOVERY_CODE_USED => {
            Some("A recovery code of your account was used instead of your device.")
        }
        SecondFactorFact::RECOVERY_CODES_RENEWED => {
            Some("New recovery codes were made for your account; those of before are void.")
        }
        EmailChangeFact::RESTORED => Some("Your account has this e-mail address again, and a new password."),
        _ => None,
    };
    Ok(what.map(str::to_string))
}

/// To whom, by which template, and until when it works.
fn letter_of(tx: &mut TenantTx<'_>, link: Link) -> Result<Option<(String, &'static str, Timestamp)>> {
    Ok(match link {
        Link::Reset(id) => {
            reset::pending(tx, id)?.map(|(reset, user)| (user.email, "password_reset", reset.expires_at))
        }
        Link::Change(id, Purpose::Prove) => email_change::pending(tx, id, Purpose::Prove)?
            .map(|change| (change.wanted, "email_change", change.expires_at)),
        Link::Change(id, Purpose::Undo) => email_change::pending(tx, id, Purpose::Undo)?
            .map(|change| (change.former, "email_changed", change.undo_until.unwrap_or(change.expires_at))),
    })
}

fn write_link(tx: &mut TenantTx<'_>, event: EventId, link: Link, platform_name: &str) -> Result<()> {
    let Some((to, template_code, until)) = letter_of(tx, link)? else { return Ok(()) };
    let tenant = current(tx)?;
    let letter = Letter {
        kind: NotificationKind::AccountLink,
        template_code,
        values: BTreeMap::from([("platform", platform_name.to_string()), ("until", moment(until, &tenant))]),
    };
    letter.send(tx, event, to)
}

/// The e-mail as its receiver reads it; `None` when the link need not be opened any more.
pub(super) fn text(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let link = match link_of(&events::get(tx, delivery.event_id)?)? {
        Some(Link::Reset(id)) => reset::link(tx, key, id, settings)?,
        Some(Link::Change(id, purpose)) => email_change::link(tx, key, (id, purpose), settings)?,
        None => None,
    };
    Ok(link.map(|link| personal_link::text(delivery, &link)))
}
