//! Conversations: what leaves, what comes back and to whom; and what the tenant's own people are told.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

const PERSON: &str = "+919876543210";
const SHARED: &str = "+14155238886";

/// The lead's conversation on a channel.
async fn conversation(client: &Client, lead: &Value, channel: &str) -> Value {
    let page =
        client.get(&format!("/v1/conversations?channel={channel}&lead_id={}", lead["id"].as_str().unwrap())).await.ok();
    page["data"].get(0).cloned().unwrap_or_else(|| panic!("no conversation: {page}"))
}

fn messages_path(conversation: &Value) -> String {
    format!("/v1/conversations/{}/messages", conversation["id"].as_str().expect("an id"))
}

async fn messages(client: &Client, conversation: &Value) -> Vec<Value> {
    let page = client.get(&format!("{}?order=asc&limit=200", messages_path(conversation))).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

fn template() -> Value {
    json!({ "template": { "code": "first_contact", "variables": { "name": "Asha", "business": "ABC", "about": "2 BHK" } } })
}

async fn inbound(app: &TestApp, from: &str, body: &str) {
    let sent = app
        .anonymous()
        .post("/sandbox/twilio/inbound", json!({ "from": format!("whatsapp:{from}"), "to": SHARED, "body": body }))
        .await
        .created();
    assert!(sent["webhook_status"].as_i64().is_some_and(|status| (200..300).contains(&status)), "{sent}");
    app.run_jobs().await;
}

/// What reached this address, newest first.
async fn reached(app: &TestApp, to: &str) -> Vec<Value> {
    app.outbox().await.into_iter().filter(|entry| entry["to"] == to).collect()
}

async fn fault(app: &TestApp, faults: Value) {
    app.anonymous().put("/sandbox/faults", json!({ "faults": faults })).await.ok();
}

/// A tenant with one lead and its WhatsApp conversation, with everything that follows from the lead done.
async fn with_lead(app: &TestApp, name: &str) -> (Tenant, Value, Value) {
    let tenant = app.growth(name).await;
    let lead = tenant.lead("Asha Verma", "asha@example.com", PERSON).await;
    app.run_jobs().await;
    let conversation = conversation(&tenant.owner, &lead, "whatsapp").await;
    (tenant, lead, conversation)
}

async fn send(tenant: &Tenant, conversation: &Value, body: Value) -> Value {
    tenant.owner.post(&messages_path(conversation), body).await.expect(202)
}

async fn last(tenant: &Tenant, conversation: &Value) -> Value {
    messages(&tenant.owner, conversation).await.pop().expect("a message")
}

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
        assert_eq!(answer["ambiguous_candidates"], Value::Null);
        let lead = tenant.owner.get(&format!("/v1/leads/{}", lead["id"].as_str().unwrap())).await.ok();
        assert_eq!((&lead["contact_count"], lead["first_contact_at"].is_string()), (&json!(2), true));
    }

    async fn free_text_needs_an_open_window(app: TestApp) {
        let (mut tenant, _, thread) = with_lead(&app, "Window").await;
        let text = json!({ "content": "Shall we meet?" });
        let refused = tenant.owner.post(&messages_path(&thread), text.clone()).await.problem(409, "conversation.window_closed");
        assert!(refused["detail"].as_str().unwrap().contains("first_contact"), "{refused}");
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        inbound(&app, PERSON, "Hello").await;
        let open = tenant.owner.get(&format!("/v1/conversations/{}", thread["id"].as_str().unwrap())).await.ok();
        assert_eq!(open["window_expires_at"], json!(app.clock.now().plus(chrono::Duration::hours(24))));
        send(&tenant, &thread, text.clone()).await;
        app.run_jobs().await;
        assert_eq!(last(&tenant, &thread).await["status"], "read");
        app.advance(chrono::Duration::hours(24));
        tenant.log_in_again().await;
        tenant.owner.post(&messages_path(&thread), text).await.problem(409, "conversation.window_closed");
        let both = json!({ "content": "x", "template": template()["template"] });
        tenant.owner.post(&messages_path(&thread), both).await.invalid("/content");
        tenant.owner.post(&messages_path(&thread), json!({ "template": { "code": "nope" } })).await.invalid("/template/code");
        tenant.owner.post(&messages_path(&thread), json!({ "template": { "code": "lead_alert" } })).await.invalid("/template/code");
    }

    async fn an_answer_on_a_shared_number_goes_to_who_wrote_last(app: TestApp) {
        let (one, _, thread_one) = with_lead(&app, "One").await;
        let (two, _, thread_two) = with_lead(&app, "Two").await;
        send(&one, &thread_one, template()).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::minutes(1));
        send(&two, &thread_two, template()).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::minutes(1));
        inbound(&app, PERSON, "For the second").await;
        let answer = last(&two, &thread_two).await;
        assert_eq!((&answer["content"], &answer["ambiguous_candidates"]), (&json!("For the second"), &json!(2)));
        let inbound_of_one = async || messages(&one.owner, &thread_one).await.into_iter().filter(|m| m["direction"] == "inbound" && m["message_type"] == "text").count();
        assert_eq!(inbound_of_one().await, 0);
        send(&one, &thread_one, template()).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::minutes(1));
        inbound(&app, PERSON, "For the first").await;
        assert_eq!(inbound_of_one().await, 1);
        assert_eq!(last(&two, &thread_two).await["content"], "For the second");
    }

    async fn whom_nobody_wrote_to_is_nobodys(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Quiet").await;
        inbound(&app, "+919876500000", "Who is this?").await;
        inbound(&app, PERSON, "We have not written yet").await;
        assert!(messages(&tenant.owner, &thread).await.iter().all(|message| message["message_type"] != "text"));
        let stored = app.operator().get("/v1/ops/webhook-events?provider=twilio").await.ok();
        for event in stored["data"].as_array().unwrap() {
            assert_eq!(event["outcome"], "unknown_person");
        }
        assert_eq!(stored["data"].as_array().unwrap().len(), 2);
    }

    async fn a_message_that_comes_twice_is_one(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Twice").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        fault(&app, json!([{ "provider": "twilio", "operation": "callback", "mode": "duplicate", "times": 1 }])).await;
        inbound(&app, PERSON, "Once").await;
        let texts: Vec<Value> = messages(&tenant.owner, &thread).await.into_iter().filter(|m| m["direction"] == "inbound" && m["message_type"] == "text").collect();
        assert_eq!(texts.len(), 1);
        assert_eq!(tenant.owner.get("/v1/conversations/unread").await.ok()["total"].as_i64().unwrap(), conversation_unread(&tenant, &thread).await);
    }

    async fn receipts_in_any_order_only_move_forward(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Reorder").await;
        fault(&app, json!([{ "provider": "twilio", "operation": "callback", "mode": "reorder", "times": 1 }, { "provider": "twilio", "operation": "callback", "mode": "duplicate" }])).await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let message = last(&tenant, &thread).await;
        assert_eq!((&message["status"], message["delivered_at"].is_string()), (&json!("read"), true), "{message}");
    }

    async fn stop_silences_the_number_for_every_tenant_until_start(app: TestApp) {
        let (one, _, thread_one) = with_lead(&app, "One").await;
        let (two, _, thread_two) = with_lead(&app, "Two").await;
        for (tenant, thread) in [(&one, &thread_one), (&two, &thread_two)] {
            send(tenant, thread, template()).await;
        }
        app.run_jobs().await;
        inbound(&app, PERSON, " stop ").await;
        for (tenant, thread) in [(&one, &thread_one), (&two, &thread_two)] {
            tenant.owner.post(&messages_path(thread), template()).await.problem(409, "conversation.suppressed");
        }
        let before = reached(&app, PERSON).await.len();
        inbound(&app, PERSON, "please stop by tomorrow").await;
        inbound(&app, PERSON, "START").await;
        for (tenant, thread) in [(&one, &thread_one), (&two, &thread_two)] {
            send(tenant, thread, template()).await;
        }
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), before + 2);
    }

    async fn consent_is_asked_when_a_message_leaves(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Late").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        fault(&app, json!([{ "provider": "twilio", "operation": "send", "mode": "throttle", "times": 1, "retry_after_seconds": 60 }])).await;
        let planned = send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        inbound(&app, PERSON, "STOP").await;
        app.advance(chrono::Duration::minutes(2));
        app.run_jobs().await;
        let all = messages(&tenant.owner, &thread).await;
        let message = all.iter().find(|message| message["id"] == planned["id"]).unwrap();
        assert_eq!((&message["status"], &message["error"]["code"]), (&json!("suppressed"), &json!("conversation.suppressed")));
        assert_eq!(reached(&app, PERSON).await.len(), 1);
    }

    async fn a_throttled_message_waits_as_told(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Throttle").await;
        fault(&app, json!([{ "provider": "twilio", "operation": "send", "mode": "throttle", "times": 1, "retry_after_seconds": 60 }])).await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let waiting = last(&tenant, &thread).await;
        assert_eq!((&waiting["status"], &waiting["error"]["class"]), (&json!("queued"), &json!("rate")));
        app.advance(chrono::Duration::seconds(59));
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
        app.advance(chrono::Duration::seconds(2));
        app.run_jobs().await;
        assert_eq!((reached(&app, PERSON).await.len(), &last(&tenant, &thread).await["status"]), (1, &json!("read")));
    }

    async fn what_will_never_arrive_has_failed_with_its_code(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Refused").await;
        fault(&app, json!([{ "provider": "twilio", "operation": "send", "mode": "fail", "status": 400, "code": 21211, "times": 1 }])).await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let failed = last(&tenant, &thread).await;
        assert_eq!((&failed["status"], &failed["error"]["code"], failed["failed_at"].is_string()), (&json!("failed"), &json!("21211"), true));
        assert!(reached(&app, PERSON).await.is_empty());
        let events = tenant.owner.get("/v1/events?type=message.failed").await.ok();
        assert_eq!(events["data"][0]["data"]["code"], "21211");
    }

    async fn a_broken_provider_is_tried_again(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Broken").await;
        fault(&app, json!([{ "provider": "twilio", "operation": "send", "mode": "fail", "status": 503, "times": 2 }])).await;
        send(&tenant, &thread, template()).await;
        for _ in 0..4 {
            app.run_jobs().await;
            app.advance(chrono::Duration::minutes(3));
        }
        assert_eq!((reached(&app, PERSON).await.len(), &last(&tenant, &thread).await["status"]), (1, &json!("read")));
    }

    async fn an_answer_that_is_lost_sends_nothing_twice(app: TestApp) {
        for (n, lost) in [json!({ "mode": "timeout_after_accept", "delay_ms": 10 }), json!({ "mode": "garbage" }), json!({ "mode": "drop" })].into_iter().enumerate() {
            let tenant = app.growth(&format!("Lost {n}")).await;
            let phone = format!("+91987650000{n}");
            let lead = tenant.lead("Asha", "asha@example.com", &phone).await;
            app.run_jobs().await;
            let thread = conversation(&tenant.owner, &lead, "whatsapp").await;
            let mut lost = lost;
            (lost["provider"], lost["operation"], lost["times"]) = (json!("twilio"), json!("send"), json!(1));
            fault(&app, json!([lost, { "provider": "twilio", "operation": "callback", "mode": "drop" }])).await;
            send(&tenant, &thread, template()).await;
            app.run_jobs().await;
            assert_eq!(last(&tenant, &thread).await["status"], "sending", "nobody knows yet");
            for _ in 0..3 {
                app.advance(chrono::Duration::minutes(2));
                app.run_jobs().await;
            }
            let message = last(&tenant, &thread).await;
            assert!(message["sent_at"].is_string() && message["error"].is_null(), "{message}");
            assert_eq!(reached(&app, &phone).await.len(), 1);
        }
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

    async fn email_has_its_own_thread_and_a_bounce_ends_it(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Email").await;
        let open = json!({ "lead_id": lead["id"], "channel": "email" });
        let thread = tenant.owner.post("/v1/conversations", open.clone()).await.created();
        assert_eq!(tenant.owner.post("/v1/conversations", open).await.ok()["id"], thread["id"], "one per channel");
        tenant.owner.post(&messages_path(&thread), json!({ "content": "Hello" })).await.invalid("/subject");
        tenant.owner.post(&messages_path(&thread), json!({ "content": "Hello", "subject": "a\nBcc: x@example.com" })).await.invalid("/subject");
        let queued = send(&tenant, &thread, json!({ "content": "Hello Asha", "subject": "Your 2 BHK" })).await;
        assert_eq!(queued["from_name"], "Email via LeadGen Pro");
        app.run_jobs().await;
        assert_eq!(last(&tenant, &thread).await["status"], "delivered");
        let out = reached(&app, "asha@example.com").await;
        assert_eq!((out.len(), &out[0]["subject"], &out[0]["body"]), (1, &json!("Your 2 BHK"), &json!("Hello Asha")));

        let bouncing = tenant.lead("Ghost", "bounced@resend.dev", "+919876500001").await;
        let thread = tenant.owner.post("/v1/conversations", json!({ "lead_id": bouncing["id"], "channel": "email" })).await.created();
        send(&tenant, &thread, json!({ "content": "Hello", "subject": "Hello" })).await;
        app.run_jobs().await;
        let bounced = last(&tenant, &thread).await;
        assert_eq!((&bounced["status"], bounced["failed_at"].is_string()), (&json!("bounced"), true));
        tenant.owner.post(&messages_path(&thread), json!({ "content": "Again", "subject": "Again" })).await.problem(409, "conversation.suppressed");
        let elsewhere = app.growth("Elsewhere").await;
        let same = elsewhere.lead("Ghost", "bounced@resend.dev", "+919876500001").await;
        let other = elsewhere.owner.post("/v1/conversations", json!({ "lead_id": same["id"], "channel": "email" })).await.created();
        elsewhere.owner.post(&messages_path(&other), json!({ "content": "Hi", "subject": "Hi" })).await.problem(409, "conversation.suppressed");
    }

    async fn sms_goes_without_a_window(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Texts").await;
        let thread = tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "sms" })).await.created();
        send(&tenant, &thread, json!({ "content": "Hello from us" })).await;
        app.run_jobs().await;
        assert_eq!(last(&tenant, &thread).await["status"], "delivered");
        let mail = tenant.owner.post("/v1/leads", json!({ "name": "No phone", "email": "nophone@example.com" })).await.created();
        tenant.owner.post("/v1/conversations", json!({ "lead_id": mail["id"], "channel": "sms" })).await.problem(409, "lead.no_address");
        tenant.owner.post("/v1/conversations", json!({ "lead_id": mail["id"], "channel": "messenger" })).await.problem(409, "channel.not_supported");
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
        tenant.owner.get(&format!("/v1/leads/{}/suggested-message", lead["id"].as_str().unwrap())).await.problem(403, "lead.locked");
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

    async fn a_new_lead_is_announced_with_its_reasons_where_people_want_it(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        let profile = json!({ "industry": "Real estate", "description": "2 BHK flats", "locations": ["Mumbai"], "phone": "98765 00000" });
        tenant.owner.put("/v1/tenants/current/profile", profile).await.ok();
        tenant.owner.put("/v1/tenants/current/audience", json!({ "description": "First-time buyers", "locations": ["Andheri", "Goregaon"],
            "budget_min": { "amount": 600_000_000, "currency": "INR" }, "budget_max": { "amount": 1_500_000_000, "currency": "INR" } })).await.ok();
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "deep_link_base_url": "https://app.abc.example.com",
            "notification_recipients": { "emails": ["sales@abc.example.com"], "whatsapp": ["+919876500099"] } } })).await.ok();
        let agent = tenant.user("agent").await;
        let enter = |name: &str, phone: &str| tenant.owner.post("/v1/leads", json!({
            "name": name, "email": format!("{phone}@example.com"), "phone": phone, "budget_range": "₹80L-1Cr", "timeline": "Within 3 months", "form_responses": { "Preferred areas?": "Andheri, Goregaon" }
        }));
        let lead = enter("Priya Sharma", "9876543210").await.created();
        app.run_jobs().await;
        let link = format!("https://app.abc.example.com/leads/{}", lead["id"].as_str().unwrap());
        for client in [&tenant.owner, &agent] {
            let note = client.get("/v1/notifications").await.ok()["data"][0].clone();
            assert_eq!((&note["kind"], &note["link"], &note["lead_id"]), (&json!("lead_created"), &json!(link), &lead["id"]));
            assert!(note["title"].as_str().unwrap().contains("Priya Sharma (95/100)"), "{note}");
            assert_eq!(note["body"].as_str().unwrap().matches('✓').count(), 3, "{note}");
        }
        for address in [tenant.email().as_str(), "sales@abc.example.com", "+919876500000", "+919876500099"] {
            let out = reached(&app, address).await;
            assert_eq!(out.len(), 1, "{address}");
            let text = out[0]["body"].as_str().unwrap();
            assert!(text.contains(&link) && text.contains("95") && text.contains("Budget matches"), "{address}: {text}");
        }
        let deliveries = tenant.owner.get("/v1/notifications/deliveries?kind=lead_created").await.ok();
        assert_eq!(deliveries["data"].as_array().unwrap().len(), 4);
        assert!(deliveries["data"].as_array().unwrap().iter().all(|d| ["delivered", "read"].contains(&d["status"].as_str().unwrap())), "{deliveries}");

        let note = tenant.owner.get("/v1/notifications").await.ok()["data"][0]["id"].clone();
        let path = format!("/v1/notifications/{}/read", note.as_str().unwrap());
        agent.call("POST", &path).await.expect(404);
        tenant.owner.call("POST", &path).await.ok();
        assert!(tenant.owner.get("/v1/notifications?unread=true").await.ok()["data"].as_array().unwrap().is_empty());

        tenant.owner.patch("/v1/notifications/preferences", json!({ "lead_created": { "email": false, "whatsapp": false, "in_app": false } })).await.ok();
        enter("Ravi Kumar", "9876543211").await.created();
        app.run_jobs().await;
        assert_eq!(tenant.owner.get("/v1/notifications").await.ok()["data"].as_array().unwrap().len(), 1);
        assert_eq!(agent.get("/v1/notifications").await.ok()["data"].as_array().unwrap().len(), 2);
        assert_eq!((reached(&app, &tenant.email()).await.len(), reached(&app, "+919876500000").await.len()), (1, 1));
        assert_eq!(reached(&app, "sales@abc.example.com").await.len(), 2, "the business's own recipients are asked apart");
    }

    async fn the_operators_hear_of_a_new_tenant(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        app.run_jobs().await;
        let notes = app.operator().get("/v1/ops/notifications").await.ok();
        let note = &notes["data"][0];
        assert_eq!((&note["title"], &note["tenant_id"]), (&json!("New Customer Alert"), &json!(tenant.id)));
        assert!(note["body"].as_str().unwrap().contains("Growth (50 leads/month)"), "{note}");
        let tasks = app.operator().get("/v1/ops/tasks").await.ok();
        let due = json!(app.clock.now().plus(chrono::Duration::hours(24)));
        let tasks = tasks["data"].as_array().unwrap();
        assert_eq!((tasks.len(), tasks.iter().filter(|task| task["due_at"] == due).count()), (3, 3), "{tasks:?}");
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(app.operator().get("/v1/ops/tasks").await.ok()["data"].as_array().unwrap().len(), 3, "the same three");
        assert_eq!(app.operator().get("/v1/ops/notifications").await.ok()["data"].as_array().unwrap().len(), 2);
    }
}

async fn conversation_unread(tenant: &Tenant, conversation: &Value) -> i64 {
    let path = format!("/v1/conversations/{}", conversation["id"].as_str().expect("an id"));
    tenant.owner.get(&path).await.ok()["unread_count"].as_i64().expect("a count")
}
