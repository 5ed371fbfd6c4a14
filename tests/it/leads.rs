//! Working with leads: lists, patches, assignment, notes, timeline, score.

use leadwright::base::id::TenantId;
use leadwright::contacts::id::LeadId;
use leadwright::engine::db::PlatformTx;
use leadwright::leads::rows::touch_activity;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::Tenant;

async fn five(tenant: &Tenant) -> Vec<Value> {
    let mut leads = Vec::new();
    for (name, email, source, company) in [
        ("Asha Verma", "asha@example.com", "meta_ads", "Verma Textiles"),
        ("Ravi Kumar", "ravi@example.com", "google_ads", "Kumar & Sons"),
        ("Meera Nair", "meera@example.com", "web_form", "100% Cotton"),
        ("John Smith", "john@example.com", "meta_ads", "Smith_Co"),
        ("Zoya Khan", "zoya@example.com", "outreach_response", "Khan"),
    ] {
        let body = json!({ "name": name, "email": email, "source": source, "company": company });
        leads.push(tenant.owner.post("/v1/leads", body).await.created());
    }
    leads
}

fn names(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|lead| lead["name"].as_str().unwrap_or_default().to_string())
        .collect()
}

both_engines! {
    async fn a_search_finds_every_spelling(app: TestApp) {
        let tenant = app.growth("Search").await;
        for (name, email) in [
            ("José Álvarez", "jose@example.com"),
            ("Zoe\u{308} Mu\u{308}ller", "zoe@example.com"),
            ("Nguyễn Văn Ánh", "anh@example.com"),
            ("İpek Işık", "ipek@example.com"),
            ("Hans Straße", "hans@example.com"),
            ("Łukasz Ørsted", "lukasz@example.com"),
        ] {
            tenant.owner.post("/v1/leads", json!({ "name": name, "email": email, "phone": null })).await.created();
        }
        app.run_jobs().await;
        for (sought, name) in [
            ("alvarez", "José Álvarez"), ("ÁLVAREZ", "José Álvarez"), ("A\u{301}lvarez", "José Álvarez"),
            ("müller", "Zoë Müller"), ("muller", "Zoë Müller"), ("Zoë", "Zoë Müller"),
            ("nguyen van anh", "Nguyễn Văn Ánh"), ("İPEK I", "İpek Işık"), ("ipek i", "İpek Işık"), ("IŞIK", "İpek Işık"), ("ışık", "İpek Işık"),
            ("STRASSE", "Hans Straße"), ("straße", "Hans Straße"), ("orsted", "Łukasz Ørsted"),
        ] {
            let query = [("q", sought)];
            let query = serde_urlencoded::to_string(query).unwrap();
            assert_eq!(names(&tenant.owner.get(&format!("/v1/leads?{query}")).await.ok()), [name], "{sought}");
            let threads = tenant.owner.get(&format!("/v1/conversations?{query}")).await.ok();
            assert_eq!(threads["data"].as_array().unwrap().len(), 1, "{sought}");
            assert_eq!(threads["data"][0]["lead"]["name"], name, "{sought}");
        }
    }

    async fn each_of_many_reads_at_once_gets_what_it_asked_for(app: TestApp) {
        let (tenant, others) = (app.growth("Many").await, app.growth("Others").await);
        let leads = five(&tenant).await;
        let theirs = others.lead("Asha", "asha@example.com", "+919876500001").await;
        let id = |lead: &Value| lead["id"].as_str().expect("an id").to_string();
        let mut asked: Vec<(String, Option<String>)> = leads.iter().map(|lead| (id(lead), Some(lead["name"].to_string()))).collect();
        asked.push((id(&theirs), None));
        asked.push((LeadId::new().to_string(), None));
        let reads = asked.iter().cycle().take(70).map(|(id, name)| {
            let (client, path, name) = (tenant.owner.clone(), format!("/v1/leads/{id}"), name.clone());
            tokio::spawn(async move {
                let answer = client.get(&path).await;
                let told = (answer.status == 200).then(|| answer.body["name"].to_string());
                assert_eq!(told, name, "{}", answer.text);
                assert!(name.is_some() || answer.status == 404, "{}", answer.text);
            })
        });
        for read in reads.collect::<Vec<_>>() {
            read.await.expect("as asked");
        }
        let mine = others.owner.get(&format!("/v1/leads/{}", id(&theirs))).await.ok();
        assert_eq!(mine["name"], "Asha");
    }

    async fn one_character_finds_a_name_of_one_character(app: TestApp) {
        let tenant = app.growth("李氏").await;
        for (name, email) in [("李小龙", "li@example.com"), ("김민수", "kim@example.com"), ("Asha", "asha@example.com")] {
            tenant.owner.post("/v1/leads", json!({ "name": name, "email": email })).await.created();
        }
        for (q, found) in [("李", "李小龙"), ("김", "김민수"), ("%E6%9D%8E", "李小龙")] {
            let page = tenant.owner.get(&format!("/v1/leads?q={q}")).await.ok();
            let names: Vec<&str> = page["data"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap()).collect();
            assert_eq!(names, [found], "{q}");
        }
        assert_eq!(tenant.owner.get("/v1/leads/counts?q=李").await.ok()["total"], 1);
        assert_eq!(tenant.owner.get("/v1/leads?q=a").await.ok()["data"].as_array().unwrap().len(), 3, "any letter will do");
    }

    async fn lists_filter_sort_and_page(app: TestApp) {
        let tenant = app.growth("Lists").await;
        let leads = five(&tenant).await;
        let list = async |query: &str| tenant.owner.get(&format!("/v1/leads?{query}")).await.ok();
        assert_eq!(names(&list("").await), ["Zoya Khan", "John Smith", "Meera Nair", "Ravi Kumar", "Asha Verma"]);
        assert_eq!(names(&list("sort=created_at").await)[0], "Asha Verma");
        assert_eq!(names(&list("source=meta_ads").await), ["John Smith", "Asha Verma"]);
        assert_eq!(names(&list("source=facebook_lead_ad,google_ads").await).len(), 3);
        assert_eq!(names(&list("tab=meta").await).len(), 2);
        assert_eq!(names(&list("tab=other").await), ["Meera Nair"]);
        assert_eq!(names(&list("q=VERMA").await), ["Asha Verma"]);
        assert_eq!(names(&list("q=ravi@example").await), ["Ravi Kumar"]);
        assert_eq!(names(&list("q=100%25").await), ["Meera Nair"], "a percent sign is only a character");
        assert_eq!(names(&list("q=smith_").await), ["John Smith"]);
        assert!(names(&list("q=smithXco").await).is_empty());
        assert_eq!(names(&list("status=new").await).len(), 5);
        assert!(names(&list("status=won").await).is_empty());
        assert_eq!(names(&list("assigned_to=none").await).len(), 5);
        assert_eq!(names(&list("score_min=0&score_max=100").await).len(), 5);
        assert!(names(&list("created_before=2026-01-01T00:00:00Z").await).is_empty());

        for sort in ["-created_at", "created_at", "-received_at", "received_at", "-score", "score"] {
            let whole = names(&list(&format!("sort={sort}")).await);
            let mut paged = Vec::new();
            let mut query = format!("sort={sort}&limit=2");
            loop {
                let page = list(&query).await;
                paged.extend(names(&page));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                query = format!("sort={sort}&limit=2&cursor={cursor}");
            }
            assert_eq!(paged, whole, "{sort}");
        }
        let first = list("limit=2").await;
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        tenant.owner.get(&format!("/v1/leads?sort=score&cursor={cursor}")).await.invalid("cursor");

        let counts = tenant.owner.get("/v1/leads/counts").await.ok();
        assert_eq!(counts["tabs"], json!({ "all": 5, "outreach": 1, "meta": 2, "google": 1, "other": 1 }));
        let with = list("include=score,assignee&limit=1").await;
        assert_eq!(with["data"][0]["score_details"]["score"], leads[4]["score"]);
    }

    async fn conversations_follow_the_leads_number_and_address(app: TestApp) {
        let tenant = app.growth("Follow").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let open = json!({ "lead_id": lead["id"], "channel": "email" });
        tenant.owner.post("/v1/conversations", open).await.created();
        app.run_jobs().await;
        let addresses = async || {
            let page = tenant.owner.get("/v1/conversations").await.ok();
            let of = |channel: &str| {
                let found = page["data"].as_array().expect("a page").iter().find(|one| one["channel"] == channel);
                found.expect("a conversation")["person_address"].clone()
            };
            (of("whatsapp"), of("email"))
        };
        assert_eq!(addresses().await, (json!("+919876543210"), json!("asha@example.com")));
        let path = format!("/v1/leads/{}", lead["id"].as_str().expect("an id"));
        let patch = json!({ "phone": "98765 00009", "email": "verma@example.com" });
        tenant.owner.patch(&path, patch).await.ok();
        app.run_jobs().await;
        assert_eq!(addresses().await, (json!("+919876500009"), json!("verma@example.com")));
        tenant.owner.patch(&path, json!({ "phone": null })).await.ok();
        app.run_jobs().await;
        assert_eq!(addresses().await, (Value::Null, json!("verma@example.com")));
    }

    async fn a_patch_merges_checks_its_version_and_scores_again(app: TestApp) {
        let tenant = app.growth("Patches").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let read = tenant.owner.get(&path).await;
        let etag = read.header("etag").expect("an ETag").to_string();
        let changed = tenant.owner.patch(&path, json!({ "company": "Verma", "phone": null })).header("if-match", &etag).await;
        assert_ne!(changed.header("etag"), Some(etag.as_str()));
        let changed = changed.ok();
        assert_eq!((&changed["company"], &changed["phone"], &changed["email"]), (&json!("Verma"), &Value::Null, &json!("asha@example.com")));
        tenant.owner.patch(&path, json!({ "company": "X" })).header("if-match", &etag).await.problem(412, "request.precondition_failed");
        tenant.owner.patch(&path, json!({ "name": null })).await.invalid("/name");
        tenant.owner.patch(&path, json!({ "email": "nobody" })).await.invalid("/email");
        tenant.owner.patch(&path, json!({ "score": 100 })).await.invalid("/score");

        tenant.lead("Ravi", "ravi@example.com", "+919876543211").await;
        tenant.owner.patch(&path, json!({ "email": "ravi@example.com" })).await.problem(409, "lead.identity_taken");

        let won = tenant.owner.patch(&path, json!({ "status": "converted" })).await.ok();
        assert_eq!((&won["status"], won["closed_at"].is_string()), (&json!("won"), true));
        tenant.owner.patch(&path, json!({ "status": "proposal_sent" })).await.problem(409, "lead.illegal_transition");
        let reopened = tenant.owner.patch(&path, json!({ "status": "contacted" })).await.ok();
        assert_eq!(reopened["closed_at"], Value::Null);
    }

    async fn a_change_takes_the_lead_as_a_message_has_left_it(app: TestApp) {
        let tenant = app.growth("Meanwhile").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let owner = tenant.owner.get("/v1/me").await.ok()["user"]["id"].clone();
        let (of, id): (TenantId, LeadId) = (tenant.id.parse().unwrap(), lead["id"].as_str().unwrap().parse().unwrap());
        let count = move |tx: &mut PlatformTx<'_>| {
            let tx = &mut tx.for_tenant(of);
            let now = tx.now();
            touch_activity(tx, id, now)
        };
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let changed = app.overtaken(count, async { tenant.owner.patch(&path, json!({ "company": "Verma" })).await.ok() }).await;
        assert_eq!((&changed["company"], &changed["total_interactions"]), (&json!("Verma"), &json!(2)));
        let assign = format!("{path}/assign");
        let assigned = app.overtaken(count, async { tenant.owner.post(&assign, json!({ "user_id": owner })).await.ok() }).await;
        assert_eq!(assigned["total_interactions"], 3);
    }

    async fn what_people_did_on_the_pages_stays_small(app: TestApp) {
        let tenant = app.growth("Pages").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let page = "x".repeat(1024);
        tenant.owner.patch(&path, json!({ "pages_visited": vec![&page; 32] })).await.ok();
        tenant.owner.patch(&path, json!({ "pages_visited": vec![&page; 33] })).await.invalid("/pages_visited");
        tenant.owner.patch(&path, json!({ "actions_taken": vec!["a"; 501] })).await.invalid("/actions_taken");
    }

    async fn what_alerts_say_of_leads_takes_the_right_to_read_them(app: TestApp) {
        let tenant = app.growth("Alerts").await;
        tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        app.run_jobs().await;
        let log = "/v1/notifications/deliveries";
        tenant.api_key(&["notifications:read"]).await.get(log).await.problem(403, "auth.forbidden");
        let told = tenant.api_key(&["notifications:read", "leads:read"]).await.get(log).await.ok();
        assert!(told.to_string().contains("Asha"), "{told}");
    }

    async fn leads_are_assigned_to_people_who_can_work_on_them(app: TestApp) {
        let tenant = app.growth("Assignment").await;
        let (agent, viewer) = (tenant.user("agent").await, tenant.user("viewer").await);
        let id = async |client: &crate::support::Client| client.get("/v1/me").await.ok()["user"]["id"].clone();
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}/assign", lead["id"].as_str().unwrap());
        let assigned = tenant.owner.post(&path, json!({ "user_id": id(&agent).await })).await.ok();
        assert_eq!(assigned["assigned_to"], id(&agent).await);
        let listed = agent.get(&format!("/v1/leads?include=assignee&assigned_to={}", id(&agent).await.as_str().unwrap())).await.ok();
        assert_eq!(listed["data"][0]["assignee"]["id"], id(&agent).await);
        tenant.owner.post(&path, json!({ "user_id": id(&viewer).await })).await.invalid("/user_id");
        let stranger = app.growth("Elsewhere").await;
        tenant.owner.post(&path, json!({ "user_id": id(&stranger.owner).await })).await.invalid("/user_id");
        tenant.owner.post(&path, json!({})).await.invalid("/user_id");
        let taken_back = tenant.owner.post(&path, json!({ "user_id": null })).await.ok();
        assert_eq!(taken_back["assigned_to"], Value::Null);
    }

    async fn notes_and_the_timeline_tell_the_story(app: TestApp) {
        let tenant = app.growth("Timeline").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        tenant.owner.post(&format!("{path}/notes"), json!({ "body": "Prefers a call." })).await.created();
        tenant.owner.post(&format!("{path}/notes"), json!({ "body": "" })).await.invalid("/body");
        tenant.owner.patch(&path, json!({ "status": "contacted" })).await.ok();
        let notes = tenant.owner.get(&format!("{path}/notes")).await.ok();
        assert_eq!(notes["data"][0]["body"], "Prefers a call.");
        let timeline = tenant.owner.get(&format!("{path}/activities")).await.ok();
        let kinds: Vec<&str> = timeline["data"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
        let position = |kind: &str| kinds.iter().position(|k| *k == kind).unwrap_or_else(|| panic!("{kind} not in {kinds:?}"));
        assert!(position("lead.status_changed") < position("lead.note_added"));
        assert!(position("lead.note_added") < position("lead.created"), "newest first");
        let first = tenant.owner.get(&format!("{path}/activities?limit=1")).await.ok();
        let second = tenant.owner.get(&format!("{path}/activities?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await.ok();
        assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
    }

    async fn a_key_that_only_writes_reads_nobodys_lead(app: TestApp) {
        let tenant = app.growth("Write only").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let writer = tenant.api_key(&["leads:write"]).await;
        let known = writer.post("/v1/leads", json!({ "name": "X", "email": "asha@example.com" })).await.ok();
        assert_eq!(known["id"], lead["id"]);
        let mut fields: Vec<&String> = known.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["created_at", "id", "received_at", "status", "updated_at"]);
        let new = writer.post("/v1/leads", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.created();
        assert_eq!(new["name"], "Ravi");
    }

    async fn a_score_explains_itself(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        tenant.owner.put("/v1/tenants/current/profile", json!({ "industry": "Real estate", "description": "2 BHK flats", "locations": ["Mumbai"] })).await.ok();
        tenant.owner.put("/v1/tenants/current/audience", json!({ "description": "First-time buyers", "locations": ["Andheri", "Goregaon"],
            "budget_min": { "amount": 600_000_000, "currency": "INR" }, "budget_max": { "amount": 1_500_000_000, "currency": "INR" } })).await.ok();
        let lead = tenant.owner.post("/v1/leads", json!({
            "name": "Priya Sharma", "email": "priya@example.com", "phone": "98765 43210", "budget_range": "₹80L-1Cr",
            "timeline": "Within 3 months", "form_responses": { "Preferred areas?": "Andheri, Goregaon" }
        })).await.created();
        assert_eq!((&lead["score"], &lead["grade"], &lead["intent"], &lead["is_qualified"]), (&json!(95), &json!("hot"), &json!("hot"), &json!(true)));
        let score = tenant.owner.get(&format!("/v1/leads/{}/score", lead["id"].as_str().unwrap())).await.ok();
        let sum: i64 = score["items"].as_array().unwrap().iter().map(|item| item["points"].as_i64().unwrap()).sum();
        assert_eq!((sum, score["score"].as_i64(), score["model"].as_str()), (95, Some(95), Some("real_estate_in")));
        let points: Vec<i64> = score["items"].as_array().unwrap().iter().map(|item| item["points"].as_i64().unwrap()).collect();
        assert_eq!(points, [30, 25, 20, 10, 10]);
    }

    async fn however_often_the_audience_changes_few_passes_score_everybody_again(app: TestApp) {
        let tenant = app.growth("Often").await;
        let body = json!({ "name": "Priya", "email": "priya@example.com", "form_responses": { "preferred areas": "Andheri" } });
        let lead = tenant.owner.post("/v1/leads", body).await.created();
        tenant.enter_leads("more", 25).await;
        app.run_jobs().await;
        for n in 0..30 {
            let area = if n == 29 { "Andheri" } else { "Pune" };
            let audience = json!({ "description": format!("Buyers {n}"), "locations": [area] });
            tenant.owner.put("/v1/tenants/current/audience", audience).await.ok();
        }
        app.run_jobs().await;
        app.advance(chrono::Duration::seconds(11));
        app.run_jobs().await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let score = tenant.owner.get(&path).await.ok()["score"].as_i64();
        assert!(score > lead["score"].as_i64(), "the last audience counts: {score:?}, before {}", lead["score"]);
        let jobs = app.operator().get("/v1/ops/jobs?kind=lead.rescore_pass&limit=200").await.ok();
        let passes = jobs["data"].as_array().unwrap().len();
        // Two batches a pass, unless a later one took over.
        assert!((1..=10).contains(&passes), "{passes} batches after thirty changes");
    }

    async fn answers_say_what_the_caller_left_out(app: TestApp) {
        let tenant = app.growth("Answers").await;
        let answers = json!({ "budget": "₹80L-1Cr", "timeline": "Immediately", "preferred_areas": "Andheri" });
        let bare = tenant.owner.post("/v1/leads", json!({ "name": "A", "email": "a@example.com" })).await.created();
        let body = json!({ "name": "B", "email": "b@example.com", "form_responses": answers });
        let lead = tenant.owner.post("/v1/leads", body).await.created();
        assert_eq!((&lead["budget_range"], &lead["timeline"]), (&json!("₹80L-1Cr"), &json!("Immediately")));
        assert_eq!(lead["form_responses"], answers);
        assert!(lead["score"].as_i64() > bare["score"].as_i64(), "{} and {}", lead["score"], bare["score"]);
        let mut said = json!({ "name": "C", "email": "c@example.com", "timeline": "Just exploring" });
        said["form_responses"] = answers;
        assert_eq!(tenant.owner.post("/v1/leads", said).await.created()["timeline"], "Just exploring");
    }

    async fn paid_ads_are_told_by_their_details(app: TestApp) {
        let tenant = app.growth("Paid").await;
        let enter = |email: &str, details: Value| {
            let body = json!({ "name": "P", "email": email, "source": "paid_ads", "source_details": details });
            tenant.owner.post("/v1/leads", body)
        };
        let google = enter("g@example.com", json!({ "source": "google", "medium": "cpc" })).await.created();
        let meta = enter("m@example.com", json!({ "utm_source": "facebook_ads" })).await.created();
        let click = enter("c@example.com", json!({ "gclid": "Cj0" })).await.created();
        assert_eq!((&google["source"], &meta["source"], &click["source"]), (&json!("google_ads"), &json!("meta_ads"), &json!("google_ads")));
        enter("x@example.com", json!({ "source": "bing" })).await.invalid("/source");
    }

    async fn a_phone_number_is_found_as_people_write_it(app: TestApp) {
        let tenant = app.growth("Phones").await;
        tenant.lead("Asha", "asha@example.com", "98765 00001").await;
        let hotel = json!({ "name": "Hotel 24-7 12", "email": "hotel@example.com" });
        tenant.owner.post("/v1/leads", hotel).await.created();
        for q in ["9876500001", "98765%2000001", "%2B91%2098765%2000001", "098765-00001"] {
            assert_eq!(names(&tenant.owner.get(&format!("/v1/leads?q={q}")).await.ok()), ["Asha"], "{q}");
        }
        assert_eq!(names(&tenant.owner.get("/v1/leads?q=24-7%2012").await.ok()), ["Hotel 24-7 12"]);
        assert!(names(&tenant.owner.get("/v1/leads?q=98765%2000002").await.ok()).is_empty());
    }

    async fn the_counts_of_other_tabs_stay_while_one_is_open(app: TestApp) {
        let tenant = app.growth("Tabs").await;
        five(&tenant).await;
        let counts = tenant.owner.get("/v1/leads/counts?tab=meta").await.ok();
        assert_eq!(counts["tabs"], json!({ "all": 5, "outreach": 1, "meta": 2, "google": 1, "other": 1 }));
        assert_eq!((&counts["total"], &counts["sources"]), (&json!(2), &json!({ "meta_ads": 2 })));
        for of_lists in ["sort=score", "include=score", "limit=10", "cursor=abc"] {
            let refused = tenant.owner.get(&format!("/v1/leads/counts?{of_lists}&tab=meta")).await.problem(422, "request.invalid");
            let name = of_lists.split('=').next().unwrap();
            let error = &refused["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!(name), &json!("unknown_field")), "{refused}");
        }
    }

    async fn a_location_merges_part_by_part(app: TestApp) {
        let tenant = app.growth("Places").await;
        let body = json!({ "name": "Asha", "email": "asha@example.com", "location": { "city": "Mumbai", "country": "IN", "lat": 19.1 } });
        let lead = tenant.owner.post("/v1/leads", body).await.created();
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let place = async |patch: Value| tenant.owner.patch(&path, json!({ "location": patch })).await.ok()["location"].clone();
        assert_eq!(place(json!({ "city": "Pune", "lat": null })).await, json!({ "city": "Pune", "country": "IN" }));
        assert_eq!(place(json!({})).await, json!({ "city": "Pune", "country": "IN" }));
        for (patch, pointer) in [(json!({ "lat": 91 }), "/location/lat"), (json!({ "town": "Pune" }), "/location/town")] {
            tenant.owner.patch(&path, json!({ "location": patch })).await.invalid(pointer);
        }
        assert_eq!(place(json!(null)).await, json!({}));
    }

    async fn a_leads_name_is_one_line(app: TestApp) {
        let tenant = app.growth("Lines").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        for (field, value) in [("name", "Asha\r\nBcc: x@example.com"), ("company", "ABC\tLtd")] {
            let body = json!({ "name": "Asha", "email": "other@example.com", field: value });
            tenant.owner.post("/v1/leads", body).await.invalid(&format!("/{field}"));
            let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
            tenant.owner.patch(&path, json!({ field: value })).await.invalid(&format!("/{field}"));
        }
        assert_eq!(tenant.leads().await.len(), 1);
    }
}
