//! Writing down what somebody said, in its place beside what was said before.

use super::facts::ConsentFact;
use super::model::{ConsentProof, ConsentSource, ConsentState, MessageClass, Place, Word};
use super::standing::{self, At};
use super::store::{self, Consent};
use crate::base::id::RawId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{ConsentId, ContactId, LeadId};
use crate::contacts::model::Channel;
use crate::contacts::store as suppressions;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;

/// What somebody said.
#[derive(Debug, Clone)]
pub struct Said {
    pub channel: Channel,
    pub address: String,
    pub class: MessageClass,
    pub state: ConsentState,
    pub source: ConsentSource,
    pub wording: Option<String>,
    pub wording_version: Option<String>,
    pub proof: ConsentProof,
    pub occurred_at: Timestamp,
}

/// Whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Whoever the tenant knows by the address.
    Known,
    /// This person, of whom the address is.
    Of(ContactId),
    /// Nobody may know yet: it came with a lead that is under lock.
    UnderLock(LeadId),
}

/// Writes down what somebody said. Answers it with its place: what is outdated or outvoted is kept and does not stand.
///
/// # Errors
/// `storage.conflict` when another word about the same was written at the same moment.
pub fn record(tx: &mut TenantTx<'_>, said: Said, whose: Whose) -> Result<(Consent, Place)> {
    let key = said.channel.key(&said.address);
    let (now, actor) = (tx.now(), tx.actor());
    let contact_id = match whose {
        Whose::Known => store::known_by(tx, said.channel, &key)?,
        Whose::Of(contact) => Some(contact),
        Whose::UnderLock(_) => None,
    };
    let mut row = Consent {
        tenant_id: tx.tenant(),
        id: ConsentId::new(),
        contact_id,
        channel: said.channel,
        address: key.into_string(),
        class: said.class,
        state: said.state,
        source: said.source,
        wording: said.wording,
        wording_version: said.wording_version,
        proof: Doc(said.proof),
        occurred_at: said.occurred_at,
        recorded_at: now,
        recorded_by: actor.kind().into(),
        recorded_by_id: actor.id().map(RawId),
        superseded_at: None,
        concealed_lead_id: None,
    };
    if let Whose::UnderLock(lead) = whose {
        row.concealed_lead_id = Some(lead);
        write(tx, &row)?;
        return Ok((row, Place::Stands));
    }
    let place = make_room(tx, &mut row)?;
    write(tx, &row)?;
    tell(tx, &row, place)?;
    Ok((row, place))
}

/// Finds a row's place, and ends what stood there.
fn make_room(tx: &mut TenantTx<'_>, row: &mut Consent) -> Result<Place> {
    let before = store::standing(tx, row.channel, &row.channel.key(&row.address), row.class)?;
    let places = before.iter().map(|standing| row.word().beside(Some(standing.word())));
    let mut place = places.max_by_key(|place| *place as u8).unwrap_or(Place::Stands);
    if place == Place::Stands && is_outvoted_elsewhere(tx, row)? {
        place = Place::Outvoted;
    }
    if place == Place::Stands {
        let ids: Vec<ConsentId> = before.iter().map(|standing| standing.id).collect();
        store::supersede(tx, &ids)?;
    } else {
        row.superseded_at = Some(tx.now());
    }
    Ok(place)
}

/// Did the person say no at another address of theirs on the channel, so that a tenant's yes does not count here?
fn is_outvoted_elsewhere(tx: &mut TenantTx<'_>, row: &Consent) -> Result<bool> {
    let is_tenants_yes = row.state == ConsentState::Granted && !row.source.is_the_persons();
    let Some(contact) = row.contact_id.filter(|_| is_tenants_yes) else { return Ok(false) };
    let at = At { contact, address: row.address.clone() };
    let standing = standing::of_all(tx, &[at], row.channel, row.class)?.remove(&contact);
    let refused = standing.filter(|standing| {
        Word { state: standing.state, source: standing.source, occurred_at: standing.occurred_at }.is_own_refusal()
    });
    Ok(refused.is_some_and(|refusal| refusal.occurred_at <= row.occurred_at))
}

fn write(tx: &mut TenantTx<'_>, row: &Consent) -> Result<()> {
    if store::insert(tx, row)? {
        return Ok(());
    }
    let message = "Something else about this person's consent was recorded at the same moment. Send it again.";
    Err(Error::conflict("storage.conflict", message))
}

/// On the person's timeline, where somebody is known by the address and it changes something.
fn tell(tx: &mut TenantTx<'_>, row: &Consent, place: Place) -> Result<()> {
    let Some(contact) = row.contact_id.filter(|_| place == Place::Stands) else { return Ok(()) };
    let fact = ConsentFact {
        consent_id: Some(row.id),
        channel: Some(row.channel),
        class: Some(row.class),
        source: Some(row.source),
    };
    let kind = if row.state == ConsentState::Granted { ConsentFact::GRANTED } else { ConsentFact::WITHDRAWN };
    tx.record(fact.told_as(kind).about(contact.uuid()))?;
    Ok(())
}

/// Shows what came with a lead that is under lock no longer.
pub fn reveal(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<()> {
    for mut row in store::concealed(tx, lead)? {
        row.contact_id = store::known_by(tx, row.channel, &row.channel.key(&row.address))?;
        row.concealed_lead_id = None;
        let place = make_room(tx, &mut row)?;
        store::reveal(tx, &row)?;
        tell(tx, &row, place)?;
    }
    Ok(())
}

/// When the person refused, by a word or a complaint, to be written to on this channel by this tenant.
pub(super) fn refused_by_word(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Option<Timestamp>> {
    let found = suppressions::of_addresses(tx, channel, &[address], None)?;
    let own = found.into_iter().filter(|row| row.reason.is_the_persons());
    Ok(own.map(|row| row.created_at).max())
}

/// The person refused by a word or a complaint: what they had agreed to is taken back.
pub(in crate::contacts) fn refused(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    source: ConsentSource,
) -> Result<()> {
    for class in [MessageClass::Service, MessageClass::Marketing] {
        let standing = store::standing(tx, channel, &channel.key(address), class)?;
        if standing.iter().any(|row| row.state == ConsentState::Granted) {
            record(tx, own_word(tx, channel, address, class, ConsentState::Withdrawn, source), Whose::Known)?;
        }
    }
    Ok(())
}

/// The person wants to hear again: what such a word had taken back holds again.
pub(in crate::contacts) fn returned(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<()> {
    use ConsentSource::{Complaint, ProviderOptOut, StopWord};
    for class in [MessageClass::Service, MessageClass::Marketing] {
        let standing = store::standing(tx, channel, &channel.key(address), class)?;
        let by_word = |row: &Consent| matches!(row.source, StopWord | ProviderOptOut | Complaint);
        if standing.iter().any(|row| row.state == ConsentState::Withdrawn && by_word(row)) {
            let word = own_word(tx, channel, address, class, ConsentState::Granted, ConsentSource::StartWord);
            record(tx, word, Whose::Known)?;
        }
    }
    Ok(())
}

fn own_word(
    tx: &TenantTx<'_>,
    channel: Channel,
    address: &str,
    class: MessageClass,
    state: ConsentState,
    source: ConsentSource,
) -> Said {
    Said {
        channel,
        address: address.into(),
        class,
        state,
        source,
        wording: None,
        wording_version: None,
        proof: ConsentProof::default(),
        occurred_at: tx.now(),
    }
}
