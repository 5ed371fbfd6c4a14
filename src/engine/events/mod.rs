//! Events: one append-only row per fact, written in the transaction of the fact.
//!
//! They are the audit trail, the timeline of whom they are about, what integrators are told and what starts every
//! reaction. Recording one also enqueues, in the same transaction, the job of each reaction registered for its type
//! ([`Reactions`]), and does at once what may not wait for a job; nothing else connects a fact to what follows from it. What
//! happens is declared by the folders in which it does ([`fact!`](crate::fact), [`Facts`]); nothing here knows any of it. Values
//! that concern a person are kept quiet about while a folder above says so ([`conceal`]).

pub mod catalogue;
mod fact;
mod kind;
mod known;
mod mask;
mod reactions;
mod store;

use std::any::Any;

use uuid::Uuid;

use crate::base::Result;
use crate::base::id::{EventId, RawId, TenantId};
use crate::base::json::Json;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::jobs;

pub use catalogue::{Declared, Facts};
pub use fact::{Concern, Fact, Field, Shape, SoleFact, Telling, Told};
pub use kind::{EventType, SubjectType};
pub use mask::{conceal, list_concealed};
pub use reactions::{ReactionPayload, Reactions};
pub use store::{ActorType, Event, EventFilter, EventSort, Story, find, find_all, get, list, page};

/// Platform-wide facts carry the nil tenant.
pub fn platform_tenant() -> TenantId {
    TenantId::from_uuid(Uuid::nil())
}

/// A fact about to be recorded.
#[derive(Debug)]
pub struct NewEvent {
    kind: EventType,
    subject_type: SubjectType,
    subject: Option<Uuid>,
    timeline: Option<Uuid>,
    fact: Box<dyn Any + Send + Sync>,
    data: Json,
}

impl NewEvent {
    pub(crate) fn new<F: Fact>(kind: EventType, fact: F) -> Self {
        debug_assert!(F::TYPES.contains(&kind), "{kind} says something else");
        let data = Json::of(&fact);
        debug_assert!(
            F::telling(kind).broken_by(&data.value()).is_empty(),
            "{kind} does not say what it declares: {:?}",
            F::telling(kind).broken_by(&data.value())
        );
        Self { kind, subject_type: F::subject_of(kind), subject: None, timeline: None, fact: Box::new(fact), data }
    }
    /// The id of the thing the event is about; its type follows from the event's type.
    pub fn about(mut self, subject: Uuid) -> Self {
        self.subject = Some(subject);
        self
    }
    /// Puts the event on the timeline of whoever has this id.
    pub fn on(mut self, timeline: Uuid) -> Self {
        self.timeline = Some(timeline);
        self
    }
    pub fn kind(&self) -> EventType {
        self.kind
    }
    /// What it is about.
    pub fn subject(&self) -> Option<Uuid> {
        self.subject
    }
    /// On whose timeline it is.
    pub fn timeline(&self) -> Option<Uuid> {
        self.timeline
    }
    /// What it says, when that is such a fact.
    pub fn fact<F: Fact>(&self) -> Option<&F> {
        self.fact.downcast_ref()
    }
}

impl TenantTx<'_> {
    /// Records a fact about this tenant and enqueues its reactions.
    pub fn record(&mut self, event: NewEvent) -> Result<EventId> {
        let tenant = self.tenant();
        let id = self.platform().record_for(tenant, &event)?;
        let reactions = self.platform().reactions();
        for effect in reactions.at_once_of(event.kind) {
            effect(self, &event)?;
        }
        Ok(id)
    }
}

impl PlatformTx<'_> {
    /// Records a fact about the platform itself.
    pub fn record(&mut self, event: NewEvent) -> Result<EventId> {
        self.record_for(platform_tenant(), &event)
    }

    fn record_for(&mut self, tenant: TenantId, event: &NewEvent) -> Result<EventId> {
        let id = EventId::new();
        let row = store::EventRow {
            tenant_id: tenant,
            id,
            kind: event.kind,
            subject_type: event.subject_type,
            subject_id: event.subject.map(RawId),
            timeline: event.timeline.map(RawId),
            actor_type: self.actor().kind().into(),
            actor_id: self.actor().id().map(RawId),
            request_id: self.request_id().map(Into::into),
            data: event.data.clone(),
            occurred_at: self.now(),
        };
        let reactions = self.reactions();
        let asking = reactions.asking().filter(|_| tenant != platform_tenant());
        let asked_for = match asking {
            Some((condition, job)) => store::insert_asking(self, &row, &condition(event.kind))?.then_some(job),
            None => store::insert(self, &row).map(|()| None)?,
        };
        for job in reactions.to(event).chain(asked_for) {
            jobs::enqueue(self, tenant, jobs::NewJob::new(job, &ReactionPayload { event_id: id }))?;
        }
        Ok(id)
    }
}
