//! Rows of tenants; beside it the rows of their people, sessions, invitations and keys, and of operators.

pub(super) mod email_changes;
pub(super) mod erasing;
pub(super) mod invitations;
pub(super) mod keys;
pub(super) mod operators;
pub(super) mod passkeys;
pub(super) mod people;
mod recounting;
pub(super) mod rejections;
pub(super) mod resets;
mod respell;
pub(super) mod second_factors;
pub(super) mod sessions;
pub(super) mod verifications;

use diesel::prelude::*;

use super::model::{Tenant, TenantStatus};
use super::name::slug_of;
use crate::base::bounded::Text;
use crate::base::crypto::random_token;
use crate::base::id::{TenantId, UserId};
use crate::base::json::Json;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result, unicode};
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::tenants::schema::tenants;

pub use keys::member_behind_key;
pub use keys::person_behind;
pub use people::{Member, User, members};
pub use recounting::recount_next;
pub use respell::{Shadowed, bring_users, catch_ups};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenants, treat_none_as_default_value = false)]
pub(super) struct TenantRow {
    pub id: TenantId,
    pub name: String,
    pub slug: String,
    pub status: TenantStatus,
    pub time_zone: String,
    pub country: String,
    pub currency: Currency,
    pub settings: Json,
    pub profile: Json,
    pub audience: Json,
    pub entitlements: Option<Json>,
    pub onboarded_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub verified_at: Option<Timestamp>,
    pub agreed: Json,
    pub search: String,
    pub closes_at: Option<Timestamp>,
    pub erased_at: Option<Timestamp>,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = Error;
    fn try_from(row: TenantRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            status: row.status,
            time_zone: row.time_zone.parse().map_err(Error::internal)?,
            country: row.country,
            currency: row.currency,
            settings: row.settings.read()?,
            profile: row.profile.read()?,
            audience: row.audience.read()?,
            agreed: row.agreed.read()?,
            onboarded_at: row.onboarded_at,
            verified_at: row.verified_at,
            closes_at: row.closes_at,
            erased_at: row.erased_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What a tenant is found by.
fn search_of(name: &str, slug: &str) -> String {
    format!("{}\n{slug}", unicode::folded(name))
}

/// The tenant of this transaction.
pub fn current(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    let row: TenantRow = tenants::table.find(tx.tenant()).select(TenantRow::as_select()).first(tx.conn())?;
    row.try_into()
}

/// Who a member or a former member of this tenant is.
///
/// # Errors
/// Internal for a user who never was one.
pub fn user_of(tx: &mut TenantTx<'_>, user: UserId) -> Result<people::User> {
    if people::membership(tx, user)?.is_none() {
        return Err(Error::internal("a user who never was a member here"));
    }
    people::user(&mut tx.platform(), user)
}

/// Keeps the features of the current plan beside the tenant, where authentication finds them. `None`: no plan chosen.
pub fn set_entitlements(tx: &mut TenantTx<'_>, features: Option<&[String]>) -> Result<()> {
    let stored = features.map(|names| Json::of(&names));
    diesel::update(tenants::table.find(tx.tenant())).set(tenants::entitlements.eq(stored)).execute(tx.conn())?;
    tx.note_change()
}

/// Whether billing has noted a plan.
pub(super) fn has_plan(tx: &mut TenantTx<'_>) -> Result<bool> {
    let stored: Option<Json> = tenants::table.find(tx.tenant()).select(tenants::entitlements).first(tx.conn())?;
    Ok(stored.is_some())
}

/// A tenant about to be created.
#[derive(Debug, Clone)]
pub(super) struct NewTenant {
    pub name: String,
    pub time_zone: chrono_tz::Tz,
    pub country: String,
    pub currency: Currency,
}

/// Creates the tenant under a slug nobody has.
pub(super) fn create(tx: &mut PlatformTx<'_>, new: NewTenant) -> Result<Tenant> {
    let now = tx.now();
    let slug = slug_of(&new.name);
    let name = new.name;
    let mut row = TenantRow {
        id: TenantId::new(),
        name: name.clone(),
        slug: slug.clone(),
        status: TenantStatus::Active,
        time_zone: new.time_zone.name().into(),
        country: new.country,
        currency: new.currency,
        settings: Json::of(&super::model::Settings::default()),
        profile: Json::of(&super::model::Profile::default()),
        audience: Json::of(&super::model::Audience::default()),
        entitlements: None,
        onboarded_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        verified_at: None,
        agreed: Json::of(&super::model::Agreed::default()),
        search: search_of(&name, &slug),
        closes_at: None,
        erased_at: None,
    };
    for attempt in 2..12 {
        if OrIgnore(diesel::insert_into(tenants::table).values(&row)).execute(tx.conn())? == 1 {
            return row.try_into();
        }
        // A handful of namesakes get numbers; after that chance finds a free one.
        row.slug = if attempt < 7 {
            format!("{slug}-{attempt}")
        } else {
            let chance: String = random_token("").chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            format!("{slug}-{}", chance.to_ascii_lowercase())
        };
        row.search = search_of(&name, &row.slug);
    }
    Err(Error::internal("no free slug was found"))
}

/// Any tenant: for operators and for callers who prove who they are by a secret.
pub(super) fn find(tx: &mut PlatformTx<'_>, id: TenantId) -> Result<Option<Tenant>> {
    let row: Option<TenantRow> = tenants::table.find(id).select(TenantRow::as_select()).first(tx.conn()).optional()?;
    row.map(Tenant::try_from).transpose()
}

/// Writes what can change about the tenant, as its next version.
pub(super) fn save(tx: &mut TenantTx<'_>, tenant: &Tenant) -> Result<Tenant> {
    let now = tx.now();
    tx.note_change()?;
    let row: TenantRow = diesel::update(tenants::table.find(tx.tenant()))
        .set((
            tenants::name.eq(&tenant.name),
            tenants::search.eq(search_of(&tenant.name, &tenant.slug)),
            tenants::status.eq(tenant.status),
            tenants::time_zone.eq(tenant.time_zone.name()),
            tenants::country.eq(&tenant.country),
            tenants::currency.eq(tenant.currency),
            tenants::settings.eq(Json::of(&tenant.settings)),
            tenants::profile.eq(Json::of(&tenant.profile)),
            tenants::audience.eq(Json::of(&tenant.audience)),
            tenants::agreed.eq(Json::of(&tenant.agreed)),
            tenants::onboarded_at.eq(tenant.onboarded_at),
            tenants::closes_at.eq(tenant.closes_at),
            tenants::version.eq(tenants::version + 1),
            tenants::updated_at.eq(now),
        ))
        .returning(tenants::all_columns)
        .get_result(tx.conn())?;
    row.try_into()
}

/// Leaves of an erased tenant its id, under a name that says nothing.
pub(super) fn bury(tx: &mut TenantTx<'_>) -> Result<()> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let slug = format!("closed-{tenant}");
    tx.note_change()?;
    diesel::update(tenants::table.find(tenant))
        .set((
            tenants::name.eq("Closed"),
            tenants::search.eq(search_of("Closed", &slug)),
            tenants::slug.eq(slug),
            tenants::settings.eq(Json::of(&super::model::Settings::default())),
            tenants::profile.eq(Json::of(&super::model::Profile::default())),
            tenants::audience.eq(Json::of(&super::model::Audience::default())),
            tenants::agreed.eq(Json::of(&super::model::Agreed::default())),
            tenants::closes_at.eq(None::<Timestamp>),
            tenants::erased_at.eq(now),
            tenants::version.eq(tenants::version + 1),
            tenants::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

crate::filter! {
    /// Which tenants an operator lists.
    pub(super) struct TenantFilter of tenants {
        #[param(inline)]
        status: Option<TenantStatus> => eq status,
        /// Part of the name or the slug.
        q: Option<Text<0, 120>> => finds search,
    }
}

/// Newest first.
pub(super) fn list(tx: &mut PlatformTx<'_>, filter: &TenantFilter, page: &PageRequest) -> Result<Page<Tenant>> {
    use tenants::{created_at, id};
    let which = filter.narrow(Where::everywhere(tx));
    tx.page(which, Order::by(Desc, (created_at, id), |row: &TenantRow| (row.created_at, row.id)), page)?
        .try_map(Tenant::try_from)
}
