//! A forgotten password, and another e-mail address.

use serde_json::{Value, json};

use super::{NEW_PASSWORD, client_of, log_in, mails_to, token_for};
use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, TestApp};

fn forget(app: &TestApp, email: &str) -> Call {
    app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": email }))
}

fn reset(app: &TestApp, token: &str, password: &str) -> Call {
    app.anonymous().post("/v1/auth/password-reset", json!({ "token": token, "new_password": password }))
}

fn ask(owner: &Client, email: &str) -> Call {
    owner.post("/v1/me/email", json!({ "email": email, "current_password": PASSWORD }))
}

fn confirm(app: &TestApp, token: &str) -> Call {
    app.anonymous().post("/v1/auth/email-change", json!({ "token": token }))
}

fn restore(app: &TestApp, token: &str) -> Call {
    app.anonymous().post("/v1/auth/email-restoration", json!({ "token": token, "new_password": NEW_PASSWORD }))
}

async fn reset_token(app: &TestApp, email: &str) -> String {
    forget(app, email).await.expect(202);
    app.run_jobs().await;
    token_for(app, email, "reset-password").await.expect("a mailed link")
}

async fn types(client: &Client) -> Vec<String> {
    let page = client.get("/v1/events?limit=200").await.ok();
    page["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_string()).collect()
}

both_engines! {
    async fn a_mailed_link_sets_a_new_password_once_and_ends_every_session(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let token = reset_token(&app, &tenant.email()).await;
        for kept in [tenant.owner.get("/v1/notifications/deliveries").await.ok(), tenant.owner.get("/v1/events?limit=200").await.ok(), app.operator().get("/v1/ops/jobs?limit=200").await.ok()] {
            assert!(!kept.to_string().contains(&token), "{kept}");
        }
        reset(&app, &token, "short").await.invalid("/new_password");
        reset(&app, &token, &tenant.email()).await.invalid("/new_password");
        tenant.owner.get("/v1/me").await.ok();
        reset(&app, &token, NEW_PASSWORD).await.expect(204);
        tenant.owner.get("/v1/me").await.problem(401, "auth.session_ended");
        log_in(&app, &tenant.email(), PASSWORD).await.problem(401, "auth.invalid_credentials");
        let signed_in = log_in(&app, &tenant.email(), NEW_PASSWORD).await.ok();
        reset(&app, &token, "another rain in july").await.problem(404, "password_reset.not_found");
        log_in(&app, &tenant.email(), NEW_PASSWORD).await.ok();
        app.run_jobs().await;
        let told = mails_to(&app, &tenant.email()).await;
        assert!(told.iter().any(|text| text.contains("The password of your account was changed")), "{told:?}");
        let types = types(&client_of(&app, &signed_in)).await;
        for kind in ["user.password_reset_requested", "user.password_changed"] {
            assert_eq!(types.iter().filter(|one| *one == kind).count(), 1, "{kind} in {types:?}");
        }
    }

    async fn a_link_to_reset_lasts_an_hour_and_a_new_password_voids_the_others(app: TestApp) {
        let mut tenant = app.tenant("Acme").await;
        let old = reset_token(&app, &tenant.email()).await;
        app.advance(chrono::Duration::minutes(59));
        let token = reset_token(&app, &tenant.email()).await;
        assert_ne!(old, token);
        app.advance(chrono::Duration::minutes(2));
        reset(&app, &old, NEW_PASSWORD).await.problem(404, "password_reset.not_found");
        tenant.log_in_again().await;
        let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
        tenant.owner.post("/v1/auth/password", change).await.ok();
        reset(&app, &token, "another rain in july").await.problem(404, "password_reset.not_found");
        for wrong in ["rst_made_up", "ver_made_up", ""] {
            assert!([404, 422].contains(&reset(&app, wrong, NEW_PASSWORD).await.status));
        }
    }

    async fn nobody_learns_who_has_an_account_by_asking_for_a_link(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let mut known = forget(&app, &tenant.email()).await.expect(202);
        let mut unknown = forget(&app, "nobody@acme.example.com").await.expect(202);
        assert_eq!(known["email"], tenant.email());
        (known["email"], unknown["email"]) = (Value::Null, Value::Null);
        assert_eq!(known, unknown);
        // The same rows are written for both: the work that differs is a job's.
        let jobs = app.operator().get("/v1/ops/jobs?kind=password_reset.tell&limit=200").await.ok();
        assert_eq!(jobs["data"].as_array().unwrap().len(), 2, "{jobs}");
        for _ in 0..100 {
            forget(&app, &tenant.email()).await.expect(202);
            forget(&app, "nobody@acme.example.com").await.expect(202);
        }
        app.run_jobs().await;
        let links = async |to: &str| mails_to(&app, to).await.iter().filter(|text| text.contains("/reset-password?")).count();
        assert_eq!((links(&tenant.email()).await, links("nobody@acme.example.com").await), (5, 0));
        app.advance(chrono::Duration::days(1));
        forget(&app, &tenant.email()).await.expect(202);
        app.run_jobs().await;
        assert_eq!(links(&tenant.email()).await, 6);
    }

    async fn two_who_open_a_link_at_once_set_one_password(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let token = reset_token(&app, &tenant.email()).await;
        let calls: Vec<_> = ["first rain in june", "second rain in july", "third rain in august"].into_iter().map(|password| {
            let call = reset(&app, &token, password);
            tokio::spawn(async move { (password, call.await.status) })
        }).collect();
        let mut set = Vec::new();
        for call in calls {
            let (password, status) = call.await.expect("answered");
            assert!([204, 404].contains(&status), "{status}");
            set.extend((status == 204).then_some(password));
        }
        assert_eq!(set.len(), 1, "{set:?}");
        log_in(&app, &tenant.email(), set[0]).await.ok();
    }

    async fn an_address_is_changed_when_its_mailbox_answers_and_the_former_one_is_told(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (former, new) = (tenant.email(), "rajesh@acme.example.com");
        tenant.owner.post("/v1/me/email", json!({ "email": new, "current_password": "not it at all" })).await.invalid("/current_password");
        ask(&tenant.owner, &former).await.invalid("/email");
        let asked = ask(&tenant.owner, "Rajesh@Acme.example.com").await.expect(202);
        assert_eq!(asked["email"], former, "nothing is changed yet");
        app.run_jobs().await;
        let token = token_for(&app, new, "change-email").await.expect("a link");
        log_in(&app, new, PASSWORD).await.problem(401, "auth.invalid_credentials");
        let changed = confirm(&app, &token).await.ok();
        assert_eq!((&changed["email"], changed["email_verified_at"].is_string()), (&json!(new), true));
        confirm(&app, &token).await.problem(404, "email_change.not_found");
        log_in(&app, &former, PASSWORD).await.problem(401, "auth.invalid_credentials");
        log_in(&app, new, PASSWORD).await.ok();
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["user"]["email"], new);
        app.run_jobs().await;
        let undo = token_for(&app, &former, "restore-email").await.expect("a way back");
        assert!(token_for(&app, new, "restore-email").await.is_none());
        confirm(&app, &undo).await.problem(404, "email_change.not_found");

        // Whoever reads the former mailbox takes the account back, and throws everybody out.
        app.advance(chrono::Duration::days(6));
        let restored = restore(&app, &undo).await.ok();
        assert_eq!(restored["email"], former);
        log_in(&app, new, PASSWORD).await.problem(401, "auth.invalid_credentials");
        log_in(&app, &former, PASSWORD).await.problem(401, "auth.invalid_credentials");
        let signed_in = log_in(&app, &former, NEW_PASSWORD).await.ok();
        restore(&app, &undo).await.problem(404, "email_change.not_found");
        let types = types(&client_of(&app, &signed_in)).await;
        for kind in ["user.email_change_requested", "user.email_changed", "user.email_restored"] {
            assert!(types.contains(&kind.to_string()), "{kind} in {types:?}");
        }
    }

    async fn the_way_back_ends_after_a_week_and_no_later_change_takes_it(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let mut undo = Vec::new();
        let mut owner = tenant.owner.clone();
        for (former, new) in [(tenant.email(), "second@acme.example.com".to_string()), ("second@acme.example.com".into(), "third@acme.example.com".into())] {
            ask(&owner, &new).await.expect(202);
            app.run_jobs().await;
            confirm(&app, &token_for(&app, &new, "change-email").await.expect("a link")).await.ok();
            app.run_jobs().await;
            undo.push(token_for(&app, &former, "restore-email").await.expect("a way back"));
            app.advance(chrono::Duration::days(1));
            owner = client_of(&app, &log_in(&app, &new, PASSWORD).await.ok());
        }
        assert_eq!(restore(&app, &undo[0]).await.ok()["email"], tenant.email());
        restore(&app, &undo[1]).await.problem(404, "email_change.not_found");
        let late = app.tenant("Late").await;
        ask(&late.owner, "new@late.example.com").await.expect(202);
        app.run_jobs().await;
        confirm(&app, &token_for(&app, "new@late.example.com", "change-email").await.expect("a link")).await.ok();
        app.run_jobs().await;
        let token = token_for(&app, &late.email(), "restore-email").await.expect("a way back");
        app.advance(chrono::Duration::days(7));
        restore(&app, &token).await.problem(404, "email_change.not_found");
    }

    async fn an_address_that_exists_is_not_told_apart_and_not_taken(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let mut taken = ask(&acme.owner, &other.email()).await.expect(202);
        app.run_jobs().await;
        assert!(token_for(&app, &other.email(), "change-email").await.is_none(), "its holder is not asked");
        let mut free = ask(&acme.owner, "free@acme.example.com").await.expect(202);
        (taken["request_id"], free["request_id"]) = (Value::Null, Value::Null);
        assert_eq!(taken, free);
        // One that somebody signed up with while the link was on its way.
        app.run_jobs().await;
        let token = token_for(&app, "free@acme.example.com", "change-email").await.expect("a link");
        app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
        let body = json!({ "email": "free@acme.example.com", "password": PASSWORD, "business_name": "Fresh" });
        app.anonymous().post("/v1/auth/signup", body).await.created();
        app.run_jobs().await;
        let verify = token_for(&app, "free@acme.example.com", "verify-email").await.expect("a link");
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": verify })).await.ok();
        confirm(&app, &token).await.problem(409, "user.email_taken");
        assert_eq!(acme.owner.get("/v1/me").await.ok()["user"]["email"], acme.email());
        // An account that nobody verified does not keep the reader of the mailbox from it.
        let squatter = app.unverified_tenant("Squat").await;
        ask(&acme.owner, &squatter.email()).await.expect(202);
        app.run_jobs().await;
        let token = token_for(&app, &squatter.email(), "change-email").await.expect("a link");
        assert_eq!(confirm(&app, &token).await.ok()["email"], squatter.email());
        assert!(squatter.owner.get("/v1/me").await.ok()["user"]["email"].as_str().unwrap().ends_with("@released.invalid"));
    }

    async fn a_wish_for_an_address_lasts_a_day_and_the_newest_counts(app: TestApp) {
        let mut tenant = app.tenant("Acme").await;
        ask(&tenant.owner, "one@acme.example.com").await.expect(202);
        app.run_jobs().await;
        let one = token_for(&app, "one@acme.example.com", "change-email").await.expect("a link");
        ask(&tenant.owner, "two@acme.example.com").await.expect(202);
        app.run_jobs().await;
        confirm(&app, &one).await.problem(404, "email_change.not_found");
        let two = token_for(&app, "two@acme.example.com", "change-email").await.expect("a link");
        for n in 3..=5 {
            ask(&tenant.owner, &format!("{n}@acme.example.com")).await.expect(202);
        }
        let refused = ask(&tenant.owner, "6@acme.example.com").await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "user.email_change_limit");
        confirm(&app, &two).await.problem(404, "email_change.not_found");
        app.run_jobs().await;
        let five = token_for(&app, "5@acme.example.com", "change-email").await.expect("a link");
        app.advance(chrono::Duration::days(1));
        confirm(&app, &five).await.problem(404, "email_change.not_found");
        tenant.log_in_again().await;
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["user"]["email"], tenant.email());
    }

    async fn a_slip_of_the_keyboard_gives_no_stranger_a_way_back(app: TestApp) {
        let tenant = app.unverified_tenant("Slip").await;
        ask(&tenant.owner, "right@slip.example.com").await.expect(202);
        app.run_jobs().await;
        let token = token_for(&app, "right@slip.example.com", "change-email").await.expect("a link");
        let verify = token_for(&app, &tenant.email(), "verify-email").await.expect("the link of signing up");
        confirm(&app, &token).await.ok();
        app.run_jobs().await;
        assert!(token_for(&app, &tenant.email(), "restore-email").await.is_none());
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": verify })).await.problem(404, "verification.not_found");
        assert!(tenant.owner.get("/v1/tenants/current").await.ok()["verified_at"].is_string(), "its owner has shown a mailbox");
    }
}
