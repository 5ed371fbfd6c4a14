//! What the document tells its readers: the introduction, whose requests are carried out as they stand, and of every operation what
//! it does, whom it is for, and a sample.

use serde_json::Value;

use crate::both_engines;
use crate::contract::{document, operations};
use crate::described::permissions;

fn introduction() -> &'static str {
    document()["info"]["description"].as_str().expect("an introduction")
}

/// The blocks of shell under a heading.
fn blocks(heading: &str) -> Vec<String> {
    let (_, section) = introduction().split_once(&format!("## {heading}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let block = |rest: &str| rest.split("```").next().unwrap_or_default().to_string();
    section.split("```sh\n").skip(1).map(block).collect()
}

/// A script in a folder, by bash.
async fn run(folder: &std::path::Path, script: String) -> (bool, String, String) {
    let mut bash = std::process::Command::new("bash");
    bash.current_dir(folder).arg("-c").arg(script);
    let done = tokio::task::spawn_blocking(move || bash.output().expect("bash")).await.expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    (done.status.success(), text(&done.stdout), text(&done.stderr))
}

/// Words in code's letters that the document has no field, parameter, value or path for.
const NO_NAMES: [&str; 10] = [
    "null",
    "true",
    "false",
    "info.version",
    "webhooks",
    "servers",
    "switch",
    "strict",
    "localhost",
    "union_tag_invalid",
];

/// Every name that the document gives: of fields, parameters and values, and of its extensions.
fn names(value: &Value, found: &mut std::collections::HashSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(list) => list.iter().for_each(|one| names(one, found)),
        Value::Object(members) => {
            for (name, value) in
                members.iter().filter(|(name, _)| !["description", "x-codeSamples"].contains(&name.as_str()))
            {
                found.insert(name.clone());
                names(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn what_the_introduction_names_there_is() {
    let mut known = std::collections::HashSet::new();
    names(document(), &mut known);
    let prose: String = introduction().split("```").step_by(2).collect();
    let mut unknown = Vec::new();
    for code in prose.split('`').skip(1).step_by(2) {
        let asked = code.split_once(' ').filter(|(method, _)| method.chars().all(|c| c.is_ascii_uppercase()));
        let asked = asked.map_or_else(|| ("", code), |(method, path)| (method, path));
        let is_there = if let Some(path) = asked.1.strip_prefix('/') {
            let path = format!("/{}", path.split('?').next().unwrap_or_default());
            let item = &document()["paths"][&path];
            path.starts_with("/docs")
                || path.starts_with("/sandbox")
                || !item.is_null() && (asked.0.is_empty() || !item[asked.0.to_lowercase()].is_null())
        } else if !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || "_.".contains(c)) {
            known.contains(code) || NO_NAMES.contains(&code)
        } else {
            true
        };
        if !is_there {
            unknown.push(code);
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_introduction_has_its_sections() {
    let text = introduction();
    for heading in [
        "First requests",
        "Authentication",
        "Permissions",
        "Errors",
        "Paging",
        "Keeping a copy",
        "Idempotency",
        "Concurrency",
        "Limits",
        "Money and time",
        "Locked leads",
        "Sandbox and twins",
        "Webhooks",
        "Versions",
        "Generated clients",
    ] {
        assert!(text.contains(&format!("\n## {heading}\n")), "{heading}");
    }
    assert!(!text.contains("{{"), "a number is left open");
}

both_engines! {
    async fn its_first_requests_and_its_loop_work(app: TestApp) {
        let folder = tempfile::tempdir().expect("a folder");
        let first = blocks("First requests").concat().replace("http://127.0.0.1:8080", &app.url);
        let paging = blocks("Paging").concat().replace("limit=200", "limit=1");
        let (is_right, said, wrong) = run(folder.path(), format!("set -eu\n{first}\necho; echo paging\n{paging}")).await;
        assert!(is_right, "{said}\n{wrong}");
        let (answers, pages) = said.split_once("paging\n").expect("it goes on to the loop");
        assert!(answers.contains("\"next_cursor\":") && !answers.contains("/problems/"), "{answers}");
        assert_eq!(pages.lines().count(), 1, "{pages}");
        // A refusal is told, and is a failure.
        let refused = format!("api={}/v1\nas='Authorization: Bearer lw_none'\n{paging}", app.url);
        let (is_right, said, wrong) = run(folder.path(), refused).await;
        assert!(!is_right && said.is_empty() && wrong.contains("auth.invalid_key"), "{said}\n{wrong}");
    }

    async fn its_copy_goes_on_where_it_ended(app: TestApp) {
        let tenant = app.growth("Copied").await;
        tenant.enter_leads("First", 3).await;
        let folder = tempfile::tempdir().expect("a folder");
        let held = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let [key, copy] = blocks("Keeping a copy").try_into().expect("how to make a key, and the loop");
        let copy = format!("api={}/v1\n{}", app.url, copy.replace("limit=200", "limit=2"));
        let token = tenant.owner.token().expect("a token");
        let made = run(folder.path(), format!("api={}/v1\nas='Authorization: Bearer {token}'\n{key}", app.url)).await;
        assert!(made.0 && held("copy.key").starts_with("lw_"), "{made:?}");
        // What was just written may still wait for whatever else is being written.
        let copied = async |count: usize| {
            for _ in 0..100 {
                app.advance(chrono::Duration::seconds(1));
                let (is_right, said, wrong) = run(folder.path(), copy.clone()).await;
                assert!(is_right, "{said}\n{wrong}");
                if held("leads.jsonl").lines().count() >= count {
                    break;
                }
            }
            assert_eq!(held("leads.jsonl").lines().count(), count);
        };
        copied(3).await;
        let place = held("leads.cursor");
        std::fs::rename(folder.path().join("copy.key"), folder.path().join("kept.key")).expect("it is there");
        std::fs::write(folder.path().join("copy.key"), "lw_none").expect("it can be written");
        let (is_right, _, wrong) = run(folder.path(), copy.clone()).await;
        assert!(!is_right && wrong.contains("auth.invalid_key"), "{wrong}");
        assert_eq!(held("leads.cursor"), place);
        std::fs::rename(folder.path().join("kept.key"), folder.path().join("copy.key")).expect("it is there");
        tenant.enter_leads("Second", 2).await;
        copied(5).await;
    }
}

/// What a summary begins with: what somebody does who calls the operation.
const VERBS: &[&str] = &[
    "Accept",
    "Activate",
    "Agree",
    "Allow",
    "Answer",
    "Ask",
    "Assign",
    "Begin",
    "Cancel",
    "Change",
    "Close",
    "Close,",
    "Confirm",
    "Count",
    "Create",
    "Delete",
    "Describe",
    "End",
    "Enter",
    "Explain",
    "Export",
    "Get",
    "Give",
    "Grant",
    "Import",
    "Hand",
    "Invite",
    "Leave",
    "Let",
    "List",
    "Log",
    "Look",
    "Mail",
    "Make",
    "Mark",
    "Merge",
    "Open",
    "Pause",
    "Clone",
    "Estimate",
    "Ping",
    "Preview",
    "Read",
    "Record",
    "Refresh",
    "Register",
    "Reject",
    "Remove",
    "Replace",
    "Replay",
    "Reset",
    "Restore",
    "Resume",
    "Retry",
    "Revoke",
    "Rotate",
    "Run",
    "Search",
    "Send",
    "Set",
    "Sign",
    "Start",
    "Stop",
    "Subscribe",
    "Suggest",
    "Switch",
    "Take",
    "Tell",
    "Transfer",
    "Try",
    "Unlock",
    "Update",
    "Upload",
    "Use",
    "Verify",
    "Withdraw",
    "Write",
];

#[test]
fn summaries_speak_with_one_voice() {
    let mut wrong = Vec::new();
    for (method, path, operation) in operations() {
        let summary = operation["summary"].as_str().unwrap_or_default();
        let verb = summary.split(' ').next().unwrap_or_default();
        let is_right = VERBS.contains(&verb)
            && summary.chars().count() <= 60
            && !summary.ends_with('.')
            && !summary.contains(['`', '\n']);
        if !is_right {
            wrong.push(format!(
                "{method} {path}: a verb and its object, 60 characters at most, no full stop: {summary:?}"
            ));
        }
        if operation["description"].as_str().is_none_or(|text| !text.trim_end().ends_with('.')) {
            wrong.push(format!("{method} {path} has no description"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operation_says_whom_it_is_for() {
    let mut wrong = Vec::new();
    for (method, path, operation) in operations() {
        let needed: Vec<&str> =
            operation["x-required-permissions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let text = operation["description"].as_str().unwrap_or_default();
        let last = text.lines().last().unwrap_or_default();
        let is_said = operation["x-required-permissions"].is_array() && needed == permissions(&operation);
        if !is_said || !last.starts_with("Needs ") || needed.iter().any(|name| !last.contains(name)) {
            wrong.push(format!("{method} {path}: {needed:?}, {last:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `docs/permissions.md` is what the code says. `INSTA_UPDATE=always` writes it anew.
#[test]
#[allow(clippy::disallowed_methods)] // the switch of the snapshots, which is no setting of the program
fn the_page_of_permissions_is_current() {
    let page = leadwright::app::permissions::page(document());
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(&place, &page).expect("it can be written");
    }
    let committed = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(committed == page, "docs/permissions.md is not what the code says: INSTA_UPDATE=always writes it anew");
}

#[test]
fn every_tag_stands_in_one_group() {
    let names = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
    };
    let tags: Vec<String> = document()["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag["name"].as_str())
        .map(str::to_string)
        .collect();
    let groups = document()["x-tagGroups"].as_array().expect("groups");
    let grouped: Vec<String> = groups.iter().flat_map(|group| names(&group["tags"])).collect();
    assert_eq!(grouped, tags, "the groups have every tag once, in the order in which the document describes them");
}

#[test]
fn what_is_our_own_has_samples_of_the_examples() {
    let mut wrong = Vec::new();
    for (method, path, operation) in operations() {
        let samples = operation["x-codeSamples"].as_array().cloned().unwrap_or_default();
        if path.contains("/webhooks/") {
            assert!(samples.is_empty(), "{path} is for providers");
            continue;
        }
        let languages: Vec<&str> = samples.iter().filter_map(|sample| sample["lang"].as_str()).collect();
        if languages != ["Shell", "TypeScript", "Python"] {
            wrong.push(format!("{method} {path}: {languages:?}"));
            continue;
        }
        let curl = samples[0]["source"].as_str().unwrap_or_default();
        let sent = curl.split_once("-d '").and_then(|(_, rest)| rest.rsplit_once('\''));
        let sent = sent.map(|(body, _)| serde_json::from_str::<Value>(&body.replace("'\\''", "'")).expect("JSON"));
        if sent != crate::contract::body_example(&operation) {
            wrong.push(format!("{method} {path}: the sample sends {sent:?}"));
        }
        if curl.contains('{') && !curl.contains("-d '") {
            wrong.push(format!("{method} {path}: a place is left open: {curl}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
