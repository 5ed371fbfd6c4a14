//! Nothing leaves for a person without a reason: what is refused, what waits, and how much.

use serde_json::{Value, json};

use super::{PERSON, SHARED, conversation, inbound, last, messages_path, reached, send, template};
use crate::both_engines;
use crate::support::Tenant;

async fn lead(tenant: &Tenant, phone: &str) -> Value {
    let body = json!({ "name": "Asha Verma", "phone": phone, "email": format!("p{}@example.com", &phone[1..]) });
    tenant.owner.post("/v1/leads", body).await.created()
}

async fn thread(tenant: &Tenant, phone: &str, channel: &str) -> Value {
    let lead = lead(tenant, phone).await;
    let open = json!({ "lead_id": lead["id"], "channel": channel });
    let opened = tenant.owner.post("/v1/conversations", open).await;
    if opened.status == 200 { opened.ok() } else { opened.created() }
}

fn eligibility(thread: &Value) -> String {
    format!("/v1/conversations/{}/eligibility", thread["id"].as_str().unwrap())
}

both_engines! {
    async fn without_a_plan_a_message_waits_and_leaves_when_one_starts(app: TestApp) {
        let tenant = app.tenant("Setting up").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        let held = send(&tenant, &thread, template()).await;
        assert_eq!((&held["status"], &held["held_for"], &held["reason"]), (&json!("queued"), &json!(["no_subscription"]), &json!("reported_enquiry")));
        assert!(held["held_until"].is_string(), "{held}");
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
        let told = tenant.owner.get(&format!("{}?template=true", eligibility(&thread))).await.ok();
        assert_eq!((&told["may_write"], &told["is_held"], &told["obstacles"][0]["code"]), (&json!(false), &json!(true), &json!("no_subscription")));
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), 1, "by itself");
        let sent = last(&tenant, &thread).await;
        assert_eq!((&sent["held_for"], &sent["held_until"]), (&json!([]), &json!(null)), "{sent}");
    }

    async fn an_unverified_tenants_message_waits_for_the_address(app: TestApp) {
        let tenant = app.unverified_tenant("Stranger").await;
        tenant.try_by_operators("growth").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        let held = send(&tenant, &thread, template()).await;
        assert_eq!(held["held_for"], json!(["tenant_unverified"]));
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
        let token = app.mailed_token(&tenant.email()).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), 1);
    }

    async fn what_waited_for_a_day_is_canceled(app: TestApp) {
        let mut tenant = app.tenant("Never").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        send(&tenant, &thread, template()).await;
        app.run_jobs().await;
        app.advance(chrono::Duration::hours(24));
        app.run_jobs().await;
        tenant.log_in_again().await;
        let canceled = last(&tenant, &thread).await;
        assert_eq!((&canceled["status"], &canceled["error"]["code"]), (&json!("canceled"), &json!("message.held_too_long")));
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
    }

    async fn a_person_who_does_not_answer_is_left_in_peace(app: TestApp) {
        let tenant = app.growth("Eager").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        for _ in 0..5 {
            send(&tenant, &thread, template()).await;
        }
        app.run_jobs().await;
        let refused = tenant.owner.post(&messages_path(&thread), template()).await.problem(429, "conversation.person_limit");
        assert!(refused["detail"].as_str().unwrap().contains("again at"), "{refused}");
        inbound(&app, PERSON, "Yes?").await;
        let answer = send(&tenant, &thread, json!({ "content": "Hello" })).await;
        assert_eq!(answer["reason"], "reply");
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), 6);
    }

    async fn a_person_is_one_however_their_number_is_spelled(app: TestApp) {
        let tenant = app.growth("Two spellings").await;
        tenant.agree(&app, json!({ "people_a_day": 1 })).await;
        let one = thread(&tenant, "+5491123456789", "whatsapp").await;
        for _ in 0..3 {
            send(&tenant, &one, template()).await;
        }
        // As the network spells it, in a conversation of its own.
        let id: leadwright::inbox::id::ConversationId = one["id"].as_str().unwrap().parse().unwrap();
        let respell = move |tx: &mut leadwright::engine::db::PlatformTx<'_>| {
            use diesel::prelude::*;
            use leadwright::inbox::schema::conversations as c;
            diesel::update(c::table.filter(c::id.eq(id))).set(c::person_address.eq("+541123456789")).execute(tx.conn())?;
            Ok(())
        };
        app.app.core.db.write(leadwright::engine::db::PlatformScope::system(), respell).await.unwrap();
        for _ in 0..2 {
            send(&tenant, &one, template()).await; // the same person: the day of one is not passed
        }
        tenant.owner.post(&messages_path(&one), template()).await.problem(429, "conversation.person_limit");
    }

    async fn all_tenants_together_leave_a_person_in_peace(app: TestApp) {
        for name in ["First", "Second", "Third"] {
            let tenant = app.growth(name).await;
            let thread = thread(&tenant, PERSON, "whatsapp").await;
            for _ in 0..5 {
                send(&tenant, &thread, template()).await;
            }
            app.run_jobs().await;
        }
        let mut fourth = app.growth("Fourth").await;
        let thread = thread(&fourth, PERSON, "whatsapp").await;
        fourth.owner.post(&messages_path(&thread), template()).await.problem(429, "conversation.person_limit");
        assert_eq!(reached(&app, PERSON).await.len(), 15);
        app.advance(chrono::Duration::days(1));
        fourth.log_in_again().await;
        send(&fourth, &thread, template()).await;
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), 16);
    }

    async fn a_tenant_writes_to_so_many_people_a_day_on_its_own_word(app: TestApp) {
        let tenant = app.growth("Broad").await;
        tenant.agree(&app, json!({ "people_a_day": 2 })).await;
        for phone in ["+919876500001", "+919876500002"] {
            let thread = thread(&tenant, phone, "whatsapp").await;
            send(&tenant, &thread, template()).await;
            send(&tenant, &thread, template()).await;
        }
        let third = thread(&tenant, "+919876500003", "whatsapp").await;
        tenant.owner.post(&messages_path(&third), template()).await.problem(429, "conversation.tenant_limit");
        tenant.agree(&app, json!({ "people_a_day": 3 })).await;
        send(&tenant, &third, template()).await;
        // An enquiry of the person's own counts against nobody.
        tenant.ad_campaign("meta", "1201", "6601", "7701").await;
        let fields = json!([{ "name": "full_name", "values": ["Ravi"] }, { "name": "phone_number", "values": ["+919876500004"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "campaign_id": "1201", "form_id": "6601", "page_id": "7701", "field_data": fields })).await;
        app.run_jobs().await;
        let own = tenant.leads().await.into_iter().find(|lead| lead["name"] == "Ravi").expect("the enquiry");
        let own = conversation(&tenant.owner, &own, "whatsapp").await;
        assert_eq!(send(&tenant, &own, template()).await["reason"], "enquiry");
    }

    async fn sms_goes_only_where_it_is_allowed(app: TestApp) {
        let tenant = app.growth("Texts").await;
        let text = json!({ "content": "Hello" });
        let abroad = thread(&tenant, "+447400123456", "sms").await;
        tenant.owner.post(&messages_path(&abroad), text.clone()).await.problem(403, "conversation.country_not_allowed");
        tenant.agree(&app, json!({ "sms_countries": ["GB"] })).await;
        send(&tenant, &abroad, text.clone()).await;
        let home = thread(&tenant, PERSON, "sms").await;
        send(&tenant, &home, text).await;
        app.run_jobs().await;
        assert_eq!((reached(&app, "+447400123456").await.len(), reached(&app, PERSON).await.len()), (1, 1));
    }

    async fn a_list_from_elsewhere_needs_everybodys_word(app: TestApp) {
        let tenant = app.growth("Importer").await;
        let bought = json!({ "name": "Asha", "phone": PERSON, "source": "import" });
        let lead = tenant.owner.post("/v1/leads", bought).await.created();
        let thread = conversation(&tenant.owner, &lead, "whatsapp").await;
        tenant.owner.post(&messages_path(&thread), template()).await.problem(409, "conversation.no_reason");
        let agreed = json!({ "name": "Asha", "phone": PERSON, "source": "import",
            "opt_in": { "channels": ["whatsapp"], "at": app.clock.now(), "how": "Ticked the box on our stand's tablet" } });
        tenant.owner.post("/v1/leads", agreed).await.ok();
        assert_eq!(send(&tenant, &thread, template()).await["reason"], "opt_in");
        app.run_jobs().await;
        inbound(&app, PERSON, "STOP").await;
        tenant.owner.post(&messages_path(&thread), template()).await.problem(409, "conversation.suppressed");
    }

    async fn a_templates_variables_carry_no_other_message(app: TestApp) {
        let tenant = app.growth("Phisher").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        for (name, value) in [("business", "State Bank, call +91 98765 00000"), ("about", "unblocking at https://evil.example"), ("name", "evil.example")] {
            let mut message = template();
            message["template"]["variables"][name] = json!(value);
            tenant.owner.post(&messages_path(&thread), message).await.invalid(&format!("/template/variables/{name}"));
        }
    }

    async fn nobody_speaks_under_the_platforms_name(app: TestApp) {
        let tenant = app.growth("Honest").await;
        for name in ["LeadGen Pro", "LeadGen\u{a0}Pro Support", "The Leadgen \u{420}ro"] {
            let shown = json!({ "settings": { "branding": { "display_name": name } } });
            tenant.owner.patch("/v1/tenants/current", shown).await.invalid("/settings/branding/display_name");
            tenant.owner.patch("/v1/tenants/current", json!({ "name": name })).await.invalid("/name");
            let sign_up = json!({ "email": "x@example.com", "password": "marble thicket 41 lantern", "business_name": name });
            app.anonymous().post("/v1/auth/signup", sign_up).await.invalid("/business_name");
            let sign_up = json!({ "email": "x@example.com", "password": "marble thicket 41 lantern", "business_name": "Honest Too", "name": name });
            app.anonymous().post("/v1/auth/signup", sign_up).await.invalid("/name");
            tenant.owner.patch("/v1/me", json!({ "name": name })).await.invalid("/name");
            let clerk = format!("clerk{}@honest.example.com", name.chars().count());
            tenant.owner.post("/v1/invitations", json!({ "email": clerk, "role": "agent" })).await.created();
            app.run_jobs().await;
            let token = app.mailed_token(&clerk).await;
            let accept = json!({ "token": token, "password": "marble thicket 41 lantern", "name": name });
            app.anonymous().post("/v1/invitations/accept", accept).await.invalid("/name");
        }
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "branding": { "display_name": "State Bank" } } })).await.ok();
    }

    async fn only_recipients_that_agreed_are_alerted(app: TestApp) {
        app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
        let tenant = app.tenant("Flooder").await;
        let wish = json!({ "emails": ["victim@example.com"], "whatsapp": ["+919876577000"] });
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "notification_recipients": wish } })).await.ok();
        lead(&tenant, "+919876560001").await;
        app.run_jobs().await;
        assert!(reached(&app, "victim@example.com").await.is_empty(), "nobody is asked before there is a plan");
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        lead(&tenant, "+919876560002").await;
        app.run_jobs().await;
        let asked = reached(&app, "victim@example.com").await;
        assert_eq!(asked.len(), 1, "one question and no alert: {asked:?}");
        assert!(reached(&app, "+919876577000").await.is_empty());

        let list = tenant.owner.get("/v1/notification-recipients").await.ok();
        let code = list["data"].as_array().unwrap().iter().find_map(|row| row["code"].as_str()).expect("a code").to_string();
        inbound(&app, "+919876500123", &code).await;
        let token = app.mailed_token("victim@example.com").await;
        app.anonymous().post("/v1/notification-recipients/confirm", json!({ "token": token })).await.ok();
        app.anonymous().post("/v1/notification-recipients/confirm", json!({ "token": "rcp_guess" })).await.problem(404, "notification_recipient.not_found");
        lead(&tenant, "+919876560003").await;
        app.run_jobs().await;
        assert_eq!(reached(&app, "victim@example.com").await.len(), 2);
        assert!(reached(&app, "+919876577000").await.is_empty(), "another number's word is not its own");

        let written = json!({ "from": "whatsapp:+919876577000", "to": SHARED, "body": format!(" {} ", code.to_lowercase()) });
        app.anonymous().post("/sandbox/twilio/inbound", written).await.created();
        app.run_jobs().await;
        lead(&tenant, "+919876560004").await;
        app.run_jobs().await;
        assert_eq!(reached(&app, "+919876577000").await.len(), 1);
        let gone = json!({ "emails": [], "whatsapp": [] });
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "notification_recipients": gone } })).await.ok();
        lead(&tenant, "+919876560005").await;
        app.run_jobs().await;
        assert_eq!(reached(&app, "+919876577000").await.len(), 1, "no longer wished for");
    }

    async fn a_flood_of_leads_is_told_as_one(app: TestApp) {
        let tenant = app.growth("Busy").await;
        tenant.agree(&app, json!({ "alerts_an_hour": 3 })).await;
        for n in 0..8 {
            lead(&tenant, &format!("+91987656100{n}")).await;
        }
        app.run_jobs().await;
        app.anonymous().get("/readyz").await.ok();
        let told = reached(&app, &tenant.email()).await;
        let alerts = told.iter().filter(|mail| mail["subject"].as_str().unwrap().starts_with("New ")).count();
        let many = told.iter().filter(|mail| mail["subject"] == "Much is happening").count();
        assert_eq!((alerts, many), (3, 1), "{told:?}");
        assert_eq!(tenant.owner.get("/v1/notifications?limit=50").await.ok()["data"].as_array().unwrap().len(), 8, "in the product all of it");
    }

    async fn nothing_leaves_for_a_suspended_tenant(app: TestApp) {
        let tenant = app.growth("Suspended").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        send(&tenant, &thread, template()).await;
        let path = format!("/v1/tenants/{}", tenant.id);
        app.operator().patch(&path, json!({ "status": "suspended" })).await.ok();
        let owner = reached(&app, &tenant.email()).await.len();
        app.run_jobs().await;
        assert!(reached(&app, PERSON).await.is_empty());
        assert_eq!(reached(&app, &tenant.email()).await.len(), owner, "nor is anybody alerted");
        app.operator().patch(&path, json!({ "status": "active" })).await.ok();
        app.advance(chrono::Duration::minutes(11));
        app.run_jobs().await;
        assert_eq!(reached(&app, PERSON).await.len(), 1, "by itself, once the operators let it");
    }

    async fn sms_does_not_follow_a_tenant_that_moves(app: TestApp) {
        let tenant = app.growth("Moves").await;
        for country in ["LV", "GB"] {
            tenant.owner.patch("/v1/tenants/current", json!({ "country": country })).await.ok();
        }
        let abroad = thread(&tenant, "+447400123456", "sms").await;
        tenant.owner.post(&messages_path(&abroad), json!({ "content": "Win" })).await.problem(403, "conversation.country_not_allowed");
        let home = thread(&tenant, PERSON, "sms").await;
        send(&tenant, &home, json!({ "content": "Hello" })).await;
        tenant.agree(&app, json!({ "home_country": "GB" })).await;
        send(&tenant, &abroad, json!({ "content": "Hello" })).await;
    }

    async fn one_mailbox_is_one_person_however_it_is_spelled(app: TestApp) {
        let tenant = app.growth("Spellings").await;
        for n in 0..7 {
            let lead = json!({ "name": "Asha", "email": format!("vic.tim+{n}@gmail.com") });
            let lead = tenant.owner.post("/v1/leads", lead).await.created();
            let open = json!({ "lead_id": lead["id"], "channel": "email" });
            let thread = tenant.owner.post("/v1/conversations", open).await.body;
            tenant.owner.post(&messages_path(&thread), json!({ "subject": "x", "content": "y" })).await;
            let invited = json!({ "email": format!("guest+{n}@gmail.com"), "role": "viewer" });
            tenant.owner.post("/v1/invitations", invited).await;
            let signed_up = json!({ "email": format!("nobody+{n}@gmail.com"), "password": crate::support::PASSWORD, "business_name": "x" });
            app.anonymous().post("/v1/auth/signup", signed_up).await.created();
            app.run_jobs().await;
        }
        let mails = app.outbox().await;
        let to = |name: &str| mails.iter().filter(|mail| mail["to"].as_str().is_some_and(|to| to.starts_with(name))).count();
        assert_eq!((to("vic.tim"), to("guest"), to("nobody")), (5, 1, 5));
    }

    async fn who_writes_is_not_the_platform(app: TestApp) {
        let tenant = app.growth("Words").await;
        let thread = thread(&tenant, PERSON, "whatsapp").await;
        let with = |name: &str, value: &str| {
            let mut body = template();
            body["template"]["variables"][name] = json!(value);
            body
        };
        for (name, value) in [
            ("business", "LeadGen Pro Support"), ("business", "Leadgen \u{420}ro"), ("business", "ʟᴇᴀᴅɢᴇɴ ᴘʀᴏ"),
            ("about", "your card at sbi-kyc.click"), ("about", "KYC at 203.0.113.9"), ("about", "a prize: 98765,43210"),
        ] {
            let refused = tenant.owner.post(&messages_path(&thread), with(name, value)).await;
            assert_eq!(refused.status, 422, "{value}: {}", refused.text);
        }
        send(&tenant, &thread, with("business", "Words via LeadGen Pro")).await;
    }
}
