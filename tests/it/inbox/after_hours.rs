//! An SMS while the business is closed.

use serde_json::{Value, json};

use super::{PERSON, messages, send, with_lead};
use crate::both_engines;
use crate::support::{Tenant, TestApp};

async fn says(app: &TestApp, body: &str) {
    let told = json!({ "from": PERSON, "to": "+14155550100", "body": body });
    app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
    app.run_jobs().await;
    app.advance(chrono::Duration::minutes(1));
}

/// What the product said by itself.
async fn said(app: &TestApp, tenant: &Tenant, thread: &Value) -> usize {
    let all = messages(&tenant.as_operator(app), thread).await;
    all.iter()
        .filter(|m| m["sender_type"] == "system" && m["content"] == "Thanks! We'll respond during business hours.")
        .count()
}

both_engines! {
    async fn who_writes_at_night_is_answered_once_until_the_doors_open(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Nightly").await;
        tenant.activate(&app).await;
        let thread = tenant.owner.post("/v1/conversations", json!({ "lead_id": lead["id"], "channel": "sms" })).await.created();
        send(&tenant, &thread, json!({ "content": "Hello from us" })).await;
        app.run_jobs().await;
        says(&app, "Half past two on a Friday").await;
        assert_eq!(said(&app, &tenant, &thread).await, 0, "somebody is there");
        app.advance(chrono::Duration::hours(6));
        says(&app, "Anybody there?").await;
        says(&app, "Hello?").await;
        assert_eq!(said(&app, &tenant, &thread).await, 1, "once for the night");
        app.advance(chrono::Duration::hours(24));
        says(&app, "And now?").await;
        assert_eq!(said(&app, &tenant, &thread).await, 2, "another night");
        says(&app, "STOP").await;
        app.advance(chrono::Duration::hours(48));
        says(&app, "Why so silent?").await;
        assert_eq!(said(&app, &tenant, &thread).await, 2, "whoever refused is not answered");
    }
}
