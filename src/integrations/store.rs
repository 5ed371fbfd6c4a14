//! Rows of stored webhooks.

use diesel::prelude::*;

use super::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::TenantId;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::each_engine;
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, Where};
use crate::integrations::id::WebhookEventId;
use crate::integrations::schema::webhook_events;
use crate::keep;
use crate::providers::lenient::without_nul;

/// A verified webhook, or one of the several events in it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_events, treat_none_as_default_value = false)]
pub struct WebhookEvent {
    pub id: WebhookEventId,
    pub provider: WebhookProvider,
    pub kind: WebhookKind,
    /// The provider's id of the event: with provider and kind it exists once.
    pub external_id: String,
    /// Known once it was routed.
    pub tenant_id: Option<TenantId>,
    pub body: Json,
    pub state: WebhookState,
    /// What became of it, in a word.
    pub outcome: Option<String>,
    pub error: Option<String>,
    pub attempts: i32,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
}

/// A webhook about to be stored.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub provider: WebhookProvider,
    pub kind: WebhookKind,
    pub external_id: String,
    pub body: serde_json::Value,
    pub state: WebhookState,
    pub outcome: Option<&'static str>,
}

impl NewWebhook {
    /// One whose job follows.
    pub fn new(
        provider: WebhookProvider,
        kind: WebhookKind,
        external_id: impl Into<String>,
        body: serde_json::Value,
    ) -> Self {
        Self { provider, kind, external_id: external_id.into(), body, state: WebhookState::Received, outcome: None }
    }
    /// One that is kept in this state, without a job.
    pub fn kept(mut self, state: WebhookState, outcome: &'static str) -> Self {
        (self.state, self.outcome) = (state, Some(outcome));
        self
    }

    fn row(self, now: Timestamp) -> WebhookEvent {
        let is_long = self.external_id.len() > 200;
        let external_id = if is_long { sha256_hex(&self.external_id) } else { self.external_id };
        WebhookEvent {
            id: WebhookEventId::new(),
            provider: self.provider,
            kind: self.kind,
            external_id: external_id.replace('\0', "\u{fffd}"),
            tenant_id: None,
            // PostgreSQL keeps no NUL, not even inside JSON; a provider's event must not be lost over one.
            body: Json::from(without_nul(self.body)),
            state: self.state,
            outcome: self.outcome.map(Into::into),
            error: None,
            attempts: 0,
            received_at: now,
            processed_at: None,
        }
    }
}

/// Stores those that were never here before, and answers them in order.
pub fn insert_new(tx: &mut PlatformTx<'_>, list: Vec<NewWebhook>) -> Result<Vec<WebhookEvent>> {
    let now = tx.now();
    let rows: Vec<WebhookEvent> = list.into_iter().map(|new| new.row(now)).collect();
    let mut stored = std::collections::HashSet::new();
    for chunk in rows.chunks(500) {
        if let [row] = chunk {
            if OrIgnore(diesel::insert_into(webhook_events::table).values(row)).execute(tx.conn())? == 1 {
                stored.insert(row.id);
            }
            continue;
        }
        let inserted = each_engine!(tx.conn(), c => diesel::insert_into(webhook_events::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
        if inserted == chunk.len() {
            stored.extend(chunk.iter().map(|row| row.id));
            continue;
        }
        let ids: Vec<WebhookEventId> = chunk.iter().map(|row| row.id).collect();
        let found: Vec<WebhookEventId> =
            webhook_events::table.filter(webhook_events::id.eq_any(ids)).select(webhook_events::id).load(tx.conn())?;
        stored.extend(found);
    }
    Ok(rows.into_iter().filter(|row| stored.contains(&row.id)).collect())
}

pub fn find(tx: &mut PlatformTx<'_>, id: WebhookEventId) -> Result<Option<WebhookEvent>> {
    Ok(webhook_events::table.find(id).select(WebhookEvent::as_select()).first(tx.conn()).optional()?)
}

/// Those of them that may still have their effect, in the order they came.
pub fn find_open(tx: &mut PlatformTx<'_>, ids: &[WebhookEventId]) -> Result<Vec<WebhookEvent>> {
    let events: Vec<WebhookEvent> = webhook_events::table
        .filter(webhook_events::id.eq_any(ids))
        .order(webhook_events::id)
        .select(WebhookEvent::as_select())
        .load(tx.conn())?;
    Ok(events.into_iter().filter(|event| event.state.is_open()).collect())
}

/// [`claim`] and [`conclude`] for many with one outcome, after which nobody needs what they say; answers for how many.
pub fn conclude_all(tx: &mut PlatformTx<'_>, ids: &[WebhookEventId], outcome: &str) -> Result<usize> {
    let now = tx.now();
    // Joined to nothing, so that no index answers: SQLite would look through everything that is open instead of by the ids.
    let state = webhook_events::state.concat("");
    let concluded = keep!(
        tx.conn(),
        diesel::update(webhook_events::table.filter(webhook_events::id.eq_any(ids)))
            .filter(state.eq_any([WebhookState::Received.as_str(), WebhookState::Failed.as_str()]))
            .set((
                webhook_events::state.eq(WebhookState::Processed),
                webhook_events::processed_at.eq(now),
                webhook_events::attempts.eq(webhook_events::attempts + 1),
                webhook_events::error.eq(None::<String>),
                webhook_events::outcome.eq(outcome),
                webhook_events::body.eq(spent()),
            )),
    )?;
    Ok(concluded)
}

/// What is left of a receipt once it is applied: it names addresses and subjects, and stands in no tenant's rows.
fn spent() -> Json {
    Json::from(serde_json::json!({}))
}

/// Forgets what an event said.
pub fn spend(tx: &mut PlatformTx<'_>, id: WebhookEventId) -> Result<()> {
    let row = webhook_events::table.find(id);
    keep!(tx.conn(), diesel::update(row).set(webhook_events::body.eq(spent())))?;
    Ok(())
}

/// Forgets what came in before then and has had its effect or never has one, the oldest first; at most `limit` at once. What is
/// still open stays.
pub fn prune(tx: &mut PlatformTx<'_>, before: Timestamp, limit: i64) -> Result<usize> {
    let mut gone = 0;
    for state in [WebhookState::Processed, WebhookState::Ignored] {
        let old: Vec<WebhookEventId> = webhook_events::table
            .filter(webhook_events::state.eq(state).and(webhook_events::received_at.lt(before)))
            .order((webhook_events::received_at, webhook_events::id))
            .limit(limit)
            .select(webhook_events::id)
            .load(tx.conn())?;
        gone += diesel::delete(webhook_events::table.filter(webhook_events::id.eq_any(old))).execute(tx.conn())?;
    }
    Ok(gone)
}

/// Takes the event for this transaction; `false` when its effect is already there. A second run waits here for the first.
pub fn claim(tx: &mut PlatformTx<'_>, id: WebhookEventId) -> Result<bool> {
    let now = tx.now();
    let claimed = keep!(
        tx.conn(),
        diesel::update(webhook_events::table.find(id))
            .filter(webhook_events::state.eq_any([WebhookState::Received, WebhookState::Failed, WebhookState::Held]))
            .set((
                webhook_events::state.eq(WebhookState::Processed),
                webhook_events::processed_at.eq(now),
                webhook_events::attempts.eq(webhook_events::attempts + 1),
                webhook_events::error.eq(None::<String>),
            )),
    )?;
    Ok(claimed == 1)
}

/// Notes what a claimed event led to.
pub fn conclude(tx: &mut PlatformTx<'_>, id: WebhookEventId, outcome: &str, tenant: Option<TenantId>) -> Result<()> {
    keep!(
        tx.conn(),
        diesel::update(webhook_events::table.find(id))
            .set((webhook_events::outcome.eq(outcome), webhook_events::tenant_id.eq(tenant))),
    )?;
    Ok(())
}

/// Keeps with an event what its lead told of its origin.
pub fn note_origin(
    tx: &mut PlatformTx<'_>,
    id: WebhookEventId,
    body: &mut Json,
    origin: serde_json::Value,
) -> Result<()> {
    body.set("origin", without_nul(origin));
    keep!(tx.conn(), diesel::update(webhook_events::table.find(id)).set(webhook_events::body.eq(&*body)))?;
    Ok(())
}

/// Puts a claimed event aside for a person of the platform to say whose it is: one of these tenants, or anybody.
pub fn put_aside(tx: &mut PlatformTx<'_>, event: &WebhookEvent, candidates: &[TenantId]) -> Result<()> {
    let mut body = event.body.clone();
    body.set("candidates", serde_json::json!(candidates));
    diesel::update(webhook_events::table.find(event.id))
        .set((
            webhook_events::state.eq(WebhookState::Held),
            webhook_events::processed_at.eq(None::<Timestamp>),
            webhook_events::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes an attempt that failed; with an outcome, it was the last one. `false` when the event was settled meanwhile.
pub fn note_failure(tx: &mut PlatformTx<'_>, id: WebhookEventId, outcome: Option<&str>, error: &str) -> Result<bool> {
    let state = if outcome.is_some() { WebhookState::Failed } else { WebhookState::Received };
    let noted = keep!(
        tx.conn(),
        diesel::update(webhook_events::table.find(id))
            .filter(webhook_events::state.eq_any([WebhookState::Received, WebhookState::Failed]))
            .set((
                webhook_events::state.eq(state),
                webhook_events::outcome.eq(outcome),
                webhook_events::error.eq(error.replace('\0', "\u{fffd}")),
                webhook_events::attempts.eq(webhook_events::attempts + 1),
            )),
    )?;
    Ok(noted == 1)
}

/// Puts an open event back to its beginning. `false` when its effect is there or nothing follows from it.
pub fn reopen(tx: &mut PlatformTx<'_>, id: WebhookEventId) -> Result<bool> {
    let reopened = diesel::update(webhook_events::table.find(id))
        .filter(webhook_events::state.eq_any([WebhookState::Received, WebhookState::Failed, WebhookState::Held]))
        .set((
            webhook_events::state.eq(WebhookState::Received),
            webhook_events::outcome.eq(None::<String>),
            webhook_events::error.eq(None::<String>),
        ))
        .execute(tx.conn())?;
    Ok(reopened == 1)
}

/// Failed events of a provider with one of these outcomes since a moment, the newest first, at most `limit`.
pub fn failed_since(
    tx: &mut PlatformTx<'_>,
    provider: WebhookProvider,
    outcomes: &[&str],
    since: Timestamp,
    limit: i64,
) -> Result<Vec<WebhookEvent>> {
    let rows = webhook_events::table
        .filter(webhook_events::state.eq(WebhookState::Failed).and(webhook_events::received_at.ge(since)))
        .filter(webhook_events::provider.eq(provider).and(webhook_events::outcome.eq_any(outcomes)))
        .order((webhook_events::received_at.desc(), webhook_events::id.desc()))
        .limit(limit)
        .select(WebhookEvent::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

crate::filter! {
    /// Which stored webhooks to list.
    pub struct WebhookFilter of webhook_events {
        state: Option<WebhookState> => eq state,
        provider: Option<WebhookProvider> => eq provider,
    }
}

/// Newest first.
pub fn list(tx: &mut PlatformTx<'_>, filter: &WebhookFilter, page: &PageRequest) -> Result<Page<WebhookEvent>> {
    use webhook_events::{id, received_at};
    let which = filter.narrow(Where::everywhere(tx));
    tx.page(which, Order::by(Desc, (received_at, id), |row: &WebhookEvent| (row.received_at, row.id)), page)
}
