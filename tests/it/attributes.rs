//! Custom attributes: defined, given to people, refused, archived and deleted.

use diesel::prelude::*;
use leadwright::contacts::schema::contact_attributes;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, TestApp};

const PATH: &str = "/v1/custom-attributes";

fn path(of: &Value) -> String {
    format!("{PATH}/{}", of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")))
}

fn person(of: &Value) -> String {
    format!("/v1/contacts/{}", of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")))
}

async fn define(owner: &Client, key: &str, kind: &str) -> Value {
    let options = kind.contains("select").then(|| json!(["Gold", "Silver", "Bronze"]));
    let mut body = json!({ "key": key, "label": key, "type": kind });
    if let Some(options) = options {
        body["options"] = options;
    }
    owner.post(PATH, body).await.created()
}

/// Every row by which somebody is sought: word and number.
async fn entries(app: &TestApp) -> Vec<(String, i64)> {
    let read = |tx: &mut PlatformTx<'_>| {
        let rows = contact_attributes::table.order((contact_attributes::word, contact_attributes::number));
        Ok(rows.select((contact_attributes::word, contact_attributes::number)).load(tx.conn())?)
    };
    app.app.core.db.read(PlatformScope::system(), read).await.expect("rows")
}

both_engines! {
    async fn a_tenant_defines_what_it_keeps_of_people(app: TestApp) {
        let tenant = app.growth("Defined").await;
        let owner = &tenant.owner;
        let body = json!({ "key": "package", "label": "Package", "type": "select", "options": ["Gold", "Silver"], "description": "As agreed." });
        let package = owner.post(PATH, body).await.created();
        assert_eq!((&package["type"], &package["archived"], &package["options"]), (&json!("select"), &json!(false), &json!(["Gold", "Silver"])));
        assert_eq!(owner.get(&path(&package)).await.ok(), package);
        let changed = owner.patch(&path(&package), json!({ "label": "Plan", "options": ["Gold", "Bronze"], "description": null })).await.ok();
        assert_eq!((&changed["label"], &changed["options"], &changed["description"]), (&json!("Plan"), &json!(["Gold", "Bronze"]), &Value::Null));
        assert_eq!(owner.patch(&path(&package), json!({ "label": "Plan" })).await.ok(), changed, "nothing changed");
        owner.patch(&path(&package), json!({ "label": "x" })).header("If-Match", "\"1\"").await.problem(412, "request.precondition_failed");
        define(owner, "venue", "text").await;
        let keys = |page: Value| -> Vec<String> {
            page["data"].as_array().unwrap().iter().filter_map(|one| one["key"].as_str().map(Into::into)).collect()
        };
        assert_eq!(keys(owner.get(PATH).await.ok()), ["venue", "package"], "newest first");
        owner.patch(&path(&package), json!({ "archived": true })).await.ok();
        assert_eq!(keys(owner.get(&format!("{PATH}?archived=true")).await.ok()), ["package"]);
        assert_eq!(keys(owner.get(&format!("{PATH}?type=text&archived=false")).await.ok()), ["venue"]);
        let story = owner.get("/v1/events?types=custom_attribute.created,custom_attribute.updated").await.ok();
        assert_eq!(story["data"].as_array().unwrap().len(), 4, "{story}");
        // Another tenant's is not there, and its keys are its own.
        let other = app.growth("Other").await;
        other.owner.get(&path(&package)).await.problem(404, "custom_attribute.not_found");
        other.owner.patch(&path(&package), json!({ "label": "x" })).await.problem(404, "custom_attribute.not_found");
        other.owner.delete(&path(&package)).await.problem(404, "custom_attribute.not_found");
        define(&other.owner, "venue", "number").await;
        // Agents use what is defined.
        let agent = tenant.user("agent").await;
        agent.get(PATH).await.ok();
        agent.post(PATH, json!({ "key": "x", "label": "X", "type": "text" })).await.problem(403, "auth.forbidden");
    }

    async fn what_cannot_be_defined_is_refused(app: TestApp) {
        let tenant = app.growth("Refused").await;
        let owner = &tenant.owner;
        let good = json!({ "key": "package", "label": "Package", "type": "select", "options": ["Gold"] });
        let with = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            body
        };
        for (field, value, pointer) in [
            ("key", json!("Wedding Venue"), "/key"),
            ("label", json!(""), "/label"),
            ("type", json!("colour"), "/type"),
            ("options", json!([]), "/options"),
            ("options", Value::Null, "/options"),
            ("options", json!(["Gold", "GOLD"]), "/options/1"),
            ("options", json!([""]), "/options/0"),
            ("options", json!((0..201).map(|n| n.to_string()).collect::<Vec<_>>()), "/options"),
            ("type", json!("text"), "/options"),
            ("colour", json!("red"), "/colour"),
        ] {
            owner.post(PATH, with(field, value)).await.invalid(pointer);
        }
        let package = owner.post(PATH, good.clone()).await.created();
        owner.post(PATH, good).await.problem(409, "custom_attribute.key_taken");
        // Key and type stay.
        for (field, value) in [("key", json!("other")), ("type", json!("text")), ("options", json!([])), ("label", Value::Null)] {
            owner.patch(&path(&package), json!({ field: value })).await.invalid(&format!("/{field}"));
        }
        let venue = define(owner, "venue", "text").await;
        owner.patch(&path(&venue), json!({ "options": ["a"] })).await.invalid("/options");
        for n in 2..100 {
            owner.post(PATH, json!({ "key": format!("a{n}"), "label": "A", "type": "text" })).await.created();
        }
        owner.post(PATH, json!({ "key": "one_more", "label": "A", "type": "text" })).await.problem(409, "custom_attribute.too_many");
    }

    async fn people_have_values(app: TestApp) {
        let tenant = app.growth("Values").await;
        let owner = &tenant.owner;
        for kind in ["text", "number", "boolean", "date", "date_time", "money", "select", "multi_select", "url"] {
            define(owner, &format!("a_{kind}"), kind).await;
        }
        let values = json!({ "a_text": " The Taj ", "a_number": 4.50, "a_boolean": true, "a_date": "2026-02-28", "a_date_time": "2026-11-20T10:30:00+05:30",
            "a_money": { "amount": 150_000, "currency": "inr" }, "a_select": "gold", "a_multi_select": ["silver", "Gold", "GOLD"], "a_url": "https://example.com/Me" });
        let priya = owner.post("/v1/contacts", json!({ "name": "Priya", "custom_attributes": values })).await.created();
        let kept = json!({ "a_text": "The Taj", "a_number": 4.5, "a_boolean": true, "a_date": "2026-02-28", "a_date_time": "2026-11-20T05:00:00Z",
            "a_money": { "amount": 150_000, "currency": "INR" }, "a_select": "Gold", "a_multi_select": ["Silver", "Gold"], "a_url": "https://example.com/Me" });
        assert_eq!(priya["custom_attributes"], kept);
        let path = person(&priya);
        assert_eq!(owner.get(&path).await.ok(), priya);
        assert_eq!(owner.get("/v1/contacts").await.ok()["data"][0]["custom_attributes"], kept);
        // Sought by rows of their own.
        let sought = entries(&app).await;
        let wanted = [("", 1), ("", 20_512), ("", 4_500_000), ("", 1_795_150_800_000_000), ("gold", 0), ("gold", 0), ("https://example.com/me", 0),
            ("inr", 150_000), ("silver", 0), ("the taj", 0)];
        assert_eq!(sought, wanted.map(|(word, number)| (word.to_string(), number)));
        // Absent keeps, null clears, the same is nothing new.
        assert_eq!(owner.patch(&path, json!({ "custom_attributes": kept })).await.ok(), priya, "nothing changed");
        let changed = owner.patch(&path, json!({ "custom_attributes": { "a_text": null, "a_number": -3, "a_multi_select": ["Bronze"] } })).await.ok();
        let now = &changed["custom_attributes"];
        assert_eq!((&now["a_text"], &now["a_number"], &now["a_select"], &now["a_multi_select"]), (&Value::Null, &json!(-3), &json!("Gold"), &json!(["Bronze"])));
        assert!(now.get("a_text").is_none(), "{now}");
        let words: Vec<String> = entries(&app).await.into_iter().map(|(word, _)| word).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, ["bronze", "gold", "https://example.com/me", "inr"]);
        let told = owner.get("/v1/events?type=contact.updated").await.ok()["data"][0]["data"].clone();
        assert_eq!(told, json!({ "changed": ["custom_attributes"], "custom_attributes": ["a_multi_select", "a_number", "a_text"] }), "names alone");
        let bare = owner.patch(&path, json!({ "custom_attributes": null })).await.ok();
        assert_eq!(bare["custom_attributes"], json!({}));
        assert_eq!(entries(&app).await, []);
    }

    async fn every_wrong_value_is_told_where_it_stands(app: TestApp) {
        let tenant = app.growth("Wrong").await;
        let owner = &tenant.owner;
        for kind in ["text", "number", "boolean", "date", "date_time", "money", "select", "multi_select", "url"] {
            define(owner, &format!("a_{kind}"), kind).await;
        }
        let wrong = json!({ "a_text": "x".repeat(501), "a_number": "4", "a_boolean": "yes", "a_date": "30/11/2026", "a_date_time": "tomorrow",
            "a_money": { "amount": 1.5, "currency": "INR" }, "a_select": "Platinum", "a_multi_select": "Gold", "a_url": "javascript:alert(1)", "shoe/size": 4 });
        let body = json!({ "name": "Priya", "phone": "123", "custom_attributes": wrong });
        let told = owner.post("/v1/contacts", body.clone()).await;
        let errors: Vec<(String, String)> = told.problem(422, "request.invalid")["errors"].as_array().unwrap().iter()
            .map(|one| (one["pointer"].as_str().unwrap().into(), one["detail"].as_str().unwrap().into())).collect();
        let detail = |pointer: &str| errors.iter().find(|(at, _)| at == pointer).unwrap_or_else(|| panic!("{pointer} in {errors:?}")).1.clone();
        assert_eq!(errors.len(), 11, "{errors:?}");
        assert!(detail("/custom_attributes/a_select").contains("Gold, Silver, Bronze"));
        assert!(detail("/custom_attributes/a_date").contains("2026-11-20"));
        assert!(detail("/custom_attributes/shoe~1size").contains("/v1/custom-attributes"));
        detail("/phone");
        assert_eq!(owner.get("/v1/contacts").await.ok()["data"], json!([]), "nothing was written");
        owner.post("/v1/contacts", json!({ "name": "P", "custom_attributes": [] })).await.invalid("/custom_attributes");
        // In a batch each says what is wrong with it, and the others are written.
        let good = json!({ "name": "Asha", "email": "asha@example.com", "custom_attributes": { "a_number": 1 } });
        let again = json!({ "email": "asha@example.com", "custom_attributes": { "a_number": 2, "a_text": "x" } });
        let bad = json!({ "name": "Ravi", "custom_attributes": { "a_number": [] } });
        let answer = owner.put("/v1/contacts/batch", json!({ "contacts": [good, bad, again] })).await.ok();
        let outcomes: Vec<&str> = answer["results"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
        assert_eq!(outcomes, ["created", "failed", "updated"]);
        assert_eq!(answer["results"][1]["error"]["errors"][0]["pointer"], json!("/custom_attributes/a_number"));
        assert_eq!(entries(&app).await, [(String::new(), 2_000_000), ("x".into(), 0)]);
    }

    async fn archived_values_stay_and_deleted_ones_go(app: TestApp) {
        let tenant = app.growth("Leaving").await;
        let owner = &tenant.owner;
        let package = define(owner, "package", "select").await;
        define(owner, "venue", "text").await;
        let values = json!({ "package": "Silver", "venue": "The Taj" });
        let priya = person(&owner.post("/v1/contacts", json!({ "name": "Priya", "custom_attributes": values })).await.created());
        // An option that is taken away stays with whoever has it.
        owner.patch(&path(&package), json!({ "options": ["Gold"] })).await.ok();
        assert_eq!(owner.get(&priya).await.ok()["custom_attributes"], values);
        owner.patch(&priya, json!({ "custom_attributes": values })).await.ok();
        owner.post("/v1/contacts", json!({ "name": "Ravi", "custom_attributes": { "package": "Silver" } })).await.invalid("/custom_attributes/package");
        // Archived: it is shown, and takes nothing new.
        owner.patch(&path(&package), json!({ "archived": true })).await.ok();
        assert_eq!(owner.get(&priya).await.ok()["custom_attributes"], values);
        owner.patch(&priya, json!({ "custom_attributes": values })).await.ok();
        owner.patch(&priya, json!({ "custom_attributes": { "package": "Gold" } })).await.invalid("/custom_attributes/package");
        owner.patch(&path(&package), json!({ "archived": false })).await.ok();
        let golden = owner.patch(&priya, json!({ "custom_attributes": { "package": "Gold" } })).await.ok();
        // Deleted: it is gone at once, and its values follow.
        for n in 0..60 {
            owner.post("/v1/contacts", json!({ "name": format!("Guest {n}"), "custom_attributes": { "package": "Gold" } })).await.created();
        }
        owner.delete(&path(&package)).await.expect(204);
        owner.get(&path(&package)).await.problem(404, "custom_attribute.not_found");
        owner.delete(&path(&package)).await.problem(404, "custom_attribute.not_found");
        assert_eq!(owner.get(PATH).await.ok()["data"].as_array().unwrap().len(), 1);
        owner.patch(&priya, json!({ "custom_attributes": { "package": "Gold" , "venue": "x" } })).await.ok();
        owner.post("/v1/contacts", json!({ "name": "N", "custom_attributes": { "package": "Gold" } })).await.invalid("/custom_attributes/package");
        let anew = json!({ "key": "package", "label": "P", "type": "number" });
        owner.post(PATH, anew.clone()).await.problem(409, "custom_attribute.key_taken");
        app.run_jobs().await;
        let bare = owner.get(&priya).await.ok();
        assert_eq!(bare["custom_attributes"], json!({ "venue": "x" }));
        assert!(bare["updated_at"].as_str() >= golden["updated_at"].as_str(), "whoever keeps a copy is told");
        assert_eq!(entries(&app).await, [("x".to_string(), 0)]);
        owner.post(PATH, anew).await.created();
        app.advance(chrono::Duration::seconds(1));
        let gone = owner.get("/v1/tombstones").await.ok();
        assert!(gone["data"].as_array().unwrap().iter().any(|one| one["noun"] == "custom_attribute" && one["id"] == package["id"]), "{gone}");
        // Who is deleted leaves nothing.
        owner.delete(&priya).await.expect(204);
        assert_eq!(entries(&app).await, []);
    }
}
