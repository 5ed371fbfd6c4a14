//! Going from tenant to tenant: switching, leaving, handing one over, and closing one.

use actix_web::{HttpResponse, delete, post};
use validator::Validate;

use super::proving::prove_own;
use super::signed_in::SignedInView;
use super::tenant::TenantView;
use super::users::MemberView;
use crate::base::id::TenantId;
use crate::engine::Core;
use crate::engine::http::{Answer, Json, Once, Path, Reply};
use crate::tenants::access::{Attempts, Caller, Device, Permission};
use crate::tenants::close::{self, TenantClosure};
use crate::tenants::members::{self, TenantTransfer};
use crate::tenants::passkeys::Site;
use crate::tenants::{log_in, session};

/// Which of the caller's tenants.
#[derive(serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tenant_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10"}))]
pub struct TenantSwitch {
    tenant_id: TenantId,
}

/// Switch to another tenant
///
/// Starts a session in another tenant of the caller (`memberships` of `GET /v1/me`), without the password: this session has
/// proved it. This session goes on; each ends by itself.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 201, description = "A session in that tenant", body = SignedInView))
)]
#[post("/me/sessions")]
pub async fn switch_tenant(
    caller: Caller,
    core: Core,
    device: Device,
    input: Json<TenantSwitch>,
    once: Once,
) -> Answer {
    let user = caller.require_user()?;
    let (key, tenant) = (core.master_key.clone(), input.0.tenant_id);
    once.write_while(&core, caller.scope(), session::is_fresh, move |tx| {
        let signed_in = log_in::enter(&mut tx.platform(), &key, user, Some(tenant), device)?;
        Ok(Reply::created(SignedInView::from(signed_in)).location("/v1/me".into()))
    })
    .await
}

/// Leave a tenant
///
/// Ends the caller's sessions there and the keys they made; leads and events keep naming them, and only a new invitation brings them
/// back. The last owner stays: hand the tenant over, or close it.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 204, description = "The caller is no member any more"))
)]
#[delete("/me/memberships/{tenant_id}")]
pub async fn leave_tenant(caller: Caller, core: Core, tenant_id: Path<TenantId>) -> Answer {
    let user = caller.require_user()?;
    core.write(&caller, move |tx| members::leave(&mut tx.platform().for_tenant(tenant_id.0), user)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Hand the tenant over
///
/// Another active member becomes an owner, and the caller an admin, in one step. For owners, with their password or a passkey.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "The new owner", body = MemberView))
)]
#[post("/tenants/current/transfer")]
pub async fn transfer_tenant(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<TenantTransfer>,
    once: Once,
) -> Answer {
    caller.require(Permission::TenantWrite)?;
    let user = caller.require_user()?;
    close::require_owner(&caller)?;
    let (heir, own) = input.0.parts();
    let means = prove_own(&core, &caller, &attempts, own).await?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        members::transfer(tx, &key, &site, (user, means), heir).map(|person| Reply::of(MemberView::from(person)))
    })
    .await
}

/// Close the tenant
///
/// For owners, with their password, and a code where they have a second factor; or with a passkey instead of both. Refused while money is owed. Nothing leaves in the tenant's name from
/// now on, its keys are refused, its ads rest, its subscription is not renewed and its other members are logged out. For thirty
/// days owners may log in, read, and open it again (`DELETE /v1/tenants/current/closure`); then it is erased. What was billed is kept, as
/// the law asks, and that people asked not to be written to. Owners are told by e-mail.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "The tenant, and when it is erased", body = TenantView))
)]
#[post("/tenants/current/closure")]
pub async fn close_tenant(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<TenantClosure>,
    once: Once,
) -> Answer {
    caller.require(Permission::TenantWrite)?;
    let user = caller.require_user()?;
    close::require_owner(&caller)?;
    let (own, reason) = input.0.parts();
    let means = prove_own(&core, &caller, &attempts, own).await?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        let tenant = close::close(tx, &key, &site, (user, means), reason)?;
        Ok(Reply::of(TenantView::from(tenant)))
    })
    .await
}

/// Open a closing tenant again
///
/// For owners, within thirty days. Members log in anew; keys work again; a subscription that was to end still does, unless it is
/// changed by `PATCH /v1/subscriptions/current`.
#[utoipa::path(
    security(("bearer" = ["tenant:read"])),
    responses((status = 200, description = "The tenant goes on", body = TenantView))
)]
#[delete("/tenants/current/closure")]
pub async fn reopen_tenant(caller: Caller, core: Core) -> Answer {
    // Owners of a closing tenant may read, and do this.
    caller.require(Permission::TenantRead)?;
    caller.require_user()?;
    close::require_owner(&caller)?;
    let reopened = core.write(&caller, close::reopen).await?;
    Ok(super::tenant::reply(reopened))
}
