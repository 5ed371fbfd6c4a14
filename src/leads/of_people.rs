//! What rules about people may ask of their leads: `{"has": "leads", "where": {"field": "status", "op": "eq", "value": "won"}}`.
//!
//! A lead under lock is none: whom it belongs to is not known before the lock opens.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::facts::{LeadAssigned, LeadCreated, LeadEnquired, LeadScored, LeadStatusChanged, LeadUnlocked, LeadUpdated};
use super::model::{LeadSource, LeadStatus, LeadValidity};
use super::store::rules::{self as rows, Known};
use crate::base::Result;
use crate::base::id::{RawId, TenantId};
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::rules::{Extension, OfLeads, Person, Touch, Touched};
use crate::contacts::schema::contacts;
use crate::engine::db::{TenantTx, Where};
use crate::engine::events::{Event, EventType};
use crate::engine::rules::{Catalogue, Fact, Facts, Field, FieldType, Link, Others, Source};
use crate::leads::schema::leads;

pub const OF_LEADS: OfLeads = OfLeads(Extension { extend, load, follows: FOLLOWS, touches });

const NOUN: &str = "leads";

const FOLLOWS: &[EventType] = &[
    LeadCreated::TYPE,
    LeadEnquired::TYPE,
    LeadUpdated::TYPE,
    LeadStatusChanged::TYPE,
    LeadAssigned::TYPE,
    LeadScored::TYPE,
    LeadUnlocked::TYPE,
];

/// A field of a lead: how it is found, and where it stands.
struct Declared {
    field: Field,
    get: for<'a> fn(&'a Known) -> Fact<'a>,
}

fn of(name: &'static str, kind: FieldType, get: for<'a> fn(&'a Known) -> Fact<'a>, source: Source) -> Declared {
    Declared { field: Field::new(name, kind).stands(source), get }
}

fn words(all: Vec<&'static str>) -> FieldType {
    FieldType::one_of(all)
}

static DECLARED: LazyLock<Vec<Declared>> = LazyLock::new(|| {
    use FieldType::{Id, Instant, Number};
    let statuses = words(LeadStatus::ALL.iter().map(|one| one.as_str()).collect());
    let sources = words(LeadSource::ALL.iter().map(|one| one.as_str()).collect());
    let validities = words(LeadValidity::ALL.iter().map(|one| one.as_str()).collect());
    vec![
        of("status", statuses, |lead| lead.status.as_str().into(), Source::column(leads::status)),
        of("source", sources, |lead| lead.source.as_str().into(), Source::column(leads::source)),
        of("validity", validities, |lead| lead.validity.as_str().into(), Source::column(leads::validity)),
        of("score", Number, |lead| lead.score.into(), Source::column(leads::score)),
        of(
            "assigned_to",
            Id,
            |lead| lead.assigned_to.map(|user| user.uuid()).into(),
            Source::column(leads::assigned_to),
        ),
        of("received_at", Instant, |lead| lead.received_at.into(), Source::column(leads::received_at)),
        of("closed_at", Instant, |lead| lead.closed_at.into(), Source::column(leads::closed_at)),
    ]
});

static LEADS: LazyLock<Others> = LazyLock::new(|| {
    let declared = DECLARED.iter().enumerate();
    let fields = declared.fold(Catalogue::new(), |all, (slot, one)| all.with(one.field.clone().in_slot(slot)));
    let known =
        |tenant: TenantId| Where::<leads::table, _>::part().is(leads::tenant_id, tenant).is(leads::is_locked, false);
    Others::new(NOUN, fields).linked(Link::new(contacts::id, leads::person_id, known))
});

impl Facts for Known {
    fn get(&self, field: &Field) -> Fact<'_> {
        DECLARED.get(field.slot).map_or(Fact::Missing, |one| (one.get)(self))
    }
}

fn extend(_: &mut TenantTx<'_>, catalogue: Catalogue) -> Result<Catalogue> {
    Ok(catalogue.others(LEADS.clone()))
}

fn load(tx: &mut TenantTx<'_>, people: &mut [Person]) -> Result<()> {
    // Of whom there is none it is known by the contact itself.
    let ids = people.iter().filter(|person| person.contact.converted_at.is_some());
    let ids: Vec<RawId> = ids.map(|person| RawId(person.contact.id.uuid())).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found = rows::of_people(tx, ids)?;
    let mut by_person: HashMap<RawId, Vec<Box<dyn Facts + Send + Sync>>> = HashMap::new();
    for lead in found {
        by_person.entry(lead.person_id).or_default().push(Box::new(lead));
    }
    for person in people {
        if let Some(rows) = by_person.remove(&RawId(person.contact.id.uuid())) {
            person.rows.insert(NOUN, rows);
        }
    }
    Ok(())
}

fn touches(tx: &mut TenantTx<'_>, events: &[Event]) -> Result<Vec<Touch>> {
    let ids: Vec<LeadId> = events.iter().filter_map(|event| event.subject_id).map(LeadId::from_uuid).collect();
    let people = rows::people_of(tx, ids)?;
    let touch = |event: &Event| {
        let person = people.get(&LeadId::from_uuid(event.subject_id?))?;
        Some(Touch { contact: ContactId::from_uuid(person.0), what: touched(event.kind) })
    };
    Ok(events.iter().filter_map(touch).collect())
}

fn touched(kind: EventType) -> Touched {
    let fields = |names: &[&str]| Touched::fields(names.iter().map(|name| format!("{NOUN}.{name}")));
    if kind == LeadStatusChanged::TYPE {
        fields(&["status", "closed_at"])
    } else if kind == LeadScored::TYPE {
        fields(&["score"])
    } else if kind == LeadAssigned::TYPE {
        fields(&["assigned_to"])
    } else {
        // The person's own entry takes up what the lead says.
        Touched::Everything
    }
}
