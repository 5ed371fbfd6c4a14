//! The house in order: who may import whom, who may insert a lead, who may mint a scope.

use std::path::{Path, PathBuf};

use leadwright::engine::events::{EventType, catalogue};

mod circles;

/// Lowest first. A module may use what stands before it, and itself.
const ORDER: &[&[&str]] = &[
    &["base"],
    &["engine"],
    &["language"],
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

pub fn sources(folder: &Path) -> Vec<PathBuf> {
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

pub fn src() -> PathBuf {
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

pub fn is_test(file: &str) -> bool {
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
    // What goes on is another name, or a module's.
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let names = |code: &str, what: &str| code.split(what).skip(1).any(|rest| !rest.starts_with(goes_on));
    let mut wrong = Vec::new();
    for (file, code) in
        files().into_iter().filter(|(file, _)| !file.starts_with("leads/") && !file.starts_with("intake/"))
    {
        let rows = code.contains("for_intake");
        let column = columns.iter().find(|column| names(&code, column));
        if rows || column.is_some() {
            wrong.push(format!("{file} {}", column.map_or("for_intake", String::as_str)));
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

fn is_api(file: &str) -> bool {
    file.contains("/api/") || file.ends_with("/api.rs")
}

/// What is under `api` extracts, delegates and wraps: rules, rows and events are the use cases' own.
#[test]
fn use_cases_are_not_under_api() {
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
    let beside_api = ["engine/http/", "app/", "sandbox/", "tenants/", "integrations/", "ops/", "cli/demo"];
    let is_allowed = |file: &str| is_api(file) || beside_api.iter().any(|place| file.starts_with(place));
    let actix: Vec<String> = files()
        .into_iter()
        .filter(|(file, code)| code.contains("use actix_web::") && !is_allowed(file))
        .map(|(file, _)| file)
        .collect();
    assert!(actix.is_empty(), "actix outside api and the engine: {actix:?}");
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

/// What the business is about, as the engine below it must not know. A tenant, a user and an operator are the engine's own
/// words: whom rows belong to, and who acts. So is a message, which any error has, and a quota, which any limit is.
const NOUNS: [&str; 14] = [
    "lead",
    "campaign",
    "conversation",
    "subscription",
    "invoice",
    "webhook",
    "suppression",
    "contact",
    "enquiry",
    "overage",
    "inbox",
    "intake",
    "recipient",
    "invitation",
];

/// Where the engine says one all the same, and why.
const SAID: [(&str, &str, &str); 12] = [
    ("engine/events/store.rs", "webhook", "where else an event is told, and by which header"),
    (
        "engine/events/store.rs",
        "lead",
        "the column of the timeline, its name in the contract, and the contract's example",
    ),
    ("engine/http/links.rs", "lead", "paths of the contract, as an example"),
    ("engine/http/openapi.rs", "webhook", "a tag of the contract, whose operations authenticate otherwise"),
    ("engine/jobs/store/operated.rs", "webhook", "a kind of job, as an example in the contract"),
    ("engine/metrics.rs", "webhook", "the name of a metric that others scrape"),
    ("engine/metrics.rs", "intake", "the name of a metric that others scrape"),
    ("engine/metrics.rs", "lead", "what such a metric measures"),
    ("engine/db/schema.rs", "lead", "the column of the timeline, its name in the contract"),
    ("engine/db/rows.rs", "webhook", "how a store says it, as an example"),
    ("engine/db/testing.rs", "", "a kit"),
    ("engine/db/filter/tests.rs", "", "a test"),
];

/// In code and in comments. A new noun is a folder above, and no line in here.
#[test]
fn the_engine_knows_no_business() {
    let mut wrong = Vec::new();
    for path in sources(&src().join("engine")) {
        let file = path.strip_prefix(src()).expect("below src").display().to_string();
        let text = std::fs::read_to_string(&path).expect("a source");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for word in words(text) {
            let singular = match word.strip_suffix("ies") {
                Some(stem) => format!("{stem}y"),
                None => word.strip_suffix('s').unwrap_or(&word).to_string(),
            };
            let is_said = SAID.iter().any(|(at, noun, _)| *at == file && (noun.is_empty() || *noun == singular));
            if NOUNS.contains(&singular.as_str()) && !is_said {
                wrong.push(format!("{file}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "nouns of the business in the engine:\n{}", wrong.join("\n"));
}

/// Words in lower case, also those within `snake_case` and `CamelCase`.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars() {
        if !c.is_ascii_alphabetic() || c.is_ascii_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphabetic()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What happens is declared in its folder, beside what the folder does, and what is declared is told.
#[test]
fn facts_stand_in_their_folders() {
    only_in("EventType::named(", &["engine/events/", "notify/elsewhere.rs"]);
    let is_elsewhere = |(file, code): &(String, String)| {
        code.contains("fact! {") && !file.ends_with("/facts.rs") && !file.starts_with("engine/events/")
    };
    let elsewhere: Vec<String> = files().into_iter().filter(is_elsewhere).map(|(file, _)| file).collect();
    assert!(elsewhere.is_empty(), "facts that do not stand in facts.rs: {elsewhere:?}");
    leadwright::app::document();
    let mut forgotten: Vec<String> = Vec::new();
    for (_, code) in files().into_iter().filter(|(file, _)| file.ends_with("/facts.rs")) {
        // A value has its type between its name and its example.
        let declarations =
            code.lines().filter(|line| line.contains(" = \"") && ![": ", "#["].iter().any(|sign| line.contains(sign)));
        let types = declarations.flat_map(|line| line.split(" = \"").skip(1)).filter_map(|rest| rest.split('"').next());
        forgotten.extend(types.filter(|name| name.parse::<EventType>().is_err()).map(String::from));
    }
    assert!(forgotten.is_empty(), "facts that no folder adds: {forgotten:?}");
    for declared in catalogue::all() {
        for field in &declared.fields {
            assert!(!field.example.is_null(), "{}: {} has no example", declared.kind, field.name);
        }
    }
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
