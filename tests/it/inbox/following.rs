//! What whoever reads an answer finds done already, whether or not a worker runs.

use serde_json::json;

use super::{PERSON, conversation, last, messages_path, reached, send, template, with_lead};
use crate::both_engines;

const CORRECTED: &str = "+919700000001";

both_engines! {
    async fn a_corrected_number_is_the_one_that_is_written_to(app: TestApp) {
        let (tenant, lead, thread) = with_lead(&app, "Corrected").await;
        send(&tenant, &thread, template()).await; // queued, and no worker runs
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        tenant.owner.patch(&path, json!({ "phone": CORRECTED })).await.ok();
        assert_eq!(last(&tenant, &thread).await["to_address"], CORRECTED, "what waited");
        assert_eq!(conversation(&tenant.owner, &lead, "whatsapp").await["person_address"], CORRECTED);
        let next = send(&tenant, &thread, template()).await;
        assert_eq!(next["to_address"], CORRECTED, "what is written next");
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty(), "a stranger may have the old number");
        assert_eq!(reached(&app, CORRECTED).await.len(), 2);
    }

    async fn what_waits_for_a_number_that_is_taken_away_does_not_leave(app: TestApp) {
        let (tenant, lead, thread) = with_lead(&app, "Without").await;
        send(&tenant, &thread, template()).await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        tenant.owner.patch(&path, json!({ "phone": null })).await.ok();
        let waited = last(&tenant, &thread).await;
        assert_eq!((&waited["status"], &waited["error"]["code"]), (&json!("canceled"), &json!("lead.no_address")));
        tenant.owner.post(&messages_path(&thread), template()).await.problem(409, "lead.no_address");
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
    }

    async fn who_was_removed_has_no_open_leads(app: TestApp) {
        let (tenant, lead, _) = with_lead(&app, "Staff").await;
        let agent = tenant.user("agent").await;
        let me = agent.get("/v1/me").await.ok()["user"]["id"].clone();
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        tenant.owner.post(&format!("{path}/assign"), json!({ "user_id": me })).await.ok();
        let won = tenant.lead("Won", "won@example.com", "+919876543299").await;
        let won = format!("/v1/leads/{}", won["id"].as_str().unwrap());
        tenant.owner.post(&format!("{won}/assign"), json!({ "user_id": me })).await.ok();
        for status in ["contacted", "qualified", "won"] {
            tenant.owner.patch(&won, json!({ "status": status })).await.ok();
        }
        tenant.owner.call("DELETE", &format!("/v1/users/{}", me.as_str().unwrap())).await.expect(204);
        assert_eq!(tenant.owner.get(&path).await.ok()["assigned_to"], json!(null));
        assert_eq!(tenant.owner.get(&won).await.ok()["assigned_to"], me, "who closed it is history");
        let free = tenant.owner.get("/v1/leads?assigned_to=none").await.ok();
        assert!(free["data"].as_array().unwrap().iter().any(|one| one["id"] == lead["id"]), "{free}");
        let told = tenant.owner.get(&format!("{path}/activities")).await.ok();
        let assigned = told["data"].as_array().unwrap().iter().find(|one| one["type"] == "lead.assigned").unwrap();
        assert_eq!(assigned["data"], json!({ "from": me, "to": null }));
    }
}
