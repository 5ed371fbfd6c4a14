//! Bookings: entered, changed, found, counted with the contact, and deleted.

use chrono::Duration;
use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::contacts::bookings::{move_all, recount};
use leadwright::contacts::id::ContactId;
use leadwright::contacts::schema::contact_spend;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

const PATH: &str = "/v1/bookings";

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}"))
}

fn path(of: &Value) -> String {
    format!("{PATH}/{}", id(of))
}

fn inr(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "INR" })
}

async fn person(owner: &Client, name: &str) -> Value {
    owner.post("/v1/contacts", json!({ "name": name })).await.created()
}

async fn book(owner: &Client, contact: &Value, more: Value) -> Value {
    let mut body = json!({ "contact_id": contact["id"], "title": "Wedding" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    owner.post(PATH, body).await.created()
}

/// What the contact says of the bookings.
async fn figures(owner: &Client, contact: &Value) -> Value {
    let contact = owner.get(&format!("/v1/contacts/{}", id(contact))).await.ok();
    let of = |name: &str| contact[name].clone();
    json!([of("lifetime_spend"), of("bookings_count"), of("last_category"), of("last_booking_at")])
}

async fn titles(owner: &Client, query: &str) -> Vec<String> {
    let page = owner.get(&format!("{PATH}?{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_string()).collect()
}

async fn spend(app: &TestApp) -> Vec<(String, i64)> {
    let read = |tx: &mut PlatformTx<'_>| {
        let rows = contact_spend::table.order((contact_spend::currency, contact_spend::amount));
        Ok(rows.select((contact_spend::currency, contact_spend::amount)).load(tx.conn())?)
    };
    app.app.core.db.read(PlatformScope::system(), read).await.expect("rows")
}

/// Counting anew finds what was kept.
async fn assert_kept(app: &TestApp, tenant: &Tenant, contact: &Value) {
    let before = (figures(&tenant.owner, contact).await, spend(app).await);
    let (of_tenant, who): (TenantId, ContactId) = (tenant.id.parse().unwrap(), id(contact).parse().unwrap());
    let write = move |tx: &mut PlatformTx<'_>| recount(&mut tx.for_tenant(of_tenant), who);
    app.app.core.db.write(PlatformScope::system(), write).await.expect("recounted");
    assert_eq!((figures(&tenant.owner, contact).await, spend(app).await), before);
}

both_engines! {
    async fn a_booking_is_entered_and_goes_its_way(app: TestApp) {
        let tenant = app.growth("Bookings").await;
        let owner = &tenant.owner;
        let priya = person(owner, "Priya").await;
        let body = json!({ "contact_id": priya["id"], "title": "Sharma wedding", "category": "Wedding", "value": inr(15_000_000), "city": "Mumbai",
            "starts_at": "2026-12-12T10:00:00Z", "external_id": "deal-1", "source": { "campaign_id": "diwali", "click_id": "c1" } });
        let made = owner.post(PATH, body).await.created();
        assert_eq!((&made["status"], &made["value"], &made["source"]), (&json!("inquiry"), &inr(15_000_000), &json!({ "utm_source": null, "campaign_id": "diwali", "click_id": "c1" })));
        for moment in ["confirmed_at", "completed_at", "cancelled_at", "refunded_at"] {
            assert_eq!(made[moment], Value::Null);
        }
        assert_eq!(owner.get(&path(&made)).await.ok(), made);
        let turn = |status: &'static str| {
            app.advance(Duration::minutes(1));
            owner.patch(&path(&made), json!({ "status": status }))
        };
        let confirmed = turn("confirmed").await.ok();
        assert!(confirmed["confirmed_at"].is_string());
        let completed = turn("completed").await.ok();
        assert_eq!((&completed["confirmed_at"], completed["completed_at"].is_string()), (&confirmed["confirmed_at"], true));
        assert_eq!(turn("completed").await.ok(), completed, "nothing changed");
        let refunded = turn("refunded").await.ok();
        assert_eq!((&refunded["completed_at"], refunded["refunded_at"].is_string()), (&completed["completed_at"], true));
        let again = turn("confirmed").await.ok();
        assert_eq!((&again["confirmed_at"], &again["completed_at"], &again["refunded_at"]), (&confirmed["confirmed_at"], &Value::Null, &Value::Null));
        // When it was carried out may be said.
        let then = json!({ "status": "completed", "completed_at": "2026-01-15T00:00:00Z", "value": null, "source": null, "city": "Pune" });
        let done = owner.patch(&path(&made), then).await.ok();
        assert_eq!((&done["completed_at"], &done["value"], &done["source"]), (&json!("2026-01-15T00:00:00Z"), &Value::Null, &json!({ "utm_source": null, "campaign_id": null, "click_id": null })));
        owner.patch(&path(&made), json!({ "title": "x" })).header("If-Match", "\"1\"").await.problem(412, "request.precondition_failed");
        // Told: entered, each turn, and what else changed; on the contact's timeline as well.
        let told = owner.get(&format!("/v1/contacts/{}/timeline", id(&priya))).await.ok();
        let told: Vec<(&str, &Value)> = told["data"].as_array().unwrap().iter().rev().map(|one| (one["type"].as_str().unwrap(), &one["data"])).collect();
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| *kind).collect();
        let turned = "booking.status_changed";
        assert_eq!(kinds, ["contact.created", "booking.created", turned, turned, turned, turned, turned, "booking.updated"]);
        assert_eq!(told[3].1, &json!({ "contact_id": priya["id"], "from": "confirmed", "to": "completed", "category": "Wedding", "value": inr(15_000_000) }));
        assert_eq!(told[7].1["changed"], json!(["city", "completed_at", "value", "source"]));
        // Deleted, it is gone, and whoever keeps a copy is told.
        owner.delete(&path(&made)).await.expect(204);
        owner.get(&path(&made)).await.problem(404, "booking.not_found");
        owner.delete(&path(&made)).await.problem(404, "booking.not_found");
        app.advance(Duration::seconds(1));
        let gone = owner.get("/v1/tombstones").await.ok();
        assert!(gone["data"].as_array().unwrap().iter().any(|one| one["noun"] == "booking" && one["id"] == made["id"]), "{gone}");
        assert_eq!(owner.get("/v1/events?type=booking.deleted").await.ok()["data"][0]["data"], json!({ "contact_id": priya["id"] }));
    }

    async fn what_cannot_be_booked_is_refused(app: TestApp) {
        let tenant = app.growth("Refused").await;
        let owner = &tenant.owner;
        let priya = person(owner, "Priya").await;
        let other = app.growth("Other").await;
        let theirs = person(&other.owner, "Ravi").await;
        let told = owner.post(PATH, json!({ "contact_id": theirs["id"], "completed_at": "2026-01-01T00:00:00Z" })).await.problem(422, "request.invalid");
        let pointers: Vec<&str> = told["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        assert_eq!(pointers, ["/title", "/contact_id", "/completed_at"], "all at once");
        let good = json!({ "contact_id": priya["id"], "title": "Wedding" });
        for (field, value) in [("title", json!("")), ("status", json!("won")), ("value", json!({ "amount": -1, "currency": "INR" })),
            ("value", json!({ "amount": 1, "currency": "XXQ" })), ("starts_at", json!("soon")), ("external_id", json!("")), ("source", json!({ "utm": "x" })),
            ("contact_id", json!("019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11")), ("lifetime", json!(1))] {
            let mut body = good.clone();
            body[field] = value;
            let told = owner.post(PATH, body).await.problem(422, "request.invalid");
            assert!(told["errors"][0]["pointer"].as_str().unwrap().starts_with(&format!("/{field}")), "{told}");
        }
        assert_eq!(titles(owner, "limit=1").await, [""; 0], "nothing was written");
        let known = book(owner, &priya, json!({ "external_id": "deal-1" })).await;
        let mut twice = good.clone();
        twice["external_id"] = json!("deal-1");
        let refused = owner.post(PATH, twice).await.problem(409, "booking.external_id_taken");
        assert!(refused["detail"].as_str().unwrap().contains(id(&known)), "{refused}");
        let second = book(owner, &priya, json!({ "external_id": "deal-2" })).await;
        owner.patch(&path(&second), json!({ "external_id": "deal-1" })).await.problem(409, "booking.external_id_taken");
        owner.patch(&path(&second), json!({ "contact_id": theirs["id"] })).await.invalid("/contact_id");
        owner.patch(&path(&second), json!({ "completed_at": "2026-01-01T00:00:00Z" })).await.invalid("/completed_at");
        owner.patch(&path(&second), json!({ "title": null })).await.invalid("/title");
        // Another tenant has its own, under the same names.
        book(&other.owner, &theirs, json!({ "external_id": "deal-1" })).await;
        other.owner.get(&path(&known)).await.problem(404, "booking.not_found");
        other.owner.patch(&path(&known), json!({ "title": "x" })).await.problem(404, "booking.not_found");
        other.owner.delete(&path(&known)).await.problem(404, "booking.not_found");
        let viewer = tenant.user("viewer").await;
        viewer.get(&path(&known)).await.ok();
        viewer.post(PATH, good).await.problem(403, "auth.forbidden");
        // More than can be counted.
        let most = json!({ "status": "completed", "value": inr(9_000_000_000_000_000) });
        book(owner, &priya, most.clone()).await;
        let one_more = json!({ "contact_id": priya["id"], "title": "x", "status": "completed", "value": inr(1) });
        owner.post(PATH, one_more).await.invalid("/value");
        assert_kept(&app, &tenant, &priya).await;
    }

    async fn the_contact_says_what_follows(app: TestApp) {
        let tenant = app.growth("Figures").await;
        let owner = &tenant.owner;
        let (priya, ravi) = (person(owner, "Priya").await, person(owner, "Ravi").await);
        assert_eq!(figures(owner, &priya).await, json!([[], 0, null, null]));
        let wedding = json!({ "category": "Wedding", "status": "completed", "value": inr(10_000_000), "completed_at": "2025-02-01T00:00:00Z" });
        let wedding = book(owner, &priya, wedding).await;
        let before = owner.get(&format!("/v1/contacts/{}", id(&priya))).await.ok();
        assert_eq!(figures(owner, &priya).await, json!([[inr(10_000_000)], 1, "Wedding", "2025-02-01T00:00:00Z"]));
        let maternity = json!({ "category": "Maternity", "status": "confirmed", "value": { "amount": 90_000, "currency": "USD" }, "starts_at": "2026-06-01T00:00:00Z" });
        let maternity = book(owner, &priya, maternity).await;
        assert_eq!(figures(owner, &priya).await, json!([[inr(10_000_000)], 2, "Maternity", "2026-06-01T00:00:00Z"]), "not paid for yet");
        owner.patch(&path(&maternity), json!({ "status": "completed", "completed_at": "2026-06-02T00:00:00Z" })).await.ok();
        let both = json!([inr(10_000_000), { "amount": 90_000, "currency": "USD" }]);
        assert_eq!(figures(owner, &priya).await, json!([both, 2, "Maternity", "2026-06-02T00:00:00Z"]));
        assert_kept(&app, &tenant, &priya).await;
        assert_eq!(spend(&app).await, [("INR".to_string(), 10_000_000), ("USD".into(), 90_000)]);
        let after = owner.get(&format!("/v1/contacts/{}", id(&priya))).await.ok();
        assert!(after["updated_at"].as_str() >= before["updated_at"].as_str());
        let listed = owner.get("/v1/contacts").await.ok();
        assert!(listed["data"].as_array().unwrap().contains(&after), "the same in a list");
        // Another value, another currency, paid back, called off, another's, gone.
        owner.patch(&path(&wedding), json!({ "value": inr(12_000_000) })).await.ok();
        owner.patch(&path(&maternity), json!({ "status": "refunded" })).await.ok();
        assert_eq!(figures(owner, &priya).await, json!([[inr(12_000_000)], 1, "Wedding", "2025-02-01T00:00:00Z"]));
        assert_kept(&app, &tenant, &priya).await;
        owner.patch(&path(&wedding), json!({ "value": { "amount": 5, "currency": "EUR" }, "category": null })).await.ok();
        assert_eq!(figures(owner, &priya).await, json!([[{ "amount": 5, "currency": "EUR" }], 1, null, "2025-02-01T00:00:00Z"]));
        owner.patch(&path(&wedding), json!({ "contact_id": ravi["id"] })).await.ok();
        assert_eq!(figures(owner, &priya).await, json!([[], 0, null, null]));
        assert_eq!(figures(owner, &ravi).await, json!([[{ "amount": 5, "currency": "EUR" }], 1, null, "2025-02-01T00:00:00Z"]));
        assert_kept(&app, &tenant, &priya).await;
        assert_kept(&app, &tenant, &ravi).await;
        owner.delete(&path(&wedding)).await.expect(204);
        assert_eq!((figures(owner, &ravi).await, spend(&app).await), (json!([[], 0, null, null]), vec![]));
        // Who has bookings stays.
        owner.delete(&format!("/v1/contacts/{}", id(&priya))).await.problem(409, "contact.has_bookings");
        owner.delete(&path(&maternity)).await.expect(204);
        owner.delete(&format!("/v1/contacts/{}", id(&priya))).await.expect(204);
        // Of two who turn out to be one, one has all.
        let (one, other) = (person(owner, "Meera").await, person(owner, "Meera R").await);
        book(owner, &one, json!({ "status": "completed", "value": inr(3), "completed_at": "2025-01-01T00:00:00Z" })).await;
        book(owner, &other, json!({ "status": "completed", "value": inr(4), "completed_at": "2024-01-01T00:00:00Z", "category": "Print" })).await;
        let (of_tenant, from, to): (TenantId, ContactId, ContactId) =
            (tenant.id.parse().unwrap(), id(&one).parse().unwrap(), id(&other).parse().unwrap());
        let write = move |tx: &mut PlatformTx<'_>| move_all(&mut tx.for_tenant(of_tenant), from, to);
        app.app.core.db.write(PlatformScope::system(), write).await.expect("moved");
        assert_eq!(figures(owner, &one).await, json!([[], 0, null, null]));
        assert_eq!(figures(owner, &other).await, json!([[inr(7)], 2, null, "2025-01-01T00:00:00Z"]));
        assert_kept(&app, &tenant, &other).await;
        // What somebody does with the contact leaves the figures alone.
        let cake = json!({ "category": "Cake", "status": "completed", "value": inr(7), "completed_at": "2025-02-01T00:00:00Z" });
        book(owner, &ravi, cake).await;
        let known = figures(owner, &ravi).await;
        owner.patch(&format!("/v1/contacts/{}", id(&ravi)), json!({ "title": "Founder", "email": "ravi@example.com" })).await.ok();
        tenant.lead("Ravi", "ravi@example.com", "+919811122233").await;
        assert_eq!(figures(owner, &ravi).await, known);
    }

    async fn many_are_written_at_once_by_their_ids_elsewhere(app: TestApp) {
        let tenant = app.growth("Batches").await;
        let owner = &tenant.owner;
        let (priya, ravi) = (person(owner, "Priya").await, person(owner, "Ravi").await);
        let one = |external_id: &str, contact: &Value, amount: i64| {
            json!({ "external_id": external_id, "contact_id": contact["id"], "title": external_id, "category": "Print", "status": "completed",
                "completed_at": "2026-01-01T00:00:00Z", "value": inr(amount) })
        };
        let nobody = json!({ "external_id": "d9", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "title": "x" });
        let batch = json!({ "bookings": [one("d1", &priya, 100), one("d2", &ravi, 50), nobody, one("d1", &priya, 100), one("d2", &priya, 70), { "title": 5 },
            { "contact_id": ravi["id"], "title": "Without" }] });
        let answer = owner.put("/v1/bookings/batch", batch.clone()).await.ok();
        let outcomes: Vec<&str> = answer["results"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
        assert_eq!(outcomes, ["created", "created", "failed", "unchanged", "updated", "failed", "created"]);
        assert_eq!((&answer["created"], &answer["updated"], &answer["unchanged"], &answer["failed"]), (&json!(3), &json!(1), &json!(1), &json!(2)));
        let pointer = |at: usize| answer["results"][at]["error"]["errors"][0]["pointer"].clone();
        assert_eq!((pointer(2), pointer(5)), (json!("/contact_id"), json!("/title")));
        assert_eq!(figures(owner, &priya).await, json!([[inr(170)], 2, "Print", "2026-01-01T00:00:00Z"]));
        assert_eq!(figures(owner, &ravi).await.as_array().unwrap()[..2], [json!([]), json!(1)]);
        assert_kept(&app, &tenant, &priya).await;
        assert_kept(&app, &tenant, &ravi).await;
        let again = json!({ "bookings": [one("d1", &priya, 100)] });
        assert_eq!(owner.put("/v1/bookings/batch", again).await.ok()["unchanged"], json!(1));
        owner.put("/v1/bookings/batch", json!({ "bookings": [] })).await.invalid("/bookings");
        // Of another tenant nothing is found.
        let other = app.growth("Other").await;
        let theirs = other.owner.put("/v1/bookings/batch", json!({ "bookings": [one("d1", &priya, 1)] })).await.ok();
        assert_eq!(theirs["results"][0]["error"]["errors"][0]["pointer"], json!("/contact_id"));
    }

    async fn bookings_are_found(app: TestApp) {
        let tenant = app.growth("Found").await;
        let owner = &tenant.owner;
        let (priya, ravi) = (person(owner, "Priya").await, person(owner, "Ravi").await);
        for (contact, title, more) in [
            (&priya, "a", json!({ "category": "Wedding", "city": "Mumbai", "value": inr(100), "starts_at": "2026-01-01T00:00:00Z", "external_id": "x1" })),
            (&priya, "b", json!({ "category": "wedding", "city": "Pune", "value": inr(200), "status": "completed", "completed_at": "2026-03-01T00:00:00Z" })),
            (&ravi, "c", json!({ "category": "Maternité", "value": { "amount": 300, "currency": "USD" }, "status": "cancelled" })),
        ] {
            let mut more = more;
            more["title"] = json!(title);
            book(owner, contact, more).await;
        }
        for (query, wanted) in [
            (format!("contact_id={}", id(&priya)), vec!["b", "a"]),
            ("status=cancelled".into(), vec!["c"]),
            ("category=WEDDING".into(), vec!["b", "a"]),
            ("category=maternite".into(), vec!["c"]),
            ("city=mumbai".into(), vec!["a"]),
            ("external_id=x1".into(), vec!["a"]),
            ("value_from=200".into(), vec!["c", "b"]),
            ("value_from=200&currency=INR".into(), vec!["b"]),
            ("value_below=200".into(), vec!["a"]),
            ("starts_after=2026-01-01T00:00:00Z&starts_before=2026-01-02T00:00:00Z".into(), vec!["a"]),
            ("completed_after=2026-02-01T00:00:00Z".into(), vec!["b"]),
            ("completed_before=2026-02-01T00:00:00Z".into(), vec![]),
            ("category=wedding&city=pune&status=completed".into(), vec!["b"]),
        ] {
            assert_eq!(titles(owner, &query).await, wanted, "{query}");
        }
        let first = owner.get("/v1/bookings?limit=2").await.ok();
        let next = format!("limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(titles(owner, &next).await, ["a"], "page by page");
        owner.get("/v1/bookings?status=won").await.invalid("status");
        owner.get("/v1/bookings?price=1").await.invalid("price");
    }
}
