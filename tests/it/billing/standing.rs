//! How a subscription stands: trials, plans, and what ends or begins between them.

use super::*;

both_engines! {
    async fn the_growth_trial_is_seven_days_and_fifty_leads(app: TestApp) {
        let tenant = app.tenant("Trial").await;
        tenant.owner.get("/v1/subscriptions/current").await.problem(404, "subscription.none");
        tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "nope" })).await.invalid("/plan_code");
        let started = tenant.subscribe("growth").await;
        assert_eq!((&started["status"], &started["plan"]["price_monthly"]), (&json!("trialing"), &json!({ "amount": 1_499_900, "currency": "INR" })));
        assert_eq!(at(&started["trial_ends_at"]), app.clock.now().plus(chrono::Duration::days(7)));
        tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.problem(409, "subscription.exists");
        assert_eq!(meters(&tenant).await, [0, 50, 0, 0]);
        let leads = tenant.enter_leads("person", 12).await;
        assert_eq!(meters(&tenant).await, [12, 38, 0, 0]);
        assert_eq!(leads[0]["charged_amount"], json!({ "amount": 30_000, "currency": "INR" }), "a fiftieth of the price");
        let usage = tenant.usage().await;
        assert_eq!((&usage["amount_due"]["amount"], &usage["notional_amount"]["amount"]), (&json!(0), &json!(12 * 30_000)));

        tenant.owner.patch("/v1/subscriptions/current", json!({ "buying_overages": true })).await.ok();
        let rest = tenant.enter_leads("more", 39).await;
        assert_eq!(rest[38]["charge_kind"], "blocked", "a trial buys nothing");
        assert_eq!(meters(&tenant).await, [50, 0, 0, 1]);
    }

    async fn a_trial_ends_by_itself_and_is_revived_by_the_operators(app: TestApp) {
        let mut tenant = app.growth("Ended").await;
        tenant.enter_leads("early", 3).await;
        app.advance(chrono::Duration::days(7));
        app.run_schedule().await;
        tenant.log_in_again().await;
        let subscription = tenant.owner.get("/v1/subscriptions/current").await.ok();
        assert_eq!(subscription["status"], "expired");
        let late = tenant.enter_leads("late", 2).await;
        for lead in &late {
            assert_eq!((&lead["charge_kind"], &lead["is_locked"]), (&json!("blocked"), &json!(true)));
            assert!(!lead.to_string().contains("late"), "{lead}");
        }
        let usage = tenant.usage().await;
        assert_eq!((&usage["is_allowed"], usage["message"].is_string()), (&json!(false), true));

        let activated = tenant.activate(&app).await;
        assert_eq!((&activated["status"], at(&activated["current_period_start"])), (&json!("active"), app.clock.now()));
        app.run_jobs().await;
        assert_eq!(meters(&tenant).await, [2, 48, 0, 0], "what was held back is delivered out of the new quota");
        let unlocked = tenant.owner.get(&path(&late[0])).await.ok();
        assert_eq!((&unlocked["is_locked"], &unlocked["email"]), (&json!(false), &json!("late0@example.com")));
        let path = format!("/v1/ops/subscriptions/{}/activate", activated["id"].as_str().unwrap());
        app.operator().call("POST", &path).await.problem(409, "subscription.not_activatable");
    }

    async fn a_canceled_subscription_keeps_leads_and_ends(app: TestApp) {
        let mut tenant = active(&app, "Cancel", "bill").await;
        tenant.owner.patch("/v1/subscriptions/current", json!({ "cancel_at_period_end": true })).await.ok();
        next_period(&app, &mut tenant).await;
        tenant.owner.get("/v1/subscriptions/current").await.problem(404, "subscription.none");
        let lead = tenant.enter_leads("after", 1).await;
        assert_eq!((kinds(&lead), &lead[0]["is_locked"]), (vec!["blocked"], &json!(true)));
        let again = tenant.subscribe("growth").await;
        assert_eq!(again["status"], "incomplete", "one trial per tenant");
    }

    async fn another_plan_waits_for_its_payment_or_the_renewal(app: TestApp) {
        let tenant = active(&app, "Change", "bill").await;
        tenant.enter_leads("person", 10).await;
        let changed = tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "in_professional" })).await.ok();
        let pending = (&changed["plan_code"], &changed["pending_plan_code"], &changed["pending_from"]);
        assert_eq!(pending, (&json!("growth"), &json!("in_professional"), &json!("activation")));
        assert_eq!(meters(&tenant).await, [10, 40, 0, 0]);
        let listed = app.operator().get(&format!("/v1/ops/subscriptions?tenant_id={}", tenant.id)).await.ok();
        assert_eq!(listed["data"][0]["pending_plan_code"], "in_professional", "operators see what waits for them");
        let activate = format!("/v1/ops/subscriptions/{}/activate", changed["id"].as_str().unwrap());
        app.operator().call("POST", &format!("{activate}?plan_code=growth")).await.problem(409, "subscription.other_plan");
        let paid = app.operator().call("POST", &format!("{activate}?plan_code=in_professional")).await.ok();
        assert_eq!((&paid["plan_code"], &paid["pending_plan_code"]), (&json!("in_professional"), &Value::Null));
        assert_eq!(meters(&tenant).await, [10, 140, 0, 0]);
        let back = tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "growth" })).await.ok();
        assert_eq!((&back["plan_code"], &back["pending_from"]), (&json!("in_professional"), &json!("renewal")));
        tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "us_growth" })).await.problem(409, "subscription.currency_changed");
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "free" })).await.expect(422);
        let contradiction = json!({ "overage_policy": "bill", "buying_overages": false });
        tenant.owner.patch("/v1/subscriptions/current", contradiction).await.invalid("/buying_overages");
    }

    async fn the_three_price_lists_are_public(app: TestApp) {
        let list = async |query: &str| app.anonymous().get(&format!("/v1/plans{query}")).await.ok()["data"].as_array().cloned().unwrap();
        let codes = |plans: &[Value]| plans.iter().map(|plan| plan["code"].as_str().unwrap().to_string()).collect::<Vec<_>>();
        assert_eq!(codes(&list("?catalogue=in-ops").await), ["growth"]);
        assert_eq!(codes(&list("?catalogue=in-selfserve").await), ["in_starter", "in_professional", "in_enterprise", "in_pay_per_lead"]);
        let us = list("?catalogue=us").await;
        assert_eq!(codes(&us), ["us_starter", "us_growth", "us_professional", "us_enterprise", "us_pay_per_lead"]);
        let prices: Vec<Option<i64>> = us.iter().map(|plan| plan["price_monthly"]["amount"].as_i64()).collect();
        assert_eq!(prices, [Some(9_900), Some(29_900), Some(59_900), None, Some(0)]);
        let growth = app.anonymous().get("/v1/plans/growth").await.ok();
        assert_eq!((&growth["overage_price"]["amount"], &growth["trial_days"], &growth["leads_per_month"]), (&json!(INR_400), &json!(7), &json!(50)));
        assert_eq!(list("").await.len(), 10);
        assert_eq!(list("?currency=USD").await.len(), 5);
        app.anonymous().get("/v1/plans/nope").await.problem(404, "plan.not_found");
    }

    async fn a_tenant_sees_and_takes_the_plans_of_its_country_and_its_currency(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let offered = async |client: &Client, query: &str| {
            let plans = client.get(&format!("/v1/plans{query}")).await.ok()["data"].as_array().cloned().unwrap();
            plans.iter().map(|plan| plan["code"].as_str().unwrap().to_string()).collect::<Vec<_>>()
        };
        let india = ["growth", "in_starter", "in_professional", "in_enterprise", "in_pay_per_lead"];
        let us = ["us_starter", "us_growth", "us_professional", "us_enterprise", "us_pay_per_lead"];
        assert_eq!(offered(&tenant.owner, "").await, india);
        assert_eq!(offered(&tenant.as_operator(&app), "?catalogue=in-ops").await, ["growth"], "operators in a tenant see what it sees");
        assert!(offered(&tenant.owner, "?currency=USD").await.is_empty());
        assert_eq!(offered(&app.operator(), "").await.len(), 10, "and all of them outside");
        app.anonymous().with_token("nonsense").get("/v1/plans").await.problem(401, "auth.invalid_token");
        let refused = tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "us_growth" })).await;
        let refused = refused.problem(409, "plan.not_for_tenant");
        assert!(refused["detail"].as_str().unwrap().contains("a business in IN that pays in INR"), "{refused}");
        tenant.move_to_the_us().await;
        assert_eq!(offered(&tenant.owner, "").await, us);
        tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "in_starter" })).await.problem(409, "plan.not_for_tenant");
        // A country without a price list of its own.
        tenant.owner.patch("/v1/tenants/current", json!({ "country": "AE" })).await.ok();
        assert_eq!(offered(&tenant.owner, "").await, us, "whatever is in its currency");
        tenant.owner.patch("/v1/tenants/current", json!({ "currency": "AED" })).await.ok();
        assert_eq!(offered(&tenant.owner, "").await, ["growth"], "what is agreed, where nothing is priced");
        assert!(offered(&tenant.owner, "?catalogue=us").await.is_empty());
        tenant.move_to_the_us().await;
        tenant.subscribe("us_starter").await;
        tenant.owner.patch("/v1/tenants/current", json!({ "country": "IN" })).await.ok();
        let changed = tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "us_growth" })).await;
        changed.problem(409, "plan.not_for_tenant");
    }

    async fn one_business_has_one_trial_under_whichever_address(app: TestApp) {
        let mut started = Vec::new();
        for (address, phone) in [
            ("one.person+1@gmail.com", None),
            ("oneperson@gmail.com", None),
            ("first@abc.example.com", Some("98123 00047")),
            ("second@abc.example.com", Some("+919812300047")),
            ("third@abc.example.com", None),
        ] {
            let body = json!({ "email": address, "password": "marble thicket 41 lantern", "business_name": "ABC Real Estate" });
            let answer = app.anonymous().post("/v1/auth/signup", body).await.created();
            let owner = app.anonymous().with_token(answer["access_token"].as_str().expect("a token"));
            if let Some(phone) = phone {
                owner.put("/v1/tenants/current/profile", json!({ "phone": phone })).await.ok();
            }
            app.run_jobs().await;
            let made = owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
            started.push(made["status"].as_str().expect("a status").to_string());
        }
        let one_each = ["trialing", "incomplete", "trialing", "incomplete", "trialing"];
        assert_eq!(started, one_each, "a name alone is no sign of being the same");
    }

    async fn without_a_plan_every_lead_is_held_back_and_nothing_is_included(app: TestApp) {
        let tenant = app.tenant("No plan").await;
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["features"], json!([]));
        tenant.owner.post("/v1/api-keys", json!({ "name": "site", "scopes": ["leads:read"] })).await.problem(403, "feature_not_in_plan");
        let held = tenant.enter_leads("early", 60).await;
        assert_eq!(kinds(&held), ["blocked"; 60]);
        assert!(held.iter().all(|lead| lead["is_locked"] == true && !lead.to_string().contains("early")), "{held:?}");
        tenant.ad_campaign("meta", "6621", "7721", "8821").await;
        let again = tenant.owner.post("/v1/leads", json!({ "name": "early 0", "email": "early0@example.com" })).await.ok();
        assert_eq!((&again["is_locked"], &again["id"]), (&json!(true), &held[0]["id"]), "a second enquiry opens nothing");
        let entries = ledger(&tenant).await;
        assert!(entries.len() == 60 && entries.iter().all(|entry| entry["period_id"].is_null()), "{entries:?}");

        tenant.subscribe("growth").await;
        app.run_jobs().await;
        assert_eq!(meters(&tenant).await, [50, 0, 0, 0], "released out of the first quota, the oldest first");
        assert_eq!(tenant.owner.get(&path(&held[49])).await.ok()["email"], "early49@example.com");
        assert_eq!(tenant.owner.get(&path(&held[50])).await.ok()["is_locked"], true);
    }

    async fn what_was_held_back_before_the_trial_is_its_first(app: TestApp) {
        let tenant = app.tenant("Early").await;
        assert_eq!(tenant.subscribe("in_starter").await["status"], "incomplete");
        let held = tenant.enter_leads("early", 1).await.remove(0);
        assert_eq!(held["is_locked"], true);
        let usage = tenant.usage().await;
        assert!(usage["message"].as_str().unwrap().contains("not active yet"), "{usage}");
        assert_eq!(tenant.owner.delete("/v1/subscriptions/current").await.status, 200);
        assert_eq!(tenant.subscribe("growth").await["status"], "trialing");
        app.run_jobs().await;
        assert_eq!(tenant.owner.get(&path(&held)).await.ok()["is_locked"], false);
        assert_eq!(meters(&tenant).await, [1, 49, 0, 0]);
    }

    async fn an_expired_trial_makes_room_for_another_plan(app: TestApp) {
        let mut tenant = app.growth("Late").await;
        app.advance(chrono::Duration::days(8));
        app.run_schedule().await;
        tenant.log_in_again().await;
        let usage = tenant.usage().await;
        assert_eq!((&usage["status"], &usage["is_allowed"]), (&json!("expired"), &json!(false)));
        assert!(usage["message"].as_str().unwrap().starts_with("The trial is over"), "{usage}");
        let next = tenant.subscribe("growth").await;
        assert_eq!(next["status"], "incomplete", "there is one trial");
        tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.problem(409, "subscription.exists");
        tenant.activate(&app).await;
        assert_eq!(meters(&tenant).await, [0, 50, 0, 0]);
    }
}
