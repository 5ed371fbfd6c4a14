//! A user's own sessions: where they are logged in.

use actix_web::{HttpResponse, delete, get};

use crate::base::Error;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, Page, Paging, Path};
use crate::tenants::access::Caller;
use crate::tenants::devices;
use crate::tenants::id::SessionId;
use crate::tenants::store::sessions::{self, Session};

/// Where the caller is logged in.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f30-7d11-b2a7-5b1d6f0c2a77", "tenant_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
    "tenant_name": "ABC Real Estate", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0", "address": "203.0.113.7",
    "is_current": true, "created_at": "2026-11-20T09:00:00Z", "last_used_at": "2026-11-20T10:30:00Z",
    "expires_at": "2026-12-20T10:30:00Z"}))]
pub struct SessionView {
    id: SessionId,
    tenant_id: TenantId,
    tenant_name: String,
    /// What it was begun with.
    user_agent: Option<String>,
    /// Where it was begun; of IPv6 the network.
    address: Option<String>,
    /// The session of this request.
    is_current: bool,
    created_at: Timestamp,
    /// When it was begun or refreshed last; a session in use is refreshed every quarter of an hour.
    last_used_at: Timestamp,
    /// When it ends unless it is refreshed.
    expires_at: Timestamp,
}

impl SessionView {
    fn of((session, tenant_name): (Session, String), current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            tenant_id: session.tenant_id,
            tenant_name,
            user_agent: session.user_agent,
            address: session.address,
            is_current: current == Some(session.id),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// List your sessions
///
/// In every tenant, newest first.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "A page of sessions", body = Page<SessionView>))
)]
#[get("/me/sessions")]
pub async fn list_sessions(caller: Caller, core: Core, query: Paging) -> Answer {
    let (user, current) = (caller.require_user()?, caller.session());
    let list = move |tx: &mut TenantTx<'_>| sessions::list_across_tenants(&mut tx.platform(), user, &query.page);
    let page = core.read(&caller, list).await?;
    Ok(HttpResponse::Ok().json(page.map(|session| SessionView::of(session, current))))
}

/// End a session
///
/// At once and for all its tokens; it may be the one of this request.
#[utoipa::path(security(("bearer" = [])), responses((status = 204, description = "The session has ended")))]
#[delete("/me/sessions/{id}")]
pub async fn end_session(caller: Caller, core: Core, id: Path<SessionId>) -> Answer {
    let user = caller.require_user()?;
    core.write(&caller, move |tx| devices::end(tx, user, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all other sessions
///
/// Every session of the user but the one of this request, in every tenant.
#[utoipa::path(security(("bearer" = [])), responses((status = 204, description = "This session alone goes on")))]
#[delete("/me/sessions")]
pub async fn end_other_sessions(caller: Caller, core: Core) -> Answer {
    let user = caller.require_user()?;
    let session = caller.session().ok_or_else(|| Error::internal("a user without a session"))?;
    core.write(&caller, move |tx| devices::end_others(tx, user, session)).await?;
    Ok(HttpResponse::NoContent().finish())
}
