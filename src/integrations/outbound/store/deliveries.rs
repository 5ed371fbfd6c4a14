//! Rows of `webhook_deliveries` and `webhook_attempts`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{EventId, TenantId};
use crate::base::time::Timestamp;
use crate::each_engine;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::events::EventType;
use crate::integrations::id::{WebhookDeliveryId, WebhookEndpointId};
use crate::integrations::outbound::model::WebhookDeliveryState;
use crate::integrations::schema::{webhook_attempts as attempts, webhook_deliveries as deliveries};

/// One event on its way to one endpoint.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    pub tenant_id: TenantId,
    pub id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    pub event_id: EventId,
    pub event_type: EventType,
    pub state: WebhookDeliveryState,
    /// Made so far, over all retries and replays.
    pub attempts: i32,
    /// Failures since it last began: the place in the schedule.
    pub step: i32,
    pub next_attempt_at: Option<Timestamp>,
    /// The HTTP status of the last attempt.
    pub last_status: Option<i32>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One request to an endpoint, and what came of it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub struct Attempt {
    pub tenant_id: TenantId,
    pub delivery_id: WebhookDeliveryId,
    /// 1 for the first.
    pub number: i32,
    pub attempted_at: Timestamp,
    pub duration_ms: i32,
    /// Without one nothing was answered; the error says why.
    pub status: Option<i32>,
    pub response: Option<String>,
    pub error: Option<String>,
}

/// Puts events on their way to endpoints; those that are on it, or were, stay as they are.
pub fn insert_new(tx: &mut TenantTx<'_>, list: &[(WebhookEndpointId, EventId, EventType)]) -> Result<()> {
    let (tenant_id, now) = (tx.tenant(), tx.now());
    let row = |(endpoint_id, event_id, event_type): &(WebhookEndpointId, EventId, EventType)| Delivery {
        tenant_id,
        id: WebhookDeliveryId::new(),
        endpoint_id: *endpoint_id,
        event_id: *event_id,
        event_type: *event_type,
        state: WebhookDeliveryState::Pending,
        attempts: 0,
        step: 0,
        next_attempt_at: Some(now),
        last_status: None,
        created_at: now,
        updated_at: now,
    };
    let rows: Vec<Delivery> = list.iter().map(row).collect();
    for chunk in rows.chunks(500) {
        each_engine!(tx.conn(), c => diesel::insert_into(deliveries::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Lets deliveries of these events begin anew; delivered ones only when asked for.
pub fn reopen(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    events: &[EventId],
    include_delivered: bool,
) -> Result<()> {
    let now = tx.now();
    let mut states = vec![WebhookDeliveryState::Failed, WebhookDeliveryState::Pending];
    if include_delivered {
        states.push(WebhookDeliveryState::Delivered);
    }
    diesel::update(deliveries::table)
        .filter(deliveries::tenant_id.eq(tx.tenant()).and(deliveries::endpoint_id.eq(endpoint)))
        .filter(deliveries::event_id.eq_any(events.to_vec()).and(deliveries::state.eq_any(states)))
        .set((
            deliveries::state.eq(WebhookDeliveryState::Pending),
            deliveries::step.eq(0),
            deliveries::next_attempt_at.eq(now),
            deliveries::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

crate::rows!(deliveries: Delivery, WebhookDeliveryId, "webhook_delivery" => find, get);

/// The delivery of an event to an endpoint.
pub fn of_event(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId, event: EventId) -> Result<Delivery> {
    let row = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()).and(deliveries::endpoint_id.eq(endpoint)))
        .filter(deliveries::event_id.eq(event))
        .select(Delivery::as_select())
        .first(tx.conn())?;
    Ok(row)
}

/// First to last.
pub fn attempts_of(tx: &mut TenantTx<'_>, delivery: WebhookDeliveryId) -> Result<Vec<Attempt>> {
    let rows = attempts::table
        .filter(attempts::tenant_id.eq(tx.tenant()).and(attempts::delivery_id.eq(delivery)))
        .order(attempts::number)
        .select(Attempt::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// What an endpoint is to be told now, longest due first.
pub fn due(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId, limit: i64) -> Result<Vec<Delivery>> {
    let now = tx.now();
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()).and(deliveries::endpoint_id.eq(endpoint)))
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending).and(deliveries::next_attempt_at.le(now)))
        .order((deliveries::next_attempt_at, deliveries::id))
        .limit(limit)
        .select(Delivery::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// When an endpoint is to be told something next.
pub fn next_due(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId) -> Result<Option<Timestamp>> {
    let at: Option<Option<Timestamp>> = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()).and(deliveries::endpoint_id.eq(endpoint)))
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending))
        .order(deliveries::next_attempt_at)
        .select(deliveries::next_attempt_at)
        .first(tx.conn())
        .optional()?;
    Ok(at.flatten())
}

/// Writes what an attempt changes. `seen` is the number of attempts there were before it.
pub fn save(tx: &mut TenantTx<'_>, row: &Delivery, seen: i32) -> Result<bool> {
    let now = tx.now();
    let written = diesel::update(deliveries::table.find((tx.tenant(), row.id)).filter(deliveries::attempts.eq(seen)))
        .set((
            deliveries::state.eq(row.state),
            deliveries::attempts.eq(row.attempts),
            deliveries::step.eq(row.step),
            deliveries::next_attempt_at.eq(row.next_attempt_at),
            deliveries::last_status.eq(row.last_status),
            deliveries::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(written == 1)
}

pub fn insert_attempts(tx: &mut TenantTx<'_>, rows: &[Attempt]) -> Result<()> {
    each_engine!(tx.conn(), c => diesel::insert_into(attempts::table).values(rows).execute(c))?;
    Ok(())
}

crate::filter! {
    /// Which deliveries to list.
    pub struct DeliveryFilter of deliveries {
        #[param(value_type = Option<String>, format = Uuid)]
        endpoint_id: Option<WebhookEndpointId> => eq endpoint_id,
        #[param(value_type = Option<String>, format = Uuid)]
        event_id: Option<EventId> => eq event_id,
        #[param(inline)]
        state: Option<WebhookDeliveryState> => eq state,
        #[param(inline)]
        event_type: Option<EventType> => eq event_type,
        /// At this moment or later.
        #[param(value_type = Option<String>, format = DateTime)]
        created_after: Option<Timestamp> => since created_at,
        /// Before this moment.
        #[param(value_type = Option<String>, format = DateTime)]
        created_before: Option<Timestamp> => before created_at,
    }
}

/// Newest first.
pub fn list(tx: &mut TenantTx<'_>, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Delivery>> {
    let which = filter.narrow(Where::of(tx, deliveries::tenant_id));
    tx.page(which, Order::by_id(Desc, deliveries::id, |row: &Delivery| row.id), page)
}

/// Forgets deliveries of all tenants that were made before then, with their attempts; at most `limit` at once.
pub fn prune(tx: &mut PlatformTx<'_>, before: Timestamp, limit: i64) -> Result<usize> {
    let old: Vec<(TenantId, WebhookDeliveryId)> = deliveries::table
        .filter(deliveries::created_at.lt(before))
        .order(deliveries::created_at)
        .limit(limit)
        .select((deliveries::tenant_id, deliveries::id))
        .load(tx.conn())?;
    // Ids are unique beyond their tenant, which only the key's order needs.
    let tenants: std::collections::BTreeSet<TenantId> = old.iter().map(|(tenant, _)| *tenant).collect();
    let ids: Vec<WebhookDeliveryId> = old.iter().map(|(_, id)| *id).collect();
    let gone = deliveries::table.filter(deliveries::tenant_id.eq_any(tenants)).filter(deliveries::id.eq_any(ids));
    Ok(diesel::delete(gone).execute(tx.conn())?)
}
