//! By what a lead and its person are recognised, when the lead is changed.

use super::model::IdentityKind;
use super::store::{self, Lead};
use crate::base::{Error, Result};
use crate::contacts::people::identities::{self, Whose};
use crate::contacts::people::{self, learn};
use crate::engine::db::TenantTx;

/// What an address and a number were and are.
type Turn<'a> = (IdentityKind, Option<&'a str>, Option<&'a str>);

/// Those that are other than before.
fn turns<'a>(before: &'a Lead, after: &'a Lead) -> impl Iterator<Item = Turn<'a>> {
    let email = (IdentityKind::Email, before.email.as_deref(), after.email.as_deref());
    let phone = (IdentityKind::Phone, before.phone.as_deref(), after.phone.as_deref());
    [email, phone].into_iter().filter(|(kind, was, is)| !identities::is_same(*kind, *was, *is))
}

/// By what the lead says now the person is recognised.
///
/// # Errors
/// `lead.identity_taken`.
pub(super) fn take_up(tx: &mut TenantTx<'_>, before: &Lead, after: &Lead) -> Result<()> {
    for (kind, _, is) in turns(before, after) {
        if let Some(value) = is {
            take_up_one(tx, after, kind, value)?;
        }
    }
    Ok(())
}

fn take_up_one(tx: &mut TenantTx<'_>, lead: &Lead, kind: IdentityKind, value: &str) -> Result<()> {
    let contact = lead.contact_id();
    let mut whose = Whose { contact, lead: Some(lead.id) };
    if let Some(known) = identities::owner(tx, kind, value)? {
        let other = known.lead.filter(|id| *id != lead.id).map(|id| store::find(tx, id)).transpose()?.flatten();
        let is_anothers = known.contact.is_some() && known.contact != contact;
        let is_shown = other.as_ref().is_some_and(|other| !other.is_locked && other.contact_id() != contact);
        if is_anothers || is_shown {
            let message = format!("Another person already has this {kind}.");
            return Err(Error::conflict("lead.identity_taken", message));
        }
        // By what came under lock, or for another open lead of the person, that one is found as before.
        if other.is_some_and(|other| other.is_locked || !other.status.is_closed()) {
            whose.lead = None;
        }
    }
    identities::add(tx, kind, value, whose)
}

/// The person says what the lead says, and what the lead was known by and is not any more is the person's alone, or nobody's.
pub(super) fn follow(tx: &mut TenantTx<'_>, before: &Lead, after: &Lead) -> Result<()> {
    let contact = after.contact_id();
    // A lead that was closed says nothing of the person any more.
    if let Some(contact) = contact.filter(|_| !after.status.is_closed() && before.said() != after.said()) {
        learn::follow(tx, contact, before.said(), after.said())?;
    }
    for (kind, was, _) in turns(before, after) {
        let Some(value) = was else { continue };
        identities::take_from_lead(tx, after.id, kind, value)?;
        if let Some(own) = contact
            && !people::is_known_by(tx, own, kind, value)?
        {
            identities::take_from_contact(tx, own, kind, &[value])?;
        }
    }
    Ok(())
}
