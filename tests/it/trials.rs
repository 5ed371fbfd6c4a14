//! Trials: for whom one begins, and what ends it when it shows that the business had one before.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, PASSWORD, Tenant};

async fn ask(client: &Client, plan: &str) -> crate::support::Answer {
    client.post("/v1/subscriptions", json!({ "plan_code": plan })).await
}

async fn standing(tenant: &Tenant) -> Value {
    tenant.owner.get("/v1/subscriptions/current").await.ok()["status"].clone()
}

async fn set_phone(tenant: &Tenant, phone: Option<&str>) {
    let profile = json!({ "industry": "Real estate", "phone": phone });
    tenant.owner.put("/v1/tenants/current/profile", profile).await.ok();
}

both_engines! {
    async fn a_trial_begins_for_nobody_who_has_not_shown_whose_mailbox_it_is(app: TestApp) {
        let fresh = app.unverified_tenant("Fresh").await;
        let refused = ask(&fresh.owner, "growth").await.problem(403, "user.email_not_verified");
        assert!(refused["detail"].as_str().unwrap().contains("/v1/auth/verification-email"), "{refused}");
        fresh.owner.get("/v1/subscriptions/current").await.problem(404, "subscription.none");
        let early = fresh.lead("Early", "early@example.com", "+919876543210").await;
        app.run_jobs().await;
        let token = app.mailed_token(&fresh.email()).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        app.run_jobs().await;
        assert_eq!((&early["is_locked"], &fresh.leads().await[0]["is_locked"]), (&json!(true), &json!(true)));
        assert_eq!(ask(&fresh.owner, "growth").await.created()["status"], "trialing");
        app.run_jobs().await;
        assert_eq!(fresh.leads().await[0]["is_locked"], false, "the trial pays for it");

        // What is paid for needs no such proof, and operators vouch where no mail arrives.
        let payer = app.unverified_tenant("Payer").await;
        assert_eq!(ask(&payer.owner, "in_starter").await.created()["status"], "incomplete");
        let vouched = app.unverified_tenant("Vouched").await;
        ask(&vouched.owner, "growth").await.problem(403, "user.email_not_verified");
        app.operator().patch(&format!("/v1/tenants/{}", vouched.id), json!({ "is_verified": true })).await.ok();
        assert_eq!(ask(&vouched.owner, "growth").await.created()["status"], "trialing");
    }

    async fn it_is_the_person_who_asks_that_has_shown_it(app: TestApp) {
        let known = app.tenant("Known").await;
        let offered = json!({ "email": "asha@known.example.com", "role": "owner" });
        let offered = known.owner.post("/v1/invitations", offered).await.created();
        let accept = json!({ "token": offered["token"], "password": PASSWORD });
        let joined = app.anonymous().post("/v1/invitations/accept", accept).await.created();
        assert!(joined["user"]["email_verified_at"].is_null(), "{joined}");
        let second = app.anonymous().with_token(joined["access_token"].as_str().unwrap());
        ask(&second, "growth").await.problem(403, "user.email_not_verified");
        assert_eq!(ask(&known.owner, "growth").await.created()["status"], "trialing");
    }

    async fn a_phone_number_that_is_set_later_ends_a_second_trial(app: TestApp) {
        let (first, second) = (app.growth("First").await, app.growth("Second").await);
        set_phone(&first, Some("+919876500001")).await;
        app.run_jobs().await;
        let seen = second.lead("Seen", "seen@example.com", "+919876543210").await;
        set_phone(&second, Some("+919876500002")).await;
        app.run_jobs().await;
        assert_eq!((standing(&first).await, standing(&second).await), (json!("trialing"), json!("trialing")));
        // A number of one's own may go and come back.
        for phone in [None, Some("+919876500003"), Some("+919876500001")] {
            set_phone(&first, phone).await;
            app.run_jobs().await;
        }
        assert_eq!(standing(&first).await, "trialing");

        set_phone(&second, Some("098765 00001")).await;
        app.run_jobs().await;
        assert_eq!(standing(&second).await, "incomplete");
        let later = second.lead("Later", "later@example.com", "+919876543211").await;
        assert_eq!((&seen["is_locked"], &later["is_locked"]), (&json!(false), &json!(true)));
        second.owner.patch("/v1/tenants/current", json!({ "settings": { "scoring_model": "default_b2b" } })).await.problem(403, "feature_not_in_plan");
        let told = second.owner.get("/v1/notifications?limit=50").await.ok();
        let told = told["data"].as_array().unwrap().iter().find(|row| row["kind"] == "subscription_expired").cloned();
        assert!(told.is_some_and(|row| row["body"].as_str().unwrap().contains("phone number")), "its people are told why");
        let tasks = app.operator().get(&format!("/v1/ops/tasks?limit=50&tenant_id={}", second.id)).await.ok();
        let waits = |task: &Value| task["kind"] == "activate_subscription" && task["status"] == "open";
        assert!(tasks["data"].as_array().unwrap().iter().any(waits), "{tasks}");
        // Taking the number back begins no other trial, and operators let it go on.
        set_phone(&second, None).await;
        app.run_jobs().await;
        assert_eq!(standing(&second).await, "incomplete");
        second.activate(&app).await;
        app.run_jobs().await;
        let leads = second.leads().await;
        assert!(leads.iter().all(|lead| lead["is_locked"] == false), "{leads:?}");
    }

    async fn an_owner_who_comes_later_ends_a_second_trial(app: TestApp) {
        let (first, second) = (app.growth("First").await, app.growth("Second").await);
        let offered = json!({ "email": first.email(), "role": "admin" });
        let offered = second.owner.post("/v1/invitations", offered).await.created();
        let accept = json!({ "token": offered["token"], "password": PASSWORD });
        let joined = app.anonymous().post("/v1/invitations/accept", accept).await.created();
        app.run_jobs().await;
        assert_eq!(standing(&second).await, "trialing", "whoever works here may have had one");
        let path = format!("/v1/users/{}", joined["user"]["id"].as_str().unwrap());
        second.owner.patch(&path, json!({ "role": "owner" })).await.ok();
        app.run_jobs().await;
        assert_eq!((standing(&first).await, standing(&second).await), (json!("trialing"), json!("incomplete")));
    }
}
