//! The people of a tenant.

use actix_web::{HttpResponse, delete, get, patch};

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, Page, Paging, Path, Reply};
use crate::tenants::access::{Caller, Permission, Role};
use crate::tenants::members::{self, MemberPatch};
use crate::tenants::model::MemberStatus;
use crate::tenants::store::people::{self, Person, User, UserFilter};

crate::view! {
    /// A person who logs in.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "email": "owner@abc.example.com", "name": "Rajesh Kumar",
        "email_verified_at": "2026-11-20T09:01:00Z", "language": "hi", "time_zone": "Asia/Kolkata", "phone": "+919876543210",
        "avatar_url": null, "created_at": "2026-11-20T09:00:00Z"}))]
    pub struct UserView from user: User {
        id: UserId,
        email: String,
        name: Option<String>,
        /// When the person opened the link that was mailed there; null before.
        email_verified_at: Option<Timestamp>,
        /// Language tag of BCP 47; null where none was said.
        language: Option<String>,
        /// IANA time zone; null: the tenant's.
        time_zone: Option<String>,
        /// E.164.
        phone: Option<String>,
        avatar_url: Option<String>,
        created_at: Timestamp,
    }
}

/// A user's place in the tenant.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "email": "asha@abc.example.com", "name": "Asha Sharma",
    "email_verified_at": "2026-11-20T09:00:00Z", "role": "agent", "status": "active", "joined_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
pub struct MemberView {
    id: UserId,
    email: String,
    name: Option<String>,
    email_verified_at: Option<Timestamp>,
    role: Role,
    status: MemberStatus,
    joined_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip)]
    version: i32,
}

crate::versioned!(MemberView);

impl From<Person> for MemberView {
    fn from((user, membership): Person) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            email_verified_at: user.email_verified_at,
            role: membership.role,
            status: membership.status,
            joined_at: membership.created_at,
            updated_at: membership.updated_at,
            version: membership.version,
        }
    }
}

/// List users
///
/// In the order they joined, unless sorted otherwise.
#[utoipa::path(params(UserFilter), responses((status = 200, description = "A page of users", body = Page<MemberView>)))]
#[get("/users")]
pub async fn list_users(caller: Caller, core: Core, query: Paging<UserFilter>) -> Answer {
    caller.require(Permission::UsersRead)?;
    let list = move |tx: &mut TenantTx<'_>| people::list(tx, &query.filter, &query.page);
    let page = core.db.read(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(MemberView::from)))
}

fn reply(person: Person) -> HttpResponse {
    Reply::of(MemberView::from(person)).respond()
}

/// Get a user
#[utoipa::path(responses((status = 200, description = "The user", body = MemberView)))]
#[get("/users/{id}")]
pub async fn get_user(caller: Caller, core: Core, id: Path<UserId>) -> Answer {
    caller.require(Permission::UsersRead)?;
    Ok(reply(core.read(&caller, move |tx| people::person(tx, id.0)?.ok_or_else(members::not_found)).await?))
}

/// Update a user
///
/// Nobody can raise anybody above themselves, only owners touch owners, and one active owner always stays.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The user", body = MemberView)))]
#[patch("/users/{id}")]
pub async fn update_user(
    caller: Caller,
    core: Core,
    id: Path<UserId>,
    input: Json<MemberPatch>,
    if_match: IfMatch,
) -> Answer {
    caller.require(Permission::UsersWrite)?;
    let change = core.write(caller.scope(), move |tx| members::change(tx, &caller, id.0, input.0, &if_match));
    Ok(reply(change.await?))
}

/// Remove a user
///
/// Ends their sessions. Leads and events keep naming them; only a new invitation brings them back.
#[utoipa::path(responses((status = 204, description = "The user is no member any more")))]
#[delete("/users/{id}")]
pub async fn remove_user(caller: Caller, core: Core, id: Path<UserId>) -> Answer {
    caller.require(Permission::UsersWrite)?;
    core.write(caller.scope(), move |tx| members::remove(tx, &caller, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
