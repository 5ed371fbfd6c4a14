//! Rows of the `events` table.

use diesel::prelude::*;

use super::{EventType, Fact, SubjectType};
use crate::base::id::{EventId, RawId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::Asking;
use crate::engine::db::schema::events;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub(super) struct EventRow {
    pub tenant_id: TenantId,
    pub id: EventId,
    pub kind: EventType,
    pub subject_type: SubjectType,
    pub subject_id: Option<RawId>,
    #[diesel(column_name = lead_id)]
    pub timeline: Option<RawId>,
    pub actor_type: String,
    pub actor_id: Option<RawId>,
    pub request_id: Option<String>,
    pub data: Json,
    pub occurred_at: Timestamp,
}

crate::text_enum! {
    /// Who caused something.
    pub enum ActorType {
        User = "user",
        ApiKey = "api_key",
        Operator = "operator",
        /// By a webhook of theirs.
        Provider = "provider",
        System = "system",
        Anonymous = "anonymous",
    }
}

/// A recorded fact, as it is told: in the trail and to webhook endpoints.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "type": "lead.status_changed", "timestamp": "2026-11-20T09:00:01Z",
    "occurred_at": "2026-11-20T09:00:01Z", "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a10", "subject_type": "lead",
    "subject_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
    "actor_type": "user", "actor_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a20", "request_id": null,
    "data": {"from": "new", "to": "contacted"}
}))]
pub struct Event {
    /// The same as in the header `webhook-id`: the same in every attempt and every replay.
    pub id: EventId,
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The same as `timestamp`.
    pub occurred_at: Timestamp,
    pub tenant_id: TenantId,
    /// What it is about.
    pub subject_type: SubjectType,
    pub subject_id: Option<uuid::Uuid>,
    /// The lead on whose timeline it is.
    #[serde(rename = "lead_id")]
    pub timeline: Option<uuid::Uuid>,
    #[schema(value_type = ActorType)]
    pub actor_type: String,
    pub actor_id: Option<uuid::Uuid>,
    /// The request that caused it, as in the `X-Request-Id` header.
    pub request_id: Option<String>,
    /// What there is to know besides, by the event's type. While a lead is locked, what names its person is null.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

impl Event {
    /// What it says, of one of its types: values that were not told then are not there.
    ///
    /// # Errors
    /// Internal for an event of another type.
    pub fn read<F: Fact>(&self) -> Result<F> {
        if !F::TYPES.contains(&self.kind) {
            return Err(Error::internal(format!("{} read as something else", self.kind)));
        }
        F::deserialize(&self.data).map_err(Error::internal)
    }

    /// What of it somebody needs who does not stand on the folder that declares it.
    pub fn glimpse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.data).map_err(Error::internal)
    }

    /// What it says, when it is of one of these types.
    pub fn told<F: Fact>(&self) -> Result<Option<F>> {
        if F::TYPES.contains(&self.kind) { self.read().map(Some) } else { Ok(None) }
    }
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            timestamp: row.occurred_at,
            occurred_at: row.occurred_at,
            tenant_id: row.tenant_id,
            subject_type: row.subject_type,
            subject_id: row.subject_id.map(|id| id.0),
            timeline: row.timeline.map(|id| id.0),
            actor_type: row.actor_type,
            actor_id: row.actor_id.map(|id| id.0),
            request_id: row.request_id,
            data: row.data.value(),
        }
    }
}

pub(super) fn insert(tx: &mut PlatformTx<'_>, row: &EventRow) -> Result<()> {
    diesel::insert_into(events::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Inserts, and answers the condition (see [`super::Reactions::when_asked_for`]).
pub(super) fn insert_asking(tx: &mut PlatformTx<'_>, row: &EventRow, condition: &str) -> Result<bool> {
    Ok(Asking(diesel::insert_into(events::table).values(row), condition).get_result(tx.conn())?)
}

crate::text_enum! {
    /// Which end of what happened comes first.
    pub enum EventSort {
        OccurredDesc = "-occurred_at",
        /// On and on: for whoever follows what happens.
        OccurredAsc = "occurred_at",
    }
}

/// What happened with somebody: whatever is about one of these, or on one of these timelines.
#[derive(Debug, Clone, Default)]
pub struct Story {
    pub about: Vec<(SubjectType, Vec<uuid::Uuid>)>,
    pub timelines: Vec<uuid::Uuid>,
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    pub kind: Option<EventType>,
    /// Any of these; all where there is none.
    pub kinds: Vec<EventType>,
    pub timeline: Option<uuid::Uuid>,
    pub subject: Option<(SubjectType, uuid::Uuid)>,
    pub story: Option<Story>,
    /// Only events about these; `None` for all.
    pub about: Option<Vec<SubjectType>>,
    pub occurred_after: Option<Timestamp>,
    pub occurred_before: Option<Timestamp>,
    /// Newest first unless it says otherwise.
    pub sort: Option<EventSort>,
    /// Those beyond this one, in that order.
    pub after: Option<EventId>,
}

/// By their ids, which sort by time.
///
/// # Errors
/// `after` is no event of this tenant.
pub fn list(tx: &mut TenantTx<'_>, filter: &EventFilter, page: &PageRequest) -> Result<Page<Event>> {
    let (subject_type, subject_id) = filter.subject.map(|(kind, id)| (kind, RawId(id))).unzip();
    let which = Where::of(tx, events::tenant_id)
        .eq(events::kind, filter.kind)
        .any(events::kind, &filter.kinds)
        .eq(events::lead_id, filter.timeline.map(RawId))
        .eq(events::subject_type, subject_type)
        .eq(events::subject_id, subject_id)
        .since(events::occurred_at, filter.occurred_after)
        .before(events::occurred_at, filter.occurred_before);
    let which = match filter.about.as_deref() {
        Some([]) => which.or([]),
        Some(about) => which.any(events::subject_type, about),
        None => which,
    };
    let which = match &filter.story {
        Some(Story { about, timelines }) => {
            let raw = |ids: &[uuid::Uuid]| -> Vec<RawId> { ids.iter().copied().map(RawId).collect() };
            let about = about.iter().filter(|(_, ids)| !ids.is_empty());
            let about = about
                .map(|(kind, ids)| Where::part().is(events::subject_type, *kind).any(events::subject_id, &raw(ids)));
            let on = (!timelines.is_empty()).then(|| Where::part().any(events::lead_id, &raw(timelines)));
            which.or(about.chain(on))
        }
        None => which,
    };
    let begins = match filter.after {
        Some(id) if find(tx, id)?.is_none() => {
            let detail = "expected the id of an event of this tenant; events are kept, so it was never one";
            return Err(Error::field("after", "not_found", detail));
        }
        Some(id) => page.after(&id),
        None => page.clone(),
    };
    let order = match filter.sort {
        Some(EventSort::OccurredAsc) => Order::by_id_on(events::id, |row: &EventRow| row.id),
        Some(EventSort::OccurredDesc) | None => Order::by_id(Desc, events::id, |row: &EventRow| row.id),
    };
    Ok(tx.page(which, order, &begins)?.map(Event::from))
}

/// One event of this tenant.
pub fn find(tx: &mut TenantTx<'_>, id: EventId) -> Result<Option<Event>> {
    let row = events::table.find((tx.tenant(), id)).select(EventRow::as_select()).first(tx.conn()).optional()?;
    Ok(row.map(Event::from))
}

/// The event that a reaction follows.
///
/// # Errors
/// Internal when it is not there: events outlive their reactions.
pub fn get(tx: &mut TenantTx<'_>, id: EventId) -> Result<Event> {
    find(tx, id)?.ok_or_else(|| Error::internal("a reaction without its event"))
}

/// Those of these events that are there, in no order.
pub fn find_all(tx: &mut TenantTx<'_>, ids: &[EventId]) -> Result<Vec<Event>> {
    let rows = events::table
        .filter(events::tenant_id.eq(tx.tenant()).and(events::id.eq_any(ids.to_vec())))
        .select(EventRow::as_select())
        .load(tx.conn())?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// Ids and types of a stretch of time, oldest first, after `after`.
pub fn page(
    tx: &mut TenantTx<'_>,
    (from, until): (Timestamp, Timestamp),
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<(EventId, EventType)>> {
    let mut query = events::table
        .filter(events::tenant_id.eq(tx.tenant()))
        .filter(events::occurred_at.ge(from).and(events::occurred_at.lt(until)))
        .order(events::id)
        .limit(limit)
        .select((events::id, events::kind))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(events::id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}
