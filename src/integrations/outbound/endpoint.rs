//! Endpoints: made, changed, given a new secret, disabled and deleted.

use validator::Validate;

use super::model::{DisabledReason, WebhookEndpointStatus};
use super::pattern::EventPattern;
use super::store::endpoints::{self as rows, Endpoint};
use super::{queue, secret};
use crate::base::Result;
use crate::base::bounded::Text;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::integrations::id::WebhookEndpointId;
use crate::integrations::outbound::facts::EndpointFact;
use crate::providers::outside::target::Callable;
use crate::tenants::store::person_behind;

/// How many endpoints a tenant may have.
pub const MOST_PER_TENANT: i64 = 10;
/// A day: how long both secrets of a rotation sign when nothing else is said.
const DEFAULT_OVERLAP_SECONDS: i64 = 86_400;

crate::inputs! {
    /// An endpoint to be made.
    #[schema(example = json!({"url": "https://hooks.example.com/leadwright", "event_types": ["lead.*", "message.received"], "description": "CRM"}))]
    pub struct NewWebhookEndpoint,
    /// A change to an endpoint; a null description removes it.
    #[schema(example = json!({"event_types": ["*"], "status": "enabled"}))]
    WebhookEndpointPatch of Endpoint with { created_by: Option<UserId> }
        begins { status: WebhookEndpointStatus::Enabled, secret: String::new() }
        empty { disabled_reason, disabled_at, failing_since, verified_at, previous_secret, previous_secret_expires_at, lease_job, lease_until }
    {
        /// https, on the public internet, port 443 or one from 1024 on, without user name, password and fragment.
        pub url: Callable,
        /// What it is told of: any of them.
        #[validate(length(min = 1, max = 50))]
        #[schema(min_items = 1, max_items = 50)]
        pub event_types: Vec<EventPattern>,
        pub description: Option<Text<0, 500>>,
        /// `enabled` takes a disabled endpoint into use again: what still waits for it is delivered now.
        changed pub status: Given<WebhookEndpointStatus> => by hand,
    }
}

/// How to change to a new secret.
#[derive(Debug, Clone, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub struct SecretRotation {
    /// How long the old secret signs beside the new one: 0 to a week, a day when absent.
    #[validate(range(min = 0, max = 604_800))]
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<i64>,
}

/// An endpoint and its secret, shown once.
pub struct Minted {
    pub endpoint: Endpoint,
    pub secret: Secret,
}

/// # Errors
/// `webhook_endpoint.too_many`.
pub fn create(tx: &mut TenantTx<'_>, key: &MasterKey, new: NewWebhookEndpoint) -> Result<Minted> {
    rows::room(tx, MOST_PER_TENANT)?;
    let created_by = person_behind(tx)?;
    let mut endpoint = new.row(tx, created_by);
    let (secret, sealed) = secret::mint(key, endpoint.id);
    endpoint.secret = sealed;
    rows::insert(tx, &endpoint)?;
    let fact = EndpointFact { event_types: Some(endpoint.event_types.told()), ..at(&endpoint) };
    tx.record(fact.told_as(EndpointFact::CREATED).about(endpoint.id.uuid()))?;
    Ok(Minted { endpoint, secret })
}

/// A URL may carry a token, so the trail names the host alone.
pub(super) fn host(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(Into::into)
}

fn at(endpoint: &Endpoint) -> EndpointFact {
    EndpointFact { host: host(&endpoint.url), ..EndpointFact::default() }
}

/// # Errors
/// `webhook_endpoint.not_found`, `request.precondition_failed`.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: WebhookEndpointId,
    mut patch: WebhookEndpointPatch,
    if_match: &IfMatch,
) -> Result<Endpoint> {
    let mut endpoint = rows::hold(tx, id)?;
    if_match.check(endpoint.version)?;
    let mut changes = patch.apply(&mut endpoint);
    if changes.has("url") {
        endpoint.verified_at = None;
    }
    let was = endpoint.status;
    let status = patch.status.0.unwrap_or(was);
    changes.note("status", turn(&mut endpoint, status, tx.now()));
    if changes.is_empty() {
        return Ok(endpoint);
    }
    rows::save(tx, &mut endpoint)?;
    let fact = EndpointFact { changed: Some(changes.told()), status: Some(status), ..at(&endpoint) };
    tx.record(fact.told_as(EndpointFact::UPDATED).about(id.uuid()))?;
    if status == WebhookEndpointStatus::Enabled && was != status {
        queue::enqueue(tx, id)?;
    }
    Ok(endpoint)
}

/// Whether it stood otherwise.
fn turn(endpoint: &mut Endpoint, to: WebhookEndpointStatus, now: Timestamp) -> bool {
    if endpoint.status == to {
        return false;
    }
    let is_off = to == WebhookEndpointStatus::Disabled;
    endpoint.status = to;
    endpoint.disabled_reason = is_off.then_some(DisabledReason::ByUser);
    endpoint.disabled_at = is_off.then_some(now);
    // Whoever takes it into use again says that it works.
    endpoint.failing_since = None;
    true
}

/// Disables it because of how it answered, and says so.
pub(super) fn give_up(tx: &mut TenantTx<'_>, id: WebhookEndpointId, reason: DisabledReason) -> Result<()> {
    let mut endpoint = rows::hold(tx, id)?;
    endpoint.status = WebhookEndpointStatus::Disabled;
    endpoint.disabled_reason = Some(reason);
    endpoint.disabled_at = Some(tx.now());
    rows::save(tx, &mut endpoint)?;
    let fact = EndpointFact {
        reason: Some(reason),
        failing_since: endpoint.failing_since,
        status: Some(endpoint.status),
        ..at(&endpoint)
    };
    tx.record(fact.told_as(EndpointFact::DISABLED).about(endpoint.id.uuid()))?;
    Ok(())
}

/// Makes a new secret; the old one signs beside it until the overlap ends. One that was still overlapping from an earlier
/// rotation no longer signs.
///
/// # Errors
/// `webhook_endpoint.not_found`.
pub fn rotate(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    id: WebhookEndpointId,
    rotation: &SecretRotation,
) -> Result<Minted> {
    let mut endpoint = rows::hold(tx, id)?;
    let overlap = chrono::Duration::seconds(rotation.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS));
    let (secret, sealed) = secret::mint(key, id);
    endpoint.previous_secret = Some(std::mem::replace(&mut endpoint.secret, sealed));
    endpoint.previous_secret_expires_at = Some(tx.now().plus(overlap));
    rows::save(tx, &mut endpoint)?;
    let fact = EndpointFact { previous_secret_expires_at: endpoint.previous_secret_expires_at, ..at(&endpoint) };
    tx.record(fact.told_as(EndpointFact::SECRET_ROTATED).about(id.uuid()))?;
    Ok(Minted { endpoint, secret })
}

/// Deletes it with its deliveries.
///
/// # Errors
/// `webhook_endpoint.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<()> {
    let endpoint = rows::hold(tx, id)?;
    rows::delete(tx, id)?;
    tx.record(at(&endpoint).told_as(EndpointFact::DELETED).about(id.uuid()))?;
    Ok(())
}
