//! What a locked lead tells: a list of derived facts, and no word that anybody typed, whichever operation is asked.

use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::operations;
use crate::outbound::endpoint;
use crate::support::{Client, Receiver, Tenant, TestApp};

/// What is planted in every field of the lead; whatever holds one of these has told something.
const MARKS: [&str; 5] = ["zebra", "quagga", "9812300045", "98123 00046", "zz-platform"];

fn told(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    MARKS.into_iter().find(|mark| text.contains(mark))
}

/// A lead under lock with something planted wherever something fits, by a second enquiry too.
fn planted() -> Value {
    json!({
        "name": "Zebra Quagga", "email": "zebra@quagga.example", "phone": "+919812300045", "company": "Quagga Traders",
        "source": "web_form", "source_details": {"referrer": "https://zebra.example/?me=quagga"}, "industry": "zebra breeding",
        "location": {"city": "Zebraville", "state": "Quaggaland", "country": "IN", "postal_code": "zebra1", "lat": 19.119, "lng": 72.846},
        "budget_range": "zebra +919812300045", "timeline": "zebra 98123 00046 after six",
        "form_responses": {"When can we call you, and on which number?": "98123 00046 after six", "zebra?": "quagga",
            "Your city and flat number?": "12 B Zebra View, call 98123 00046", "What is your budget?": ["₹80L", "9812300045"]}
    })
}

/// A tenant whose trial is over, with people to tell and an endpoint to call.
async fn unpaid(app: &TestApp, name: &str, receiver: &Receiver) -> Tenant {
    let tenant = app.growth(name).await;
    let audience = json!({ "description": "Home buyers", "locations": ["Mumbai"], "budget_labels": ["₹80L-1Cr"] });
    tenant.owner.put("/v1/tenants/current/audience", audience).await.ok();
    endpoint(&tenant.owner, &receiver.url("/hook"), &["*"]).await;
    tenant.owner.delete("/v1/subscriptions/current").await.ok();
    app.run_jobs().await;
    tenant
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row["id"].as_str().map(String::from)).collect()
}

/// The paths of an operation that reads: as it stands, or for everything that the list above it knows.
async fn paths(client: &Client, path: &str) -> Vec<String> {
    let Some((list, rest)) = path.split_once("/{id}") else { return vec![path.to_string()] };
    let known = client.get(&format!("{list}?limit=200")).await;
    ids(&known.body).into_iter().map(|id| format!("{list}/{id}{rest}")).collect()
}

both_engines! {
    async fn no_operation_tells_a_word_of_a_locked_lead(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = unpaid(&app, "Quiet", &receiver).await;
        let lead = tenant.owner.post("/v1/leads", planted()).await.created();
        assert_eq!(lead["is_locked"], true, "{lead}");
        app.run_jobs().await;
        let again = tenant.owner.post("/v1/leads", planted()).await.ok();
        app.run_jobs().await;
        let mut wrong = Vec::new();
        for (what, text) in [("created", lead.to_string()), ("enquired again", again.to_string())] {
            wrong.extend(told(&text).map(|mark| format!("{what} tells {mark}: {text}")));
        }
        let mut read = 0;
        for (method, path, _) in operations() {
            if method != "get" || path.starts_with("/v1/ops") || path.starts_with("/sandbox") {
                continue;
            }
            for path in paths(&tenant.owner, &path).await {
                for query in ["", "?include=score,assignee", "?limit=200"] {
                    let answer = tenant.owner.get(&format!("{path}{query}")).await;
                    read += usize::from(answer.status == 200);
                    wrong.extend(told(&answer.text).map(|mark| format!("{path}{query} tells {mark}: {}", answer.text)));
                }
            }
        }
        assert!(read > 60, "the walk reads what there is: {read}");
        for arrival in receiver.arrivals("/hook") {
            let text = String::from_utf8_lossy(&arrival.body).into_owned();
            wrong.extend(told(&text).map(|mark| format!("a webhook tells {mark}: {text}")));
        }
        for entry in app.outbox().await {
            wrong.extend(told(&entry.to_string()).map(|mark| format!("a notification tells {mark}: {entry}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        receiver.stop().await;
    }

    async fn no_search_and_no_guess_finds_a_locked_lead(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = unpaid(&app, "Guess", &receiver).await;
        let lead = tenant.owner.post("/v1/leads", planted()).await.created();
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        for guess in ["Zebra", "quagga", "98123", "Quagga%20Traders"] {
            for list in ["/v1/leads", "/v1/conversations"] {
                assert_eq!(tenant.owner.get(&format!("{list}?q={guess}")).await.ok()["data"], json!([]), "{list} {guess}");
            }
            assert_eq!(tenant.owner.get(&format!("/v1/leads/counts?q={guess}")).await.ok()["total"], 0, "{guess}");
        }
        for guess in [
            json!({ "name": "Zebra Quagga" }), json!({ "email": "zebra@quagga.example" }), json!({ "phone": "+919812300045" }),
            json!({ "company": null }), json!({ "industry": "zebra breeding" }), json!({ "location": { "city": "Zebraville" } }),
            json!({ "budget_range": "zebra +919812300045" }), json!({ "timeline": null }), json!({ "pages_visited": ["/zebra"] }),
            json!({ "actions_taken": ["zebra"] }), json!({ "time_on_site_seconds": 900 }),
        ] {
            tenant.owner.patch(&path, guess).await.problem(403, "lead.locked");
        }
        let changed = tenant.owner.patch(&path, json!({ "status": "lost", "validity": "invalid" })).await.ok();
        assert_eq!((&changed["status"], told(&changed.to_string())), (&json!("lost"), None));
        receiver.stop().await;
    }

    async fn a_locked_lead_tells_bands_and_the_tenants_own_city(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = unpaid(&app, "Bands", &receiver).await;
        let enter = async |name: &str, more: Value| {
            let mut body = json!({ "name": name, "email": format!("{name}@example.com") });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            tenant.owner.post("/v1/leads", body).await.created()
        };
        let known = enter("a", json!({ "location": { "city": " mumbai ", "state": "Maharashtra" }, "budget_range": "₹80l-1cr", "timeline": "ASAP!" })).await;
        let shown = json!({ "name": "Locked lead", "email": null, "has_email": true, "phone": null, "has_phone": false, "company": null,
            "location": { "city": "Mumbai" }, "budget_range": "₹80L-1Cr", "timeline": "Immediately", "form_responses": {} });
        for (field, value) in shown.as_object().unwrap() {
            assert_eq!(&known[field], value, "{field}");
        }
        let other = enter("b", json!({ "location": { "city": "Pune" }, "budget_range": "60 lakh", "timeline": "call me", "phone": "+919812300099" })).await;
        assert_eq!((&other["location"], &other["timeline"], &other["has_phone"]), (&json!({}), &Value::Null, &json!(true)));
        assert_eq!(other["budget_range"], "INR 5,000,000.00 to INR 10,000,000.00", "a band, not what was written");
        let number = enter("c", json!({ "budget_range": "9812300045", "timeline": "9812300045" })).await;
        assert_eq!((&number["budget_range"], &number["timeline"]), (&Value::Null, &Value::Null), "a number of another kind");
        receiver.stop().await;
    }

    async fn a_list_of_labels_does_not_tell_which_number_was_typed(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = unpaid(&app, "Labels", &receiver).await;
        let lead = json!({ "name": "Zebra", "email": "zebra@quagga.example", "budget_range": "91234567", "timeline": "3-6 months" });
        let lead = tenant.owner.post("/v1/leads", lead).await.created();
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let band = "INR 50,000,000.00 to INR 100,000,000.00";
        assert_eq!(lead["budget_range"], band);
        for labels in [json!(["91234566", "91234567", "91234568"]), json!(["9", "912", "9123", "1234567"]), json!(["₹50L-1Cr"])] {
            let audience = json!({ "description": "Buyers", "locations": ["Mumbai"], "budget_labels": labels });
            tenant.owner.put("/v1/tenants/current/audience", audience).await.ok();
            app.run_jobs().await;
            let now = tenant.owner.get(&path).await.ok();
            assert_eq!((&now["budget_range"], &now["score"]), (&json!(band), &lead["score"]), "{labels}");
        }
        receiver.stop().await;
    }

    async fn a_message_to_a_locked_lead_does_not_tell_its_address(app: TestApp) {
        let tenant = app.tenant("Never Pays").await;
        let lead = tenant.owner.post("/v1/leads", planted()).await.created();
        assert_eq!(lead["is_locked"], true, "{lead}");
        app.run_jobs().await;
        for (channel, body) in [
            ("sms", json!({ "content": "hi" })),
            ("email", json!({ "subject": "x", "content": "y" })),
            ("whatsapp", json!({ "template": { "code": "first_contact", "variables": { "name": "x", "business": "y", "about": "z" } } })),
        ] {
            let thread = json!({ "lead_id": lead["id"], "channel": channel });
            let thread = tenant.owner.post("/v1/conversations", thread).await;
            let path = format!("/v1/conversations/{}/messages", thread.body["id"].as_str().unwrap());
            let sent = tenant.owner.post(&path, body).await;
            assert_eq!((sent.status, &sent.body["to_address"]), (202, &Value::Null), "{}", sent.text);
            assert_eq!((told(&sent.text), told(&tenant.owner.get(&path).await.text)), (None, None), "{channel}");
        }
    }

    async fn a_locked_lead_keeps_its_score_whatever_the_tenant_looks_for(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = unpaid(&app, "Oracle", &receiver).await;
        let body = json!({ "name": "Zebra", "email": "zebra@quagga.example", "budget_range": "60 lakh", "location": { "city": "Zebraville" },
            "form_responses": { "How many employees?": "9812300045" } });
        let lead = tenant.owner.post("/v1/leads", body).await.created();
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let before = (tenant.owner.get(&path).await.ok()["score"].clone(), tenant.owner.get(&format!("{path}/score")).await.ok());
        for audience in [
            json!({ "description": "a", "locations": ["Zebraville"], "company_size_min": 9_812_300_045_i64 }),
            json!({ "description": "b", "locations": ["Pune"], "budget_min": { "amount": 600_000_000, "currency": "INR" } }),
        ] {
            tenant.owner.put("/v1/tenants/current/audience", audience).await.ok();
            app.run_jobs().await;
            let shown = tenant.owner.get(&path).await.ok();
            let now = (shown["score"].clone(), tenant.owner.get(&format!("{path}/score")).await.ok());
            assert_eq!(before, now);
            assert_eq!(shown["location"], json!({}), "a word that the tenant guessed is not confirmed");
        }
        tenant.subscribe("growth").await;
        tenant.activate(&app).await;
        app.run_jobs().await;
        let open = tenant.owner.get(&path).await.ok();
        assert_eq!(open["is_locked"], false, "{open}");
        assert_ne!(tenant.owner.get(&format!("{path}/score")).await.ok(), before.1, "scored again once it is open");
        receiver.stop().await;
    }
}
