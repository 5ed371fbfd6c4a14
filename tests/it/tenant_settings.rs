//! A tenant's settings: merged at every depth, under an ETag, and checked.

use serde_json::{Value, json};

use crate::auth::events;
use crate::both_engines;

both_engines! {
    async fn settings_merge_under_an_etag(app: TestApp) {
        let tenant = app.tenant("Settings").await;
        let path = "/v1/tenants/current";
        let before = tenant.owner.get(path).await;
        let etag = before.header("etag").expect("an ETag").to_string();
        let change = json!({ "settings": { "service_areas": ["Andheri"], "branding": { "display_name": "ABC" }, "scoring_model": "default_b2b" } });
        let changed = tenant.owner.patch(path, change).header("if-match", &etag).await.ok();
        assert_eq!((&changed["settings"]["service_areas"], &changed["settings"]["scoring_model"]), (&json!(["Andheri"]), &json!("default_b2b")));
        assert_eq!(changed["settings"]["business_hours"], before.body["settings"]["business_hours"], "what is absent stays");
        tenant.owner.patch(path, json!({ "name": "Other" })).header("if-match", &etag).await.problem(412, "request.precondition_failed");
        let restored = tenant.owner.patch(path, json!({ "settings": { "scoring_model": null } })).await.ok();
        assert_eq!((&restored["settings"]["scoring_model"], &restored["settings"]["service_areas"]), (&before.body["settings"]["scoring_model"], &json!(["Andheri"])));
        tenant.owner.patch(path, json!({ "time_zone": "Mars/Olympus" })).await.invalid("/time_zone");
        tenant.owner.patch(path, json!({ "status": "active" })).await.invalid("/status");
        tenant.owner.patch(path, json!({ "settings": { "branding": { "logo_url": "no url" } } })).await.expect(422);
        assert_eq!(events(&app, &tenant, "tenant.updated").await.len(), 2, "refusals leave no trace");
    }

    async fn patches_of_the_tenant_merge_at_every_depth(app: TestApp) {
        let tenant = app.tenant("Depth").await;
        let path = "/v1/tenants/current";
        let looks = json!({ "branding": { "display_name": "ABC", "logo_url": "https://abc.example.com/logo.png" } });
        tenant.owner.patch(path, json!({ "settings": looks })).await.ok();
        let change = json!({ "settings": { "business_hours": { "sunday": { "opens": "10:00", "closes": "14:00" }, "monday": null },
            "branding": { "primary_color": "#00ff00" } } });
        let settings = tenant.owner.patch(path, change).await.ok()["settings"].clone();
        let days: Vec<&String> = settings["business_hours"].as_object().unwrap().keys().collect();
        assert_eq!(days.len(), 6, "{days:?}");
        assert_eq!((&settings["branding"]["display_name"], &settings["branding"]["primary_color"]), (&json!("ABC"), &json!("#00ff00")));
        let half = json!({ "settings": { "business_hours": { "monday": { "opens": "10:00" } } } });
        tenant.owner.patch(path, half).await.invalid("/settings/business_hours/monday/closes");
        for field in ["name", "country", "time_zone", "currency", "settings"] {
            tenant.owner.patch(path, json!({ field: null })).await.invalid(&format!("/{field}"));
        }
        let of_operators = format!("/v1/tenants/{}", tenant.id);
        app.operator().patch(&of_operators, json!({ "status": null })).await.invalid("/status");
        let notes = |value: Value| json!({ "preferences": { "board": value } });
        tenant.owner.patch("/v1/me", notes(json!({ "columns": 3, "dense": true }))).await.ok();
        let me = tenant.owner.patch("/v1/me", notes(json!({ "dense": null }))).await.ok();
        assert_eq!(me["preferences"]["board"], json!({ "columns": 3 }));
    }

    async fn links_are_http_and_names_are_one_line(app: TestApp) {
        let tenant = app.tenant("Links").await;
        for bad in ["javascript:alert(1)", "data:text/html,x", "ftp://example.com/x"] {
            let deep = json!({ "settings": { "deep_link_base_url": bad } });
            tenant.owner.patch("/v1/tenants/current", deep).await.invalid("/settings/deep_link_base_url");
            let logo = json!({ "settings": { "branding": { "logo_url": bad } } });
            tenant.owner.patch("/v1/tenants/current", logo).await.invalid("/settings/branding/logo_url");
            tenant.owner.put("/v1/tenants/current/profile", json!({ "website": bad })).await.invalid("/website");
            let mut campaign = crate::support::growth_campaign("meta", "1201", "6101", "1501");
            campaign["lead_form"]["privacy_policy_url"] = json!(bad);
            tenant.owner.post("/v1/ad-campaigns", campaign).await.invalid("/lead_form/privacy_policy_url");
        }
        let name = json!({ "settings": { "branding": { "display_name": "A\nBcc: x@example.com" } } });
        tenant.owner.patch("/v1/tenants/current", name).await.invalid("/settings/branding/display_name");
        let good = json!({ "settings": { "deep_link_base_url": "http://localhost:3000/app" } });
        tenant.owner.patch("/v1/tenants/current", good).await.ok();
    }
}
