//! Templates of a tenant's own: written, refused where they could not be sent, and shown as somebody would get them.

use serde_json::{Value, json};

use crate::both_engines;

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_string()
}

fn mail(name: &str) -> Value {
    json!({ "name": name, "channel": "email", "message_class": "marketing", "language": "en",
        "subject": "A gift for {{ first_name | default(\"you\") }}",
        "html": "<p>Hi {{ Name | default(\"there\") }} from {{ company }},</p><p>see <a href=\"https://abc.example/o\">our offer</a>.</p>",
        "preheader": "Until Diwali" })
}

fn sms(name: &str, body: &str) -> Value {
    json!({ "name": name, "channel": "sms", "message_class": "service", "body": body })
}

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("entries").iter().filter_map(|one| one["name"].as_str()).collect()
}

both_engines! {
    async fn a_template_is_written_changed_and_archived(app: TestApp) {
        let tenant = app.growth("Words").await;
        let owner = &tenant.owner;
        let answer = owner.post("/v1/templates", mail("Festive offer")).await;
        let read = answer.header("etag").expect("a version").to_string();
        let made = answer.created();
        assert_eq!((&made["status"], &made["body"], &made["channel"]), (&json!("draft"), &Value::Null, &json!("email")));
        assert_eq!(made["variables"], json!(["company", "first_name", "name"]));
        let path = format!("/v1/templates/{}", id(&made));
        assert_eq!(owner.get(&path).await.ok(), made);
        let change = json!({ "status": "active", "subject": "Hello {{ CITY | default('you') }}", "preheader": null });
        let changed = owner.patch(&path, change).header("If-Match", &read).await.ok();
        assert_eq!((&changed["status"], &changed["preheader"]), (&json!("active"), &Value::Null));
        assert_eq!(changed["variables"], json!(["city", "company", "name"]));
        owner.patch(&path, json!({ "name": "x" })).header("If-Match", &read).await.problem(412, "request.precondition_failed");
        assert_eq!(owner.patch(&path, json!({ "status": "active" })).await.ok(), changed, "nothing changed");
        // A name is one template's, in whatever case, until it is archived.
        owner.post("/v1/templates", sms("FESTIVE offer", "Hi")).await.problem(409, "template.name_taken");
        let other = owner.post("/v1/templates", sms("Other", "Hi")).await.created();
        let theirs = format!("/v1/templates/{}", id(&other));
        owner.patch(&theirs, json!({ "name": "festive offer" })).await.problem(409, "template.name_taken");
        assert_eq!(owner.patch(&path, json!({ "status": "archived" })).await.ok()["status"], "archived");
        owner.patch(&path, json!({ "subject": "x" })).await.problem(409, "template.archived");
        owner.patch(&theirs, json!({ "name": "festive offer" })).await.ok();
        owner.patch(&path, json!({ "status": "draft" })).await.problem(409, "template.name_taken");
        owner.patch(&path, json!({ "status": "draft", "name": "Festive offer 2" })).await.ok();
        // Another tenant has names of its own, and sees none of these.
        let stranger = app.growth("Stranger").await;
        stranger.owner.post("/v1/templates", sms("Festive offer", "Hi")).await.created();
        stranger.owner.get(&path).await.problem(404, "template.not_found");
        stranger.owner.patch(&path, json!({ "name": "x" })).await.problem(404, "template.not_found");
        stranger.owner.delete(&path).await.problem(404, "template.not_found");
        stranger.owner.post(&format!("{path}/preview"), json!({})).await.problem(404, "template.not_found");
        owner.delete(&theirs).await.expect(204);
        owner.get(&theirs).await.problem(404, "template.not_found");
        // A page ends before what is still of this moment.
        app.advance(chrono::Duration::seconds(1));
        let gone = owner.get("/v1/tombstones").await.ok();
        assert_eq!((&gone["data"][0]["noun"], &gone["data"][0]["id"]), (&json!("template"), &other["id"]));
        let told = owner.get("/v1/events?types=template.created,template.updated,template.archived,template.deleted&limit=50").await.ok();
        let mut told: Vec<&str> = told["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        told.reverse();
        let (made, changed) = ("template.created", "template.updated");
        assert_eq!(told, [made, changed, made, "template.archived", changed, changed, "template.deleted"]);
    }

    async fn templates_are_listed_by_what_they_are(app: TestApp) {
        let tenant = app.growth("Lists").await;
        let owner = &tenant.owner;
        owner.post("/v1/templates", mail("Diwali offer")).await.created();
        let mut active = sms("Appointment tomorrow", "Hi {{ name }}");
        active["status"] = json!("active");
        owner.post("/v1/templates", active).await.created();
        for (query, found) in [
            ("", vec!["Appointment tomorrow", "Diwali offer"]),
            ("channel=email", vec!["Diwali offer"]),
            ("status=active", vec!["Appointment tomorrow"]),
            ("status=archived", vec![]),
            ("message_class=marketing", vec!["Diwali offer"]),
            ("q=OFFER", vec!["Diwali offer"]),
            ("sort=updated_at", vec![]),
        ] {
            let page = owner.get(&format!("/v1/templates?{query}")).await.ok();
            assert_eq!(names(&page), found, "{query}");
        }
        let viewer = tenant.user("viewer").await;
        assert_eq!(names(&viewer.get("/v1/templates").await.ok()).len(), 2);
        viewer.post("/v1/templates", sms("Mine", "Hi")).await.problem(403, "auth.forbidden");
        let variables = viewer.get("/v1/templates/variables").await.ok();
        let first = variables["data"].as_array().unwrap().iter().find(|one| one["name"] == "first_name").expect("a first name");
        assert_eq!((&first["source"], &first["example"]), (&json!("contact"), &json!("Priya")));
    }

    async fn what_could_not_be_sent_is_refused_when_it_is_saved(app: TestApp) {
        let owner = app.growth("Wrong").await.owner;
        // All that is wrong is told at once, each where it stands.
        let wrong = json!({ "name": "Wrong", "channel": "email", "message_class": "marketing", "subject": "Hi {{ frist_name }}",
            "body": "{{ name | nope }}", "html": "<script>1</script>{{ custom.nope }}", "preheader": "{{ name" });
        let told = owner.post("/v1/templates", wrong).await;
        let problem = told.problem(422, "request.invalid");
        let errors = problem["errors"].as_array().unwrap();
        let has = |pointer: &str, code: &str, words: &str| errors.iter().any(|one| one["pointer"] == pointer && one["code"] == code
            && one["detail"].as_str().unwrap().contains(words));
        assert!(has("/subject", "unknown_variable", "the nearest is first_name"), "{problem}");
        assert!(has("/body", "template_syntax", "nope") && has("/preheader", "template_syntax", ""), "{problem}");
        assert!(has("/html", "unsafe_html", "<script>") && has("/html", "unknown_variable", "custom.nope"), "{problem}");
        for (body, pointer) in [
            (json!({ "subject": null }), "/subject"),
            (json!({ "html": null, "preheader": null }), "/body"),
            (json!({ "html": "<form><input></form>" }), "/html"),
            (json!({ "html": "<a href=\"javascript:alert(1)\">x</a>" }), "/html"),
            (json!({ "html": null, "body": "Hi" }), "/preheader"),
            (json!({ "subject": "x".repeat(301) }), "/subject"),
            (json!({ "body": "{% include 'secrets' %}" }), "/body"),
            (json!({ "message_class": "spam" }), "/message_class"),
            (json!({ "language": "klingon!" }), "/language"),
            (json!({ "name": " " }), "/name"),
        ] {
            let mut wrong = mail("Wrong");
            wrong.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            owner.post("/v1/templates", wrong).await.invalid(pointer);
        }
        let ten = "[1,2,3,4,5,6,7,8,9,0]";
        let endless = (0..6).fold("{{ name }}".to_string(), |within, _| format!("{{% for a in {ten} %}}{within}{{% endfor %}}"));
        let doubling = format!("{{% set x = name %}}{}{{{{ x }}}}", "{% set x = x ~ x %}".repeat(60));
        for body in [endless, doubling, "{{ name * 100000000 }}".into(), "x".repeat(1531), "₹".repeat(671)] {
            owner.post("/v1/templates", sms("Too much", &body)).await.invalid("/body");
        }
        for field in ["subject", "html", "preheader"] {
            let mut wrong = sms("Wrong", "Hi");
            wrong[field] = json!("x");
            owner.post("/v1/templates", wrong).await.invalid(&format!("/{field}"));
        }
        owner.post("/v1/templates", json!({ "name": "x", "channel": "sms", "message_class": "service" })).await.invalid("/body");
        for channel in ["whatsapp", "messenger"] {
            let body = json!({ "name": "x", "channel": channel, "message_class": "marketing", "body": "Hi" });
            owner.post("/v1/templates", body).await.problem(422, "template.channel_not_available");
        }
        assert_eq!(names(&owner.get("/v1/templates").await.ok()), [""; 0], "nothing was written");
        // A change is held to the same.
        let made = owner.post("/v1/templates", mail("Right")).await.created();
        let path = format!("/v1/templates/{}", id(&made));
        owner.patch(&path, json!({ "html": "{{ nmae }}" })).await.invalid("/html");
        owner.patch(&path, json!({ "channel": "sms" })).await.invalid("/channel");
        assert_eq!(owner.get(&path).await.ok(), made);
    }

    async fn a_template_is_shown_as_a_contact_would_get_it(app: TestApp) {
        let tenant = app.growth("Shown").await;
        let owner = &tenant.owner;
        let priya = json!({ "name": "Priya Sharma", "email": "priya@example.com", "company": "Sharma & <Sons>", "tags": ["vip"] });
        let priya = owner.post("/v1/contacts", priya).await.created();
        let nobody = owner.post("/v1/contacts", json!({ "email": "asha@example.com" })).await.created();
        let made = owner.post("/v1/templates", mail("Offer")).await.created();
        let path = format!("/v1/templates/{}/preview", id(&made));
        let shown = owner.post(&path, json!({ "contact_id": priya["id"] })).await.ok();
        assert_eq!(shown["subject"], "A gift for Priya");
        assert_eq!(shown["text"], "Hi Priya Sharma from Sharma & <Sons>,\n\nsee our offer (https://abc.example/o).");
        let html = shown["html"].as_str().unwrap();
        assert!(html.contains("from Sharma &amp; &lt;Sons&gt;,") && html.contains("Until Diwali"), "{html}");
        assert_eq!((&shown["missing"], &shown["failure"], &shown["segments"]), (&json!([]), &Value::Null, &Value::Null));
        // Who is called by an address takes the fallback; what has none is named, and nothing would leave.
        let shown = owner.post(&path, json!({ "contact_id": nobody["id"] })).await.ok();
        assert_eq!((&shown["subject"], &shown["missing"]), (&json!("A gift for you"), &json!(["company"])));
        assert!(shown["text"].as_str().unwrap().starts_with("Hi there from [company],"), "{shown}");
        assert_eq!(shown["failure"]["code"], "variable_missing");
        // What is said counts more than what is known, and blank is nothing.
        let words = json!({ "contact_id": priya["id"], "words": { "COMPANY": "Rao Ltd", "first_name": " " } });
        let shown = owner.post(&path, words).await.ok();
        assert!(shown["text"].as_str().unwrap().contains("from Rao Ltd,") && shown["subject"] == "A gift for you", "{shown}");
        owner.post(&path, json!({ "words": { "frist_name": "x" } })).await.invalid("/words/frist_name");
        // Without a contact it is the examples, and the business as it is.
        let text = sms("Text", "Hi {{ first_name }}, {{ business_name }} here. Stop: {{ unsubscribe_url }}");
        let text = owner.post("/v1/templates", text).await.created();
        let texts = format!("/v1/templates/{}/preview", id(&text));
        let shown = owner.post(&texts, json!({})).await.ok();
        assert_eq!(shown["text"], "Hi Priya, Shown here. Stop: https://abc.example.com/unsubscribe");
        assert_eq!((&shown["segments"]["encoding"], &shown["segments"]["count"]), (&json!("gsm_7"), &json!(1)));
        let hindi = owner.post(&texts, json!({ "words": { "first_name": "आशा".repeat(30) } })).await.ok();
        assert_eq!((&hindi["segments"]["encoding"], &hindi["segments"]["count"]), (&json!("ucs_2"), &json!(3)));
        let long = owner.post(&texts, json!({ "words": { "first_name": "x".repeat(1600) } })).await.ok();
        assert_eq!(long["failure"]["code"], "too_long");
        // Another tenant's contact is none, and who may not read contacts is shown none.
        let stranger = app.growth("Stranger").await;
        let theirs = stranger.owner.post("/v1/contacts", json!({ "name": "Theirs" })).await.created();
        owner.post(&path, json!({ "contact_id": theirs["id"] })).await.problem(404, "contact.not_found");
        let key = tenant.api_key(&["conversations:write"]).await;
        key.post(&path, json!({ "contact_id": priya["id"] })).await.problem(403, "auth.forbidden");
    }

    async fn a_tenant_has_five_hundred_templates_at_most(app: TestApp) {
        let tenant = app.growth("Many").await;
        for n in 0..500 {
            tenant.owner.post("/v1/templates", sms(&format!("Words {n}"), "Hi")).await.created();
        }
        tenant.owner.post("/v1/templates", sms("One more", "Hi")).await.problem(409, "template.too_many");
    }
}
