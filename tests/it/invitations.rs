//! Invitations reach their receivers by e-mail: with a link that works, once, and told to nobody else.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, Tenant, TestApp};

const PERSON: &str = "asha@example.com";

async fn invite(tenant: &Tenant) -> Value {
    tenant.owner.post("/v1/invitations", json!({ "email": PERSON, "role": "agent" })).await.created()
}

/// The texts of the e-mails to the invited person, oldest first.
async fn received(app: &TestApp) -> Vec<Value> {
    let mut list = app.outbox().await;
    list.retain(|entry| entry["to"] == PERSON && entry["channel"] == "email");
    list.reverse();
    list
}

/// The token in the link that stands in an e-mail.
fn token(mail: &Value) -> String {
    let text = mail["body"].as_str().expect("a text");
    let (_, rest) = text.split_once("/invitations/accept?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().expect("a token").to_string()
}

fn accept(app: &TestApp, token: &str) -> Call {
    let body = json!({ "token": token, "name": "Asha", "password": PASSWORD });
    app.anonymous().post("/v1/invitations/accept", body)
}

async fn deliveries(client: &Client) -> Vec<Value> {
    let page = client.get("/v1/notifications/deliveries?kind=user_invited").await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn whoever_is_invited_gets_a_link_that_works(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        tenant.owner.patch("/v1/me", json!({ "name": "Rajesh Kumar" })).await.ok();
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "deep_link_base_url": "https://crm.acme.example/" } })).await.ok();
        tenant.agree(&app, json!({ "link_domains": ["acme.example"] })).await;
        let invited = invite(&tenant).await;
        app.run_jobs().await;
        let mails = received(&app).await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0]["subject"], "Rajesh Kumar invites you to Acme");
        let text = mails[0]["body"].as_str().unwrap();
        for part in ["Rajesh Kumar invites you to join Acme on LeadGen Pro", "the role Agent"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.contains("https://crm.acme.example/invitations/accept?token=inv_"), "{text}");
        assert_ne!(token(&mails[0]), invited["token"].as_str().unwrap(), "only the mail shows whose mailbox it is");
        let joined = accept(&app, &token(&mails[0])).await.created();
        assert!(joined["user"]["email_verified_at"].is_string(), "{joined}");
    }

    async fn nothing_that_is_kept_holds_the_token(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let invited = invite(&tenant).await;
        app.run_jobs().await;
        assert_eq!(received(&app).await.len(), 1);
        let sent = deliveries(&tenant.owner).await;
        assert_eq!((sent.len(), &sent[0]["address"]), (1, &json!(PERSON)));
        let events = tenant.owner.get("/v1/events?limit=200").await.ok();
        let jobs = app.operator().get("/v1/ops/jobs?limit=200").await.ok();
        let kinds: Vec<&Value> = jobs["data"].as_array().unwrap().iter().map(|job| &job["kind"]).collect();
        assert!(kinds.contains(&&json!("notify.invitation")) && kinds.contains(&&json!("notification.deliver")), "{kinds:?}");
        let mailed = token(&received(&app).await[0]);
        for kept in [json!(sent), events, jobs] {
            for token in [invited["token"].as_str().unwrap(), mailed.as_str()] {
                assert!(!kept.to_string().contains(token), "{kept}");
            }
        }
    }

    async fn inviting_again_sends_a_new_link_and_ends_the_old_one(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        invite(&tenant).await;
        app.run_jobs().await;
        invite(&tenant).await;
        app.run_jobs().await;
        assert_eq!(received(&app).await.len(), 1, "nobody is mailed twice in a day");
        app.advance(chrono::Duration::days(1));
        app.run_jobs().await;
        let mails = received(&app).await;
        assert_eq!(mails.len(), 2);
        accept(&app, &token(&mails[0])).await.problem(409, "invitation.not_pending");
        accept(&app, &token(&mails[1])).await.created();
    }

    async fn a_provider_that_fails_delays_an_invitation_and_doubles_none(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let fault = |mode: &str| json!({ "faults": [{ "provider": "resend", "operation": "send", "mode": mode, "status": 503, "times": 1 }] });
        app.anonymous().put("/sandbox/faults", fault("fail")).await.ok();
        invite(&tenant).await;
        app.run_jobs().await;
        assert!(received(&app).await.is_empty());
        app.advance(chrono::Duration::minutes(1));
        app.run_jobs().await;
        assert_eq!(received(&app).await.len(), 1);
        accept(&app, &token(&received(&app).await[0])).await.created();
    }

    async fn an_invitation_that_is_withdrawn_in_time_is_not_sent(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let fault = json!({ "faults": [{ "provider": "resend", "operation": "send", "mode": "fail", "status": 503, "times": 1 }] });
        app.anonymous().put("/sandbox/faults", fault).await.ok();
        let invited = invite(&tenant).await;
        app.run_jobs().await;
        tenant.owner.delete(&format!("/v1/invitations/{}", invited["id"].as_str().unwrap())).await.expect(204);
        app.advance(chrono::Duration::minutes(1));
        app.run_jobs().await;
        assert!(received(&app).await.is_empty());
        let sent = deliveries(&tenant.owner).await;
        assert_eq!((sent.len(), &sent[0]["status"]), (1, &json!("canceled")), "{sent:?}");
        // One that is gone before anybody looked at it leaves no trace at all.
        let invited = invite(&tenant).await;
        tenant.owner.delete(&format!("/v1/invitations/{}", invited["id"].as_str().unwrap())).await.expect(204);
        app.run_jobs().await;
        assert_eq!((received(&app).await.len(), deliveries(&tenant.owner).await.len()), (0, 1));
    }

    async fn an_unverified_tenants_invitation_waits_and_leads_to_no_address_it_made_up(app: TestApp) {
        let tenant = app.unverified_tenant("Acme").await;
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "deep_link_base_url": "https://evil.example" } })).await.ok();
        invite(&tenant).await;
        app.run_jobs().await;
        assert!(received(&app).await.is_empty());
        let token = app.mailed_token(&tenant.email()).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        app.run_jobs().await;
        let text = received(&app).await[0]["body"].to_string();
        assert!(text.contains(&format!("{}/invitations/accept", app.url)) && !text.contains("evil.example"), "{text}");
    }

    async fn invitations_have_a_number_a_day_and_operators_agree_another(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let invite = |n: usize| tenant.owner.post("/v1/invitations", json!({ "email": format!("p{n}@example.com"), "role": "agent" }));
        for n in 0..5 {
            invite(n).await.created();
        }
        invite(5).await.problem(429, "invitation.limit_reached");
        tenant.agree(&app, json!({ "invitations_a_day": 6 })).await;
        invite(5).await.created();
        invite(6).await.problem(429, "invitation.limit_reached");
    }

    async fn an_operators_invitation_speaks_for_the_platform(app: TestApp) {
        let body = json!({ "business_name": "Zenith", "owner_email": PERSON });
        app.operator().post("/v1/tenants", body).await.created();
        app.run_jobs().await;
        let mails = received(&app).await;
        assert_eq!(mails[0]["subject"], "LeadGen Pro invites you to Zenith");
        accept(&app, &token(&mails[0])).await.created();
    }
}
