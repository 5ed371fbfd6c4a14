//! Who agrees before the platform's money is spent, and what takes the agreement back.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp, growth_campaign};

const CAMPAIGN: &str = "120210000000000001";
const FORM: &str = "612312312312";
const PAGE: &str = "153125381133";

fn path(campaign: &Value, step: &str) -> String {
    format!("/v1/ad-campaigns/{}{step}", campaign["id"].as_str().expect("an id"))
}

async fn draft(tenant: &Tenant) -> Value {
    tenant.owner.post("/v1/ad-campaigns", growth_campaign("meta", CAMPAIGN, FORM, PAGE)).await.created()
}

/// Approved after having been asked for, and running.
async fn approved(app: &TestApp, name: &str) -> (Tenant, Value) {
    let tenant = app.growth(name).await;
    let draft = draft(&tenant).await;
    tenant.owner.call("POST", &path(&draft, "/activate")).await.ok();
    app.run_jobs().await;
    let active = tenant.approve(&draft).await;
    assert_eq!((&active["status"], &active["review"]["state"]), (&json!("active"), &json!("approved")));
    app.run_jobs().await;
    assert_eq!(status_there(app, CAMPAIGN).await, "ACTIVE");
    (tenant, active)
}

/// What the twin of Meta was last told of this one.
async fn status_there(app: &TestApp, id: &str) -> String {
    use hmac::Mac;
    let token = "sandbox-meta-access-token";
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-meta-app-secret").expect("a key");
    mac.update(token.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    let path = format!("/sandbox/meta/v25.0/{id}?fields=status&access_token={token}&appsecret_proof={proof}");
    app.anonymous().get(&path).await.body["status"].as_str().unwrap_or("unknown").to_string()
}

/// How often the ad platforms were, or are to be, told something.
async fn orders(app: &TestApp) -> usize {
    let jobs = app.operator().get("/v1/ops/jobs?kind=ad_campaign.sync_delivery&limit=200").await.ok();
    jobs["data"].as_array().expect("jobs").len()
}

async fn reviews(app: &TestApp, tenant: &Tenant) -> Vec<Value> {
    let tasks = app.operator().get(&format!("/v1/ops/tasks?tenant_id={}&limit=100", tenant.id)).await.ok();
    let tasks = tasks["data"].as_array().expect("tasks").iter();
    tasks.filter(|task| task["kind"] == "review_ad_campaign").cloned().collect()
}

async fn events(client: &Client, kind: &str) -> Vec<Value> {
    client.get(&format!("/v1/events?type={kind}")).await.ok()["data"].as_array().expect("events").clone()
}

both_engines! {
    async fn a_tenant_asks_and_an_operator_agrees(app: TestApp) {
        let tenant = app.growth("Asking").await;
        let draft = draft(&tenant).await;
        assert_eq!(draft["review"], Value::Null);
        let asked = tenant.owner.call("POST", &path(&draft, "/activate")).await.ok();
        assert_eq!((&asked["status"], &asked["review"]["state"], &asked["delivery"]["desired"]), (&json!("pending_approval"), &json!("pending"), &json!("paused")));
        // Asking again asks nobody again.
        for step in ["/activate", "/submit"] {
            assert_eq!(tenant.owner.call("POST", &path(&draft, step)).await.ok()["version"], asked["version"]);
        }
        tenant.owner.call("POST", &path(&draft, "/resume")).await.problem(409, "ad_campaign.illegal_transition");
        app.run_jobs().await;
        assert_eq!(orders(&app).await, 0, "nobody agreed yet");
        let tasks = reviews(&app, &tenant).await;
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        assert_eq!((&tasks[0]["status"], &tasks[0]["ad_campaign_id"]), (&json!("open"), &draft["id"]));
        assert!(tasks[0]["title"].as_str().unwrap().ends_with(draft["name"].as_str().unwrap()));
        let told = app.operator().get("/v1/ops/notifications").await.ok();
        let told: Vec<&Value> = told["data"].as_array().unwrap().iter().filter(|note| note["kind"] == "ad_campaign.submitted").collect();
        assert_eq!(told.len(), 1);
        assert!(told[0]["body"].as_str().unwrap().contains("INR 800.00 a day"), "{}", told[0]);
        assert_eq!(events(&tenant.owner, "ad_campaign.submitted").await.len(), 1);

        let operator = tenant.as_operator(&app);
        let activate = path(&draft, "/activate");
        operator.call("POST", &activate).header("if-match", "\"v1\"").await.problem(412, "request.precondition_failed");
        let active = operator.call("POST", &activate).header("if-match", &format!("\"v{}\"", asked["version"])).await.ok();
        assert_eq!((&active["status"], &active["review"]["state"]), (&json!("active"), &json!("approved")));
        assert!(active["review"]["decided_at"].is_string());
        app.run_jobs().await;
        assert_eq!(status_there(&app, CAMPAIGN).await, "ACTIVE");
        let done = &reviews(&app, &tenant).await[0];
        assert_eq!(done["status"], "done");
        assert!(done["completed_by"].is_string(), "{done}");
        let notices = tenant.owner.get("/v1/notifications").await.ok();
        let notice = notices["data"].as_array().unwrap().iter().find(|one| one["kind"] == "ad_campaign_reviewed").expect("a notification").clone();
        assert!(notice["title"].as_str().unwrap().ends_with("was approved"), "{notice}");
        assert!(notice["link"].as_str().unwrap().ends_with(&path(&draft, "")[3..]), "{notice}");

        // From here on it is the tenant's to pause and resume.
        for (step, status) in [("/pause", "paused"), ("/resume", "active"), ("/pause", "paused"), ("/activate", "active")] {
            assert_eq!(tenant.owner.call("POST", &path(&draft, step)).await.ok()["status"], status, "{step}");
        }
        assert_eq!(reviews(&app, &tenant).await.len(), 1);
    }

    async fn everybody_of_the_tenant_only_asks(app: TestApp) {
        let tenant = app.growth("Roles").await;
        let key = tenant.api_key(&["ad_campaigns:read", "ad_campaigns:write"]).await;
        for (n, (client, expected)) in [
            (tenant.owner.clone(), Some("pending_approval")), (tenant.user("admin").await, Some("pending_approval")), (key.clone(), Some("pending_approval")),
            (tenant.user("agent").await, None), (tenant.user("viewer").await, None), (tenant.as_operator(&app), Some("active")),
        ].into_iter().enumerate() {
            let body = growth_campaign("meta", &format!("12021000000000010{n}"), &format!("61231231240{n}"), PAGE);
            let draft = tenant.owner.post("/v1/ad-campaigns", body).await.created();
            let answer = client.call("POST", &path(&draft, "/activate")).await;
            match expected {
                Some(status) => assert_eq!(answer.ok()["status"], status, "caller {n}"),
                None => _ = answer.problem(403, "auth.forbidden"),
            }
        }
        let draft = draft(&tenant).await;
        tenant.owner.call("POST", &path(&draft, "/activate")).await.ok();
        for client in [&tenant.owner, &key] {
            client.post(&path(&draft, "/reject"), json!({ "reason": "No" })).await.problem(403, "auth.operator_required");
        }
        let stranger = app.growth("Curious").await;
        stranger.owner.call("POST", &path(&draft, "/activate")).await.problem(404, "ad_campaign.not_found");
        stranger.as_operator(&app).call("POST", &path(&draft, "/activate")).await.problem(404, "ad_campaign.not_found");
        stranger.as_operator(&app).post(&path(&draft, "/reject"), json!({ "reason": "No" })).await.problem(404, "ad_campaign.not_found");
        assert_eq!(tenant.owner.get(&path(&draft, "")).await.ok()["status"], "pending_approval");
    }

    async fn a_rejection_says_why_and_the_next_try_is_a_new_task(app: TestApp) {
        let tenant = app.growth("Rejected").await;
        let operator = tenant.as_operator(&app);
        let draft = draft(&tenant).await;
        let reject = path(&draft, "/reject");
        let no = json!({ "reason": "Please name no price." });
        operator.post(&reject, no.clone()).await.problem(409, "ad_campaign.illegal_transition");
        tenant.owner.call("POST", &path(&draft, "/activate")).await.ok();
        app.run_jobs().await;
        operator.post(&reject, json!({})).await.invalid("/reason");
        operator.post(&reject, json!({ "reason": "two\nlines" })).await.invalid("/reason");
        operator.post(&reject, no.clone()).header("if-match", "\"v1\"").await.problem(412, "request.precondition_failed");
        operator.post(&reject, no.clone()).await.ok();
        operator.post(&reject, no).await.problem(409, "ad_campaign.illegal_transition");
        app.run_jobs().await;
        let seen = tenant.owner.get(&path(&draft, "")).await.ok();
        assert_eq!((&seen["status"], &seen["review"]["state"], &seen["review"]["reason"]), (&json!("draft"), &json!("rejected"), &json!("Please name no price.")));
        let notices = tenant.owner.get("/v1/notifications").await.ok().to_string();
        assert!(notices.contains("was sent back") && notices.contains("Please name no price."), "{notices}");
        let mails = tenant.owner.get("/v1/notifications/deliveries?kind=ad_campaign_reviewed").await.ok();
        assert_eq!(mails["data"][0]["address"], tenant.email());
        assert_eq!(reviews(&app, &tenant).await[0]["status"], "done");

        let again = tenant.owner.call("POST", &path(&draft, "/submit")).await.ok();
        assert_eq!((&again["status"], &again["review"]["reason"]), (&json!("pending_approval"), &Value::Null));
        app.run_jobs().await;
        let open = reviews(&app, &tenant).await.into_iter().filter(|task| task["status"] == "open").count();
        assert_eq!((open, reviews(&app, &tenant).await.len()), (1, 2));
        tenant.owner.call("POST", &path(&draft, "/complete")).await.ok();
        app.run_jobs().await;
        assert!(reviews(&app, &tenant).await.iter().any(|task| task["status"] == "canceled"), "nothing is left to decide");
    }

    async fn more_money_or_another_ad_waits_for_approval_again(app: TestApp) {
        let (tenant, campaign) = approved(&app, "Anew").await;
        let at = path(&campaign, "");
        let inr = |amount: i64| json!({ "amount": amount, "currency": "INR" });
        for harmless in [
            json!({ "name": "Renamed" }), json!({ "daily_budget": inr(70_000) }), json!({ "monthly_cap": inr(1_400_000) }),
            json!({ "end_at": "2027-12-01T00:00:00Z" }), json!({ "targeting": {} }), json!({ "lead_form": { "thank_you": { "text": "Thanks" } } }),
        ] {
            assert_eq!(tenant.owner.patch(&at, harmless.clone()).await.ok()["status"], "active", "{harmless}");
        }
        app.run_jobs().await;
        for (n, change) in [
            json!({ "daily_budget": inr(70_001) }), json!({ "monthly_cap": null }), json!({ "end_at": null }), json!({ "targeting": { "age_max": 60 } }),
            json!({ "ad_creative": { "headline": "Other" } }), json!({ "search_ads": { "headlines": ["Other"] } }),
            json!({ "lead_form": { "questions": [{ "type": "email" }] } }), json!({ "lead_form": { "thank_you": { "url": "https://abc.example.com" } } }),
        ].into_iter().enumerate() {
            let waiting = tenant.owner.patch(&at, change.clone()).await.ok();
            assert_eq!((&waiting["status"], &waiting["review"]["state"]), (&json!("pending_approval"), &json!("pending")), "{change}");
            app.run_jobs().await;
            assert_eq!(status_there(&app, CAMPAIGN).await, "PAUSED", "{change}");
            assert_eq!(reviews(&app, &tenant).await.len(), n + 2, "{change}");
            assert_eq!(tenant.approve(&campaign).await["status"], "active");
            app.run_jobs().await;
            assert_eq!(status_there(&app, CAMPAIGN).await, "ACTIVE", "{change}");
        }
        assert!(reviews(&app, &tenant).await.iter().all(|task| task["status"] == "done"));
        let now = tenant.owner.get(&at).await.ok();
        assert_eq!((&now["daily_budget"]["amount"], &now["monthly_cap"], &now["targeting"]["age_max"]), (&json!(70_001), &Value::Null, &json!(60)), "the changes were saved");

        let operators = tenant.as_operator(&app).patch(&at, json!({ "daily_budget": inr(90_000) })).await.ok();
        assert_eq!((&operators["status"], &operators["review"]["state"]), (&json!("active"), &json!("approved")));
    }

    async fn what_a_person_paused_is_asked_for_when_it_is_to_run(app: TestApp) {
        let (tenant, campaign) = approved(&app, "Paused").await;
        tenant.owner.call("POST", &path(&campaign, "/pause")).await.ok();
        let changed = tenant.owner.patch(&path(&campaign, ""), json!({ "daily_budget": { "amount": 90_000 , "currency": "INR" } })).await.ok();
        assert_eq!((&changed["status"], &changed["review"]), (&json!("paused"), &Value::Null));
        assert_eq!(tenant.owner.call("POST", &path(&campaign, "/resume")).await.ok()["status"], "pending_approval");
        app.run_jobs().await;
        assert_eq!(status_there(&app, CAMPAIGN).await, "PAUSED");
        tenant.approve(&campaign).await;
        app.run_jobs().await;
        assert_eq!(status_there(&app, CAMPAIGN).await, "ACTIVE");
    }

    async fn the_platforms_credentials_touch_no_id_nobody_agreed_to(app: TestApp) {
        // Somebody else's ad campaign in the platform's ad account runs.
        let (one, theirs) = approved(&app, "Victim").await;
        let tenant = app.growth("Sly").await;
        let operator = tenant.as_operator(&app);
        // An own ad account is no way around: it is told nothing.
        let other = "120210000000000077";
        let before = orders(&app).await;
        let mut body = growth_campaign("meta", other, "612312312377", PAGE);
        body["account_owner"] = json!("tenant");
        let own = tenant.owner.post("/v1/ad-campaigns", body).await.created();
        tenant.owner.patch(&path(&own, ""), json!({ "account_owner": "platform" })).await.invalid("/account_owner");
        let active = tenant.owner.call("POST", &path(&own, "/activate")).await.ok();
        assert_eq!((&active["status"], &active["review"]["state"]), (&json!("pending_approval"), &json!("pending")), "whose its ids are is asked");
        app.run_jobs().await;
        assert_eq!((orders(&app).await, status_there(&app, other).await.as_str()), (before, "ACTIVE"), "as the twin has it by itself");
        assert_eq!(reviews(&app, &tenant).await.len(), 1);
        // An operator who knows that it is theirs lets us steer it.
        assert_eq!(operator.call("POST", &path(&own, "/activate")).await.ok()["delivery"]["state"], "pending");
        tenant.owner.call("POST", &path(&own, "/pause")).await.ok();
        app.run_jobs().await;
        assert_eq!(status_there(&app, other).await, "PAUSED");

        // Another id under an approval is another ad campaign.
        let mut body = growth_campaign("meta", "120210000000000078", "612312312378", PAGE);
        body["name"] = json!("Bait");
        let bait = tenant.owner.post("/v1/ad-campaigns", body).await.created();
        tenant.approve(&bait).await;
        app.run_jobs().await;
        tenant.owner.call("POST", &path(&bait, "/pause")).await.ok();
        app.run_jobs().await;
        one.owner.call("POST", &path(&theirs, "/pause")).await.ok();
        app.run_jobs().await;
        one.owner.patch(&path(&theirs, ""), json!({ "external_campaign_id": null })).await.ok();
        tenant.owner.patch(&path(&bait, ""), json!({ "external_campaign_id": CAMPAIGN })).await.ok();
        assert_eq!(tenant.owner.call("POST", &path(&bait, "/resume")).await.ok()["status"], "pending_approval");
        app.run_jobs().await;
        assert_eq!(status_there(&app, CAMPAIGN).await, "PAUSED");
    }

    async fn leads_wait_for_the_operators_and_follow(app: TestApp) {
        let tenant = app.growth("Kept").await;
        let draft = draft(&tenant).await;
        let lead = async |n: usize| {
            let fields = json!([{ "name": "full_name", "values": [format!("Person {n}")] }, { "name": "email", "values": [format!("person{n}@example.com")] }]);
            app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": PAGE, "form_id": FORM, "field_data": fields })).await;
            app.run_jobs().await;
            tenant.leads().await.len()
        };
        assert_eq!(lead(1).await, 0, "a draft");
        tenant.owner.call("POST", &path(&draft, "/activate")).await.ok();
        assert_eq!(lead(2).await, 0, "waiting");
        tenant.as_operator(&app).post(&path(&draft, "/reject"), json!({ "reason": "No" })).await.ok();
        assert_eq!(lead(3).await, 0, "sent back");
        tenant.approve(&draft).await;
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 3);
        assert_eq!(tenant.owner.get(&path(&draft, "")).await.ok()["leads_generated"], 3);
        tenant.owner.call("POST", &path(&draft, "/pause")).await.ok();
        assert_eq!(lead(4).await, 4, "paused");
    }

    async fn a_part_of_a_nested_document_keeps_its_siblings_and_null_deletes(app: TestApp) {
        let tenant = app.growth("Merging").await;
        let draft = draft(&tenant).await;
        let at = path(&draft, "");
        let patch = async |body: Value| tenant.owner.patch(&at, body).await.ok();
        let questions = draft["lead_form"]["questions"].clone();

        patch(json!({ "lead_form": { "thank_you": { "url": "https://abc.example.com/thanks?c={tenant_id}" }, "intro": { "title": "Welcome" } } })).await;
        let form = patch(json!({ "lead_form": { "thank_you": { "text": "Soon!" } } })).await["lead_form"].clone();
        let url = format!("https://abc.example.com/thanks?c={}", tenant.id);
        assert_eq!(form["thank_you"], json!({ "text": "Soon!", "url": url }));
        assert_eq!((&form["name"], &form["questions"], &form["intro"]["title"]), (&json!("2 BHK enquiry"), &questions, &json!("Welcome")));
        let form = patch(json!({ "lead_form": { "thank_you": { "url": null }, "intro": null } })).await["lead_form"].clone();
        assert_eq!((&form["thank_you"], &form["intro"]), (&json!({ "text": "Soon!", "url": null }), &Value::Null));
        assert_eq!(tenant.owner.get(&path(&draft, "/lead-form")).await.ok()["external_form_id"], FORM, "it is the same form");

        patch(json!({ "targeting": { "age_min": 30, "interests": ["Flats"], "income_percentile": { "from": 25, "to": 50 } } })).await;
        let targeting = patch(json!({ "targeting": { "age_max": 50, "income_percentile": { "to": 40 } } })).await["targeting"].clone();
        assert_eq!((&targeting["age_min"], &targeting["age_max"], &targeting["interests"]), (&json!(30), &json!(50), &json!(["Flats"])));
        assert_eq!(targeting["income_percentile"], json!({ "from": 25, "to": 40 }));
        assert_eq!(patch(json!({ "targeting": { "income_percentile": null } })).await["targeting"]["income_percentile"], Value::Null);

        patch(json!({ "ad_creative": { "headline": "Homes", "description": "Good ones" } })).await;
        let creative = patch(json!({ "ad_creative": { "description": null, "call_to_action": "learn_more" } })).await["ad_creative"].clone();
        assert_eq!((&creative["headline"], &creative["description"], &creative["call_to_action"]), (&json!("Homes"), &Value::Null, &json!("learn_more")));
        patch(json!({ "search_ads": { "headlines": ["Homes"], "bidding": "target_cpa", "target_cpa": { "amount": 40_000, "currency": "INR" } } })).await;
        let search = patch(json!({ "search_ads": { "target_cpa": { "amount": 30_000 } } })).await["search_ads"].clone();
        assert_eq!((&search["headlines"], &search["target_cpa"]), (&json!(["Homes"]), &json!({ "amount": 30_000, "currency": "INR" })));
        assert_eq!(patch(json!({ "ad_creative": null, "search_ads": null })).await["ad_creative"], Value::Null);

        for (body, pointer) in [
            (json!({ "lead_form": { "thank_you": { "url": "javascript:alert(1)" } } }), "/lead_form/thank_you/url"),
            (json!({ "lead_form": { "thank_you": { "text": null } } }), "/lead_form/thank_you/text"),
            (json!({ "lead_form": { "questions": [] } }), "/lead_form/questions"),
            (json!({ "lead_form": null }), "/lead_form"),
            (json!({ "lead_form": [] }), "/lead_form"),
            (json!({ "targeting": { "age_min": 51 } }), "/targeting/age_max"),
            (json!({ "targeting": { "colour": "red" } }), "/targeting/colour"),
            (json!({ "search_ads": { "bidding": "target_cpa" } }), "/search_ads/target_cpa"),
            (json!({ "name": "two\nlines" }), "/name"),
            (json!({ "name": null }), "/name"),
        ] {
            tenant.owner.patch(&at, body).await.invalid(pointer);
        }
        let mut named = growth_campaign("meta", "120210000000000099", "612312312399", PAGE);
        named["name"] = json!("two\nlines");
        tenant.owner.post("/v1/ad-campaigns", named).await.invalid("/name");
    }
}
