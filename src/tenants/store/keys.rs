//! Rows of API keys. A key is stored as a hash and shown once.

use diesel::prelude::*;

use super::super::access::Permission;
use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{ApiKeyId, TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Actor, Order, Page, PageRequest, TenantTx, Where};
use crate::tenants::schema::{api_keys, invitations};

/// How much of a key is kept to recognise it by: `lw_` and seven characters.
pub(crate) const SHOWN: usize = 10;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
struct ApiKeyRow {
    id: ApiKeyId,
    name: String,
    prefix: String,
    scopes: Json,
    created_by: Option<UserId>,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    replaced_by: Option<ApiKeyId>,
    version: i32,
    created_at: Timestamp,
    made_by_key: Option<ApiKeyId>,
    updated_at: Timestamp,
}

/// A credential of a program.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The beginning of the key, to recognise it by.
    pub prefix: String,
    pub scopes: Vec<Permission>,
    pub created_by: Option<UserId>,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    /// From then on it is refused; in the future while a rotation overlaps.
    pub revoked_at: Option<Timestamp>,
    /// The key that a rotation put in its place.
    pub replaced_by: Option<ApiKeyId>,
    pub version: i32,
    pub created_at: Timestamp,
    /// The key that made it, and with which it ends.
    pub made_by_key: Option<ApiKeyId>,
    pub updated_at: Timestamp,
}

impl ApiKey {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none_or(|at| at > now) && self.expires_at.is_none_or(|at| at > now)
    }
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = crate::base::Error;
    fn try_from(row: ApiKeyRow) -> Result<Self> {
        let names: Vec<String> = row.scopes.read()?;
        Ok(Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: names.iter().filter_map(|name| name.parse().ok()).collect(),
            created_by: row.created_by,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            replaced_by: row.replaced_by,
            version: row.version,
            created_at: row.created_at,
            made_by_key: row.made_by_key,
            updated_at: row.updated_at,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
struct NewRow<'a> {
    tenant_id: TenantId,
    id: ApiKeyId,
    name: &'a str,
    prefix: String,
    key_hash: String,
    scopes: Json,
    created_by: Option<UserId>,
    expires_at: Option<Timestamp>,
    version: i32,
    created_at: Timestamp,
    made_by_key: Option<ApiKeyId>,
    updated_at: Timestamp,
}

/// The key that calls in this transaction.
pub(crate) fn calling_key(tx: &TenantTx<'_>) -> Option<ApiKeyId> {
    match tx.actor() {
        Actor::ApiKey(id) => Some(id),
        _ => None,
    }
}

/// Who answers for what this transaction's caller makes: the user, or the maker of the key; nobody for operators.
pub fn person_behind(tx: &mut TenantTx<'_>) -> Result<Option<UserId>> {
    match tx.actor() {
        Actor::ApiKey(id) => Ok(find(tx, id)?.and_then(|key| key.created_by)),
        actor => Ok(actor.user()),
    }
}

/// The member who answers for a key.
pub fn member_behind_key(tx: &mut TenantTx<'_>, key: ApiKeyId) -> Result<Option<UserId>> {
    Ok(find(tx, key)?.and_then(|key| key.created_by))
}

pub(crate) fn count_live(tx: &mut TenantTx<'_>) -> Result<i64> {
    let now = tx.now();
    let query = api_keys::table
        .filter(api_keys::tenant_id.eq(tx.tenant()))
        .filter(api_keys::revoked_at.is_null().or(api_keys::revoked_at.gt(now)))
        .filter(api_keys::expires_at.is_null().or(api_keys::expires_at.gt(now)))
        .count();
    Ok(query.get_result(tx.conn())?)
}

/// The keys this person answers for that still work.
pub(crate) fn live_of(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<ApiKey>> {
    let now = tx.now();
    let query = api_keys::table
        .filter(api_keys::tenant_id.eq(tx.tenant()).and(api_keys::created_by.eq(user)))
        .filter(api_keys::revoked_at.is_null().or(api_keys::revoked_at.gt(now)))
        .order(api_keys::id)
        .select(ApiKeyRow::as_select());
    query.load(tx.conn())?.into_iter().map(ApiKey::try_from).collect()
}

/// The keys that this key made, whether or not they still work.
pub(crate) fn made_by(tx: &mut TenantTx<'_>, key: ApiKeyId) -> Result<Vec<ApiKey>> {
    let query = api_keys::table
        .filter(api_keys::tenant_id.eq(tx.tenant()).and(api_keys::made_by_key.eq(key)))
        .order(api_keys::id)
        .select(ApiKeyRow::as_select());
    query.load(tx.conn())?.into_iter().map(ApiKey::try_from).collect()
}

/// What `old` made is `new`'s from now on.
pub(crate) fn hand_over(tx: &mut TenantTx<'_>, old: ApiKeyId, new: ApiKeyId) -> Result<()> {
    let tenant = tx.tenant();
    // The one that calls may be among them: it does not become its own maker's maker.
    let caller = calling_key(tx).unwrap_or(new);
    let keys = api_keys::table.filter(api_keys::tenant_id.eq(tenant).and(api_keys::made_by_key.eq(old)));
    diesel::update(keys.filter(api_keys::id.ne(caller))).set(api_keys::made_by_key.eq(new)).execute(tx.conn())?;
    let offers = invitations::table.filter(invitations::tenant_id.eq(tenant).and(invitations::made_by_key.eq(old)));
    diesel::update(offers).set(invitations::made_by_key.eq(new)).execute(tx.conn())?;
    Ok(())
}

pub(crate) fn create(
    tx: &mut TenantTx<'_>,
    key: &str,
    name: &str,
    scopes: &[Permission],
    expires_at: Option<Timestamp>,
    created_by: Option<UserId>,
) -> Result<ApiKey> {
    let row = NewRow {
        tenant_id: tx.tenant(),
        id: ApiKeyId::new(),
        name,
        prefix: key.chars().take(SHOWN).collect(),
        key_hash: sha256_hex(key),
        scopes: Json::of(&scopes),
        created_by,
        expires_at,
        version: 1,
        created_at: tx.now(),
        made_by_key: calling_key(tx),
        updated_at: tx.now(),
    };
    diesel::insert_into(api_keys::table).values(&row).execute(tx.conn())?;
    Ok(ApiKey {
        id: row.id,
        name: name.into(),
        prefix: row.prefix,
        scopes: scopes.to_vec(),
        created_by: row.created_by,
        expires_at,
        last_used_at: None,
        revoked_at: None,
        replaced_by: None,
        version: 1,
        created_at: row.created_at,
        made_by_key: row.made_by_key,
        updated_at: row.updated_at,
    })
}

pub(crate) fn find(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<Option<ApiKey>> {
    let query = api_keys::table.find((tx.tenant(), id)).select(ApiKeyRow::as_select());
    query.first(tx.conn()).optional()?.map(ApiKey::try_from).transpose()
}

crate::filter! {
    /// Which API keys to list.
    pub struct ApiKeyFilter of api_keys by change {}
}

/// Newest first, unless by change.
pub(crate) fn list(tx: &mut TenantTx<'_>, filter: &ApiKeyFilter, page: &PageRequest) -> Result<Page<ApiKey>> {
    use api_keys::{id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by_id(Desc, id, |row: &ApiKeyRow| row.id);
    let changed = Order::by_change((updated_at, id), |row: &ApiKeyRow| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)?.try_map(ApiKey::try_from)
}

/// Writes what can change about a key, as its next version.
pub(crate) fn save(tx: &mut TenantTx<'_>, key: &mut ApiKey) -> Result<()> {
    let now = tx.now();
    diesel::update(api_keys::table.find((tx.tenant(), key.id)))
        .set((
            api_keys::name.eq(&key.name),
            api_keys::expires_at.eq(key.expires_at),
            api_keys::revoked_at.eq(key.revoked_at),
            api_keys::replaced_by.eq(key.replaced_by),
            api_keys::version.eq(api_keys::version + 1),
            api_keys::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    (key.version, key.updated_at) = (key.version + 1, now);
    tx.note_change()
}

/// Whether a key still works.
pub fn is_live(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<bool> {
    let now = tx.now();
    Ok(find(tx, id)?.is_some_and(|key| key.is_live(now)))
}
