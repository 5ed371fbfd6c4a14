//! E-mails about somebody's own account: the links by which it is recovered or gets another address, and what happened to it.
//!
//! Links stand in no row ([`super::personal_link`]). They leave whatever the tenant's state, since an account is a person's.

use super::model::NotificationKind;
use super::personal_link::{Opened, Personal};
use super::queue::{Words, put};
use super::readers;
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
use crate::language::{Letter, Phrase, Reader, Values, fill};
use crate::tenants::access::Role;
use crate::tenants::email_change::{self, Purpose};
use crate::tenants::facts::{
    EmailChangeFact, PasskeyFact, PasswordResetRequested, SecondFactorFact, TenantClosing, UserPasswordChanged,
};
use crate::tenants::id::{EmailChangeId, PasswordResetId, RejectionId};
use crate::tenants::second_factor::rejection;
use crate::tenants::store::{User, current, members, user_of};
use crate::tenants::{pages, reset};

/// Soon, because somebody sits before a form and waits for it.
pub static ACCOUNT: JobKind = JobKind::new("notify.account").priority(2);

/// What a link is for.
#[derive(Debug, Clone, Copy)]
enum Link {
    Reset(PasswordResetId),
    Change(EmailChangeId, Purpose),
    /// Away with a second factor that somebody else added.
    Reject(RejectionId),
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let settings = context.core.settings.clone();
    context.finish(move |tx| write_to(tx, event, &settings)).await
}

fn write_to(tx: &mut TenantTx<'_>, id: EventId, settings: &CoreSettings) -> Result<()> {
    let event = events::get(tx, id)?;
    if let Some(link) = link_of(&event)? {
        return write_link(tx, &event, link, &settings.platform_name);
    }
    if let Some(TenantClosing { closes_at: Some(closes_at), .. }) = event.told::<TenantClosing>()? {
        return write_to_owners(tx, id, closes_at, settings);
    }
    let Some(what) = happened(&event)? else { return Ok(()) };
    let Some(user) = event.subject_id.map(UserId::from_uuid) else { return Ok(()) };
    let user = user_of(tx, user)?;
    let reader = readers::of_user(&user, &current(tx)?);
    let values = Values::from([
        ("platform", settings.platform_name.clone()),
        ("what", what.said(&reader)),
        ("when", reader.moment(event.occurred_at)),
    ]);
    let link = format!("{}/forgot-password", pages::of_user(tx, user.id, settings)?);
    let (letter, look) = (Letter::AccountNotice, readers::look_of_platform(&settings.platform_name));
    let content = reader.letter(letter, &values, Some(&link), &look)?.into();
    let (kind, template_code) = (NotificationKind::AccountNotice, letter.code());
    put(tx, Words { event: id, kind, template_code, content, lead_received_at: None }, Channel::Email, user.email)
}

/// The tenant is being closed, by one of them.
fn write_to_owners(tx: &mut TenantTx<'_>, event: EventId, until: Timestamp, settings: &CoreSettings) -> Result<()> {
    let tenant = current(tx)?;
    let (letter, look) = (Letter::TenantClosing, readers::look_of_platform(&settings.platform_name));
    let link = pages::of_tenant(&tenant, settings);
    let owners = members(tx)?.into_iter().filter(|one| one.role == Role::Owner && one.status == "active");
    for owner in owners {
        let reader = readers::of_member(&owner, &tenant);
        let values = Values::from([
            ("platform", settings.platform_name.clone()),
            ("tenant", tenant.name.clone()),
            ("until", reader.moment(until)),
        ]);
        let content = reader.letter(letter, &values, Some(link), &look)?.into();
        let (kind, template_code) = (NotificationKind::AccountNotice, letter.code());
        put(tx, Words { event, kind, template_code, content, lead_received_at: None }, Channel::Email, owner.email)?;
    }
    Ok(())
}

fn link_of(event: &Event) -> Result<Option<Link>> {
    if let Some(fact) = event.told::<PasswordResetRequested>()? {
        return Ok(fact.reset_id.map(Link::Reset));
    }
    if let Some(PasskeyFact { rejection_id: Some(id), .. }) = event.told::<PasskeyFact>()? {
        return Ok(Some(Link::Reject(id)));
    }
    if let Some(SecondFactorFact { rejection_id: Some(id), .. }) = event.told::<SecondFactorFact>()? {
        return Ok(Some(Link::Reject(id)));
    }
    let Some(fact) = event.told::<EmailChangeFact>()? else { return Ok(None) };
    Ok(fact.change_id.and_then(|id| match event.kind {
        EmailChangeFact::REQUESTED => Some(Link::Change(id, Purpose::Prove)),
        EmailChangeFact::CHANGED => Some(Link::Change(id, Purpose::Undo)),
        _ => None,
    }))
}

/// What the user is told.
fn happened(event: &Event) -> Result<Option<Happened>> {
    let plain = |phrase| Some(Happened { phrase, passkey: None });
    if let Some(PasskeyFact { name: Some(name), .. }) = event.told::<PasskeyFact>()? {
        let phrase = match event.kind {
            PasskeyFact::ADDED => Phrase::PasskeyAdded,
            PasskeyFact::REMOVED => Phrase::PasskeyRemoved,
            _ => return Ok(None),
        };
        return Ok(Some(Happened { phrase, passkey: Some(name) }));
    }
    let passkeys_left = event.told::<SecondFactorFact>()?.and_then(|fact| fact.passkeys_left).unwrap_or_default();
    Ok(match event.kind {
        UserPasswordChanged::TYPE => plain(Phrase::PasswordChanged),
        SecondFactorFact::ENABLED => plain(Phrase::SecondFactorEnabled),
        SecondFactorFact::REJECTED => plain(Phrase::SecondFactorRejected),
        SecondFactorFact::RESET => plain(Phrase::SecondFactorReset),
        SecondFactorFact::DISABLED if passkeys_left > 0 => plain(Phrase::AuthenticatorRemoved),
        SecondFactorFact::DISABLED => plain(Phrase::SecondFactorDisabled),
        SecondFactorFact::RECOVERY_CODE_USED => plain(Phrase::RecoveryCodeUsed),
        SecondFactorFact::RECOVERY_CODES_RENEWED => plain(Phrase::RecoveryCodesRenewed),
        EmailChangeFact::RESTORED => plain(Phrase::EmailRestored),
        _ => None,
    })
}

/// What a user is told, and of which passkey.
struct Happened {
    phrase: Phrase,
    passkey: Option<String>,
}

impl Happened {
    fn said(&self, reader: &Reader) -> String {
        let text = reader.phrase(self.phrase);
        let name = |placeholder: &str| self.passkey.as_deref().filter(|_| placeholder == "name");
        fill(&text, name).unwrap_or(text)
    }
}

/// Whose account it is, where the e-mail goes, which it is, and until when its link works.
fn letter_of(tx: &mut TenantTx<'_>, link: Link) -> Result<Option<(User, String, Letter, Timestamp)>> {
    let (id, purpose) = match link {
        Link::Reset(id) => {
            let pending = reset::pending(tx, id)?;
            return Ok(pending.map(|(reset, user)| {
                let to = user.email.clone();
                (user, to, Letter::PasswordReset, reset.expires_at)
            }));
        }
        Link::Reject(id) => {
            let Some(row) = rejection::pending(tx, id)? else { return Ok(None) };
            let user = user_of(tx, row.user_id)?;
            return Ok(Some((user, row.email, Letter::SecondFactorAdded, row.expires_at)));
        }
        Link::Change(id, purpose) => (id, purpose),
    };
    let Some(change) = email_change::pending(tx, id, purpose)? else { return Ok(None) };
    let user = user_of(tx, change.user_id)?;
    Ok(Some(match purpose {
        Purpose::Prove => (user, change.wanted, Letter::EmailChange, change.expires_at),
        Purpose::Undo => (user, change.former, Letter::EmailChanged, change.undo_until.unwrap_or(change.expires_at)),
    }))
}

fn write_link(tx: &mut TenantTx<'_>, event: &Event, link: Link, platform_name: &str) -> Result<()> {
    let Some((user, to, letter, until)) = letter_of(tx, link)? else { return Ok(()) };
    let reader = readers::of_user(&user, &current(tx)?);
    let mut values = Values::from([("platform", platform_name.to_string()), ("until", reader.moment(until))]);
    if let Some(what) = happened(event)? {
        values.extend([("what", what.said(&reader)), ("when", reader.moment(event.occurred_at))]);
    }
    let letter = Personal {
        kind: NotificationKind::AccountLink,
        letter,
        reader,
        look: readers::look_of_platform(platform_name),
        values,
    };
    letter.send(tx, event.id, to)
}

/// The e-mail as its receiver reads it; `None` when the link need not be opened any more.
pub(super) fn opened(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<Opened>> {
    let link = match link_of(&events::get(tx, delivery.event_id)?)? {
        Some(Link::Reset(id)) => reset::link(tx, key, id, settings)?,
        Some(Link::Reject(id)) => rejection::link(tx, key, id, settings)?,
        Some(Link::Change(id, purpose)) => email_change::link(tx, key, (id, purpose), settings)?,
        None => None,
    };
    Ok(link.map(|link| Opened::by(delivery, &link)))
}
