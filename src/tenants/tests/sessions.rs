use super::*;

on_both_engines! {
    async fn signing_up_makes_an_owner_who_is_in(office: Office) {
        let first = office.sign_up("acme").await;
        assert_eq!((text(&first["token_type"]), &first["expires_in"]), ("Bearer", &json!(900)));
        assert_eq!(first["tenant"]["currency"], "INR");
        let owner = text(&first["access_token"]);
        let me = office.get("/me", owner).await.expect(200);
        assert_eq!((text(&me["role"]), text(&me["user"]["email"])), ("owner", "owner@acme.example.com"));
        let signing_up = ["tenant.created", "user.joined", "user.verification_requested", "session.started"];
        assert_eq!(office.events(owner).await[..4], signing_up);
        assert!(!first.to_string().contains("argon2"));

        let again = json!({"email": "Owner@acme.example.com", "password": PASSWORD, "business_name": "Other"});
        office.post("/auth/signup", "", again).await.refused(409, "user.email_taken");
        let namesake = json!({"email": "x@example.com", "password": PASSWORD, "business_name": "ACME", "country": "US"});
        let second = office.post("/auth/signup", "", namesake).await.expect(201);
        assert_eq!((text(&second["tenant"]["slug"]), text(&second["tenant"]["currency"])), ("acme-2", "USD"));
        let weak = json!({"email": "y@example.com", "password": "password12", "business_name": "Y"});
        let errors = office.post("/auth/signup", "", weak).await.expect(422);
        assert_eq!(errors["errors"][0]["pointer"], "/password");
    }

    async fn only_the_right_password_logs_in(office: Office) {
        office.sign_up("acme").await;
        for (email, password) in [("owner@acme.example.com", "monsoon-over-bandra"), ("nobody@acme.example.com", PASSWORD)]
        {
            let body = json!({"email": email, "password": password});
            office.post("/auth/login", "", body).await.refused(401, "auth.invalid_credentials");
        }
        let body = json!({"email": "owner@acme.example.com", "password": PASSWORD});
        let session = office.post("/auth/login", "", body).await.expect(200);
        let token = text(&session["access_token"]);
        office.get("/me", token).await.expect(200);
        office.send("POST /auth/logout", token, None, &[]).await.expect(204);
        office.get("/me", token).await.refused(401, "auth.session_ended");
        let refresh = json!({"refresh_token": session["refresh_token"]});
        office.post("/auth/refresh", "", refresh).await.refused(401, "auth.session_ended");
    }

    async fn a_refresh_token_used_twice_ends_the_session(office: Office) {
        let first = office.sign_up("acme").await;
        let old = json!({"refresh_token": first["refresh_token"]});
        let second = office.post("/auth/refresh", "", old.clone()).await.expect(200);
        let token = text(&second["access_token"]);
        office.get("/me", token).await.expect(200);
        office.core.clock.advance(chrono::Duration::seconds(21));
        office.post("/auth/refresh", "", old.clone()).await.refused(401, "auth.refresh_reused");
        office.get("/me", token).await.refused(401, "auth.session_ended");
        let newest = json!({"refresh_token": second["refresh_token"]});
        office.post("/auth/refresh", "", newest).await.refused(401, "auth.session_ended");
        office.post("/auth/refresh", "", old).await.refused(401, "auth.refresh_reused");

        let login = json!({"email": "owner@acme.example.com", "password": PASSWORD});
        let other = office.post("/auth/login", "", login).await.expect(200);
        let events = office.events(text(&other["access_token"])).await;
        assert_eq!(events.iter().filter(|kind| *kind == "session.reuse_detected").count(), 1);
        office.post("/auth/refresh", "", json!({"refresh_token": "rt_x"})).await.refused(401, "auth.invalid_refresh_token");
    }

    async fn a_repeated_request_is_no_reuse(office: Office) {
        let first = office.sign_up("acme").await;
        let body = json!({"refresh_token": first["refresh_token"]});
        let headers = [("Idempotency-Key", "retry-1")];
        let answer = office.send("POST /auth/refresh", "", Some(body.clone()), &headers).await;
        let again = office.send("POST /auth/refresh", "", Some(body), &headers).await;
        assert!(again.replayed && !answer.replayed);
        assert_eq!(answer.body, again.body);
        office.get("/me", text(&again.body["access_token"])).await.expect(200);
    }

    async fn a_session_left_alone_ends(office: Office) {
        let first = office.sign_up("acme").await;
        office.core.clock.advance(chrono::Duration::days(29));
        let refreshed =
            office.post("/auth/refresh", "", json!({"refresh_token": first["refresh_token"]})).await.expect(200);
        office.core.clock.advance(chrono::Duration::days(31));
        let late = json!({"refresh_token": refreshed["refresh_token"]});
        office.post("/auth/refresh", "", late).await.refused(401, "auth.session_ended");
    }

    async fn a_new_password_ends_the_other_sessions(office: Office) {
        let here = office.sign_up("acme").await;
        let login = json!({"email": "owner@acme.example.com", "password": PASSWORD});
        let there = office.post("/auth/login", "", login.clone()).await.expect(200);
        let (here, there) = (text(&here["access_token"]), text(&there["access_token"]));
        let wrong = json!({"current_password": "not-it-at-all", "new_password": "first-rain-in-june"});
        let refused = office.post("/auth/password", here, wrong).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/current_password");
        let right = json!({"current_password": PASSWORD, "new_password": "first-rain-in-june"});
        office.post("/auth/password", here, right).await.expect(200);
        office.get("/me", here).await.expect(200);
        office.get("/me", there).await.refused(401, "auth.session_ended");
        office.post("/auth/login", "", login).await.refused(401, "auth.invalid_credentials");
        let new = json!({"email": "owner@acme.example.com", "password": "first-rain-in-june"});
        office.post("/auth/login", "", new).await.expect(200);
    }

    async fn guessing_is_slowed_down_per_account(db: Db) {
        let office = Office::with_limits(db, true);
        assert!(office.is_limited);
        let guess = |email: &str| json!({"email": email, "password": "a-wrong-guess"});
        for _ in 0..10 {
            let answer = office.post("/auth/login", "", guess("owner@acme.example.com")).await;
            answer.refused(401, "auth.invalid_credentials");
        }
        office.post("/auth/login", "", guess("owner@acme.example.com")).await.refused(429, "request.rate_limited");
        office.post("/auth/login", "", guess("other@acme.example.com")).await.refused(401, "auth.invalid_credentials");
    }
}
