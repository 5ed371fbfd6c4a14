//! From tenant to tenant: switching, leaving, handing one over, closing one, and what is left then.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use leadwright::base::id::TenantId;
use leadwright::each_engine;
use leadwright::engine::db::{DbConn, PlatformScope, PlatformTx, tenant_rows};
use leadwright::tenants::erase::{FOLLOWS, KEPT};
use serde_json::{Value, json};

use super::{client_of, log_in, mails_to};
use crate::auth::events;
use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, Tenant, TestApp};

async fn id_of(client: &Client) -> String {
    client.get("/v1/me").await.ok()["user"]["id"].as_str().expect("a user").into()
}

/// The first tenant's owner becomes an agent of the second.
async fn join(app: &TestApp, who: &Tenant, other: &Tenant) -> Client {
    let offered = other.owner.post("/v1/invitations", json!({ "email": who.email(), "role": "agent" })).await.created();
    let accept = json!({ "token": offered["token"], "password": PASSWORD });
    client_of(app, &app.anonymous().post("/v1/invitations/accept", accept).await.created())
}

fn close(owner: &Client) -> Call {
    owner.post("/v1/tenants/current/closure", json!({ "current_password": PASSWORD, "reason": "Retired." }))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows of a tenant each table has; tables without any are left out.
async fn rows(app: &TestApp, tenant: &str) -> Vec<(String, i64)> {
    let tenant: TenantId = tenant.parse().expect("an id");
    let count = move |tx: &mut PlatformTx<'_>| {
        let mut found = Vec::new();
        for table in tenant_rows::tables(tx)? {
            let hex = tenant.uuid().simple().to_string();
            let of = |literal: String| format!("SELECT count(*) AS count FROM \"{table}\" WHERE tenant_id = {literal}");
            let sql = match tx.conn() {
                leadwright::engine::db::DbConn::Sqlite(_) => of(format!("x'{hex}'")),
                leadwright::engine::db::DbConn::Postgres(_) => of(format!("'{tenant}'")),
            };
            let counted: Count = each_engine!(tx.conn(), c => diesel::sql_query(&sql).get_result(c))?;
            if counted.count > 0 {
                found.push((table, counted.count));
            }
        }
        Ok(found)
    };
    app.app.core.db.read(PlatformScope::system(), count).await.expect("counts")
}

/// The tables of the whole database in which a word stands, of whichever tenant or none.
async fn places_of(app: &TestApp, word: &'static str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let look = move |conn: &mut DbConn| {
        let ask = |conn: &mut DbConn, sql: String| -> leadwright::base::Result<Vec<String>> {
            let found: Vec<Found> = each_engine!(conn, c => diesel::sql_query(sql).load(c))?;
            Ok(found.into_iter().map(|found| found.name).collect())
        };
        let is_postgres = matches!(conn, DbConn::Postgres(_));
        let tables = match is_postgres {
            true => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()",
            false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        };
        let mut places = Vec::new();
        for table in ask(conn, tables.into())? {
            let text = if is_postgres {
                "row_to_json(t)::text".to_string()
            } else {
                let columns = ask(conn, format!("SELECT name FROM pragma_table_info('{table}')"))?;
                columns
                    .iter()
                    .map(|name| format!("ifnull(CAST(\"{name}\" AS TEXT), '')"))
                    .collect::<Vec<_>>()
                    .join(" || ' ' || ")
            };
            let sql =
                format!("SELECT CAST(count(*) AS TEXT) AS name FROM \"{table}\" AS t WHERE {text} LIKE '%{word}%'");
            if ask(conn, sql)? != ["0"] {
                places.push(table);
            }
        }
        Ok(places)
    };
    app.app.core.db.with_connection(look).await.expect("looked through")
}

both_engines! {
    async fn who_is_in_several_tenants_switches_without_the_password(app: TestApp) {
        let (acme, zenith, other) = (app.tenant("Acme").await, app.tenant("Zenith").await, app.tenant("Other").await);
        let there = join(&app, &acme, &zenith).await;
        let switch = |by: &Client, to: &str| by.post("/v1/me/sessions", json!({ "tenant_id": to }));
        let switched = switch(&acme.owner, &zenith.id).await.created();
        assert_eq!(switched["tenant"]["id"], json!(zenith.id));
        let me = client_of(&app, &switched).get("/v1/me").await.ok();
        assert_eq!((&me["role"], &me["user"]["email"]), (&json!("agent"), &json!(acme.email())));
        acme.owner.get("/v1/me").await.ok();
        switch(&acme.owner, &other.id).await.problem(403, "auth.no_membership");
        app.operator().patch(&format!("/v1/tenants/{}", zenith.id), json!({ "status": "suspended" })).await.ok();
        switch(&acme.owner, &zenith.id).await.problem(403, "tenant.suspended");
        app.operator().patch(&format!("/v1/tenants/{}", zenith.id), json!({ "status": "active" })).await.ok();
        zenith.owner.delete(&format!("/v1/users/{}", id_of(&acme.owner).await)).await.expect(204);
        there.get("/v1/me").await.problem(401, "auth.session_ended");
        switch(&acme.owner, &zenith.id).await.problem(403, "auth.no_membership");
    }

    async fn a_member_leaves_and_the_last_owner_stays(app: TestApp) {
        let (acme, zenith) = (app.tenant("Acme").await, app.tenant("Zenith").await);
        let there = join(&app, &acme, &zenith).await;
        let leave = |by: &Client, tenant: &str| by.delete(&format!("/v1/me/memberships/{tenant}"));
        leave(&acme.owner, &acme.id).await.problem(409, "user.last_owner");
        leave(&zenith.owner, &acme.id).await.problem(404, "tenant.not_found");
        leave(&acme.owner, &zenith.id).await.expect(204);
        there.get("/v1/me").await.problem(401, "auth.session_ended");
        leave(&acme.owner, &zenith.id).await.problem(404, "tenant.not_found");
        assert_eq!(acme.owner.get("/v1/me").await.ok()["memberships"].as_array().map(Vec::len), Some(1));
        assert_eq!(events(&app, &zenith, "user.removed").await.len(), 1);
    }

    async fn a_tenant_is_handed_over_in_one_step(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (agent, admin, viewer) = (tenant.user("agent").await, tenant.user("admin").await, tenant.user("viewer").await);
        let hand = |by: &Client, to: &str, password: &str| by.post("/v1/tenants/current/transfer", json!({ "user_id": to, "current_password": password }));
        let (heir, mine) = (id_of(&agent).await, id_of(&tenant.owner).await);
        hand(&admin, &heir, PASSWORD).await.problem(403, "user.owner_required");
        hand(&viewer, &heir, PASSWORD).await.problem(403, "auth.forbidden");
        hand(&tenant.owner, &heir, "not it at all").await.invalid("/current_password");
        hand(&tenant.owner, &mine, PASSWORD).await.invalid("/user_id");
        hand(&tenant.owner, "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", PASSWORD).await.problem(404, "user.not_found");
        let path = format!("/v1/users/{}", id_of(&viewer).await);
        tenant.owner.patch(&path, json!({ "status": "disabled" })).await.ok();
        hand(&tenant.owner, path.rsplit('/').next().unwrap(), PASSWORD).await.problem(409, "user.not_active");
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["role"], "owner", "nothing of it happened");
        assert_eq!(hand(&tenant.owner, &heir, PASSWORD).await.ok()["role"], "owner");
        assert_eq!(agent.get("/v1/me").await.ok()["role"], "owner");
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["role"], "admin", "at once, without a new token");
        tenant.owner.delete(&format!("/v1/me/memberships/{}", tenant.id)).await.expect(204);
    }

    async fn a_closing_tenant_rests_and_its_owner_opens_it_again(app: TestApp) {
        let mut tenant = app.growth("Acme").await;
        let key = tenant.api_key(&["leads:read"]).await;
        let admin = tenant.user("admin").await;
        tenant.owner.post("/v1/invitations", json!({ "email": "late@acme.example.com", "role": "agent" })).await.created();
        tenant.owner.delete("/v1/tenants/current/closure").await.problem(409, "tenant.not_closing");
        close(&admin).await.problem(403, "user.owner_required");
        tenant.owner.post("/v1/tenants/current/closure", json!({ "current_password": "not it at all" })).await.invalid("/current_password");
        let closing = close(&tenant.owner).await.ok();
        assert_eq!(closing["status"], "suspended");
        let until = app.clock.now().plus(chrono::Duration::days(30));
        assert_eq!(closing["closes_at"], json!(until));
        app.run_jobs().await;
        let told = mails_to(&app, &tenant.email()).await;
        assert!(told.iter().any(|text| text.contains("Acme is being closed")), "{told:?}");

        key.get("/v1/leads").await.expect(401);
        admin.get("/v1/me").await.problem(401, "auth.session_ended");
        log_in(&app, "admin@acme.example.com", PASSWORD).await.problem(403, "tenant.suspended");
        tenant.owner.get("/v1/leads").await.ok();
        tenant.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.problem(403, "auth.forbidden");
        let offered = tenant.as_operator(&app).get("/v1/invitations").await.ok();
        assert!(offered["data"].as_array().unwrap().iter().all(|one| one["status"] != "pending"), "{offered}");
        assert_eq!(tenant.owner.get("/v1/subscriptions/current").await.ok()["cancel_at_period_end"], true);
        app.advance(chrono::Duration::days(29));
        tenant.log_in_again().await;
        let open = tenant.owner.delete("/v1/tenants/current/closure").await.ok();
        assert_eq!((&open["status"], &open["closes_at"]), (&json!("active"), &Value::Null));
        tenant.owner.patch("/v1/me", json!({ "name": "Rajesh" })).await.ok();
        log_in(&app, "admin@acme.example.com", PASSWORD).await.ok();
        app.advance(chrono::Duration::days(2));
        app.run_jobs().await;
        tenant.log_in_again().await;
        assert!(tenant.owner.get("/v1/tenants/current").await.ok()["erased_at"].is_null(), "it was opened again");
        let types: Vec<usize> = [events(&app, &tenant, "tenant.closing").await.len(), events(&app, &tenant, "tenant.reopened").await.len()].into();
        assert_eq!(types, [1, 1]);
    }

    async fn closing_takes_a_code_where_the_owner_has_a_second_factor(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let begun = tenant.owner.post("/v1/me/second-factor", json!({ "current_password": PASSWORD })).await.created();
        let code = crate::accounts::code(begun["secret"].as_str().unwrap(), app.clock.now().seconds());
        let confirmed = tenant.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
        close(&tenant.owner).await.invalid("/code");
        let with = |code: &Value| tenant.owner.post("/v1/tenants/current/closure", json!({ "current_password": PASSWORD, "code": code }));
        with(&json!("000000")).await.invalid("/code");
        with(&confirmed["recovery_codes"][0]).await.ok();
    }

    async fn who_owes_money_pays_before_closing(app: TestApp) {
        let mut tenant = app.growth("Acme").await;
        tenant.activate(&app).await;
        app.advance(chrono::Duration::days(32));
        app.run_schedule().await;
        tenant.log_in_again().await;
        assert_eq!(tenant.owner.get("/v1/subscriptions/current").await.ok()["status"], "past_due");
        let refused = close(&tenant.owner).await.problem(409, "tenant.money_owed");
        assert!(refused["detail"].as_str().unwrap().contains("past_due"), "{refused}");
        assert!(tenant.owner.get("/v1/tenants/current").await.ok()["closes_at"].is_null());
        tenant.pay(&app).await;
        close(&tenant.owner).await.ok();
    }

    async fn what_goes_beyond_the_plan_is_owed_until_it_is_billed(app: TestApp) {
        let mut tenant = app.growth("Acme").await;
        tenant.activate(&app).await;
        let sql = "UPDATE usage_periods SET used = base, rollover = 0";
        app.app.core.db.with_connection(move |conn| Ok(each_engine!(conn, c => diesel::sql_query(sql).execute(c))?)).await.expect("used up");
        tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
        tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        assert!(tenant.owner.get("/v1/usage").await.ok()["amount_due"]["amount"].as_i64() > Some(0));
        let refused = close(&tenant.owner).await.problem(409, "tenant.money_owed");
        assert!(refused["detail"].as_str().unwrap().contains("INR"), "{refused}");
        // Ending the subscription is no way around it.
        tenant.owner.delete("/v1/subscriptions/current").await.ok();
        close(&tenant.owner).await.problem(409, "tenant.money_owed");
        app.advance(chrono::Duration::days(31));
        tenant.log_in_again().await;
        close(&tenant.owner).await.ok();
    }

    async fn a_closed_tenant_is_erased_from_every_table_but_its_books(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let neighbour = app.growth("Zenith").await;
        crate::permissions::resources(&app, &tenant).await;
        neighbour.lead("Ravi", "ravi@example.com", "+919811122244").await;
        neighbour.api_key(&["leads:read"]).await;
        join(&app, &tenant, &neighbour).await;
        let agent = tenant.user("agent").await;
        tenant.owner.post("/v1/me/email", json!({ "email": "new@acme.example.com", "current_password": PASSWORD })).await.expect(202);
        agent.post("/v1/me/second-factor", json!({ "current_password": PASSWORD })).await.created();
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": "agent@acme.example.com" })).await.expect(202);
        tenant.enter_leads("many", 12).await;
        tenant.lead("Unmistakable Person", "unmistakable@example.com", "+919811122255").await;
        app.run_jobs().await;
        assert!(!places_of(&app, "Unmistakable").await.is_empty());
        let before = rows(&app, &neighbour.id).await;
        assert!(before.len() > 10, "the neighbour has a bit of everything: {before:?}");
        let of_all = rows(&app, &tenant.id).await;
        assert!(of_all.len() > 20, "{of_all:?}");
        close(&tenant.owner).await.ok();
        app.advance(chrono::Duration::days(30));
        app.run_jobs().await;

        let left = rows(&app, &tenant.id).await;
        let unexpected: Vec<_> = left.iter().filter(|(table, _)| !KEPT.iter().any(|(kept, _)| kept == table)).collect();
        assert!(unexpected.is_empty(), "{unexpected:?}");
        assert!(left.iter().any(|(table, _)| table == "usage_entries"), "books are kept: {left:?}");
        let tombstone = app.operator().get(&format!("/v1/tenants/{}", tenant.id)).await.ok();
        assert!(tombstone["erased_at"].is_string() && !tombstone.to_string().contains("Acme") && !tombstone.to_string().contains("acme"), "{tombstone}");
        // What an address asked for is counted for some days, whoever it belonged to.
        app.run_schedule().await;
        for word in ["nmistakable", "agent@acme.example.com"] {
            assert_eq!(places_of(&app, word).await, [] as [String; 0], "{word}");
        }
        // Who belongs to another tenant stays, and who does not is gone.
        let there = log_in(&app, &tenant.email(), PASSWORD).await.ok();
        assert_eq!(there["tenant"]["id"], json!(neighbour.id));
        log_in(&app, "agent@acme.example.com", PASSWORD).await.problem(401, "auth.invalid_credentials");
        assert!(neighbour.leads_as_operator(&app).await.len() == 1, "the neighbour has what it had");
        let after = rows(&app, &neighbour.id).await;
        let mut stays = before.iter().filter(|(table, _)| !table.starts_with("kept_count"));
        assert!(stays.all(|(table, _)| after.iter().any(|(other, _)| other == table)), "{before:?} {after:?}");
        // The address is free.
        let body = json!({ "email": "agent@acme.example.com", "password": PASSWORD, "business_name": "Acme" });
        app.anonymous().post("/v1/auth/signup", body).await.created();
        app.run_jobs().await;
        assert_eq!(rows(&app, &tenant.id).await, left, "nothing comes after");
        // What was bought has ended with it: no month brings anything.
        app.advance(chrono::Duration::days(90));
        app.run_schedule().await;
        assert_eq!(rows(&app, &tenant.id).await, left, "nor with time");
    }

    async fn every_table_of_tenants_is_erased_or_kept_for_a_reason(app: TestApp) {
        let tables = app.app.core.db.read(PlatformScope::system(), tenant_rows::tables).await.expect("tables");
        assert!(tables.len() > 35, "{tables:?}");
        for (table, reason) in KEPT.iter().chain(FOLLOWS) {
            let is_there = tables.iter().any(|one| one == table);
            assert!(is_there || *table == "lead_search_numbers", "{table} is not there");
            assert!(reason.len() > 10);
        }
        // Whatever a tenant's row refers to goes after it.
        let place = |name: &str| tables.iter().position(|one| one == name).unwrap_or_else(|| panic!("no {name}"));
        for (child, parent) in [("messages", "conversations"), ("conversations", "leads"), ("leads", "memberships"), ("sessions", "memberships"), ("usage_entries", "usage_periods")] {
            assert!(place(child) < place(parent), "{child} after {parent}");
        }
    }
}
