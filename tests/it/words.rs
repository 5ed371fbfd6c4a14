//! What people are mailed: in their language, as text and as HTML, with links into the app; and the labels a frontend shows.

use std::collections::{BTreeMap, BTreeSet};

use leadwright::language;
use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::document;
use crate::support::{PASSWORD, TestApp, growth_campaign};

const APP: &str = "https://app.platform.example";
const OWN: &str = "https://crm.acme.example";
const NEW: &str = "rajesh@acme.example.com";

/// The buttons of the letters that lead somewhere, by which the letters are known.
const BUTTONS: [&str; 10] = [
    "View & contact",
    "See more",
    "Accept the invitation",
    "Confirm the address",
    "Sign up with this address",
    "Get the alerts",
    "Set a new password",
    "Take the account back",
    "It was not me",
    "Open LeadGen Pro",
];

fn text<'a>(mail: &'a Value, part: &str) -> &'a str {
    mail[part].as_str().unwrap_or_else(|| panic!("no {part} in {mail}"))
}

/// The e-mails to somebody, newest first.
async fn mails_to(app: &TestApp, address: &str) -> Vec<Value> {
    let mut mails = app.outbox().await;
    mails.retain(|mail| mail["to"] == address && mail["channel"] == "email");
    mails
}

/// The token in the newest mail to somebody with a link to this page.
async fn token(app: &TestApp, address: &str, page: &str) -> String {
    app.run_jobs().await;
    let link = format!("/{page}?token=");
    let mails = mails_to(app, address).await;
    let found = mails.iter().find_map(|mail| text(mail, "body").split_once(&link));
    let (_, rest) = found.unwrap_or_else(|| panic!("no link to {page} in {mails:?}"));
    rest.split_whitespace().next().expect("a token").to_string()
}

/// Everything happens of which somebody is mailed a link.
async fn everything_is_mailed(app: &TestApp, pages: Option<&str>) {
    let tenant = app.unverified_tenant("Acme").await;
    if let Some(pages) = pages {
        let settings = json!({ "settings": { "deep_link_base_url": format!("{pages}/") } });
        tenant.owner.patch("/v1/tenants/current", settings).await.ok();
        tenant.agree(app, json!({ "link_domains": ["acme.example"] })).await;
    }
    let owner = tenant.email();
    let prove = token(app, &owner, "verify-email").await;
    let sign_up = json!({ "email": owner, "password": PASSWORD, "business_name": "Another" });
    app.anonymous().post("/v1/auth/signup", sign_up).await.problem(409, "user.email_taken");
    app.run_jobs().await;
    app.anonymous().post("/v1/auth/verify-email", json!({ "token": prove })).await.ok();
    tenant.subscribe("growth").await;
    tenant.activate(app).await;
    let recipients = json!({ "settings": { "notification_recipients": { "emails": ["sales@partner.example"] } } });
    tenant.owner.patch("/v1/tenants/current", recipients).await.ok();
    tenant.owner.post("/v1/invitations", json!({ "email": "asha@example.com", "role": "agent" })).await.created();
    tenant.lead("Priya", "priya@example.com", "+919876543210").await;
    let draft = growth_campaign("meta", "1", "2", "3");
    let draft = tenant.owner.post("/v1/ad-campaigns", draft).await.created();
    let activate = format!("/v1/ad-campaigns/{}/activate", text(&draft, "id"));
    tenant.owner.post(&activate, json!({})).await.ok();
    tenant.approve(&draft).await;
    app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": owner })).await.expect(202);
    app.run_jobs().await;
    let change = json!({ "current_password": PASSWORD, "new_password": "first rain in june" });
    tenant.owner.post("/v1/auth/password", change).await.ok();
    let begun = json!({ "current_password": "first rain in june" });
    let secret = tenant.owner.post("/v1/me/second-factor", begun).await.created()["secret"].clone();
    let code = crate::accounts::code(secret.as_str().unwrap(), app.clock.now().seconds());
    let confirm = tenant.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code }));
    let codes = confirm.await.ok()["recovery_codes"].clone();
    app.run_jobs().await;
    let address = json!({ "email": NEW, "current_password": "first rain in june" });
    tenant.owner.post("/v1/me/email", address).await.expect(202);
    let change = token(app, NEW, "change-email").await;
    app.anonymous().post("/v1/auth/email-change", json!({ "token": change })).await.ok();
    app.run_jobs().await;
    tenant
        .owner
        .post("/v1/tenants/current/closure", json!({ "current_password": "first rain in june", "code": codes[0] }))
        .await
        .ok();
    app.run_jobs().await;
}

/// The mails with a link, each of which leads below `pages` in both of its parts.
fn lead_to(mails: &[Value], pages: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for mail in mails {
        let html = text(mail, "html");
        let links: Vec<&str> = html.split("href=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
        let [button, below] = links.as_slice() else { panic!("two links, to the same: {html}") };
        assert!(
            button == below && (*button == pages || button.starts_with(&format!("{pages}/"))),
            "{button} and not {pages}: {mail}"
        );
        assert!(text(mail, "body").contains(&button.replace("&amp;", "&")), "{mail}");
        let label = BUTTONS.iter().find(|label| text(mail, "body").contains(&format!("{label}:\n")));
        seen.insert((*label.unwrap_or_else(|| panic!("of which letter is {mail}"))).to_string());
    }
    seen
}

both_engines! {
    async fn every_link_leads_to_the_platforms_app(app: TestApp) {
        let app = TestApp::start(app.engine, &[("APP_URL", APP)]).await;
        everything_is_mailed(&app, None).await;
        let mails: Vec<Value> = app.outbox().await.into_iter().filter(|mail| mail["channel"] == "email").collect();
        let seen = lead_to(&mails, APP);
        let wanted: BTreeSet<String> = BUTTONS.iter().map(ToString::to_string).collect();
        assert_eq!(seen, wanted);
    }

    async fn every_link_leads_to_the_tenants_own_app_where_it_has_one(app: TestApp) {
        let app = TestApp::start(app.engine, &[("APP_URL", APP)]).await;
        everything_is_mailed(&app, Some(OWN)).await;
        let mails = app.outbox().await.into_iter().filter(|mail| mail["channel"] == "email");
        // Who signs up anew is none of the tenant's.
        let (strangers, own): (Vec<Value>, Vec<Value>) = mails.partition(|mail| text(mail, "body").contains("/signup?token="));
        assert_eq!((lead_to(&strangers, APP).len(), lead_to(&own, OWN).len()), (1, 9));
    }

    async fn of_several_tenants_none_asks_for_a_persons_password(app: TestApp) {
        let app = TestApp::start(app.engine, &[("APP_URL", APP)]).await;
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        acme.owner.patch("/v1/tenants/current", json!({ "settings": { "deep_link_base_url": OWN } })).await.ok();
        acme.agree(&app, json!({ "link_domains": ["acme.example"] })).await;
        let link = async || {
            app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": acme.email() })).await.expect(202);
            app.run_jobs().await;
            let mails = mails_to(&app, &acme.email()).await;
            let body = mails.iter().map(|mail| text(mail, "body")).find(|body| body.contains("/reset-password?")).unwrap();
            body.lines().find(|line| line.contains("/reset-password?")).unwrap().to_string()
        };
        assert!(link().await.starts_with(&format!("{OWN}/reset-password?token=")));
        let invited = other.owner.post("/v1/invitations", json!({ "email": acme.email(), "role": "agent" })).await.created();
        app.anonymous().post("/v1/invitations/accept", json!({ "token": invited["token"], "password": PASSWORD })).await.created();
        app.advance(chrono::Duration::hours(2));
        assert!(link().await.starts_with(&format!("{APP}/reset-password?token=")));
    }

    async fn people_are_written_to_in_their_own_language_or_their_tenants(app: TestApp) {
        let tenant = app.growth("ABC Real Estate").await;
        tenant.owner.patch("/v1/me", json!({ "language": "hi-IN", "time_zone": "America/New_York" })).await.ok();
        let agent = tenant.user("agent").await;
        agent.patch("/v1/notifications/preferences", json!({ "lead_created": { "email": true } })).await.ok();
        let told = async |address: &str, name: &str| {
            tenant.owner.post("/v1/leads", json!({ "name": name, "email": format!("{name}@example.com") })).await.created();
            app.run_jobs().await;
            mails_to(&app, address).await.remove(0)
        };
        let mail = told(&tenant.email(), "Priya").await;
        assert!(text(&mail, "subject").starts_with("नई लीड (") && text(&mail, "body").contains("देखें और संपर्क करें:\n"), "{mail}");
        assert!(text(&mail, "html").contains("<html lang=\"hi\" dir=\"ltr\">"), "{mail}");
        let listed = async |client: &crate::support::Client| client.get("/v1/notifications").await.ok()["data"][0].clone();
        assert!(text(&listed(&tenant.owner).await, "title").starts_with("नई लीड ("));
        assert!(text(&listed(&agent).await, "title").starts_with("New "));
        let agents = "agent@abc-real-estate.example.com";
        assert!(text(&told(agents, "Ravi").await, "subject").starts_with("New "), "who has set no language, in a tenant that has set none");
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "language": "HI" } })).await.ok();
        assert!(text(&told(agents, "Meera").await, "subject").starts_with("नई लीड ("), "reads the tenant's");
        agent.patch("/v1/me", json!({ "language": "en-GB" })).await.ok();
        assert!(text(&told(agents, "Asha").await, "subject").starts_with("New "), "and their own before it");
        // Moments are told in the zone of whoever reads.
        let change = json!({ "current_password": PASSWORD, "new_password": "first rain in june" });
        tenant.owner.post("/v1/auth/password", change).await.ok();
        app.run_jobs().await;
        let notice = mails_to(&app, &tenant.email()).await.remove(0);
        assert!(text(&notice, "body").contains("नवंबर 2026, ") && text(&notice, "body").contains(" EST को हुआ।"), "{notice}");
        // And the first message to a lead in the tenant's.
        let lead = tenant.lead("Kavya", "kavya@example.com", "+919876543211").await;
        let draft = tenant.owner.get(&format!("/v1/leads/{}/suggested-message?channel=email", lead["id"].as_str().unwrap())).await.ok();
        assert!(text(&draft, "content").starts_with("नमस्ते Kavya,"), "{draft}");
        let approved = tenant.owner.get(&format!("/v1/leads/{}/suggested-message?channel=whatsapp", lead["id"].as_str().unwrap())).await.ok();
        assert!(text(&approved, "content").starts_with("Hi Kavya, this is "), "{approved}");
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": { "language": "Hindi" } })).await.expect(422);
    }

    async fn a_tenants_mails_have_its_name_and_colour_and_nothing_it_made_up(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let looks = json!({ "branding": { "display_name": "<b>Acme</b> & \"Sons\"", "primary_color": "#FFCC00" } });
        tenant.owner.patch("/v1/tenants/current", json!({ "settings": looks })).await.ok();
        tenant.owner.post("/v1/leads", json!({ "name": "<script>alert(1)</script> Priya", "email": "priya@example.com" })).await.created();
        tenant.owner.post("/v1/invitations", json!({ "email": "asha@example.com", "role": "agent" })).await.created();
        app.run_jobs().await;
        let alert = mails_to(&app, &tenant.email()).await.remove(0);
        let html = text(&alert, "html");
        assert!(html.contains("border-top:4px solid #FFCC00") && html.contains("&lt;b&gt;Acme&lt;/b&gt; &amp; &quot;Sons&quot;"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(!text(&alert, "subject").contains(['\n', '\r']), "{alert}");
        let invitation = mails_to(&app, "asha@example.com").await.remove(0);
        let html = text(&invitation, "html");
        assert!(html.contains(">LeadGen Pro</p>") && !html.contains("#FFCC00"), "to strangers the platform writes: {html}");
    }

    async fn labels_are_answered_in_the_language_that_is_asked_for(app: TestApp) {
        let anyone = app.anonymous();
        let answer = anyone.get("/v1/labels?language=hi-IN").await;
        assert_eq!(answer.header("content-language"), Some("hi"));
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("accept-language")));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
        let etag = answer.header("etag").expect("a tag").to_string();
        let labels = answer.ok();
        assert_eq!((&labels["language"], &labels["values"]["LeadStatus"]["won"]), (&json!("hi"), &json!("सफल")));
        assert_eq!((&labels["countries"]["IN"], &labels["currencies"]["INR"]), (&json!("भारत"), &json!("भारतीय रुपया")));
        assert_eq!((&labels["time_zones"]["Asia/Kolkata"], &labels["industries"]["real_estate"]), (&json!("कोलकाता"), &json!("रियल एस्टेट")));
        assert_eq!(labels["languages"], json!([{ "tag": "en", "name": "English" }, { "tag": "hi", "name": "हिन्दी" }]));
        anyone.get("/v1/labels?language=hi").header("if-none-match", &etag).await.expect(304);
        let by_header = |accept: &str| anyone.get("/v1/labels").header("accept-language", accept);
        assert_eq!(by_header("fr, hi;q=0.8, en;q=0.5").await.ok()["language"], "hi");
        assert_eq!(by_header("fr").await.ok()["language"], "en");
        let chosen = anyone.get("/v1/labels?language=en").header("accept-language", "hi").await.ok();
        assert_eq!((&chosen["language"], &chosen["values"]["Role"]["owner"]), (&json!("en"), &json!("Owner")));
        anyone.get("/v1/labels?language=Hindi").await.problem(422, "request.invalid");
    }
}

/// Values that no frontend shows, and why.
const UNSHOWN: [(&str, &str); 4] = [
    ("EventPattern", "event types, and parts of them"),
    ("RetryAdvice", "for programs: whether to repeat a request"),
    ("DismissableState", "one of JobState"),
    ("RetryableState", "one of JobState"),
];

#[test]
fn every_value_in_the_document_has_a_label_in_every_language() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let enums: BTreeMap<&String, BTreeSet<&str>> = schemas
        .iter()
        .filter(|(name, _)| UNSHOWN.iter().all(|(unshown, _)| name != unshown))
        .filter_map(|(name, schema)| {
            Some((name, schema["enum"].as_array()?.iter().filter_map(Value::as_str).collect()))
        })
        .collect();
    for words in language::all() {
        let mut wrong = Vec::new();
        for (name, values) in &enums {
            let labelled: BTreeSet<&str> =
                words.labels.get(*name).into_iter().flatten().map(|(value, _)| value.as_str()).collect();
            wrong.extend(values.difference(&labelled).map(|value| format!("no label of {name} {value}")));
            wrong.extend(labelled.difference(values).map(|value| format!("a label of {name} {value}, which is none")));
        }
        let unknown = words.labels.keys().filter(|name| *name != "Industry" && !enums.contains_key(name));
        wrong.extend(unknown.map(|name| format!("labels of {name}, which is no schema")));
        assert!(wrong.is_empty(), "src/language/words/{}/labels.toml:\n{}", words.tag, wrong.join("\n"));
    }
}

/// Whatever a tenant may set has a name.
#[test]
fn every_country_and_currency_of_a_tenant_has_a_name() {
    use leadwright::base::money::Currency;
    use leadwright::tenants::region::Country;
    let letters = || 'A'..='Z';
    for words in language::all() {
        for code in letters().flat_map(|a| letters().map(move |b| format!("{a}{b}"))) {
            let is_one = code.parse::<Country>().is_ok();
            assert!(!is_one || words.places.countries.contains_key(&code), "{code} in {}", words.tag);
        }
        for code in words.places.currencies.keys() {
            assert!(code.parse::<Currency>().is_ok(), "{code} in {}", words.tag);
        }
        for zone in words.places.time_zones.keys() {
            assert!(zone.parse::<leadwright::tenants::region::TimeZone>().is_ok(), "{zone} in {}", words.tag);
        }
    }
}
