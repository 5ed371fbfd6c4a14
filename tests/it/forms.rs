//! What people answer and what is made of it: nothing typed is lost, whatever the language, the order and the repeats, and what
//! nobody could read is nobody's lead.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp, growth_campaign};

const CAMPAIGN: &str = "120210000000000001";
const FORM: &str = "612312312312";
const PAGE: &str = "153125381133";

/// A tenant with a form at Meta, of these questions.
async fn with_form(app: &TestApp, name: &str, questions: Value) -> Tenant {
    let tenant = app.growth(name).await;
    let mut body = growth_campaign("meta", CAMPAIGN, FORM, PAGE);
    body["lead_form"] = json!({ "name": "Form", "questions": questions });
    let campaign = tenant.owner.post("/v1/ad-campaigns", body).await.created();
    tenant.approve(&campaign).await;
    tenant
}

fn contact_form() -> Value {
    json!([{ "type": "full_name" }, { "type": "email" }, { "type": "phone" }])
}

/// A person fills the form.
async fn submit(app: &TestApp, answers: &[(&str, &str)]) {
    let fields: Vec<Value> = answers.iter().map(|(name, value)| json!({ "name": name, "values": [value] })).collect();
    tell(app, json!(fields), None).await;
    app.run_jobs().await;
}

async fn tell(app: &TestApp, fields: Value, id: Option<&str>) {
    let mut lead = json!({ "page_id": PAGE, "form_id": FORM, "field_data": fields });
    if let Some(id) = id {
        lead["leadgen_id"] = json!(id);
    }
    assert!(app.anonymous().post("/sandbox/meta/leads", lead).await.status < 300);
}

async fn lead_of(tenant: &Tenant, lead: &Value) -> Value {
    tenant.owner.get(&format!("/v1/leads/{}", lead["id"].as_str().unwrap())).await.ok()
}

async fn activity(tenant: &Tenant, lead: &Value, kind: &str) -> Value {
    let path = format!("/v1/leads/{}/activities?limit=200", lead["id"].as_str().unwrap());
    let page = tenant.owner.get(&path).await.ok();
    page["data"].as_array().unwrap().iter().find(|one| one["type"] == kind).cloned().unwrap_or_default()
}

async fn rules_of(tenant: &Tenant, lead: &Value) -> Vec<String> {
    let score = tenant.owner.get(&format!("/v1/leads/{}/score", lead["id"].as_str().unwrap())).await.ok();
    let sum: i64 = score["items"].as_array().unwrap().iter().map(|item| item["points"].as_i64().unwrap()).sum();
    assert_eq!(Some(sum), score["score"].as_i64());
    score["items"].as_array().unwrap().iter().map(|item| item["rule"].as_str().unwrap().to_string()).collect()
}

fn meta_signature(body: &[u8]) -> String {
    use hmac::Mac;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-meta-app-secret").expect("a key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// `kind typed readable primary`, newest first.
fn details(lead: &Value) -> Vec<String> {
    let line = |one: &Value| {
        let flag = |name: &str, word: &str| if one[name] == json!(true) { format!(" {word}") } else { String::new() };
        let (kind, typed) = (one["kind"].as_str().unwrap(), one["typed"].as_str().unwrap());
        format!("{kind} {typed}{}{}", flag("is_readable", "readable"), flag("is_primary", "primary"))
    };
    lead["contact_details"].as_array().unwrap().iter().map(line).collect()
}

both_engines! {
    async fn a_form_in_an_advertisers_own_words_is_read_by_metas_types(app: TestApp) {
        let tenant = with_form(&app, "Eigene Worte", json!([{ "label": "Wann soll es losgehen?" }])).await;
        let questions = json!([
            { "key": "wie_dürfen_wir_sie_ansprechen?", "label": "Wie dürfen wir Sie ansprechen?", "type": "FULL_NAME" },
            { "key": "wohin_mit_dem_angebot?", "label": "Wohin mit dem Angebot?", "type": "EMAIL" },
            { "key": "unter_welcher_leitung?", "label": "Unter welcher Leitung?", "type": "PHONE" },
            { "key": "für_wen_arbeiten_sie?", "label": "Für wen arbeiten Sie?", "type": "COMPANY_NAME" },
            { "key": "was_schwebt_ihnen_vor?", "label": "Was schwebt Ihnen vor?", "type": "CUSTOM" },
        ]);
        app.anonymous().post("/sandbox/meta/forms", json!({ "form_id": FORM, "questions": questions })).await.created();
        let given = [
            ("wie_dürfen_wir_sie_ansprechen?", "Jörg Weiß"),
            ("wohin_mit_dem_angebot?", "joerg@example.de"),
            ("unter_welcher_leitung?", "+4915123456789"),
            ("für_wen_arbeiten_sie?", "Weiß Bau"),
            ("was_schwebt_ihnen_vor?", "Ein Haus am See"),
        ];
        submit(&app, &given).await;
        let lead = lead_of(&tenant, &tenant.leads().await[0]).await;
        let who = ["name", "email", "phone", "company"].map(|field| lead[field].as_str().unwrap_or_default());
        assert_eq!(who, ["Jörg Weiß", "joerg@example.de", "+4915123456789", "Weiß Bau"]);
        assert_eq!(lead["form_responses"]["Was schwebt Ihnen vor?"], "Ein Haus am See", "{lead}");
        // Graph is away: what is known is known, and a lead does not wait for more.
        let away = json!({ "faults": [{ "provider": "meta", "operation": "fetch_form", "mode": "fail", "status": 500 }] });
        app.anonymous().put("/sandbox/faults", away).await.ok();
        let mut second = given;
        second[0].1 = "Uwe Grün";
        second[1].1 = "uwe@example.de";
        second[2].1 = "+4915123456780";
        submit(&app, &[second.as_slice(), &[("neu?", "ja")]].concat()).await;
        let names: Vec<String> = tenant.leads().await.iter().map(|lead| lead["name"].as_str().unwrap().to_string()).collect();
        assert!(names.contains(&"Uwe Grün".to_string()), "{names:?}");
    }

    async fn what_a_person_mistyped_is_seen_found_and_repaired(app: TestApp) {
        let tenant = with_form(&app, "Mistyped", contact_form()).await;
        submit(&app, &[("full_name", "Asha Verma"), ("phone_number", "98765 4321"), ("email", "asha@gmail,com")]).await;
        let lead = tenant.leads().await[0].clone();
        assert_eq!((&lead["phone"], &lead["email"]), (&Value::Null, &Value::Null));
        assert_eq!(details(&lead), ["phone 98765 4321", "email asha@gmail,com", "name Asha Verma readable primary"]);
        for typed in ["gmail,com", "98765 4321"] {
            let found = tenant.owner.get(&format!("/v1/leads?q={}", typed.replace(' ', "%20").replace(',', "%2C"))).await.ok();
            assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{typed}");
        }
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let repaired = tenant.owner.patch(&path, json!({ "phone": "98765 43210", "email": "asha@gmail.com" })).await.ok();
        assert_eq!((&repaired["phone"], &repaired["email"]), (&json!("+919876543210"), &json!("asha@gmail.com")));
        assert_eq!(details(&repaired), [
            "phone 98765 43210 readable primary", "email asha@gmail.com readable primary",
            "phone 98765 4321", "email asha@gmail,com", "name Asha Verma readable primary",
        ]);
        assert_eq!(repaired["contact_details"][0]["source"], "manual");
        let again = tenant.owner.post("/v1/leads", json!({ "name": "Asha Verma", "phone": "+919876543210" })).await.ok();
        assert_eq!(again["id"], lead["id"], "the repaired number is who she is");
    }

    async fn what_a_second_enquiry_says_otherwise_stays_visible(app: TestApp) {
        let tenant = app.growth("Otherwise").await;
        let one = tenant.lead("Asha Verma", "asha@example.com", "+919876543210").await;
        let two = json!({ "name": "Asha Verma", "email": "asha@example.com", "phone": "+919876500000" });
        let two = tenant.owner.post("/v1/leads", two).await.ok();
        assert_eq!((&two["id"], &two["phone"]), (&one["id"], &json!("+919876543210")));
        assert_eq!(details(&two)[0], "phone +919876500000 readable");
        assert_eq!(activity(&tenant, &one, "lead.enquired").await["data"]["new_contact_details"], json!(["phone"]));
        let found = tenant.owner.get("/v1/leads?q=6500000").await.ok();
        assert_eq!(found["data"][0]["id"], one["id"]);

        let husband = tenant.lead("Ravi Kumar", "ravi@example.com", "+919812345678").await;
        let wife = json!({ "name": "Meera Kumari", "email": "meera@example.com", "phone": "+919812345678" });
        let wife = tenant.owner.post("/v1/leads", wife).await.ok();
        assert_eq!((&wife["id"], &wife["name"]), (&husband["id"], &json!("Ravi Kumar")));
        assert_eq!(details(&wife)[..2], ["email meera@example.com readable", "name Meera Kumari readable"]);
    }

    async fn details_are_kept_back_while_the_lead_is_locked(app: TestApp) {
        let tenant = with_form(&app, "Locked", contact_form()).await;
        tenant.owner.delete("/v1/subscriptions/current").await;
        app.run_jobs().await;
        submit(&app, &[("full_name", "Asha Verma"), ("phone_number", "98765 43210"), ("email", "asha@gmail,com")]).await;
        let lead = tenant.leads().await[0].clone();
        assert_eq!((&lead["is_locked"], &lead["contact_details"]), (&json!(true), &json!([])), "{lead}");
        for typed in ["gmail", "43210", "Verma"] {
            assert!(!lead.to_string().contains(typed), "{typed} in {lead}");
        }
    }

    async fn forms_are_read_in_any_language(app: TestApp) {
        let tenant = with_form(&app, "Languages", contact_form()).await;
        let forms = [
            ("vollständiger_name", "e-mail-adresse", "telefonnummer"),
            ("nombre_completo", "correo_electrónico", "número_de_teléfono"),
            ("nom_complet", "e-mail", "numéro_de_téléphone"),
            ("氏名", "メールアドレス", "電話番号"),
            ("your_name", "where_may_we_e-mail_you?", "your_whatsapp_number?"),
        ];
        for (n, (name, email, phone)) in forms.iter().enumerate() {
            let (address, number) = (format!("p{n}@example.com"), format!("+49151234567{n:02}"));
            submit(&app, &[(name, "Jörg Weiß"), (email, &address), (phone, &number)]).await;
            let lead = tenant.leads().await[0].clone();
            assert_eq!((&lead["name"], &lead["email"], &lead["phone"]), (&json!("Jörg Weiß"), &json!(address), &json!(number)), "{name}");
        }
        assert_eq!(tenant.usage().await["leads"]["used"], 5);
    }

    async fn one_constant_answer_does_not_make_one_person_of_five(app: TestApp) {
        let project = |maps_to: Value| json!({ "key": "project", "label": "Which project?", "type": "multiple_choice",
            "options": ["sea.view@abc.example", "hill.view@abc.example"], "maps_to": maps_to });
        let declared = json!([{ "key": "full_name", "type": "full_name", "maps_to": "industry" }, project(json!("email")),
            { "key": "phone_number", "type": "phone", "maps_to": "timeline" }]);
        let tenant = with_form(&app, "Declared", declared).await;
        for n in 0..5 {
            let phone = format!("+9198765480{n:02}");
            submit(&app, &[("full_name", "Priya Sharma"), ("project", "sea.view@abc.example"), ("phone_number", &phone)]).await;
            let lead = tenant.leads().await[0].clone();
            assert_eq!((&lead["phone"], &lead["name"], &lead["timeline"]), (&json!(phone), &json!("Priya Sharma"), &Value::Null));
        }
        assert_eq!((tenant.leads().await.len(), &tenant.usage().await["leads"]["used"]), (5, &json!(5)));
    }

    async fn an_address_that_a_salesman_types_for_everybody_is_not_everybody(app: TestApp) {
        let tenant = with_form(&app, "Salesman", contact_form()).await;
        for n in 0..5 {
            let phone = format!("+9198765480{n:02}");
            submit(&app, &[("full_name", "Priya Sharma"), ("email", "sales@abc.example"), ("phone_number", &phone)]).await;
        }
        assert_eq!(tenant.usage().await["leads"]["used"], 5, "five phones on one form are five people");
        submit(&app, &[("full_name", "Priya Sharma"), ("email", "sales@abc.example"), ("phone_number", "+919876548003")]).await;
        assert_eq!((tenant.leads().await.len(), &tenant.usage().await["leads"]["used"]), (5, &json!(5)), "one of them again");
        for n in 0..4 {
            let lead = json!({ "name": format!("Person{n}"), "email": "desk@abc.example", "phone": format!("+9198765490{n:02}") });
            tenant.owner.post("/v1/leads", lead).await.created();
        }
        assert_eq!(tenant.usage().await["leads"]["used"], 9, "nor by the API, when names differ too");
    }

    async fn questions_of_one_name_keep_their_answers_in_order(app: TestApp) {
        let tenant = with_form(&app, "Repeats", contact_form()).await;
        let children = ["seven", "eleven", "three"];
        let answers = [("zodiac", "lion"), ("age_of_child", children[0]), ("email", "m@example.com"), ("age_of_child", children[1]), ("b", "x"), ("age_of_child", children[2])];
        submit(&app, &answers).await;
        let lead = lead_of(&tenant, &tenant.leads().await[0]).await;
        let kept: Vec<(&String, &Value)> = lead["form_responses"].as_object().unwrap().iter().collect();
        let names: Vec<&str> = kept.iter().map(|(question, _)| question.as_str()).collect();
        assert_eq!(names, ["zodiac", "age_of_child", "age_of_child (2)", "b", "age_of_child (3)"]);
        let texts: Vec<&str> = kept.iter().map(|(_, answer)| answer.as_str().unwrap()).collect();
        assert_eq!(texts, ["lion", "seven", "eleven", "x", "three"]);
    }

    async fn the_oldest_answers_go_and_the_timeline_says_which(app: TestApp) {
        let tenant = app.growth("Bounded").await;
        let questions: Vec<String> = (0..8).map(|n| "q".repeat(20 - n)).collect();
        let mut lead = Value::Null;
        for question in &questions {
            let body = json!({ "name": "Asha", "email": "asha@example.com", "form_responses": { question: "x".repeat(12_000) } });
            let answer = tenant.owner.post("/v1/leads", body).await;
            assert!(answer.status < 300, "{}", answer.text);
            lead = answer.body;
        }
        let kept: Vec<&String> = lead["form_responses"].as_object().unwrap().keys().collect();
        assert!(kept.len() < 8 && kept.iter().copied().eq(&questions[8 - kept.len()..]), "{kept:?}");
        let gone = activity(&tenant, &lead, "lead.enquired").await["data"]["forgotten_questions"].clone();
        assert_eq!(gone, json!([questions[7 - kept.len()]]));
    }

    async fn a_lead_without_its_answers_waits_for_them_and_costs_nothing(app: TestApp) {
        let tenant = with_form(&app, "Unread", contact_form()).await;
        let empty = json!([{ "name": "full_name", "values": [] }, { "name": "email", "values": [" "] }]);
        tell(&app, json!([]), Some("4711")).await;
        tell(&app, empty, Some("4712")).await;
        app.run_jobs().await;
        assert_eq!((tenant.leads().await.len(), &tenant.usage().await["leads"]["used"]), (0, &json!(0)));
        let stored = app.operator().get("/v1/ops/webhook-events?limit=50").await.ok();
        let of = |id: &str| stored["data"].as_array().unwrap().iter().find(|one| one["external_id"] == id).cloned().unwrap();
        assert_eq!(of("4711")["state"], "received");
        assert!(of("4711")["error"].as_str().unwrap().starts_with("webhook.answers_hidden"), "{stored}");

        let answers = json!([{ "name": "full_name", "values": ["Asha Verma"] }, { "name": "phone_number", "values": ["+919876543210"] }]);
        let later = |id: &str| json!({ "page_id": PAGE, "form_id": FORM, "leadgen_id": id, "webhook": false, "field_data": answers });
        assert!(app.anonymous().post("/sandbox/meta/leads", later("4711")).await.status < 300);
        app.run_jobs().await;
        assert!(tenant.leads().await.is_empty(), "it is not asked for all the time");
        app.operator().post(&format!("/v1/ops/webhook-events/{}/replay", of("4711")["id"].as_str().unwrap()), json!({})).await.expect(202);
        app.run_jobs().await;
        assert_eq!(tenant.leads().await[0]["name"], "Asha Verma", "an operator need not wait");

        let other = json!({ "page_id": PAGE, "form_id": FORM, "leadgen_id": "4712", "webhook": false,
            "field_data": [{ "name": "email", "values": ["ravi@example.com"] }] });
        for hours in 0..20 {
            app.advance(chrono::Duration::minutes(20));
            app.run_jobs().await;
            if hours == 10 {
                assert!(app.anonymous().post("/sandbox/meta/leads", other.clone()).await.status < 300);
            }
        }
        assert_eq!(tenant.leads_as_operator(&app).await.len(), 2, "it comes by itself, too");
    }

    async fn a_lead_that_stays_without_answers_is_shown_to_operators(app: TestApp) {
        let tenant = with_form(&app, "Never read", contact_form()).await;
        tell(&app, json!([]), Some("4711")).await;
        for _ in 0..16 {
            app.run_jobs().await;
            app.advance(chrono::Duration::hours(6));
        }
        app.run_jobs().await;
        let failed = app.operator().get("/v1/ops/webhook-events?state=failed").await.ok();
        assert_eq!(failed["data"][0]["outcome"], "no_answers", "{failed}");
        assert!(tenant.leads_as_operator(&app).await.is_empty());
        let notes = app.operator().get("/v1/ops/notifications").await.ok();
        assert!(notes.to_string().contains("no_answers"), "{notes}");
    }

    async fn access_that_was_withdrawn_for_an_hour_loses_no_lead(app: TestApp) {
        let tenant = with_form(&app, "Withdrawn", contact_form()).await;
        // Meta answers for a lead it will not show as for one that is not there.
        let change = json!({ "field": "leadgen", "value": { "leadgen_id": "4711", "page_id": PAGE, "form_id": FORM, "created_time": 1_795_165_190 } });
        let body = json!({ "object": "page", "entry": [{ "id": PAGE, "time": 1_795_165_190, "changes": [change] }] }).to_string();
        let call = app.anonymous().call("POST", "/v1/webhooks/meta").raw("application/json", body.clone());
        call.header("x-hub-signature-256", &meta_signature(body.as_bytes())).await.expect(200);
        app.run_jobs().await;
        assert!(tenant.leads().await.is_empty());
        let answers = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        let opened = json!({ "page_id": PAGE, "form_id": FORM, "leadgen_id": "4711", "webhook": false, "field_data": answers });
        assert!(app.anonymous().post("/sandbox/meta/leads", opened).await.status < 300);
        for _ in 0..4 {
            app.advance(chrono::Duration::minutes(30));
            app.run_jobs().await;
        }
        assert_eq!(tenant.leads_as_operator(&app).await.len(), 1);
    }

    async fn a_google_lead_without_answers_is_kept_and_not_billed(app: TestApp) {
        let tenant = app.growth("Google").await;
        tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
        let lead = json!({ "campaign_id": "20000000017", "form_id": "40000000017", "lead_id": "CAES-1", "fields": {} });
        let told = app.anonymous().post("/sandbox/google-ads/leads", lead).await;
        assert!(told.status < 300, "{}", told.text);
        app.run_jobs().await;
        assert_eq!((tenant.leads().await.len(), &tenant.usage().await["leads"]["used"]), (0, &json!(0)));
        assert_eq!(app.operator().get("/v1/ops/webhook-events?state=failed").await.ok()["data"][0]["outcome"], "no_answers");
    }

    async fn contact_data_is_found_wherever_it_was_typed(app: TestApp) {
        let tenant = with_form(&app, "Wherever", contact_form()).await;
        submit(&app, &[("full_name", "Jörg Weiß"), ("email", "+49 170 1234567"), ("phone_number", "joerg@example.de")]).await;
        let swapped = tenant.leads().await[0].clone();
        assert_eq!((&swapped["phone"], &swapped["email"]), (&json!("+491701234567"), &json!("joerg@example.de")));
        assert_eq!(details(&swapped), [
            "phone +49 170 1234567 readable primary", "email joerg@example.de readable primary",
            "phone joerg@example.de", "email +49 170 1234567", "name Jörg Weiß readable primary",
        ]);
        submit(&app, &[("name", "Uwe Grün"), ("wo_bist_du_erreichbar?", "+٤٩ ١٧٠ ٧٦٥٤٣٢١")]).await;
        submit(&app, &[("姓", "山田"), ("名", "太郎"), ("携帯電話番号", "+91 +91 98765 4321O"), ("ご予算はいくらですか", "300万円まで")]).await;
        let leads = tenant.leads().await;
        let of = |name: &str| leads.iter().find(|lead| lead["name"] == name).unwrap_or_else(|| panic!("{name} in {leads:?}")).clone();
        assert_eq!(of("Uwe Grün")["phone"], "+491707654321");
        let third = of("山田太郎");
        assert_eq!((&third["phone"], &third["budget_range"]), (&json!("+919876543210"), &json!("300万円まで")));
        let several = [("name", "Asha Verma"), ("which_number_has_whatsapp?", "+919811100001"), ("office_phone?", "+912228901234")];
        submit(&app, &several).await;
        let leads = tenant.leads().await;
        let fourth = lead_of(&tenant, leads.iter().find(|lead| lead["name"] == "Asha Verma").unwrap()).await;
        assert_eq!(fourth["phone"], "+919811100001");
        assert_eq!(
            fourth["form_responses"],
            json!({ "which_number_has_whatsapp?": "+919811100001", "office_phone?": "+912228901234" })
        );
        assert_eq!(tenant.usage().await["leads"]["used"], 4);
    }

    async fn a_lead_that_nobody_can_reach_is_billed_when_it_is_repaired(app: TestApp) {
        let tenant = with_form(&app, "Unreachable", contact_form()).await;
        submit(&app, &[("full_name", "Asha Verma"), ("phone_number", "98765 4321"), ("email", "asha at gmail")]).await;
        let lead = tenant.leads().await[0].clone();
        let flags = |lead: &Value| ["charge_kind", "is_charged", "is_locked", "has_phone"].map(|name| lead[name].clone());
        assert_eq!(flags(&lead), [json!("unreachable"), json!(false), json!(false), json!(false)]);
        assert_eq!(tenant.usage().await["leads"]["used"], 0);
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let named = tenant.owner.patch(&path, json!({ "company": "Verma & Sons" })).await.ok();
        assert_eq!((&named["charge_kind"], &tenant.usage().await["leads"]["used"]), (&json!("unreachable"), &json!(0)));
        let repaired = tenant.owner.patch(&path, json!({ "phone": "98765 43210" })).await.ok();
        assert_eq!(flags(&repaired), [json!("quota"), json!(true), json!(false), json!(true)]);
        assert_eq!(tenant.usage().await["leads"]["used"], 1);
        let changed = activity(&tenant, &lead, "lead.updated").await;
        assert!(changed["data"]["changed"].as_array().unwrap().contains(&json!("charge_kind")), "{changed}");
        tenant.owner.patch(&path, json!({ "phone": null })).await.ok();
        tenant.owner.patch(&path, json!({ "email": "asha@gmail.com" })).await.ok();
        submit(&app, &[("full_name", "Asha Verma"), ("email", "asha@gmail.com")]).await;
        assert_eq!(tenant.usage().await["leads"]["used"], 1, "once");
    }

    async fn what_was_repaired_before_anything_could_pay_for_it_is_billed_then(app: TestApp) {
        let tenant = with_form(&app, "Repaired", contact_form()).await;
        tenant.owner.delete("/v1/subscriptions/current").await.ok();
        app.run_jobs().await;
        submit(&app, &[("full_name", "Asha Verma"), ("phone_number", "98765 4321")]).await;
        let lead = tenant.leads().await[0].clone();
        assert_eq!((&lead["charge_kind"], &lead["is_locked"]), (&json!("unreachable"), &json!(false)));
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let repaired = tenant.owner.patch(&path, json!({ "phone": "98765 43210" })).await.ok();
        let told = ["charge_kind", "is_locked", "phone"].map(|name| repaired[name].clone());
        assert_eq!(told, [json!("blocked"), json!(false), json!("+919876543210")], "who typed it may see it");
        tenant.subscribe("growth").await;
        tenant.activate(&app).await;
        app.run_jobs().await;
        let paid = lead_of(&tenant, &lead).await;
        assert_eq!((&paid["charge_kind"], &tenant.usage().await["leads"]["used"]), (&json!("quota"), &json!(1)));
    }

    async fn a_form_is_a_submission_and_an_agents_entry_is_none(app: TestApp) {
        let tenant = with_form(&app, "Submissions", contact_form()).await;
        submit(&app, &[("full_name", "Asha Verma"), ("email", "asha@example.com"), ("phone_number", "+919876543210")]).await;
        let lead = tenant.leads().await[0].clone();
        assert_eq!((lead["score"].as_i64(), rules_of(&tenant, &lead).await), (Some(15), vec!["form_submissions".to_string()]));
        let typed = json!({ "name": "Ravi", "email": "ravi@example.com", "form_responses": { "Asked": "a flat" } });
        let typed = tenant.owner.post("/v1/leads", typed).await.created();
        assert_eq!((&typed["source"], typed["score"].as_i64()), (&json!("manual"), Some(0)), "an agent sends no form");
    }

    async fn a_score_follows_what_the_tenant_is_looking_for(app: TestApp) {
        let tenant = app.growth("Looking").await;
        let lead = json!({ "name": "Asha", "email": "asha@example.com", "budget_range": "$6,000", "location": { "city": "Pune" } });
        let lead = tenant.owner.post("/v1/leads", lead).await.created();
        assert_eq!(lead["score"].as_i64(), Some(0), "one sum is not spent every month");
        let lost = tenant.lead("Lost", "lost@example.com", "+919876500001").await;
        tenant.owner.patch(&format!("/v1/leads/{}", lost["id"].as_str().unwrap()), json!({ "status": "lost", "location": { "city": "Pune" } })).await.ok();
        tenant.owner.put("/v1/tenants/current/audience", json!({ "description": "Buyers", "locations": ["Pune"] })).await.ok();
        app.run_jobs().await;
        assert_eq!((lead_of(&tenant, &lead).await["score"].as_i64(), rules_of(&tenant, &lead).await), (Some(5), vec!["location_match".to_string()]));
        assert_eq!(activity(&tenant, &lead, "lead.scored").await["data"]["to"], 5);
        assert_eq!(lead_of(&tenant, &lost).await["score"].as_i64(), Some(0), "what has ended keeps its score");
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "scoring_model": "real_estate_in" } })).await.ok();
        app.run_jobs().await;
        assert_eq!(lead_of(&tenant, &lead).await["score"].as_i64(), Some(60));
        assert_eq!(rules_of(&tenant, &lead).await, ["budget_stated", "location_match", "email_valid"]);
    }

    async fn an_explanation_is_replaced_though_the_sum_stays(app: TestApp) {
        let tenant = app.growth("Same sum").await;
        tenant.owner.put("/v1/tenants/current/profile", json!({ "industry": "Real estate", "description": "Flats", "locations": ["Mumbai"] })).await.ok();
        app.run_jobs().await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let label = async || tenant.owner.get(&format!("{path}/score")).await.ok()["items"][0]["label"].clone();
        tenant.owner.patch(&path, json!({ "budget_range": "₹80L-1Cr" })).await.ok();
        assert_eq!(label().await, "Budget stated (₹80L-1Cr)");
        tenant.owner.patch(&path, json!({ "budget_range": "₹60-70L" })).await.ok();
        assert_eq!(label().await, "Budget stated (₹60-70L)");
        let list = tenant.owner.get("/v1/leads?include=score").await.ok();
        assert_eq!(list["data"][0]["score_details"]["items"][0]["label"], "Budget stated (₹60-70L)");
    }

    async fn the_alert_names_the_source_of_the_enquiry_that_came(app: TestApp) {
        let tenant = with_form(&app, "Sources", contact_form()).await;
        tenant.lead("Asha Verma", "asha@example.com", "+919876543210").await;
        submit(&app, &[("full_name", "Asha Verma"), ("email", "asha@example.com"), ("phone_number", "+919876543210")]).await;
        let told = tenant.owner.get("/v1/notifications").await.ok();
        let again = told["data"].as_array().unwrap().iter().find(|one| one["kind"] == "lead_enquired").cloned().unwrap_or_default();
        assert!(again.to_string().contains("Enquiry through Meta ads."), "{told}");
    }
}
