//! Rows of `webhook_endpoints`.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{Guid, JobId, TenantId, UserId};
use crate::base::time::Timestamp;
use crate::beyond;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::events::EventType;
use crate::integrations::id::WebhookEndpointId;
use crate::integrations::outbound::model::{DisabledReason, WebhookEndpointStatus};
use crate::integrations::outbound::pattern::{EventPattern, EventPatterns, is_offered};
use crate::integrations::schema::webhook_endpoints as endpoints;
use crate::tenants::model::TenantStatus;
use crate::tenants::schema::tenants;

crate::record! {
    /// Where a tenant wants to be told what happens.
    pub struct Endpoint of endpoints,
    /// A webhook endpoint without its secret.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "url": "https://hooks.example.com/leadwright",
        "event_types": ["lead.*", "message.received"], "description": "CRM", "status": "enabled", "disabled_reason": null,
        "disabled_at": null, "failing_since": null, "previous_secret_expires_at": null,
        "created_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "verified_at": "2026-11-20T09:00:02Z",
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    shown as WebhookEndpointView {
        pub tenant_id: TenantId,
        shown id: WebhookEndpointId,
        shown url: String,
        shown #[schema(value_type = Vec<EventPattern>)] event_types: EventPatterns,
        shown description: Option<String>,
        shown status: WebhookEndpointStatus,
        shown disabled_reason: Option<DisabledReason>,
        shown disabled_at: Option<Timestamp>,
        /// The first failure since the last success; null while it works. After five days the endpoint is disabled.
        shown failing_since: Option<Timestamp>,
        /// Sealed.
        pub secret: String,
        pub previous_secret: Option<String>,
        /// Until then the secret before this one signs too.
        shown previous_secret_expires_at: Option<Timestamp>,
        /// The job that delivers to it now, and until when it is believed to.
        pub lease_job: Option<JobId>,
        pub lease_until: Option<Timestamp>,
        pub version: i32,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
        /// The member who made it, or whose key did; null when an operator did, or for those of earlier versions.
        shown created_by: Option<UserId>,
        /// Since when its URL has shown that it wants what it is sent: its first 2xx, such as to a ping. Until then, and while it
        /// fails, requests come one by one and few of them a minute; the rest waits.
        shown verified_at: Option<Timestamp>,
    }
}

impl Endpoint {
    pub fn wants(&self, kind: EventType) -> bool {
        is_offered(kind) && self.event_types.list().iter().any(|pattern| pattern.matches(kind))
    }
}

/// SQL over a new row of `events`: is there an enabled endpoint of its tenant that wants this type? (An underscore is a
/// joker of `LIKE`; [`Endpoint::wants`] has the last word.)
pub fn is_wanted(kind: EventType) -> String {
    if !is_offered(kind) {
        return "1 = 0".into();
    }
    let likes: Vec<String> =
        EventPattern::of(kind).iter().map(|pattern| format!("w.event_types LIKE '% {pattern} %'")).collect();
    format!(
        "EXISTS (SELECT 1 FROM webhook_endpoints w WHERE w.tenant_id = events.tenant_id AND w.status = 'enabled' AND ({}))",
        likes.join(" OR ")
    )
}

crate::rows!(endpoints: Endpoint, WebhookEndpointId, "webhook_endpoint" => insert, find, get, hold, save, count, room, delete);

crate::filter! {
    /// Which endpoints to list.
    pub struct EndpointFilter of endpoints by change {}
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &EndpointFilter, page: &PageRequest) -> Result<Page<Endpoint>> {
    use endpoints::{id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by_id(Desc, id, |row: &Endpoint| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Endpoint| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// Those that this person answers for.
pub fn made_by(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<Endpoint>> {
    let rows = endpoints::table
        .filter(endpoints::tenant_id.eq(tx.tenant()).and(endpoints::created_by.eq(user)))
        .order(endpoints::id)
        .select(Endpoint::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// The enabled ones.
pub fn enabled(tx: &mut TenantTx<'_>) -> Result<Vec<Endpoint>> {
    let rows = endpoints::table
        .filter(endpoints::tenant_id.eq(tx.tenant()).and(endpoints::status.eq(WebhookEndpointStatus::Enabled)))
        .select(Endpoint::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// Takes the endpoint for this job until then; `None` while another job has it, when it is not enabled, or while its tenant is
/// suspended. A job that holds it
/// prolongs its time.
///
/// It also takes the row's lock, so whoever takes it last sees every delivery that was written before.
pub fn lease(tx: &mut TenantTx<'_>, id: WebhookEndpointId, job: JobId, until: Timestamp) -> Result<Option<Endpoint>> {
    let now = tx.now();
    let is_free = endpoints::lease_until
        .is_null()
        .or(endpoints::lease_until.lt(now))
        .or(endpoints::lease_job.is_null())
        .or(endpoints::lease_job.eq(job));
    let row = diesel::update(endpoints::table.find((tx.tenant(), id)))
        .filter(endpoints::status.eq(WebhookEndpointStatus::Enabled))
        .filter(is_free)
        .filter(exists(
            tenants::table.filter(tenants::id.eq(tx.tenant()).and(tenants::status.eq(TenantStatus::Active))),
        ))
        .set((endpoints::lease_job.eq(job), endpoints::lease_until.eq(until)))
        .returning(endpoints::all_columns)
        .get_result(tx.conn())
        .optional()?;
    Ok(row)
}

/// Gives the endpoint back.
pub fn release(tx: &mut TenantTx<'_>, id: WebhookEndpointId, job: JobId) -> Result<()> {
    diesel::update(endpoints::table.find((tx.tenant(), id)).filter(endpoints::lease_job.eq(job)))
        .set((endpoints::lease_job.eq(None::<JobId>), endpoints::lease_until.eq(None::<Timestamp>)))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes since when it fails, or that it does not.
pub fn note_health(tx: &mut TenantTx<'_>, id: WebhookEndpointId, failing_since: Option<Timestamp>) -> Result<()> {
    let now = tx.now();
    diesel::update(endpoints::table.find((tx.tenant(), id)))
        .set((endpoints::failing_since.eq(failing_since), endpoints::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes that it wants what it is sent.
pub fn mark_verified(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<()> {
    let now = tx.now();
    diesel::update(endpoints::table.find((tx.tenant(), id)))
        .set((endpoints::verified_at.eq(now), endpoints::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Endpoints of any active tenant that nobody delivers to although something has been due since before `due`.
pub fn forgotten(tx: &mut PlatformTx<'_>, due: Timestamp, limit: i64) -> Result<Vec<(TenantId, WebhookEndpointId)>> {
    use crate::integrations::outbound::model::WebhookDeliveryState;
    use crate::integrations::schema::webhook_deliveries as deliveries;
    let now = tx.now();
    let rows = deliveries::table
        .inner_join(
            endpoints::table
                .on(endpoints::tenant_id.eq(deliveries::tenant_id).and(endpoints::id.eq(deliveries::endpoint_id))),
        )
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending).and(deliveries::next_attempt_at.lt(due)))
        .filter(endpoints::status.eq(WebhookEndpointStatus::Enabled))
        .filter(endpoints::lease_until.is_null().or(endpoints::lease_until.lt(now)))
        .filter(exists(
            tenants::table.filter(tenants::id.eq(endpoints::tenant_id).and(tenants::status.eq(TenantStatus::Active))),
        ))
        .select((endpoints::tenant_id, endpoints::id))
        .distinct()
        .limit(limit)
        .load(tx.conn())?;
    Ok(rows)
}

/// An endpoint's secrets, sealed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = endpoints)]
pub struct Secrets {
    pub tenant_id: TenantId,
    pub id: WebhookEndpointId,
    pub secret: String,
    pub previous_secret: Option<String>,
}

/// Endpoints of any tenant with a secret that does not begin with `mark`.
pub fn sealed_otherwise(tx: &mut PlatformTx<'_>, mark: &str) -> Result<i64> {
    let mark = format!("{mark}%");
    let others = endpoints::secret
        .not_like(mark.clone())
        .or(endpoints::previous_secret.is_not_null().and(endpoints::previous_secret.not_like(mark)));
    Ok(endpoints::table.filter(others).count().get_result(tx.conn())?)
}

/// The next of these by their key.
pub fn next_sealed_otherwise(
    tx: &mut PlatformTx<'_>,
    mark: &str,
    after: Option<(TenantId, WebhookEndpointId)>,
    limit: i64,
) -> Result<Vec<Secrets>> {
    let mark = format!("{mark}%");
    let others = endpoints::secret
        .not_like(mark.clone())
        .or(endpoints::previous_secret.is_not_null().and(endpoints::previous_secret.not_like(mark)));
    let mut query = endpoints::table
        .filter(others)
        .order((endpoints::tenant_id, endpoints::id))
        .limit(limit)
        .select(Secrets::as_select())
        .into_boxed();
    if let Some((tenant, id)) = after {
        query = query.filter(beyond!("webhook_endpoints.tenant_id, webhook_endpoints.id", Guid => tenant, Guid => id));
    }
    Ok(query.load(tx.conn())?)
}

/// Of the endpoint with the smallest key of any tenant.
pub fn oldest_secrets(tx: &mut PlatformTx<'_>) -> Result<Option<Secrets>> {
    let first = endpoints::table.order((endpoints::tenant_id, endpoints::id)).select(Secrets::as_select());
    Ok(first.first(tx.conn()).optional()?)
}

/// Writes the same secrets, sealed anew, unless they were changed meanwhile: then it answers 0.
pub fn reseal(tx: &mut PlatformTx<'_>, read: &Secrets, secret: &str, previous: Option<&str>) -> Result<usize> {
    let unchanged = endpoints::table.find((read.tenant_id, read.id)).filter(endpoints::secret.eq(&read.secret));
    let anew = (endpoints::secret.eq(secret), endpoints::previous_secret.eq(previous));
    Ok(diesel::update(unchanged).set(anew).execute(tx.conn())?)
}
