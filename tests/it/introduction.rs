//! The introduction's first requests, carried out as they stand.

use crate::both_engines;
use crate::contract::document;

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
        "First requests", "Authentication", "Permissions", "Errors", "Paging", "Idempotency", "Concurrency", "Limits",
        "Money and time", "Locked leads", "Sandbox and twins", "Webhooks", "Versions",
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
