//! Permissions that an operation needs only for some of what it does.
//!
//! A handler that asks for one says so beside its description, under [`CONDITIONAL`]: which permission, and when. Programs find it
//! there, readers in the description's last line.

use serde_json::Value;
use utoipa::openapi::path::Operation;

/// `extensions(("x-conditional-permissions" = json!([{"permission": "users:read", "when": "it names a user"}])))`.
const CONDITIONAL: &str = "x-conditional-permissions";

/// What is added to the line on permissions.
pub(super) fn told(operation: &Operation) -> String {
    let conditions = operation.extensions.as_ref().and_then(|all| all.get(CONDITIONAL)).and_then(Value::as_array);
    let sentence =
        |one: &Value| Some(format!(" Needs `{}` as well when {}.", one["permission"].as_str()?, one["when"].as_str()?));
    conditions.into_iter().flatten().filter_map(sentence).collect()
}
