//! The road in: one person, one lead; one delivery, one effect; one unit of quota, one use.

use leadwright::base::id::TenantId;
use leadwright::contacts::id::LeadId;
use leadwright::engine::db::PlatformTx;
use leadwright::engine::db::dialect::lock_tenant;
use leadwright::leads::rows::touch_activity;
use serde_json::{Value, json};

use crate::both_engines;

both_engines! {
    async fn one_person_in_other_spellings_is_one_lead(app: TestApp) {
        let tenant = app.growth("Spellings").await;
        let post = async |body: Value| tenant.owner.post("/v1/leads", body).await;
        let by_phone = post(json!({ "name": "Asha", "phone": "+919123456789" })).await.created();
        for typed in ["91234 56789", "919123456789", "0091 91234 56789", "+91 (0)91234 56789", "९१२३४५६७८९", "\u{202a}+91\u{a0}91234\u{2011}56789\u{202c}", "p:+919123456789"] {
            assert_eq!(post(json!({ "name": "Asha", "phone": typed })).await.ok()["id"], by_phone["id"], "{typed:?}");
        }
        let by_mail = post(json!({ "name": "Meera", "email": "meera@bücher.example" })).await.created();
        assert_eq!(by_mail["email"], "meera@bücher.example");
        for typed in ["meera@xn--bcher-kva.example", "Meera@BÜCHER.example", "meera@bu\u{308}cher.example", "ｍｅｅｒａ@bücher.example.", "mee\u{200b}ra@bücher.example"] {
            assert_eq!(post(json!({ "name": "Meera", "email": typed })).await.ok()["id"], by_mail["id"], "{typed:?}");
        }
        assert_eq!(tenant.usage().await["leads"]["used"], 2);
    }

    async fn a_number_of_a_new_range_is_kept_and_marked(app: TestApp) {
        let tenant = app.growth("New range").await;
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "scoring_model": "real_estate_in" } })).await.ok();
        let lead = tenant.owner.post("/v1/leads", json!({ "name": "Asha", "phone": "50000 12345" })).await.created();
        assert_eq!((&lead["phone"], &lead["phone_is_valid"]), (&json!("+915000012345"), &json!(false)));
        let known = tenant.owner.post("/v1/leads", json!({ "name": "Ravi", "phone": "98765 43210" })).await.created();
        assert_eq!(known["phone_is_valid"], true);
        assert!(known["score"].as_i64() > lead["score"].as_i64(), "only a valid number scores as one");
    }

    async fn a_name_of_nothing_that_shows_is_no_name(app: TestApp) {
        let tenant = app.growth("Blank").await;
        for name in ["\u{200b}", "\u{200d}\u{200d}", "\u{2800}", "\u{3164}", "\u{ad}", "\u{feff}", "\u{202e}", " \u{2066}\u{2069} "] {
            tenant.owner.post("/v1/leads", json!({ "name": name, "email": "blank@example.com" })).await.invalid("/name");
        }
        let lead = tenant.owner.post("/v1/leads", json!({ "name": "\u{202e}Jose\u{301}\u{200b} \u{2067}דוד\u{2069}", "email": "jose@example.com" })).await.created();
        assert_eq!(lead["name"], "José דוד");
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        tenant.owner.patch(&path, json!({ "name": "\u{3164}" })).await.invalid("/name");
        assert_eq!(tenant.owner.patch(&path, json!({ "name": "As\u{ad}ha" })).await.ok()["name"], "Asha");
    }

    async fn a_second_enquiry_is_an_activity_until_the_lead_is_closed(app: TestApp) {
        let tenant = app.growth("Recognition").await;
        let first = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let by_phone = json!({ "name": "Asha V", "phone": "98765 43210", "timeline": "Immediately" });
        let again = tenant.owner.post("/v1/leads", by_phone).await.ok();
        assert_eq!((&again["id"], &again["enquiry_count"], &again["timeline"]), (&first["id"], &json!(2), &json!("Immediately")));
        assert_eq!(again["email"], "asha@example.com", "what was known stays");
        assert_eq!(tenant.usage().await["leads"]["used"], 1, "the same person is not metered twice");

        tenant.owner.patch(&format!("/v1/leads/{}", first["id"].as_str().unwrap()), json!({ "status": "lost" })).await.ok();
        let new = tenant.owner.post("/v1/leads", json!({ "name": "Asha", "email": "ASHA@example.com" })).await.created();
        assert_ne!(new["id"], first["id"]);
        assert_eq!((&new["charge_kind"], &tenant.usage().await["leads"]["used"]), (&json!("repeat"), &json!(1)), "inside the window");
    }

    async fn an_enquiry_takes_its_lead_as_others_have_left_it(app: TestApp) {
        let tenant = app.growth("Meanwhile").await;
        let first = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let (id, lead): (TenantId, LeadId) = (tenant.id.parse().unwrap(), first["id"].as_str().unwrap().parse().unwrap());
        let count = move |tx: &mut PlatformTx<'_>| {
            let tx = &mut tx.for_tenant(id);
            lock_tenant(tx, "meter")?;
            let now = tx.now();
            touch_activity(tx, lead, now)
        };
        let enquiry = tenant.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com", "timeline": "Immediately" }));
        let again = app.overtaken(count, async { enquiry.await.ok() }).await;
        assert_eq!((&again["id"], &again["enquiry_count"], &again["timeline"]), (&first["id"], &json!(2), &json!("Immediately")));
        assert_eq!(again["total_interactions"], 3, "neither is lost");
    }

    async fn a_second_enquiry_fills_in_what_the_lead_lacks(app: TestApp) {
        let tenant = app.growth("Filling in").await;
        let owner = tenant.owner.get("/v1/me").await.ok()["user"]["id"].clone();
        let first = tenant.owner.post("/v1/leads", json!({ "name": "asha", "email": "asha@example.com", "location": { "state": "Maharashtra" } })).await.created();
        let more = json!({ "name": "Asha Verma", "email": "asha@example.com", "location": { "city": "Mumbai", "state": "MH" },
            "assigned_to": owner, "source_details": { "campaign": "diwali" } });
        let again = tenant.owner.post("/v1/leads", more).await.ok();
        assert_eq!((&again["id"], &again["name"]), (&first["id"], &json!("Asha Verma")), "an address is no name");
        assert_eq!(again["location"], json!({ "city": "Mumbai", "state": "Maharashtra" }));
        assert_eq!(again["assigned_to"]["id"].as_str().or(again["assigned_to"].as_str()), owner.as_str());
        let path = format!("/v1/leads/{}/activities", first["id"].as_str().unwrap());
        let activities = tenant.owner.get(&path).await.ok();
        let of = |kind: &str| activities["data"].as_array().unwrap().iter().find(|one| one["type"] == kind).cloned().unwrap_or_default();
        assert_eq!(of("lead.enquired")["data"]["source_details"], json!({ "campaign": "diwali" }));
        assert_eq!(of("lead.assigned")["data"]["to"], owner);
        let third = tenant.owner.post("/v1/leads", json!({ "name": "A. V.", "email": "asha@example.com" })).await.ok();
        assert_eq!(third["name"], "Asha Verma", "what was known stays");
    }

    async fn people_are_known_within_their_tenant_only(app: TestApp) {
        let (one, two) = (app.growth("One").await, app.growth("Two").await);
        let a = one.lead("Asha", "asha@example.com", "+919876543210").await;
        let b = two.lead("Asha", "asha@example.com", "+919876543210").await;
        assert_ne!(a["id"], b["id"]);
    }

    async fn two_hundred_concurrent_deliveries_make_one_lead(app: TestApp) {
        let tenant = app.growth("Concurrency").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        let fields = json!([{ "name": "full_name", "values": ["Asha Verma"] }, { "name": "email", "values": ["asha@example.com"] }]);
        let sent = app.anonymous().post("/sandbox/meta/leads", json!({
            "page_id": "153125381133", "form_id": "612312312312", "field_data": fields, "leadgen_id": "777000777"
        })).await;
        assert!(sent.status < 300, "{}", sent.text);
        let calls: Vec<_> = (0..200).map(|_| {
            let anyone = app.anonymous();
            tokio::spawn(async move { anyone.post("/sandbox/meta/resend", json!({ "leadgen_id": "777000777" })).await.status })
        }).collect();
        for call in calls {
            assert!(call.await.expect("answered") < 300);
        }
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
        assert_eq!(tenant.usage().await["leads"]["used"], 1);
    }

    async fn concurrent_leads_spend_the_last_unit_once(app: TestApp) {
        let tenant = app.growth("Last unit").await;
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "block" })).await.ok();
        for n in 0..49 {
            tenant.owner.post("/v1/leads", json!({ "name": format!("Lead {n}"), "email": format!("lead{n}@example.com") })).await.created();
        }
        let calls: Vec<_> = (0..10).map(|n| {
            let call = tenant.owner.post("/v1/leads", json!({ "name": format!("Late {n}"), "email": format!("late{n}@example.com") }));
            tokio::spawn(async move { call.await.created() })
        }).collect();
        let mut kinds: Vec<(String, bool)> = Vec::new();
        for call in calls {
            let lead: Value = call.await.expect("answered");
            kinds.push((lead["charge_kind"].as_str().unwrap().into(), lead["is_locked"].as_bool().unwrap()));
        }
        assert_eq!(kinds.iter().filter(|(kind, _)| kind == "quota").count(), 1, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|(kind, locked)| kind == "blocked" && *locked).count(), 9, "{kinds:?}");
        let leads = tenant.usage().await["leads"].clone();
        assert_eq!((&leads["used"], &leads["remaining"]), (&json!(50), &json!(0)));
        let locked = tenant.owner.get("/v1/leads?is_locked=true").await.ok();
        for lead in locked["data"].as_array().unwrap() {
            let text = lead.to_string();
            assert!(!text.contains("late") && !text.contains("Late"), "a locked lead shows who it is: {text}");
        }
        assert!(tenant.owner.get("/v1/leads?q=late").await.ok()["data"].as_array().unwrap().len() <= 1, "nor can it be searched");
    }
}
