//! What others know of people, and how it reaches the rules: custom attributes, bookings, leads.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::FIELDS;
use super::person::Person;
use crate::base::Result;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::people::ContactFact;
use crate::engine::db::TenantTx;
use crate::engine::events::{Event, EventType};
use crate::engine::rules::Catalogue;

/// What a folder adds to the view of a person.
#[derive(Clone, Copy)]
pub struct Extension {
    /// The fields that this tenant has besides, and rows that may be asked for.
    pub extend: fn(&mut TenantTx<'_>, Catalogue) -> Result<Catalogue>,
    /// Puts into each of these people what `extend` declared: into `own` by the name of the field, into `rows` by the noun.
    pub load: fn(&mut TenantTx<'_>, &mut [Person]) -> Result<()>,
    /// The events by which what it declared changes.
    pub follows: &'static [EventType],
    /// Whom these events touched, and in what. They are of `follows`.
    pub touches: fn(&mut TenantTx<'_>, &[Event]) -> Result<Vec<Touch>>,
}

/// Those of this crate, each beside what it tells of: `crate::contacts::bookings::EXTENSION`.
pub const OWN: &[Extension] = &[];

/// What `leads` tells of people: provided as a hook, since it stands above.
#[derive(Clone, Copy)]
pub struct OfLeads(pub Extension);

pub fn extensions(tx: &mut TenantTx<'_>) -> Vec<Extension> {
    let of_leads = tx.platform().reactions().hook::<OfLeads>();
    OWN.iter().copied().chain(of_leads.map(|hook| hook.0)).collect()
}

/// All that a rule of this tenant may ask.
pub fn catalogue(tx: &mut TenantTx<'_>) -> Result<Catalogue> {
    extensions(tx).into_iter().try_fold(FIELDS.clone(), |catalogue, extension| (extension.extend)(tx, catalogue))
}

/// What changed of a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Touched {
    Everything,
    /// Names of fields, nouns of other rows, and `noun.field`, as [`Rule::reads`](crate::engine::rules::Rule::reads) has them.
    Fields(BTreeSet<String>),
    /// Came into this segment, or left it.
    Segment(SegmentId),
    /// Nothing but the time, and in this segment alone.
    Turned(SegmentId),
}

impl Touched {
    pub fn fields(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Fields(names.into_iter().map(Into::into).collect())
    }

    /// Does the rule of this segment, which reads these and asks for these segments, see any of it?
    pub fn is_seen_by(&self, own: SegmentId, reads: &BTreeSet<String>, asks_for: &BTreeSet<SegmentId>) -> bool {
        match self {
            Self::Everything => true,
            Self::Turned(id) => *id == own,
            Self::Segment(id) => asks_for.contains(id),
            Self::Fields(names) => names.iter().any(|name| {
                let is_of_it =
                    |read: &String| read.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
                reads.contains(name) || reads.iter().any(is_of_it)
            }),
        }
    }
}

/// A person who is other than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    pub contact: ContactId,
    pub what: Touched,
}

const CONTACTS: &[EventType] = &[ContactFact::CREATED, ContactFact::UPDATED];

/// The events by which anything changes that a rule may ask of people.
pub fn followed(tx: &mut TenantTx<'_>) -> Vec<EventType> {
    CONTACTS.iter().copied().chain(extensions(tx).iter().flat_map(|one| one.follows).copied()).collect()
}

/// Whom these events touched.
pub fn touches(tx: &mut TenantTx<'_>, events: &[Event]) -> Result<BTreeMap<ContactId, Vec<Touched>>> {
    let mut found: Vec<Touch> = Vec::new();
    for event in events {
        if let (Some(fact), Some(id)) = (event.told::<ContactFact>()?, event.subject_id) {
            found.push(Touch { contact: ContactId::from_uuid(id), what: of_contact(event.kind, &fact) });
        }
    }
    for extension in extensions(tx) {
        let own: Vec<Event> = events.iter().filter(|event| extension.follows.contains(&event.kind)).cloned().collect();
        if !own.is_empty() {
            found.extend((extension.touches)(tx, &own)?);
        }
    }
    let mut by_contact: BTreeMap<ContactId, Vec<Touched>> = BTreeMap::new();
    for Touch { contact, what } in found {
        by_contact.entry(contact).or_default().push(what);
    }
    Ok(by_contact)
}

fn of_contact(kind: EventType, fact: &ContactFact) -> Touched {
    if kind == ContactFact::CREATED {
        return Touched::Everything;
    }
    let changed = fact.changed.iter().flatten();
    let fields = changed.flat_map(|name| match name.as_str() {
        "location" => vec!["city", "state", "country"],
        "quality_score" => vec!["quality_score", "quality"],
        name => vec![name],
    });
    Touched::fields(fields.chain(["updated_at"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_reads_what_changed_sees_it() {
        let reads: BTreeSet<String> = ["city", "leads", "leads.status"].map(String::from).into();
        let (none, other) = (BTreeSet::new(), SegmentId::new());
        let sees = |what: Touched| what.is_seen_by(SegmentId::new(), &reads, &none);
        assert!(sees(Touched::Everything) && sees(Touched::fields(["city"])) && sees(Touched::fields(["leads"])));
        assert!(sees(Touched::fields(["name", "leads.status"])) && !sees(Touched::fields(["leads.score", "name"])));
        assert!(
            !sees(Touched::Segment(other))
                && Touched::Segment(other).is_seen_by(SegmentId::new(), &reads, &[other].into())
        );
        assert!(!sees(Touched::fields(["cit"])) && !sees(Touched::Turned(other)));
        assert!(Touched::Turned(other).is_seen_by(other, &reads, &none));
    }
}
