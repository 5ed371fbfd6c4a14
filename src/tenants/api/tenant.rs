//! The caller's own tenant.

use actix_web::{HttpResponse, get, patch, web};

use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::http::{IfMatch, Json, Reply};
use crate::tenants::access::{Caller, Permission};
use crate::tenants::close;
use crate::tenants::configure::{self, TenantPatch};
use crate::tenants::model::{Agreed, Settings, TenantStatus};
use crate::tenants::region::TimeZone;
use crate::tenants::{Tenant, store};

crate::view! {
    /// A business on the platform.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate", "slug": "abc-real-estate",
        "status": "active", "time_zone": "Asia/Kolkata", "country": "IN", "currency": "INR",
        "settings": {"business_hours": {"monday": {"opens": "09:00", "closes": "18:00"}}, "billing_dedupe_days": 30}, "agreed": {"link_domains": ["abc.example.com"]},
        "onboarded_at": null, "verified_at": "2026-11-20T09:01:00Z", "closes_at": null, "erased_at": null,
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    pub struct TenantView from tenant: Tenant {
        id: TenantId,
        name: String,
        /// Unique on the platform.
        slug: String,
        status: TenantStatus,
        time_zone: TimeZone = TimeZone(tenant.time_zone),
        /// ISO 3166-1 alpha-2.
        country: String,
        currency: Currency,
        settings: Settings,
        /// By the operators.
        agreed: Agreed,
        /// When profile and audience were first complete.
        onboarded_at: Option<Timestamp>,
        /// When an owner showed that their mailbox is theirs. Until then nothing leaves for anybody in the tenant's name.
        verified_at: Option<Timestamp>,
        /// When it is erased, because an owner closes it. Until then it is suspended, owners alone may log in and read, and one of them may
        /// open it again.
        closes_at: Option<Timestamp>,
        erased_at: Option<Timestamp>,
        created_at: Timestamp,
        updated_at: Timestamp,
        #[serde(skip)]
        version: i32,
    }
}

crate::versioned!(TenantView);

pub(super) fn reply(tenant: Tenant) -> HttpResponse {
    Reply::of(TenantView::from(tenant)).respond()
}

/// Get the caller's tenant
#[utoipa::path(responses((status = 200, description = "The tenant", body = TenantView)))]
#[get("/tenants/current")]
pub async fn get_current_tenant(caller: Caller, core: web::Data<Core>) -> Result<HttpResponse> {
    caller.require(Permission::TenantRead)?;
    Ok(reply(core.read(&caller, store::current).await?))
}

/// Update the caller's tenant
///
/// A merge-patch (RFC 7396): objects merge at every depth, lists are replaced, null restores a setting's default and
/// closes a day. The tenant's own name, country, time zone and currency cannot be null.
#[utoipa::path(
    params(IfMatch),
    extensions(("x-conditional-permissions" = json!([
        {"permission": "leads:read", "when": "it sets `settings.notification_recipients`, who are told of each lead"}
    ]))),
    responses((status = 200, description = "The tenant", body = TenantView))
)]
#[patch("/tenants/current")]
pub async fn update_current_tenant(
    caller: Caller,
    core: web::Data<Core>,
    input: Json<TenantPatch>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    caller.require(Permission::TenantWrite)?;
    if input.0.touches_billing() && !caller.is_operator() {
        let message = "settings.billing_dedupe_days decides what you are billed for: the platform's operators set it.";
        return Err(Error::forbidden("settings.set_by_platform", message));
    }
    if input.0.touches_second_factor() && !caller.is_operator() {
        close::require_owner(&caller)?;
    }
    // Before there is a plan, everything can be set up.
    for feature in input.0.features().into_iter().filter(|_| caller.has_plan()) {
        caller.require_feature(feature)?;
    }
    if input.0.touches_recipients() {
        // Whom alerts go to reads every lead there.
        caller.require(Permission::LeadsRead)?;
    }
    let platform_name = core.settings.platform_name.clone();
    let change = core.write(&caller, move |tx| configure::configure(tx, input.0, &platform_name, &if_match));
    Ok(reply(change.await?))
}
