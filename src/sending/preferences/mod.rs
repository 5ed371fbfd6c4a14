//! What a person says themselves about marketing: by the link in every marketing e-mail, without logging in anywhere.
//!
//! The link is sealed ([`link`]), so it names nobody to who sees it in a log, and nobody makes one. Opening it changes nothing, since
//! mail programs and scanners open links; only what is posted does (RFC 8058). What is said here is the person's own word in the ledger
//! ([`crate::contacts::consents`]). The holder of a mailbox may refuse on every channel and agree to e-mail alone: a number is somebody
//! else's to speak for.

mod api;
pub mod link;
mod page;

pub use api::routes;

use link::Link;

use crate::base::Result;
use crate::contacts::consents::{
    self, At, ConsentProof, ConsentSource, ConsentState, MessageClass, Said, Standing, Whose,
};
use crate::contacts::people::{self, Reachable};
use crate::contacts::{AddressChannel, Channel};
use crate::engine::db::TenantTx;
use crate::tenants;
use crate::tenants::Tenant;

/// A choice that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub channel: AddressChannel,
    pub address: String,
    /// The tenant may send marketing there, as far as the person has a say.
    pub is_chosen: bool,
}

/// Whom a link is about, and what they may choose.
pub(super) struct Preferences {
    pub tenant: Tenant,
    pub language: Option<String>,
    pub choices: Vec<Choice>,
}

/// What the page shows.
pub(super) fn show(tx: &mut TenantTx<'_>, link: &Link) -> Result<Preferences> {
    let tenant = tenants::store::current(tx)?;
    let person = people::reachable(tx, &[link.contact], Channel::Email)?.into_iter().next();
    let mail = standing(tx, link, Channel::Email, &link.address)?;
    let is_chosen = match mail.map(|standing| standing.state) {
        Some(state) => state == ConsentState::Granted,
        None => tenant.settings.outreach.email_lawful_basis.is_some(),
    };
    let mut choices = vec![Choice { channel: AddressChannel::Email, address: link.address.clone(), is_chosen }];
    let phone = person.as_ref().and_then(|person| person.phone.clone());
    if let Some(phone) = phone {
        for channel in [AddressChannel::Whatsapp, AddressChannel::Sms] {
            // What is not granted cannot be granted here, so there is nothing to choose.
            let standing = standing(tx, link, channel.into(), &phone)?;
            if standing.is_some_and(|standing| standing.state == ConsentState::Granted) {
                choices.push(Choice { channel, address: phone.clone(), is_chosen: true });
            }
        }
    }
    Ok(Preferences { tenant, language: person.and_then(|person: Reachable| person.language), choices })
}

fn standing(tx: &mut TenantTx<'_>, link: &Link, channel: Channel, address: &str) -> Result<Option<Standing>> {
    let at = At { contact: link.contact, address: address.into() };
    Ok(consents::standing::of_all(tx, &[at], channel, MessageClass::Marketing)?.remove(&link.contact))
}

/// The person wants no marketing e-mail of this tenant's. Saying it again changes nothing.
pub(super) fn unsubscribe(tx: &mut TenantTx<'_>, link: &Link, proof: ConsentProof) -> Result<()> {
    say(tx, link, (Channel::Email, &link.address), ConsentState::Withdrawn, (ConsentSource::UnsubscribeLink, proof))
}

/// Writes down what differs from what the page showed; `chosen` are the channels that may go on.
pub(super) fn choose(
    tx: &mut TenantTx<'_>,
    link: &Link,
    chosen: &[AddressChannel],
    proof: &ConsentProof,
) -> Result<()> {
    for choice in show(tx, link)?.choices {
        let wants = chosen.contains(&choice.channel);
        if wants == choice.is_chosen {
            continue;
        }
        let state = if wants { ConsentState::Granted } else { ConsentState::Withdrawn };
        let by = (ConsentSource::PreferencePage, proof.clone());
        say(tx, link, (choice.channel.into(), &choice.address), state, by)?;
    }
    Ok(())
}

fn say(
    tx: &mut TenantTx<'_>,
    link: &Link,
    (channel, address): (Channel, &str),
    state: ConsentState,
    (source, proof): (ConsentSource, ConsentProof),
) -> Result<()> {
    let known = standing(tx, link, channel, address)?;
    if known.is_some_and(|known| known.state == state && known.source.is_the_persons()) {
        return Ok(());
    }
    let said = Said {
        channel,
        address: address.into(),
        class: MessageClass::Marketing,
        state,
        source,
        wording: None,
        wording_version: None,
        proof,
        occurred_at: tx.now(),
    };
    let is_there = !people::reachable(tx, &[link.contact], channel)?.is_empty();
    consents::record(tx, said, if is_there { Whose::Of(link.contact) } else { Whose::Known }).map(|_| ())
}
