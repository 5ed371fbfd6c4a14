//! What people send that is no text: places, files, choices, and what nobody here knows.

use serde_json::json;

use super::{PERSON, SHARED, conversation, last, send, template, with_lead};
use crate::both_engines;

both_engines! {
    async fn a_place_that_a_person_shares_says_where(app: TestApp) {
        let (tenant, lead, thread) = with_lead(&app, "Places").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let place = json!({ "MessageType": "location", "Latitude": "19.1197", "Longitude": "72.8464", "Address": "Veera Desai Road", "Label": "Site office" });
        app.anonymous().post("/sandbox/twilio/inbound", json!({ "from": format!("whatsapp:{PERSON}"), "to": SHARED, "parameters": place })).await.created();
        app.run_jobs().await;
        let told = last(&tenant, &thread).await;
        assert_eq!((&told["content"], &told["message_type"]), (&json!("📍 Site office, Veera Desai Road, 19.1197, 72.8464"), &json!("location")));
        let shared = &told["attachments"][0];
        assert_eq!((&shared["kind"], &shared["latitude"], &shared["label"]), (&json!("location"), &json!("19.1197"), &json!("Site office")));
        let shown = conversation(&tenant.owner, &lead, "whatsapp").await;
        assert_eq!(shown["last_message_preview"], "📍 Site office, Veera Desai Road, 19.1197, 72.8464");
    }

    async fn files_are_read_through_us_by_their_tenant_alone(app: TestApp) {
        let (tenant, lead, thread) = with_lead(&app, "Files").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let file = |body: &str| json!({ "content_type": "image/jpeg", "body": body });
        let foreign = json!({ "url": "http://127.0.0.1:1/secret", "content_type": "image/png" });
        let told = json!({ "from": format!("whatsapp:{PERSON}"), "to": SHARED, "media": [file("one"), file("two"), foreign] });
        app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
        app.run_jobs().await;
        let message = last(&tenant, &thread).await;
        assert_eq!(message["message_type"], "media");
        let urls: Vec<&str> = message["attachments"].as_array().unwrap().iter().map(|one| one["url"].as_str().unwrap()).collect();
        assert_eq!(urls.len(), 3);
        let base = format!("/v1/messages/{}/attachments", message["id"].as_str().unwrap());
        assert!(urls.iter().enumerate().all(|(n, url)| *url == format!("{base}/{n}")), "{urls:?}");
        assert_eq!(conversation(&tenant.owner, &lead, "whatsapp").await["last_message_preview"], "(3 pictures)");

        let read = tenant.owner.get(urls[1]).await;
        assert_eq!((read.status, read.text.as_str()), (200, "two"));
        assert_eq!(read.header("content-disposition").unwrap(), "attachment; filename=\"attachment-1.jpg\"");
        assert_eq!(read.header("x-content-type-options").unwrap(), "nosniff");
        tenant.owner.get(urls[2]).await.problem(404, "attachment.gone");
        tenant.owner.get(&format!("{base}/9")).await.problem(404, "attachment.not_found");
        app.growth("Nosy").await.owner.get(urls[0]).await.problem(404, "message.not_found");
        app.anonymous().get(urls[0]).await.problem(401, "auth.missing_credentials");
    }

    async fn what_is_not_understood_is_kept_and_shown_as_it_came(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "News").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let more = json!({ "MessageType": "poll", "PollName": "Which flat?", "ReferralHeadline": "New flats in Andheri" });
        app.anonymous().post("/sandbox/twilio/inbound", json!({ "from": format!("whatsapp:{PERSON}"), "to": SHARED, "parameters": more })).await.created();
        app.run_jobs().await;
        let told = last(&tenant, &thread).await;
        assert!(told["content"].as_str().unwrap().contains("\"poll\""), "{told}");
        assert_eq!(told["details"], json!({ "other": { "PollName": "Which flat?" }, "referral": { "headline": "New flats in Andheri" } }));
    }

    async fn an_answer_by_rcs_is_in_the_conversation_of_that_telephone(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Rich").await;
        let thread = tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "sms" })).await.created();
        send(&tenant, &thread, json!({ "content": "Hello from us" })).await;
        app.run_jobs().await;
        for ours in ["+14155550100", "rcs:abc_agent"] {
            let rich = json!({ "From": format!("rcs:{PERSON}"), "To": ours });
            let told = json!({ "from": PERSON, "to": "+14155550100", "body": format!("to {ours}"), "parameters": rich });
            app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
            app.run_jobs().await;
            assert_eq!(last(&tenant, &thread).await["content"], format!("to {ours}"));
        }
    }
}
