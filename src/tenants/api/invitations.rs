//! Invitations to a tenant.

use actix_web::{HttpResponse, delete, get, post};

use super::signed_in::SignedInView;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::tenants::access::{Anyone, Attempts, Caller, Permission, Role};
use crate::tenants::id::InvitationId;
use crate::tenants::invite::{self, AcceptInvitation, NewInvitation, Offered};
use crate::tenants::members::require_rank;
use crate::tenants::passkeys::Site;
use crate::tenants::session;
use crate::tenants::store::invitations::{self, Invitation, InvitationStatus};

/// An offer to join the tenant.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "email": "asha@abc.example.com", "role": "agent",
    "status": "pending", "invited_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "expires_at": "2026-11-27T09:00:00Z",
    "created_at": "2026-11-20T09:00:00Z"}))]
pub struct InvitationView {
    id: InvitationId,
    email: String,
    role: Role,
    status: InvitationStatus,
    /// Who invited, or whose key did; null when an operator did.
    invited_by: Option<UserId>,
    expires_at: Timestamp,
    created_at: Timestamp,
}

impl InvitationView {
    pub(super) fn of(invitation: Invitation, now: Timestamp) -> Self {
        Self {
            id: invitation.id,
            status: invitation.status(now),
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            expires_at: invitation.expires_at,
            created_at: invitation.created_at,
        }
    }
}

/// An invitation with its token, which is shown only here.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "email": "asha@abc.example.com", "role": "agent",
    "status": "pending", "invited_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "expires_at": "2026-11-27T09:00:00Z",
    "created_at": "2026-11-20T09:00:00Z", "token": "inv_…", "accept_url": "https://app.example.com/invitations/accept?token=inv_…"}))]
pub struct OfferedView {
    #[serde(flatten)]
    invitation: InvitationView,
    /// For `POST /v1/invitations/accept`, once: by people who have an account, and by colleagues under the inviter's own
    /// domain. Everybody else accepts by the link in the e-mail.
    token: String,
    /// A page of the tenant's frontend (`deep_link_base_url`) with the token.
    accept_url: String,
}

impl OfferedView {
    pub(super) fn of(offered: Offered, now: Timestamp) -> Self {
        let Offered { invitation, token, accept_url } = offered;
        Self { invitation: InvitationView::of(invitation, now), token, accept_url }
    }
}

/// Invite a person
///
/// Valid for seven days and once. A link goes to the address by e-mail, and whoever opens it has shown that the mailbox is
/// theirs. The answer holds another link, to hand over: it serves people who have an account, and colleagues whose address
/// has the same domain as the inviter's verified one. Inviting an address again withdraws its open invitation and
/// sends a new link.
#[utoipa::path(responses((status = 201, description = "The invitation and its token", body = OfferedView)))]
#[post("/invitations")]
pub async fn create_invitation(caller: Caller, core: Core, input: Json<NewInvitation>, once: Once) -> Answer {
    caller.require(Permission::UsersWrite)?;
    require_rank(&caller, input.0.role)?;
    let (key, app_url) = (core.master_key.clone(), core.settings.app_url.clone());
    once.write(&core, caller.scope(), move |tx| {
        let offered = invite::invite(tx, &key, &input.0.email, input.0.role, &app_url)?;
        Ok(Reply::created(OfferedView::of(offered, tx.now())))
    })
    .await
}

/// List invitations
///
/// Newest first, with what became of them.
#[utoipa::path(
    responses((status = 200, description = "A page of invitations", body = Page<InvitationView>))
)]
#[get("/invitations")]
pub async fn list_invitations(caller: Caller, core: Core, query: Paging) -> Answer {
    caller.require(Permission::UsersRead)?;
    let list = move |tx: &mut TenantTx<'_>| invitations::list(tx, &query.page);
    let page = core.db.read(caller.scope(), list).await?;
    let now = core.clock.now();
    Ok(HttpResponse::Ok().json(page.map(|row| InvitationView::of(row, now))))
}

/// Withdraw an invitation
#[utoipa::path(responses((status = 204, description = "Its token does not work any more")))]
#[delete("/invitations/{id}")]
pub async fn revoke_invitation(caller: Caller, core: Core, id: Path<InvitationId>) -> Answer {
    caller.require(Permission::UsersWrite)?;
    core.write(caller.scope(), move |tx| invite::withdraw(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Accept an invitation
///
/// With a new password; or, when the address has an account, with that account's, and a code where it has a second factor, or with a passkey
/// of it instead of both. By the link in the e-mail the address is
/// verified too.
#[utoipa::path(
    security(()),
    responses(
        (status = 201, description = "The tenant joined, the user and the tokens", body = SignedInView),
        (status = 401, description = "The password is not that of the address' account, or this token makes no account for the address", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The tenant is suspended", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such invitation", body = Problem, content_type = "application/problem+json"))
)]
#[post("/invitations/accept")]
pub async fn accept_invitation(
    anyone: Anyone,
    core: Core,
    attempts: Attempts,
    input: Json<AcceptInvitation>,
    once: Once,
) -> Answer {
    let input = input.0;
    let offer = invite::offer(&core, anyone.scope(), input.token.to_string()).await?.ok_or_else(invite::not_found)?;
    let attempt = attempts.begin(&offer.email)?;
    let acceptor = invite::recognise(&core, anyone.scope(), offer, &input).await?;
    let (key, site, device) = (core.master_key.clone(), Site::set(&core.settings)?, anyone.device());
    let platform_name = core.settings.platform_name.clone();
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        let signed_in = invite::accept(tx, (&key, &site), &platform_name, &input, acceptor, device)?;
        Ok(Reply::created(SignedInView::from(signed_in)).location("/v1/tenants/current".into()))
    });
    let answer = answer.await?;
    attempt.succeeded();
    Ok(answer)
}
