//! What people agreed to and took back, and what follows for whoever wants to write to them.

use chrono::Duration;
use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::contacts::Channel;
use leadwright::contacts::consents::MessageClass;
use leadwright::contacts::id::ContactId;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::sending::gate::Standing;
use leadwright::sending::preferences::link::Link;
use leadwright::sending::schema::marketing_days;
use leadwright::sending::{caps, eligibility, outreach};
use serde_json::{Value, json};

use crate::both_engines;
use crate::inbox::{conversation, inbound, messages_path, template};
use crate::support::{Client, Tenant, TestApp};

const PERSON: &str = "+919876543210";
const MAIL: &str = "asha@example.com";

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_string()
}

async fn asha(tenant: &Tenant) -> String {
    let body = json!({ "name": "Asha", "email": MAIL, "phone": PERSON, "source": "import" });
    format!("/v1/contacts/{}", id(&tenant.owner.post("/v1/contacts", body).await.created()))
}

fn word(channel: &str, class: &str, state: &str) -> Value {
    json!({ "channel": channel, "class": class, "state": state, "source": "form", "wording": "Send me offers" })
}

/// The state that stands for a channel and class.
fn stands(page: &Value, channel: &str, class: &str) -> String {
    let all = page["standing"].as_array().expect("what stands");
    let found = all.iter().find(|one| one["channel"] == channel && one["class"] == class).expect("each of them");
    found["state"].as_str().expect("a state").to_string()
}

async fn standing(client: &Client, contact: &str, channel: &str, class: &str) -> String {
    stands(&client.get(&format!("{contact}/consents")).await.ok(), channel, class)
}

/// Codes of the gates that are closed, with when they open.
async fn closed(client: &Client, contact: &str, channel: &str, class: &str) -> Vec<(String, Value)> {
    let answer = client.get(&format!("{contact}/eligibility?channel={channel}&class={class}")).await.ok();
    let gates = answer["gates"].as_array().expect("gates");
    assert_eq!(gates.len(), 11, "every gate answers: {answer}");
    for gate in gates {
        assert_eq!(gate["open"] == json!(true), gate["code"].is_null() && gate["detail"].is_null(), "{gate}");
    }
    let closed: Vec<&Value> = gates.iter().filter(|gate| gate["open"] == json!(false)).collect();
    assert_eq!(answer["may_write"], json!(closed.is_empty()), "{answer}");
    closed.into_iter().map(|gate| (gate["code"].as_str().expect("a code").into(), gate["opens_at"].clone())).collect()
}

async fn codes(client: &Client, contact: &str, channel: &str, class: &str) -> Vec<String> {
    closed(client, contact, channel, class).await.into_iter().map(|(code, _)| code).collect()
}

both_engines! {
    async fn what_a_person_agreed_to_is_kept_with_its_proof(app: TestApp) {
        let tenant = app.growth("Ledger").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let ledger = format!("{contact}/consents");
        let before = owner.get(&ledger).await.ok();
        assert_eq!((before["standing"].as_array().map(Vec::len), &before["data"]), (Some(9), &json!([])));
        assert!(before["standing"].as_array().unwrap().iter().all(|one| one["state"] == "none"), "who is found starts without consent");
        let at = app.app.core.clock.now().minus(Duration::days(2)).to_string();
        let given = json!({ "channel": "email", "class": "marketing", "state": "granted", "source": "form", "wording": "Send me offers by e-mail",
            "wording_version": "2026-03", "occurred_at": at, "proof": { "ip": "203.0.113.7", "form_id": "fair", "message_id": "m-1" } });
        let made = owner.post(&ledger, given.clone()).await.created();
        for field in ["channel", "class", "state", "source", "wording", "wording_version", "occurred_at", "proof"] {
            assert_eq!(made[field], given[field], "{field}");
        }
        assert_eq!((&made["address"], &made["recorded_by"], &made["superseded_at"]), (&json!(MAIL), &json!("user"), &Value::Null));
        assert_eq!(made["is_the_persons"], json!(false));
        let page = owner.get(&ledger).await.ok();
        assert_eq!((stands(&page, "email", "marketing"), stands(&page, "email", "service"), stands(&page, "sms", "marketing")),
            ("granted".into(), "none".into(), "none".into()));
        // The later word counts, and the earlier one stays; one from before is history at once.
        app.advance(Duration::seconds(1));
        let no = owner.post(&ledger, json!({ "channel": "email", "class": "marketing", "state": "withdrawn", "source": "manual" })).await.created();
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "withdrawn");
        let mut old = given.clone();
        old["address"] = json!("ASHA@Example.com");
        old["occurred_at"] = json!(app.app.core.clock.now().minus(Duration::days(1)).to_string());
        assert!(owner.post(&ledger, old).await.created()["superseded_at"].is_string());
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "withdrawn");
        app.advance(Duration::seconds(1));
        owner.post(&ledger, word("email", "marketing", "granted")).await.created();
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "granted", "the tenant takes its own word back");
        // The whole of it, page by page, and by filter.
        let mut seen = Vec::new();
        let mut path = format!("{ledger}?limit=2");
        loop {
            let page = owner.get(&path).await.ok();
            assert_eq!(page["standing"].as_array().map(Vec::len), Some(9));
            seen.extend(page["data"].as_array().unwrap().iter().map(id));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{ledger}?limit=2&cursor={cursor}");
        }
        assert_eq!(seen.len(), 4);
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {seen:?}");
        let refused = owner.get(&format!("{ledger}?state=withdrawn")).await.ok();
        assert_eq!(refused["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [id(&no)]);
        assert_eq!(owner.get(&format!("{ledger}?channel=sms")).await.ok()["data"], json!([]));
        // It is on the person's timeline, without the address.
        let story = owner.get(&format!("{contact}/timeline")).await.ok();
        let kinds: Vec<&str> = story["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        assert_eq!(kinds, ["contact.consent_granted", "contact.consent_withdrawn", "contact.consent_granted", "contact.created"]);
        assert!(!story.to_string().contains(MAIL), "{story}");
    }

    async fn what_cannot_be_recorded_says_why(app: TestApp) {
        let tenant = app.growth("Wrong").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let ledger = format!("{contact}/consents");
        let later = app.app.core.clock.now().plus(Duration::minutes(6)).to_string();
        let wrong = json!({ "channel": "email", "class": "marketing", "state": "granted", "source": "form", "occurred_at": later, "address": "other@example.com" });
        let told = owner.post(&ledger, wrong).await;
        let mut pointers: Vec<&str> = told.body["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/address", "/occurred_at", "/wording"], "all at once");
        for (field, value, pointer) in [
            ("channel", json!("messenger"), "/channel"),
            ("class", json!("spam"), "/class"),
            ("state", json!("none"), "/state"),
            ("source", json!("stop_word"), "/source"),
            ("proof", json!({ "ip": "here" }), "/proof/ip"),
            ("wording", json!(""), "/wording"),
            ("wording", json!("  "), "/wording"),
            ("unknown", json!(1), "/unknown"),
        ] {
            let mut body = word("email", "marketing", "granted");
            body[field] = value;
            owner.post(&ledger, body).await.invalid(pointer);
        }
        assert_eq!(owner.get(&ledger).await.ok()["data"], json!([]), "nothing is half written");
        let nobody = owner.post("/v1/contacts", json!({ "name": "Guest" })).await.created();
        owner.post(&format!("/v1/contacts/{}/consents", id(&nobody)), word("sms", "marketing", "granted")).await
            .problem(409, "contact.no_address");
        let stranger = app.growth("Stranger").await;
        stranger.owner.get(&ledger).await.problem(404, "contact.not_found");
        stranger.owner.post(&ledger, word("email", "marketing", "granted")).await.problem(404, "contact.not_found");
        stranger.owner.get(&format!("{contact}/eligibility?channel=email&class=marketing")).await.problem(404, "contact.not_found");
        owner.get(&format!("{contact}/eligibility?channel=messenger&class=marketing")).await.invalid("channel");
        let answer = owner.get(&format!("{contact}/eligibility")).await.ok();
        assert_eq!((&answer["channel"], &answer["class"]), (&json!("email"), &json!("marketing")), "when neither is said");
    }

    async fn nobody_takes_back_a_stop_but_who_said_it(app: TestApp) {
        let tenant = app.growth("Stopped").await;
        let owner = &tenant.owner;
        let lead = tenant.lead("Asha", MAIL, PERSON).await;
        let contact = format!("/v1/contacts/{}", lead["contact_id"].as_str().expect("a contact"));
        let ledger = format!("{contact}/consents");
        owner.post(&ledger, word("whatsapp", "marketing", "granted")).await.created();
        let thread = conversation(owner, &lead, "whatsapp").await;
        owner.post(&messages_path(&thread), template()).await.expect(202);
        app.run_jobs().await;
        app.advance(Duration::minutes(1));
        inbound(&app, PERSON, "STOP").await;
        let page = owner.get(&ledger).await.ok();
        assert_eq!((stands(&page, "whatsapp", "marketing"), stands(&page, "whatsapp", "service")), ("withdrawn".into(), "none".into()));
        let latest = &page["data"][0];
        assert_eq!((&latest["source"], &latest["is_the_persons"]), (&json!("stop_word"), &json!(true)));
        let refused: Vec<bool> = page["standing"].as_array().unwrap().iter()
            .filter(|one| one["channel"] == "whatsapp").map(|one| one["is_refused_by_word"] == json!(true)).collect();
        assert_eq!(refused, [true; 3]);
        // However late, however well proven, for whatever class: the tenant's word does not lift it.
        app.advance(Duration::days(30));
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let owner = &tenant.owner;
        for class in ["marketing", "service", "transactional"] {
            owner.post(&ledger, word("whatsapp", class, "granted")).await.problem(409, "consent.the_persons_own");
        }
        assert_eq!(standing(owner, &contact, "whatsapp", "marketing").await, "withdrawn");
        // Nor by saying no first.
        owner.post(&ledger, json!({ "channel": "whatsapp", "class": "marketing", "state": "withdrawn", "source": "manual" })).await.created();
        owner.post(&ledger, word("whatsapp", "marketing", "granted")).await.problem(409, "consent.the_persons_own");
        // What they had agreed to before is history, and on another channel they agreed to something else.
        let mut before = word("whatsapp", "marketing", "granted");
        before["occurred_at"] = json!(app.app.core.clock.now().minus(Duration::days(60)).to_string());
        assert!(owner.post(&ledger, before).await.created()["superseded_at"].is_string());
        owner.post(&ledger, word("email", "marketing", "granted")).await.created();
        let codes_of = codes(owner, &contact, "whatsapp", "marketing").await;
        assert!(codes_of.contains(&"suppressed".to_string()) && codes_of.contains(&"consent_withdrawn".to_string()), "{codes_of:?}");
        assert!(codes(owner, &contact, "whatsapp", "transactional").await.contains(&"suppressed".to_string()), "a STOP is for everything");
        // START gives back what STOP took, and nothing more.
        inbound(&app, PERSON, "START").await;
        let page = owner.get(&ledger).await.ok();
        assert_eq!((stands(&page, "whatsapp", "marketing"), stands(&page, "whatsapp", "service")), ("granted".into(), "none".into()));
        assert_eq!(page["data"][0]["source"], "start_word");
        assert!(!codes(owner, &contact, "whatsapp", "marketing").await.contains(&"suppressed".to_string()));
    }

    async fn every_gate_answers_beforehand(app: TestApp) {
        let tenant = app.growth("Gates").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let ledger = format!("{contact}/consents");
        // Who was found, and never enquired.
        assert_eq!(codes(owner, &contact, "whatsapp", "marketing").await, ["no_consent", "outreach.no_whatsapp_account"]);
        assert_eq!(codes(owner, &contact, "sms", "marketing").await, ["no_consent"]);
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["no_consent"]);
        assert_eq!(codes(owner, &contact, "sms", "service").await, ["no_consent"]);
        assert_eq!(codes(owner, &contact, "sms", "transactional").await, [""; 0]);
        for channel in ["whatsapp", "sms", "email"] {
            owner.post(&ledger, word(channel, "marketing", "granted")).await.created();
        }
        assert_eq!(codes(owner, &contact, "whatsapp", "marketing").await, ["outreach.no_whatsapp_account"], "no yes is an account");
        assert_eq!(codes(owner, &contact, "whatsapp", "service").await, [""; 0], "who hears offers may be talked to");
        assert_eq!(codes(owner, &contact, "sms", "marketing").await, [""; 0]);
        // 02:30 in India: at rest, and no hour for promotions. Where the person's own clock says otherwise, that one counts.
        app.advance(Duration::hours(12));
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let owner = &tenant.owner;
        let (nine, ten) = (json!("2026-11-21T03:30:00Z"), json!("2026-11-21T04:30:00Z"));
        assert_eq!(closed(owner, &contact, "email", "marketing").await, [("quiet_hours".into(), nine.clone())]);
        assert_eq!(closed(owner, &contact, "sms", "marketing").await,
            [("quiet_hours".into(), nine), ("promotional_hours".into(), ten.clone())]);
        let answer = owner.get(&format!("{contact}/eligibility?channel=sms&class=marketing")).await.ok();
        assert_eq!((&answer["opens_at"], &answer["address"]), (&ten, &json!(PERSON)));
        assert_eq!(codes(owner, &contact, "email", "service").await, [""; 0]);
        owner.patch(&contact, json!({ "time_zone": "America/New_York" })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, [""; 0], "16:00 there");
        owner.patch(&contact, json!({ "time_zone": null, "location": { "country": "US" } })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, [""; 0], "11:00 in Honolulu");
        owner.patch(&contact, json!({ "location": { "country": "DE" } })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["quiet_hours"], "22:00 there");
        // Other facts of the person and of the address.
        owner.patch(&contact, json!({ "location": { "country": "US" }, "verification_status": "invalid" })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "transactional").await, ["contact_invalid"]);
        owner.patch(&contact, json!({ "verification_status": "unverified", "email": null })).await.ok();
        let page = owner.get(&ledger).await.ok();
        assert_eq!(stands(&page, "email", "marketing"), "none");
        assert_eq!(page["data"].as_array().map(Vec::len), Some(3), "what was said for an address that was given up is the person's still");
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["no_address", "no_consent"]);
        // A yes was for the address, and for whoever had it.
        owner.patch(&contact, json!({ "email": "new@example.com" })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["no_consent"]);
        let other = owner.post("/v1/contacts", json!({ "name": "Meera", "email": MAIL, "location": { "country": "US" } })).await.created();
        assert_eq!(codes(owner, &format!("/v1/contacts/{}", id(&other)), "email", "marketing").await, ["no_consent"]);
        owner.patch(&contact, json!({ "phone": "+447400123456" })).await.ok();
        assert_eq!(codes(owner, &contact, "sms", "transactional").await, ["country_not_allowed"]);
    }

    async fn a_tenant_sets_when_how_often_and_on_what_ground(app: TestApp) {
        let tenant = app.growth("Setting").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let set = async |outreach: Value| owner.patch("/v1/tenants/current", json!({ "settings": { "outreach": outreach } })).await;
        assert!(owner.get("/v1/tenants/current").await.ok()["settings"].get("outreach").is_none(), "as at first");
        let basis = set(json!({ "email_lawful_basis": "existing_customer" })).await.ok();
        assert_eq!(basis["settings"]["outreach"]["frequency_cap"], json!({ "messages": 4, "days": 7 }));
        assert_eq!(codes(owner, &contact, "email", "marketing").await, [""; 0]);
        assert_eq!(codes(owner, &contact, "sms", "marketing").await, ["no_consent"], "for mail alone");
        assert_eq!(codes(owner, &contact, "whatsapp", "marketing").await, ["no_consent", "outreach.no_whatsapp_account"]);
        owner.post(&format!("{contact}/consents"), json!({ "channel": "email", "class": "marketing", "state": "withdrawn", "source": "manual" })).await.created();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["consent_withdrawn"], "nothing outweighs a no");
        // 14:30 in India.
        let rest = set(json!({ "quiet_hours": { "starts": "14:00", "ends": "15:00" }, "email_lawful_basis": null })).await.ok();
        assert_eq!(rest["settings"]["outreach"]["email_lawful_basis"], Value::Null);
        owner.post(&format!("{contact}/consents"), word("sms", "marketing", "granted")).await.created();
        assert_eq!(closed(owner, &contact, "sms", "marketing").await, [("quiet_hours".into(), json!("2026-11-20T09:30:00Z"))]);
        set(json!({ "quiet_hours": { "starts": "14:00", "ends": "14:00" } })).await.ok();
        assert_eq!(codes(owner, &contact, "sms", "marketing").await, [""; 0], "no rest at all");
        set(json!({ "india_promotional_hours": { "opens": "15:00", "closes": "20:00" } })).await.ok();
        assert_eq!(closed(owner, &contact, "sms", "marketing").await, [("promotional_hours".into(), json!("2026-11-20T09:30:00Z"))]);
        for (wrong, pointer) in [
            (json!({ "frequency_cap": { "messages": 0 } }), "/settings/outreach/frequency_cap/messages"),
            (json!({ "frequency_cap": { "messages": 101 } }), "/settings/outreach/frequency_cap/messages"),
            (json!({ "frequency_cap": { "days": 31 } }), "/settings/outreach/frequency_cap/days"),
            (json!({ "quiet_hours": { "starts": "25:00" } }), "/settings/outreach/quiet_hours/starts"),
            (json!({ "email_lawful_basis": "because" }), "/settings/outreach/email_lawful_basis"),
            (json!({ "india_promotional_hours": { "opens": "09:59", "closes": "20:00" } }), "/settings/outreach/india_promotional_hours/opens"),
            (json!({ "india_promotional_hours": { "opens": "10:00", "closes": "21:01" } }), "/settings/outreach/india_promotional_hours/closes"),
            (json!({ "india_promotional_hours": { "opens": "12:00", "closes": "11:00" } }), "/settings/outreach/india_promotional_hours/closes"),
        ] {
            set(wrong).await.invalid(pointer);
        }
        let back = set(Value::Null).await.ok();
        assert!(back["settings"].get("outreach").is_none(), "{back}");
    }

    async fn what_came_with_a_lead_is_in_the_ledger_once_it_is_shown(app: TestApp) {
        let tenant = app.tenant("Held").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let opt_in = json!({ "channels": ["whatsapp", "email"], "at": app.app.core.clock.now(), "how": "Ticked the box at our stand" });
        let held = owner.post("/v1/leads", json!({ "name": "Asha", "email": MAIL, "phone": PERSON, "source": "import", "opt_in": opt_in })).await.created();
        assert_eq!(held["is_locked"], json!(true));
        // Nothing tells that somebody enquired, nor does what is recorded meanwhile meet it.
        let ledger = format!("{contact}/consents");
        assert_eq!(owner.get(&ledger).await.ok()["data"], json!([]));
        assert!(owner.post(&ledger, word("email", "service", "granted")).await.created()["superseded_at"].is_null());
        assert_eq!(owner.get(&format!("{contact}/timeline")).await.ok()["data"].as_array().map(Vec::len), Some(2));
        tenant.subscribe("growth").await;
        app.run_jobs().await;
        let page = owner.get(&ledger).await.ok();
        assert_eq!((stands(&page, "whatsapp", "service"), stands(&page, "email", "service"), stands(&page, "sms", "service")),
            ("granted".into(), "granted".into(), "none".into()));
        let with_lead: Vec<&Value> = page["data"].as_array().unwrap().iter().filter(|one| one["source"] == "lead").collect();
        assert_eq!(with_lead.len(), 2, "{page}");
        assert!(with_lead.iter().all(|one| one["wording"] == "Ticked the box at our stand" && one["class"] == "service"), "{page}");
        // It is what a conversation asks.
        let lead = owner.get(&format!("/v1/leads/{}", id(&held))).await.ok();
        let thread = conversation(owner, &lead, "whatsapp").await;
        assert_eq!(owner.post(&messages_path(&thread), template()).await.expect(202)["reason"], "opt_in");
        owner.post(&ledger, json!({ "channel": "whatsapp", "class": "service", "state": "withdrawn", "source": "manual" })).await.created();
        owner.post(&messages_path(&thread), template()).await.problem(409, "conversation.no_reason");
        // Of an address that nobody was known by, the yes waits for whom it is.
        let said = json!({ "channels": ["email"], "at": app.app.core.clock.now(), "how": "By telephone" });
        let known = owner.post("/v1/leads", json!({ "name": "Ravi", "email": "ravi@example.com", "source": "import", "opt_in": said })).await.created();
        let ravi = format!("/v1/contacts/{}", known["contact_id"].as_str().expect("a contact"));
        assert_eq!(standing(owner, &ravi, "email", "service").await, "granted");
    }

    async fn a_no_outlives_the_entry_of_who_said_it(app: TestApp) {
        let tenant = app.growth("Deleted").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        owner.post(&format!("{contact}/consents"), json!({ "channel": "email", "class": "marketing", "state": "withdrawn", "source": "manual" })).await.created();
        owner.delete(&contact).await.expect(204);
        let again = asha(&tenant).await;
        assert_eq!(standing(owner, &again, "email", "marketing").await, "withdrawn");
        assert_eq!(codes(owner, &again, "email", "marketing").await, ["consent_withdrawn"]);
    }
}

/// The link of a marketing e-mail to a contact.
fn link(app: &TestApp, tenant: &Tenant, contact: &str, page: &str) -> String {
    let contact = contact.rsplit('/').next().expect("an id");
    let link = Link {
        tenant: serde_json::from_value(json!(tenant.id)).expect("an id"),
        contact: serde_json::from_value(json!(contact)).expect("an id"),
        address: MAIL.into(),
    };
    let links = link.links(&app.app.core.master_key, "");
    if page == "unsubscribe" { links.unsubscribe } else { links.preferences }
}

const FORM: &str = "application/x-www-form-urlencoded";

both_engines! {
    async fn one_click_ends_marketing_mail_and_opening_a_link_does_not(app: TestApp) {
        let tenant = app.growth("Mailing & Co").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let other = app.growth("Other").await;
        let theirs = asha(&other).await;
        for (client, ledger) in [(owner, &contact), (&other.owner, &theirs)] {
            client.post(&format!("{ledger}/consents"), word("email", "marketing", "granted")).await.created();
        }
        let (anyone, path) = (app.anonymous(), link(&app, &tenant, &contact, "unsubscribe"));
        // Scanners and previews open links.
        let shown = anyone.get(&path).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(shown.text.contains("Mailing &amp; Co") && shown.text.contains("<form method=\"post\">"), "{}", shown.text);
        assert!(shown.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
        assert_eq!(anyone.call("HEAD", &path).await.status, 200);
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "granted");
        // As RFC 8058 has it, as the page's own button, and as one likes: once is as good as often.
        app.advance(Duration::seconds(1));
        for body in ["List-Unsubscribe=One-Click", "", "List-Unsubscribe=One-Click"] {
            let done = anyone.call("POST", &path).raw(FORM, body).await;
            assert_eq!(done.status, 200, "{}", done.text);
            assert!(done.text.contains(MAIL) && !done.text.contains("<form"), "{}", done.text);
        }
        let page = owner.get(&format!("{contact}/consents")).await.ok();
        assert_eq!(page["data"].as_array().map(Vec::len), Some(2), "{page}");
        let said = &page["data"][0];
        assert_eq!((&said["state"], &said["source"], &said["is_the_persons"]), (&json!("withdrawn"), &json!("unsubscribe_link"), &json!(true)));
        assert_eq!(said["recorded_by"], "anonymous");
        app.advance(Duration::days(1));
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let owner = &tenant.owner;
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["consent_withdrawn"]);
        owner.post(&format!("{contact}/consents"), word("email", "marketing", "granted")).await.problem(409, "consent.the_persons_own");
        owner.patch("/v1/tenants/current", json!({ "settings": { "outreach": { "email_lawful_basis": "legitimate_interest" } } })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["consent_withdrawn"], "no ground outweighs it");
        assert_eq!(codes(owner, &contact, "email", "transactional").await, [""; 0], "other mail goes on");
        owner.patch(&contact, json!({ "email": "new@example.com" })).await.ok();
        assert_eq!(codes(owner, &contact, "email", "marketing").await, ["consent_withdrawn"], "it is the person who said so");
        owner.post(&format!("{contact}/consents"), word("email", "marketing", "granted")).await.problem(409, "consent.the_persons_own");
        let mut other = other;
        other.log_in_again().await;
        assert_eq!(standing(&other.owner, &theirs, "email", "marketing").await, "granted", "for that tenant alone");
        // What is no link of ours is none, and says so in the reader's language.
        for path in ["/unsubscribe/x", "/preferences/x", &format!("{path}x")] {
            for method in ["GET", "POST"] {
                let none = anyone.call(method, path).header("accept-language", "hi-IN").await;
                assert_eq!(none.status, 404, "{method} {path}");
                assert!(none.text.contains("lang=\"hi\"") && none.text.contains("लिंक"), "{}", none.text);
            }
        }
    }

    async fn a_person_chooses_what_to_hear(app: TestApp) {
        let tenant = app.growth("Choices").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        let ledger = format!("{contact}/consents");
        owner.post(&ledger, word("sms", "marketing", "granted")).await.created();
        let (anyone, path) = (app.anonymous(), link(&app, &tenant, &contact, "preferences"));
        let shown = anyone.get(&path).await;
        assert!(shown.text.contains("name=\"sms\" value=\"on\" checked") && shown.text.contains("name=\"email\" value=\"on\">"), "{}", shown.text);
        assert!(!shown.text.contains("name=\"whatsapp\"") && !shown.text.contains(PERSON) && shown.text.contains("210"), "{}", shown.text);
        // Nobody agrees to a number by a mailbox, and what stays as it was is not written down.
        app.advance(Duration::seconds(1));
        let saved = anyone.call("POST", &path).raw(FORM, "email=on&sms=on&whatsapp=on").await;
        assert_eq!(saved.status, 200);
        let page = owner.get(&ledger).await.ok();
        assert_eq!((stands(&page, "email", "marketing"), stands(&page, "sms", "marketing"), stands(&page, "whatsapp", "marketing")),
            ("granted".into(), "granted".into(), "none".into()));
        assert_eq!(page["data"].as_array().map(Vec::len), Some(2), "{page}");
        assert_eq!(page["data"][0]["source"], "preference_page");
        app.advance(Duration::seconds(1));
        anyone.call("POST", &path).raw(FORM, "email=on").await;
        assert_eq!(standing(owner, &contact, "sms", "marketing").await, "withdrawn");
        owner.post(&ledger, word("sms", "marketing", "granted")).await.problem(409, "consent.the_persons_own");
        // By the link a person takes back what they said by it.
        app.advance(Duration::seconds(1));
        anyone.call("POST", &link(&app, &tenant, &contact, "unsubscribe")).raw(FORM, "").await;
        app.advance(Duration::seconds(1));
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "withdrawn");
        anyone.call("POST", &path).raw(FORM, "email=on").await;
        assert_eq!(standing(owner, &contact, "email", "marketing").await, "granted");
        assert!(anyone.call("POST", &path).raw(FORM, vec![b'x'; 9_000]).await.status == 413);
        // Of who was deleted the mailbox still speaks.
        owner.delete(&contact).await.expect(204);
        app.advance(Duration::seconds(1));
        assert_eq!(anyone.call("POST", &link(&app, &tenant, &contact, "unsubscribe")).raw(FORM, "").await.status, 200);
        let again = asha(&tenant).await;
        assert_eq!(standing(owner, &again, "email", "marketing").await, "withdrawn");
    }

    async fn enough_is_enough(app: TestApp) {
        let tenant = app.growth("Often").await;
        let owner = &tenant.owner;
        let contact = asha(&tenant).await;
        owner.post(&format!("{contact}/consents"), word("email", "marketing", "granted")).await.created();
        owner.patch("/v1/tenants/current", json!({ "settings": { "outreach": { "frequency_cap": { "messages": 2, "days": 3 } } } })).await.ok();
        let (of, whom): (TenantId, ContactId) = (
            serde_json::from_value(json!(tenant.id)).expect("an id"),
            serde_json::from_value(json!(contact.rsplit('/').next())).expect("an id"),
        );
        let sent = async || {
            let count = move |tx: &mut PlatformTx<'_>| caps::note_marketing(&mut tx.for_tenant(of), &[whom]);
            app.app.core.db.write(PlatformScope::system(), count).await.expect("it is counted");
        };
        sent().await;
        assert_eq!(codes(owner, &contact, "email", "marketing").await, [""; 0]);
        app.advance(Duration::days(1));
        sent().await;
        let mut tenant = tenant;
        tenant.log_in_again().await;
        let owner = &tenant.owner;
        assert_eq!(closed(owner, &contact, "email", "marketing").await, [("frequency_cap".into(), json!("2026-11-23T00:00:00Z"))]);
        assert_eq!(codes(owner, &contact, "email", "service").await, [""; 0]);
        owner.post(&format!("{contact}/consents"), word("sms", "marketing", "granted")).await.created();
        assert_eq!(codes(owner, &contact, "sms", "marketing").await, ["frequency_cap"], "whatever the channel");
        app.advance(Duration::days(2));
        tenant.log_in_again().await;
        assert_eq!(codes(&tenant.owner, &contact, "email", "marketing").await, [""; 0]);
        // What no cap looks at is forgotten.
        app.advance(Duration::days(60));
        app.run_schedule().await;
        let left = move |tx: &mut PlatformTx<'_>| Ok(marketing_days::table.count().get_result::<i64>(tx.conn())?);
        assert_eq!(app.app.core.db.read(PlatformScope::system(), left).await.expect("a count"), 0);
    }

    async fn a_thousand_are_looked_at_in_a_few_statements(app: TestApp) {
        let tenant = app.growth("Many").await;
        let people: Vec<Value> = (0..200).map(|n| json!({ "email": format!("p{n}@example.com"), "phone": format!("+9198111{n:05}") })).collect();
        let made = tenant.owner.put("/v1/contacts/batch", json!({ "contacts": people })).await.ok();
        let ids: Vec<ContactId> = made["results"].as_array().unwrap().iter()
            .map(|one| serde_json::from_value(one["id"].clone()).expect("an id")).collect();
        let first = format!("/v1/contacts/{}/consents", ids[0].uuid());
        tenant.owner.post(&first, word("email", "marketing", "granted")).await.created();
        let of: TenantId = serde_json::from_value(json!(tenant.id)).expect("an id");
        let (count, gone) = (ids.len(), ContactId::new());
        let look = move |tx: &mut PlatformTx<'_>| {
            let tx = &mut tx.for_tenant(of);
            let known = leadwright::tenants::store::current(tx)?;
            let writer = eligibility::Writer { tenant: &known, standing: Standing::Trial, is_in_plan: true, sms_countries: &[] };
            let what = (Channel::Email, MessageClass::Marketing);
            let ready = eligibility::of_tenant(tx, writer, what.0, what.1)?;
            let all: Vec<ContactId> = ids.iter().copied().chain([gone]).collect();
            let facts = eligibility::facts_of(tx, writer, &ready, &all, what)?;
            let open = facts.iter().filter(|facts| outreach::judge(&ready.facts, facts, tx.now()).pass().is_ok());
            Ok((facts.len(), open.map(|facts| facts.contact).collect::<Vec<_>>(), ids[0]))
        };
        let (looked_at, open, first) = app.app.core.db.read(PlatformScope::system(), look).await.expect("facts");
        assert_eq!((looked_at, open), (count, vec![first]), "who is gone is left out");
    }
}
