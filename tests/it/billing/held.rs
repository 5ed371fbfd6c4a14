//! Leads beyond what is included: held back, released, paid once, and never on an old period's account.

use super::*;

both_engines! {
    async fn block_holds_leads_back_until_there_is_something_to_pay_with(app: TestApp) {
        let tenant = active(&app, "Block", "block").await;
        tenant.enter_leads("person", 50).await;
        let held = tenant.enter_leads("secret", 3).await;
        assert_eq!(kinds(&held), ["blocked"; 3]);
        assert_eq!(meters(&tenant).await, [50, 0, 0, 3]);
        let shown = tenant.owner.get(&path(&held[0])).await.ok();
        assert!(shown["is_locked"] == true && !shown.to_string().contains("secret0@"), "{shown}");
        assert_eq!(tenant.usage().await["amount_due"]["amount"], 0);

        app.operator().post(&format!("/v1/ops/tenants/{}/credits", tenant.id), json!({ "quantity": 1, "reason": "Goodwill" })).await.created();
        app.run_jobs().await;
        assert_eq!(meters(&tenant).await, [51, 0, 0, 2]);
        assert_eq!(tenant.owner.get(&path(&held[0])).await.ok()["email"], "secret0@example.com", "the oldest first");
        assert_eq!(tenant.owner.get(&path(&held[1])).await.ok()["is_locked"], true);

        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
        app.run_jobs().await;
        assert_eq!(meters(&tenant).await, [53, 0, 2, 0]);
        let usage = tenant.usage().await;
        assert_eq!(usage["amount_due"]["amount"], 2 * INR_400);
        assert_eq!(tenant.owner.get(&path(&held[2])).await.ok()["is_locked"], false);
        let due: i64 = ledger(&tenant).await.iter().map(|entry| entry["amount_due"]["amount"].as_i64().unwrap()).sum();
        assert_eq!(due, 2 * INR_400, "released, not billed twice");
    }

    async fn renewal_alone_releases_nothing(app: TestApp) {
        let mut tenant = active(&app, "Renewal", "block").await;
        tenant.enter_leads("person", 50).await;
        let held = tenant.enter_leads("held", 1).await;
        next_period(&app, &mut tenant).await;
        assert_eq!(tenant.owner.get(&path(&held[0])).await.ok()["is_locked"], true);
        assert_eq!(meters(&tenant).await, [0, 50, 0, 0]);
    }

    async fn a_new_month_is_not_spent_on_old_leads_unless_they_are_bought(app: TestApp) {
        let mut tenant = active(&app, "Old leads", "block").await;
        tenant.enter_leads("person", 50).await;
        let held = tenant.enter_leads("held", 3).await;
        next_period(&app, &mut tenant).await;
        for change in [json!({}), json!({ "cancel_at_period_end": true }), json!({ "overage_policy": "bill" })] {
            tenant.owner.patch("/v1/subscriptions/current", change).await.ok();
            app.run_jobs().await;
        }
        assert_eq!(meters(&tenant).await, [0, 50, 0, 0]);
        let grant = format!("/v1/ops/tenants/{}/credits", tenant.id);
        app.operator().post(&grant, json!({ "quantity": 1, "reason": "Goodwill" })).await.created();
        app.run_jobs().await;
        assert_eq!(meters(&tenant).await, [1, 50, 0, 0], "as many as were granted");
        let released = tenant.owner.get(&path(&held[0])).await.ok();
        assert_eq!((&released["is_locked"], &released["charge_kind"], &released["is_charged"]), (&json!(false), &json!("quota"), &json!(true)));
        assert_eq!(released["charged_amount"]["amount"], 30_000);
        assert_eq!(tenant.owner.get(&path(&held[1])).await.ok()["is_locked"], true);
    }

    async fn a_paid_enquiry_unlocks_its_lead_and_is_paid_once(app: TestApp) {
        let mut tenant = active(&app, "Again", "block").await;
        tenant.enter_leads("person", 49).await;
        let known = json!({ "name": "Ravi", "email": "ravi@example.com" });
        let shown = tenant.owner.post("/v1/leads", known.clone()).await.created();
        let person = json!({ "name": "Asha", "email": "asha@example.com" });
        let held = tenant.owner.post("/v1/leads", person.clone()).await.created();
        assert_eq!(held["is_locked"], true);
        for _ in 0..2 {
            next_period(&app, &mut tenant).await;
        }
        let again = tenant.owner.post("/v1/leads", person).await.ok();
        assert_eq!((&again["is_locked"], &again["charge_kind"], &again["email"]), (&json!(false), &json!("quota"), &json!("asha@example.com")));
        let used = meters(&tenant).await[0];
        tenant.enter_leads("more", usize::try_from(meters(&tenant).await[1]).unwrap()).await;
        let past = tenant.owner.post("/v1/leads", known).await.ok();
        assert_eq!((&past["is_locked"], &past["id"]), (&json!(false), &shown["id"]), "what was shown stays shown");
        let [all, _, _, blocked] = meters(&tenant).await;
        assert_eq!(blocked, 0, "and is not held for a bill");
        app.operator().post(&format!("/v1/ops/tenants/{}/credits", tenant.id), json!({ "quantity": 5, "reason": "Goodwill" })).await.created();
        app.run_jobs().await;
        assert_eq!((used, meters(&tenant).await[0]), (1, all), "nothing is left to release");
    }

    async fn a_repeat_is_unlocked_with_the_lead_it_repeats(app: TestApp) {
        let tenant = active(&app, "Repeat", "block").await;
        tenant.enter_leads("person", 50).await;
        let person = json!({ "name": "Asha", "email": "asha@example.com" });
        let first = tenant.owner.post("/v1/leads", person.clone()).await.created();
        tenant.owner.patch(&path(&first), json!({ "status": "lost" })).await.ok();
        let second = tenant.owner.post("/v1/leads", person).await.created();
        assert_eq!((&second["charge_kind"], &second["is_locked"]), (&json!("repeat"), &json!(true)));
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
        app.run_jobs().await;
        let first = tenant.owner.get(&path(&first)).await.ok();
        assert_eq!((&first["charge_kind"], &first["charged_amount"]["amount"]), (&json!("overage"), &json!(INR_400)));
        assert_eq!(tenant.owner.get(&path(&second)).await.ok()["is_locked"], false);
        assert_eq!(tenant.usage().await["amount_due"]["amount"], INR_400, "one person, once");
    }

    async fn a_caller_cannot_spend_an_old_period(app: TestApp) {
        let mut tenant = app.growth("Backdated").await;
        let in_trial = app.clock.now();
        app.advance(chrono::Duration::days(7));
        app.run_schedule().await;
        tenant.log_in_again().await;
        for (n, at) in [in_trial.to_string(), "1900-01-01T00:00:00Z".into()].into_iter().enumerate() {
            let lead = json!({ "name": "Old", "email": format!("old{n}@example.com"), "received_at": at });
            let lead = tenant.owner.post("/v1/leads", lead).await.created();
            assert_eq!((&lead["charge_kind"], &lead["is_locked"]), (&json!("blocked"), &json!(true)), "{at}");
        }
        tenant.activate(&app).await;
        let lead = json!({ "name": "Old", "email": "old@example.com", "received_at": in_trial });
        assert_eq!(tenant.owner.post("/v1/leads", lead).await.created()["charge_kind"], "quota");
        assert_eq!(meters(&tenant).await[0], 1, "of the running period");
    }

    async fn a_time_that_nobody_signed_spends_no_old_period(app: TestApp) {
        let mut tenant = app.growth("Unsigned").await;
        tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
        let in_trial = app.clock.now();
        app.advance(chrono::Duration::days(8));
        app.run_schedule().await;
        tenant.log_in_again().await;
        let fields = json!({ "FULL_NAME": "Asha Verma", "EMAIL": "asha@example.com" });
        let lead = json!({ "campaign_id": "20000000017", "form_id": "40000000017", "lead_id": "CAES-1", "lead_submit_time": in_trial, "fields": fields });
        assert!(app.anonymous().post("/sandbox/google-ads/leads", lead).await.status < 300);
        app.run_jobs().await;
        let lead = tenant.leads().await.remove(0);
        assert_eq!((&lead["charge_kind"], &lead["is_locked"]), (&json!("blocked"), &json!(true)));
        assert_eq!(at(&lead["received_at"]), in_trial, "it is shown");
    }
}
