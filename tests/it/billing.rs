//! What a tenant gets for its money: trial, quota, rollover, credits, and each policy beyond them.

use leadwright::base::time::Timestamp;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

const INR_400: i64 = 40_000;

/// Active, and under this policy.
async fn active(app: &TestApp, name: &str, policy: &str) -> Tenant {
    let tenant = app.growth(name).await;
    tenant.activate(app).await;
    tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": policy })).await.ok();
    app.run_jobs().await;
    tenant
}

fn at(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// Moves the clock to the moment the running period is over, the next one being paid if this one was, and lets the schedule do
/// what follows.
async fn next_period(app: &TestApp, tenant: &mut Tenant) {
    let usage = tenant.as_operator(app).get("/v1/usage").await.ok();
    let subscription = tenant.as_operator(app).get("/v1/subscriptions/current").await.ok();
    if subscription["status"] == "active" && subscription["cancel_at_period_end"] == false {
        tenant.pay(app).await;
    }
    app.advance(at(&usage["period_end"]).since(app.clock.now()));
    app.run_schedule().await;
    tenant.log_in_again().await;
}

fn meter(usage: &Value, field: &str) -> i64 {
    usage["leads"][field].as_i64().unwrap_or_else(|| panic!("{field} in {usage}"))
}

/// Used, remaining, overage, blocked.
async fn meters(tenant: &Tenant) -> [i64; 4] {
    let usage = tenant.usage().await;
    ["used", "remaining", "overage", "blocked"].map(|field| meter(&usage, field))
}

async fn ledger(tenant: &Tenant) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut query = "limit=100".to_string();
    loop {
        let page = tenant.owner.get(&format!("/v1/usage/entries?{query}")).await.ok();
        entries.extend(page["data"].as_array().cloned().unwrap_or_default());
        let Some(cursor) = page["next_cursor"].as_str() else { return entries };
        query = format!("limit=100&cursor={cursor}");
    }
}

fn kinds(leads: &[Value]) -> Vec<&str> {
    leads.iter().map(|lead| lead["charge_kind"].as_str().expect("a kind")).collect()
}

fn path(lead: &Value) -> String {
    format!("/v1/leads/{}", lead["id"].as_str().expect("an id"))
}

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

    async fn leads_fifty_one_to_fifty_eight_with_five_rolled_over(app: TestApp) {
        let mut tenant = active(&app, "Rollover", "bill").await;
        tenant.enter_leads("november", 45).await;
        next_period(&app, &mut tenant).await;
        let usage = tenant.usage().await;
        assert_eq!((meter(&usage, "base"), meter(&usage, "rollover"), meter(&usage, "remaining")), (50, 5, 55));
        let mut entered = Vec::new();
        for (upto, remaining) in [(12, 43), (30, 25), (50, 5), (52, 3), (55, 0)] {
            entered.extend(tenant.enter_leads(&format!("december{upto}-"), upto - entered.len()).await);
            assert_eq!(meters(&tenant).await, [upto as i64, remaining, 0, 0]);
        }
        entered.extend(tenant.enter_leads("overage", 3).await);
        assert_eq!(meters(&tenant).await, [58, 0, 3, 0]);
        let kinds = kinds(&entered);
        assert!(kinds[..50].iter().all(|kind| *kind == "quota") && kinds[50..55].iter().all(|kind| *kind == "rollover"));
        assert_eq!(kinds[55..], ["overage"; 3]);
        let usage = tenant.usage().await;
        assert_eq!(usage["amount_due"], json!({ "amount": 3 * INR_400, "currency": "INR" }));

        let period = usage["period_id"].clone();
        let entries: Vec<Value> = ledger(&tenant).await.into_iter().filter(|entry| entry["period_id"] == period).collect();
        let sum = |field: &str| entries.iter().map(|entry| entry[field]["amount"].as_i64().unwrap()).sum::<i64>();
        assert_eq!(entries.iter().map(|entry| entry["quantity"].as_i64().unwrap()).sum::<i64>(), 58);
        assert_eq!((sum("amount_due"), sum("notional_amount")), (usage["amount_due"]["amount"].as_i64().unwrap(), usage["notional_amount"]["amount"].as_i64().unwrap()));

        next_period(&app, &mut tenant).await;
        assert_eq!(meters(&tenant).await, [0, 50, 0, 0], "nothing was left to roll over");
    }

    async fn a_period_that_is_over_shows_the_next_one_though_nothing_ran(app: TestApp) {
        let mut tenant = active(&app, "Unattended", "block").await;
        tenant.pay(&app).await;
        tenant.enter_leads("person", 48).await;
        app.run_jobs().await;
        let before = tenant.usage().await;
        app.advance(at(&before["period_end"]).since(app.clock.now()) + chrono::Duration::minutes(1));
        tenant.log_in_again().await;

        let shown = tenant.usage().await;
        assert_eq!((&shown["is_allowed"], &shown["message"], &shown["status"]), (&json!(true), &json!(null), &json!("active")));
        assert_eq!(shown["period_start"], before["period_end"]);
        assert_eq!(["base", "rollover", "used", "remaining"].map(|field| meter(&shown, field)), [50, 2, 0, 52]);
        let subscription = tenant.owner.get("/v1/subscriptions/current").await;
        assert_eq!(subscription.body["current_period_start"], before["period_end"]);
        let moment = before["period_end"].as_str().expect("a time");
        assert_eq!(tenant.owner.get(&format!("/v1/usage?at={moment}")).await.ok(), shown);
        let etag = subscription.header("etag").expect("a version").to_string();
        let unchanged = tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "block" }));
        unchanged.header("if-match", &etag).await.ok();
        app.run_schedule().await;
        assert_eq!(tenant.usage().await, shown, "written as it was shown, by the same id");
    }

    async fn rollover_is_the_unused_base_and_lasts_one_period(app: TestApp) {
        let mut tenant = active(&app, "Compounding", "bill").await;
        tenant.enter_leads("first", 20).await;
        let mut rolled = Vec::new();
        for month in 0..3 {
            next_period(&app, &mut tenant).await;
            rolled.push(meter(&tenant.usage().await, "rollover"));
            if month == 0 {
                tenant.enter_leads("second", 10).await;
            }
        }
        assert_eq!(rolled, [30, 40, 50], "thirty unused expire, they are not added to the forty");
    }

    async fn credits_come_last_and_stay(app: TestApp) {
        let mut tenant = active(&app, "Credits", "block").await;
        let grant = format!("/v1/ops/tenants/{}/credits", tenant.id);
        let granted = app.operator().post(&grant, json!({ "quantity": 2, "reason": "Two wrong numbers" })).await.created();
        assert_eq!((&granted["credits"], &granted["remaining"]), (&json!(2), &json!(52)));
        app.operator().post(&grant, json!({ "quantity": -2, "reason": "x" })).await.invalid("/quantity");
        tenant.owner.post(&grant, json!({ "quantity": 2, "reason": "x" })).await.problem(403, "auth.operator_required");
        let leads = tenant.enter_leads("person", 51).await;
        assert_eq!(kinds(&leads)[50], "credit");
        assert_eq!(meters(&tenant).await, [51, 1, 0, 0]);
        next_period(&app, &mut tenant).await;
        let usage = tenant.usage().await;
        assert_eq!((meter(&usage, "rollover"), meter(&usage, "credits"), meter(&usage, "remaining")), (0, 1, 51));
    }

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

    async fn slow_delivers_and_bills(app: TestApp) {
        let tenant = active(&app, "Slow", "slow").await;
        tenant.enter_leads("person", 50).await;
        let beyond = tenant.enter_leads("beyond", 2).await;
        assert_eq!((kinds(&beyond), &beyond[0]["is_locked"]), (vec!["overage"; 2], &json!(false)));
        assert_eq!(tenant.usage().await["amount_due"]["amount"], 2 * INR_400);
    }

    async fn a_lead_belongs_to_the_period_it_was_received_in(app: TestApp) {
        let mut tenant = active(&app, "Midnight", "bill").await;
        let end = at(&tenant.usage().await["period_end"]);
        assert_eq!(end.to_string(), "2026-12-19T18:30:00Z", "midnight in Kolkata, a month on");
        next_period(&app, &mut tenant).await;
        app.advance(chrono::Duration::minutes(1));
        let before = end.minus(chrono::Duration::minutes(1));
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        for (name, received_at) in [("late", before), ("prompt", end)] {
            let fields = json!([{ "name": "full_name", "values": [name] }, { "name": "email", "values": [format!("{name}@example.com")] }]);
            let lead = json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields, "created_time": received_at });
            let sent = app.anonymous().post("/sandbox/meta/leads", lead).await;
            assert!(sent.status < 300, "{}", sent.text);
        }
        app.run_jobs().await;
        let old = tenant.owner.get(&format!("/v1/usage?at={before}")).await.ok();
        let new = tenant.usage().await;
        assert_eq!((meter(&old, "used"), meter(&new, "used")), (1, 1));
        assert_eq!(meter(&new, "rollover"), 49, "what the late one used does not roll over");
        tenant.owner.get("/v1/usage?at=2020-01-01T00:00:00Z").await.problem(404, "usage.period_not_found");
    }

    async fn the_same_person_is_metered_again_only_after_the_window(app: TestApp) {
        let mut tenant = active(&app, "Window", "bill").await;
        let window = json!({ "settings": { "billing_dedupe_days": 2 } });
        tenant.owner.patch("/v1/tenants/current", window.clone()).await.problem(403, "settings.set_by_platform");
        tenant.as_operator(&app).patch("/v1/tenants/current", window).await.ok();
        let person = json!({ "name": "Asha", "email": "asha@example.com" });
        let first = tenant.owner.post("/v1/leads", person.clone()).await.created();
        tenant.owner.patch(&path(&first), json!({ "status": "lost" })).await.ok();
        let again = tenant.owner.post("/v1/leads", person.clone()).await.created();
        assert_eq!((&again["charge_kind"], &again["is_charged"]), (&json!("repeat"), &json!(false)));
        tenant.owner.patch(&path(&again), json!({ "status": "lost" })).await.ok();
        app.advance(chrono::Duration::days(2));
        tenant.log_in_again().await;
        let later = tenant.owner.post("/v1/leads", person).await.created();
        assert_eq!(later["charge_kind"], "quota");
        assert_eq!(meters(&tenant).await[0], 2);
    }

    async fn per_lead_plans_charge_by_score(app: TestApp) {
        let tenant = app.tenant("Per lead").await;
        let started = tenant.subscribe("in_pay_per_lead").await;
        assert_eq!(started["status"], "incomplete", "no trial");
        let early = tenant.enter_leads("early", 1).await;
        assert_eq!(kinds(&early), ["blocked"]);
        tenant.activate(&app).await;
        app.run_jobs().await;
        let lead = tenant.enter_leads("person", 1).await.remove(0);
        assert_eq!((&lead["charge_kind"], &lead["charged_amount"]["amount"]), (&json!("per_lead"), &json!(20_000)), "an address alone");
        let talkative = json!({ "name": "Asha", "phone": "+919812300045", "budget_range": "₹80L-1Cr", "timeline": "Immediately", "location": { "city": "Mumbai" } });
        for model in ["real_estate_in", "default_b2b"] {
            let audience = json!({ "description": "Nobody", "locations": ["Antarctica"], "budget_labels": ["none"], "timelines": ["exploring"] });
            tenant.owner.put("/v1/tenants/current/audience", audience).await.ok();
            tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "scoring_model": model } })).await.ok();
            let mut body = talkative.clone();
            body["phone"] = json!(if model == "default_b2b" { "+919812300045" } else { "+919812300046" });
            let lead = tenant.owner.post("/v1/leads", body).await.created();
            assert_eq!(lead["charged_amount"]["amount"], 50_000, "whatever model and audience the tenant sets: {lead}");
        }
        // Nor what the tenant calls its questions, or says that they are about.
        let worded = json!({ "name": "Asha", "phone": "+919812300047", "location": { "city": "Mumbai" },
            "form_responses": { "Which view do you like?": "₹80L-1Cr", "When?": "Immediately" } });
        let lead = tenant.owner.post("/v1/leads", worded).await.created();
        assert_eq!(lead["charged_amount"]["amount"], 50_000, "{lead}");
        assert_eq!(tenant.usage().await["leads"]["remaining"], Value::Null, "unlimited");
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
        tenant.owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.problem(409, "plan.not_for_tenant");
        // A country without a price list of its own.
        tenant.owner.patch("/v1/tenants/current", json!({ "country": "AE" })).await.ok();
        assert_eq!(offered(&tenant.owner, "").await, us, "whatever is in its currency");
        tenant.owner.patch("/v1/tenants/current", json!({ "currency": "AED" })).await.ok();
        assert!(offered(&tenant.owner, "").await.is_empty());
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
