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
    async fn the_proof_of_a_mailbox_ends_a_second_trial(app: TestApp) {
        // Somebody asks for a trial in a spelling of another's mailbox, and nobody opens its mail.
        app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
        let email = "owner+again@first.example.com";
        let body = json!({ "email": email, "password": PASSWORD, "business_name": "Again" });
        let signed_up = app.anonymous().post("/v1/auth/signup", body).await.created();
        let owner = app.anonymous().with_token(signed_up["access_token"].as_str().unwrap());
        let status = async || owner.get("/v1/subscriptions/current").await.ok()["status"].clone();
        assert_eq!(ask(&owner, "growth").await.created()["status"], "trialing");
        let first = app.growth("First").await;
        app.run_jobs().await;
        assert_eq!((standing(&first).await, status().await), (json!("trialing"), json!("trialing")));
        let token = app.mailed_token(email).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        app.run_jobs().await;
        assert_eq!((standing(&first).await, status().await), (json!("trialing"), json!("incomplete")));
        let late = owner.post("/v1/leads", json!({ "name": "Asha", "phone": "+919876543210" })).await.created();
        assert_eq!(late["is_locked"], true, "{late}");
    }

    async fn who_only_says_whose_mailbox_it_is_gets_one_trial_for_it_and_takes_nobodys(app: TestApp) {
        app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
        let sign_up = async |email: &str| {
            let body = json!({ "email": email, "password": PASSWORD, "business_name": "ABC" });
            let signed_up = app.anonymous().post("/v1/auth/signup", body).await.created();
            app.anonymous().with_token(signed_up["access_token"].as_str().unwrap())
        };
        let mut seen = Vec::new();
        for n in 0..3 {
            let owner = sign_up(&format!("one.person+{n}@gmail.com")).await;
            seen.push(ask(&owner, "growth").await.created()["status"].clone());
        }
        assert_eq!(seen, ["trialing", "incomplete", "incomplete"]);
        // Whose mailbox it is opens the mail, and has a trial of their own.
        let email = "oneperson@gmail.com";
        let owner = sign_up(email).await;
        app.run_jobs().await;
        let token = app.mailed_token(email).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        assert_eq!(ask(&owner, "growth").await.created()["status"], "trialing");
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
