//! What leaves, and what becomes of it: the window, consent, throttling, failures, a lost answer, each channel.

use serde_json::json;

use super::{PERSON, conversation, fault, inbound, last, messages, messages_path, reached, send, template, with_lead};
use crate::both_engines;

both_engines! {
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

    async fn an_answer_nobody_may_look_for_waits_for_the_operators(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Locked out").await;
        let lost = json!({ "provider": "twilio", "operation": "send", "mode": "drop", "times": 1 });
        let refused = json!({ "provider": "twilio", "operation": "list", "mode": "fail", "status": 401, "code": 20003 });
        fault(&app, json!([lost, refused, { "provider": "twilio", "operation": "callback", "mode": "drop" }])).await;
        send(&tenant, &thread, template()).await;
        for _ in 0..3 {
            app.run_jobs().await;
            app.advance(chrono::Duration::minutes(2));
        }
        let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=message.send").await.ok();
        let Some(job) = dead["data"][0]["id"].as_str() else { panic!("no dead job: {dead}") };
        assert_eq!(last(&tenant, &thread).await["status"], "sending", "nobody knows yet");
        fault(&app, json!([])).await;
        app.operator().post(&format!("/v1/ops/jobs/{job}/retry"), json!({})).await.ok();
        app.run_jobs().await;
        assert!(last(&tenant, &thread).await["sent_at"].is_string());
        assert_eq!(reached(&app, PERSON).await.len(), 1, "found, and not sent again");
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
        let told = tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "scoring_model": "real_estate_in" } }));
        told.await.ok();
        app.run_jobs().await;
        let path = format!("/v1/leads/{}/score", bouncing["id"].as_str().unwrap());
        let score = tenant.owner.get(&path).await.ok();
        assert_eq!(score["items"][0]["rule"], "phone_valid", "an address that bounced earns nothing: {score}");
        tenant.owner.post(&messages_path(&thread), json!({ "content": "Again", "subject": "Again" })).await.problem(409, "conversation.suppressed");
        let elsewhere = app.growth("Elsewhere").await;
        let same = elsewhere.lead("Ghost", "bounced@resend.dev", "+919876500001").await;
        let other = elsewhere.owner.post("/v1/conversations", json!({ "lead_id": same["id"], "channel": "email" })).await.created();
        send(&elsewhere, &other, json!({ "content": "Hi", "subject": "Hi" })).await; // a bounce is between two
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
}
