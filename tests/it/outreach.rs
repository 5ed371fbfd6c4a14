//! Writing to many: whom a campaign reaches, that nobody is written to twice, and that its numbers are its rows'.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}"))
}

fn path(campaign: &Value, step: &str) -> String {
    format!("/v1/outreach-campaigns/{}{step}", id(campaign))
}

async fn letter(tenant: &Tenant) -> Value {
    let words = json!({ "name": "Diwali", "channel": "email", "message_class": "marketing", "status": "active",
        "subject": "Happy Diwali, {{ first_name | default('friend') }}", "body": "Dear {{ name }}, ten percent off until Sunday." });
    tenant.owner.post("/v1/templates", words).await.created()
}

/// People with the tag `clients`, all of whom agreed to hear offers by e-mail.
async fn clients(tenant: &Tenant, emails: &[String]) -> Vec<Value> {
    let mut people = Vec::new();
    for (n, email) in emails.iter().enumerate() {
        let body = json!({ "name": format!("Client {n}"), "first_name": format!("Given {n}"), "email": email, "tags": ["clients"] });
        let person = tenant.owner.post("/v1/contacts", body).await.created();
        agree(tenant, &person).await;
        people.push(person);
    }
    people
}

async fn agree(tenant: &Tenant, person: &Value) {
    let said = json!({ "channel": "email", "class": "marketing", "state": "granted", "source": "form",
        "wording": "Yes, send me offers", "occurred_at": "2026-11-01T10:00:00Z" });
    tenant.owner.post(&format!("/v1/contacts/{}/consents", id(person)), said).await.created();
}

fn mailboxes(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("client{n}@example.com")).collect()
}

async fn draft(tenant: &Tenant) -> Value {
    let template = letter(tenant).await;
    let new = json!({ "name": "Diwali offer", "template_id": template["id"], "audience": { "tag": "Clients" } });
    tenant.owner.post("/v1/outreach-campaigns", new).await.created()
}

/// Estimated and confirmed.
async fn confirmed(tenant: &Tenant, campaign: &Value) -> Value {
    let estimate = tenant.owner.call("POST", &path(campaign, "/estimate")).await.created();
    tenant.owner.post(&path(campaign, "/confirm"), json!({ "estimate_id": estimate["id"] })).await.ok()
}

async fn counts(tenant: &Tenant, campaign: &Value) -> Value {
    tenant.owner.get(&path(campaign, "/counts")).await.ok()
}

async fn now(tenant: &Tenant, campaign: &Value) -> Value {
    tenant.owner.get(&path(campaign, "")).await.ok()
}

/// What reached people's mailboxes, but for what the platform itself says.
async fn mailed(app: &TestApp) -> Vec<Value> {
    let all = app.outbox().await;
    all.into_iter()
        .filter(|mail| mail["subject"].as_str().is_some_and(|subject| subject.starts_with("Happy")))
        .collect()
}

async fn faults(app: &TestApp, faults: Value) {
    app.anonymous().put("/sandbox/faults", json!({ "faults": faults })).await.ok();
}

both_engines! {
    async fn a_campaign_reaches_whom_it_may_once_and_says_why_not_the_others(app: TestApp) {
        let tenant = app.growth("Studio").await;
        let people = clients(&tenant, &mailboxes(3)).await;
        let silent = json!({ "name": "Silent", "email": "silent@example.com", "tags": ["clients"] });
        let silent = tenant.owner.post("/v1/contacts", silent).await.created();
        tenant.owner.post("/v1/contacts", json!({ "name": "No mail", "phone": "+919876500009", "tags": ["clients"] })).await.created();
        tenant.owner.post("/v1/contacts", json!({ "name": "Elsewhere", "email": "else@example.com" })).await.created();
        let campaign = draft(&tenant).await;
        assert_eq!((&campaign["status"], &campaign["channel"], &campaign["audience_size"]), (&json!("draft"), &json!("email"), &json!(0)));
        app.run_jobs().await;
        assert!(mailed(&app).await.is_empty(), "a draft is sent to nobody");

        let estimate = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        assert_eq!((&estimate["gross"], &estimate["net"], &estimate["is_whole"]), (&json!(5), &json!(3), &json!(true)), "{estimate}");
        assert_eq!(estimate["suppressed"], json!({ "no_consent": 1, "no_address": 1 }), "{estimate}");
        assert_eq!(tenant.owner.get(&path(&campaign, "/estimate")).await.ok(), estimate);
        let running = tenant.owner.post(&path(&campaign, "/confirm"), json!({ "estimate_id": estimate["id"] })).await.ok();
        assert_eq!((&running["status"], running["launched_at"].is_string()), (&json!("preparing"), true));
        // Who agrees before it is their turn is written to: the gate is asked at the moment of sending.
        agree(&tenant, &silent).await;
        app.run_jobs().await;
        let done = now(&tenant, &campaign).await;
        assert_eq!((&done["status"], &done["audience_size"]), (&json!("completed"), &json!(5)), "{done}");
        let mails = mailed(&app).await;
        let mut to: Vec<&str> = mails.iter().filter_map(|mail| mail["to"].as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["client0@example.com", "client1@example.com", "client2@example.com", "silent@example.com"]);
        let mine = mails.iter().find(|mail| mail["to"] == "client1@example.com").unwrap();
        assert_eq!(mine["subject"], "Happy Diwali, Given 1");
        assert!(mine["body"].as_str().unwrap().starts_with("Dear Client 1, ten percent off"), "{mine}");

        let sums = counts(&tenant, &campaign).await;
        assert_eq!((&sums["audience"], &sums["sent"], &sums["delivered"], &sums["suppressed"], &sums["pending"]),
            (&json!(5), &json!(4), &json!(4), &json!(1), &json!(0)), "{sums}");
        let rows = tenant.owner.get(&path(&campaign, "/recipients?limit=3")).await.ok();
        assert_eq!(rows["data"].as_array().unwrap().len(), 3);
        let rest = tenant.owner.get(&path(&campaign, &format!("/recipients?cursor={}", rows["next_cursor"].as_str().unwrap()))).await.ok();
        assert_eq!(rest["data"].as_array().unwrap().len(), 2);
        let one = tenant.owner.get(&path(&campaign, &format!("/recipients?contact_id={}", id(&people[1])))).await.ok();
        let one = &one["data"][0];
        assert_eq!((&one["status"], &one["address"], one["delivered_at"].is_string()), (&json!("delivered"), &json!("client1@example.com"), true));
        let unreached = tenant.owner.get(&path(&campaign, "/recipients?status=suppressed")).await.ok();
        assert_eq!(unreached["data"][0]["error_code"], "no_address");

        let proof = tenant.owner.get(&path(&campaign, "/proof")).await.ok();
        assert_eq!((&proof["is_sum_of_states"], &proof["is_audience_unchanged"], &proof["duplicates"]), (&json!(true), &json!(true), &json!(0)), "{proof}");
        assert_eq!(proof["counts"], sums);
        let kinds = tenant.owner.get(&format!("/v1/events?subject_type=outreach_campaign&subject_id={}&limit=100", id(&campaign))).await.ok();
        let mut kinds: Vec<&str> = kinds["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        kinds.reverse();
        assert_eq!(kinds, ["outreach_campaign.created", "outreach_campaign.confirmed", "outreach_campaign.launched", "outreach_campaign.completed"]);
        // Whoever is forgotten is forgotten here, too, and still counted.
        tenant.owner.delete(&format!("/v1/contacts/{}", id(&people[1]))).await.expect(204);
        let forgotten = tenant.owner.get(&path(&campaign, &format!("/recipients?contact_id={}", id(&people[1])))).await.ok();
        assert_eq!((&forgotten["data"][0]["address"], &forgotten["data"][0]["content"]), (&Value::Null, &Value::Null));
        assert_eq!(counts(&tenant, &campaign).await, sums);
    }

    async fn an_estimate_is_confirmed_once_by_its_own_tenant_while_it_is_fresh(app: TestApp) {
        let mut tenant = app.growth("Confirm").await;
        clients(&tenant, &mailboxes(1)).await;
        let campaign = draft(&tenant).await;
        let estimate = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        let confirm = path(&campaign, "/confirm");
        let body = json!({ "estimate_id": estimate["id"] });
        let stranger = app.growth("Stranger").await;
        for step in ["", "/estimate", "/counts", "/recipients", "/proof"] {
            stranger.owner.get(&path(&campaign, step)).await.problem(404, "outreach_campaign.not_found");
        }
        stranger.owner.post(&confirm, body.clone()).await.problem(404, "outreach_campaign.not_found");
        clients(&stranger, &["other@example.com".to_string()]).await;
        let theirs = draft(&stranger).await;
        let foreign = stranger.owner.call("POST", &path(&theirs, "/estimate")).await.created();
        tenant.owner.post(&confirm, json!({ "estimate_id": foreign["id"] })).await.problem(404, "outreach_estimate.not_found");
        let agent = tenant.user("agent").await;
        agent.post(&confirm, body.clone()).await.problem(403, "auth.forbidden");

        tenant.owner.patch(&path(&campaign, ""), json!({ "name": "Diwali again" })).await.ok();
        tenant.owner.post(&confirm, body).await.problem(409, "outreach_estimate.stale");
        let fresh = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        let body = json!({ "estimate_id": fresh["id"] });
        app.advance(chrono::Duration::minutes(61));
        tenant.log_in_again().await;
        tenant.owner.post(&confirm, body).await.problem(409, "outreach_estimate.expired");
        let estimate = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        let body = json!({ "estimate_id": estimate["id"] });
        let (one, two) = tokio::join!(tenant.owner.post(&confirm, body.clone()), tenant.owner.post(&confirm, body));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "one wins: {} {}", one.text, two.text);
        app.run_jobs().await;
        assert_eq!(mailed(&app).await.len(), 1);
        tenant.owner.call("POST", &path(&campaign, "/estimate")).await.problem(409, "outreach_campaign.not_draft");
        tenant.owner.delete(&path(&campaign, "")).await.problem(409, "outreach_campaign.not_draft");
        tenant.owner.patch(&path(&campaign, ""), json!({ "name": "x" })).await.problem(409, "outreach_campaign.not_editable");
        let again = tenant.owner.call("POST", &path(&campaign, "/clone")).await.created();
        assert_eq!((&again["status"], &again["audience_size"], &again["estimate_id"]), (&json!("draft"), &json!(0), &Value::Null));
        tenant.owner.delete(&path(&again, "")).await.expect(204);
        tenant.owner.get(&path(&again, "")).await.problem(404, "outreach_campaign.not_found");
    }

    async fn what_cannot_be_a_campaign_is_told_by_its_field(app: TestApp) {
        let tenant = app.growth("Wrong").await;
        let template = letter(&tenant).await;
        let good = json!({ "name": "x", "template_id": template["id"], "audience": { "tag": "clients" } });
        for (field, value, pointer) in [
            ("name", json!(""), "/name"),
            ("audience", json!({}), "/audience"),
            ("audience", json!({ "tag": "a", "contact_ids": ["019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"] }), "/audience"),
            ("audience", json!({ "contact_ids": [] }), "/audience/contact_ids"),
            ("audience", json!({ "rule": { "field": "shoe_size", "op": "eq", "value": 9 } }), "/audience/rule/field"),
            ("audience", json!({ "contact_ids": ["019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"] }), "/audience/contact_ids/0"),
            ("scheduled_at", json!("2026-11-20T08:00:00Z"), "/scheduled_at"),
            ("scheduled_at", json!("2029-11-20T08:00:00Z"), "/scheduled_at"),
            ("lateness_minutes", json!(0), "/lateness_minutes"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            tenant.owner.post("/v1/outreach-campaigns", body).await.invalid(pointer);
        }
        let mut body = good.clone();
        body["template_id"] = json!("019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11");
        tenant.owner.post("/v1/outreach-campaigns", body).await.problem(404, "template.not_found");
        let empty = tenant.owner.post("/v1/outreach-campaigns", good).await.created();
        let estimate = tenant.owner.call("POST", &path(&empty, "/estimate")).await.created();
        assert_eq!((&estimate["gross"], &estimate["expected_done_at"]), (&json!(0), &Value::Null));
        tenant.owner.post(&path(&empty, "/confirm"), json!({ "estimate_id": estimate["id"] })).await.problem(409, "outreach_campaign.reaches_nobody");
        tenant.owner.get(&path(&empty, "/proof")).await.problem(409, "outreach_campaign.not_launched");
        for step in ["/pause", "/resume", "/cancel"] {
            tenant.owner.call("POST", &path(&empty, step)).await.problem(409, "outreach_campaign.illegal_transition");
        }
        tenant.owner.patch(&path(&empty, ""), json!({ "name": "y" })).header("If-Match", "\"7\"").await.problem(412, "request.precondition_failed");
    }

    async fn it_leaves_at_its_moment_or_is_missed(app: TestApp) {
        let mut tenant = app.growth("Scheduled").await;
        clients(&tenant, &mailboxes(2)).await;
        let template = letter(&tenant).await;
        let new = json!({ "name": "Later", "template_id": template["id"], "audience": { "tag": "clients" },
            "scheduled_at": "2026-11-20T12:00:00Z", "lateness_minutes": 30 });
        let campaign = tenant.owner.post("/v1/outreach-campaigns", new.clone()).await.created();
        assert_eq!(confirmed(&tenant, &campaign).await["status"], "scheduled");
        app.run_jobs().await;
        assert!(mailed(&app).await.is_empty());
        // Paused before its moment, it waits; resumed within its lateness it leaves.
        tenant.owner.call("POST", &path(&campaign, "/pause")).await.ok();
        app.advance(chrono::Duration::minutes(190));
        tenant.log_in_again().await;
        app.run_jobs().await;
        assert!(mailed(&app).await.is_empty());
        tenant.owner.call("POST", &path(&campaign, "/resume")).await.ok();
        app.run_jobs().await;
        assert_eq!((mailed(&app).await.len(), &now(&tenant, &campaign).await["status"]), (2, &json!("completed")));

        let mut late = new;
        late["scheduled_at"] = json!("2026-11-20T15:00:00Z");
        let late = tenant.owner.post("/v1/outreach-campaigns", late).await.created();
        confirmed(&tenant, &late).await;
        app.advance(chrono::Duration::minutes(201));
        tenant.log_in_again().await;
        app.run_jobs().await;
        let missed = now(&tenant, &late).await;
        assert_eq!((&missed["status"], &missed["status_reason"]), (&json!("missed"), &json!("too_late")), "{missed}");
        assert_eq!(mailed(&app).await.len(), 2, "nothing of it left");
    }

    async fn it_is_paused_changed_resumed_and_canceled(app: TestApp) {
        let tenant = app.growth("Steered").await;
        clients(&tenant, &mailboxes(4)).await;
        let campaign = draft(&tenant).await;
        confirmed(&tenant, &campaign).await;
        let paused = tenant.owner.call("POST", &path(&campaign, "/pause")).await.ok();
        assert_eq!((&paused["status"], &paused["status_reason"]), (&json!("paused"), &json!("by_user")));
        app.run_jobs().await;
        assert!(mailed(&app).await.is_empty());
        tenant.owner.patch(&path(&campaign, ""), json!({ "audience": { "tag": "others" } })).await.invalid("/audience");
        let words = json!({ "name": "Better", "channel": "email", "message_class": "marketing", "status": "active", "subject": "Happy New Year", "body": "Dear {{ name }}" });
        let better = tenant.owner.post("/v1/templates", words).await.created();
        tenant.owner.patch(&path(&campaign, ""), json!({ "template_id": better["id"] })).await.ok();
        tenant.owner.call("POST", &path(&campaign, "/resume")).await.ok();
        app.run_jobs().await;
        let mails = mailed(&app).await;
        assert_eq!((mails.len(), &mails[0]["subject"]), (4, &json!("Happy New Year")));

        let campaign = tenant.owner.call("POST", &path(&campaign, "/clone")).await.created();
        confirmed(&tenant, &campaign).await;
        tenant.owner.call("POST", &path(&campaign, "/cancel")).await.ok();
        app.run_jobs().await;
        assert_eq!(mailed(&app).await.len(), 4);
        let canceled = now(&tenant, &campaign).await;
        assert_eq!((&canceled["status"], canceled["completed_at"].is_string()), (&json!("canceled"), true));
        tenant.owner.call("POST", &path(&campaign, "/resume")).await.problem(409, "outreach_campaign.illegal_transition");
    }

    async fn a_provider_that_fails_fails_one_and_one_that_throttles_fails_nobody(app: TestApp) {
        let tenant = app.growth("Faults").await;
        clients(&tenant, &mailboxes(5)).await;
        let campaign = draft(&tenant).await;
        faults(&app, json!([
            { "provider": "resend", "operation": "send", "mode": "fail", "status": 422, "code": "validation_error", "times": 1 },
            { "provider": "resend", "operation": "send", "mode": "throttle", "retry_after_seconds": 3, "times": 2 },
        ])).await;
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        let sums = counts(&tenant, &campaign).await;
        assert_eq!((&sums["failed"], &sums["pending"]), (&json!(1), &json!(2)), "{sums}");
        app.advance(chrono::Duration::seconds(4));
        app.run_jobs().await;
        let sums = counts(&tenant, &campaign).await;
        assert_eq!((&sums["failed"], &sums["sent"], &sums["pending"]), (&json!(1), &json!(4), &json!(0)), "{sums}");
        let failed = tenant.owner.get(&path(&campaign, "/recipients?status=failed")).await.ok();
        assert_eq!(failed["data"][0]["error_code"], "validation_error");
        assert_eq!(now(&tenant, &campaign).await["status"], "completed");
    }

    async fn a_lost_answer_is_found_out_and_nobody_is_written_to_twice(app: TestApp) {
        let tenant = app.growth("Lost").await;
        clients(&tenant, &mailboxes(3)).await;
        let campaign = draft(&tenant).await;
        faults(&app, json!([{ "provider": "resend", "operation": "send", "mode": "garbage", "times": 2 }])).await;
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::seconds(180));
        app.run_jobs().await;
        let sums = counts(&tenant, &campaign).await;
        assert_eq!((&sums["sent"], &sums["pending"], &sums["failed"]), (&json!(3), &json!(0), &json!(0)), "{sums}");
        let mut to: Vec<String> = mailed(&app).await.iter().map(|mail| mail["to"].to_string()).collect();
        to.sort_unstable();
        to.dedup();
        assert_eq!((to.len(), mailed(&app).await.len()), (3, 3), "each once");
        assert_eq!(now(&tenant, &campaign).await["status"], "completed");
    }

    async fn a_sender_that_is_blocked_pauses_it_until_somebody_mends_that(app: TestApp) {
        let tenant = app.growth("Blocked").await;
        clients(&tenant, &mailboxes(2)).await;
        let campaign = draft(&tenant).await;
        faults(&app, json!([{ "provider": "resend", "operation": "send", "mode": "fail", "status": 403, "code": "invalid_api_key" }])).await;
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        let paused = now(&tenant, &campaign).await;
        assert_eq!((&paused["status"], &paused["status_reason"]), (&json!("paused"), &json!("sender_blocked")), "{paused}");
        assert_eq!(counts(&tenant, &campaign).await["pending"], 2, "nobody is lost");
        app.anonymous().delete("/sandbox/faults").await.expect(204);
        tenant.owner.call("POST", &path(&campaign, "/resume")).await.ok();
        app.run_jobs().await;
        assert_eq!((mailed(&app).await.len(), &now(&tenant, &campaign).await["status"]), (2, &json!("completed")));
    }

    async fn bounces_are_counted_and_many_of_them_stop_it(app: TestApp) {
        let mut tenant = app.growth("Bounces").await;
        tenant.agree(&app, json!({ "people_a_day": 10_000 })).await;
        let bad: Vec<String> = (0..25).map(|n| format!("bounced+{n}@resend.dev")).collect();
        clients(&tenant, &bad).await;
        // Where these are it is night, so they come later.
        for person in clients(&tenant, &mailboxes(3)).await {
            let there = json!({ "time_zone": "America/Los_Angeles" });
            tenant.owner.patch(&format!("/v1/contacts/{}", id(&person)), there).await.ok();
        }
        let campaign = draft(&tenant).await;
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::hours(9));
        tenant.log_in_again().await;
        app.run_jobs().await;
        let stopped = now(&tenant, &campaign).await;
        assert_eq!((&stopped["status"], &stopped["status_reason"]), (&json!("paused"), &json!("too_many_bounces")), "{stopped}");
        let sums = counts(&tenant, &campaign).await;
        assert!(sums["pending"].as_i64().unwrap() > 0, "{sums}");
        let told = tenant.owner.get("/v1/suppressions?reason=bounced").await.ok();
        assert!(!told["data"].as_array().unwrap().is_empty(), "a mailbox that bounced is not written to again");
    }

    async fn a_segment_and_a_rule_say_who_as_it_is_at_the_launch(app: TestApp) {
        let tenant = app.growth("Groups").await;
        let people = clients(&tenant, &mailboxes(3)).await;
        tenant.owner.patch(&format!("/v1/contacts/{}", id(&people[0])), json!({ "location": { "city": "Mumbai" } })).await.ok();
        let template = letter(&tenant).await;
        let rule = json!({ "field": "city", "op": "eq", "value": "mumbai" });
        let new = json!({ "name": "By rule", "template_id": template["id"], "audience": { "rule": rule } });
        let by_rule = tenant.owner.post("/v1/outreach-campaigns", new).await.created();
        confirmed(&tenant, &by_rule).await;
        // Who moves there before it is launched is part of it.
        tenant.owner.patch(&format!("/v1/contacts/{}", id(&people[1])), json!({ "location": { "city": "MUMBAI" } })).await.ok();
        app.run_jobs().await;
        assert_eq!(counts(&tenant, &by_rule).await["sent"], 2);

        let segment = json!({ "name": "Everybody here", "kind": "static" });
        let segment = tenant.owner.post("/v1/segments", segment).await.created();
        let members = json!({ "add": [id(&people[2])] });
        tenant.owner.post(&format!("/v1/segments/{}/members", id(&segment)), members).await.ok();
        let new = json!({ "name": "By segment", "template_id": template["id"], "audience": { "segment_id": segment["id"] } });
        let by_segment = tenant.owner.post("/v1/outreach-campaigns", new).await.created();
        confirmed(&tenant, &by_segment).await;
        app.run_jobs().await;
        let rows = tenant.owner.get(&path(&by_segment, "/recipients")).await.ok();
        assert_eq!((rows["data"].as_array().unwrap().len(), &rows["data"][0]["contact_id"]), (1, &people[2]["id"]));
        let other = app.growth("Other groups").await;
        let theirs = letter(&other).await;
        let new = json!({ "name": "x", "template_id": theirs["id"], "audience": { "segment_id": segment["id"] } });
        other.owner.post("/v1/outreach-campaigns", new).await.problem(404, "segment.not_found");
    }

    async fn a_tenant_writes_to_as_many_people_a_day_as_it_may(app: TestApp) {
        let mut tenant = app.growth("Capped").await;
        tenant.agree(&app, json!({ "people_a_day": 2 })).await;
        clients(&tenant, &mailboxes(3)).await;
        let campaign = draft(&tenant).await;
        let estimate = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        assert!(estimate["expected_done_at"].as_str().unwrap() > "2026-11-21", "{estimate}");
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        assert_eq!((mailed(&app).await.len(), &counts(&tenant, &campaign).await["pending"]), (2, &json!(1)));
        app.advance(chrono::Duration::hours(20));
        tenant.log_in_again().await;
        app.run_jobs().await;
        assert_eq!((mailed(&app).await.len(), &now(&tenant, &campaign).await["status"]), (3, &json!("completed")));
    }

    async fn an_answer_becomes_a_lead_with_its_conversation(app: TestApp) {
        let tenant = app.growth("Answers").await;
        tenant.activate(&app).await;
        let words = json!({ "name": "Text", "channel": "sms", "message_class": "marketing", "status": "active",
            "body": "Hi {{ first_name | default('there') }}, 20% off. Reply YES if interested." });
        let template = tenant.owner.post("/v1/templates", words).await.created();
        let answers = [("YES please", "positive"), ("How much?", "neutral"), ("No thanks", "negative"), ("I am out of office until Monday", "auto_reply"), ("STOP", "opt_out")];
        let mut people = Vec::new();
        for n in 0..answers.len() {
            let body = json!({ "name": format!("Person {n}"), "phone": format!("+9198765000{n:02}"), "tags": ["text"] });
            let person = tenant.owner.post("/v1/contacts", body).await.created();
            let said = json!({ "channel": "sms", "class": "marketing", "state": "granted", "source": "form", "wording": "Text me" });
            tenant.owner.post(&format!("/v1/contacts/{}/consents", id(&person)), said).await.created();
            people.push(person);
        }
        let new = json!({ "name": "Texts", "template_id": template["id"], "audience": { "tag": "text" } });
        let campaign = tenant.owner.post("/v1/outreach-campaigns", new).await.created();
        let estimate = tenant.owner.call("POST", &path(&campaign, "/estimate")).await.created();
        assert_eq!((&estimate["net"], &estimate["segments"]), (&json!(5), &json!(5)), "{estimate}");
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::seconds(30));
        for (n, (text, _)) in answers.iter().enumerate() {
            let told = json!({ "from": format!("+9198765000{n:02}"), "to": "+14155550100", "body": text });
            app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
            app.run_jobs().await;
        }
        // What is obeyed is no enquiry.
        app.anonymous().post("/sandbox/twilio/inbound", json!({ "from": "+919876500004", "to": "+14155550100", "body": "START" })).await.created();
        app.run_jobs().await;
        app.advance(chrono::Duration::seconds(1));
        app.anonymous().post("/sandbox/twilio/inbound", json!({ "from": "+919876500004", "to": "+14155550100", "body": "STOP" })).await.created();
        app.run_jobs().await;
        let leads = tenant.leads().await;
        let mut names: Vec<&str> = leads.iter().filter_map(|lead| lead["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Person 0", "Person 1"], "who said yes, and who asks");
        for lead in &leads {
            assert_eq!((&lead["source"], lead["is_charged"].as_bool()), (&json!("outreach_response"), Some(true)), "{lead}");
            let at: usize = lead["name"].as_str().unwrap()[7..].parse().unwrap();
            assert_eq!(lead["contact_id"], people[at]["id"]);
            let threads = tenant.owner.get(&format!("/v1/conversations?lead_id={}", id(lead))).await.ok();
            let thread = threads["data"].as_array().unwrap().iter().find(|thread| thread["channel"] == "sms").expect("a conversation").clone();
            let messages = tenant.owner.get(&format!("/v1/conversations/{}/messages", id(&thread))).await.ok();
            let said: Vec<&str> = messages["data"].as_array().unwrap().iter().filter_map(|message| message["content"].as_str()).collect();
            assert!(said.iter().any(|text| text.contains("20% off")) && said.contains(&answers[at].0), "{said:?}");
        }
        let rows = tenant.owner.get(&path(&campaign, "/recipients")).await.ok();
        for row in rows["data"].as_array().unwrap() {
            let at = people.iter().position(|person| person["id"] == row["contact_id"]).unwrap();
            assert_eq!(row["reply_class"], answers[at].1, "{row}");
            assert_eq!(row["responded_at"].is_string(), answers[at].1 != "auto_reply", "{row}");
            assert_eq!(row["lead_id"].is_string(), at < 2, "{row}");
        }
        assert_eq!(counts(&tenant, &campaign).await["responded"], 4);
        let yes = tenant.owner.get(&path(&campaign, "/responses?reply_class=positive")).await.ok();
        assert_eq!((yes["data"].as_array().unwrap().len(), &yes["data"][0]["reply_text"]), (1, &json!("YES please")));
        let gates = tenant.owner.get(&format!("/v1/contacts/{}/eligibility?channel=sms&class=marketing", id(&people[4]))).await.ok();
        assert_eq!(gates["may_write"], false, "STOP is obeyed");
    }

    async fn an_e_mail_has_a_way_out(app: TestApp) {
        let tenant = app.growth("Way out").await;
        clients(&tenant, &mailboxes(1)).await;
        let campaign = draft(&tenant).await;
        confirmed(&tenant, &campaign).await;
        app.run_jobs().await;
        let mail = mailed(&app).await.remove(0);
        let text = mail["body"].as_str().unwrap();
        let at = text.find("/preferences/").expect("a link");
        let token: String = text[at + "/preferences/".len()..].split_whitespace().next().unwrap().into();
        assert_eq!(app.anonymous().get(&format!("/unsubscribe/{token}")).await.status, 200);
        let again = tenant.owner.call("POST", &path(&campaign, "/clone")).await.created();
        let estimate = tenant.owner.call("POST", &path(&again, "/estimate")).await.created();
        assert_eq!(estimate["net"], 1, "opening a link changes nothing");
        app.anonymous().call("POST", &format!("/unsubscribe/{token}")).await;
        let estimate = tenant.owner.call("POST", &path(&again, "/estimate")).await.created();
        assert_eq!((&estimate["net"], &estimate["suppressed"]), (&json!(0), &json!({ "consent_withdrawn": 1 })));
    }
}
