//! Onboarding: business profile and target audience.

use actix_web::{HttpResponse, get, put, web};

use crate::base::Result;
use crate::engine::Core;
use crate::engine::http::{IfMatch, Json, Reply};
use crate::tenants::access::{Caller, Permission};
use crate::tenants::model::{Audience, Profile};
use crate::tenants::onboard::{self, Onboarding};
use crate::tenants::{Tenant, store};

fn profile(tenant: Tenant) -> HttpResponse {
    Reply::ok(tenant.profile).version(tenant.version).respond()
}

fn audience(tenant: Tenant) -> HttpResponse {
    Reply::ok(tenant.audience).version(tenant.version).respond()
}

/// Get the business profile
#[utoipa::path(responses((status = 200, description = "The profile", body = Profile)))]
#[get("/tenants/current/profile")]
pub async fn get_business_profile(caller: Caller, core: web::Data<Core>) -> Result<HttpResponse> {
    caller.require(Permission::TenantRead)?;
    Ok(profile(core.read(&caller, store::current).await?))
}

/// Replace the business profile
///
/// Step 1 of onboarding: complete with industry, description and a location.
#[utoipa::path(
    params(IfMatch),
    extensions(("x-conditional-permissions" = json!([
        {"permission": "leads:read", "when": "it sets another `phone`, which is told of each lead"}
    ]))),
    responses((status = 200, description = "The profile as stored", body = Profile))
)]
#[put("/tenants/current/profile")]
pub async fn set_business_profile(
    caller: Caller,
    core: web::Data<Core>,
    input: Json<Profile>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    caller.require(Permission::TenantWrite)?;
    let write = core.write(caller.scope(), move |tx| {
        let phone = store::current(tx)?.profile.phone;
        if input.0.phone.is_some() && input.0.phone != phone {
            // The business's phone is told of each lead, so whoever sets it has to be allowed to read them.
            caller.require(Permission::LeadsRead)?;
        }
        onboard::describe_business(tx, input.0, &if_match)
    });
    Ok(profile(write.await?))
}

/// Get the target audience
#[utoipa::path(responses((status = 200, description = "The audience", body = Audience)))]
#[get("/tenants/current/audience")]
pub async fn get_target_audience(caller: Caller, core: web::Data<Core>) -> Result<HttpResponse> {
    caller.require(Permission::TenantRead)?;
    Ok(audience(core.read(&caller, store::current).await?))
}

/// Replace the target audience
///
/// Step 2 of onboarding: complete with a description and a location or an industry.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The audience as stored", body = Audience)))]
#[put("/tenants/current/audience")]
pub async fn set_target_audience(
    caller: Caller,
    core: web::Data<Core>,
    input: Json<Audience>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    caller.require(Permission::TenantWrite)?;
    let write = core.write(caller.scope(), move |tx| onboard::describe_audience(tx, input.0, &if_match));
    Ok(audience(write.await?))
}

/// Get the progress of onboarding
#[utoipa::path(responses((status = 200, description = "Which steps are done", body = Onboarding)))]
#[get("/tenants/current/onboarding")]
pub async fn get_onboarding(caller: Caller, core: web::Data<Core>) -> Result<HttpResponse> {
    caller.require(Permission::TenantRead)?;
    let progress = core.read(&caller, onboard::progress).await?;
    Ok(HttpResponse::Ok().json(progress))
}
