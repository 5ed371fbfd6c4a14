//! Notes on contacts, tasks about them and about leads, and what the timeline tells of both.

use chrono::Duration;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::Client;

const PATH: &str = "/v1/tasks";

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}"))
}

fn path(of: &Value) -> String {
    format!("{PATH}/{}", id(of))
}

async fn titles(owner: &Client, query: &str) -> Vec<String> {
    let page = owner.get(&format!("{PATH}?{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_string()).collect()
}

/// Types of what happened, oldest first.
async fn story(owner: &Client, list: &str) -> Vec<String> {
    let page = owner.get(&format!("{list}?limit=200")).await.ok();
    page["data"].as_array().unwrap().iter().rev().map(|one| one["type"].as_str().unwrap().to_string()).collect()
}

async fn told_due(owner: &Client) -> Vec<Value> {
    let page = owner.get("/v1/events?type=task.due").await.ok();
    page["data"].as_array().unwrap().clone()
}

both_engines! {
    async fn notes_stand_on_a_contact(app: TestApp) {
        let mut tenant = app.growth("Notes").await;
        let owner = tenant.owner.clone();
        let priya = owner.post("/v1/contacts", json!({ "name": "Priya" })).await.created();
        let of_her = format!("/v1/contacts/{}", id(&priya));
        let notes = format!("{of_her}/notes");
        let first = owner.post(&notes, json!({ "body": " Met at the expo. " })).await.created();
        let me = owner.get("/v1/me").await.ok();
        assert_eq!((&first["body"], &first["author_id"], &first["contact_id"]), (&json!("Met at the expo."), &me["user"]["id"], &priya["id"]));
        let second = owner.post(&notes, json!({ "body": "Called." })).await.created();
        let listed = owner.get(&notes).await.ok();
        assert_eq!(listed["data"], json!([second, first]), "newest first");
        let page = owner.get(&format!("{notes}?limit=1")).await.ok();
        let next = owner.get(&format!("{notes}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap())).await.ok();
        assert_eq!(next["data"], json!([first]));
        owner.delete(&format!("{notes}/{}", id(&first))).await.expect(204);
        owner.delete(&format!("{notes}/{}", id(&first))).await.problem(404, "contact_note.not_found");
        assert_eq!(owner.get(&notes).await.ok()["data"], json!([second]));
        assert_eq!(story(&owner, &format!("{of_her}/timeline")).await, ["contact.created", "contact.note_added", "contact.note_added", "contact.note_deleted"]);
        // Only where it stands, and only one's own.
        let ravi = owner.post("/v1/contacts", json!({ "name": "Ravi" })).await.created();
        owner.delete(&format!("/v1/contacts/{}/notes/{}", id(&ravi), id(&second))).await.problem(404, "contact_note.not_found");
        let other = app.growth("Other").await.owner;
        other.get(&notes).await.problem(404, "contact.not_found");
        other.post(&notes, json!({ "body": "x" })).await.problem(404, "contact.not_found");
        other.delete(&format!("{notes}/{}", id(&second))).await.problem(404, "contact.not_found");
        for wrong in [json!({ "body": "" }), json!({ "body": "x".repeat(10_001) })] {
            owner.post(&notes, wrong).await.invalid("/body");
        }
        let viewer = tenant.user("viewer").await;
        viewer.get(&notes).await.ok();
        viewer.post(&notes, json!({ "body": "x" })).await.problem(403, "auth.forbidden");
        for _ in 1..500 {
            owner.post(&notes, json!({ "body": "Again." })).await.created();
        }
        owner.post(&notes, json!({ "body": "Again." })).await.problem(409, "contact_note.limit_reached");
        tenant.log_in_again().await;
        // They go with the contact.
        tenant.owner.delete(&of_her).await.expect(204);
        tenant.owner.get(&notes).await.problem(404, "contact.not_found");
    }

    async fn a_task_is_made_done_and_opened_again(app: TestApp) {
        let tenant = app.growth("Tasks").await;
        let owner = &tenant.owner;
        let me = owner.get("/v1/me").await.ok()["user"]["id"].clone();
        let priya = owner.post("/v1/contacts", json!({ "name": "Priya" })).await.created();
        let lead = tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        let body = json!({ "title": "Send the album", "description": "The red one.", "priority": "high", "assignee_id": me, "contact_id": priya["id"], "lead_id": lead["id"] });
        let task = owner.post(PATH, body).await.created();
        assert_eq!((&task["status"], &task["priority"], &task["created_by"], &task["completed_at"]), (&json!("open"), &json!("high"), &me, &Value::Null));
        assert_eq!(owner.get(&path(&task)).await.ok(), task);
        let plain = owner.post(PATH, json!({ "title": "Call" })).await.created();
        assert_eq!((&plain["priority"], &plain["assignee_id"]), (&json!("normal"), &Value::Null));
        let done = owner.patch(&path(&task), json!({ "status": "done" })).await.ok();
        assert!(done["completed_at"].is_string());
        assert_eq!(owner.patch(&path(&task), json!({ "status": "done" })).await.ok(), done, "nothing changed");
        let open = owner.patch(&path(&task), json!({ "status": "open", "description": null })).await.ok();
        assert_eq!((&open["completed_at"], &open["description"]), (&Value::Null, &Value::Null));
        owner.patch(&path(&task), json!({ "status": "cancelled" })).await.ok();
        owner.patch(&path(&task), json!({ "title": "x" })).header("If-Match", "\"1\"").await.problem(412, "request.precondition_failed");
        let wanted = ["task.created", "task.completed", "task.updated", "task.reopened", "task.cancelled"];
        let of_her = story(owner, &format!("/v1/contacts/{}/timeline", id(&priya))).await;
        assert_eq!(of_her[1..], wanted, "on the contact's timeline");
        let of_lead = story(owner, &format!("/v1/leads/{}/activities", id(&lead))).await;
        assert!(wanted.iter().all(|kind| of_lead.iter().any(|one| one == kind)), "and on the lead's: {of_lead:?}");
        owner.delete(&path(&task)).await.expect(204);
        owner.get(&path(&task)).await.problem(404, "task.not_found");
        app.advance(Duration::seconds(1));
        let gone = owner.get("/v1/tombstones").await.ok();
        assert!(gone["data"].as_array().unwrap().iter().any(|one| one["noun"] == "task" && one["id"] == task["id"]), "{gone}");
    }

    async fn what_cannot_be_a_task_is_refused(app: TestApp) {
        let tenant = app.growth("Refused").await;
        let owner = &tenant.owner;
        let other = app.growth("Other").await;
        let theirs = other.owner.post("/v1/contacts", json!({ "name": "Ravi" })).await.created();
        let lead = other.lead("Asha", "asha@example.com", "+919811122233").await;
        let stranger = other.owner.get("/v1/me").await.ok()["user"]["id"].clone();
        let wrong = json!({ "title": "x", "assignee_id": stranger, "contact_id": theirs["id"], "lead_id": lead["id"] });
        let told = owner.post(PATH, wrong).await.problem(422, "request.invalid");
        let pointers: Vec<&str> = told["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        assert_eq!(pointers, ["/assignee_id", "/contact_id", "/lead_id"], "all at once");
        for (body, pointer) in [(json!({}), "/title"), (json!({ "title": "" }), "/title"), (json!({ "title": "x", "due_at": "soon" }), "/due_at"),
            (json!({ "title": "x", "priority": "asap" }), "/priority"), (json!({ "title": "x", "status": "done" }), "/status")] {
            owner.post(PATH, body).await.invalid(pointer);
        }
        assert_eq!(titles(owner, "limit=1").await, [""; 0]);
        let task = owner.post(PATH, json!({ "title": "Call" })).await.created();
        for (field, value) in [("title", Value::Null), ("status", json!("won")), ("priority", Value::Null), ("contact_id", theirs["id"].clone())] {
            owner.patch(&path(&task), json!({ field: value })).await.invalid(&format!("/{field}"));
        }
        other.owner.get(&path(&task)).await.problem(404, "task.not_found");
        other.owner.patch(&path(&task), json!({ "title": "x" })).await.problem(404, "task.not_found");
        other.owner.delete(&path(&task)).await.problem(404, "task.not_found");
        let viewer = tenant.user("viewer").await;
        viewer.get(&path(&task)).await.ok();
        viewer.patch(&path(&task), json!({ "status": "done" })).await.problem(403, "auth.forbidden");
    }

    async fn a_task_that_falls_due_is_told_once(app: TestApp) {
        let mut tenant = app.growth("Due").await;
        let now = app.app.core.clock.now();
        let at = |hours: i64| now.plus(Duration::hours(hours)).to_string();
        let owner = tenant.owner.clone();
        let task = owner.post(PATH, json!({ "title": "Call", "due_at": at(1) })).await.created();
        let done = owner.post(PATH, json!({ "title": "Done before", "due_at": at(1) })).await.created();
        let moved = owner.post(PATH, json!({ "title": "Moved", "due_at": at(1) })).await.created();
        let gone = owner.post(PATH, json!({ "title": "Gone", "due_at": at(1) })).await.created();
        owner.patch(&path(&done), json!({ "status": "done" })).await.ok();
        owner.patch(&path(&moved), json!({ "due_at": at(3) })).await.ok();
        owner.delete(&path(&gone)).await.expect(204);
        app.run_jobs().await;
        assert_eq!(told_due(&owner).await, [Value::Null; 0], "not yet");
        app.advance(Duration::hours(1));
        app.run_jobs().await;
        tenant.log_in_again().await;
        let owner = tenant.owner.clone();
        let told = told_due(&owner).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["subject_id"], &told[0]["data"]["title"]), (&task["id"], &json!("Call")));
        // Once, whatever else happens to it; one that is opened again after its moment is told then.
        owner.patch(&path(&task), json!({ "title": "Call again", "status": "done" })).await.ok();
        owner.patch(&path(&task), json!({ "status": "open" })).await.ok();
        app.run_jobs().await;
        assert_eq!(told_due(&owner).await.len(), 1);
        owner.patch(&path(&done), json!({ "status": "open" })).await.ok();
        app.run_jobs().await;
        assert_eq!(told_due(&owner).await[0]["subject_id"], done["id"]);
        app.advance(Duration::hours(2));
        app.run_jobs().await;
        tenant.log_in_again().await;
        let told = told_due(&tenant.owner).await;
        assert_eq!((told.len(), &told[0]["subject_id"]), (3, &moved["id"]), "{told:?}");
        // Of another moment anew, and of one that is past at once.
        tenant.owner.patch(&path(&task), json!({ "due_at": at(0) })).await.ok();
        app.run_jobs().await;
        assert_eq!(told_due(&tenant.owner).await.len(), 4);
    }

    async fn tasks_are_found_and_outlive_whom_they_name(app: TestApp) {
        let tenant = app.growth("Found").await;
        let owner = &tenant.owner;
        let agent = tenant.user("agent").await;
        let agent = agent.get("/v1/me").await.ok()["user"]["id"].clone();
        let priya = owner.post("/v1/contacts", json!({ "name": "Priya" })).await.created();
        let lead = tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        let a = owner.post(PATH, json!({ "title": "a", "assignee_id": agent, "due_at": "2027-01-01T00:00:00Z" })).await.created();
        let b = owner.post(PATH, json!({ "title": "b", "contact_id": priya["id"], "priority": "urgent", "due_at": "2027-02-01T00:00:00Z" })).await.created();
        let c = owner.post(PATH, json!({ "title": "c", "lead_id": lead["id"], "assignee_id": agent })).await.created();
        owner.patch(&path(&c), json!({ "status": "done" })).await.ok();
        for (query, wanted) in [
            (format!("assignee_id={}", agent.as_str().unwrap()), vec!["c", "a"]),
            (format!("assignee_id={}&status=open", agent.as_str().unwrap()), vec!["a"]),
            ("is_assigned=false".into(), vec!["b"]),
            ("status=done".into(), vec!["c"]),
            ("priority=urgent".into(), vec!["b"]),
            (format!("contact_id={}", id(&priya)), vec!["b"]),
            (format!("lead_id={}", id(&lead)), vec!["c"]),
            ("due_after=2027-01-01T00:00:00Z&due_before=2027-02-01T00:00:00Z".into(), vec!["a"]),
            ("due_after=2027-01-02T00:00:00Z".into(), vec!["b"]),
        ] {
            assert_eq!(titles(owner, &query).await, wanted, "{query}");
        }
        let first = owner.get(&format!("{PATH}?limit=2")).await.ok();
        assert_eq!(titles(owner, &format!("limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await, ["a"], "page by page");
        owner.get(&format!("{PATH}?status=won")).await.invalid("status");
        // Who leaves the tenant has nothing to do any more; what was done keeps who did it.
        owner.delete(&format!("/v1/users/{}", agent.as_str().unwrap())).await.expect(204);
        assert_eq!(owner.get(&path(&a)).await.ok()["assignee_id"], Value::Null);
        assert_eq!(owner.get(&path(&c)).await.ok()["assignee_id"], agent);
        // A contact that is deleted leaves its tasks.
        owner.delete(&format!("/v1/contacts/{}", id(&priya))).await.expect(204);
        assert_eq!(owner.get(&path(&b)).await.ok()["contact_id"], Value::Null);
        let told = owner.get("/v1/events?type=task.updated").await.ok();
        let told: Vec<&Value> = told["data"].as_array().unwrap().iter().map(|one| &one["data"]["changed"]).collect();
        assert_eq!(told, [&json!(["contact_id"]), &json!(["assignee_id"])]);
        // A lead under lock has tasks like any other, which say nothing of whose it is.
        let poor = app.tenant("Locked").await;
        let locked = poor.lead("Sensitive Person", "sensitive@example.com", "+919811122244").await;
        let task = poor.owner.post(PATH, json!({ "title": "Look at it", "lead_id": locked["id"] })).await.created();
        assert_eq!((&task["lead_id"], &task["contact_id"]), (&locked["id"], &Value::Null));
    }
}
