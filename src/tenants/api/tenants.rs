//! Tenants as operators see them.

use actix_web::{HttpResponse, get, patch, post};
use validator::Validate;

use super::invitations::OfferedView;
use super::tenant::{TenantView, reply};
use crate::base::email::Email;
use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply};
use crate::tenants::access::{Operator, Role};
use crate::tenants::configure::{self, OperatorTenantPatch};
use crate::tenants::invite;
use crate::tenants::name::Name;
use crate::tenants::region::{Country, TimeZone};
use crate::tenants::sign_up::{self, Place};
use crate::tenants::store::{self, TenantFilter};

/// List tenants
///
/// Newest first.
#[utoipa::path(
    params(TenantFilter),
    responses((status = 200, description = "A page of tenants", body = Page<TenantView>))
)]
#[get("/tenants")]
pub async fn list_tenants(operator: Operator, core: Core, query: Paging<TenantFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| store::list(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(TenantView::from)))
}

/// A tenant to be created for somebody.
#[derive(serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"business_name": "ABC Real Estate", "owner_email": "owner@abc.example.com"}))]
pub struct NewTenant {
    business_name: Name,
    /// Is invited as the owner.
    owner_email: Email,
    /// India when absent.
    country: Option<Country>,
    /// The country's when absent.
    time_zone: Option<TimeZone>,
    /// The country's when absent.
    currency: Option<Currency>,
}

/// A tenant without people yet, and its owner's invitation.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "tenant": {"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate", "slug": "abc-real-estate",
        "status": "active", "time_zone": "Asia/Kolkata", "country": "IN", "currency": "INR", "settings": {}, "agreed": {}, "onboarded_at": null,
        "verified_at": null, "closes_at": null, "erased_at": null,
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"},
    "invitation": {"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a11", "email": "owner@abc.example.com", "role": "owner",
        "status": "pending", "invited_by": null, "expires_at": "2026-11-27T09:00:00Z", "created_at": "2026-11-20T09:00:00Z",
        "token": "inv_…", "accept_url": "https://app.example.com/invitations/accept?token=inv_…"}
}))]
pub struct CreatedTenantView {
    tenant: TenantView,
    invitation: OfferedView,
}

crate::versioned!(CreatedTenantView: tenant);

/// Create a tenant
///
/// Its owner is invited, by e-mail too when the platform's e-mail is connected.
#[utoipa::path(
    responses((status = 201, description = "The tenant and its owner's invitation", body = CreatedTenantView))
)]
#[post("/tenants")]
pub async fn create_tenant(operator: Operator, core: Core, input: Json<NewTenant>, once: Once) -> Answer {
    let NewTenant { business_name, owner_email, country, time_zone, currency } = input.0;
    let place = Place::of(country, time_zone, currency)?;
    let (key, app_url) = (core.master_key.clone(), core.settings.app_url.clone());
    once.write(&core, operator.scope(), move |tx| {
        let tenant = sign_up::found_tenant(tx, business_name, place)?;
        let offered = invite::invite(&mut tx.for_tenant(tenant.id), &key, &owner_email, Role::Owner, &app_url)?;
        let location = format!("/v1/tenants/{}", tenant.id);
        let view = CreatedTenantView { tenant: tenant.into(), invitation: OfferedView::of(offered, tx.now()) };
        Ok(Reply::made(view, location))
    })
    .await
}

/// Get a tenant
#[utoipa::path(responses((status = 200, description = "The tenant", body = TenantView)))]
#[get("/tenants/{id}")]
pub async fn get_tenant(operator: Operator, core: Core, id: Path<TenantId>) -> Answer {
    let read = move |tx: &mut PlatformTx<'_>| store::find(tx, id.0)?.ok_or_else(configure::not_found);
    Ok(reply(core.db.read(operator.scope(), read).await?))
}

/// Update a tenant
///
/// Suspending refuses the tenant's sessions and keys at once and holds its webhooks back; making it active lets them in again
/// and delivers what waited, as far as it is kept (30 days).
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The tenant", body = TenantView)))]
#[patch("/tenants/{id}")]
pub async fn update_tenant(
    operator: Operator,
    core: Core,
    id: Path<TenantId>,
    input: Json<OperatorTenantPatch>,
    if_match: IfMatch,
) -> Answer {
    let write = core
        .db
        .write(operator.scope(), move |tx: &mut PlatformTx<'_>| configure::administer(tx, id.0, input.0, &if_match));
    Ok(reply(write.await?))
}
