//! What an ad campaign may not spend beyond, and figures that nobody measured.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp, growth_campaign};

/// A tenant with one running ad campaign of 800 rupees a day.
async fn running(app: &TestApp, name: &str, limits: Value) -> (Tenant, Value) {
    let tenant = app.growth(name).await;
    tenant.activate(app).await;
    let mut body = growth_campaign("meta", "120210000000000077", "612312312377", "153125381177");
    body["monthly_cap"] = limits["monthly_cap"].clone();
    body["total_budget"] = limits["total_budget"].clone();
    let draft = tenant.owner.post("/v1/ad-campaigns", body).await.created();
    let campaign = tenant.approve(&draft).await;
    app.run_jobs().await;
    (tenant, campaign)
}

/// Status, reason and what the ad platform is to do.
async fn state(app: &TestApp, tenant: &Tenant, campaign: &Value) -> (String, Value, String) {
    let path = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"));
    let now = tenant.as_operator(app).get(&path).await.ok();
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    (text(&now["status"]), now["status_reason"].clone(), text(&now["delivery"]["desired"]))
}

async fn next_days(app: &TestApp, days: i64) {
    for _ in 0..days {
        app.advance(chrono::Duration::days(1));
        app.run_schedule().await;
    }
}

fn held(reason: &str) -> (String, Value, String) {
    ("paused".into(), json!(reason), "paused".into())
}

fn runs() -> (String, Value, String) {
    ("active".into(), Value::Null, "running".into())
}

both_engines! {
    async fn a_months_limit_stops_the_day_that_would_pass_it_until_the_next_month(app: TestApp) {
        // The suite's clock stands on 20 November 2026.
        let (tenant, campaign) = running(&app, "Monthly", json!({ "monthly_cap": { "amount": 240_000, "currency": "INR" } })).await;
        assert_eq!(state(&app, &tenant, &campaign).await, runs(), "the first day");
        app.run_schedule().await;
        next_days(&app, 2).await;
        assert_eq!(state(&app, &tenant, &campaign).await, runs(), "the third, which fits exactly");
        next_days(&app, 1).await;
        assert_eq!(state(&app, &tenant, &campaign).await, held("monthly_cap_reached"));

        let resume = format!("/v1/ad-campaigns/{}/resume", campaign["id"].as_str().expect("an id"));
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let answer = tenant.owner.call("POST", &resume).await.ok();
        assert_eq!((&answer["status"], &answer["status_reason"]), (&json!("paused"), &json!("monthly_cap_reached")), "nor by hand");

        next_days(&app, 6).await;
        assert_eq!(state(&app, &tenant, &campaign).await, held("monthly_cap_reached"), "still November");
        next_days(&app, 3).await;
        assert_eq!(state(&app, &tenant, &campaign).await, runs(), "December");
    }

    async fn the_limit_of_its_whole_life_stops_it_for_good_until_it_is_raised(app: TestApp) {
        let (tenant, campaign) = running(&app, "Whole", json!({ "total_budget": { "amount": 160_000, "currency": "INR" } })).await;
        next_days(&app, 2).await;
        assert_eq!(state(&app, &tenant, &campaign).await, held("total_budget_reached"));
        next_days(&app, 15).await;
        assert_eq!(state(&app, &tenant, &campaign).await, held("total_budget_reached"), "another month changes nothing");

        let path = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"));
        let operator = tenant.as_operator(&app);
        operator.patch(&path, json!({ "total_budget": { "amount": 800_000, "currency": "INR" } })).await.ok();
        operator.call("POST", &format!("{path}/resume")).await.ok();
        assert_eq!(state(&app, &tenant, &campaign).await, runs());
    }

    async fn days_on_which_it_rests_cost_nothing(app: TestApp) {
        let (tenant, campaign) = running(&app, "Resting", json!({ "monthly_cap": { "amount": 160_000, "currency": "INR" } })).await;
        let path = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"));
        let operator = tenant.as_operator(&app);
        operator.post(&format!("{path}/pause"), json!({})).await.ok();
        next_days(&app, 3).await;
        operator.call("POST", &format!("{path}/resume")).await.ok();
        assert_eq!(state(&app, &tenant, &campaign).await, runs(), "the second day it runs");
        next_days(&app, 1).await;
        assert_eq!(state(&app, &tenant, &campaign).await, held("monthly_cap_reached"), "not the third");
    }

    async fn what_nobody_measured_is_not_shown_as_nothing(app: TestApp) {
        let (tenant, campaign) = running(&app, "Unmeasured", json!({})).await;
        let path = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"));
        for client in [&tenant.owner, &tenant.as_operator(&app)] {
            let seen = client.get(&path).await.ok();
            for figure in ["spent", "impressions", "clicks", "cost_per_lead"] {
                assert_eq!(seen[figure], Value::Null, "{figure}");
            }
        }
    }
}
