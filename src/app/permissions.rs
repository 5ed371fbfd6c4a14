//! Who may do what, to be read: of roles for the introduction, and of operations for `docs/permissions.md`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::tenants::access::{Permission, Role};

/// Roles by permissions, as a table in Markdown.
pub(super) fn matrix() -> String {
    let mut table = String::from("| permission | owner | admin | agent | viewer |\n|---|---|---|---|---|");
    for permission in Permission::ALL {
        let has = |role: Role| if role.permissions().contains(permission) { "yes" } else { "" };
        let [owner, admin, agent, viewer] = [Role::Owner, Role::Admin, Role::Agent, Role::Viewer].map(has);
        let _ = write!(table, "\n| `{permission}` | {owner} | {admin} | {agent} | {viewer} |");
    }
    table
}

/// `docs/permissions.md`, from the document.
pub fn page(document: &Value) -> String {
    let mut text = String::from(
        "# Permissions\n\nMade from the code and from the OpenAPI document; a test holds it to both \
         (`INSTA_UPDATE=always cargo test --test it -- page_of_permissions` writes it anew).\n\n\
         A person has the permissions of their role, an API key those among its scopes. Operators may do what tenants may, inside \
         the tenant that they name, and what is under `/v1/ops` and `/v1/tenants` besides.\n\n## Roles\n\n",
    );
    text.push_str(&matrix());
    text.push_str(
        "\n\nNobody gives what they do not have: a role or a scope beyond one's own is refused.\n\n## Operations\n",
    );
    for permission in Permission::ALL {
        let name = permission.to_string();
        let opened = operations(document, |needed, _| needed.contains(&name));
        let _ = write!(text, "\n**`{name}`**\n\n{opened}");
    }
    let is_operators = |operation: &Value| {
        let ways = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
        let schemes: Vec<&String> = ways.flat_map(serde_json::Map::keys).collect();
        schemes == ["operator"]
    };
    let operators = operations(document, |_, operation| is_operators(operation));
    let _ = write!(text, "\n**An operator's key**\n\n{operators}");
    let rest = operations(document, |needed, operation| needed.is_empty() && !is_operators(operation));
    let _ = write!(text, "\n**No permission**: a person's own, and what anybody may call\n\n{rest}");
    text
}

/// Those that fit, by their permissions and themselves, one a line.
fn operations(document: &Value, fits: impl Fn(&[String], &Value) -> bool) -> String {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths
        .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(method, one)| (path, method, one)));
    let mut lines = String::new();
    for (path, method, operation) in all {
        let needed = operation["x-required-permissions"].as_array();
        let Some(needed) = needed else { continue };
        let needed: Vec<String> = needed.iter().filter_map(Value::as_str).map(str::to_string).collect();
        if fits(&needed, operation) {
            let summary = operation["summary"].as_str().unwrap_or_default();
            let _ = writeln!(lines, "- `{} {path}`: {summary}", method.to_uppercase());
        }
    }
    lines
}
