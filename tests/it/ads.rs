//! Ad campaigns: their life, and what the ad platforms' twins see of it.

use hmac::Mac;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::statements::Statements;
use crate::support::{Tenant, TestApp, growth_campaign};

const CAMPAIGN: &str = "120210000000000001";
const FORM: &str = "612312312312";
const PAGE: &str = "153125381133";
const GOOGLE_CAMPAIGN: &str = "20000000017";

/// The ad campaign as Meta has it.
async fn at_meta(app: &TestApp, id: &str) -> Value {
    let token = "sandbox-meta-access-token";
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-meta-app-secret").expect("a key");
    mac.update(token.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    let path =
        format!("/sandbox/meta/v25.0/{id}?fields=status,daily_budget&access_token={token}&appsecret_proof={proof}");
    app.anonymous().get(&path).await.ok()
}

async fn at_google(app: &TestApp, id: &str) -> Value {
    app.anonymous().get(&format!("/sandbox/google-ads/campaigns/{id}")).await.ok()["status"].clone()
}

fn path(campaign: &Value, step: &str) -> String {
    format!("/v1/ad-campaigns/{}{step}", campaign["id"].as_str().expect("an id"))
}

async fn view(app: &TestApp, tenant: &Tenant, campaign: &Value) -> Value {
    tenant.as_operator(app).get(&path(campaign, "")).await.ok()
}

/// An active subscription under this policy with one running ad campaign.
async fn running(app: &TestApp, name: &str, policy: &str) -> (Tenant, Value) {
    let tenant = app.growth(name).await;
    tenant.activate(app).await;
    tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": policy })).await.ok();
    let campaign = tenant.ad_campaign("meta", CAMPAIGN, FORM, PAGE).await;
    app.run_jobs().await;
    (tenant, campaign)
}

async fn submit(app: &TestApp, n: usize) {
    let fields = json!([{ "name": "full_name", "values": [format!("Person {n}")] }, { "name": "email", "values": [format!("person{n}@example.com")] }]);
    let sent = app
        .anonymous()
        .post("/sandbox/meta/leads", json!({ "page_id": PAGE, "form_id": FORM, "field_data": fields }))
        .await;
    assert!(sent.status < 300, "{}", sent.text);
}

/// Past the end of the running period, with what the schedule does then.
async fn next_period(app: &TestApp, tenant: &Tenant) {
    let usage = tenant.as_operator(app).get("/v1/usage").await.ok();
    let end: leadwright::base::time::Timestamp = usage["period_end"].as_str().unwrap().parse().unwrap();
    app.advance(end.since(app.clock.now()));
    app.run_schedule().await;
}

both_engines! {
    async fn an_ad_campaign_is_a_draft_first_and_says_what_is_wrong(app: TestApp) {
        let tenant = app.growth("Drafts").await;
        let good = growth_campaign("facebook", CAMPAIGN, FORM, PAGE);
        let draft = tenant.owner.post("/v1/ad-campaigns", good.clone()).await.created();
        assert_eq!((&draft["platform"], &draft["status"], &draft["activated_at"]), (&json!("meta"), &json!("draft"), &Value::Null));
        assert_eq!(draft["lead_form"]["questions"].as_array().unwrap().len(), 7);
        assert_eq!(tenant.owner.get(&path(&draft, "/lead-form")).await.ok()["external_form_id"], FORM);
        assert_eq!(draft["spent"], Value::Null, "what the platform pays is its own affair");

        let broken = |pointer: &str, value: Value| {
            let mut body = growth_campaign("meta", "1", "2", "3");
            *body.pointer_mut(pointer).expect("a field") = value;
            body
        };
        for (pointer, value) in [
            ("/name", json!("")), ("/daily_budget", json!({ "amount": -1, "currency": "INR" })), ("/daily_budget", json!({ "amount": 0, "currency": "INR" })),
            ("/external_form_id", json!("abc")), ("/external_campaign_id", json!("12a")), ("/platform", json!("myspace")),
            ("/lead_form/questions/0/type", json!("palm_reading")),
        ] {
            let answer = tenant.owner.post("/v1/ad-campaigns", broken(pointer, value.clone())).await.expect(422);
            let named = answer["errors"].as_array().unwrap().iter().any(|error| error["pointer"].as_str().unwrap().starts_with(pointer));
            assert!(named, "{pointer} {value}: {answer}");
        }
        assert_eq!(tenant.owner.get("/v1/ad-campaigns").await.ok()["data"].as_array().unwrap().len(), 1, "refusals leave nothing");
        assert_eq!(tenant.owner.get("/v1/ad-campaigns?platform=facebook&status=draft").await.ok()["data"].as_array().unwrap().len(), 1);
    }

    async fn two_ad_campaigns_do_not_share_ids_of_the_platform(app: TestApp) {
        let (one, two) = (app.growth("One").await, app.growth("Two").await);
        one.owner.post("/v1/ad-campaigns", growth_campaign("meta", CAMPAIGN, FORM, PAGE)).await.created();
        for (campaign, form) in [("120210000000000002", FORM), (CAMPAIGN, "612312312313")] {
            let answer = one.owner.post("/v1/ad-campaigns", growth_campaign("meta", campaign, form, PAGE)).await;
            assert_eq!(answer.status, 409, "{}", answer.text);
            // Whether somebody else has it is nobody's to ask.
            two.owner.post("/v1/ad-campaigns", growth_campaign("meta", campaign, form, PAGE)).await.created();
        }
        one.owner.post("/v1/ad-campaigns", growth_campaign("google", CAMPAIGN, FORM, PAGE)).await.created();
    }

    async fn people_start_stop_and_end_them(app: TestApp) {
        let tenant = app.growth("Steering").await;
        let draft = tenant.owner.post("/v1/ad-campaigns", growth_campaign("meta", CAMPAIGN, FORM, PAGE)).await.created();
        let step = async |name: &str| tenant.owner.call("POST", &path(&draft, name)).await;
        step("/pause").await.problem(409, "ad_campaign.illegal_transition");
        assert_eq!(step("/submit").await.ok()["status"], "pending_approval");
        let active = tenant.approve(&draft).await;
        assert_eq!((&active["status"], &active["delivery"]["state"]), (&json!("active"), &json!("pending")));
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &draft).await["delivery"]["state"], "synced");
        let paused = tenant.owner.post(&path(&draft, "/pause"), json!({ "reason": "New photos are coming" })).await.ok();
        assert_eq!((&paused["status"], &paused["status_reason"]), (&json!("paused"), &json!("New photos are coming")));
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        assert_eq!(step("/resume").await.ok()["status"], "active");
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        tenant.owner.post(&path(&draft, "/pause"), json!({ "reason": "quota_reached" })).await.invalid("/reason");
        step("/complete").await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        step("/resume").await.problem(409, "ad_campaign.illegal_transition");
        let viewer = tenant.user("viewer").await;
        viewer.call("POST", &path(&draft, "/pause")).await.problem(403, "auth.forbidden");
        let kinds = tenant.owner.get(&format!("/v1/events?subject_type=ad_campaign&subject_id={}&limit=100", draft["id"].as_str().unwrap())).await.ok();
        let kinds: Vec<&str> = kinds["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        for kind in ["ad_campaign.created", "ad_campaign.activated", "ad_campaign.paused", "ad_campaign.resumed", "ad_campaign.completed"] {
            assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
        }
    }

    async fn a_quick_pause_and_resume_ends_running(app: TestApp) {
        let (tenant, campaign) = running(&app, "Quick", "bill").await;
        for step in ["/pause", "/resume", "/pause", "/resume"] {
            tenant.owner.call("POST", &path(&campaign, step)).await.ok();
        }
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(view(&app, &tenant, &campaign).await["delivery"]["state"], "synced");
    }

    async fn under_block_the_quota_pauses_every_ad_and_late_leads_are_kept(app: TestApp) {
        let (tenant, campaign) = running(&app, "Block", "block").await;
        let mut google = growth_campaign("google", GOOGLE_CAMPAIGN, "40000000017", "0");
        google.as_object_mut().unwrap().remove("external_page_id");
        let google = tenant.owner.post("/v1/ad-campaigns", google).await.created();
        tenant.approve(&google).await;
        let by_hand = tenant.owner.post("/v1/ad-campaigns", growth_campaign("meta", "120210000000000009", "612312312319", PAGE)).await.created();
        tenant.approve(&by_hand).await;
        tenant.owner.call("POST", &path(&by_hand, "/pause")).await.ok();
        tenant.enter_leads("person-", 49).await;
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE", "one is left");
        submit(&app, 1).await;
        app.run_jobs().await;
        let paused = view(&app, &tenant, &campaign).await;
        assert_eq!((&paused["status"], &paused["status_reason"]), (&json!("paused"), &json!("quota_reached")));
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        assert_eq!(at_google(&app, GOOGLE_CAMPAIGN).await, "PAUSED");

        submit(&app, 2).await;
        app.run_jobs().await;
        let locked = tenant.owner.get("/v1/leads?is_locked=true").await.ok();
        assert_eq!((locked["data"].as_array().unwrap().len(), &locked["data"][0]["charge_kind"]), (1, &json!("blocked")));
        assert_eq!(tenant.leads().await.len(), 51);

        next_period(&app, &tenant).await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(at_google(&app, GOOGLE_CAMPAIGN).await, "ENABLED");
        assert_eq!(view(&app, &tenant, &by_hand).await["status"], "paused", "what a person paused stays paused");
    }

    async fn under_bill_the_ads_run_on(app: TestApp) {
        let (tenant, campaign) = running(&app, "Bill", "bill").await;
        tenant.enter_leads("person-", 50).await;
        submit(&app, 1).await;
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(tenant.usage().await["leads"]["overage"], 1);
    }

    async fn choosing_to_buy_overages_lets_them_run_again(app: TestApp) {
        let (tenant, campaign) = running(&app, "Change of mind", "block").await;
        tenant.enter_leads("person-", 50).await;
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "block" })).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED", "and back");
    }

    async fn slow_lowers_the_budget_until_the_next_period(app: TestApp) {
        let (tenant, campaign) = running(&app, "Slow", "slow").await;
        tenant.ad_campaign("google", GOOGLE_CAMPAIGN, "40000000017", "0").await;
        tenant.enter_leads("person-", 50).await;
        app.run_jobs().await;
        let slow = view(&app, &tenant, &campaign).await;
        assert_eq!((&slow["status"], &slow["status_reason"], &slow["delivery"]["desired"]), (&json!("active"), &json!("quota_reached"), &json!("slow")));
        let meta = at_meta(&app, CAMPAIGN).await;
        assert_eq!((&meta["status"], &meta["daily_budget"]), (&json!("ACTIVE"), &json!("10000")), "₹100 a day");
        assert_eq!(slow["daily_budget"]["amount"], 80_000, "its own budget is not forgotten");
        assert_eq!(at_google(&app, GOOGLE_CAMPAIGN).await, "PAUSED", "a budget there may be shared");

        next_period(&app, &tenant).await;
        let meta = at_meta(&app, CAMPAIGN).await;
        assert_eq!((&meta["status"], &meta["daily_budget"]), (&json!("ACTIVE"), &json!("80000")));
        let again = view(&app, &tenant, &campaign).await;
        assert_eq!((&again["delivery"]["desired"], &again["status_reason"]), (&json!("running"), &Value::Null));
        assert_eq!(at_google(&app, GOOGLE_CAMPAIGN).await, "ENABLED");
    }

    async fn a_suspended_tenants_ads_rest(app: TestApp) {
        let (tenant, campaign) = running(&app, "Suspended", "bill").await;
        let standing = format!("/v1/tenants/{}", tenant.id);
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        app.operator().patch(&standing, json!({ "status": "suspended" })).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        assert_eq!(view(&app, &tenant, &campaign).await["status_reason"], "tenant_suspended");
        next_period(&app, &tenant).await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED", "a new period does not lift it");
        app.operator().patch(&standing, json!({ "status": "active" })).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(view(&app, &tenant, &campaign).await["status_reason"], Value::Null);
    }

    async fn an_ad_campaign_starts_when_it_is_to(app: TestApp) {
        let tenant = app.growth("Later").await;
        tenant.activate(&app).await;
        let mut body = growth_campaign("meta", CAMPAIGN, FORM, PAGE);
        body["start_at"] = json!(app.clock.now().plus(chrono::Duration::hours(1)));
        let campaign = tenant.owner.post("/v1/ad-campaigns", body).await.created();
        for _ in 0..2 {
            let active = tenant.as_operator(&app).call("POST", &path(&campaign, "/activate")).await.ok();
            assert_eq!((&active["status"], &active["delivery"]["desired"]), (&json!("active"), &json!("paused")));
        }
        app.run_schedule().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        app.advance(chrono::Duration::minutes(65));
        app.run_schedule().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(view(&app, &tenant, &campaign).await["delivery"]["desired"], "running");
    }

    async fn a_page_of_ad_campaigns_reads_its_forms_at_once(app: TestApp) {
        let tenant = app.growth("Page").await;
        for n in 0..3 {
            let body = growth_campaign("meta", &format!("12021000000000000{n}"), &format!("61231231231{n}"), PAGE);
            tenant.owner.post("/v1/ad-campaigns", body).await.created();
        }
        let statements = Statements::record(&app.mark());
        let page = tenant.owner.get("/v1/ad-campaigns").await.ok();
        let of_forms = statements.end().into_iter().filter(|sql| sql.contains("lead_forms")).count();
        let forms: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|one| &one["lead_form"]["external_form_id"]).collect();
        assert_eq!((forms, of_forms), (vec![&json!("612312312312"), &json!("612312312311"), &json!("612312312310")], 1));
    }

    async fn a_larger_plan_lets_them_run_again(app: TestApp) {
        let (tenant, campaign) = running(&app, "Upgrade", "block").await;
        tenant.enter_leads("person-", 50).await;
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        tenant.owner.patch("/v1/subscriptions/current", json!({ "plan_code": "in_professional" })).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED", "it is not paid yet");
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
    }

    async fn the_end_of_a_subscription_pauses_its_ads_until_it_is_paid(app: TestApp) {
        let tenant = app.growth("Expiry").await;
        let campaign = tenant.ad_campaign("meta", CAMPAIGN, FORM, PAGE).await;
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        next_period(&app, &tenant).await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        tenant.as_operator(&app).call("POST", &path(&campaign, "/resume")).await.ok();
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status_reason"], "quota_reached");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED", "nothing would be delivered");
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
    }

    async fn an_ad_campaign_started_after_the_quota_waits_or_runs_slowly(app: TestApp) {
        for (policy, status, budget) in [("block", "PAUSED", None), ("slow", "ACTIVE", Some("10000"))] {
            let tenant = app.growth(&format!("Late {policy}")).await;
            tenant.activate(&app).await;
            tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": policy })).await.ok();
            tenant.enter_leads("person-", 50).await;
            app.run_jobs().await;
            let id = if budget.is_some() { "120210000000000002" } else { CAMPAIGN };
            let form = if budget.is_some() { "612312312313" } else { FORM };
            tenant.ad_campaign("meta", id, form, PAGE).await;
            app.run_jobs().await;
            let meta = at_meta(&app, id).await;
            assert_eq!(meta["status"], status, "{policy}");
            assert!(budget.is_none() || meta["daily_budget"].as_str() == budget, "{meta}");
        }
    }

    async fn changes_reach_the_ad_platform_and_nothing_runs_on_under_an_old_id(app: TestApp) {
        let (tenant, campaign) = running(&app, "Changes", "bill").await;
        tenant.owner.patch(&path(&campaign, ""), json!({ "daily_budget": { "amount": 50_000, "currency": "INR" } })).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["daily_budget"], "50000");
        for id in [json!("120210000000000009"), Value::Null] {
            let change = json!({ "external_campaign_id": id });
            tenant.owner.patch(&path(&campaign, ""), change).await.problem(409, "ad_campaign.running");
        }
        tenant.owner.call("POST", &path(&campaign, "/pause")).await.ok();
        let change = json!({ "external_campaign_id": "120210000000000009" });
        tenant.owner.patch(&path(&campaign, ""), change.clone()).await.problem(409, "ad_campaign.running");
        app.run_jobs().await;
        tenant.owner.patch(&path(&campaign, ""), change).await.ok();
    }

    async fn what_the_ad_platform_refuses_is_visible_and_what_it_fails_is_tried_again(app: TestApp) {
        let (tenant, campaign) = running(&app, "Failures", "bill").await;
        let fault = |mode: Value| app.anonymous().put("/sandbox/faults", json!({ "faults": [mode] }));
        fault(json!({ "provider": "meta", "operation": "set_status", "mode": "fail", "status": 500, "times": 2 })).await.ok();
        tenant.owner.call("POST", &path(&campaign, "/pause")).await.ok();
        app.run_jobs().await;
        assert_eq!((&at_meta(&app, CAMPAIGN).await["status"], &view(&app, &tenant, &campaign).await["delivery"]["state"]), (&json!("ACTIVE"), &json!("pending")));
        for _ in 0..3 {
            app.advance(chrono::Duration::minutes(5));
            app.run_jobs().await;
        }
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
        assert_eq!(view(&app, &tenant, &campaign).await["delivery"]["state"], "synced");

        fault(json!({ "provider": "meta", "operation": "set_status", "mode": "fail", "status": 400, "code": 190 })).await.ok();
        tenant.as_operator(&app).call("POST", &path(&campaign, "/resume")).await.ok();
        app.run_jobs().await;
        let failed = view(&app, &tenant, &campaign).await;
        assert_eq!(failed["delivery"]["state"], "failed", "{failed}");
        assert!(failed["delivery"]["error"].is_string() && !failed.to_string().contains("sandbox-meta"));
        let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=ad_campaign.sync_delivery").await.ok();
        assert_eq!(dead["data"].as_array().unwrap().len(), 1);
        let events = tenant.as_operator(&app).get("/v1/events?type=ad_campaign.delivery_failed").await.ok();
        assert_eq!(events["data"].as_array().unwrap().len(), 1);

        app.anonymous().delete("/sandbox/faults").await.expect(204);
        let retry = format!("/v1/ops/jobs/{}/retry", dead["data"][0]["id"].as_str().unwrap());
        app.operator().post(&retry, json!({})).await.ok();
        app.run_jobs().await;
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "ACTIVE");
        assert_eq!(view(&app, &tenant, &campaign).await["delivery"]["state"], "synced");
    }

    async fn the_form_of_an_ad_fills_the_lead(app: TestApp) {
        let (tenant, campaign) = running(&app, "Forms", "bill").await;
        let fields = json!([
            { "name": "full_name", "values": ["Asha Verma"] }, { "name": "email", "values": ["asha@example.com"] }, { "name": "phone_number", "values": ["+919876543210"] },
            { "name": "what_is_your_budget?", "values": ["₹80L-1Cr"] }, { "name": "when_are_you_planning_to_buy?", "values": ["Within 3 months"] },
            { "name": "preferred_areas?", "values": ["Andheri, Goregaon"] }, { "name": "first-time_buyer?", "values": ["Yes"] }
        ]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": PAGE, "form_id": FORM, "field_data": fields })).await;
        app.run_jobs().await;
        let lead = &tenant.leads().await[0];
        assert_eq!((&lead["source"], &lead["ad_campaign_id"], &lead["name"]), (&json!("meta_ads"), &campaign["id"], &json!("Asha Verma")));
        assert_eq!((&lead["budget_range"], &lead["timeline"]), (&json!("₹80L-1Cr"), &json!("Within 3 months")));
        assert!(lead["form_responses"].to_string().contains("Andheri, Goregaon"), "{lead}");
        assert_eq!(view(&app, &tenant, &campaign).await["leads_generated"], 1);
    }

    async fn an_ad_campaign_ends_when_its_time_has_come(app: TestApp) {
        let tenant = app.growth("Ending").await;
        let mut body = growth_campaign("meta", CAMPAIGN, FORM, PAGE);
        body["end_at"] = json!(app.clock.now().plus(chrono::Duration::days(2)));
        let campaign = tenant.owner.post("/v1/ad-campaigns", body).await.created();
        tenant.approve(&campaign).await;
        app.run_schedule().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
        app.advance(chrono::Duration::days(2));
        app.run_schedule().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "completed");
        assert_eq!(at_meta(&app, CAMPAIGN).await["status"], "PAUSED");
    }

    async fn a_trial_that_would_buy_more_pauses_all_the_same(app: TestApp) {
        let tenant = app.growth("Trial").await;
        let campaign = tenant.ad_campaign("meta", CAMPAIGN, FORM, PAGE).await;
        tenant.owner.patch("/v1/subscriptions/current", json!({ "buying_overages": true })).await.ok();
        tenant.enter_leads("person", 51).await;
        app.run_jobs().await;
        let paused = view(&app, &tenant, &campaign).await;
        assert_eq!((&paused["status"], &paused["status_reason"]), (&json!("paused"), &json!("quota_reached")));
        let told = tenant.owner.get("/v1/events?type=quota.reached").await.ok();
        assert_eq!(told["data"][0]["data"]["policy"], "block", "what is in force, not what was chosen");
        for choice in [false, true] {
            tenant.owner.patch("/v1/subscriptions/current", json!({ "buying_overages": choice })).await.ok();
        }
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "paused", "nor does choosing again let it run");
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(view(&app, &tenant, &campaign).await["status"], "active");
    }

    async fn a_form_names_the_platforms_privacy_policy_or_its_own(app: TestApp) {
        let policy = async |app: &TestApp, name: &str, own: Value| {
            let tenant = app.growth(name).await;
            let mut body = growth_campaign("meta", CAMPAIGN, FORM, PAGE);
            body["lead_form"]["privacy_policy_url"] = own;
            let made = tenant.owner.post("/v1/ad-campaigns", body).await.created();
            made["lead_form"]["privacy_policy_url"].clone()
        };
        assert_eq!(policy(&app, "None", Value::Null).await, Value::Null, "no page that nobody serves");
        let setting = ("PRIVACY_POLICY_URL", "https://leads.example.com/privacy");
        let app = TestApp::start(app.engine, &[setting]).await;
        assert_eq!(policy(&app, "Platform", Value::Null).await, setting.1);
        let own = json!("https://abc.example.com/privacy");
        let tenant = app.growth("Own").await;
        let mut body = growth_campaign("meta", "120210000000000009", "612312312399", "9");
        body["lead_form"]["privacy_policy_url"] = own.clone();
        let form = tenant.owner.post("/v1/ad-campaigns", body).await.created()["lead_form"].clone();
        assert_eq!((&form["privacy_policy_url"], &form["platform_privacy_policy_url"]), (&own, &json!(setting.1)), "the platform's on every form");
    }
}
