//! Whose lead it is: by what operators agreed to, by the key it came with, and by nothing that a stranger wrote down.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp, growth_campaign};

const PAGE: &str = "153125381133";

fn path(campaign: &Value, step: &str) -> String {
    format!("/v1/ad-campaigns/{}{step}", campaign["id"].as_str().expect("an id"))
}

/// A draft that names these ids, where there are any.
async fn draft(tenant: &Tenant, platform: &str, campaign: Option<&str>, form: Option<&str>, owner: &str) -> Value {
    let mut body = growth_campaign(platform, "1", "2", PAGE);
    (body["external_campaign_id"], body["external_form_id"]) = (json!(campaign), json!(form));
    body["account_owner"] = json!(owner);
    if platform == "google" {
        body["external_page_id"] = Value::Null;
    }
    tenant.owner.post("/v1/ad-campaigns", body).await.created()
}

/// Somebody fills a form of Meta's.
async fn at_meta(app: &TestApp, campaign: &str, form: &str, name: &str) {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    let fields = json!([{ "name": "full_name", "values": [name] }, { "name": "email", "values": [email] }]);
    let lead = json!({ "page_id": PAGE, "form_id": form, "campaign_id": campaign, "field_data": fields });
    assert!(app.anonymous().post("/sandbox/meta/leads", lead).await.status < 300);
    app.run_jobs().await;
}

/// Somebody fills a form of Google's; answers what our webhook said.
async fn at_google(app: &TestApp, campaign: &str, form: &str, name: &str, key: Option<&str>) -> Value {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    let mut lead = json!({ "campaign_id": campaign, "form_id": form, "fields": { "FULL_NAME": name, "EMAIL": email } });
    if let Some(key) = key {
        lead["google_key"] = json!(key);
    }
    let sent = app.anonymous().post("/sandbox/google-ads/leads", lead).await;
    app.run_jobs().await;
    sent.body["webhook_status"].clone()
}

async fn names(tenant: &Tenant) -> Vec<String> {
    let mut names: Vec<String> =
        tenant.leads().await.iter().map(|lead| lead["name"].as_str().unwrap_or_default().to_string()).collect();
    names.sort();
    names
}

async fn outcomes(app: &TestApp) -> Vec<String> {
    let page = app.operator().get("/v1/ops/webhook-events?limit=200").await.ok();
    page["data"].as_array().unwrap().iter().map(|event| event["outcome"].as_str().unwrap_or("?").to_string()).collect()
}

both_engines! {
    async fn what_a_stranger_writes_down_takes_no_lead_and_keeps_nobody_out(app: TestApp) {
        let (owner, stranger) = (app.growth("Owner").await, app.growth("Stranger").await);
        for platform in ["meta", "google"] {
            for account in ["tenant", "platform"] {
                let (campaign, form) = if account == "tenant" { ("6601", "7701") } else { ("6602", "7702") };
                let squat = draft(&stranger, platform, Some(campaign), Some(form), account).await;
                stranger.owner.call("POST", &path(&squat, "/activate")).await.ok();
                let own = draft(&owner, platform, Some(campaign), Some(form), "platform").await;
                let name = format!("{platform} {account}");
                let tell = async |name: &str| match platform {
                    "meta" => at_meta(&app, campaign, form, name).await,
                    _ => assert_eq!(at_google(&app, campaign, form, name, None).await, 200),
                };
                tell(&format!("{name} early")).await;
                assert!(names(&owner).await.iter().chain(&names(&stranger).await).all(|one| !one.starts_with(&name)));
                owner.approve(&own).await;
                app.run_jobs().await;
                tell(&format!("{name} late")).await;
                let found: Vec<String> = names(&owner).await.into_iter().filter(|one| one.starts_with(&name)).collect();
                assert_eq!(found, [format!("{name} early"), format!("{name} late")], "what came before follows");
                assert_eq!(names(&stranger).await, [""; 0]);

                let operator = stranger.as_operator(&app);
                let refused = operator.call("POST", &path(&squat, "/activate")).await;
                let told = refused.problem(409, "ad_campaign.external_campaign_taken").to_string();
                assert!(told.contains("Owner") && told.contains(own["id"].as_str().unwrap()), "{told}");
            }
        }
    }

    async fn a_running_ad_campaigns_own_id_wins_over_anybodys_form(app: TestApp) {
        let (owner, stranger) = (app.growth("Owner").await, app.growth("Thief").await);
        for platform in ["meta", "google"] {
            let running = draft(&owner, platform, Some("6601"), None, "platform").await;
            owner.approve(&running).await;
            for account in ["tenant", "platform"] {
                let thief = draft(&stranger, platform, None, Some(if account == "tenant" { "7701" } else { "7702" }), account).await;
                stranger.owner.call("POST", &path(&thief, "/activate")).await.ok();
                // Even if an operator is taken in.
                stranger.approve(&thief).await;
            }
            if platform == "meta" {
                at_meta(&app, "6601", "7701", "Asha Verma").await;
                at_meta(&app, "6601", "7702", "Ravi Kumar").await;
                assert_eq!(names(&owner).await, ["Asha Verma", "Ravi Kumar"]);
            } else {
                assert_eq!(at_google(&app, "6601", "7701", "Goo Gle", None).await, 200);
                assert_eq!(names(&owner).await, ["Asha Verma", "Goo Gle", "Ravi Kumar"]);
            }
            assert_eq!(names(&stranger).await, [""; 0]);
        }
    }

    async fn a_trial_whose_owner_proved_no_mailbox_opens_no_lead_that_an_ad_brings(app: TestApp) {
        let tenant = app.unverified_tenant("Fresh").await;
        assert_eq!(tenant.try_by_operators("growth").await["status"], "trialing");
        tenant.approve(&draft(&tenant, "google", Some("6601"), Some("7701"), "platform").await).await;
        assert_eq!(at_google(&app, "6601", "7701", "Goo Gle", None).await, 200);
        app.run_jobs().await;
        assert_eq!(names(&tenant).await, ["Locked lead"]);
        // What the tenant enters it knows.
        tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let mail = app.mailed_token(&tenant.email()).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": mail })).await.ok();
        app.run_jobs().await;
        let mut shown = names(&tenant).await;
        shown.sort();
        assert_eq!(shown, ["Asha", "Goo Gle"]);
    }

    async fn operators_see_who_else_claims_an_id_and_agree_to_one_of_them(app: TestApp) {
        let (one, two) = (app.growth("One").await, app.growth("Two").await);
        let first = draft(&one, "meta", Some("6601"), Some("7701"), "tenant").await;
        let second = draft(&two, "meta", Some("6601"), Some("7701"), "tenant").await;
        let asked = two.owner.call("POST", &path(&second, "/activate")).await.ok();
        assert_eq!((&asked["status"], &asked["review"]["state"]), (&json!("pending_approval"), &json!("pending")));
        app.run_jobs().await;
        let notes = app.operator().get("/v1/ops/notifications").await.ok();
        let note = notes["data"].as_array().unwrap().iter().find(|note| note["kind"] == "ad_campaign.submitted").unwrap().clone();
        let rivals = &note["data"]["competing_claims"];
        assert_eq!((&rivals[0]["tenant_name"], &rivals[0]["ad_campaign_id"], &rivals[0]["is_agreed"]), (&json!("One"), &first["id"], &json!(false)));
        assert!(note["body"].as_str().unwrap().contains("One (written down only)"), "{note}");
        let tasks = app.operator().get(&format!("/v1/ops/tasks?tenant_id={}", two.id)).await.ok();
        assert!(tasks["data"].as_array().unwrap().iter().any(|task| task["title"].as_str().unwrap().contains("claimed by others")));

        assert_eq!(two.approve(&second).await["status"], "active");
        one.as_operator(&app).call("POST", &path(&first, "/activate")).await.problem(409, "ad_campaign.external_campaign_taken");
        // Over, it lets go of them; given up, too.
        two.owner.call("POST", &path(&second, "/complete")).await.ok();
        one.approve(&first).await;
        at_meta(&app, "6601", "7701", "Asha Verma").await;
        assert_eq!((names(&one).await.len(), names(&two).await.len()), (1, 0));
    }

    async fn another_id_is_agreed_to_again(app: TestApp) {
        let tenant = app.growth("Changing").await;
        for (account, form) in [("platform", "7701"), ("tenant", "7703")] {
            let campaign = draft(&tenant, "meta", None, Some(form), account).await;
            tenant.approve(&campaign).await;
            let change = json!({ "external_form_id": "7799" });
            let waiting = tenant.owner.patch(&path(&campaign, ""), change).await.ok();
            assert_eq!((&waiting["status"], &waiting["review"]["state"]), (&json!("pending_approval"), &json!("pending")), "{account}");
            at_meta(&app, "1", "7799", &format!("New {account}")).await;
            at_meta(&app, "1", form, &format!("Old {account}")).await;
            let known = names(&tenant).await;
            assert!(known.contains(&format!("Old {account}")) && !known.contains(&format!("New {account}")), "{known:?}");
            assert_eq!(tenant.approve(&campaign).await["status"], "active");
            app.run_jobs().await;
            assert!(names(&tenant).await.contains(&format!("New {account}")));
            tenant.owner.patch(&path(&campaign, ""), json!({ "external_form_id": null })).await.ok();
        }
    }

    async fn a_forms_own_key_brings_leads_to_its_ad_campaign_and_to_no_other(app: TestApp) {
        let (one, two) = (app.growth("One").await, app.growth("Two").await);
        let own = draft(&one, "google", Some("6601"), Some("7701"), "tenant").await;
        let other = draft(&two, "google", Some("6602"), Some("7702"), "platform").await;
        two.approve(&other).await;
        let made = one.owner.call("POST", &path(&own, "/webhook-key")).await.created();
        let key = made["key"].as_str().unwrap().to_string();
        assert!(made["webhook_url"].as_str().unwrap().ends_with("/v1/webhooks/google-ads"));
        assert_eq!(made["previous_ends_at"], Value::Null);
        assert!(!one.owner.get(&path(&own, "")).await.text.contains(&key), "it is shown once");

        assert_eq!(at_google(&app, "6601", "7701", "Own Lead", Some(&key)).await, 200);
        assert_eq!(names(&one).await, ["Own Lead"]);
        // Not to another tenant's form, agreed to or not.
        assert_eq!(at_google(&app, "6602", "7702", "Invented Lead", Some(&key)).await, 200);
        assert_eq!((names(&one).await.len(), names(&two).await.len()), (1, 0));
        assert_eq!(outcomes(&app).await[0], "other_key");
        // Nor does it keep another's lead out by its id.
        let lead = |key: &str, campaign: &str, form: &str| json!({ "lead_id": "CAES-1", "google_key": key, "campaign_id": campaign, "form_id": form,
            "user_column_data": [{ "column_id": "FULL_NAME", "string_value": "Same Id" }] });
        for (key, campaign, form) in [(key.as_str(), "6601", "7701"), ("sandbox-google-key", "6602", "7702")] {
            app.anonymous().post("/v1/webhooks/google-ads", lead(key, campaign, form)).await.ok();
        }
        app.run_jobs().await;
        assert_eq!((names(&one).await.len(), names(&two).await.len()), (2, 1));
        // Nobody but operators makes the key of a form in the platform's ad account.
        two.owner.call("POST", &path(&other, "/webhook-key")).await.problem(403, "auth.operator_required");
        two.as_operator(&app).call("POST", &path(&other, "/webhook-key")).await.created();
        let viewer = one.user("viewer").await;
        viewer.call("POST", &path(&own, "/webhook-key")).await.problem(403, "auth.forbidden");
        two.owner.call("POST", &path(&own, "/webhook-key")).await.problem(404, "ad_campaign.not_found");
        let meta = draft(&one, "meta", None, None, "tenant").await;
        one.owner.call("POST", &path(&meta, "/webhook-key")).await.problem(409, "ad_campaign.takes_no_key");
    }

    async fn the_key_of_a_draft_is_the_tenants_own_word(app: TestApp) {
        let tenant = app.growth("Own word").await;
        let own = draft(&tenant, "google", Some("6601"), Some("7701"), "tenant").await;
        let key = tenant.owner.call("POST", &path(&own, "/webhook-key")).await.created()["key"].as_str().unwrap().to_string();
        let reason = async |name: &str| {
            let lead = tenant.leads().await.into_iter().find(|lead| lead["name"] == name).expect(name);
            let thread = json!({ "lead_id": lead["id"], "channel": "email" });
            let thread = tenant.owner.post("/v1/conversations", thread).await;
            let path = format!("/v1/conversations/{}/messages", thread.body["id"].as_str().unwrap());
            tenant.owner.post(&path, json!({ "subject": "x", "content": "y" })).await.expect(202)["reason"].clone()
        };
        at_google(&app, "6601", "7701", "Invented", Some(&key)).await;
        assert_eq!(reason("Invented").await, "reported_enquiry");
        tenant.approve(&own).await;
        app.run_jobs().await;
        at_google(&app, "6601", "7701", "Real", Some(&key)).await;
        assert_eq!(reason("Real").await, "enquiry");
        assert_eq!(reason("Invented").await, "reported_enquiry", "what came before stays what it was");
    }

    async fn the_platforms_key_opens_its_own_accounts_until_they_have_a_key(app: TestApp) {
        let tenant = app.growth("Keys").await;
        let platforms = draft(&tenant, "google", Some("6601"), Some("7701"), "platform").await;
        let own = draft(&tenant, "google", Some("6602"), Some("7702"), "tenant").await;
        for campaign in [&platforms, &own] {
            tenant.approve(campaign).await;
        }
        at_google(&app, "6601", "7701", "Platform", None).await;
        at_google(&app, "6602", "7702", "Tenant", None).await;
        assert_eq!(names(&tenant).await, ["Platform"]);
        assert_eq!(outcomes(&app).await[0], "other_key");

        let operator = tenant.as_operator(&app);
        let first = operator.call("POST", &path(&platforms, "/webhook-key")).await.created();
        at_google(&app, "6601", "7701", "Old Key", None).await;
        assert_eq!(names(&tenant).await, ["Platform"], "its own key replaced the platform's");
        let second = operator.post(&path(&platforms, "/webhook-key"), json!({ "overlap_seconds": 3600 })).await.created();
        assert!(second["previous_ends_at"].is_string());
        for (key, name) in [(&first, "First"), (&second, "Second")] {
            assert_eq!(at_google(&app, "6601", "7701", name, key["key"].as_str()).await, 200, "both during the overlap");
        }
        app.advance(chrono::Duration::hours(2));
        assert_eq!(at_google(&app, "6601", "7701", "Expired", first["key"].as_str()).await, 403);
        assert_eq!(at_google(&app, "6601", "7701", "Third", second["key"].as_str()).await, 200);
        let known = tenant.leads_as_operator(&app).await.len();
        assert_eq!(known, 4);
    }

    async fn tenants_do_not_see_what_operators_wrote_of_the_platforms_accounts(app: TestApp) {
        let tenant = app.growth("Shielded").await;
        let operator = tenant.as_operator(&app);
        let mut body = growth_campaign("meta", "120210000000000001", "612312312312", PAGE);
        body["name"] = json!("Flats");
        let campaign = operator.post("/v1/ad-campaigns", body).await.created();
        assert_eq!(campaign["external_campaign_id"], "120210000000000001");
        operator.call("POST", &path(&campaign, "/activate")).await.ok();
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        let lead = json!({ "page_id": PAGE, "form_id": "612312312312", "campaign_id": "120210000000000001", "ad_id": "238500000001", "field_data": fields });
        app.anonymous().post("/sandbox/meta/leads", lead).await;
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
        for seen in ["/v1/ad-campaigns", &path(&campaign, ""), &path(&campaign, "/lead-form"), "/v1/leads", "/v1/events?limit=200"] {
            let text = tenant.owner.get(seen).await.text;
            for id in ["120210000000000001", "612312312312", PAGE, "238500000001"] {
                assert!(!text.contains(id), "{id} in {seen}: {text}");
            }
        }
        assert_eq!(operator.get(&path(&campaign, "/lead-form")).await.ok()["external_form_id"], "612312312312");
        let event = app.operator().get("/v1/ops/webhook-events?provider=meta").await.ok()["data"][0]["id"].as_str().unwrap().to_string();
        let event = app.operator().get(&format!("/v1/ops/webhook-events/{event}")).await.ok();
        assert_eq!(event["body"]["origin"]["ad_id"], "238500000001", "operators find it");

        // What the tenant wrote itself it sees.
        let patched = tenant.owner.patch(&path(&campaign, ""), json!({ "external_form_id": "7788" })).await.ok();
        assert_eq!((&patched["lead_form"]["external_form_id"], &patched["external_campaign_id"]), (&json!("7788"), &Value::Null));
    }
}
