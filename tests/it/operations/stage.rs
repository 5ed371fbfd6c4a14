//! What each operation acts on: real ids for the paths, and who calls.
//!
//! Most operations need nothing of their own: they read or change what [`Stage::set`] put there. One that ends something
//! (a session, a user, an ad campaign), or that only works in a certain state, gets its own in [`Stage::arrange`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::accounts;
use super::sign::Sign;
use crate::support::{Client, PASSWORD, Tenant, TestApp, growth_campaign};

/// How an operation is called.
pub struct Act {
    pub actor: Client,
    pub path: String,
    /// Merged into the example: ids and tokens that no example can know.
    pub replace: Value,
    pub sign: Sign,
}

pub struct Stage {
    tenant: Tenant,
    /// One resource of each collection.
    known: BTreeMap<&'static str, String>,
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_string()
}

async fn first(actor: &Client, list: &str) -> String {
    id(&actor.get(list).await.ok()["data"][0])
}

impl Stage {
    /// Whom nothing that the tenant does to its people and keys shuts out.
    pub fn operator(&self, app: &TestApp) -> Client {
        self.tenant.as_operator(app)
    }

    /// A tenant with one of everything.
    pub async fn set(app: &TestApp) -> Self {
        let tenant = app.growth("Stage").await;
        let operator = app.operator();
        let lead = tenant.lead("Rajesh Kumar", "rajesh@example.com", "+919811122233").await;
        let campaign = tenant.ad_campaign("meta", "120210000000000009", "612312312319", "153125381139").await;
        // A lead nobody claims leaves a webhook that can be tried again.
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        let unclaimed = json!({ "page_id": "1", "form_id": "2", "field_data": fields });
        app.anonymous().post("/sandbox/meta/leads", unclaimed).await;
        app.run_jobs().await;
        // A person sent a picture.
        let conversation = first(&tenant.owner, "/v1/conversations").await;
        let thread = format!("/v1/conversations/{conversation}/messages");
        let greeting =
            json!({ "template": { "code": "first_contact", "variables": { "name": "Rajesh", "business": "Stage" } } });
        tenant.owner.post(&thread, greeting).await.expect(202);
        app.run_jobs().await;
        let picture = json!([{ "content_type": "image/png", "body": "a picture" }]);
        let sent = json!({ "from": "whatsapp:+919811122233", "to": "+14155238886", "media": picture });
        app.anonymous().post("/sandbox/twilio/inbound", sent).await.created();
        app.run_jobs().await;
        let key = tenant.owner.post("/v1/api-keys", json!({ "name": "A", "scopes": ["leads:read"] })).await.created();
        let invitation = json!({ "email": "later@stage.example.com", "role": "agent" });
        let invitation = tenant.owner.post("/v1/invitations", invitation).await.created();
        let hook = json!({ "url": "http://127.0.0.1:9/hook", "event_types": ["*"] });
        let endpoint = tenant.owner.post("/v1/webhook-endpoints", hook).await.created();
        let ping = format!("/v1/webhook-endpoints/{}/ping", id(&endpoint));
        let delivery = tenant.owner.post(&ping, json!({})).await.expect(202);
        let words = json!({ "name": "Reminder", "channel": "email", "message_class": "service", "subject": "Hi {{ name }}",
            "body": "See you soon." });
        let words = tenant.owner.post("/v1/templates", words).await.created();
        let rule = json!({ "name": "All", "kind": "dynamic", "rule": { "all": [] } });
        let segment = tenant.owner.post("/v1/segments", rule).await.created();
        app.run_jobs().await;
        let offer = json!({ "name": "Offer", "channel": "email", "message_class": "marketing", "status": "active", "subject": "Offer", "body": "Hi" });
        let offer = tenant.owner.post("/v1/templates", offer).await.created();
        let client = json!({ "name": "Client", "email": "client@example.com", "tags": ["clients"] });
        let client = tenant.owner.post("/v1/contacts", client).await.created();
        let agreed =
            json!({ "channel": "email", "class": "marketing", "state": "granted", "source": "form", "wording": "Yes" });
        tenant.owner.post(&format!("/v1/contacts/{}/consents", id(&client)), agreed).await.created();
        let draft = json!({ "name": "Offer", "template_id": offer["id"], "audience": { "tag": "clients" } });
        let draft = tenant.owner.post("/v1/outreach-campaigns", draft).await.created();
        let attribute = json!({ "key": "venue", "label": "Venue", "type": "select", "options": ["The Taj"] });
        let attribute = tenant.owner.post("/v1/custom-attributes", attribute).await.created();
        let contact = lead["contact_id"].as_str().expect("a contact");
        let booking = json!({ "contact_id": contact, "title": "Wedding" });
        let booking = tenant.owner.post("/v1/bookings", booking).await.created();
        let notes = format!("/v1/contacts/{contact}/notes");
        let note = tenant.owner.post(&notes, json!({ "body": "A note" })).await.created();
        let task = tenant.owner.post("/v1/tasks", json!({ "title": "Call" })).await.created();
        let known = BTreeMap::from([
            ("outreach-campaigns", id(&draft)),
            // No collection of its own.
            ("offers", id(&offer)),
            ("segments", id(&segment)),
            ("members", lead["contact_id"].as_str().expect("a contact").to_string()),
            ("bookings", id(&booking)),
            ("notes", id(&note)),
            ("own tasks", id(&task)),
            ("custom-attributes", id(&attribute)),
            ("leads", id(&lead)),
            ("templates", id(&words)),
            ("contacts", lead["contact_id"].as_str().expect("a contact").to_string()),
            ("ad-campaigns", id(&campaign)),
            ("conversations", conversation),
            ("messages", first(&tenant.owner, &thread).await),
            ("attachments", "0".into()),
            ("api-keys", id(&key)),
            ("invitations", id(&invitation)),
            ("users", first(&tenant.owner, "/v1/users").await),
            ("tenants", tenant.id.clone()),
            ("plans", "growth".into()),
            ("problems", "lead.not_found".into()),
            ("subscriptions", id(&tenant.owner.get("/v1/subscriptions/current").await.ok())),
            ("notifications", first(&tenant.owner, "/v1/notifications").await),
            ("ops/notifications", first(&operator, "/v1/ops/notifications").await),
            ("operators", first(&operator, "/v1/ops/operators").await),
            ("tasks", first(&operator, "/v1/ops/tasks").await),
            ("jobs", first(&operator, "/v1/ops/jobs").await),
            ("webhook-endpoints", id(&endpoint)),
            ("webhook-deliveries", id(&delivery)),
            ("webhook-events", first(&operator, "/v1/ops/webhook-events?state=failed").await),
        ]);
        Self { tenant, known }
    }

    /// The path with ids for its parameters.
    fn filled(&self, path: &str) -> String {
        let mut filled = Vec::new();
        let mut collection = String::new();
        for part in path.split('/') {
            if !part.starts_with('{') {
                collection = if part == "notifications" && path.contains("/ops/") {
                    "ops/notifications".into()
                } else if part == "tasks" && !path.contains("/ops/") {
                    "own tasks".into()
                } else {
                    part.into()
                };
                filled.push(part.to_string());
                continue;
            }
            let name = if part == "{tenant_id}" { "tenants" } else { collection.as_str() };
            let known = self.known.get(name);
            filled.push(known.unwrap_or_else(|| panic!("{path}: Stage::set puts no {name} there")).clone());
        }
        filled.join("/")
    }

    /// Who calls an operation: the owner where a tenant may, an operator where only they may, else anybody.
    fn actor(&self, app: &TestApp, operation: &Value) -> Client {
        let ways = operation["security"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| ways.iter().any(|way| way.get(name).is_some());
        match (takes("bearer"), takes("operator")) {
            (true, _) => self.tenant.owner.clone(),
            (false, true) => app.operator(),
            _ => app.anonymous(),
        }
    }

    async fn campaign(&self, number: u32, steps: &[&str]) -> String {
        let [campaign, form, page] = [1, 2, 3].map(|kind| format!("77{kind}{number:010}"));
        let body = growth_campaign("meta", &campaign, &form, &page);
        let draft = self.tenant.owner.post("/v1/ad-campaigns", body).await.created();
        let path = format!("/v1/ad-campaigns/{}", id(&draft));
        for step in steps {
            if *step == "activate" {
                self.tenant.approve(&draft).await;
                continue;
            }
            self.tenant.owner.post(&format!("{path}/{step}"), json!({})).await.ok();
        }
        path
    }

    /// An outreach campaign to somebody who agreed, and what is done with it.
    async fn outreach(&self, steps: &[&str]) -> String {
        let owner = &self.tenant.owner;
        let draft = json!({ "name": "Offer", "template_id": self.known["offers"], "audience": { "tag": "clients" } });
        let path =
            format!("/v1/outreach-campaigns/{}", id(&owner.post("/v1/outreach-campaigns", draft).await.created()));
        let mut estimate = Value::Null;
        for step in steps {
            let body = if *step == "confirm" { json!({ "estimate_id": estimate["id"] }) } else { json!({}) };
            let told = owner.post(&format!("{path}/{step}"), body).await;
            assert!(told.status < 300, "{step}: {}", told.text);
            if *step == "estimate" {
                estimate = told.body;
            }
        }
        path
    }

    /// Someone who may be removed.
    async fn member(&self, role: &str) -> String {
        let member = self.tenant.user(role).await;
        id(&member.get("/v1/me").await.ok()["user"])
    }

    /// A job that failed for good: the ad platform refuses to pause an ad.
    async fn dead_job(&self, app: &TestApp, number: u32) -> String {
        let fault =
            json!({ "provider": "meta", "operation": "set_status", "mode": "fail", "status": 400, "code": 190 });
        app.anonymous().put("/sandbox/faults", json!({ "faults": [fault] })).await.ok();
        self.campaign(number, &["activate"]).await;
        app.run_jobs().await;
        app.anonymous().delete("/sandbox/faults").await.expect(204);
        first(&app.operator(), "/v1/ops/jobs?state=dead").await
    }

    pub async fn arrange(&self, app: &TestApp, operation_id: &str, path: &str, operation: &Value) -> Act {
        let mut act =
            Act { actor: self.actor(app, operation), path: String::new(), replace: Value::Null, sign: Sign::Nobody };
        let owner = &self.tenant.owner;
        match operation_id {
            "verify_meta_webhook" | "verify_meta_webhook_of_tenant" => {
                let query = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=sandbox-meta-verify-token";
                act.path = format!("{}?{query}", self.filled(path));
            }
            "receive_meta_webhook" | "receive_meta_webhook_of_tenant" => act.sign = Sign::Meta,
            "receive_resend_webhook" => act.sign = Sign::Resend,
            "receive_twilio_message" | "receive_twilio_status" => act.sign = Sign::Twilio,
            "receive_google_ads_webhook" => act.replace = json!({ "google_key": "sandbox-google-key" }),
            // The example signs up; whoever logs in afterwards is that person.
            "log_in" => {
                let known = json!({ "email": self.tenant.email(), "password": PASSWORD });
                act.replace = known;
            }
            "log_out" => act.actor = app.tenant("Leaving").await.owner,
            "change_password" => {
                act.actor = app.tenant("Careful").await.owner;
                act.replace = json!({ "current_password": PASSWORD });
            }
            "refresh_session" => act.replace = json!({ "refresh_token": app.tenant("Staying").await.refresh_token }),
            "verify_email" => {
                let fresh = app.unverified_tenant("Fresh").await;
                app.run_jobs().await;
                act.replace = json!({ "token": app.mailed_token(&fresh.email()).await });
            }
            "confirm_notification_recipient" => {
                app.anonymous().put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
                let asking = app.growth("Asking").await;
                let wish = json!({ "notification_recipients": { "emails": ["alerts@asking.example.com"] } });
                asking.owner.patch("/v1/tenants/current", json!({ "settings": wish })).await.ok();
                app.run_jobs().await;
                act.replace = json!({ "token": app.mailed_token("alerts@asking.example.com").await });
            }
            "send_verification_email" => act.actor = app.unverified_tenant("Waiting").await.owner,
            "accept_invitation" => {
                let offered = json!({ "email": "meera@stage.example.com", "role": "agent" });
                let offered = owner.post("/v1/invitations", offered).await.created();
                act.replace = json!({ "token": offered["token"] });
            }
            "revoke_invitation" => {
                let offered = json!({ "email": "nobody@stage.example.com", "role": "agent" });
                let offered = owner.post("/v1/invitations", offered).await.created();
                act.path = format!("/v1/invitations/{}", id(&offered));
            }
            "create_subscription" => act.actor = app.tenant("Undecided").await.owner,
            "create_tenant" => act.replace = json!({ "owner_email": "owner@created.example.com" }),
            "update_tenant" => act.path = format!("/v1/tenants/{}", app.tenant("Late payer").await.id),
            "update_user" => act.path = format!("/v1/users/{}", self.member("viewer").await),
            "remove_user" => act.path = format!("/v1/users/{}", self.member("admin").await),
            "submit_ad_campaign" => act.path = format!("{}/submit", self.campaign(1, &[]).await),
            "activate_ad_campaign" => act.path = format!("{}/activate", self.campaign(2, &[]).await),
            "reject_ad_campaign" => {
                act.actor = self.tenant.as_operator(app);
                act.path = format!("{}/reject", self.campaign(6, &["submit"]).await);
            }
            "pause_ad_campaign" => act.path = format!("{}/pause", self.campaign(3, &["activate"]).await),
            "resume_ad_campaign" => act.path = format!("{}/resume", self.campaign(4, &["activate", "pause"]).await),
            "complete_ad_campaign" => act.path = format!("{}/complete", self.campaign(5, &["activate"]).await),
            "create_lead_form_key" => {
                let mut form = growth_campaign("google", "7710000000077", "7720000000077", "7");
                form["account_owner"] = json!("tenant");
                let draft = owner.post("/v1/ad-campaigns", form).await.created();
                act.path = format!("/v1/ad-campaigns/{}/webhook-key", id(&draft));
            }
            "create_booking" => act.replace = json!({ "contact_id": self.known["contacts"] }),
            "update_booking" => {
                act.replace = json!({ "contact_id": self.known["contacts"], "external_id": "deal-of-the-update" });
            }
            "create_task" => act.replace = json!({ "contact_id": self.known["contacts"] }),
            "delete_booking" => {
                let booking = json!({ "contact_id": self.known["contacts"], "title": "Gone" });
                let booking = owner.post("/v1/bookings", booking).await.created();
                act.path = format!("/v1/bookings/{}", id(&booking));
            }
            "delete_contact_note" => {
                let notes = format!("/v1/contacts/{}/notes", self.known["contacts"]);
                let note = owner.post(&notes, json!({ "body": "Gone" })).await.created();
                act.path = format!("{notes}/{}", id(&note));
            }
            "delete_task" => {
                let task = owner.post("/v1/tasks", json!({ "title": "Gone" })).await.created();
                act.path = format!("/v1/tasks/{}", id(&task));
            }
            "delete_custom_attribute" => {
                let attribute = json!({ "key": "leaving", "label": "Leaving", "type": "text" });
                let attribute = owner.post("/v1/custom-attributes", attribute).await.created();
                act.path = format!("/v1/custom-attributes/{}", id(&attribute));
            }
            // Somebody of whom there is no lead.
            "delete_contact" => {
                let guest = owner.post("/v1/contacts", json!({ "name": "Guest" })).await.created();
                act.path = format!("/v1/contacts/{}", id(&guest));
            }
            "delete_template" => {
                let words = json!({ "name": "Gone", "channel": "sms", "message_class": "service", "body": "Hi" });
                act.path = format!("/v1/templates/{}", id(&owner.post("/v1/templates", words).await.created()));
            }
            // Filled by hand.
            "change_segment_members" => {
                let guests = json!({ "name": "Guests", "kind": "static" });
                let guests = owner.post("/v1/segments", guests).await.created();
                act.path = format!("/v1/segments/{}/members", id(&guests));
                act.replace = json!({ "add": [self.known["contacts"]] });
            }
            "delete_segment" => {
                let nobody = owner.post("/v1/segments", json!({ "name": "Nobody", "kind": "static" })).await.created();
                act.path = format!("/v1/segments/{}", id(&nobody));
            }
            "update_contact" => act.replace = json!({ "email": "changed.contact@example.com", "phone": "98765 43288" }),
            "create_contact" => act.replace = json!({ "email": "new.contact@example.com", "phone": "98765 43299" }),
            "create_outreach_campaign" => {
                act.replace = json!({ "template_id": self.known["offers"], "audience": { "tag": "clients" } });
            }
            "update_outreach_campaign" => act.path = self.outreach(&[]).await,
            "get_outreach_estimate" => act.path = format!("{}/estimate", self.outreach(&["estimate"]).await),
            "confirm_outreach_campaign" => {
                let draft = self.outreach(&["estimate"]).await;
                let estimate = owner.get(&format!("{draft}/estimate")).await.ok();
                (act.path, act.replace) = (format!("{draft}/confirm"), json!({ "estimate_id": estimate["id"] }));
            }
            "delete_outreach_campaign" => act.path = self.outreach(&[]).await,
            "pause_outreach_campaign" => act.path = format!("{}/pause", self.outreach(&["estimate", "confirm"]).await),
            "resume_outreach_campaign" => {
                act.path = format!("{}/resume", self.outreach(&["estimate", "confirm", "pause"]).await);
            }
            "cancel_outreach_campaign" => {
                act.path = format!("{}/cancel", self.outreach(&["estimate", "confirm"]).await)
            }
            "get_outreach_proof" => {
                let campaign = self.outreach(&["estimate", "confirm"]).await;
                app.run_jobs().await;
                act.path = format!("{campaign}/proof");
            }
            "open_conversation" => act.replace = json!({ "lead_id": self.known["leads"] }),
            "assign_lead" => act.replace = json!({ "user_id": self.known["users"] }),
            // A person nobody knows wrote to the number that all share.
            "assign_webhook_event" => {
                let phone = format!("+9198{:08}", 45_000_001);
                let told = json!({ "from": format!("whatsapp:{phone}"), "to": "+14155238886", "body": "Hello?" });
                app.anonymous().post("/sandbox/twilio/inbound", told).await.created();
                app.run_jobs().await;
                self.tenant.lead("Known later", "later@example.com", &phone).await;
                let held = first(&app.operator(), "/v1/ops/webhook-events?state=held").await;
                act.path = format!("/v1/ops/webhook-events/{held}/assign");
                act.replace = json!({ "tenant_id": self.tenant.id });
            }
            // A mailbox that does not exist.
            "lift_suppression" => {
                let lead = self.tenant.lead("Ghost", "bounced@resend.dev", "+919845000002").await;
                let thread = json!({ "lead_id": lead["id"], "channel": "email" });
                let thread = owner.post("/v1/conversations", thread).await;
                let path = format!("/v1/conversations/{}/messages", id(&thread.body));
                owner.post(&path, json!({ "content": "Hi", "subject": "Hi" })).await.expect(202);
                app.run_jobs().await;
                act.path = format!("/v1/suppressions/{}/lift", first(owner, "/v1/suppressions").await);
            }
            // The example's host is a name, and there is nobody here who knows names.
            "create_webhook_endpoint" => act.replace = json!({ "url": "http://127.0.0.1:9/another" }),
            "retry_job" => act.path = format!("/v1/ops/jobs/{}/retry", self.dead_job(app, 9).await),
            "dismiss_job" => act.path = format!("/v1/ops/jobs/{}/dismiss", self.dead_job(app, 10).await),
            "revoke_operator_key" => {
                let operator = &self.known["operators"];
                let keys = format!("/v1/ops/operators/{operator}/keys");
                let key = app.operator().post(&keys, json!({ "name": "Lost" })).await.created();
                act.path = format!("{keys}/{}", id(&key));
            }
            other => accounts::arrange(&mut act, app, &self.tenant, other).await,
        }
        if act.path.is_empty() {
            act.path = self.filled(path);
        }
        act
    }
}
