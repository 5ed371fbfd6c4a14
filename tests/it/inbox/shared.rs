//! One number, several tenants: whose an answer is, whom a STOP is meant for, and what waits for a person of the platform.

use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::inbox::model::Channel;
use leadwright::sending::id::SenderId;
use leadwright::sending::schema::senders;
use serde_json::{Value, json};

use super::{PERSON, SHARED, conversation, inbound, last, messages, messages_path, send, template, with_lead};
use crate::both_engines;
use crate::support::{Tenant, TestApp};

/// What the person wrote, as a tenant sees it.
async fn heard(tenant: &Tenant, thread: &Value) -> Vec<String> {
    let all = messages(&tenant.owner, thread).await;
    all.iter().filter(|m| m["direction"] == "inbound").map(|m| m["content"].as_str().unwrap().to_string()).collect()
}

async fn writes(app: &TestApp, tenant: &Tenant, thread: &Value) {
    send(tenant, thread, template()).await;
    app.run_jobs().await;
    app.advance(chrono::Duration::minutes(1));
}

async fn says(app: &TestApp, body: &str) {
    inbound(app, PERSON, body).await;
    app.advance(chrono::Duration::minutes(1));
}

async fn held(app: &TestApp) -> Vec<Value> {
    let page = app.operator().get("/v1/ops/webhook-events?state=held").await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn who_pushes_into_an_open_conversation_hears_nothing(app: TestApp) {
        let (ours, _, thread) = with_lead(&app, "ABC").await;
        writes(&app, &ours, &thread).await;
        says(&app, "Yes, call me").await;
        send(&ours, &thread, json!({ "content": "Please send your PAN" })).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::minutes(1));
        let (stranger, _, theirs) = with_lead(&app, "Eavesdropper").await;
        writes(&app, &stranger, &theirs).await;
        says(&app, "PAN ABCDE1234F").await;
        says(&app, "And the OTP is 448812").await;
        assert_eq!(heard(&ours, &thread).await, ["Yes, call me", "PAN ABCDE1234F", "And the OTP is 448812"]);
        assert!(heard(&stranger, &theirs).await.is_empty());

        says(&app, "STOP").await;
        send(&ours, &thread, json!({ "content": "Are you there?" })).await;
        stranger.owner.post(&messages_path(&theirs), template()).await.problem(409, "conversation.suppressed");
        assert_eq!(heard(&stranger, &theirs).await, ["STOP"], "whom it is meant for reads it");
        says(&app, "Stop!").await;
        ours.owner.post(&messages_path(&thread), template()).await.problem(409, "conversation.suppressed");
    }

    async fn what_is_unclear_is_shown_to_nobody_until_a_person_decides(app: TestApp) {
        let (one, _, first) = with_lead(&app, "One").await;
        let (two, _, second) = with_lead(&app, "Two").await;
        writes(&app, &one, &first).await;
        writes(&app, &two, &second).await;
        says(&app, "My account is 50100012345678").await;
        assert!(heard(&one, &first).await.is_empty() && heard(&two, &second).await.is_empty());

        let waiting = held(&app).await;
        assert_eq!((waiting.len(), &waiting[0]["outcome"]), (1, &json!("several_tenants")));
        let path = format!("/v1/ops/webhook-events/{}", waiting[0]["id"].as_str().unwrap());
        let read = app.operator().get(&path).await.ok();
        let mut candidates: Vec<&str> = read["candidates"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        candidates.sort_unstable();
        let mut expected = [one.id.as_str(), two.id.as_str()];
        expected.sort_unstable();
        assert_eq!(candidates, expected);
        let told = app.operator().get("/v1/ops/notifications").await.ok();
        assert!(told["data"].as_array().unwrap().iter().any(|note| note["data"]["webhook_event_id"] == waiting[0]["id"]), "{told}");

        one.owner.post(&format!("{path}/assign"), json!({ "tenant_id": one.id })).await.problem(403, "auth.operator_required");
        let elsewhere = app.growth("Elsewhere").await;
        app.operator().post(&format!("{path}/assign"), json!({ "tenant_id": elsewhere.id })).await.problem(409, "webhook_event.no_lead");
        let assigned = app.operator().post(&format!("{path}/assign"), json!({ "tenant_id": one.id })).await.ok();
        assert_eq!((&assigned["state"], &assigned["outcome"], &assigned["tenant_id"]), (&json!("processed"), &json!("assigned"), &json!(one.id)));
        assert_eq!(heard(&one, &first).await, ["My account is 50100012345678"]);
        app.operator().post(&format!("{path}/assign"), json!({ "tenant_id": two.id })).await.problem(409, "webhook_event.not_held");
        assert!(last(&one, &first).await.get("ambiguous_candidates").is_none(), "how many others there are is nobody's business");

        says(&app, "Thanks").await;
        assert_eq!(last(&one, &first).await["content"], "Thanks", "from here on it is clear");
    }

    async fn a_quoted_message_says_whose_the_answer_is(app: TestApp) {
        let (one, _, first) = with_lead(&app, "One").await;
        let (two, _, second) = with_lead(&app, "Two").await;
        writes(&app, &one, &first).await;
        let theirs = app.outbox().await[0]["id"].clone();
        writes(&app, &two, &second).await;
        let quoting = json!({ "from": format!("whatsapp:{PERSON}"), "to": SHARED, "body": "Yes to this one", "replied_to": theirs });
        app.anonymous().post("/sandbox/twilio/inbound", quoting.clone()).await.created();
        app.run_jobs().await;
        assert_eq!(heard(&one, &first).await, ["Yes to this one"]);
        assert!(heard(&two, &second).await.is_empty());
        // Nobody quotes what somebody else was sent.
        let other = json!({ "from": "whatsapp:+919800000009", "to": SHARED, "body": "Me too", "replied_to": theirs });
        app.anonymous().post("/sandbox/twilio/inbound", other).await.created();
        app.run_jobs().await;
        assert_eq!(heard(&one, &first).await, ["Yes to this one"]);
        assert_eq!(held(&app).await[0]["outcome"], "unknown_person");
    }

    async fn whoever_writes_first_is_found_among_the_leads(app: TestApp) {
        let (tenant, lead, thread) = with_lead(&app, "First").await;
        inbound(&app, PERSON, "Is the flat still free?").await;
        assert_eq!(heard(&tenant, &thread).await, ["Is the flat still free?"]);
        let window = conversation(&tenant.owner, &lead, "whatsapp").await;
        assert!(window["window_expires_at"].is_string() && window["unread_count"] == 1, "{window}");
        send(&tenant, &thread, json!({ "content": "Yes" })).await;

        inbound(&app, "+919876500000", "Who is this?").await;
        let waiting = held(&app).await;
        assert_eq!((waiting.len(), &waiting[0]["outcome"]), (1, &json!("unknown_person")), "kept where operators see it");
        let path = format!("/v1/ops/webhook-events/{}", waiting[0]["id"].as_str().unwrap());
        let late = tenant.lead("Late", "late@example.com", "+919876500000").await;
        app.operator().post(&format!("{path}/replay"), json!({})).await.expect(202);
        app.run_jobs().await;
        let thread = conversation(&tenant.owner, &late, "whatsapp").await;
        assert_eq!(heard(&tenant, &thread).await, ["Who is this?"], "tried again once somebody knows them");
    }

    async fn of_several_the_one_whose_enquiry_is_the_persons_own_is_written_to(app: TestApp) {
        let (knows, _, theirs) = with_lead(&app, "Knows the number").await;
        let asked = app.growth("Was asked").await;
        asked.ad_campaign("meta", "120210000000000077", "612312312377", "153125381177").await;
        let fields = json!([{ "name": "full_name", "values": ["Asha"] }, { "name": "phone_number", "values": [PERSON] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381177", "form_id": "612312312377", "field_data": fields })).await.created();
        app.run_jobs().await;
        let lead = asked.leads().await[0].clone();
        let thread = conversation(&asked.owner, &lead, "whatsapp").await;
        inbound(&app, PERSON, "About my enquiry").await;
        assert_eq!(heard(&asked, &thread).await, ["About my enquiry"]);
        assert!(heard(&knows, &theirs).await.is_empty());
    }

    async fn whatever_a_tenant_says_of_a_source_it_is_only_the_tenants_word(app: TestApp) {
        let (first, lead, theirs) = with_lead(&app, "First").await;
        let rival = app.growth("Rival").await;
        for source in ["whatsapp_inbound", "meta_ads", "web_form", "organic"] {
            let body = json!({ "name": "x", "phone": PERSON, "source": source });
            let claimed = rival.owner.post("/v1/leads", body).await;
            assert!(claimed.status < 300, "{}", claimed.text);
        }
        app.run_jobs().await;
        let thread = conversation(&rival.owner, &rival.leads().await[0], "whatsapp").await;
        inbound(&app, PERSON, "Is the flat free?").await;
        assert!(heard(&rival, &thread).await.is_empty(), "two that only say so: a person decides");
        assert_eq!(held(&app).await.len(), 1);
        writes(&app, &first, &theirs).await;
        says(&app, "It is me, Asha").await;
        assert_eq!(heard(&first, &conversation(&first.owner, &lead, "whatsapp").await).await, ["It is me, Asha"]);
        assert!(heard(&rival, &thread).await.is_empty());
    }

    async fn who_has_no_plan_takes_no_first_message_of_anothers_lead(app: TestApp) {
        let (first, _, theirs) = with_lead(&app, "First").await;
        let free = app.tenant("Free").await;
        free.owner.post("/v1/leads", json!({ "name": "x", "phone": PERSON, "source": "whatsapp_inbound" })).await.created();
        app.run_jobs().await;
        inbound(&app, PERSON, "Hello").await;
        assert_eq!(heard(&first, &theirs).await, ["Hello"]);
    }

    async fn a_stranger_on_a_tenants_own_number_is_a_new_lead(app: TestApp) {
        const OWN: &str = "+14155550177";
        let tenant = app.growth("Own number").await;
        let id: TenantId = tenant.id.parse().unwrap();
        let add = move |tx: &mut PlatformTx<'_>| {
            let row = (
                senders::id.eq(SenderId::new()), senders::tenant_id.eq(Some(id)), senders::channel.eq(Channel::Whatsapp),
                senders::provider.eq("twilio"), senders::address.eq(OWN), senders::is_active.eq(true), senders::created_at.eq(tx.now()),
            );
            diesel::insert_into(senders::table).values(row).execute(tx.conn())?;
            Ok(())
        };
        app.app.core.db.write(PlatformScope::system(), add).await.unwrap();
        let told = json!({ "from": "whatsapp:+919811100001", "to": format!("whatsapp:{OWN}"), "body": "Do you have 2 BHK?", "profile_name": "Meera Nair" });
        app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
        app.run_jobs().await;
        let leads = tenant.leads().await;
        assert_eq!((leads.len(), &leads[0]["name"], &leads[0]["source"]), (1, &json!("Meera Nair"), &json!("whatsapp_inbound")));
        let thread = conversation(&tenant.owner, &leads[0], "whatsapp").await;
        assert_eq!(heard(&tenant, &thread).await, ["Do you have 2 BHK?"]);
    }

    async fn words_of_refusal_silence_in_any_spelling(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Words").await;
        let thread = tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "sms" })).await.created();
        let text = json!({ "content": "Hello" });
        for word in ["REVOKE", "Opt-out", "ＳＴＯＰ", "रोकें", "Stop please 🙏"] {
            send(&tenant, &thread, text.clone()).await;
            app.run_jobs().await;
            let told = json!({ "from": PERSON, "to": "+14155550100", "body": word });
            app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
            app.run_jobs().await;
            tenant.owner.post(&messages_path(&thread), text.clone()).await.problem(409, "conversation.suppressed");
            let back = json!({ "from": PERSON, "to": "+14155550100", "body": "START" });
            app.anonymous().post("/sandbox/twilio/inbound", back).await.created();
            app.run_jobs().await;
        }
    }
}
