//! Who may not be written to, and why; and ending what a mail server said, once it is mended.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, post, web};
use utoipa::ToSchema;
use validator::Validate;

use crate::base::Result;
use crate::base::bounded::Text;
use crate::base::time::Timestamp;
use crate::contacts::id::{LeadId, SuppressionId};
use crate::contacts::{Suppression, SuppressionFilter, SuppressionReason, consent};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::platform_tenant;
use crate::engine::http::{Json, Once, Page, Paging, Path, Reply};
use crate::inbox::model::Channel;
use crate::leads::model::IdentityKind;
use crate::leads::rows::owners;
use crate::tenants::access::{Caller, Permission};

/// A person who is not written to.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-8001-7c11-a1f7-5b1d6f0c2a10", "channel": "email", "address": "asha@example.com", "sender_address": null,
    "reason": "bounced", "is_for_all_tenants": false, "can_be_lifted": true, "created_at": "2026-11-20T09:04:00Z",
    "expires_at": "2027-05-19T09:04:00Z", "ended_at": null, "lifted_because": null
}))]
pub struct SuppressionView {
    pub id: SuppressionId,
    pub channel: Channel,
    /// The person's number or address; null while it is of a locked lead.
    pub address: Option<String>,
    /// Our number or address that may not write; null: none of the channel may.
    pub sender_address: Option<String>,
    pub reason: SuppressionReason,
    /// The provider blocks the number whoever writes from it.
    pub is_for_all_tenants: bool,
    /// By you; what the person said only they take back.
    pub can_be_lifted: bool,
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub lifted_because: Option<String>,
}

impl SuppressionView {
    fn of(row: Suppression, is_hidden: bool, now: Timestamp) -> Self {
        let ended_at = row.lifted_at.or(row.expires_at.filter(|at| *at <= now));
        Self {
            id: row.id,
            channel: row.channel,
            address: Some(row.address).filter(|_| !is_hidden),
            sender_address: Some(row.sender_address).filter(|address| !address.is_empty()),
            reason: row.reason,
            is_for_all_tenants: row.for_tenant_id == platform_tenant(),
            can_be_lifted: ended_at.is_none() && !row.reason.is_the_persons(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            ended_at,
            lifted_because: row.lifted_because,
        }
    }
}

/// Without the addresses of locked leads.
fn shown(tx: &mut TenantTx<'_>, rows: Vec<Suppression>) -> Result<Vec<SuppressionView>> {
    let kind = |channel| if channel == Channel::Email { IdentityKind::Email } else { IdentityKind::Phone };
    let wanted: Vec<(IdentityKind, &str)> = rows.iter().map(|row| (kind(row.channel), row.address.as_str())).collect();
    let mut locked: HashMap<LeadId, bool> = HashMap::new();
    let mut hidden: Vec<(IdentityKind, String)> = Vec::new();
    for (kind, value, lead) in owners(tx, &wanted)? {
        let is_locked = match locked.get(&lead) {
            Some(known) => *known,
            None => crate::leads::heading(tx, lead)?.is_locked,
        };
        locked.insert(lead, is_locked);
        if is_locked {
            hidden.push((kind, value));
        }
    }
    let now = tx.now();
    let view = |row: Suppression| {
        let is_hidden = hidden.iter().any(|(of, value)| *of == kind(row.channel) && *value == row.address);
        SuppressionView::of(row, is_hidden, now)
    };
    Ok(rows.into_iter().map(view).collect())
}

/// List who may not be written to
///
/// What came of your own conversations: who wrote STOP, whose mailbox refused, who complained. Newest first.
#[utoipa::path(
    params(SuppressionFilter),
    responses((status = 200, description = "One page", body = Page<SuppressionView>))
)]
#[get("/suppressions")]
pub async fn list_suppressions(
    caller: Caller,
    core: web::Data<Core>,
    query: Paging<SuppressionFilter>,
) -> Result<HttpResponse> {
    caller.require(Permission::ConversationsRead)?;
    let list = move |tx: &mut TenantTx<'_>| consent::list(tx, &query.filter, &query.page)?.with(|rows| shown(tx, rows));
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), list).await?))
}

/// Why it is lifted.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "She called: the mailbox works again."}))]
pub struct LiftSuppression {
    /// Kept with it and in the events.
    pub reason: Text<3, 500>,
}

/// Allow messages to a person again
///
/// For addresses that bounced or were stopped by hand. What a person said (STOP, a complaint) only they take back; an operator
/// may answer for them. Lifting what has ended already changes nothing.
#[utoipa::path(responses((status = 200, description = "It has ended", body = SuppressionView)))]
#[post("/suppressions/{id}/lift")]
pub async fn lift_suppression(
    caller: Caller,
    core: web::Data<Core>,
    path: Path<SuppressionId>,
    body: Json<LiftSuppression>,
    once: Once,
) -> Result<HttpResponse> {
    caller.require(Permission::ConversationsWrite)?;
    let scope = caller.scope();
    once.write(&core, scope, move |tx| {
        let row = consent::lift_by_hand(tx, path.0, &body.0.reason, caller.is_operator())?;
        let row = shown(tx, vec![row])?.into_iter().next();
        row.map(Reply::ok).ok_or_else(|| crate::base::Error::internal("a suppression vanished"))
    })
    .await
}
