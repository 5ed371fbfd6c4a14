//! Until when a subscription is paid, and what follows when no payment comes.

use leadwright::base::time::Timestamp;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp};

fn at(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("a time, not {value}")).parse().expect("a time")
}

async fn subscription(app: &TestApp, tenant: &Tenant) -> Value {
    tenant.as_operator(app).get("/v1/subscriptions/current").await.ok()
}

/// Moves the clock there and lets the schedule do what follows.
async fn until(app: &TestApp, moment: &Value) {
    app.advance(at(moment).since(app.clock.now()));
    app.run_schedule().await;
    app.run_jobs().await;
}

/// Kinds and states of the operators' tasks about payments.
async fn tasks(app: &TestApp, tenant: &Tenant) -> Vec<(String, String)> {
    let page = app.operator().get(&format!("/v1/ops/tasks?tenant_id={}&limit=100", tenant.id)).await.ok();
    let text = |task: &Value, field: &str| task[field].as_str().expect("a word").to_string();
    let all = page["data"].as_array().expect("tasks").iter();
    let about =
        all.filter(|task| ["activate_subscription", "collect_payment"].contains(&task["kind"].as_str().unwrap()));
    about.map(|task| (text(task, "kind"), text(task, "status"))).collect()
}

fn task(kind: &str, status: &str) -> (String, String) {
    (kind.into(), status.into())
}

async fn operation(app: &TestApp, tenant: &Tenant, name: &str) -> String {
    format!("/v1/ops/subscriptions/{}/{name}", subscription(app, tenant).await["id"].as_str().unwrap())
}

both_engines! {
    async fn a_year_that_is_paid_lasts_a_year_in_months_of_quota(app: TestApp) {
        let tenant = app.tenant("Annual").await;
        tenant.move_to_the_us().await;
        let body = json!({ "plan_code": "us_growth", "billing_interval": "annual" });
        tenant.owner.post("/v1/subscriptions", body).await.created();
        let paid = tenant.activate(&app).await;
        let paid_until = paid["paid_until"].clone();
        assert!(at(&paid_until).since(app.clock.now()).num_days() >= 364, "{paid}");
        let cheaper = tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "us_starter" })).await.ok();
        assert_eq!((&cheaper["pending_from"], &cheaper["pending_at"]), (&json!("renewal"), &paid_until));
        for _ in 0..11 {
            let before = subscription(&app, &tenant).await;
            until(&app, &before["current_period_end"]).await;
            let now = subscription(&app, &tenant).await;
            assert_eq!((&now["status"], &now["plan_code"]), (&json!("active"), &json!("us_growth")), "{now}");
            assert_eq!(now["current_period_start"], before["current_period_end"]);
        }
        until(&app, &paid_until).await;
        let now = subscription(&app, &tenant).await;
        assert_eq!((&now["status"], &now["plan_code"]), (&json!("past_due"), &json!("us_starter")), "{now}");
    }

    async fn an_annual_one_that_is_to_end_ends_with_what_is_paid(app: TestApp) {
        let mut tenant = app.tenant("Annual").await;
        tenant.move_to_the_us().await;
        let body = json!({ "plan_code": "us_growth", "billing_interval": "annual" });
        tenant.owner.post("/v1/subscriptions", body).await.created();
        let paid_until = tenant.activate(&app).await["paid_until"].clone();
        let leaving = tenant.owner.patch("/v1/subscriptions/current", json!({ "cancel_at_period_end": true })).await.ok();
        until(&app, &leaving["current_period_end"]).await;
        assert_eq!(subscription(&app, &tenant).await["status"], "active");
        until(&app, &paid_until).await;
        tenant.log_in_again().await;
        tenant.owner.get("/v1/subscriptions/current").await.problem(404, "subscription.none");
    }

    async fn what_is_not_paid_any_more_goes_on_for_two_weeks_and_then_pauses(app: TestApp) {
        let mut tenant = app.growth("Late").await;
        let active = tenant.activate(&app).await;
        assert_eq!(active["paid_until"], active["current_period_end"]);
        app.run_jobs().await;
        let customers = async || {
            let page = app.operator().get("/v1/ops/notifications?limit=100").await.ok();
            page["data"].as_array().unwrap().iter().filter(|note| note["title"] == "New Customer Alert").count()
        };
        let told = customers().await;

        until(&app, &active["paid_until"]).await;
        tenant.log_in_again().await;
        let due = subscription(&app, &tenant).await;
        assert_eq!((&due["status"], &due["current_period_start"]), (&json!("past_due"), &active["paid_until"]));
        assert_eq!(tasks(&app, &tenant).await, [task("collect_payment", "open")]);
        let lead = tenant.lead("Included", "included@example.com", "+919811100001").await;
        assert_eq!(lead["charge_kind"], "quota");
        let notifications = tenant.owner.get("/v1/notifications?limit=100").await.ok().to_string();
        assert!(notifications.contains("Your subscription is not paid any more"), "{notifications}");

        app.advance(chrono::Duration::days(14));
        app.run_schedule().await;
        app.run_jobs().await;
        tenant.log_in_again().await;
        assert_eq!(subscription(&app, &tenant).await["status"], "paused");
        let held = tenant.lead("Held", "held@example.com", "+919811100002").await;
        assert_eq!((&held["is_locked"], &held["charge_kind"]), (&json!(true), &json!("blocked")));
        tenant.owner.post("/v1/webhook-endpoints", json!({ "url": "http://127.0.0.1:9/x", "event_types": ["*"] })).await.created();
        let me = tenant.owner.get("/v1/me").await.ok();
        assert!(!me["features"].to_string().contains("whatsapp_integration"), "{me}");
        app.operator().post(&operation(&app, &tenant, "payments").await, json!({})).await.problem(409, "subscription.not_payable");

        // Months later a payment comes: a new period, and what was held back is delivered.
        until(&app, &subscription(&app, &tenant).await["current_period_end"]).await;
        assert_eq!(subscription(&app, &tenant).await["status"], "paused");
        let paid = tenant.activate(&app).await;
        assert_eq!((&paid["status"], at(&paid["current_period_start"])), (&json!("active"), app.clock.now()));
        app.run_jobs().await;
        tenant.log_in_again().await;
        let lead = tenant.owner.get(&format!("/v1/leads/{}", held["id"].as_str().unwrap())).await.ok();
        assert_eq!(lead["name"], "Held");
        assert_eq!(tasks(&app, &tenant).await, [task("collect_payment", "done")]);
        assert_eq!(customers().await, told, "whoever pays late is no new customer");
    }

    async fn a_payment_in_time_keeps_it_active_and_a_late_one_is_for_the_time_gone_on(app: TestApp) {
        let tenant = app.growth("Prompt").await;
        let first = tenant.activate(&app).await;
        let path = operation(&app, &tenant, "payments").await;
        let pay = async |key: &str| {
            app.operator().post(&path, json!({ "reference": "INV-1" })).header("idempotency-key", key).await.ok()
        };
        let second = pay("november").await;
        assert_eq!(pay("november").await["paid_until"], second["paid_until"], "told twice, paid once");
        assert!(at(&second["paid_until"]) > at(&first["paid_until"]));
        until(&app, &first["paid_until"]).await;
        assert_eq!(subscription(&app, &tenant).await["status"], "active");
        until(&app, &second["paid_until"]).await;
        assert_eq!(subscription(&app, &tenant).await["status"], "past_due");
        app.advance(chrono::Duration::days(5));
        let late = pay("january").await;
        assert_eq!((&late["status"], &late["current_period_end"]), (&json!("active"), &late["paid_until"]));
        assert_eq!(late["current_period_start"], second["paid_until"], "nothing is given away");
        app.run_jobs().await;
        assert_eq!(tasks(&app, &tenant).await, [task("collect_payment", "done")]);

        let refused = app.operator().post(&path, json!({ "paid_until": "2020-01-01T00:00:00Z" })).await;
        assert!(refused.problem(422, "request.invalid").to_string().contains("/paid_until"));
        let far = app.clock.now().plus(chrono::Duration::days(400));
        let agreed = app.operator().post(&path, json!({ "paid_until": far })).await.ok();
        assert_eq!(at(&agreed["paid_until"]), far);
    }

    async fn operators_are_told_what_waits_for_their_activation(app: TestApp) {
        let tenant = app.tenant("Waits").await;
        tenant.subscribe("in_starter").await;
        app.run_jobs().await;
        assert_eq!(tasks(&app, &tenant).await, [task("activate_subscription", "open")]);
        let path = operation(&app, &tenant, "activate").await;
        let refused = app.operator().call("POST", &format!("{path}?billing_interval=annual")).await;
        assert!(refused.problem(422, "request.invalid").to_string().contains("not_offered"));
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(tasks(&app, &tenant).await, [task("activate_subscription", "done")]);
        let choose = async |plan: &str| tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": plan })).await.ok();
        choose("in_professional").await;
        app.run_jobs().await;
        assert!(tasks(&app, &tenant).await.contains(&task("activate_subscription", "open")));
        choose("in_starter").await;
        app.run_jobs().await;
        assert_eq!(tasks(&app, &tenant).await.iter().filter(|(_, status)| status == "open").count(), 0);

        let stranger = app.unverified_tenant("Stranger").await;
        stranger.subscribe("in_starter").await;
        app.run_jobs().await;
        assert_eq!(tasks(&app, &stranger).await, [], "nobody is troubled before the mailbox is proved");
    }

    async fn colours_and_scoring_models_of_ones_own_are_part_of_some_plans(app: TestApp) {
        let tenant = app.tenant("Plain").await;
        tenant.subscribe("us_starter").await;
        tenant.activate(&app).await;
        let patch = async |settings: Value| tenant.owner.patch("/v1/tenants/current", json!({ "settings": settings })).await;
        patch(json!({ "branding": { "primary_color": "#123456" } })).await.problem(403, "feature_not_in_plan");
        patch(json!({ "scoring_model": "default_b2b" })).await.problem(403, "feature_not_in_plan");
        patch(json!({ "branding": { "display_name": "Plain & Sons", "primary_color": null }, "scoring_model": null })).await.ok();
    }
}
