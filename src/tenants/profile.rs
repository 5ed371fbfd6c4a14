//! What users change about themselves: their name, how they want to be met and reached, and their preferences in a tenant.

use serde_json::{Map, Value};

use super::facts::UserUpdated;
use super::look_alike;
use super::members::not_found;
use super::name::Name;
use super::region::{Language, TimeZone};
use super::store;
use super::store::people::{self, Entrance, User};
use crate::base::changes::Changes;
use crate::base::id::UserId;
use crate::base::json::Json;
use crate::base::patch::{Patch, merge};
use crate::base::phone::Phone;
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

/// What a user changes about themselves; what is absent stays.
pub struct Change {
    pub name: Patch<Name>,
    pub language: Patch<Language>,
    pub time_zone: Patch<TimeZone>,
    /// As it was typed; without a country code it is of the tenant's country.
    pub phone: Patch<String>,
    pub avatar_url: Patch<String>,
    pub preferences: Option<Map<String, Value>>,
}

/// `is_as_read` is asked before anything is written, when nobody else can write it any more.
///
/// # Errors
/// Those of `is_as_read`, and `request.invalid` when a number or an address cannot be one, the preferences grow too large, or the
/// name passes for the platform's.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: UserId,
    change: Change,
    platform_name: &str,
    is_as_read: impl FnOnce(&mut TenantTx<'_>) -> Result<()>,
) -> Result<()> {
    if let Patch::Value(name) = &change.name {
        look_alike::refuse(Some(name), "/name", platform_name)?;
    }
    let phone = readable(tx, change.phone)?;
    lock_tenant(tx, "members")?;
    is_as_read(tx)?;
    let (mut user, membership) = people::person(tx, id)?.ok_or_else(not_found)?;
    let mut changes = Changes::default();
    changes.set("name", &mut user.name, change.name);
    changes.set("language", &mut user.language, change.language);
    changes.set("time_zone", &mut user.time_zone, change.time_zone.map(|zone| zone.0.name().to_string()));
    changes.set("phone", &mut user.phone, phone);
    changes.set("avatar_url", &mut user.avatar_url, change.avatar_url);
    if !changes.is_empty() {
        people::save_profile(&mut tx.platform(), &user)?;
    }
    if let Some(patch) = change.preferences {
        let stored = membership.preferences.value();
        let preferences = merged(&stored, patch)?;
        if preferences != stored {
            people::set_preferences(tx, id, &Json::from(preferences))?;
            changes.note("preferences", true);
        }
    }
    if !changes.is_empty() {
        let fact = UserUpdated { fields: Some(changes.told()), ..UserUpdated::default() };
        tx.record(fact.told_as(UserUpdated::TYPE).about(id.uuid()))?;
    }
    Ok(())
}

fn readable(tx: &mut TenantTx<'_>, phone: Patch<String>) -> Result<Patch<String>> {
    let Patch::Value(typed) = phone else { return Ok(phone) };
    let country = store::current(tx)?.country;
    let read = Phone::parse(&typed, Some(&country)).map_err(|rule| Error::field("/phone", "invalid_value", rule))?;
    Ok(Patch::Value(read.into_string()))
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
