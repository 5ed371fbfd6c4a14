//! What a user says of themselves.

use serde_json::{Value, json};

use crate::auth::events;
use crate::both_engines;

both_engines! {
    async fn a_user_says_how_they_want_to_be_met_and_reached(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let fields = |user: &Value| ["language", "time_zone", "phone", "avatar_url"].map(|name| user[name].clone());
        let user = tenant.owner.get("/v1/me").await.ok()["user"].clone();
        assert_eq!(fields(&user), [Value::Null, Value::Null, Value::Null, Value::Null]);
        let change = json!({ "language": "PT-br", "time_zone": "Asia/Dubai", "phone": "098765 43210", "avatar_url": "https://acme.example/me.jpg" });
        let changed = tenant.owner.patch("/v1/me", change.clone()).await.ok()["user"].clone();
        assert_eq!(fields(&changed), [json!("pt-BR"), json!("Asia/Dubai"), json!("+919876543210"), json!("https://acme.example/me.jpg")]);
        tenant.owner.patch("/v1/me", change).await.ok();
        let told = events(&app, &tenant, "user.updated").await;
        assert_eq!(told.len(), 1, "the second change changed nothing");
        assert_eq!(told[0]["data"]["fields"], json!(["language", "time_zone", "phone", "avatar_url"]));
        let cleared = tenant.owner.patch("/v1/me", json!({ "phone": null, "language": null })).await.ok()["user"].clone();
        assert_eq!(fields(&cleared), [Value::Null, json!("Asia/Dubai"), Value::Null, json!("https://acme.example/me.jpg")]);

        let wrong = json!({ "language": "Portuguese", "time_zone": "Dubai" });
        let refused = tenant.owner.patch("/v1/me", wrong).await;
        assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(2), "{}", refused.text);
        for (field, value) in [("phone", "call me"), ("avatar_url", "http://acme.example/me.jpg"), ("avatar_url", "https://x y"), ("avatar_url", "javascript:alert(1)")] {
            tenant.owner.patch("/v1/me", json!({ field: value })).await.invalid(&format!("/{field}"));
        }
    }
}
