//! The house in order: who may import whom, who may insert a lead, who may mint a scope.

use std::path::{Path, PathBuf};

use circles::uses;

mod circles;

/// Lowest first. A module may use what stands before it, and itself.
const ORDER: &[&[&str]] = &[
    &["base"],
    &["engine"],
    &["providers"],
    &["sandbox", "tenants"],
    &["contacts"],
    &["sending"],
    &["billing"],
    &["leads"],
    &["inbox"],
    &["intake"],
    &["outreach", "ads", "prospecting", "ai"],
    &["analytics", "notify"],
    &["integrations"],
    &["ops"],
    &["config"],
    &["app"],
    &["cli"],
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Path below `src`, and the text without comments and without the file's own tests.
pub fn files() -> Vec<(String, String)> {
    let root = src();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below src").display().to_string();
        let text = std::fs::read_to_string(&path).expect("a source");
        let code: String = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect();
        (name, code)
    };
    sources(&root).into_iter().map(read).filter(|(file, _)| !is_test(file)).collect()
}

fn is_test(file: &str) -> bool {
    file.ends_with("tests.rs") || file.ends_with("testing.rs") || file.contains("/tests/")
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|layer| layer.contains(&module))
}

/// Modules named after `crate::`, also inside braces.
fn imports(code: &str) -> Vec<String> {
    let name =
        |text: &str| text.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        if let Some(list) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(name(&std::mem::take(&mut item))),
                    _ if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            found.push(name(&item));
        } else {
            found.push(name(part));
        }
    }
    found
}

#[test]
fn imports_run_downwards() {
    let mut wrong = Vec::new();
    for (file, code) in files() {
        let module = file.split(['/', '.']).next().unwrap_or_default().to_string();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let own = rank(&module).unwrap_or_else(|| panic!("{file}: the module {module} has no place in the order"));
        for used in imports(&code) {
            if used == module {
                continue;
            }
            if let Some(other) = rank(&used)
                && other >= own
            {
                wrong.push(format!("{file} uses crate::{used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that run upwards or sideways:\n{}", wrong.join("\n"));
}

/// What a folder's `Cargo.toml` lets it use stands before it, too.
#[test]
fn crates_depend_downwards() {
    let mut wrong = Vec::new();
    for (own, layer) in ORDER.iter().enumerate() {
        for folder in *layer {
            let Ok(manifest) = std::fs::read_to_string(src().join(folder).join("Cargo.toml")) else { continue };
            let used = manifest.lines().filter_map(|line| line.split_once(" = { package = \"leadwright-"));
            for (name, _) in used {
                if rank(name).is_none_or(|rank| rank >= own) {
                    wrong.push(format!("src/{folder}/Cargo.toml names {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "dependencies that run upwards or sideways:\n{}", wrong.join("\n"));
}

fn only_in(what: &str, allowed: &[&str]) {
    let found: Vec<String> = files()
        .into_iter()
        .filter(|(file, code)| code.contains(what) && !allowed.iter().any(|place| file.starts_with(place)))
        .map(|(file, _)| file)
        .collect();
    assert!(found.is_empty(), "{what} outside {allowed:?}: {found:?}");
}

#[test]
fn only_intake_inserts_a_lead() {
    only_in("insert_into(leads::table)", &["leads/store/mod.rs"]);
    let callers: Vec<String> = files()
        .into_iter()
        .filter(|(file, code)| code.contains("store::insert(tx, &lead)") && !file.starts_with("intake/"))
        .map(|(file, _)| file)
        .collect();
    assert!(callers.is_empty(), "leads are inserted outside intake: {callers:?}");
}

/// Who a locked lead is stays with the folders that make and change leads: the others get what may be shown, whom to write to,
/// or a heading, and none of them can be read unmasked by accident.
#[test]
fn the_row_of_a_lead_stays_inside() {
    let personal = ["name", "email", "phone", "phone_raw", "company", "form_responses", "contact_details", "search"];
    let columns: Vec<String> = personal.iter().map(|column| format!("leads::{column}")).collect();
    let is_row = |used: &[String]| {
        let path: Vec<&str> = used.iter().map(String::as_str).collect();
        matches!(path[..], ["crate", "leads", "Lead"] | ["crate", "leads", "store", "Lead"])
    };
    // What goes on is another name, or a module's.
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let names = |code: &str, what: &str| code.split(what).skip(1).any(|rest| !rest.starts_with(goes_on));
    let mut wrong = Vec::new();
    for (file, code) in
        files().into_iter().filter(|(file, _)| !file.starts_with("leads/") && !file.starts_with("intake/"))
    {
        let rows = uses(&code).into_iter().any(|used| is_row(&used)) || names(&code, "leads::store::Lead");
        let column = columns.iter().find(|column| names(&code, column));
        if rows || column.is_some() {
            wrong.push(format!("{file} {}", column.map_or("Lead", String::as_str)));
        }
    }
    assert!(wrong.is_empty(), "the row of a lead outside its folder:\n{}", wrong.join("\n"));
}

#[test]
fn scopes_are_minted_in_few_places() {
    only_in("TenantScope::mint", &["engine/db/scope.rs", "engine/jobs/context.rs", "tenants/"]);
}

/// What leaves the process for a person has passed the gate: the pass is made there alone, and only who has one asks a
/// provider.
#[test]
fn everything_to_a_person_passes_the_gate() {
    only_in("Pass(())", &["sending/gate.rs"]);
    only_in("sender.send(", &["sending/dispatch/ask.rs"]);
    for parcel in ["OutgoingText {", "OutgoingEmail {"] {
        only_in(parcel, &["sending/dispatch/ask.rs", "providers/"]);
    }
    only_in("Start::Parcel(Box", &["inbox/leave.rs", "notify/deliver.rs"]);
}

/// What is under `api` extracts, delegates and wraps: rules, rows and events are the use cases' own.
#[test]
fn use_cases_are_not_under_api() {
    let is_api = |file: &String| file.contains("/api/") || file.ends_with("/api.rs");
    let signs = ["tx.record(", ".record(event", "NewEvent::new", "tx.conn()", "diesel::", "lock_tenant("];
    let found: Vec<(String, Vec<&str>)> = files()
        .into_iter()
        .filter(|(file, _)| is_api(file))
        .map(|(file, code)| (file, signs.into_iter().filter(|sign| code.contains(sign)).collect::<Vec<_>>()))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(found.is_empty(), "use cases under api: {found:?}");
}

#[test]
fn each_tool_has_its_room() {
    only_in(
        "use actix_web::",
        &[
            "engine/http/",
            "app/",
            "sandbox/",
            "tenants/",
            "billing/api",
            "leads/api",
            "inbox/api",
            "intake/api",
            "ads/api",
            "integrations/",
            "notify/api",
            "ops/",
            "cli/demo",
        ],
    );
    only_in("reqwest::", &["providers/", "sandbox/", "cli/demo"]);
    only_in("SystemTime::now", &[]);
    let diesel_outside: Vec<String> = files()
        .into_iter()
        .filter(|(file, code)| {
            code.contains("use diesel::prelude") && !file.contains("store") && !file.starts_with("engine/")
        })
        .map(|(file, _)| file)
        .collect();
    assert!(diesel_outside.is_empty(), "diesel outside stores and the engine: {diesel_outside:?}");
}

/// A connection keeps its statements, and PostgreSQL refuses a kept one when its columns have become more: an older process
/// would fail beside a newer one that has migrated.
#[test]
fn statements_name_their_columns() {
    let all = |code: &str| {
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
        ["SELECT *", "RETURNING *"].iter().any(|sign| code.contains(sign))
            || code
                .split("RETURNING ")
                .skip(1)
                .any(|list| list.split(['"', ' ']).next().is_some_and(|c| c.ends_with(".*")))
    };
    assert!(all("SELECT * FROM x") && all("RETURNING y.*\"") && !all("RETURNING jobs.id\""));
    let found: Vec<String> = files().into_iter().filter(|(_, code)| all(code)).map(|(file, _)| file).collect();
    assert!(found.is_empty(), "statements that ask for every column: {found:?}");
}

#[test]
fn every_module_says_what_it_is() {
    let opening = |text: &str| {
        let is_preamble = |line: &&str| line.trim().is_empty() || line.starts_with("#![") || line.starts_with("// ");
        text.lines().find(|line| !is_preamble(line)).unwrap_or_default().to_string()
    };
    let silent: Vec<PathBuf> = sources(&src())
        .into_iter()
        .filter(|path| !is_test(&path.display().to_string()))
        .filter(|path| !opening(&std::fs::read_to_string(path).expect("a source")).starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "without a module comment: {silent:?}");
}
