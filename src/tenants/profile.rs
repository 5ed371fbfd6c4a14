//! What users change about themselves: their name, and their preferences in a tenant.

use serde_json::{Map, Value};

use super::facts::UserUpdated;
use super::look_alike;
use super::members::not_found;
use super::name::Name;
use super::store::people::{self, Entrance, User};
use crate::base::apply::Apply as _;
use crate::base::id::UserId;
use crate::base::json::Json;
use crate::base::patch::{Patch, merge};
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;

/// All preferences of one user in one tenant, as JSON text.
const MAX_PREFERENCES_BYTES: usize = 16 * 1024;

/// A user as it sees itself.
pub struct Own {
    pub user: User,
    /// A JSON object.
    pub preferences: Value,
    /// The tenants it may enter now.
    pub entrances: Vec<Entrance>,
}

pub fn own(tx: &mut TenantTx<'_>, id: UserId) -> Result<Own> {
    let (user, membership) = people::person(tx, id)?.ok_or_else(not_found)?;
    let entrances = people::entrances_across_tenants(&mut tx.platform(), id)?;
    let entrances = entrances.into_iter().filter(Entrance::is_open).collect();
    Ok(Own { user, preferences: membership.preferences.value(), entrances })
}

/// Merges by RFC 7396: null removes a member, an object merges, anything else replaces.
fn merged(stored: &Value, patch: Map<String, Value>) -> Result<Value> {
    let mut result = stored.clone();
    merge(&mut result, Value::Object(patch));
    if result.to_string().len() > MAX_PREFERENCES_BYTES {
        let rule = format!("all preferences together may have at most {MAX_PREFERENCES_BYTES} bytes");
        return Err(Error::field("/preferences", "too_long", rule));
    }
    Ok(result)
}

/// # Errors
/// `request.invalid` when the preferences grow too large, or the name passes for the platform's.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: UserId,
    name: Patch<Name>,
    preferences: Option<Map<String, Value>>,
    platform_name: &str,
) -> Result<()> {
    if let Patch::Value(name) = &name {
        look_alike::refuse(Some(name), "/name", platform_name)?;
    }
    lock_tenant(tx, "members")?;
    let (mut user, membership) = people::person(tx, id)?.ok_or_else(not_found)?;
    let mut fields = Vec::new();
    if !name.is_absent() {
        name.apply_to(&mut user.name);
        people::rename_user(&mut tx.platform(), id, user.name.as_deref())?;
        fields.push("name");
    }
    if let Some(patch) = preferences {
        let preferences = merged(&membership.preferences.value(), patch)?;
        people::set_preferences(tx, id, &Json::from(preferences))?;
        fields.push("preferences");
    }
    if !fields.is_empty() {
        let fields = fields.into_iter().map(String::from).collect();
        let fact = UserUpdated { fields: Some(fields), ..UserUpdated::default() };
        tx.record(fact.told_as(UserUpdated::TYPE).about(id.uuid()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_merge_at_every_depth() {
        let stored = serde_json::json!({"email": {"lead": true, "old": 1}, "quiet": true});
        let Value::Object(patch) = serde_json::json!({"email": {"quota": false, "old": null}, "quiet": null}) else {
            panic!()
        };
        assert_eq!(merged(&stored, patch).unwrap(), serde_json::json!({"email": {"lead": true, "quota": false}}));
        let Value::Object(large) = serde_json::json!({"x": "y".repeat(MAX_PREFERENCES_BYTES)}) else { panic!() };
        assert_eq!(merged(&stored, large).unwrap_err().field_errors()[0].code, "too_long");
    }
}
