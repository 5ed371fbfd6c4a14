//! Rows of operators, the platform's staff, and their keys.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{ApiKeyId, OperatorId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, Where};
use crate::tenants::schema::{operator_keys, operators};

/// One of the platform's staff.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = operators)]
pub struct OperatorAccount {
    pub id: OperatorId,
    pub name: String,
    pub email: Option<String>,
    pub created_at: Timestamp,
}

/// A key of an operator, without the key.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = operator_keys)]
pub struct OperatorKey {
    pub id: ApiKeyId,
    pub operator_id: OperatorId,
    pub name: String,
    pub prefix: String,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

pub(crate) fn create(tx: &mut PlatformTx<'_>, name: &str, email: Option<&str>) -> Result<OperatorAccount> {
    let now = tx.now();
    let id = OperatorId::new();
    diesel::insert_into(operators::table)
        .values((
            operators::id.eq(id),
            operators::name.eq(name),
            operators::email.eq(email),
            operators::preferences.eq(Json::of(&serde_json::json!({}))),
            operators::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(OperatorAccount { id, name: name.into(), email: email.map(Into::into), created_at: now })
}

/// Takes back an operator created in this transaction.
pub(crate) fn discard(tx: &mut PlatformTx<'_>, id: OperatorId) -> Result<()> {
    diesel::delete(operators::table.find(id)).execute(tx.conn())?;
    tx.note_change(None)
}

pub(crate) fn find(tx: &mut PlatformTx<'_>, id: OperatorId) -> Result<Option<OperatorAccount>> {
    Ok(operators::table.find(id).select(OperatorAccount::as_select()).first(tx.conn()).optional()?)
}

/// Where the staff is written to, each address once: of everybody who still has a key.
pub(crate) fn addresses(tx: &mut PlatformTx<'_>) -> Result<Vec<String>> {
    let now = tx.now();
    let live = operator_keys::table
        .filter(operator_keys::revoked_at.is_null())
        .filter(operator_keys::expires_at.is_null().or(operator_keys::expires_at.gt(now)))
        .select(operator_keys::operator_id);
    let query = operators::table
        .filter(operators::email.is_not_null().and(operators::id.eq_any(live)))
        .select(operators::email.assume_not_null());
    let found: Vec<String> = query.load(tx.conn())?;
    Ok(found.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect())
}

/// Newest first, each with its keys.
pub(crate) fn list(tx: &mut PlatformTx<'_>, page: &PageRequest) -> Result<Page<(OperatorAccount, Vec<OperatorKey>)>> {
    let all = Where::<operators::table>::everywhere(tx);
    let page = tx.page(all, Order::by_id(Desc, operators::id, |row: &OperatorAccount| row.id), page)?;
    let ids: Vec<OperatorId> = page.data.iter().map(|account| account.id).collect();
    let keys: Vec<OperatorKey> = operator_keys::table
        .filter(operator_keys::operator_id.eq_any(ids))
        .order(operator_keys::id.desc())
        .select(OperatorKey::as_select())
        .load(tx.conn())?;
    let with_keys = |account: OperatorAccount| {
        let own = keys.iter().filter(|key| key.operator_id == account.id).cloned().collect();
        (account, own)
    };
    Ok(page.map(with_keys))
}

/// `None` when this very key exists already.
pub(crate) fn add_key(
    tx: &mut PlatformTx<'_>,
    operator: OperatorId,
    name: &str,
    key: &str,
) -> Result<Option<OperatorKey>> {
    let now = tx.now();
    let id = ApiKeyId::new();
    let prefix: String = key.chars().take(super::keys::SHOWN).collect();
    let insert = diesel::insert_into(operator_keys::table).values((
        operator_keys::id.eq(id),
        operator_keys::operator_id.eq(operator),
        operator_keys::name.eq(name.to_string()),
        operator_keys::prefix.eq(prefix.clone()),
        operator_keys::key_hash.eq(sha256_hex(key)),
        operator_keys::created_at.eq(now),
    ));
    let is_new = OrIgnore(insert).execute(tx.conn())? == 1;
    Ok(is_new.then(|| OperatorKey {
        id,
        operator_id: operator,
        name: name.into(),
        prefix,
        expires_at: None,
        revoked_at: None,
        created_at: now,
    }))
}

/// The row of this key, revoked or not.
pub(crate) fn key_of(tx: &mut PlatformTx<'_>, key: &str) -> Result<Option<OperatorKey>> {
    let query = operator_keys::table.filter(operator_keys::key_hash.eq(sha256_hex(key)));
    Ok(query.select(OperatorKey::as_select()).first(tx.conn()).optional()?)
}

/// How many keys still work, of all operators.
pub(crate) fn count_live_keys(tx: &mut PlatformTx<'_>) -> Result<i64> {
    let now = tx.now();
    Ok(operator_keys::table
        .filter(operator_keys::revoked_at.is_null())
        .filter(operator_keys::expires_at.is_null().or(operator_keys::expires_at.gt(now)))
        .count()
        .get_result(tx.conn())?)
}

pub(crate) fn find_key(tx: &mut PlatformTx<'_>, operator: OperatorId, id: ApiKeyId) -> Result<Option<OperatorKey>> {
    let query = operator_keys::table.find(id).filter(operator_keys::operator_id.eq(operator));
    Ok(query.select(OperatorKey::as_select()).first(tx.conn()).optional()?)
}

pub(crate) fn revoke_key(tx: &mut PlatformTx<'_>, id: ApiKeyId) -> Result<()> {
    let now = tx.now();
    diesel::update(operator_keys::table.find(id)).set(operator_keys::revoked_at.eq(now)).execute(tx.conn())?;
    tx.note_change(None)
}
