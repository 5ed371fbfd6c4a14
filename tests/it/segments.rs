//! People by rules: searched, gathered in segments, and kept in them by what happens and by time.

use chrono::Duration;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_string()
}

fn names(page: &Value) -> Vec<String> {
    let name = |one: &Value| one["name"].as_str().or(one["contact"]["name"].as_str()).expect("a name").to_string();
    let mut names: Vec<String> = page["data"].as_array().expect("entries").iter().map(name).collect();
    names.sort();
    names
}

async fn person(owner: &Client, body: Value) -> String {
    id(&owner.post("/v1/contacts", body).await.created())
}

async fn found(owner: &Client, rule: Value) -> Vec<String> {
    names(&owner.post("/v1/contacts/search", json!({ "rule": rule })).await.ok())
}

async fn segment(owner: &Client, name: &str, rule: Value) -> String {
    id(&owner.post("/v1/segments", json!({ "name": name, "kind": "dynamic", "rule": rule })).await.created())
}

async fn members(owner: &Client, segment: &str) -> Vec<String> {
    names(&owner.get(&format!("/v1/segments/{segment}/members")).await.ok())
}

/// What happened is followed.
async fn follow(app: &TestApp, tenant: &mut Tenant) {
    app.advance(Duration::seconds(6));
    tenant.log_in_again().await;
    app.run_schedule().await;
}

/// `(asked of a person, mended)`, as `/metrics` has them.
async fn work(app: &TestApp) -> (u64, u64) {
    let text = app.anonymous().get("/metrics").await.text;
    let count = |what: &str| {
        let line = text.lines().find(|line| line.starts_with("leadwright_work_total") && line.contains(what));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    };
    (count("segment.evaluated"), count("segment.mended"))
}

both_engines! {
    async fn people_are_searched_by_a_rule(app: TestApp) {
        let tenant = app.growth("Search").await;
        let owner = &tenant.owner;
        let me = owner.get("/v1/me").await.ok()["user"]["id"].clone();
        person(owner, json!({ "name": "İpek Aydın", "email": "ipek@Example.com", "phone": "+91 98765 43210", "location": { "city": "İzmir", "country": "TR" },
            "tags": ["VIP", "Wedding 2024"], "quality_score": 85, "language": "tr", "birthday": "1990-02-28", "owner_id": me })).await;
        person(owner, json!({ "name": "Straße & Co", "company": "Müller GmbH", "location": { "city": "Mumbai", "state": "Maharashtra" }, "source": "import", "quality_score": 60 })).await;
        person(owner, json!({ "name": "100% Natural", "email": "a_b@example.com", "tags": ["vip"] })).await;
        let ask = async |rule: Value| found(owner, rule).await;
        let is = |field: &str, op: &str, value: Value| json!({ "field": field, "op": op, "value": value });
        assert_eq!(ask(is("city", "eq", json!("IZMIR"))).await, ["İpek Aydın"], "in any spelling");
        assert_eq!(ask(is("city", "ne", json!("izmir"))).await, ["100% Natural", "Straße & Co"], "also who has none");
        assert_eq!(ask(json!({ "not": is("city", "eq", json!("izmir")) })).await, ["100% Natural", "Straße & Co"]);
        assert_eq!(ask(is("name", "contains", json!("strasse"))).await, ["Straße & Co"]);
        assert_eq!(ask(is("name", "starts_with", json!("100%"))).await, ["100% Natural"]);
        assert_eq!(ask(is("name", "contains", json!("0_"))).await, Vec::<String>::new(), "a sign of LIKE stands for itself");
        assert_eq!(ask(is("email", "eq", json!("IPEK@example.com"))).await, ["İpek Aydın"]);
        assert_eq!(ask(is("email", "contains", json!("a_b@"))).await, ["100% Natural"]);
        assert_eq!(ask(is("phone", "eq", json!("+91 98765-43210"))).await, ["İpek Aydın"]);
        assert_eq!(ask(json!({ "field": "phone", "op": "not_exists" })).await.len(), 2);
        assert_eq!(ask(is("company", "contains", json!("mueller"))).await, Vec::<String>::new());
        assert_eq!(ask(is("company", "contains", json!("muller"))).await, ["Straße & Co"]);
        assert_eq!(ask(is("source", "eq", json!("import"))).await, ["Straße & Co"]);
        assert_eq!(ask(is("quality", "in", json!(["high", "medium"]))).await.len(), 2);
        assert_eq!(ask(is("quality_score", "between", json!([60, 84.5]))).await, ["Straße & Co"]);
        assert_eq!(ask(is("tags", "contains", json!("Vip"))).await.len(), 2);
        assert_eq!(ask(is("tags", "has_all", json!(["vip", "wedding 2024"]))).await, ["İpek Aydın"]);
        assert_eq!(ask(is("tags", "has_none", json!(["wedding 2024"]))).await.len(), 2);
        assert_eq!(ask(is("owner_id", "eq", me.clone())).await, ["İpek Aydın"]);
        assert_eq!(ask(is("is_lead", "eq", json!(false))).await.len(), 3);
        assert_eq!(ask(is("created_at", "within_last_days", json!(1))).await.len(), 3);
        assert_eq!(ask(is("created_at", "more_than_days_ago", json!(1))).await, Vec::<String>::new());
        assert_eq!(ask(json!({ "all": [] })).await.len(), 3);
        // Pages, and a count beside them.
        let body = json!({ "rule": { "all": [] }, "limit": 2, "total": true });
        let first = owner.post("/v1/contacts/search", body.clone()).await.ok();
        assert_eq!((first["data"].as_array().unwrap().len(), &first["total"], &first["is_more"]), (2, &json!(3), &json!(false)));
        let mut next = body;
        next["cursor"] = first["next_cursor"].clone();
        let second = owner.post("/v1/contacts/search", next).await.ok();
        assert_eq!((names(&second), &second["next_cursor"]), (vec!["İpek Aydın".to_string()], &Value::Null));
        let oldest = owner.post("/v1/contacts/search", json!({ "rule": { "all": [] }, "sort": "created_at", "limit": 1 })).await.ok();
        assert_eq!(names(&oldest), ["İpek Aydın"]);
        // Another's people are nobody's.
        assert!(found(&app.growth("Other").await.owner, json!({ "all": [] })).await.is_empty());
    }

    async fn a_wrong_rule_is_pointed_at(app: TestApp) {
        let tenant = app.growth("Wrong").await;
        let owner = &tenant.owner;
        let good = json!({ "field": "city", "op": "eq", "value": "Mumbai" });
        for (rule, pointer) in [
            (json!({ "all": [good, { "field": "shoe", "op": "exists" }] }), "/rule/all/1/field"),
            (json!({ "all": [good, { "field": "quality_score", "op": "gte", "value": "high" }] }), "/rule/all/1/value"),
            (json!({ "field": "source", "op": "eq", "value": "billboard" }), "/rule/value"),
            (json!({ "field": "city", "op": "gte", "value": "A" }), "/rule/op"),
            (json!({ "field": "birthday", "op": "within_next_days", "value": -1 }), "/rule/value"),
            (json!({ "field": "created_at", "op": "within_last_days", "value": 1.5 }), "/rule/value"),
            (json!({ "has": "yachts" }), "/rule/has"),
            (json!({ "has": "leads", "where": { "field": "status", "op": "eq", "value": "wonn" } }), "/rule/where/value"),
            (json!({ "has": "leads", "count": { "gte": "two" } }), "/rule/count/gte"),
            (json!({ "has": "leads", "sum": { "field": "status", "op": "gte", "value": 1 } }), "/rule/sum/field"),
            (json!({ "field": "owner_id", "op": "eq", "value": "me" }), "/rule/value"),
        ] {
            owner.post("/v1/contacts/search", json!({ "rule": rule })).await.invalid(pointer);
            owner.post("/v1/segments/preview", json!({ "rule": rule })).await.invalid(pointer);
            owner.post("/v1/segments", json!({ "name": "x", "kind": "dynamic", "rule": rule })).await.invalid(pointer);
        }
        let both = json!({ "any": [{ "field": "shoe", "op": "exists" }, { "field": "city", "op": "eq", "value": 5 }] });
        let told = owner.post("/v1/contacts/search", json!({ "rule": both })).await;
        assert_eq!(told.body["errors"].as_array().map(Vec::len), Some(2), "all at once: {}", told.body);
        owner.post("/v1/contacts/search", json!({ "rule": good, "cursor": "x" })).await.invalid("/cursor");
        owner.post("/v1/contacts/search", json!({ "rule": good, "limit": 201 })).await.invalid("/limit");
        owner.post("/v1/segments", json!({ "name": "x", "kind": "dynamic" })).await.invalid("/rule");
        owner.post("/v1/segments", json!({ "name": "x", "kind": "static", "rule": good })).await.invalid("/rule");
        assert!(owner.get("/v1/segments").await.ok()["data"].as_array().unwrap().is_empty(), "nothing half-written");
    }

    async fn a_segment_is_gathered_and_kept_by_what_happens(app: TestApp) {
        let mut tenant = app.growth("Kept").await;
        let owner = tenant.owner.clone();
        let asha = person(&owner, json!({ "name": "Asha", "location": { "city": "Mumbai" }, "tags": ["vip"] })).await;
        person(&owner, json!({ "name": "Ravi", "location": { "city": "Pune" } })).await;
        let rule = json!({ "all": [{ "field": "city", "op": "eq", "value": "mumbai" }, { "field": "tags", "op": "contains", "value": "vip" }] });
        let preview = owner.post("/v1/segments/preview", json!({ "rule": rule })).await.ok();
        assert_eq!((&preview["count"], preview["sample"][0]["name"].as_str()), (&json!(1), Some("Asha")));
        let made = owner.post("/v1/segments", json!({ "name": "VIPs of Mumbai", "kind": "dynamic", "rule": rule })).await.created();
        assert_eq!((&made["status"], &made["members_count"]), (&json!("building"), &json!(0)));
        let path = format!("/v1/segments/{}", id(&made));
        app.run_jobs().await;
        let built = owner.get(&path).await.ok();
        assert_eq!((&built["status"], &built["members_count"], &built["rule"]), (&json!("ready"), &json!(1), &rule));
        assert_eq!(members(&owner, &id(&made)).await, ["Asha"]);
        // Who changes comes in and leaves.
        let zara = person(&owner, json!({ "name": "Zara", "location": { "city": "Mumbai" }, "tags": ["VIP"] })).await;
        owner.patch(&format!("/v1/contacts/{asha}"), json!({ "tags": [] })).await.ok();
        follow(&app, &mut tenant).await;
        let owner = tenant.owner.clone();
        assert_eq!(members(&owner, &id(&made)).await, ["Zara"]);
        assert_eq!(owner.get(&path).await.ok()["members_count"], json!(1));
        let told = |kind: &str| format!("/v1/events?type={kind}");
        let entered = owner.get(&told("contact.entered_segment")).await.ok();
        assert_eq!(entered["data"].as_array().unwrap().len(), 1, "those found by building are not told one by one: {entered}");
        assert_eq!((&entered["data"][0]["subject_id"], &entered["data"][0]["data"]["segment_id"]), (&json!(zara), &made["id"]));
        let left = owner.get(&told("contact.left_segment")).await.ok();
        assert_eq!(left["data"][0]["subject_id"], json!(asha));
        // Why.
        let why = owner.get(&format!("{path}/members/{asha}")).await.ok();
        assert_eq!((&why["is_member"], &why["explanation"]["holds"]), (&json!(false), &json!(false)));
        let parts = &why["explanation"]["parts"];
        assert_eq!((&parts[0]["holds"], &parts[0]["found"], &parts[0]["pointer"]), (&json!(true), &json!("Mumbai"), &json!("/all/0")));
        assert_eq!((&parts[1]["holds"], &parts[1]["found"], &parts[1]["value"]), (&json!(false), &json!([]), &json!("vip")));
        assert_eq!(owner.get(&format!("{path}/members/{zara}")).await.ok()["is_member"], json!(true));
        // Another rule: the members of before stay until they are gathered anew.
        let changed = owner.patch(&path, json!({ "rule": { "field": "city", "op": "eq", "value": "Pune" }, "name": "Pune" })).await.ok();
        assert_eq!((&changed["status"], &changed["members_count"]), (&json!("building"), &json!(1)));
        assert_eq!(members(&owner, &id(&made)).await, ["Zara"]);
        app.run_jobs().await;
        assert_eq!(members(&owner, &id(&made)).await, ["Ravi"]);
        // Who is deleted is in none.
        let ravi = id(&owner.get("/v1/contacts?q=ravi").await.ok()["data"][0]);
        owner.delete(&format!("/v1/contacts/{ravi}")).await.expect(204);
        assert_eq!(owner.get(&path).await.ok()["members_count"], json!(0));
        owner.delete(&path).await.expect(204);
        owner.get(&path).await.problem(404, "segment.not_found");
    }

    async fn only_the_segments_that_see_a_change_are_asked(app: TestApp) {
        let mut tenant = app.growth("Few").await;
        let owner = tenant.owner.clone();
        let asha = person(&owner, json!({ "name": "Asha", "location": { "city": "Mumbai" }, "company": "A" })).await;
        for n in 0..20 {
            segment(&owner, &format!("City {n}"), json!({ "field": "city", "op": "eq", "value": format!("City {n}") })).await;
        }
        for n in 0..3 {
            segment(&owner, &format!("Company {n}"), json!({ "field": "company", "op": "eq", "value": format!("B{n}") })).await;
        }
        segment(&owner, "Winners", json!({ "has": "leads", "where": { "field": "status", "op": "eq", "value": "won" } })).await;
        follow(&app, &mut tenant).await;
        let (before, _) = work(&app).await;
        let owner = tenant.owner.clone();
        owner.patch(&format!("/v1/contacts/{asha}"), json!({ "company": "B1" })).await.ok();
        follow(&app, &mut tenant).await;
        let (after, _) = work(&app).await;
        assert_eq!(after - before, 3, "the three that read the company");
        let owner = tenant.owner.clone();
        owner.patch(&format!("/v1/contacts/{asha}"), json!({ "title": "Founder" })).await.ok();
        follow(&app, &mut tenant).await;
        assert_eq!(work(&app).await.0, after, "nobody reads the title");
    }

    async fn time_alone_brings_people_in_and_out(app: TestApp) {
        let mut tenant = app.growth("Time").await;
        let owner = tenant.owner.clone();
        person(&owner, json!({ "name": "Asha" })).await;
        let new = segment(&owner, "New", json!({ "field": "created_at", "op": "within_last_days", "value": 30 })).await;
        let old = segment(&owner, "Old", json!({ "field": "created_at", "op": "more_than_days_ago", "value": 30 })).await;
        app.run_jobs().await;
        assert_eq!((members(&owner, &new).await.len(), members(&owner, &old).await.len()), (1, 0));
        app.advance(Duration::days(29));
        follow(&app, &mut tenant).await;
        assert_eq!(members(&tenant.owner, &new).await.len(), 1);
        app.advance(Duration::days(2));
        follow(&app, &mut tenant).await;
        let owner = tenant.owner.clone();
        assert_eq!((members(&owner, &new).await.len(), members(&owner, &old).await.len()), (0, 1));
        assert_eq!(work(&app).await.1, 0, "it turned in time, and not by the nightly comparison");
        let entered = owner.get("/v1/events?type=contact.entered_segment").await.ok();
        assert_eq!(entered["data"][0]["data"]["segment_id"], json!(old));
    }

    async fn leads_and_other_segments_are_asked_for(app: TestApp) {
        let mut tenant = app.growth("Others").await;
        let owner = tenant.owner.clone();
        let lead = tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        person(&owner, json!({ "name": "Ravi" })).await;
        let won = json!({ "has": "leads", "where": { "field": "status", "op": "eq", "value": "won" }, "count": { "gte": 1 } });
        let winners = segment(&owner, "Winners", won.clone()).await;
        let losers = segment(&owner, "All but winners", json!({ "field": "segments", "op": "has_none", "value": [winners] })).await;
        app.run_jobs().await;
        assert_eq!((members(&owner, &winners).await, members(&owner, &losers).await.len()), (Vec::<String>::new(), 2));
        assert!(found(&owner, won.clone()).await.is_empty());
        owner.patch(&format!("/v1/leads/{}", id(&lead)), json!({ "status": "won" })).await.ok();
        assert_eq!(found(&owner, won).await, ["Asha"]);
        follow(&app, &mut tenant).await;
        let owner = tenant.owner.clone();
        assert_eq!((members(&owner, &winners).await, members(&owner, &losers).await), (vec!["Asha".to_string()], vec!["Ravi".to_string()]));
        // Who is asked for stays, and none asks for itself.
        let path = format!("/v1/segments/{winners}");
        owner.delete(&path).await.problem(409, "segment.in_use");
        let circle = json!({ "rule": { "any": [{ "field": "segments", "op": "contains", "value": losers }] } });
        let refused = owner.patch(&path, circle).await;
        assert_eq!(refused.body["errors"][0]["code"], "circular", "{}", refused.body);
        refused.invalid("/rule/any/0/value");
        let itself = json!({ "rule": { "field": "segments", "op": "contains", "value": winners } });
        owner.patch(&path, itself).await.invalid("/rule/value");
        let nobodys = json!({ "name": "x", "kind": "dynamic", "rule": { "field": "segments", "op": "contains", "value": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12" } });
        owner.post("/v1/segments", nobodys).await.invalid("/rule/value");
        owner.delete(&format!("/v1/segments/{losers}")).await.expect(204);
        owner.delete(&path).await.expect(204);
    }

    async fn a_static_segment_is_filled_by_hand(app: TestApp) {
        let mut tenant = app.growth("Static").await;
        let owner = tenant.owner.clone();
        let (asha, ravi) = (person(&owner, json!({ "name": "Asha" })).await, person(&owner, json!({ "name": "Ravi" })).await);
        let made = owner.post("/v1/segments", json!({ "name": "Guests", "kind": "static" })).await.created();
        assert_eq!((&made["status"], &made["rule"]), (&json!("ready"), &Value::Null));
        let path = format!("/v1/segments/{}", id(&made));
        let asks = segment(&owner, "Guests, by a rule", json!({ "field": "segments", "op": "contains", "value": made["id"] })).await;
        app.run_jobs().await;
        let moved = owner.post(&format!("{path}/members"), json!({ "add": [asha, ravi, asha] })).await.ok();
        assert_eq!(moved, json!({ "added": 2, "removed": 0, "members_count": 2 }));
        let moved = owner.post(&format!("{path}/members"), json!({ "add": [asha], "remove": [ravi] })).await.ok();
        assert_eq!(moved, json!({ "added": 0, "removed": 1, "members_count": 1 }));
        follow(&app, &mut tenant).await;
        let owner = tenant.owner.clone();
        assert_eq!((members(&owner, &id(&made)).await, members(&owner, &asks).await), (vec!["Asha".to_string()], vec!["Asha".to_string()]));
        let why = owner.get(&format!("{path}/members/{asha}")).await.ok();
        assert_eq!((&why["is_member"], &why["explanation"]), (&json!(true), &Value::Null));
        // Nobody is put in who is not there, or into what a rule decides.
        let nobody = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12";
        owner.post(&format!("{path}/members"), json!({ "add": [ravi, nobody] })).await.invalid("/add/1");
        assert_eq!(members(&owner, &id(&made)).await, ["Asha"], "nothing half-written");
        owner.post(&format!("/v1/segments/{asks}/members"), json!({ "add": [ravi] })).await.problem(409, "segment.is_dynamic");
        owner.patch(&path, json!({ "rule": { "all": [] } })).await.invalid("/rule");
        let stranger = app.growth("Stranger").await;
        stranger.owner.get(&path).await.problem(404, "segment.not_found");
        stranger.owner.get(&format!("{path}/members/{asha}")).await.problem(404, "segment.not_found");
        let theirs = stranger.owner.post("/v1/segments", json!({ "name": "Theirs", "kind": "static" })).await.created();
        stranger.owner.post(&format!("/v1/segments/{}/members", id(&theirs)), json!({ "add": [asha] })).await.invalid("/add/0");
        let changed = owner.patch(&path, json!({ "name": "Guests of honour" })).await.ok();
        assert_eq!(changed["name"], "Guests of honour");
        owner.patch(&path, json!({ "name": "x" })).header("If-Match", "\"1\"").await.problem(412, "request.precondition_failed");
    }

    async fn the_night_mends_what_has_drifted(app: TestApp) {
        use diesel::prelude::*;
        let mut tenant = app.growth("Drift").await;
        let owner = tenant.owner.clone();
        let asha = person(&owner, json!({ "name": "Asha", "location": { "city": "Mumbai" } })).await;
        let mumbai = segment(&owner, "Mumbai", json!({ "field": "city", "op": "eq", "value": "Mumbai" })).await;
        app.run_jobs().await;
        let loses = |conn: &mut leadwright::engine::db::DbConn| {
            leadwright::each_engine!(conn, c => diesel::sql_query("DELETE FROM segment_members").execute(c))?;
            Ok(())
        };
        app.app.core.db.with_connection(loses).await.expect("lost");
        app.advance(Duration::days(1));
        follow(&app, &mut tenant).await;
        let owner = tenant.owner.clone();
        assert_eq!(members(&owner, &mumbai).await, ["Asha"]);
        assert_eq!(work(&app).await.1, 1);
        let told = owner.get("/v1/events?type=segment.repaired").await.ok();
        assert_eq!(told["data"][0]["data"], json!({ "added": 1, "removed": 0 }));
        assert_eq!(owner.get(&format!("/v1/segments/{mumbai}")).await.ok()["members_count"], json!(1));
        assert!(owner.get(&format!("/v1/contacts/{asha}")).await.ok()["id"].is_string());
    }
}
