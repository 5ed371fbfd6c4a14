//! What keeps us from writing to an address: said as it is, no longer than it must be, and lifted by who may.

use serde_json::{Value, json};

use super::{PERSON, inbound, messages_path, send, template, with_lead};
use crate::both_engines;
use crate::support::{Tenant, TestApp};

fn mail() -> Value {
    json!({ "content": "Hello", "subject": "Hello" })
}

/// A tenant whose mail to this mailbox bounced.
async fn bounced(app: &TestApp, name: &str) -> (Tenant, Value) {
    let tenant = app.growth(name).await;
    let lead = tenant.lead("Ghost", "bounced@resend.dev", "+919876500001").await;
    let thread = json!({ "lead_id": lead["id"], "channel": "email" });
    let thread = tenant.owner.post("/v1/conversations", thread).await.created();
    send(&tenant, &thread, mail()).await;
    app.run_jobs().await;
    (tenant, thread)
}

async fn listed(tenant: &Tenant, query: &str) -> Vec<Value> {
    let page = tenant.owner.get(&format!("/v1/suppressions{query}")).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn a_bounce_is_told_as_one_and_lifted_with_a_reason(app: TestApp) {
        let (tenant, thread) = bounced(&app, "Repaired").await;
        let refused = tenant.owner.post(&messages_path(&thread), mail()).await.problem(409, "conversation.suppressed");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("bounced on 20 November 2026") && !detail.contains("START"), "{detail}");

        let found = listed(&tenant, "").await;
        assert_eq!((found.len(), &found[0]["reason"], &found[0]["can_be_lifted"]), (1, &json!("bounced"), &json!(true)));
        assert_eq!((&found[0]["address"], &found[0]["expires_at"]), (&json!("bounced@resend.dev"), &json!("2027-05-19T09:00:00Z")));
        let lift = format!("/v1/suppressions/{}/lift", found[0]["id"].as_str().unwrap());
        tenant.owner.post(&lift, json!({ "reason": "x" })).await.problem(422, "request.invalid");
        let (other, elsewhere) = (app.growth("Nosy").await, json!({ "reason": "not mine" }));
        other.owner.post(&lift, elsewhere).await.problem(404, "suppression.not_found");
        let lifted = tenant.owner.post(&lift, json!({ "reason": "She called: it works again" })).await.ok();
        assert_eq!((&lifted["lifted_because"], lifted["ended_at"].is_string()), (&json!("She called: it works again"), true));
        send(&tenant, &thread, mail()).await;
        assert!(listed(&tenant, "").await.is_empty());
        assert_eq!(listed(&tenant, "?ended=true").await.len(), 1);
        let told = tenant.owner.get("/v1/events?type=suppression.lifted").await.ok();
        assert_eq!(told["data"][0]["data"]["because"], "She called: it works again");
    }

    async fn a_bounce_of_one_tenant_is_not_anothers_and_not_for_ever(app: TestApp) {
        let (mut tenant, thread) = bounced(&app, "Long ago").await;
        let other = app.growth("Elsewhere").await;
        let same = other.lead("Ghost", "bounced@resend.dev", "+919876500001").await;
        let theirs = other.owner.post("/v1/conversations", json!({ "lead_id": same["id"], "channel": "email" })).await.created();
        send(&other, &theirs, mail()).await;
        app.advance(chrono::Duration::days(181));
        tenant.log_in_again().await;
        assert!(listed(&tenant, "").await.is_empty());
        let again = tenant.as_operator(&app).post(&messages_path(&thread), mail()).await;
        assert!(again.status == 202 || again.body["code"] != "conversation.suppressed", "{}", again.text);
    }

    async fn what_the_person_said_only_they_or_an_operator_take_back(app: TestApp) {
        let (tenant, _, thread) = with_lead(&app, "Refused").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        inbound(&app, PERSON, "STOP").await;
        let found = listed(&tenant, "?reason=stop_word&channel=whatsapp").await;
        assert_eq!((found.len(), &found[0]["can_be_lifted"]), (1, &json!(false)));
        let lift = format!("/v1/suppressions/{}/lift", found[0]["id"].as_str().unwrap());
        let because = json!({ "reason": "We really want to" });
        tenant.owner.post(&lift, because.clone()).await.problem(403, "suppression.the_persons_own");
        tenant.as_operator(&app).post(&lift, because).await.ok();
        send(&tenant, &thread, template()).await;
    }
}
