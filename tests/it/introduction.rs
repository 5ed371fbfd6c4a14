//! What the document tells its readers: the introduction, whose requests are carried out as they stand, and of every operation what
//! it does, whom it is for, and a sample.

use serde_json::Value;

use crate::both_engines;
use crate::contract::{document, operations};
use crate::described::permissions;

/// The first block of shell under a heading.
fn block(heading: &str) -> String {
    let text = document()["info"]["description"].as_str().expect("an introduction");
    let (_, section) = text.split_once(&format!("## {heading}\n")).expect("the section");
    let (_, rest) = section.split_once("```sh\n").expect("a block of shell");
    rest.split("```").next().unwrap_or_default().to_string()
}

#[test]
fn the_introduction_has_its_sections() {
    let text = document()["info"]["description"].as_str().expect("an introduction");
    for heading in [
        "First requests",
        "Authentication",
        "Permissions",
        "Errors",
        "Paging",
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
        let first = block("First requests").replace("http://127.0.0.1:8080", &app.url);
        let script = format!("set -eu\n{first}\necho; echo paging\n{}", block("Paging").replace("limit=200", "limit=1"));
        let run = move || std::process::Command::new("bash").arg("-c").arg(&script).output().expect("bash");
        let done = tokio::task::spawn_blocking(run).await.expect("it ends");
        let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{said}\n{wrong}");
        let (answers, pages) = said.split_once("paging\n").expect("it goes on to the loop");
        assert!(answers.contains("\"next_cursor\":") && !answers.contains("/problems/"), "{answers}");
        assert_eq!(pages.lines().count(), 1, "{pages}");
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
