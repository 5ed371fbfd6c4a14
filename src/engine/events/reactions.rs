//! What follows from which fact: assembled once at start-up, folder by folder.

use super::fact::Fact;
use super::kind::EventType;
use super::store::Event;
use super::{EventId, NewEvent};
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::jobs::JobKind;

/// What follows from which fact. A job's payload is `{"event_id": …}`.
#[derive(Default)]
pub struct Reactions {
    following: Vec<Following>,
    at_once: Vec<(EventType, Effect)>,
    when_asked_for: Option<(Condition, &'static JobKind)>,
    pub(super) conceal: Option<Conceal>,
}

struct Following {
    kind: EventType,
    job: &'static JobKind,
    /// Whether there is anything to do for the job.
    looks: Option<Look>,
}

type Look = Box<dyn Fn(&NewEvent) -> bool + Send + Sync>;

/// What is done in the transaction of a fact.
type Effect = Box<dyn Fn(&mut TenantTx<'_>, &NewEvent) -> Result<()> + Send + Sync>;

/// SQL over a new row of `events`, made of its type alone.
type Condition = fn(EventType) -> String;

/// Nulls in events what must not be known yet.
type Conceal = fn(&mut TenantTx<'_>, &mut [Event]) -> Result<()>;

impl Reactions {
    pub fn on(&mut self, kind: EventType, job: &'static JobKind) -> &mut Self {
        self.following.push(Following { kind, job, looks: None });
        self
    }

    /// Looks at the fact first: a job that would find nothing to do is not enqueued.
    pub fn on_if<F: Fact>(&mut self, kind: EventType, job: &'static JobKind, looks: fn(&F) -> bool) -> &mut Self {
        debug_assert!(F::TYPES.contains(&kind), "{kind} says something else");
        let looks: Look = Box::new(move |event| event.fact::<F>().is_none_or(looks));
        self.following.push(Following { kind, job, looks: Some(looks) });
        self
    }

    /// Does something in the transaction of the fact itself: for what whoever reads the answer must find done already, in a
    /// folder above the one that records it. Rows only, and few of them.
    pub fn at_once<F: Fact>(
        &mut self,
        kind: EventType,
        effect: fn(&mut TenantTx<'_>, &NewEvent, &F) -> Result<()>,
    ) -> &mut Self {
        debug_assert!(F::TYPES.contains(&kind), "{kind} says something else");
        let effect: Effect =
            Box::new(move |tx, event| event.fact::<F>().map_or(Ok(()), |fact| effect(tx, event, fact)));
        self.at_once.push((kind, effect));
        self
    }

    /// Reacts to whatever a tenant asked to be told of. The condition is answered by the insert itself, so nobody pays for it
    /// who asked for nothing.
    pub fn when_asked_for(&mut self, condition: Condition, job: &'static JobKind) -> &mut Self {
        self.when_asked_for = Some((condition, job));
        self
    }

    /// Says what events keep quiet about, and while what is so. Without it they tell nothing that concerns a person.
    pub fn conceal(&mut self, conceal: Conceal) -> &mut Self {
        self.conceal = Some(conceal);
        self
    }

    /// The types that something follows from.
    pub fn followed(&self) -> impl Iterator<Item = EventType> {
        self.following.iter().map(|one| one.kind).chain(self.at_once.iter().map(|(kind, _)| *kind))
    }

    pub(super) fn at_once_of(&self, kind: EventType) -> impl Iterator<Item = &Effect> {
        self.at_once.iter().filter(move |(k, _)| *k == kind).map(|(_, effect)| effect)
    }

    pub(super) fn to(&self, event: &NewEvent) -> impl Iterator<Item = &'static JobKind> {
        let follows = |one: &&Following| one.kind == event.kind && one.looks.as_ref().is_none_or(|looks| looks(event));
        self.following.iter().filter(follows).map(|one| one.job)
    }

    pub(super) fn asking(&self) -> Option<(Condition, &'static JobKind)> {
        self.when_asked_for
    }
}

/// The payload of every reaction's job.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct ReactionPayload {
    pub event_id: EventId,
}
