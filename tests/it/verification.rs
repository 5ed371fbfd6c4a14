//! Whose mailbox it is: until somebody opens a link that was mailed there, an address proves nothing.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, Tenant, TestApp};

fn accept(app: &TestApp, token: &Value, password: &str) -> Call {
    app.anonymous().post("/v1/invitations/accept", json!({ "token": token, "password": password }))
}

fn verify(app: &TestApp, token: &str) -> Call {
    app.anonymous().post("/v1/auth/verify-email", json!({ "token": token }))
}

async fn invite(by: &Client, email: &str, role: &str) -> Value {
    by.post("/v1/invitations", json!({ "email": email, "role": role })).await.created()
}

async fn event_types(client: &Client) -> Vec<String> {
    let page = client.get("/v1/events?limit=200").await.ok();
    page["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_string()).collect()
}

async fn mails_to(app: &TestApp, address: &str) -> usize {
    app.outbox().await.iter().filter(|mail| mail["to"] == address).count()
}

both_engines! {
    async fn a_tenant_is_verified_when_its_owner_opens_the_mailed_link(app: TestApp) {
        let tenant = app.unverified_tenant("Acme").await;
        let me = tenant.owner.get("/v1/me").await.ok();
        assert!(me["user"]["email_verified_at"].is_null() && me["tenant"]["verified_at"].is_null(), "{me}");
        app.run_jobs().await;
        let token = app.mailed_token(&tenant.email()).await;
        let deliveries = tenant.owner.get("/v1/notifications/deliveries?kind=email_verification").await.ok();
        assert_eq!(deliveries["data"].as_array().unwrap().len(), 1);
        for kept in [deliveries, tenant.owner.get("/v1/events?limit=200").await.ok(), app.operator().get("/v1/ops/jobs?limit=200").await.ok()] {
            assert!(!kept.to_string().contains(&token), "{kept}");
        }

        verify(&app, "ver_made_up").await.problem(404, "verification.not_found");
        let verified = verify(&app, &token).await.ok();
        assert_eq!(verified["email"], tenant.email());
        let me = tenant.owner.get("/v1/me").await.ok();
        assert_eq!(me["user"]["email_verified_at"], verified["email_verified_at"]);
        assert!(me["tenant"]["verified_at"].is_string(), "{me}");
        assert_eq!(verify(&app, &token).await.ok(), verified, "opening it again changes nothing");
        let types = event_types(&tenant.owner).await;
        let count = |kind: &str| types.iter().filter(|one| *one == kind).count();
        assert_eq!((count("user.verified"), count("tenant.verified")), (1, 1), "{types:?}");
    }

    async fn a_link_works_for_three_days_and_is_mailed_again_five_times_within_one(app: TestApp) {
        let mut tenant = app.unverified_tenant("Acme").await;
        app.run_jobs().await;
        let old = app.mailed_token(&tenant.email()).await;
        let again = async |owner: &Client| owner.call("POST", "/v1/auth/verification-email").await;
        for _ in 0..4 {
            again(&tenant.owner).await.expect(202);
        }
        app.run_jobs().await;
        assert_eq!(mails_to(&app, &tenant.email()).await, 5);
        let refused = again(&tenant.owner).await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "user.verification_limit");
        app.advance(chrono::Duration::days(3));
        verify(&app, &old).await.problem(404, "verification.not_found");
        tenant.log_in_again().await;
        again(&tenant.owner).await.expect(202);
        app.run_jobs().await;
        verify(&app, &app.mailed_token(&tenant.email()).await).await.ok();
        again(&tenant.owner).await.problem(409, "user.already_verified");
    }

    async fn alerts_wait_a_day_for_their_receiver_to_open_the_link(app: TestApp) {
        let alerts = async |to: &str| {
            app.outbox().await.into_iter().filter(|mail| mail["to"] == to && mail["subject"].as_str().unwrap().contains("Asha")).count()
        };
        let prompt = app.unverified_tenant("Acme").await;
        let late = app.unverified_tenant("Zenith").await;
        for tenant in [&prompt, &late] {
            tenant.try_by_operators("growth").await;
            tenant.lead("Asha Verma", "asha@example.com", "+919811122233").await;
        }
        app.run_jobs().await;
        assert_eq!((alerts(&prompt.email()).await, alerts(&late.email()).await), (0, 0));
        verify(&app, &app.mailed_token(&prompt.email()).await).await.ok();
        app.run_jobs().await;
        assert_eq!((alerts(&prompt.email()).await, alerts(&late.email()).await), (1, 0));
        app.advance(chrono::Duration::hours(25));
        app.run_jobs().await;
        verify(&app, &app.mailed_token(&late.email()).await).await.ok();
        app.run_jobs().await;
        assert_eq!(alerts(&late.email()).await, 0, "after a day it is no news");
    }

    async fn the_sandboxs_mailboxes_open_links_unless_told_otherwise(app: TestApp) {
        let unread = app.unverified_tenant("Acme").await;
        app.run_jobs().await;
        assert!(unread.owner.get("/v1/tenants/current").await.ok()["verified_at"].is_null());
        app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": true })).await.ok();
        let read = Tenant::sign_up_unverified(&app, "Zenith").await;
        app.run_jobs().await;
        assert!(read.owner.get("/v1/tenants/current").await.ok()["verified_at"].is_string());
    }

    async fn who_verified_the_address_meanwhile_gets_no_mail(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        app.run_jobs().await;
        assert_eq!(mails_to(&app, &tenant.email()).await, 0);
    }

    async fn whoever_invites_cannot_take_the_account_of_somebody_elses_address(app: TestApp) {
        let acme = app.tenant("Acme").await;
        let known = app.tenant("Zenith").await;
        let refused = async |call: Call| call.await.problem(401, "auth.invalid_credentials")["detail"].clone();
        let stranger = invite(&acme.owner, "ceo@bank.example", "viewer").await;
        let member = invite(&acme.owner, &known.email(), "viewer").await;
        // The same words whether or not there is an account, and whatever the password is like.
        let words = refused(accept(&app, &stranger["token"], "first rain in june")).await;
        assert_eq!(refused(accept(&app, &member["token"], "first rain in june")).await, words);
        assert_eq!(refused(accept(&app, &stranger["token"], "short")).await, words);
        assert_eq!(refused(accept(&app, &member["token"], "short")).await, words);
        // Who knows the account's password is its holder, and a colleague is one by the domain that the inviter has shown.
        accept(&app, &member["token"], PASSWORD).await.created();
        let colleague = invite(&acme.owner, "asha@acme.example.com", "agent").await;
        let joined = accept(&app, &colleague["token"], PASSWORD).await.created();
        assert!(joined["user"]["email_verified_at"].is_null(), "this link was not mailed: {joined}");

        let unverified = app.unverified_tenant("Fresh").await;
        let colleague = invite(&unverified.owner, "asha@fresh.example.com", "agent").await;
        refused(accept(&app, &colleague["token"], PASSWORD)).await;
        // Sharing a provider of mailboxes makes nobody a colleague.
        let body = json!({ "email": "someone@gmail.com", "password": PASSWORD, "business_name": "Shop" });
        let shop = app.anonymous().post("/v1/auth/signup", body).await.created();
        app.run_jobs().await;
        verify(&app, &app.mailed_token("someone@gmail.com").await).await.ok();
        let shop = app.anonymous().with_token(shop["access_token"].as_str().unwrap());
        let neighbour = invite(&shop, "another@gmail.com", "agent").await;
        refused(accept(&app, &neighbour["token"], PASSWORD)).await;
    }

    async fn the_mailed_link_gets_its_reader_in_even_when_somebody_took_the_address(app: TestApp) {
        let squatter = app.unverified_tenant("Squat").await;
        let address = squatter.email();
        let acme = app.tenant("Acme").await;
        invite(&acme.owner, &address, "admin").await;
        app.run_jobs().await;
        let mails = app.outbox().await;
        let link = |page: &str| {
            let text = |mail: &Value| mail["to"] == address.as_str() && mail["body"].as_str().unwrap().contains(page);
            let mail = mails.iter().find(|mail| text(mail)).unwrap_or_else(|| panic!("no {page} in {mails:?}"));
            json!(mail["body"].as_str().unwrap().split_once("?token=").unwrap().1.split_whitespace().next().unwrap())
        };
        let joined = accept(&app, &link("/invitations/accept"), "first rain in june").await.created();
        assert_eq!((&joined["user"]["email"], joined["user"]["email_verified_at"].is_string()), (&json!(address), true));
        let theirs = squatter.owner.get("/v1/me").await.ok();
        assert!(theirs["user"]["email"].as_str().unwrap().ends_with("@released.invalid"), "{theirs}");
        // The link that the squatter had mailed is the reader's, too, and verifies nobody else.
        verify(&app, link("/verify-email").as_str().unwrap()).await.problem(404, "verification.not_found");
        assert!(squatter.owner.get("/v1/tenants/current").await.ok()["verified_at"].is_null());
    }

    async fn an_unverified_address_goes_only_to_whoever_reads_its_mail(app: TestApp) {
        let mut tenant = app.unverified_tenant("Acme").await;
        let address = tenant.email();
        app.run_jobs().await;
        let own = app.mailed_token(&address).await;
        app.advance(chrono::Duration::hours(80));
        let again = |token: Option<&str>| {
            let mut body = json!({ "email": &address, "password": "first rain in june", "business_name": "Real Acme" });
            if let Some(token) = token {
                body["mailed_token"] = json!(token);
            }
            app.anonymous().post("/v1/auth/signup", body)
        };
        // However long the account waits, a sign-up alone takes nothing from it, and says nothing of it.
        for _ in 0..5 {
            again(None).await.problem(409, "user.email_taken");
        }
        app.run_jobs().await;
        let offers = app.outbox().await.iter().filter(|mail| mail["body"].as_str().unwrap().contains("/signup?token=")).count();
        assert_eq!(offers, 2, "of five sign-ups within a day");
        tenant.log_in_again().await;
        // The link in that mail is no word for the account that it may take the address from, nor the other way round.
        let token = app.mailed_token(&address).await;
        verify(&app, &token).await.problem(404, "verification.not_found");
        for wrong in ["tak_made_up", own.as_str()] {
            again(Some(wrong)).await.problem(404, "verification.not_found");
        }
        let new = again(Some(&token)).await.created();
        assert_ne!(new["tenant"]["id"], tenant.id);
        assert_eq!((&new["user"]["email"], new["user"]["email_verified_at"].is_string()), (&json!(&address), true));
        assert!(new["tenant"]["verified_at"].is_string(), "{new}");
        let before = tenant.owner.get("/v1/me").await.ok();
        assert!(before["user"]["email"].as_str().unwrap().ends_with("@released.invalid"), "{before}");
        again(Some(&token)).await.problem(404, "verification.not_found");
    }

    async fn who_verified_the_address_keeps_it_and_nobody_is_written_to(app: TestApp) {
        let tenant = app.unverified_tenant("Acme").await;
        let again = async |email: &str| {
            let body = json!({ "email": email, "password": "first rain in june", "business_name": "Real Acme" });
            app.anonymous().post("/v1/auth/signup", body).await.problem(409, "user.email_taken");
        };
        again(&tenant.email()).await;
        app.run_jobs().await;
        let mails = app.outbox().await;
        let with = |page: &str| {
            let text = mails.iter().find_map(|mail| mail["body"].as_str().unwrap().split_once(page)).unwrap().1;
            text.split_whitespace().next().unwrap().to_string()
        };
        verify(&app, &with("/verify-email?token=")).await.ok();
        let body = json!({ "email": tenant.email(), "password": "first rain in june", "business_name": "Real Acme", "mailed_token": with("/signup?token=") });
        app.anonymous().post("/v1/auth/signup", body).await.problem(404, "verification.not_found");
        app.advance(chrono::Duration::days(2));
        let before = mails_to(&app, &tenant.email()).await;
        again(&tenant.email()).await;
        app.run_jobs().await;
        assert_eq!(mails_to(&app, &tenant.email()).await, before);
    }

    async fn operators_may_vouch_for_a_tenant_that_no_mail_reaches(app: TestApp) {
        let fresh = app.unverified_tenant("Fresh").await;
        let path = format!("/v1/tenants/{}", fresh.id);
        let vouched = app.operator().patch(&path, json!({ "is_verified": true })).await.ok();
        assert!(vouched["verified_at"].is_string(), "{vouched}");
        assert_eq!(app.operator().patch(&path, json!({ "is_verified": true })).await.ok(), vouched);
        assert!(event_types(&fresh.owner).await.contains(&"tenant.verified".to_string()));
    }

    async fn a_verified_person_who_becomes_an_owner_verifies_the_tenant(app: TestApp) {
        let known = app.tenant("Zenith").await;
        let fresh = app.unverified_tenant("Fresh").await;
        let invited = invite(&fresh.owner, &known.email(), "owner").await;
        accept(&app, &invited["token"], PASSWORD).await.created();
        assert!(fresh.owner.get("/v1/tenants/current").await.ok()["verified_at"].is_string());
    }
}
