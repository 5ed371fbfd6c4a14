//! Where somebody is logged in, and refreshing in two tabs.

use serde_json::{Value, json};

use super::{client_of, log_in};
use crate::auth::events;
use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, TestApp};

fn refresh(app: &TestApp, token: &str) -> Call {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token }))
}

fn token(answer: &Value) -> &str {
    answer["refresh_token"].as_str().expect("a refresh token")
}

async fn mine(client: &Client) -> Vec<Value> {
    client.get("/v1/me/sessions").await.ok()["data"].as_array().expect("sessions").clone()
}

both_engines! {
    async fn a_user_sees_and_ends_their_sessions(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        app.advance(chrono::Duration::seconds(1));
        let phone = app.anonymous().with_header("user-agent", "Phone/1.0");
        let credentials = json!({ "email": tenant.email(), "password": PASSWORD });
        let there = phone.post("/v1/auth/login", credentials.clone()).await.ok();
        let there = client_of(&app, &there);
        let seen = mine(&there).await;
        let fields = |session: &Value| (session["user_agent"].clone(), session["is_current"].clone());
        assert_eq!(seen.iter().map(fields).collect::<Vec<_>>(), [(json!("Phone/1.0"), json!(true)), (Value::Null, json!(false))]);
        assert_eq!((&seen[0]["address"], &seen[0]["tenant_name"]), (&json!("127.0.0.1"), &json!("Acme")));

        let other = app.tenant("Other").await;
        let path = format!("/v1/me/sessions/{}", seen[1]["id"].as_str().unwrap());
        other.owner.delete(&path).await.problem(404, "session.not_found");
        there.delete(&path).await.expect(204);
        tenant.owner.get("/v1/me").await.problem(401, "auth.session_ended");
        there.delete(&path).await.problem(404, "session.not_found");
        assert_eq!(mine(&there).await.len(), 1);
        assert_eq!(events(&app, &tenant, "session.ended").await.len(), 1);

        let again: Vec<Client> = [log_in(&app, &tenant.email(), PASSWORD).await.ok(), log_in(&app, &tenant.email(), PASSWORD).await.ok()]
            .iter().map(|answer| client_of(&app, answer)).collect();
        there.delete("/v1/me/sessions").await.expect(204);
        there.get("/v1/me").await.ok();
        other.owner.get("/v1/me").await.ok();
        for ended in &again {
            ended.get("/v1/me").await.problem(401, "auth.session_ended");
        }
        let own = format!("/v1/me/sessions/{}", mine(&there).await[0]["id"].as_str().unwrap());
        there.delete(&own).await.expect(204);
        there.get("/v1/me").await.problem(401, "auth.session_ended");
        // An hour is a long time for one that nobody refreshed for a month.
        let key = app.growth("Keys").await.api_key(&["leads:read"]).await;
        key.get("/v1/me/sessions").await.problem(403, "auth.user_required");
    }

    async fn a_session_that_expired_is_not_listed(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        app.advance(chrono::Duration::days(31));
        let client = client_of(&app, &log_in(&app, &tenant.email(), PASSWORD).await.ok());
        assert_eq!(mine(&client).await.len(), 1);
    }

    async fn two_tabs_that_refresh_together_go_on_with_one_token(app: TestApp) {
        let tenant = app.tenant("Tabs").await;
        let calls: Vec<_> = (0..8).map(|_| {
            let call = refresh(&app, &tenant.refresh_token);
            tokio::spawn(async move { call.await.ok() })
        }).collect();
        let mut given = Vec::new();
        for call in calls {
            given.push(call.await.expect("answered"));
        }
        assert!(given.iter().all(|answer| token(answer) == token(&given[0])), "a family has one end");
        for answer in &given {
            client_of(&app, answer).get("/v1/me").await.ok();
        }
        // A tab that was slow, when the other one has refreshed again.
        let second = refresh(&app, token(&given[0])).await.ok();
        app.advance(chrono::Duration::seconds(20));
        let slow = refresh(&app, &tenant.refresh_token).await.ok();
        assert_eq!(token(&slow), token(&second));
        assert!(events(&app, &tenant, "session.reuse_detected").await.is_empty());
        refresh(&app, token(&second)).await.ok();
    }

    async fn a_thief_who_was_quick_is_noticed_at_the_next_refresh(app: TestApp) {
        let tenant = app.tenant("Thief").await;
        let holder = refresh(&app, &tenant.refresh_token).await.ok();
        let thief = refresh(&app, &tenant.refresh_token).await.ok();
        app.advance(chrono::Duration::minutes(14));
        let stolen = refresh(&app, token(&thief)).await.ok();
        app.advance(chrono::Duration::seconds(21));
        refresh(&app, token(&holder)).await.problem(401, "auth.refresh_reused");
        refresh(&app, token(&stolen)).await.problem(401, "auth.session_ended");
        client_of(&app, &stolen).get("/v1/me").await.problem(401, "auth.session_ended");
        assert_eq!(events(&app, &tenant, "session.reuse_detected").await.len(), 1);
    }

    async fn an_ended_session_gives_nothing_however_soon(app: TestApp) {
        let tenant = app.tenant("Ended").await;
        refresh(&app, &tenant.refresh_token).await.ok();
        tenant.owner.call("POST", "/v1/auth/logout").await.expect(204);
        refresh(&app, &tenant.refresh_token).await.problem(401, "auth.session_ended");
    }
}
