//! Who am I, and what may I do?

use actix_web::{HttpResponse, get, patch};
use validator::Validate;

use super::tenant::TenantView;
use super::users::UserView;
use crate::base::Result;
use crate::base::bounded::{Dialled, HttpsUrl};
use crate::base::id::TenantId;
use crate::base::patch::Patch;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, Written};
use crate::tenants::access::{Caller, Feature, Permission, Role};
use crate::tenants::name::Name;
use crate::tenants::profile::Change;
use crate::tenants::region::{Language, TimeZone};
use crate::tenants::store::people::Entrance;
use crate::tenants::{Tenant, profile, store};

/// The caller, the tenant it acts in, and what it may do there.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "user": {"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "email": "owner@abc.example.com", "name": "Rajesh Kumar",
        "email_verified_at": null, "language": "hi", "time_zone": "Asia/Kolkata", "phone": "+919876543210", "avatar_url": null,
        "created_at": "2026-11-20T09:00:00Z"},
    "tenant": {"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate", "slug": "abc-real-estate",
        "status": "active", "time_zone": "Asia/Kolkata", "country": "IN", "currency": "INR", "settings": {}, "agreed": {}, "onboarded_at": null,
        "verified_at": null, "closes_at": null, "erased_at": null,
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"},
    "role": "owner", "permissions": ["tenant:read", "leads:read"], "features": ["whatsapp_integration"],
    "preferences": {}, "memberships": []
}))]
pub struct MeView {
    /// Null for API keys and operators.
    user: Option<UserView>,
    /// Without the permission `tenant:read` its id, name and slug alone.
    #[schema(value_type = TenantView)]
    tenant: Own,
    /// Null for API keys and operators.
    role: Option<Role>,
    permissions: Vec<Permission>,
    /// What the plan includes; everything until a plan is chosen.
    features: Vec<Feature>,
    /// The user's preferences in this tenant.
    #[schema(value_type = Object)]
    preferences: serde_json::Value,
    /// The tenants this user may log in to, by `tenant_id`.
    memberships: Vec<MembershipView>,
}

/// The tenant, as far as the caller may read it.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Own {
    Whole(Box<TenantView>),
    /// Without `tenant:read`.
    Named {
        id: TenantId,
        name: String,
        slug: String,
    },
}

impl Own {
    fn of(tenant: Tenant, caller: &Caller) -> Self {
        if caller.may(Permission::TenantRead) {
            return Self::Whole(Box::new(tenant.into()));
        }
        Self::Named { id: tenant.id, name: tenant.name, slug: tenant.slug }
    }
}

/// A tenant the user belongs to.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"tenant_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate",
    "slug": "abc-real-estate", "role": "owner"}))]
pub struct MembershipView {
    tenant_id: TenantId,
    name: String,
    slug: String,
    role: Role,
}

impl From<Entrance> for MembershipView {
    fn from(entrance: Entrance) -> Self {
        Self { tenant_id: entrance.tenant_id, name: entrance.name, slug: entrance.slug, role: entrance.role }
    }
}

fn view(tx: &mut TenantTx<'_>, caller: &Caller) -> Result<MeView> {
    let tenant = Own::of(store::current(tx)?, caller);
    let own = match caller.actor().user() {
        Some(id) => Some(profile::own(tx, id)?),
        None => None,
    };
    let (user, preferences, memberships) = match own {
        Some(own) => (Some(own.user.into()), own.preferences, own.entrances),
        None => (None, serde_json::json!({}), Vec::new()),
    };
    Ok(MeView {
        user,
        tenant,
        role: caller.role(),
        permissions: caller.permissions().iter().copied().collect(),
        features: caller.entitlements().features(),
        preferences,
        memberships: memberships.into_iter().map(MembershipView::from).collect(),
    })
}

/// Get the caller
#[utoipa::path(responses((status = 200, description = "The caller and its tenant", body = MeView)))]
#[get("/me")]
pub async fn get_me(caller: Caller, core: Core) -> Answer {
    let found = core.read(caller.scope(), move |tx| view(tx, &caller)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// A change to oneself.
#[derive(serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Rajesh Kumar", "language": "hi", "time_zone": "Asia/Kolkata", "phone": "+919876543210",
    "avatar_url": "https://abc.example.com/rajesh.jpg",
    "preferences": {"lead.created": {"email": true, "whatsapp": false}}}))]
pub struct MePatch {
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    name: Patch<Name>,
    /// Any language, for a frontend that has it. What the platform itself writes is in the nearest that it has words of
    /// (`GET /v1/labels` lists them), else in the tenant's, else in English.
    #[serde(default)]
    #[schema(value_type = Option<Language>)]
    language: Patch<Language>,
    #[serde(default)]
    #[schema(value_type = Option<TimeZone>)]
    time_zone: Patch<TimeZone>,
    /// Without a country code it is of the tenant's country. Kept in E.164.
    #[serde(default)]
    #[schema(value_type = Option<Dialled<3, 40>>)]
    phone: Patch<Dialled<3, 40>>,
    /// A picture, by https.
    #[serde(default)]
    #[schema(value_type = Option<HttpsUrl<500>>)]
    avatar_url: Patch<HttpsUrl<500>>,
    /// Merged into the stored preferences at every depth; null removes a member.
    #[schema(value_type = Option<Object>)]
    preferences: Option<serde_json::Map<String, serde_json::Value>>,
}

impl From<MePatch> for Change {
    fn from(patch: MePatch) -> Self {
        Self {
            name: patch.name,
            language: patch.language,
            time_zone: patch.time_zone,
            phone: patch.phone.map(Dialled::into_string),
            avatar_url: patch.avatar_url.map(HttpsUrl::into_string),
            preferences: patch.preferences,
        }
    }
}

/// Update the caller
///
/// Only for logged-in users. The address is changed by `POST /v1/me/email`, the password by `POST /v1/auth/password`.
#[utoipa::path(
    params(IfMatch),
    security(("bearer" = [])),
    responses((status = 200, description = "The caller and its tenant", body = MeView))
)]
#[patch("/me")]
pub async fn update_me(caller: Caller, core: Core, input: Json<MePatch>, if_match: IfMatch) -> Answer {
    let user = caller.require_user()?;
    let platform_name = core.settings.platform_name.clone();
    let changed = core.write(caller.scope(), move |tx| {
        let is_as_read = |tx: &mut TenantTx<'_>| if_match.check_answer(|| view(tx, &caller));
        profile::change(tx, user, input.0.into(), &platform_name, is_as_read)?;
        view(tx, &caller)
    });
    Ok(Written::of(&changed.await?)?.tagged())
}
