//! What a conversation is to the tenant: its first message, unread counts, closing and reopening, history.

use serde_json::{Value, json};

use super::{
    PERSON, SHARED, conversation, fault, inbound, last, messages, messages_path, reached, send, template, with_lead,
};
use crate::both_engines;
use crate::support::Tenant;

both_engines! {
    async fn the_first_conversation_with_a_lead(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        let fields = json!([
            { "name": "full_name", "values": ["Asha Verma"] }, { "name": "email", "values": ["asha@example.com"] }, { "name": "phone_number", "values": [PERSON] },
            { "name": "what_is_your_budget?", "values": ["₹80L-1Cr"] }, { "name": "preferred_areas?", "values": ["Andheri, Goregaon"] }
        ]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields })).await;
        app.run_jobs().await;
        let lead = tenant.leads().await.remove(0);
        let thread = conversation(&tenant.owner, &lead, "whatsapp").await;
        assert_eq!((&thread["person_address"], &thread["window_expires_at"]), (&json!(PERSON), &Value::Null));
        let form = messages(&tenant.owner, &thread).await.remove(0);
        assert_eq!((&form["message_type"], &form["direction"]), (&json!("form"), &json!("internal")));
        assert!(form["content"].as_str().unwrap().contains("₹80L-1Cr") && form["content"].as_str().unwrap().contains("Andheri, Goregaon"));

        let suggested = tenant.owner.get(&format!("/v1/leads/{}/suggested-message", lead["id"].as_str().unwrap())).await.ok();
        assert!(suggested["content"].as_str().unwrap().starts_with("Hi Asha, this is "), "{suggested}");
        assert!(suggested["content"].as_str().unwrap().contains("ABC Real Estate via LeadGen Pro"), "{suggested}");
        let queued = send(&tenant, &thread, json!({ "template": suggested["template"] })).await;
        assert_eq!((&queued["status"], &queued["from_name"], &queued["from_address"]), (&json!("queued"), &json!("ABC Real Estate via LeadGen Pro"), &json!(SHARED)));
        assert_eq!(queued["content"], suggested["content"]);
        fault(&app, json!([{ "provider": "twilio", "operation": "callback", "mode": "drop" }])).await;
        app.run_jobs().await;
        let sent = last(&tenant, &thread).await;
        assert_eq!((&sent["status"], sent["sent_at"].is_string(), &sent["delivered_at"]), (&json!("sent"), true, &Value::Null), "no receipt yet");
        let out = reached(&app, PERSON).await;
        assert_eq!((out.len(), &out[0]["body"], out[0]["template"].is_string()), (1, &suggested["content"], true));

        app.anonymous().delete("/sandbox/faults").await.expect(204);
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let read = last(&tenant, &thread).await;
        assert_eq!((&read["status"], read["delivered_at"].is_string(), read["read_at"].is_string()), (&json!("read"), true, true));
        let events = tenant.owner.get(&format!("/v1/events?subject_type=message&subject_id={}", read["id"].as_str().unwrap())).await.ok();
        let mut kinds: Vec<&str> = events["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["message.delivered", "message.queued", "message.read", "message.sent"], "each once");

        inbound(&app, PERSON, "Yes, call me at six").await;
        let answer = last(&tenant, &thread).await;
        assert_eq!((&answer["direction"], &answer["content"], &answer["status"]), (&json!("inbound"), &json!("Yes, call me at six"), &json!("received")));
        let lead = tenant.owner.get(&format!("/v1/leads/{}", lead["id"].as_str().unwrap())).await.ok();
        assert_eq!((&lead["contact_count"], lead["first_contact_at"].is_string()), (&json!(2), true));
    }

    async fn unread_messages_are_counted_and_marked(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Unread").await;
        let path = format!("/v1/conversations/{}", thread["id"].as_str().unwrap());
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        tenant.owner.call("POST", &format!("{path}/read")).await.ok();
        assert_eq!(conversation_unread(&tenant, &thread).await, 0);
        for text in ["one", "two"] {
            inbound(&app, PERSON, text).await;
        }
        assert_eq!(conversation_unread(&tenant, &thread).await, 2);
        assert_eq!(tenant.owner.get("/v1/conversations/unread").await.ok()["total"], 2);
        assert_eq!(tenant.owner.get("/v1/conversations?unread=true").await.ok()["data"].as_array().unwrap().len(), 1);
        let viewer = tenant.user("viewer").await;
        viewer.call("POST", &format!("{path}/read")).await.problem(403, "auth.forbidden");
        tenant.owner.call("POST", &format!("{path}/read")).await.ok();
        assert_eq!(tenant.owner.get("/v1/conversations/unread").await.ok()["total"], 0);
        assert!(tenant.owner.get("/v1/conversations?unread=true").await.ok()["data"].as_array().unwrap().is_empty());
    }

    async fn closed_conversations_come_back_when_somebody_writes(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Closing").await;
        let path = format!("/v1/conversations/{}", thread["id"].as_str().unwrap());
        let status = async || tenant.owner.get(&path).await.ok()["status"].clone();
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let closed = tenant.owner.patch(&path, json!({ "status": "closed" })).await.ok();
        assert!(closed["closed_at"].is_string());
        assert!(tenant.owner.get("/v1/conversations?status=open").await.ok()["data"].as_array().unwrap().is_empty());
        let snoozed = tenant.owner.patch(&path, json!({ "status": "snoozed" })).await;
        assert_eq!(snoozed.status, 409, "{}", snoozed.text);
        inbound(&app, PERSON, "Still there?").await;
        assert_eq!(status().await, "open");
        tenant.owner.patch(&path, json!({ "status": "closed" })).await.ok();
        send(&tenant, &thread, template()).await;
        assert_eq!(status().await, "open");
        tenant.owner.patch(&path, json!({ "status": "closed", "archived": true })).await.ok();
        assert!(tenant.owner.get("/v1/conversations").await.ok()["data"].as_array().unwrap().is_empty());
        inbound(&app, PERSON, "Hello?").await;
        assert_eq!(tenant.owner.get("/v1/conversations").await.ok()["data"].as_array().unwrap().len(), 1);
        let version = tenant.owner.get(&path).await;
        let etag = version.header("etag").unwrap().to_string();
        tenant.owner.patch(&path, json!({ "status": "pending" })).header("if-match", &etag).await.ok();
        tenant.owner.patch(&path, json!({ "status": "open" })).header("if-match", &etag).await.problem(412, "request.precondition_failed");
    }

    async fn history_pages_in_both_directions(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "History").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        for n in 0..5 {
            inbound(&app, PERSON, &format!("Message {n}")).await;
        }
        let mut whole: Vec<Value> = messages(&tenant.owner, &thread).await.iter().map(|m| m["id"].clone()).collect();
        for order in ["asc", "desc"] {
            let mut paged = Vec::new();
            let mut query = format!("order={order}&limit=2");
            loop {
                let page = tenant.owner.get(&format!("{}?{query}", messages_path(&thread))).await.ok();
                paged.extend(page["data"].as_array().unwrap().iter().map(|m| m["id"].clone()));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                query = format!("order={order}&limit=2&cursor={cursor}");
            }
            assert_eq!(paged, whole, "{order}");
            whole.reverse();
        }
    }

    async fn a_locked_lead_cannot_be_written_to(app: TestApp) {
        let tenant = app.growth("Locked").await;
        tenant.enter_leads("person", 50).await;
        let lead = tenant.lead("Asha Verma", "asha@example.com", PERSON).await;
        app.run_jobs().await;
        assert_eq!(lead["is_locked"], true);
        let listed = tenant.owner.get(&format!("/v1/conversations?lead_id={}", lead["id"].as_str().unwrap())).await.ok();
        assert!(!listed.to_string().contains("9876543210") && !listed.to_string().contains("Verma"), "{listed}");
        for thread in listed["data"].as_array().unwrap() {
            tenant.owner.post(&messages_path(thread), template()).await.problem(403, "lead.locked");
            tenant.owner.get(&messages_path(thread)).await.problem(403, "lead.locked");
        }
        tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "sms" })).await.problem(403, "lead.locked");
        let draft = tenant.owner.get(&format!("/v1/leads/{}/suggested-message", lead["id"].as_str().unwrap())).await.ok();
        assert_eq!((&draft["channel"], &draft["template"]["variables"]["name"]), (&json!("whatsapp"), &json!("there")), "it names nobody");
        let told = tenant.owner.get("/v1/notifications?limit=200").await.ok();
        assert!(!told.to_string().contains("Verma") && !told.to_string().contains("9876543210"), "nor do notifications tell");
        for entry in app.outbox().await {
            assert!(!entry.to_string().contains("Verma") && !entry.to_string().contains("9876543210"), "{entry}");
        }
    }

    async fn a_plan_without_whatsapp_refuses_it(app: TestApp) {
        let tenant = app.tenant("Starter").await;
        tenant.subscribe("us_starter").await;
        tenant.activate(&app).await;
        let lead = tenant.lead("Asha", "asha@example.com", PERSON).await;
        app.run_jobs().await;
        let refused = tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "whatsapp" })).await;
        refused.problem(403, "feature_not_in_plan");
    }
}

async fn conversation_unread(tenant: &Tenant, conversation: &Value) -> i64 {
    let path = format!("/v1/conversations/{}", conversation["id"].as_str().expect("an id"));
    tenant.owner.get(&path).await.ok()["unread_count"].as_i64().expect("a count")
}
