//! How often each main operation speaks to the database, and what it says: a snapshot, so that one statement per row shows
//! in review. Who is asking is remembered, so looking it up is left out.

use std::fmt::Write as _;

use serde_json::json;

use crate::both_engines;
use crate::support::statements::Statements;

/// Columns are no news; where they come from is.
fn shortened(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match (text.starts_with("SELECT "), text.find(" FROM ")) {
        (true, Some(at)) if at > 30 => format!("SELECT …{}", &text[at..]),
        _ => text,
    };
    let text = text.split(" RETURNING ").next().unwrap_or_default();
    let mut short: String = text.chars().take(150).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[derive(Default)]
struct Report(String);

impl Report {
    async fn add<T>(&mut self, what: &str, done: impl IntoFuture<Output = T>) -> T {
        let statements = Statements::record();
        let result = done.await;
        // The listener's own words come when they come.
        let is_chance = |sql: &String| sql.contains("api_keys") || sql.starts_with("NOTIFY") || sql == "SELECT 1";
        let said: Vec<String> = statements.end().into_iter().filter(|sql| !is_chance(sql)).collect();
        let _ = writeln!(self.0, "{what}: {}", said.len());
        for sql in said {
            let _ = writeln!(self.0, "  {}", shortened(&sql));
        }
        result
    }
}

both_engines! {
    async fn of_each_main_operation(app: TestApp) {
        let app = TestApp::start(app.engine, &[("WORKER_CONCURRENCY", "1")]).await;
        app.app.core.db.join_others();
        let tenant = app.growth("Statements").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        let scopes = ["leads:read", "leads:write", "conversations:read", "conversations:write", "billing:read"];
        let client = tenant.api_key(&scopes).await;
        let body = |n: usize| json!({ "name": format!("Person {n}"), "email": format!("p{n}@example.com"), "phone": format!("+9198765432{n:02}") });
        for n in 0..12 {
            client.post("/v1/leads", body(n)).await.created();
        }
        app.run_jobs().await;
        let drop = json!({ "faults": [{ "provider": "twilio", "operation": "callback", "mode": "drop" }, { "provider": "resend", "operation": "callback", "mode": "drop" }] });
        app.anonymous().put("/sandbox/faults", drop).await.ok();
        let mut report = Report::default();

        let lead = report.add("create a lead", client.post("/v1/leads", body(50))).await.created();
        let keyed = client.post("/v1/leads", body(51)).header("idempotency-key", "statements-1");
        report.add("create a lead with an Idempotency-Key", keyed).await.created();
        app.run_jobs().await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().expect("an id"));
        report.add("read a lead", client.get(&path)).await.ok();
        report.add("list leads", client.get("/v1/leads?limit=10&status=new&sort=-created_at")).await.ok();
        report.add("count leads", client.get("/v1/leads/counts")).await.ok();
        report.add("change a lead", client.patch(&path, json!({ "status": "contacted" }))).await.ok();
        report.add("list conversations", client.get("/v1/conversations?limit=10")).await.ok();
        report.add("read the usage", client.get("/v1/usage")).await.ok();
        app.run_jobs().await;

        let fields = json!([{ "name": "full_name", "values": ["Asha"] }, { "name": "email", "values": ["asha@example.com"] }]);
        let twins = app.app.sandbox.as_ref().expect("the twins");
        let webhook = json!({ "page_id": "153125381133", "form_id": "612312312312", "leadgen_id": "4711", "field_data": fields });
        let accept = async {
            app.anonymous().post("/sandbox/meta/leads", webhook).await;
            twins.idle().await;
        };
        report.add("accept a lead webhook", accept).await;
        report.add("fetch the lead, and all that follows", app.worker().run_until_idle()).await.expect("jobs");
        app.run_jobs().await;

        let thread = client.get(&format!("/v1/conversations?channel=whatsapp&lead_id={}", lead["id"].as_str().expect("an id"))).await.ok();
        let path = format!("/v1/conversations/{}/messages", thread["data"][0]["id"].as_str().expect("an id"));
        let template = json!({ "template": { "code": "first_contact", "variables": { "name": "Asha", "business": "ABC", "about": "2 BHK" } } });
        report.add("send a message", client.post(&path, template)).await.expect(202);
        report.add("hand the message to the provider", app.worker().run_until_idle()).await.expect("jobs");
        report.add("a worker with nothing to do", app.worker().run_until_idle()).await.expect("jobs");

        insta::assert_snapshot!(format!("{:?}", app.engine).to_lowercase(), report.0);
    }
}
