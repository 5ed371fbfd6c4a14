//! What the tenant's own people and the operators are told.

use serde_json::json;

use super::reached;
use crate::both_engines;

both_engines! {
    async fn a_new_lead_is_announced_with_its_reasons_where_people_want_it(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        let profile = json!({ "industry": "Real estate", "description": "2 BHK flats", "locations": ["Mumbai"], "phone": "98765 00000" });
        tenant.owner.put("/v1/tenants/current/profile", profile).await.ok();
        tenant.owner.put("/v1/tenants/current/audience", json!({ "description": "First-time buyers", "locations": ["Andheri", "Goregaon"],
            "budget_min": { "amount": 600_000_000, "currency": "INR" }, "budget_max": { "amount": 1_500_000_000, "currency": "INR" } })).await.ok();
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "deep_link_base_url": "https://app.abc.example.com",
            "notification_recipients": { "emails": ["sales@abc.example.com"], "whatsapp": ["+919876500099"] } } })).await.ok();
        tenant.agree(&app, json!({ "link_domains": ["abc.example.com"] })).await;
        tenant.recipients_agree(&app).await;
        app.anonymous().delete("/sandbox/outbox").await.expect(204);
        let agent = tenant.user("agent").await;
        let enter = |name: &str, phone: &str| tenant.owner.post("/v1/leads", json!({
            "name": name, "email": format!("{phone}@example.com"), "phone": phone, "budget_range": "₹80L-1Cr", "timeline": "Within 3 months", "form_responses": { "Preferred areas?": "Andheri, Goregaon" }
        }));
        let lead = enter("Priya Sharma", "9876543210").await.created();
        app.run_jobs().await;
        let link = format!("https://app.abc.example.com/leads/{}", lead["id"].as_str().unwrap());
        for client in [&tenant.owner, &agent] {
            let note = client.get("/v1/notifications").await.ok()["data"][0].clone();
            assert_eq!((&note["kind"], &note["link"], &note["lead_id"]), (&json!("lead_created"), &json!(link), &lead["id"]));
            assert!(note["title"].as_str().unwrap().contains("Priya Sharma (95/100)"), "{note}");
            assert_eq!(note["body"].as_str().unwrap().matches('✓').count(), 3, "{note}");
        }
        for address in [tenant.email().as_str(), "sales@abc.example.com", "+919876500000", "+919876500099"] {
            let out = reached(&app, address).await;
            assert_eq!(out.len(), 1, "{address}");
            let text = out[0]["body"].as_str().unwrap();
            assert!(text.contains(&link) && text.contains("95") && text.contains("Budget matches"), "{address}: {text}");
        }
        let deliveries = tenant.owner.get("/v1/notifications/deliveries?kind=lead_created").await.ok();
        assert_eq!(deliveries["data"].as_array().unwrap().len(), 4);
        assert!(deliveries["data"].as_array().unwrap().iter().all(|d| ["delivered", "read"].contains(&d["status"].as_str().unwrap())), "{deliveries}");

        let note = tenant.owner.get("/v1/notifications").await.ok()["data"][0]["id"].clone();
        let path = format!("/v1/notifications/{}/read", note.as_str().unwrap());
        agent.call("POST", &path).await.expect(404);
        tenant.owner.call("POST", &path).await.ok();
        assert!(tenant.owner.get("/v1/notifications?unread=true").await.ok()["data"].as_array().unwrap().is_empty());

        tenant.owner.patch("/v1/notifications/preferences", json!({ "lead_created": { "email": false, "whatsapp": false, "in_app": false } })).await.ok();
        enter("Ravi Kumar", "9876543211").await.created();
        app.run_jobs().await;
        assert_eq!(tenant.owner.get("/v1/notifications").await.ok()["data"].as_array().unwrap().len(), 1);
        assert_eq!(agent.get("/v1/notifications").await.ok()["data"].as_array().unwrap().len(), 2);
        assert_eq!((reached(&app, &tenant.email()).await.len(), reached(&app, "+919876500000").await.len()), (1, 1));
        assert_eq!(reached(&app, "sales@abc.example.com").await.len(), 2, "the business's own recipients are asked apart");
    }

    async fn the_operators_hear_of_a_new_tenant(app: TestApp) {
        let operators = app.operator();
        let staff = async |name: &str, email: &str| {
            operators.post("/v1/ops/operators", json!({ "name": name, "email": email })).await.created()
        };
        staff("Meera", "meera@platform.example.com").await;
        let left = staff("Ravi", "ravi@platform.example.com").await;
        let (id, key) = (left["id"].as_str().unwrap(), left["keys"][0]["id"].as_str().unwrap());
        operators.call("DELETE", &format!("/v1/ops/operators/{id}/keys/{key}")).await.expect(204);
        let tenant = app.growth("ABC Real Estate").await;
        app.run_jobs().await;
        let notes = app.operator().get("/v1/ops/notifications").await.ok();
        let note = &notes["data"][0];
        assert_eq!((&note["title"], &note["tenant_id"]), (&json!("New Customer Alert"), &json!(tenant.id)));
        assert!(note["body"].as_str().unwrap().contains("Growth (50 leads/month)"), "{note}");
        let mails = reached(&app, "meera@platform.example.com").await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0]["subject"], note["title"]);
        let body = mails[0]["body"].as_str().unwrap();
        assert!(body.starts_with(note["body"].as_str().unwrap()), "and why it came stands below: {body}");
        assert!(reached(&app, "ravi@platform.example.com").await.is_empty(), "whoever has no key is staff no more");
        let tasks = app.operator().get("/v1/ops/tasks").await.ok();
        let due = json!(app.clock.now().plus(chrono::Duration::hours(24)));
        let tasks = tasks["data"].as_array().unwrap();
        assert_eq!((tasks.len(), tasks.iter().filter(|task| task["due_at"] == due).count()), (3, 3), "{tasks:?}");
        tenant.activate(&app).await;
        app.run_jobs().await;
        assert_eq!(app.operator().get("/v1/ops/tasks").await.ok()["data"].as_array().unwrap().len(), 3, "the same three");
        assert_eq!(app.operator().get("/v1/ops/notifications").await.ok()["data"].as_array().unwrap().len(), 2);
    }
}
