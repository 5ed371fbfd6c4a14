//! What a tenant gets for its money: trial, quota, rollover, credits, and each policy beyond them.

mod held;
mod standing;

use leadwright::base::time::Timestamp;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp};

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
}
