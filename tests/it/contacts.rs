//! People: entered, changed, found again when they enquire, and kept quiet about while they are under lock.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::Tenant;
use crate::support::statements::Statements;

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_string()
}

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("entries").iter().filter_map(|one| one["name"].as_str()).collect()
}

async fn contact(tenant: &Tenant, of: &Value) -> Value {
    tenant.owner.get(&format!("/v1/contacts/{}", of["contact_id"].as_str().expect("a contact"))).await.ok()
}

both_engines! {
    async fn a_person_is_entered_and_changed(app: TestApp) {
        let tenant = app.growth("People").await;
        let owner = &tenant.owner;
        let body = json!({ "first_name": "Priya", "last_name": "Sharma", "email": "PRIYA@Example.com", "phone": "098765 43210",
            "other_phones": ["+91 98111 22233", "9876543210"], "company": "Sharma Exports", "title": "Founder",
            "location": { "city": "Mumbai" }, "language": "hi", "time_zone": "Asia/Kolkata", "birthday": "02-29",
            "tags": ["wedding 2024", "vip", "vip"], "quality_score": 85 });
        let made = owner.post("/v1/contacts", body).await;
        let priya = made.created();
        assert_eq!(priya["name"], "Priya Sharma");
        assert_eq!((&priya["email"], &priya["phone"]), (&json!("priya@example.com"), &json!("+919876543210")));
        assert_eq!(priya["other_phones"], json!(["+919811122233"]), "none stands there twice");
        assert_eq!(priya["tags"], json!(["wedding 2024", "vip"]));
        assert_eq!((&priya["source"], &priya["verification_status"]), (&json!("manual"), &json!("unverified")));
        assert_eq!(priya["converted_to_lead"], json!(false));
        let path = format!("/v1/contacts/{}", id(&priya));
        assert_eq!(owner.get(&path).await.ok(), priya);
        // Whoever is called by first and last name goes on being called so; null clears.
        let changed = owner.patch(&path, json!({ "last_name": "Verma", "company": null, "location": { "city": "Pune" } })).await.ok();
        assert_eq!((&changed["name"], &changed["company"]), (&json!("Priya Verma"), &Value::Null));
        assert_eq!(changed["location"], json!({ "city": "Pune" }));
        let named = owner.patch(&path, json!({ "name": "Mrs. Verma", "first_name": "P." })).await.ok();
        assert_eq!(named["name"], "Mrs. Verma");
        assert_eq!(owner.patch(&path, json!({ "name": "Mrs. Verma" })).await.ok(), named, "nothing changed");
        assert_eq!(owner.patch(&path, json!({ "other_phones": ["98111 22233", "98765 43210"] })).await.ok(), named, "nor here");
        owner.patch(&path, json!({ "title": "x" })).header("If-Match", "\"1\"").await.problem(412, "request.precondition_failed");
        // Everything that cannot be is told at once, and nothing is written.
        let wrong = json!({ "phone": "98765", "other_phones": ["98111 22244", "12345"], "owner_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11" });
        let told = owner.patch(&path, wrong).await;
        let mut pointers: Vec<&str> = told.body["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/other_phones/1", "/owner_id", "/phone"]);
        for (field, value) in [("birthday", json!("1990-02-29")), ("email", json!("nobody")), ("quality_score", json!(101)),
            ("time_zone", json!("Mars/Base")), ("name", json!("")), ("source", json!("billboard")), ("tags", json!([""]))] {
            let pointer = if field == "tags" { "/tags/0".to_string() } else { format!("/{field}") };
            owner.patch(&path, json!({ field: value })).await.invalid(&pointer);
        }
        owner.post("/v1/contacts", json!({})).await.invalid("/name");
        assert_eq!(owner.get(&path).await.ok()["name"], "Mrs. Verma");
        let mail = owner.post("/v1/contacts", json!({ "email": "asha@example.com" })).await.created();
        assert_eq!(mail["name"], "asha", "called by what is known");
    }

    async fn nobody_is_two_people(app: TestApp) {
        let tenant = app.growth("Once").await;
        let owner = &tenant.owner;
        let asha = owner.post("/v1/contacts", json!({ "name": "Asha", "email": "asha@example.com", "phone": "+52 1 55 1234 5678" })).await.created();
        let path = format!("/v1/contacts/{}", id(&asha));
        for known in [json!({ "email": "ASHA@example.com" }), json!({ "other_phones": ["+52 55 1234 5678"], "name": "X" })] {
            let refused = owner.post("/v1/contacts", known).await;
            let problem = refused.problem(409, "contact.identity_taken");
            assert!(problem["detail"].as_str().unwrap().contains(&id(&asha)), "{problem}");
        }
        let ravi = owner.post("/v1/contacts", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.created();
        let theirs = format!("/v1/contacts/{}", id(&ravi));
        owner.patch(&theirs, json!({ "other_emails": ["asha@example.com"] })).await.problem(409, "contact.identity_taken");
        // What is given up is free.
        owner.patch(&path, json!({ "email": null })).await.ok();
        let freed = owner.patch(&theirs, json!({ "other_emails": ["asha@example.com"] })).await.ok();
        assert_eq!(freed["other_emails"], json!(["asha@example.com"]));
        // Another tenant knows whom it likes.
        let other = app.growth("Other").await;
        other.owner.post("/v1/contacts", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.created();
        other.owner.get(&theirs).await.problem(404, "contact.not_found");
        owner.delete(&theirs).await.expect(204);
        owner.get(&theirs).await.problem(404, "contact.not_found");
        owner.post("/v1/contacts", json!({ "email": "ravi@example.com" })).await.created();
    }

    async fn who_enquires_is_the_contact_that_was_entered(app: TestApp) {
        let tenant = app.growth("Known").await;
        let owner = &tenant.owner;
        let body = json!({ "name": "Asha V", "email": "asha@example.com", "tags": ["vip"], "source": "import" });
        let asha = owner.post("/v1/contacts", body).await.created();
        let lead = tenant.lead("Asha Verma", "asha@example.com", "+919811122233").await;
        assert_eq!(lead["contact_id"], asha["id"]);
        let known = contact(&tenant, &lead).await;
        assert_eq!((&known["name"], &known["phone"]), (&json!("Asha V"), &json!("+919811122233")), "filled in, not overwritten");
        assert_eq!((&known["converted_to_lead"], &known["verification_status"]), (&json!(true), &json!("verified")));
        assert_eq!((&known["tags"], &known["source"]), (&json!(["vip"]), &json!("import")));
        // By the number that came with the enquiry the person is known as well.
        let again = json!({ "name": "Asha", "email": "other@example.com", "phone": "+919811122233" });
        let again = owner.post("/v1/leads", again).await.ok();
        assert_eq!(again["id"], lead["id"], "the open lead");
        owner.post("/v1/contacts", json!({ "phone": "+919811122233" })).await.problem(409, "contact.identity_taken");
        owner.delete(&format!("/v1/contacts/{}", id(&asha))).await.problem(409, "contact.has_leads");
        // After the lead is closed the next enquiry is another lead of the same person.
        let one = format!("/v1/leads/{}", id(&lead));
        owner.patch(&one, json!({ "status": "won" })).await.ok();
        let next = tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        assert!(next["id"] != lead["id"] && next["contact_id"] == lead["contact_id"], "{next}");
        let theirs = owner.get(&format!("/v1/leads?contact_id={}", id(&asha))).await.ok();
        assert_eq!(theirs["data"].as_array().unwrap().len(), 2);
        // A stranger who enquires becomes a contact.
        let ravi = tenant.lead("Ravi", "ravi@example.com", "+919811122244").await;
        let stranger = contact(&tenant, &ravi).await;
        assert_eq!((&stranger["name"], &stranger["email"], &stranger["source"]), (&json!("Ravi"), &json!("ravi@example.com"), &ravi["source"]));
        // A repaired lead repairs the person.
        owner.patch(&format!("/v1/leads/{}", id(&ravi)), json!({ "name": "Ravi Rao", "email": "rao@example.com" })).await.ok();
        let repaired = contact(&tenant, &ravi).await;
        assert_eq!((&repaired["name"], &repaired["email"]), (&json!("Ravi Rao"), &json!("rao@example.com")));
        owner.patch(&format!("/v1/leads/{}", id(&ravi)), json!({ "email": "asha@example.com" })).await.problem(409, "lead.identity_taken");
        owner.post("/v1/contacts", json!({ "email": "ravi@example.com" })).await.created();
        // Who shares an office's number with somebody who was entered is another person, and a family's address is one.
        let office = json!({ "name": "Kiran Office", "email": "kiran@example.com", "phone": "+919811122266" });
        let office = owner.post("/v1/contacts", office).await.created();
        let colleague = tenant.lead("Dev Anand", "dev@example.com", "+919811122266").await;
        assert!(colleague["contact_id"].is_string() && colleague["contact_id"] != office["id"], "{colleague}");
        // What the lead gives up is the person's all the same, where the person is known by it.
        let meera = json!({ "name": "Meera", "email": "meera@example.com", "other_emails": ["m@example.com"] });
        let meera = owner.post("/v1/contacts", meera).await.created();
        let hers = tenant.lead("Meera", "m@example.com", "+919811122255").await;
        assert_eq!(hers["contact_id"], meera["id"]);
        owner.patch(&format!("/v1/leads/{}", id(&hers)), json!({ "email": "new@example.com" })).await.ok();
        for address in ["m@example.com", "new@example.com"] {
            owner.post("/v1/contacts", json!({ "email": address })).await.problem(409, "contact.identity_taken");
        }
        // Its story is the person's and that of the leads.
        let story = owner.get(&format!("/v1/contacts/{}/timeline", id(&asha))).await.ok();
        let kinds: Vec<&str> = story["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        assert!(["contact.created", "lead.created", "lead.enquired", "lead.status_changed"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == "lead.created").count(), 2);
        owner.get("/v1/contacts/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11/timeline").await.problem(404, "contact.not_found");
    }

    async fn of_who_is_under_lock_there_is_nothing_to_tell(app: TestApp) {
        let tenant = app.tenant("Locked").await;
        let owner = &tenant.owner;
        let asha = owner.post("/v1/contacts", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let known = format!("/v1/contacts/{}", id(&asha));
        let before = owner.get("/v1/contacts").await;
        // Without any plan an enquiry is held back: of somebody new, and of one whom the tenant knows.
        let stranger = tenant.lead("Sensitive Person", "sensitive@example.com", "+919811122233").await;
        let held = tenant.lead("Asha Secret", "asha@example.com", "+919811122244").await;
        for lead in [&stranger, &held] {
            assert_eq!((&lead["is_locked"], &lead["contact_id"]), (&json!(true), &Value::Null), "{lead}");
        }
        // Nothing tells which: no list, no story, no change of the contact, and no guess.
        assert_eq!(owner.get("/v1/contacts").await.body, before.body);
        assert_eq!(owner.get(&format!("/v1/leads?contact_id={}", id(&asha))).await.ok()["data"], json!([]));
        let story = owner.get(&format!("{known}/timeline")).await.ok();
        assert_eq!(story["data"].as_array().unwrap().len(), 1, "{story}");
        let guesses: Vec<Value> = (30..48).map(|n| json!({ "email": "asha@example.com", "other_phones": [format!("+9198111222{n:02}")] })).collect();
        let answer = owner.put("/v1/contacts/batch", json!({ "contacts": guesses })).await.ok();
        assert_eq!((&answer["updated"], &answer["failed"]), (&json!(18), &json!(0)), "each is as good as the other");
        owner.patch(&known, json!({ "other_phones": null, "phone": null })).await.ok();
        // Twice the same is one person, whether somebody enquired by it or not; given up it is free; deleted, it can be entered anew.
        for phone in ["+919811122233", "+919811122277"] {
            let twice = json!({ "contacts": [{ "phone": phone }, { "phone": phone }, { "phone": phone, "name": "N" }] });
            let answer = owner.put("/v1/contacts/batch", twice).await.ok();
            let outcomes: Vec<&str> = answer["results"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
            assert_eq!(outcomes, ["created", "unchanged", "updated"], "{phone}");
            let one = format!("/v1/contacts/{}", answer["results"][0]["id"].as_str().unwrap());
            owner.post("/v1/contacts", json!({ "phone": phone })).await.problem(409, "contact.identity_taken");
            owner.patch(&one, json!({ "phone": null })).await.ok();
            let other = owner.post("/v1/contacts", json!({ "phone": phone })).await.created();
            owner.delete(&format!("/v1/contacts/{}", id(&other))).await.expect(204);
            let again = owner.post("/v1/contacts", json!({ "phone": phone })).await.created();
            owner.delete(&format!("/v1/contacts/{}", id(&again))).await.expect(204);
            owner.delete(&one).await.expect(204);
        }
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        let shown = contact(&tenant, &owner.get(&format!("/v1/leads/{}", id(&stranger))).await.ok()).await;
        assert_eq!((&shown["name"], &shown["email"]), (&json!("Sensitive Person"), &json!("sensitive@example.com")));
        let learned = owner.get(&known).await.ok();
        assert_eq!((&learned["phone"], &learned["converted_to_lead"]), (&json!("+919811122244"), &json!(true)));
        assert_eq!(contact(&tenant, &owner.get(&format!("/v1/leads/{}", id(&held))).await.ok()).await["id"], asha["id"]);
        owner.post("/v1/contacts", json!({ "phone": "+919811122244" })).await.problem(409, "contact.identity_taken");
        let story = owner.get(&format!("{known}/timeline?limit=200")).await.ok();
        assert!(story["data"].as_array().unwrap().iter().any(|event| event["type"] == "lead.created"), "{story}");
    }

    async fn who_was_entered_meanwhile_is_whose_enquiry_is_shown_at_last(app: TestApp) {
        let tenant = app.tenant("Meanwhile").await;
        let owner = &tenant.owner;
        let held = tenant.lead("Stranger One", "stranger@example.com", "+919811122233").await;
        let entered = owner.post("/v1/contacts", json!({ "name": "Stranger", "phone": "98111 22233", "tags": ["fair"] })).await.created();
        let gone = owner.post("/v1/contacts", json!({ "name": "Gone", "email": "gone@example.com" })).await.created();
        let other = tenant.lead("Gone Girl", "gone@example.com", "+919811122244").await;
        owner.delete(&format!("/v1/contacts/{}", id(&gone))).await.expect(204);
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        let shown = owner.get(&format!("/v1/leads/{}", id(&held))).await.ok();
        assert_eq!(shown["contact_id"], entered["id"], "one person");
        let known = contact(&tenant, &shown).await;
        assert_eq!((&known["name"], &known["email"], &known["tags"]), (&json!("Stranger"), &json!("stranger@example.com"), &json!(["fair"])));
        owner.patch(&format!("/v1/contacts/{}", id(&known)), json!({ "company": "x" })).await.ok();
        let anew = owner.get(&format!("/v1/leads/{}", id(&other))).await.ok();
        assert!(anew["contact_id"].is_string() && anew["contact_id"] != gone["id"], "who was deleted stays deleted");
        assert_eq!(names(&owner.get("/v1/contacts").await.ok()).len(), 2);
        for one in owner.get("/v1/contacts").await.ok()["data"].as_array().unwrap() {
            owner.patch(&format!("/v1/contacts/{}", id(one)), json!({ "company": "y" })).await.ok();
        }
        // The person goes on being metered as one.
        owner.patch(&format!("/v1/leads/{}", id(&held)), json!({ "status": "won" })).await.ok();
        let next = tenant.lead("Stranger One", "stranger@example.com", "+919811122233").await;
        assert_eq!((&next["charge_kind"], &next["contact_id"]), (&json!("repeat"), &entered["id"]));
    }

    async fn two_enquiries_under_lock_are_one_persons(app: TestApp) {
        let tenant = app.tenant("Twice").await;
        let owner = &tenant.owner;
        let twice = json!({ "name": "Asha V", "phone": "+919811122233", "email": "asha@example.com" });
        let first = tenant.lead_by(twice.clone()).await;
        owner.patch(&format!("/v1/leads/{}", id(&first)), json!({ "status": "lost" })).await.ok();
        let second = tenant.lead_by(json!({ "name": "Asha V", "phone": "+919811122233" })).await;
        let entered = owner.post("/v1/contacts", json!({ "name": "Asha V", "email": "asha@example.com" })).await.created();
        // Two who share an address are two.
        let one_of_two = tenant.lead_by(json!({ "name": "Foo Bar", "phone": "+919811122244", "email": "office@example.com" })).await;
        owner.patch(&format!("/v1/leads/{}", id(&one_of_two)), json!({ "status": "lost" })).await.ok();
        let other_of_two = tenant.lead_by(json!({ "name": "Quux Zed", "phone": "+919811122255", "email": "office@example.com" })).await;
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        let of = async |lead: &Value| owner.get(&format!("/v1/leads/{}", id(lead))).await.ok()["contact_id"].clone();
        assert_eq!((of(&first).await, of(&second).await), (entered["id"].clone(), entered["id"].clone()));
        assert_ne!(of(&one_of_two).await, of(&other_of_two).await);
        let all = owner.get("/v1/contacts").await.ok();
        assert_eq!(all["data"].as_array().unwrap().len(), 3, "{all}");
        for one in all["data"].as_array().unwrap() {
            owner.patch(&format!("/v1/contacts/{}", id(one)), json!({ "company": "y" })).await.ok();
        }
    }

    async fn a_number_under_lock_is_as_good_as_any_other(app: TestApp) {
        let tenant = app.growth("Ended").await;
        let lead = tenant.lead("Paid Person", "paid@example.com", "+919811122200").await;
        let path = format!("/v1/leads/{}", id(&lead));
        app.advance(chrono::Duration::days(15));
        app.run_schedule().await;
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let owner = &tenant.owner;
        let held = tenant.lead("Stran Ger", "stranger@example.com", "+919811122233").await;
        assert_eq!(held["is_locked"], json!(true), "{held}");
        let mut told = Vec::new();
        for (phone, email) in [("+919811122233", "stranger@example.com"), ("+919811122244", "nobody@example.com")] {
            let mut seen = Vec::new();
            seen.push(owner.patch(&path, json!({ "phone": phone })).await.status);
            seen.push(owner.post("/v1/contacts", json!({ "phone": phone })).await.status);
            seen.push(owner.patch(&path, json!({ "phone": "+919811122200" })).await.status);
            let free = owner.post("/v1/contacts", json!({ "phone": phone })).await;
            seen.push(free.status);
            owner.delete(&format!("/v1/contacts/{}", id(&free.body))).await.expect(204);
            // The person enquires once more, with the other address.
            let again = json!({ "name": "Paid Person", "phone": "+919811122200", "email": email });
            seen.push(owner.post("/v1/leads", again).await.status);
            seen.push(owner.post("/v1/contacts", json!({ "email": email })).await.status);
            seen.push(owner.patch(&format!("/v1/contacts/{}", lead["contact_id"].as_str().unwrap()), json!({ "company": email })).await.status);
            told.push(seen);
        }
        assert_eq!(told[0], told[1], "whether somebody enquired by it or not");
    }

    async fn nobody_gets_what_is_anothers(app: TestApp) {
        let tenant = app.growth("Apart").await;
        let owner = &tenant.owner;
        let a = owner.post("/v1/contacts", json!({ "name": "Ravi Rao", "phone": "+919811122233" })).await.created();
        // The same person under an address of his own, and then with the number: the lead says both, the contacts stay apart.
        let lead = tenant.lead_by(json!({ "name": "Ravi Rao", "email": "ravi@example.com" })).await;
        let both = json!({ "name": "Ravi Rao", "email": "ravi@example.com", "phone": "+919811122233" });
        assert_eq!(owner.post("/v1/leads", both).await.ok()["id"], lead["id"]);
        let b = contact(&tenant, &lead).await;
        assert!(b["id"] != a["id"] && b["phone"].is_null(), "{b}");
        // An enquiry by what is of two is nobody's of them, and none of them is changed.
        let c = owner.post("/v1/contacts", json!({ "name": "Asha", "phone": "+919811122244" })).await.created();
        let d = owner.post("/v1/contacts", json!({ "name": "Meera", "email": "meera@example.com" })).await.created();
        let third = tenant.lead("Who Knows", "meera@example.com", "+919811122244").await;
        let new = contact(&tenant, &third).await;
        assert_eq!((&new["name"], &new["email"], &new["phone"]), (&json!("Who Knows"), &Value::Null, &Value::Null));
        for one in [&a, &b, &c, &d, &new] {
            let changed = owner.patch(&format!("/v1/contacts/{}", id(one)), json!({ "company": "Q" })).await.ok();
            assert_eq!(changed["email"], one["email"]);
        }
        // A second lead may say what the first of the same person said; the one that was won says nothing of the person any more.
        let first = tenant.lead("Dev Anand", "dev@example.com", "+919811122255").await;
        owner.patch(&format!("/v1/leads/{}", id(&first)), json!({ "status": "won" })).await.ok();
        let second = tenant.lead_by(json!({ "name": "Dev Anand", "phone": "+919811122255" })).await;
        assert_eq!(second["contact_id"], first["contact_id"]);
        owner.patch(&format!("/v1/leads/{}", id(&second)), json!({ "email": "dev@example.com" })).await.ok();
        owner.patch(&format!("/v1/leads/{}", id(&first)), json!({ "phone": "+919811122266" })).await.ok();
        assert_eq!(contact(&tenant, &second).await["phone"], "+919811122255");
    }

    async fn what_is_called_by_what_is_known_is_called_by_what_is_known_now(app: TestApp) {
        let tenant = app.growth("Names").await;
        let owner = &tenant.owner;
        let made = owner.post("/v1/contacts", json!({ "email": "p123@example.com" })).await.created();
        let path = format!("/v1/contacts/{}", id(&made));
        assert_eq!(made["name"], "p123");
        assert_eq!(owner.patch(&path, json!({ "first_name": "Zoe", "last_name": "Q" })).await.ok()["name"], "Zoe Q");
        assert_eq!(owner.patch(&path, json!({ "first_name": null, "last_name": "\u{200b}" })).await.ok()["name"], "p123");
        let lead = tenant.lead_by(json!({ "name": "Zoe Real", "email": "p123@example.com" })).await;
        assert_eq!(contact(&tenant, &lead).await["name"], "Zoe Real");
        let priya = owner.post("/v1/contacts", json!({ "first_name": "Priya", "phone": "+919811122277", "email": "priya@example.com" })).await.created();
        let other = tenant.lead("Rahul Mehta", "rahul@example.com", "+919811122277").await;
        assert_ne!(other["contact_id"], priya["id"], "a part of a name is one");
        assert_eq!(owner.get(&format!("/v1/contacts/{}", id(&priya))).await.ok()["name"], "Priya");
        // Many at once add what they know, and take nothing away.
        let known = json!({ "name": "Al", "email": "al@example.com", "other_emails": ["al@example.org"], "phone": "+919811122233" });
        let al = owner.post("/v1/contacts", known).await.created();
        let batch = json!({ "contacts": [{ "email": "al@example.org", "company": "c", "phone": "98111 22244" }, { "email": "al@example.net", "phone": "98111 22233" }] });
        assert_eq!(owner.put("/v1/contacts/batch", batch).await.ok()["updated"], json!(2));
        let al = owner.get(&format!("/v1/contacts/{}", id(&al))).await.ok();
        assert_eq!((&al["email"], &al["other_emails"]), (&json!("al@example.com"), &json!(["al@example.org", "al@example.net"])));
        assert_eq!((&al["phone"], &al["other_phones"]), (&json!("+919811122233"), &json!(["+919811122244"])));
        for text in ["98111%2022244", "098111%2022244", "%2B91%2098111%2022244"] {
            let found = owner.get(&format!("/v1/contacts?q={text}")).await.ok();
            assert_eq!(names(&found), ["Al"], "{text}");
        }
    }

    async fn contacts_are_listed_by_what_they_are(app: TestApp) {
        let tenant = app.growth("Lists").await;
        let owner = &tenant.owner;
        let me = owner.get("/v1/me").await.ok()["user"]["id"].clone();
        for (name, more) in [
            ("Asha", json!({ "email": "asha@example.com", "location": { "city": "Mumbai" }, "quality_score": 90, "tags": ["a", "b"] })),
            ("Ravi", json!({ "phone": "+919811122244", "location": { "city": "mumbai" }, "quality_score": 60, "source": "import", "owner_id": me })),
            ("José", json!({ "location": { "city": "Pune" }, "verification_status": "invalid", "tags": ["b"], "company": "Bücher" })),
        ] {
            let mut body = more.clone();
            body["name"] = json!(name);
            owner.post("/v1/contacts", body).await.created();
        }
        for (query, expected) in [
            ("", vec!["José", "Ravi", "Asha"]),
            ("city=MUMBAI", vec!["Ravi", "Asha"]),
            ("tag=b", vec!["José", "Asha"]),
            ("tag=b&city=mumbai", vec!["Asha"]),
            ("quality=high", vec!["Asha"]),
            ("quality=medium", vec!["Ravi"]),
            ("quality=low", vec![]),
            ("source=import", vec!["Ravi"]),
            ("source=manual_import", vec!["Ravi"]),
            ("verification_status=invalid", vec!["José"]),
            ("has_email=true", vec!["Asha"]),
            ("has_phone=false", vec!["José", "Asha"]),
            ("converted_to_lead=true", vec![]),
            ("q=jose", vec!["José"]),
            ("q=bucher", vec!["José"]),
            ("q=11122244", vec!["Ravi"]),
        ] {
            let page = owner.get(&format!("/v1/contacts?{query}")).await.ok();
            assert_eq!(names(&page), expected, "{query}");
        }
        let mine = owner.get(&format!("/v1/contacts?owner_id={}", me.as_str().unwrap())).await.ok();
        assert_eq!(names(&mine), ["Ravi"]);
        let mut walked = Vec::new();
        let mut path = "/v1/contacts?limit=2".to_string();
        loop {
            let page = owner.get(&path).await.ok();
            walked.extend(names(&page).into_iter().map(String::from));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/contacts?limit=2&cursor={next}");
        }
        assert_eq!(walked, ["José", "Ravi", "Asha"]);
        owner.get("/v1/contacts?quality=great").await.invalid("quality");
    }

    async fn what_somebody_entered_outlives_the_leads_that_said_it(app: TestApp) {
        let tenant = app.growth("Outlive").await;
        let owner = &tenant.owner;
        let correct = |lead: &Value, body: Value| owner.patch(&format!("/v1/leads/{}", id(lead)), body);
        let taken = async |body: Value, whose: &Value| {
            let problem = owner.post("/v1/contacts", body).await.problem(409, "contact.identity_taken");
            assert!(problem["detail"].as_str().unwrap().contains(&id(whose)), "{problem}");
        };
        // Known by what stands among the others alone: an enquiry by it makes it nobody's first.
        let asha = json!({ "name": "Asha", "other_emails": ["asha@example.com"], "other_phones": ["+52 1 55 1234 5678"] });
        let asha = owner.post("/v1/contacts", asha).await.created();
        let lead = tenant.lead("Asha", "asha@example.com", "+525512345678").await;
        assert_eq!(lead["contact_id"], asha["id"]);
        let known = contact(&tenant, &lead).await;
        assert_eq!((&known["email"], &known["phone"]), (&Value::Null, &Value::Null));
        assert_eq!((&known["other_emails"], &known["other_phones"]), (&asha["other_emails"], &asha["other_phones"]));
        correct(&lead, json!({ "email": "new@example.com", "phone": "+919811122211" })).await.ok();
        let known = contact(&tenant, &lead).await;
        assert_eq!((&known["email"], &known["phone"]), (&json!("new@example.com"), &json!("+919811122211")), "what is new is filled in");
        assert_eq!((&known["other_emails"], &known["other_phones"]), (&asha["other_emails"], &asha["other_phones"]));
        for body in [json!({ "email": "asha@example.com" }), json!({ "phone": "+52 1 55 1234 5678" }), json!({ "email": "new@example.com" })] {
            taken(body, &asha).await;
        }
        // Corrected to what stands among the others, and away from it.
        let ravi = json!({ "name": "Ravi", "phone": "+919811122244", "other_emails": ["second@example.com"], "other_phones": ["+919811122255"] });
        let ravi = owner.post("/v1/contacts", ravi).await.created();
        let lead = tenant.lead("Ravi", "first@example.com", "+919811122244").await;
        assert_eq!(contact(&tenant, &lead).await["email"], "first@example.com");
        correct(&lead, json!({ "email": "second@example.com", "phone": "+919811122255" })).await.ok();
        let known = contact(&tenant, &lead).await;
        assert_eq!((&known["other_emails"], &known["other_phones"]), (&ravi["other_emails"], &ravi["other_phones"]));
        correct(&lead, json!({ "email": "third@example.com", "phone": "+919811122266" })).await.ok();
        let known = contact(&tenant, &lead).await;
        assert_eq!((&known["email"], &known["phone"]), (&json!("third@example.com"), &json!("+919811122266")));
        assert_eq!((&known["other_emails"], &known["other_phones"]), (&ravi["other_emails"], &ravi["other_phones"]));
        for body in [json!({ "email": "second@example.com" }), json!({ "phone": "+919811122255" }), json!({ "email": "third@example.com" })] {
            taken(body, &ravi).await;
        }
        owner.post("/v1/contacts", json!({ "email": "first@example.com" })).await.created();
        let again = tenant.lead_by(json!({ "name": "Ravi", "email": "second@example.com" })).await;
        assert_eq!(again["contact_id"], ravi["id"], "the person is known by it as before");
    }

    async fn of_what_does_not_show_nothing_is_kept(app: TestApp) {
        let tenant = app.growth("Unseen").await;
        let owner = &tenant.owner;
        let unseen = json!({ "name": "Asha", "tags": ["vip", "\u{200b}\u{2060}", "\u{ad}", "a", "\u{2800}"] });
        let told = owner.post("/v1/contacts", unseen.clone()).await;
        let pointers: Vec<&str> = told.body["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        assert_eq!((told.status, pointers), (422, vec!["/tags/1", "/tags/2", "/tags/4"]));
        assert_eq!(names(&owner.get("/v1/contacts").await.ok()), [""; 0], "nothing is written");
        let batch = json!({ "contacts": [unseen, { "name": "Ravi", "tags": ["v\u{200b}ip", "VIP", "b"] }] });
        let answer = owner.put("/v1/contacts/batch", batch).await.ok();
        assert_eq!((&answer["created"], &answer["results"][0]["error"]["errors"][0]["pointer"]), (&json!(1), &json!("/tags/1")));
        let ravi = owner.get(&format!("/v1/contacts/{}", answer["results"][1]["id"].as_str().unwrap())).await.ok();
        assert_eq!(ravi["tags"], json!(["vip", "b"]), "one tag is one, and is kept as it shows");
        assert_eq!(names(&owner.get("/v1/contacts?tag=Vip").await.ok()), ["Ravi"]);
        let path = format!("/v1/contacts/{}", id(&ravi));
        let place = json!({ "location": { "city": "\u{200b}", "state": "\u{2060}\u{ad}", "country": "\u{2800}", "postal_code": "\u{3164}", "lat": 18.5 } });
        let placed = owner.patch(&path, place.clone()).await.ok();
        assert_eq!(placed["location"], json!({ "lat": 18.5 }));
        assert_eq!(owner.patch(&path, place).await.ok(), placed, "nothing changed");
        owner.patch(&path, json!({ "location": { "city": "Pune" } })).await.ok();
        assert_eq!(names(&owner.get("/v1/contacts?city=pune").await.ok()), ["Ravi"]);
        let moved = owner.patch(&path, json!({ "location": { "city": "\u{200d}" } })).await.ok();
        assert_eq!(moved["location"], json!({ "lat": 18.5 }));
        assert_eq!(names(&owner.get("/v1/contacts?city=pune").await.ok()), [""; 0]);
        let lead = tenant.lead_by(json!({ "name": "Meera", "email": "meera@example.com", "location": { "city": "\u{200b}", "state": "Goa" } })).await;
        assert_eq!(contact(&tenant, &lead).await["location"], json!({ "state": "Goa" }), "nor of what an enquiry said");
    }

    async fn nobody_is_born_tomorrow(app: TestApp) {
        let mut tenant = app.growth("Born").await;
        let zone = chrono::FixedOffset::east_opt(5 * 3600 + 1800).unwrap();
        let today = || app.clock.now().utc().with_timezone(&zone).date_naive();
        let (now, tomorrow) = (today(), (today() + chrono::Duration::days(1)).to_string());
        let owner = &tenant.owner;
        let made = owner.post("/v1/contacts", json!({ "name": "Asha", "birthday": now.to_string() })).await.created();
        assert_eq!(made["birthday"], now.to_string());
        let path = format!("/v1/contacts/{}", id(&made));
        let problem = owner.patch(&path, json!({ "birthday": tomorrow, "phone": "98111" })).await;
        let mut pointers: Vec<&str> = problem.body["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        pointers.sort_unstable();
        assert_eq!((problem.status, pointers), (422, vec!["/birthday", "/phone"]), "{:?}", problem.body);
        owner.post("/v1/contacts", json!({ "name": "X", "birthday": "2099-12-31" })).await.invalid("/birthday");
        // 29 February is a day of leap years, where a year is told.
        for wrong in ["1990-02-29", "1900-02-29", "2023-02-29", "02-30"] {
            owner.patch(&path, json!({ "birthday": wrong })).await.invalid("/birthday");
        }
        for right in ["2024-02-29", "2000-02-29", "02-29", "12-31"] {
            assert_eq!(owner.patch(&path, json!({ "birthday": right })).await.ok()["birthday"], right);
        }
        let batch = json!({ "contacts": [{ "name": "Late", "birthday": tomorrow }, { "name": "Ravi", "birthday": "05-17" }] });
        let answer = owner.put("/v1/contacts/batch", batch).await.ok();
        assert_eq!((&answer["created"], &answer["results"][0]["error"]["errors"][0]["pointer"]), (&json!(1), &json!("/birthday")));
        app.advance(chrono::Duration::days(1));
        tenant.log_in_again().await;
        assert_eq!(tenant.owner.patch(&path, json!({ "birthday": tomorrow })).await.ok()["birthday"], json!(tomorrow));
    }

    async fn a_nul_is_its_own_contacts_fault(app: TestApp) {
        let tenant = app.growth("Nul").await;
        let owner = &tenant.owner;
        let batch = json!({ "contacts": [
            { "name": "Asha", "email": "asha@example.com" },
            { "name": "Ra\u{0}vi" },
            { "name": "Ravi", "tags": ["a", "b\u{0}"] },
            { "name": "Ravi", "location": { "city": "\u{0}" } },
            { "name": "Ravi", "nick\u{0}name": "R" },
            "\u{0}",
            { "name": "Meera", "phone": "98111 22255" },
        ] });
        let answer = owner.put("/v1/contacts/batch", batch).await.ok();
        assert_eq!((&answer["created"], &answer["failed"]), (&json!(2), &json!(5)), "{answer}");
        for (at, pointer) in [(1, "/name"), (2, "/tags/1"), (3, "/location/city"), (4, "/nick\u{fffd}name"), (5, "")] {
            let error = &answer["results"][at]["error"];
            assert_eq!((&error["code"], &error["errors"][0]["pointer"]), (&json!("request.invalid"), &json!(pointer)), "{error}");
            assert!(error["detail"].as_str().unwrap().contains("NUL"), "{error}");
        }
        assert_eq!(names(&owner.get("/v1/contacts").await.ok()), ["Meera", "Asha"]);
        // Everywhere else it is the body's.
        owner.post("/v1/contacts", json!({ "name": "Ra\u{0}vi" })).await.invalid("/name");
        owner.put("/v1/contacts/batch", json!({ "contacts": "\u{0}" })).await.invalid("/contacts");
        owner.put("/v1/contacts/batch", json!({ "contacts": [{ "name": "X" }], "more\u{0}": 1 })).await.expect(422);
        let deep = format!("{{\"contacts\": [{}{}]}}", "[".repeat(40), "]".repeat(40));
        let deep: Value = serde_json::from_str(&deep).unwrap();
        owner.put("/v1/contacts/batch", deep).await.problem(400, "request.too_deep");
    }

    async fn tags_are_written_together(app: TestApp) {
        let tenant = app.growth("Tags").await;
        let owner = &tenant.owner;
        let tags: Vec<String> = (0..50).map(|n| format!("Tag {n}")).collect();
        let database = app.mark();
        let about_tags = |statements: Vec<String>| statements.iter().filter(|sql| sql.contains("contact_tags")).count();
        let at_most = |of_many: usize, each: usize| if matches!(app.engine, TestEngine::Postgres) { of_many } else { of_many - 1 + each };
        let recorded = Statements::record(&database);
        let made = owner.post("/v1/contacts", json!({ "name": "Asha", "tags": tags })).await.created();
        let said = about_tags(recorded.end());
        assert_eq!(said, at_most(1, 50));
        let path = format!("/v1/contacts/{}", id(&made));
        let other: Vec<String> = (40..60).map(|n| format!("TAG {n}")).chain(["Tag 1".to_string()]).collect();
        let recorded = Statements::record(&database);
        assert_eq!(owner.patch(&path, json!({ "tags": other })).await.ok()["tags"], json!(other));
        let said = about_tags(recorded.end());
        assert_eq!(said, at_most(3, 10), "what is known, what is gone, what is new");
        for (tag, is_there) in [("tag 1", true), ("tag 2", false), ("tag 45", true), ("tag 59", true), ("tag 39", false)] {
            let page = owner.get(&format!("/v1/contacts?tag={}", tag.replace(' ', "%20"))).await.ok();
            assert_eq!(!names(&page).is_empty(), is_there, "{tag}");
        }
        owner.patch(&path, json!({ "tags": null })).await.ok();
        assert_eq!(names(&owner.get("/v1/contacts?tag=tag%201").await.ok()), [""; 0]);
    }

    async fn many_are_written_and_each_says_what_became_of_it(app: TestApp) {
        let tenant = app.growth("Many").await;
        let owner = &tenant.owner;
        let asha = owner.post("/v1/contacts", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let ravi = owner.post("/v1/contacts", json!({ "name": "Ravi", "phone": "+919811122244" })).await.created();
        let batch = json!({ "contacts": [
            { "email": "asha@example.com", "company": "Verma & Co" },
            { "name": "Ravi", "phone": "98111 22244" },
            { "name": "Meera", "email": "meera@example.com", "phone": "98111 22255" },
            { "name": "Meera R", "phone": "+91 98111 22255" },
            { "name": "Both", "email": "asha@example.com", "phone": "98111 22244" },
            { "name": "Wrong", "email": "nobody", "birthday": "soon" },
            { "name": "Short", "phone": "98111" },
            { "nickname": "A" },
            7,
        ] });
        let answer = owner.put("/v1/contacts/batch", batch).await.ok();
        let outcomes: Vec<&str> = answer["results"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
        assert_eq!(outcomes, ["updated", "unchanged", "created", "updated", "failed", "failed", "failed", "failed", "failed"]);
        assert_eq!((&answer["created"], &answer["updated"], &answer["unchanged"], &answer["failed"]), (&json!(1), &json!(2), &json!(1), &json!(5)));
        let result = |at: usize| &answer["results"][at];
        assert_eq!((&result(0)["id"], &result(1)["id"], &result(2)["id"]), (&asha["id"], &ravi["id"], &result(3)["id"]));
        assert_eq!(result(4)["error"]["code"], "contact.ambiguous");
        let pointers: Vec<&str> = result(5)["error"]["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        assert_eq!(pointers, ["/birthday", "/email"]);
        assert_eq!(result(6)["error"]["errors"][0]["pointer"], "/phone");
        assert!((4..9).all(|at| result(at)["id"].is_null()));
        assert_eq!(names(&owner.get("/v1/contacts").await.ok()), ["Meera R", "Ravi", "Asha"], "what failed is not there");
        owner.put("/v1/contacts/batch", json!({ "contacts": [] })).await.invalid("/contacts");
        let many: Vec<Value> = (0..1001).map(|n| json!({ "name": format!("{n}") })).collect();
        owner.put("/v1/contacts/batch", json!({ "contacts": many })).await.invalid("/contacts");
        let viewer = tenant.user("viewer").await;
        viewer.put("/v1/contacts/batch", json!({ "contacts": [{ "name": "X" }] })).await.problem(403, "auth.forbidden");
    }
}
