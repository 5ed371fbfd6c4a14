//! Events: one append-only row per fact, written in the transaction of the fact.
//!
//! They are the audit trail, a lead's timeline, the payloads of outbound webhooks and what starts every reaction.
//! Recording one also enqueues, in the same transaction, the job of each reaction registered for its type
//! ([`Reactions`]), and does at once what may not wait for a job; nothing else connects a fact to what follows from it. The catalogue of types is [`EventType`], and
//! [`fields`] says what each type's data may hold. While a lead is locked, its events keep quiet about the person
//! ([`conceal`]).

mod catalogue;
pub mod fields;
mod mask;
mod store;

use crate::base::Result;
use crate::base::id::{EventId, LeadId, TenantId};
use crate::base::json::Json;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::jobs::{self, JobKind};

pub use catalogue::{EventType, SubjectType};
pub use mask::conceal;
pub use store::{Event, EventFilter, find, find_all, get, list, list_concealed, page};

/// Platform-wide facts carry the nil tenant.
pub fn platform_tenant() -> TenantId {
    TenantId::from_uuid(uuid::Uuid::nil())
}

/// A fact about to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    kind: EventType,
    subject: Option<uuid::Uuid>,
    lead: Option<LeadId>,
    data: serde_json::Value,
}

impl NewEvent {
    pub fn kind(&self) -> EventType {
        self.kind
    }
    /// What it is about.
    pub fn subject_id(&self) -> Option<uuid::Uuid> {
        self.subject
    }
    pub fn lead_id(&self) -> Option<LeadId> {
        self.lead
    }
    /// Names of what changed, where the data lists them under `changed`.
    pub fn changes(&self, name: &str) -> bool {
        self.data["changed"].as_array().is_some_and(|changed| changed.iter().any(|field| field == name))
    }
    /// What it says besides ids.
    pub fn values(&self) -> &serde_json::Value {
        &self.data
    }
    pub fn new(kind: EventType) -> Self {
        Self { kind, subject: None, lead: None, data: serde_json::json!({}) }
    }
    /// The id of the thing the event is about; its type follows from the event's type.
    pub fn subject(mut self, id: uuid::Uuid) -> Self {
        self.subject = Some(id);
        self
    }
    /// Puts the event on this lead's timeline.
    pub fn lead(mut self, lead: LeadId) -> Self {
        self.lead = Some(lead);
        self
    }
    /// What a reader needs besides ids. Never a secret.
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }
}

/// What follows from which fact. Assembled once at start-up; a job's payload is `{"event_id": …}`.
#[derive(Default)]
pub struct Reactions {
    always: Vec<(EventType, &'static JobKind)>,
    at_once: Vec<(EventType, Effect)>,
    when_asked_for: Option<(Condition, &'static JobKind)>,
}

/// What is done in the transaction of a fact.
type Effect = fn(&mut TenantTx<'_>, &NewEvent) -> Result<()>;

/// SQL over a new row of `events`, made of its type alone.
type Condition = fn(EventType) -> String;

impl Reactions {
    pub fn on(&mut self, kind: EventType, job: &'static JobKind) -> &mut Self {
        self.always.push((kind, job));
        self
    }
    /// Does something in the transaction of the fact itself: for what whoever reads the answer must find done already, in a
    /// folder above the one that records it. Rows only, and few of them.
    pub fn at_once(&mut self, kind: EventType, effect: Effect) -> &mut Self {
        self.at_once.push((kind, effect));
        self
    }
    /// Reacts to whatever a tenant asked to be told of. The condition is answered by the insert itself, so nobody pays for it
    /// who asked for nothing.
    pub fn when_asked_for(&mut self, condition: Condition, job: &'static JobKind) -> &mut Self {
        self.when_asked_for = Some((condition, job));
        self
    }
    fn at_once_of(&self, kind: EventType) -> impl Iterator<Item = Effect> {
        self.at_once.iter().filter(move |(k, _)| *k == kind).map(|(_, effect)| *effect)
    }
    fn to(&self, kind: EventType) -> impl Iterator<Item = &'static JobKind> {
        self.always.iter().filter(move |(k, _)| *k == kind).map(|(_, job)| *job)
    }
}

/// The payload of every reaction's job.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct ReactionPayload {
    pub event_id: EventId,
}

impl TenantTx<'_> {
    /// Records a fact about this tenant and enqueues its reactions.
    pub fn record(&mut self, event: NewEvent) -> Result<EventId> {
        let (tenant, kind) = (self.tenant(), event.kind);
        let effects: Vec<Effect> = self.platform().reactions().at_once_of(kind).collect();
        if effects.is_empty() {
            return self.platform().record_for(tenant, event);
        }
        let id = self.platform().record_for(tenant, event.clone())?;
        for effect in effects {
            effect(self, &event)?;
        }
        Ok(id)
    }
}

impl PlatformTx<'_> {
    /// Records a fact about the platform itself.
    pub fn record(&mut self, event: NewEvent) -> Result<EventId> {
        self.record_for(platform_tenant(), event)
    }

    fn record_for(&mut self, tenant: TenantId, event: NewEvent) -> Result<EventId> {
        let id = EventId::new();
        let kind = event.kind;
        #[cfg(debug_assertions)]
        fields::check(kind, &event.data);
        let row = store::EventRow {
            tenant_id: tenant,
            id,
            kind,
            subject_type: kind.subject(),
            subject_id: event.subject.map(crate::base::id::RawId),
            lead_id: event.lead,
            actor_type: self.actor().kind().into(),
            actor_id: self.actor().id().map(crate::base::id::RawId),
            request_id: self.request_id().map(Into::into),
            data: Json::from(event.data),
            occurred_at: self.now(),
        };
        let reactions = self.reactions();
        let asking = reactions.when_asked_for.filter(|_| tenant != platform_tenant());
        let asked_for = match asking {
            Some((condition, job)) => store::insert_asking(self, &row, &condition(kind))?.then_some(job),
            None => store::insert(self, &row).map(|()| None)?,
        };
        for job in reactions.to(kind).chain(asked_for) {
            jobs::enqueue(self, tenant, jobs::NewJob::new(job, &ReactionPayload { event_id: id }))?;
        }
        Ok(id)
    }
}
