//! Rows of `custom_attributes`, and of `contact_attributes`, by which people are sought.

pub(super) mod respell;

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::model::{AttributeType, Entry};
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{ContactId, CustomAttributeId};
use crate::contacts::schema::{contact_attributes as entries, custom_attributes as attributes};
use crate::engine::db::Direction::Desc;
use crate::engine::db::error::is_unique_violation;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where, tombstones};
use crate::insert_few;

/// A definition.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = attributes, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CustomAttribute {
    pub tenant_id: TenantId,
    pub id: CustomAttributeId,
    pub key: String,
    pub label: String,
    pub kind: AttributeType,
    /// Of a select; of others there are none.
    pub options: Doc<Vec<String>>,
    pub description: Option<String>,
    pub archived_at: Option<Timestamp>,
    /// Since then its values are being taken away.
    pub deleted_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

crate::view! {
    /// What a tenant keeps of people besides what every tenant does.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a15", "key": "package", "label": "Package", "type": "select",
        "options": ["Gold", "Silver"], "description": "What was agreed on the phone.", "archived": false,
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    #[derive(Debug)]
    pub struct CustomAttributeView from attribute: CustomAttribute {
        pub id: CustomAttributeId,
        /// What values are told by: `custom_attributes.KEY` of a contact. It never changes.
        pub key: String,
        pub label: String,
        /// It never changes.
        #[serde(rename = "type")]
        pub kind: AttributeType,
        /// Of a select and a multi-select; of others there are none.
        pub options: Vec<String> = attribute.options.0,
        pub description: Option<String>,
        /// It takes no new values; those that people have stay.
        pub archived: bool = attribute.archived_at.is_some(),
        #[serde(skip)]
        pub version: i32,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

crate::versioned!(CustomAttributeView);
crate::shown!(CustomAttribute as CustomAttributeView);

/// Those that are there; with those that are going.
mod any {
    use super::{CustomAttribute, CustomAttributeId, attributes};
    use diesel::prelude::*;
    crate::rows!(attributes: CustomAttribute, CustomAttributeId, "custom_attribute" => find, hold, save, count, room);
}
pub use any::{room, save};

fn there(found: Option<CustomAttribute>) -> Result<CustomAttribute> {
    let absent = || Error::not_found("custom_attribute.not_found", "There is no such custom attribute.");
    found.filter(|one| one.deleted_at.is_none()).ok_or_else(absent)
}

/// # Errors
/// `custom_attribute.not_found`.
pub fn get(tx: &mut TenantTx<'_>, id: CustomAttributeId) -> Result<CustomAttribute> {
    there(any::find(tx, id)?)
}

/// The row as it is now; nobody else changes it until this transaction ends.
///
/// # Errors
/// `custom_attribute.not_found`.
pub fn hold(tx: &mut TenantTx<'_>, id: CustomAttributeId) -> Result<CustomAttribute> {
    there(Some(any::hold(tx, id)?))
}

/// Whether one with this key is there, or going.
pub fn with_key(tx: &mut TenantTx<'_>, key: &str) -> Result<Option<CustomAttribute>> {
    let rows = attributes::table.filter(attributes::tenant_id.eq(tx.tenant()).and(attributes::key.eq(key)));
    Ok(rows.select(CustomAttribute::as_select()).first(tx.conn()).optional()?)
}

/// `false` when the key is taken.
pub fn insert(tx: &mut TenantTx<'_>, row: &CustomAttribute) -> Result<bool> {
    match diesel::insert_into(attributes::table).values(row).execute(tx.conn()) {
        Ok(_) => Ok(true),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Every one that is there.
pub fn all(tx: &mut TenantTx<'_>) -> Result<Vec<CustomAttribute>> {
    let rows = attributes::table.filter(attributes::tenant_id.eq(tx.tenant()).and(attributes::deleted_at.is_null()));
    Ok(rows.select(CustomAttribute::as_select()).load(tx.conn())?)
}

/// Leaves a tombstone for one whose values are still there.
pub fn vanish(tx: &mut TenantTx<'_>, attribute: &mut CustomAttribute) -> Result<()> {
    attribute.deleted_at = Some(tx.now());
    save(tx, attribute)?;
    tombstones::bury(tx, "custom_attribute", attribute.id.uuid())
}

/// Takes the row itself away, when no value of it is left.
pub fn remove(tx: &mut TenantTx<'_>, id: CustomAttributeId) -> Result<()> {
    diesel::delete(attributes::table.find((tx.tenant(), id))).execute(tx.conn())?;
    Ok(())
}

/// One that is going, for whoever takes its values away.
pub fn going(tx: &mut TenantTx<'_>, id: CustomAttributeId) -> Result<Option<CustomAttribute>> {
    Ok(any::find(tx, id)?.filter(|one| one.deleted_at.is_some()))
}

crate::filter! {
    /// Which custom attributes to list.
    pub struct CustomAttributeFilter of attributes by change {
        /// Only archived ones, or only the others.
        archived: Option<bool> => has archived_at,
        #[serde(rename = "type")]
        #[param(inline)]
        kind: Option<AttributeType> => eq kind,
    }
}

/// Newest first, unless by change.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &CustomAttributeFilter,
    page: &PageRequest,
) -> Result<Page<CustomAttribute>> {
    use attributes::{deleted_at, id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id)).has(deleted_at, Some(false));
    let newest = Order::by_id(Desc, id, |row: &CustomAttribute| row.id);
    let changed = Order::by_change((updated_at, id), |row: &CustomAttribute| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

#[derive(Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
struct EntryRow<'a> {
    tenant_id: TenantId,
    attribute_id: CustomAttributeId,
    word: &'a str,
    number: i64,
    contact_id: ContactId,
}

impl<'a> EntryRow<'a> {
    fn of(tenant_id: TenantId, contact_id: ContactId, entry: &'a Entry) -> Self {
        let Entry { attribute: attribute_id, word, number } = entry;
        Self { tenant_id, attribute_id: *attribute_id, word, number: *number, contact_id }
    }
}

/// Writes down by what a person is sought: of the attributes that `changed` these and no others.
pub fn set(
    tx: &mut TenantTx<'_>,
    contact_id: ContactId,
    changed: &[CustomAttributeId],
    wanted: &BTreeSet<Entry>,
) -> Result<()> {
    let tenant_id = tx.tenant();
    if !changed.is_empty() {
        let own = entries::tenant_id.eq(tenant_id).and(entries::contact_id.eq(contact_id));
        let gone = entries::table.filter(own).filter(entries::attribute_id.eq_any(changed.to_vec()));
        diesel::delete(gone).execute(tx.conn())?;
    }
    let rows: Vec<EntryRow<'_>> = wanted.iter().map(|entry| EntryRow::of(tenant_id, contact_id, entry)).collect();
    if !rows.is_empty() {
        insert_few!(tx.conn(), entries::table, &rows)?;
    }
    Ok(())
}

/// Some of those who have a value of it.
pub fn owners(tx: &mut TenantTx<'_>, id: CustomAttributeId, limit: i64) -> Result<Vec<ContactId>> {
    let own = entries::tenant_id.eq(tx.tenant()).and(entries::attribute_id.eq(id));
    let rows = entries::table.filter(own).select(entries::contact_id).distinct().limit(limit);
    Ok(rows.load(tx.conn())?)
}
