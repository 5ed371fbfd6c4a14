//! What comes back and to whom: shared numbers, repeated messages, receipts in any order, STOP.

use diesel::prelude::*;
use leadwright::base::Result;
use leadwright::engine::db::PlatformTx;
use leadwright::inbox::id::ConversationId;
use leadwright::inbox::model::ConversationStatus;
use leadwright::inbox::schema::conversations;
use serde_json::{Value, json};

use super::{PERSON, conversation, fault, inbound, last, messages, messages_path, reached, send, template, with_lead};
use crate::both_engines;
use crate::support::Tenant;

/// What closing a conversation writes.
fn close(thread: &Value) -> impl FnOnce(&mut PlatformTx<'_>) -> Result<()> + Send + 'static {
    let id: ConversationId = thread["id"].as_str().unwrap().parse().unwrap();
    move |tx| {
        let closed = (
            conversations::status.eq(ConversationStatus::Closed),
            conversations::closed_at.eq(tx.now()),
            conversations::version.eq(conversations::version + 1),
        );
        diesel::update(conversations::table.filter(conversations::id.eq(id))).set(closed).execute(tx.conn())?;
        Ok(())
    }
}

both_engines! {
    async fn a_message_reopens_what_is_closed_at_the_same_moment(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Crossing").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        let path = format!("/v1/conversations/{}", thread["id"].as_str().unwrap());
        app.overtaken(close(&thread), inbound(&app, PERSON, "Are you still there?")).await;
        assert_eq!(tenant.owner.get(&path).await.ok()["status"], "open");
        assert_eq!(last(&tenant, &thread).await["content"], "Are you still there?");
    }

    async fn what_is_written_reopens_what_is_closed_at_the_same_moment(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Crossing").await;
        let path = format!("/v1/conversations/{}", thread["id"].as_str().unwrap());
        let queued = app.overtaken(close(&thread), async { send(&tenant, &thread, template()).await }).await;
        let now = tenant.owner.get(&path).await.ok();
        assert_eq!((&now["status"], &now["closed_at"]), (&json!("open"), &Value::Null));
        let reopened = tenant.owner.get(&format!("/v1/events?type=conversation.reopened&subject_id={}&subject_type=conversation", thread["id"].as_str().unwrap())).await.ok();
        assert_eq!(reopened["data"].as_array().unwrap().len(), 1);
        app.run_jobs().await;
        assert_eq!((&last(&tenant, &thread).await["id"], &last(&tenant, &thread).await["status"]), (&queued["id"], &json!("read")));
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

    async fn whatsapp_may_spell_a_number_otherwise(app: TestApp) {
        for (kept, told) in [
            ("+525512345678", "+5215512345678"),
            ("+5491123456789", "+541123456789"),
            ("+5531987654321", "+553187654321"),
        ] {
            let tenant = app.growth(&format!("Spelling {kept}")).await;
            let lead = tenant.lead("Lucía Ramos", "lucia@example.com", kept).await;
            app.run_jobs().await;
            let thread = conversation(&tenant.owner, &lead, "whatsapp").await;
            assert_eq!(thread["person_address"], kept);
            send(&tenant, &thread, template()).await;
            app.run_jobs().await;
            inbound(&app, told, "Sí, me interesa").await;
            assert_eq!(last(&tenant, &thread).await["content"], "Sí, me interesa", "{told}");
            let path = format!("/v1/conversations/{}", thread["id"].as_str().unwrap());
            assert!(tenant.owner.get(&path).await.ok()["window_expires_at"].is_string(), "{told}");
            inbound(&app, told, "STOP").await;
            tenant.owner.post(&messages_path(&thread), template()).await.problem(409, "conversation.suppressed");
            inbound(&app, kept, "START").await;
            send(&tenant, &thread, template()).await;
            app.run_jobs().await;
            let again = tenant.owner.post("/v1/leads", json!({ "name": "Lucía", "phone": told })).await.ok();
            assert_eq!(again["id"], lead["id"], "one telephone is one person");
        }
    }

    async fn stop_silences_every_tenant_that_wrote_until_start(app: TestApp) {
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
}

async fn conversation_unread(tenant: &Tenant, conversation: &Value) -> i64 {
    let path = format!("/v1/conversations/{}", conversation["id"].as_str().expect("an id"));
    tenant.owner.get(&path).await.ok()["unread_count"].as_i64().expect("a count")
}
