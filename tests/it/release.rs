//! Thousands of leads under lock are released in batches: exactly, whatever interrupts or overtakes it.

use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::engine::db::schema::jobs;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::intake::{self, NewEnquiry};
use leadwright::leads::model::LeadSource;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp, until};

const INR_400: i64 = 40_000;
/// Fifty are included in the plan.
const LEADS: usize = 500;
const HELD: i64 = 450;

/// A tenant whose quota is used up, with more leads under lock than two batches release.
async fn with_held_leads(app: &TestApp, name: &str) -> Tenant {
    let tenant = app.growth(name).await;
    tenant.activate(app).await;
    app.run_jobs().await;
    let id: TenantId = tenant.id.parse().expect("an id");
    let db = &app.app.core.db;
    for first in (0..LEADS).step_by(50) {
        let enter = move |tx: &mut PlatformTx<'_>| {
            let tx = &mut tx.for_tenant(id);
            for n in first..first + 50 {
                let mut enquiry = NewEnquiry::new(LeadSource::Api, tx.now());
                (enquiry.name, enquiry.email) = (Some(format!("Person {n}")), Some(format!("person{n}@example.com")));
                intake::receive(tx, enquiry)?;
            }
            Ok(())
        };
        db.write(PlatformScope::system(), enter).await.expect("entered");
    }
    // What follows from the leads themselves is not the matter here.
    let forget = |tx: &mut PlatformTx<'_>| Ok(diesel::delete(jobs::table).execute(tx.conn())?);
    db.write(PlatformScope::system(), forget).await.expect("forgotten");
    assert_eq!(meters(&tenant.as_operator(app)).await, [50, 0, HELD]);
    tenant
}

/// Used, overage, blocked.
async fn meters(client: &Client) -> [i64; 3] {
    let usage = client.get("/v1/usage").await.ok();
    ["used", "overage", "blocked"].map(|field| usage["leads"][field].as_i64().expect("a number"))
}

async fn locked(client: &Client) -> i64 {
    client.get("/v1/leads/counts?is_locked=true").await.ok()["total"].as_i64().expect("a number")
}

async fn due(client: &Client) -> i64 {
    client.get("/v1/usage").await.ok()["amount_due"]["amount"].as_i64().expect("an amount")
}

async fn batches(app: &TestApp) -> Vec<Value> {
    let page = app.operator().get("/v1/ops/jobs?kind=lead.unlock&limit=200").await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

async fn bill_beyond_the_quota(client: &Client) {
    client.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
}

async fn grant(app: &TestApp, tenant: &Tenant, quantity: i64) {
    let body = json!({ "quantity": quantity, "reason": "Goodwill" });
    app.operator().post(&format!("/v1/ops/tenants/{}/credits", tenant.id), body).await.created();
}

both_engines! {
    async fn many_leads_are_released_batch_by_batch(app: TestApp) {
        let tenant = with_held_leads(&app, "Batches").await;
        let client = tenant.as_operator(&app);
        bill_beyond_the_quota(&client).await;
        app.run_jobs().await;
        assert_eq!((meters(&client).await, locked(&client).await), ([500, HELD, 0], 0));
        assert_eq!(due(&client).await, HELD * INR_400);
        assert_eq!(batches(&app).await.len(), 3, "200, 200 and 50");
    }

    async fn credits_release_so_many_and_no_more_over_all_batches(app: TestApp) {
        let tenant = with_held_leads(&app, "Credits").await;
        let client = tenant.as_operator(&app);
        grant(&app, &tenant, 410).await;
        app.run_jobs().await;
        assert_eq!((meters(&client).await, locked(&client).await), ([460, 0, 40], 40));
        assert_eq!((batches(&app).await.len(), due(&client).await), (3, 0));
    }

    async fn two_triggers_at_once_book_each_lead_once(app: TestApp) {
        let tenant = with_held_leads(&app, "Triggers").await;
        let client = tenant.as_operator(&app);
        grant(&app, &tenant, 250).await;
        bill_beyond_the_quota(&client).await;
        let worker = app.worker();
        let releasing = tokio::spawn(async move { worker.run_until_idle().await });
        until("the first batch", async || locked(&client).await < HELD).await;
        // And once more, in the middle of it.
        client.patch("/v1/subscriptions/current", json!({ "overage_policy": "block" })).await.ok();
        bill_beyond_the_quota(&client).await;
        releasing.await.expect("joined").expect("released");
        app.run_jobs().await;
        assert_eq!((meters(&client).await, locked(&client).await), ([500, 200, 0], 0));
        assert_eq!(due(&client).await, 200 * INR_400, "credits first, and nothing twice");
    }

    async fn a_worker_that_dies_between_batches_is_followed_by_another(app: TestApp) {
        let tenant = with_held_leads(&app, "Crash").await;
        let client = tenant.as_operator(&app);
        bill_beyond_the_quota(&client).await;
        let worker = app.worker();
        let dying = tokio::spawn(async move { worker.run_until_idle().await });
        until("the first batch", async || locked(&client).await < HELD).await;
        dying.abort();
        let _ = dying.await;
        app.advance(chrono::Duration::hours(1));
        app.run_jobs().await;
        assert_eq!((meters(&client).await, locked(&client).await), ([500, HELD, 0], 0));
        assert_eq!(due(&client).await, HELD * INR_400);
    }
}
