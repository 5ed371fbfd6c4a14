//! Reading again costs little: whoever has what would be answered is told so, and nothing more.

use serde_json::json;

use crate::both_engines;
use crate::contract::{document, operations};
use crate::described::parameters;

#[test]
fn whoever_is_told_a_tag_may_show_it() {
    let mut wrong = Vec::new();
    let mut tagged = 0;
    for (method, path, operation) in operations() {
        let is_tagged = method == "get" && !operation["responses"]["200"]["headers"]["ETag"].is_null();
        let takes = parameters(&operation).contains(&("If-None-Match", "header"));
        let answers = !operation["responses"]["304"]["headers"]["ETag"].is_null();
        if (takes, answers) != (is_tagged, is_tagged) {
            wrong.push(format!("{method} {path}: has a tag {is_tagged}, takes it {takes}, answers 304 {answers}"));
        }
        tagged += usize::from(is_tagged);
    }
    assert!(wrong.is_empty() && tagged > 50, "{tagged}: {}", wrong.join("\n"));
}

both_engines! {
    async fn what_has_not_changed_is_not_sent_again(app: TestApp) {
        let tenant = app.growth("Reading").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let one = format!("/v1/leads/{}", lead["id"].as_str().expect("an id"));
        let read = async |path: &str, known: &str| tenant.owner.get(path).header("if-none-match", known).await;
        for path in [one.as_str(), "/v1/leads", "/v1/leads/counts", "/v1/me", "/v1/users", "/v1/conversations", "/v1/usage"] {
            let first = tenant.owner.get(path).await;
            let tag = first.header("etag").unwrap_or_else(|| panic!("{path} says no ETag")).to_string();
            // Two readings of the same differ in nothing.
            assert_eq!(tenant.owner.get(path).await.header("etag"), Some(tag.as_str()), "{path}");
            let strong = tag.trim_start_matches("W/");
            for known in [tag.clone(), strong.into(), format!("W/{strong}"), format!("\"other\", {tag}"), "*".into()] {
                let again = read(path, &known).await;
                assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}: {known}");
                assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
            }
            assert_eq!(read(path, "\"other\"").await.status, 200, "{path}");
            // What is no tag is nobody's version.
            assert_eq!(read(path, "v1").await.status, 200, "{path}");
            let head = tenant.owner.call("HEAD", path).header("if-none-match", &tag).await;
            assert_eq!(head.status, 304, "{path}");
        }
        let list = tenant.owner.get("/v1/leads").await.header("etag").expect("a tag").to_string();
        let version = tenant.owner.get(&one).await.header("etag").expect("a tag").to_string();
        tenant.owner.patch(&one, json!({ "company": "Acme" })).header("if-match", &version).await.ok();
        for (path, known) in [("/v1/leads", list), (one.as_str(), version)] {
            let now = read(path, &known).await;
            assert_eq!(now.status, 200, "{path}");
            assert_ne!(now.header("etag"), Some(known.as_str()), "{path}");
        }
        // A refusal is never "as before".
        let nobody = app.anonymous().get("/v1/leads").header("if-none-match", "*").await;
        nobody.problem(401, "auth.missing_credentials");
    }

    async fn what_has_no_version_is_changed_as_it_was_read(app: TestApp) {
        let owner = app.growth("Myself").await.owner;
        let tag = async |path: &str| owner.get(path).await.header("etag").expect("a tag").to_string();
        let (read, me) = (tag("/v1/me").await, owner.get("/v1/me").await.ok());
        let member = format!("/v1/users/{}", me["user"]["id"].as_str().expect("an id"));
        let shown = tag(&member).await;
        let change = async |body: serde_json::Value, known: &str| owner.patch("/v1/me", body).header("if-match", known).await;
        let changed = change(json!({ "name": "Asha", "preferences": { "quiet": true } }), &read).await;
        let now = changed.header("etag").expect("a tag").to_string();
        changed.ok();
        assert_eq!(tag("/v1/me").await, now);
        change(json!({ "name": "Priya" }), &read).await.problem(412, "request.precondition_failed");
        let same = change(json!({ "name": "Asha", "preferences": { "quiet": true } }), &now).await;
        assert_eq!((same.status, same.header("etag")), (200, Some(now.as_str())), "nothing is other than before");
        assert_eq!(owner.get("/v1/me").await.ok()["user"]["name"], "Asha");
        owner.patch("/v1/me", json!({ "name": "Priya" })).await.ok();
        // What the tenant is shown of its member is another version as well.
        assert_eq!(owner.get(&member).header("if-none-match", &shown).await.ok()["name"], "Priya");
    }

    async fn what_is_private_stays_in_no_browser_and_what_is_everybodys_may(app: TestApp) {
        let tenant = app.growth("Kept").await;
        for (path, kept) in [
            ("/v1/leads", Some("no-store")),
            ("/v1/me", Some("no-store")),
            ("/v1/labels", Some("public, max-age=3600")),
            ("/problems", None),
        ] {
            let first = tenant.owner.get(path).await;
            let tag = first.header("etag").unwrap_or_else(|| panic!("{path} says no ETag")).to_string();
            assert_eq!(first.header("cache-control"), kept, "{path}");
            let again = tenant.owner.get(path).header("if-none-match", &tag).await;
            assert_eq!((again.status, again.header("cache-control")), (304, kept), "{path}");
        }
        assert_eq!(app.anonymous().get("/healthz").await.header("etag"), None);
    }

    async fn what_is_listed_by_several_types_is_of_these_alone(app: TestApp) {
        let tenant = app.growth("Typed").await;
        tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let page = tenant.owner.get("/v1/events?types=lead.created,tenant.created").await.ok();
        let types: Vec<&str> = page["data"].as_array().expect("events").iter().filter_map(|one| one["type"].as_str()).collect();
        assert_eq!(types, ["lead.created", "tenant.created"]);
        // A client may name all that it knows.
        let all = document()["components"]["schemas"]["EventType"]["enum"].as_array().expect("types");
        let all: Vec<&str> = all.iter().filter_map(|one| one.as_str()).collect();
        tenant.owner.get(&format!("/v1/events?types={}", all.join(","))).await.ok();
        tenant.owner.get("/v1/events?types=lead.eaten").await.invalid("types");
    }

    async fn the_document_is_sent_once(app: TestApp) {
        for path in ["/openapi.json", "/docs/reference/redoc.js"] {
            let first = app.anonymous().get(path).await;
            let tag = first.header("etag").expect("a tag").to_string();
            let again = app.anonymous().get(path).header("if-none-match", &tag).await;
            assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        }
    }

    async fn a_word_where_an_id_belongs_is_said_to_be_none(app: TestApp) {
        let tenant = app.growth("Ids").await;
        for path in ["/v1/leads/123", "/v1/ad-campaigns/first", "/v1/conversations/123/messages"] {
            let problem = tenant.owner.get(path).await.problem(404, "resource.not_found");
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(detail.contains("is no id. Expected one as it was answered"), "{path}: {detail}");
        }
        let long = format!("/v1/leads/{}", "x".repeat(100));
        let problem = tenant.owner.get(&long).await.problem(404, "resource.not_found");
        assert_eq!(problem["detail"], "There is nothing under this path.");
    }
}
