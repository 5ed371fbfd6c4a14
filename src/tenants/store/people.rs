//! Rows of users (one per e-mail address, platform-wide) and their memberships (one per tenant).

use diesel::prelude::*;

use super::super::access::Role;
use super::super::model::{MemberStatus, TenantStatus};
use crate::base::Result;
use crate::base::email::Email;
use crate::base::id::{TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Asc;
use crate::engine::db::error::is_unique_violation;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::tenants::schema::{email_verifications, memberships, tenants, users};

/// A person of the tenant.
#[derive(Debug, Clone)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub email_verified_at: Option<Timestamp>,
    pub role: Role,
    /// `active`, `disabled` or `removed`.
    pub status: String,
    /// Notification preferences, as `notify` reads them.
    pub preferences: Json,
}

/// Everyone with a membership, active or not.
pub fn members(tx: &mut TenantTx<'_>) -> Result<Vec<Member>> {
    let rows = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::tenant_id.eq(tx.tenant()))
        .order((memberships::created_at, memberships::user_id))
        .select((
            users::id,
            users::email,
            users::name,
            users::email_verified_at,
            memberships::role,
            memberships::status,
            memberships::preferences,
        ))
        .load::<(UserId, String, Option<String>, Option<Timestamp>, Role, String, Json)>(tx.conn())?;
    let member = |(user_id, email, name, email_verified_at, role, status, preferences)| Member {
        user_id,
        email,
        name,
        email_verified_at,
        role,
        status,
        preferences,
    };
    Ok(rows.into_iter().map(member).collect())
}

/// A person who can log in. The password's hash stays in the row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub created_at: Timestamp,
    /// When they showed that the mailbox is theirs.
    pub email_verified_at: Option<Timestamp>,
    /// A language tag (BCP 47).
    pub language: Option<String>,
    /// Of the IANA database.
    pub time_zone: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
}

/// A user's place in a tenant.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
pub struct Membership {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub role: Role,
    pub status: MemberStatus,
    pub preferences: Json,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Membership {
    pub fn is_active_owner(&self) -> bool {
        self.role == Role::Owner && self.status == MemberStatus::Active
    }
}

/// The user and password hash behind an address.
pub(crate) fn credentials(tx: &mut PlatformTx<'_>, email: &Email) -> Result<Option<(UserId, String)>> {
    let query = users::table.filter(users::email.eq(email.as_str())).select((users::id, users::password_hash));
    Ok(query.first(tx.conn()).optional()?)
}

pub(crate) fn password_hash(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Option<String>> {
    Ok(users::table.find(user).select(users::password_hash).first(tx.conn()).optional()?)
}

pub(crate) fn password_changed_at(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Option<Timestamp>> {
    let found = users::table.find(user).select(users::password_changed_at).first(tx.conn()).optional()?;
    Ok(found.flatten())
}

/// Any user: for callers who proved to be this one, or who see it through a membership.
pub(crate) fn user(tx: &mut PlatformTx<'_>, id: UserId) -> Result<User> {
    Ok(users::table.find(id).select(User::as_select()).first(tx.conn())?)
}

/// `None` when the address already has an account.
pub(crate) fn create_user(
    tx: &mut PlatformTx<'_>,
    email: &Email,
    name: Option<String>,
    password_hash: &str,
) -> Result<Option<User>> {
    let now = tx.now();
    let id = UserId::new();
    let insert = diesel::insert_into(users::table).values((
        users::id.eq(id),
        users::email.eq(email.as_str().to_string()),
        users::name.eq(name),
        users::password_hash.eq(password_hash.to_string()),
        users::created_at.eq(now),
        users::updated_at.eq(now),
    ));
    let is_new = OrIgnore(insert).execute(tx.conn())? == 1;
    if is_new { user(tx, id).map(Some) } else { Ok(None) }
}

/// The account behind an address.
pub(crate) fn account(tx: &mut PlatformTx<'_>, email: &Email) -> Result<Option<User>> {
    let query = users::table.filter(users::email.eq(email.as_str())).select(User::as_select());
    Ok(query.first(tx.conn()).optional()?)
}

/// Takes the address from an account whose holder never showed that it is theirs. The account stays, without it.
pub(crate) fn release_unverified(tx: &mut PlatformTx<'_>, email: &Email) -> Result<()> {
    let Some(user) = account(tx, email)?.filter(|user| user.email_verified_at.is_none()) else { return Ok(()) };
    let now = tx.now();
    diesel::delete(email_verifications::table.filter(email_verifications::user_id.eq(user.id))).execute(tx.conn())?;
    // A name that no mail reaches (RFC 2606) and nobody can sign up with.
    let nowhere = format!("{}@released.invalid", user.id);
    diesel::update(users::table.find(user.id))
        .set((users::email.eq(nowhere), users::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what a user says of themselves.
pub(crate) fn save_profile(tx: &mut PlatformTx<'_>, user: &User) -> Result<()> {
    let now = tx.now();
    diesel::update(users::table.find(user.id))
        .set((
            users::name.eq(&user.name),
            users::language.eq(&user.language),
            users::time_zone.eq(&user.time_zone),
            users::phone.eq(&user.phone),
            users::avatar_url.eq(&user.avatar_url),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    note_another(tx, user.id)
}

/// What tenants are shown of a user is another version in each of them.
pub(super) fn note_another(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    let now = tx.now();
    diesel::update(memberships::table.filter(memberships::user_id.eq(user)))
        .set((memberships::version.eq(memberships::version + 1), memberships::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Another address, which is not shown to be theirs yet; links to the former one are void. `false` when an account has it.
pub(crate) fn set_email(tx: &mut PlatformTx<'_>, id: UserId, email: &str) -> Result<bool> {
    let now = tx.now();
    diesel::delete(email_verifications::table.filter(email_verifications::user_id.eq(id))).execute(tx.conn())?;
    let changed = diesel::update(users::table.find(id))
        .set((users::email.eq(email), users::email_verified_at.eq(None::<Timestamp>), users::updated_at.eq(now)))
        .execute(tx.conn());
    match changed {
        Ok(_) => note_another(tx, id).map(|()| true),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn set_password(tx: &mut PlatformTx<'_>, id: UserId, hash: &str) -> Result<()> {
    let now = tx.now();
    diesel::update(users::table.find(id))
        .set((users::password_hash.eq(hash), users::password_changed_at.eq(now), users::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Puts another hash of the same password in the place of one; `false` when it is not there any more.
pub(crate) fn renew_hash(tx: &mut PlatformTx<'_>, id: UserId, old: &str, new: &str) -> Result<bool> {
    let row = users::table.find(id).filter(users::password_hash.eq(old.to_string()));
    Ok(diesel::update(row).set(users::password_hash.eq(new.to_string())).execute(tx.conn())? == 1)
}

/// The user's membership of this tenant, whatever its status.
pub(crate) fn membership(tx: &mut TenantTx<'_>, user: UserId) -> Result<Option<Membership>> {
    let query = memberships::table.find((tx.tenant(), user)).select(Membership::as_select());
    Ok(query.first(tx.conn()).optional()?)
}

/// Makes the user an active member: a new membership, or the removed one brought back.
pub(crate) fn join(tx: &mut TenantTx<'_>, user: UserId, role: Role) -> Result<()> {
    let now = tx.now();
    let row = Membership {
        tenant_id: tx.tenant(),
        user_id: user,
        role,
        status: MemberStatus::Active,
        preferences: Json::of(&serde_json::json!({})),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    if OrIgnore(diesel::insert_into(memberships::table).values(&row)).execute(tx.conn())? == 0 {
        set_standing(tx, user, role, MemberStatus::Active)?;
    }
    Ok(())
}

/// Changes role and status, as the membership's next version.
pub(crate) fn set_standing(
    tx: &mut TenantTx<'_>,
    user: UserId,
    role: Role,
    status: MemberStatus,
) -> Result<Membership> {
    let now = tx.now();
    tx.note_change()?;
    Ok(diesel::update(memberships::table.find((tx.tenant(), user)))
        .set((
            memberships::role.eq(role),
            memberships::status.eq(status),
            memberships::version.eq(memberships::version + 1),
            memberships::updated_at.eq(now),
        ))
        .returning(memberships::all_columns)
        .get_result(tx.conn())?)
}

/// As the membership's next version. Under the lock `members`, or a change at the same time is lost.
pub(crate) fn set_preferences(tx: &mut TenantTx<'_>, user: UserId, preferences: &Json) -> Result<()> {
    let now = tx.now();
    diesel::update(memberships::table.find((tx.tenant(), user)))
        .set((
            memberships::preferences.eq(preferences),
            memberships::version.eq(memberships::version + 1),
            memberships::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub(crate) fn count_active_owners(tx: &mut TenantTx<'_>) -> Result<i64> {
    Ok(memberships::table
        .filter(memberships::tenant_id.eq(tx.tenant()))
        .filter(memberships::role.eq(Role::Owner).and(memberships::status.eq(MemberStatus::Active)))
        .count()
        .get_result(tx.conn())?)
}

/// A user together with the place in this tenant.
pub type Person = (User, Membership);

/// Which members to list.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UserFilter {
    /// Removed users are listed only when asked for.
    #[param(inline)]
    status: Option<MemberStatus>,
}

/// Members in the order they joined.
pub(crate) fn list(tx: &mut TenantTx<'_>, filter: &UserFilter, page: &PageRequest) -> Result<Page<Person>> {
    use memberships::{created_at, status, tenant_id, user_id};
    let which = Where::of(tx, tenant_id);
    let which = match filter.status {
        Some(wanted) => which.is(status, wanted),
        None => which.isnt(status, MemberStatus::Removed),
    };
    let rows = which.join(users::table, users::id.eq(user_id));
    tx.page(rows, Order::by(Asc, (created_at, user_id), |(user, place): &Person| (place.created_at, user.id)), page)
}

/// The user as this tenant sees it. Removed members are gone.
pub(crate) fn person(tx: &mut TenantTx<'_>, id: UserId) -> Result<Option<Person>> {
    let Some(found) = membership(tx, id)?.filter(|found| found.status != MemberStatus::Removed) else {
        return Ok(None);
    };
    let user = user(&mut tx.platform(), id)?;
    Ok(Some((user, found)))
}

/// A tenant the user may enter.
#[derive(Debug, Clone)]
pub struct Entrance {
    pub tenant_id: TenantId,
    pub name: String,
    pub slug: String,
    pub status: TenantStatus,
    pub role: Role,
    is_closing: bool,
}

impl Entrance {
    /// Owners of a tenant that is being closed get in, too.
    pub fn is_open(&self) -> bool {
        self.status == TenantStatus::Active || (self.is_closing && self.role == Role::Owner)
    }
}

/// The tenant the user joined first, whatever became of it: where a mail to the user's address is told.
pub(crate) fn first_tenant(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Option<TenantId>> {
    let query = memberships::table
        .filter(memberships::user_id.eq(user))
        .order((memberships::created_at, memberships::tenant_id))
        .select(memberships::tenant_id);
    Ok(query.first(tx.conn()).optional()?)
}

/// Every active membership of the user, oldest first, across tenants: for logging in and for switching.
pub(crate) fn entrances_across_tenants(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Vec<Entrance>> {
    type Row = (TenantId, String, String, TenantStatus, Role, Option<Timestamp>);
    let now = tx.now();
    let rows: Vec<Row> = memberships::table
        .inner_join(tenants::table.on(tenants::id.eq(memberships::tenant_id)))
        .filter(memberships::user_id.eq(user).and(memberships::status.eq(MemberStatus::Active)))
        .order((memberships::created_at, memberships::tenant_id))
        .select((tenants::id, tenants::name, tenants::slug, tenants::status, memberships::role, tenants::closes_at))
        .load(tx.conn())?;
    let entrance = |(tenant_id, name, slug, status, role, closes_at): Row| {
        let is_closing = closes_at.is_some_and(|at| at > now);
        Entrance { tenant_id, name, slug, status, role, is_closing }
    };
    Ok(rows.into_iter().map(entrance).collect())
}
