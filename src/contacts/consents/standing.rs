//! What stands: of everything that a person said, what holds for a channel and a class.

use std::collections::HashMap;

use super::model::{ConsentSource, ConsentState, MessageClass};
use super::store::{self, Consent};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::{ConsentId, ContactId};
use crate::contacts::model::Channel;
use crate::engine::db::TenantTx;

/// What holds for a person at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub id: ConsentId,
    pub state: ConsentState,
    pub source: ConsentSource,
    pub occurred_at: Timestamp,
}

impl From<&Consent> for Standing {
    fn from(row: &Consent) -> Self {
        Self { id: row.id, state: row.state, source: row.source, occurred_at: row.occurred_at }
    }
}

/// A person, and where they would be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    pub contact: ContactId,
    pub address: String,
}

/// What holds for each of these people at the address beside them. Two statements, however many people.
pub fn of_all(
    tx: &mut TenantTx<'_>,
    people: &[At],
    channel: Channel,
    class: MessageClass,
) -> Result<HashMap<ContactId, Standing>> {
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<ContactId> = people.iter().map(|at| at.contact).collect();
    let keys: Vec<_> = people.iter().map(|at| channel.key(&at.address)).collect();
    let addresses: Vec<&str> = keys.iter().flat_map(|key| key.spellings()).collect();
    let rows = store::standing_of(tx, &ids, &addresses, Some(channel), Some(class))?;
    let mut of_person: HashMap<ContactId, Vec<&Consent>> = HashMap::new();
    let mut of_address: HashMap<&str, Vec<&Consent>> = HashMap::new();
    for row in &rows {
        if let Some(contact) = row.contact_id {
            of_person.entry(contact).or_default().push(row);
        }
        of_address.entry(&row.address).or_default().push(row);
    }
    let mut found = HashMap::new();
    for (at, key) in people.iter().zip(&keys) {
        let own = of_person.get(&at.contact).into_iter().flatten();
        let here = key.spellings().filter_map(|address| of_address.get(address)).flatten();
        if let Some(standing) = weighed(at.contact, own.copied(), here.copied()) {
            found.insert(at.contact, standing);
        }
    }
    Ok(found)
}

/// What holds for one person, at the address beside each channel, of every class. Two statements.
pub fn of_one(
    tx: &mut TenantTx<'_>,
    contact: ContactId,
    addresses: &[(Channel, &str)],
) -> Result<HashMap<(Channel, MessageClass), Standing>> {
    let keys: Vec<_> = addresses.iter().map(|(channel, address)| (*channel, channel.key(address))).collect();
    let spellings: Vec<&str> = keys.iter().flat_map(|(_, key)| key.spellings()).collect();
    let rows = store::standing_of(tx, &[contact], &spellings, None, None)?;
    let mut found = HashMap::new();
    for (channel, key) in &keys {
        for class in MessageClass::ALL {
            let is_it = |row: &&Consent| row.channel == *channel && row.class == *class;
            let own = rows.iter().filter(is_it).filter(|row| row.contact_id == Some(contact));
            let here = rows.iter().filter(is_it).filter(|row| key.spellings().any(|address| address == row.address));
            if let Some(standing) = weighed(contact, own, here) {
                found.insert((*channel, *class), standing);
            }
        }
    }
    Ok(found)
}

/// What holds, of what the person said (`own`) and of what was said for the address (`here`), for one channel and class.
///
/// A yes holds for the address it was said for, while that is the person's. A person's own no holds wherever else the person is
/// reached on the channel, unless they said yes for this address later. A no for the address holds whoever said it.
pub(super) fn weighed<'a>(
    contact: ContactId,
    own: impl Iterator<Item = &'a Consent>,
    here: impl Iterator<Item = &'a Consent>,
) -> Option<Standing> {
    let is_theirs = |row: &&Consent| row.contact_id.is_none_or(|other| other == contact);
    let here: Vec<&Consent> = here.filter(|row| is_theirs(row) || row.state == ConsentState::Withdrawn).collect();
    let is_no = |row: &&&Consent| row.state == ConsentState::Withdrawn;
    let at_address = here.iter().find(is_no).or_else(|| here.first()).copied();
    let refusal = own.filter(|row| row.word().is_own_refusal()).max_by_key(|row| row.occurred_at);
    let is_lifted = |refusal: &Consent| {
        at_address.is_some_and(|row| {
            let is_own_yes = row.state == ConsentState::Granted && row.source.is_the_persons();
            is_own_yes && row.occurred_at > refusal.occurred_at
        })
    };
    match refusal {
        Some(refusal) if !is_lifted(refusal) => Some(refusal.into()),
        _ => at_address.map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TenantId;
    use crate::base::json::Doc;

    fn row(
        contact: Option<ContactId>,
        address: &str,
        state: ConsentState,
        source: ConsentSource,
        day: &str,
    ) -> Consent {
        let at: Timestamp = format!("2026-11-{day}T09:00:00Z").parse().unwrap();
        Consent {
            tenant_id: TenantId::new(),
            id: ConsentId::new(),
            contact_id: contact,
            channel: Channel::Email,
            address: address.into(),
            class: MessageClass::Marketing,
            state,
            source,
            wording: None,
            wording_version: None,
            proof: Doc::default(),
            occurred_at: at,
            recorded_at: at,
            recorded_by: "user".into(),
            recorded_by_id: None,
            superseded_at: None,
            concealed_lead_id: None,
        }
    }

    #[test]
    fn a_yes_is_for_an_address_and_a_persons_no_for_all_of_theirs() {
        use {ConsentSource as S, ConsentState as C};
        let (me, other) = (ContactId::new(), ContactId::new());
        let state = |rows: &[Consent]| {
            let own = rows.iter().filter(|row| row.contact_id == Some(me));
            let here = rows.iter().filter(|row| row.address == "a@example.com");
            weighed(me, own, here).map(|standing| (standing.state, standing.source))
        };
        let yes = |whose, address: &str, day: &str| row(whose, address, C::Granted, S::Form, day);
        let page = |address: &str, state, day: &str| row(Some(me), address, state, S::PreferencePage, day);
        assert_eq!(state(&[]), None);
        assert_eq!(state(&[yes(Some(me), "a@example.com", "10")]), Some((C::Granted, S::Form)));
        assert_eq!(state(&[yes(None, "a@example.com", "10")]), Some((C::Granted, S::Form)), "before anybody knew them");
        assert_eq!(state(&[yes(Some(other), "a@example.com", "10")]), None, "it was another's address then");
        assert_eq!(state(&[yes(Some(me), "b@example.com", "10")]), None, "for another address");
        let no = row(Some(other), "a@example.com", C::Withdrawn, S::Manual, "10");
        assert_eq!(state(&[no]), Some((C::Withdrawn, S::Manual)), "whoever has the address does not want it");
        // The person's own no, said at another address.
        let gone = page("b@example.com", C::Withdrawn, "11");
        let found = state(&[yes(Some(me), "a@example.com", "12"), gone.clone()]);
        assert_eq!(found, Some((C::Withdrawn, S::PreferencePage)), "no word of the tenant's");
        let back = [page("a@example.com", C::Granted, "12"), gone.clone()];
        assert_eq!(state(&back), Some((C::Granted, S::PreferencePage)));
        let earlier = [page("a@example.com", C::Granted, "10"), gone];
        assert_eq!(state(&earlier), Some((C::Withdrawn, S::PreferencePage)));
    }
}
