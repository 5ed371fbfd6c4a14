//! A tenant and its people.

use serde_json::{Value, json};

use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::tenants::verify;

use super::app::TestApp;
use super::client::Client;

/// A tenant with its owner's client.
pub struct Tenant {
    pub id: String,
    pub name: String,
    pub owner: Client,
    pub refresh_token: String,
    /// An operator acting in this tenant.
    operator: Client,
    url: String,
}

pub const PASSWORD: &str = "correct horse battery 9";

impl Tenant {
    /// Signed up, with an owner who opened the mailed link.
    pub async fn sign_up(app: &TestApp, name: &str) -> Self {
        Self::enter(app, name, true).await
    }

    /// Signed up, and the mail not read yet. The sandbox's mailbox opens the link as soon as jobs run, unless told otherwise.
    pub async fn sign_up_unverified(app: &TestApp, name: &str) -> Self {
        Self::enter(app, name, false).await
    }

    async fn enter(app: &TestApp, name: &str, is_verified: bool) -> Self {
        let email = format!("owner@{}.example.com", name.to_lowercase().replace(' ', "-"));
        let body = json!({ "email": email, "password": PASSWORD, "business_name": name });
        let answer = app.anonymous().post("/v1/auth/signup", body).await.created();
        let token = answer["access_token"].as_str().expect("an access token");
        let id = answer["tenant"]["id"].as_str().expect("a tenant").to_string();
        if is_verified {
            let user = answer["user"]["id"].as_str().expect("a user").parse().expect("an id");
            let verify = move |tx: &mut PlatformTx<'_>| verify::mark(tx, user);
            app.app.core.db.write(PlatformScope::system(), verify).await.expect("a verified owner");
        }
        Self {
            operator: app.operator().with_header("x-tenant-id", &id),
            id,
            name: name.into(),
            owner: app.anonymous().with_token(token),
            refresh_token: answer["refresh_token"].as_str().expect("a refresh token").into(),
            url: app.url.clone(),
        }
    }

    /// It does business in the United States from now on.
    pub async fn move_to_the_us(&self) {
        let there = json!({ "country": "US", "currency": "USD" });
        self.owner.patch("/v1/tenants/current", there).await.ok();
    }

    /// To a plan of whatever country: the tenant does business there then.
    pub async fn subscribe(&self, plan: &str) -> Value {
        if plan.starts_with("us_") {
            self.move_to_the_us().await;
        }
        self.owner.post("/v1/subscriptions", json!({ "plan_code": plan })).await.created()
    }

    /// A trial that operators begin for the tenant, whoever owns it.
    pub async fn try_by_operators(&self, plan: &str) -> Value {
        self.operator.post("/v1/subscriptions", json!({ "plan_code": plan })).await.created()
    }

    /// A further user with this role, by invitation.
    pub async fn user(&self, role: &str) -> Client {
        let email = format!("{role}@{}.example.com", self.name.to_lowercase().replace(' ', "-"));
        let invited = self.owner.post("/v1/invitations", json!({ "email": email, "role": role })).await.created();
        let accept = json!({ "token": invited["token"], "name": format!("A {role}"), "password": PASSWORD });
        let joined = Client::new(&self.url).post("/v1/invitations/accept", accept).await;
        let joined = if joined.status == 200 { joined.ok() } else { joined.created() };
        Client::new(&self.url).with_token(joined["access_token"].as_str().expect("an access token"))
    }

    /// The owner after its access token expired: logged in again.
    pub async fn log_in_again(&mut self) {
        let body = json!({ "email": self.email(), "password": PASSWORD });
        let answer = Client::new(&self.url).post("/v1/auth/login", body).await.ok();
        self.owner = Client::new(&self.url).with_token(answer["access_token"].as_str().expect("an access token"));
        self.refresh_token = answer["refresh_token"].as_str().expect("a refresh token").into();
    }

    /// The owner's address.
    pub fn email(&self) -> String {
        format!("owner@{}.example.com", self.name.to_lowercase().replace(' ', "-"))
    }

    /// `count` leads entered one after the other, by people nobody knew before.
    pub async fn enter_leads(&self, prefix: &str, count: usize) -> Vec<Value> {
        let mut entered = Vec::new();
        for n in 0..count {
            let body = json!({ "name": format!("{prefix} {n}"), "email": format!("{prefix}{n}@example.com") });
            entered.push(self.owner.post("/v1/leads", body).await.created());
        }
        entered
    }

    /// The operators make the subscription active, as when its payment arrived.
    pub async fn activate(&self, app: &TestApp) -> Value {
        let subscription = self.as_operator(app).get("/v1/subscriptions/current").await.ok();
        let path = format!("/v1/ops/subscriptions/{}/activate", subscription["id"].as_str().expect("an id"));
        app.operator().call("POST", &path).await.ok()
    }

    /// Operators record that another interval is paid.
    pub async fn pay(&self, app: &TestApp) -> Value {
        let subscription = self.as_operator(app).get("/v1/subscriptions/current").await.ok();
        let path = format!("/v1/ops/subscriptions/{}/payments", subscription["id"].as_str().expect("an id"));
        app.operator().post(&path, json!({})).await.ok()
    }

    /// A client with an API key of these scopes.
    pub async fn api_key(&self, scopes: &[&str]) -> Client {
        let body = json!({ "name": "test", "scopes": scopes });
        let created = self.owner.post("/v1/api-keys", body).await.created();
        Client::new(&self.url).with_token(created["key"].as_str().expect("a key"))
    }

    /// Every outside recipient of alerts agrees: by the mailed link, or by writing its code.
    pub async fn recipients_agree(&self, app: &TestApp) {
        app.run_jobs().await;
        let list = self.as_operator(app).get("/v1/notification-recipients").await.ok();
        for recipient in list["data"].as_array().expect("recipients") {
            if let (Some(code), Some(number)) = (recipient["code"].as_str(), recipient["address"].as_str()) {
                let written =
                    json!({ "from": format!("whatsapp:{number}"), "to": recipient["write_to"], "body": code });
                app.anonymous().post("/sandbox/twilio/inbound", written).await.created();
            }
        }
        app.run_jobs().await;
    }

    /// What operators agree with the tenant.
    pub async fn agree(&self, app: &TestApp, agreed: Value) {
        app.operator().patch(&format!("/v1/tenants/{}", self.id), json!({ "agreed": agreed })).await.ok();
    }

    /// An operator acting in this tenant.
    pub fn as_operator(&self, app: &TestApp) -> Client {
        app.operator().with_header("x-tenant-id", &self.id)
    }

    /// An active ad campaign for this form and page: the operators agree to it.
    pub async fn ad_campaign(&self, platform: &str, campaign_id: &str, form_id: &str, page_id: &str) -> Value {
        let body = growth_campaign(platform, campaign_id, form_id, page_id);
        let campaign = self.owner.post("/v1/ad-campaigns", body).await.created();
        self.approve(&campaign).await
    }

    /// An operator lets it run.
    pub async fn approve(&self, campaign: &Value) -> Value {
        let path = format!("/v1/ad-campaigns/{}/activate", campaign["id"].as_str().expect("an id"));
        self.operator.post(&path, json!({})).await.ok()
    }

    /// A lead entered by the API.
    pub async fn lead(&self, name: &str, email: &str, phone: &str) -> Value {
        self.owner.post("/v1/leads", json!({ "name": name, "email": email, "phone": phone })).await.created()
    }

    /// A lead entered with whatever is known.
    pub async fn lead_by(&self, known: Value) -> Value {
        self.owner.post("/v1/leads", known).await.created()
    }

    pub async fn leads(&self) -> Vec<Value> {
        self.owner.get("/v1/leads?limit=200").await.ok()["data"].as_array().cloned().unwrap_or_default()
    }

    /// The leads as an operator sees them: for tests that outlive the owner's token.
    pub async fn leads_as_operator(&self, app: &TestApp) -> Vec<Value> {
        let page = self.as_operator(app).get("/v1/leads?limit=200").await.ok();
        page["data"].as_array().cloned().unwrap_or_default()
    }

    pub async fn usage(&self) -> Value {
        self.owner.get("/v1/usage").await.ok()
    }
}

/// An ad campaign with the four sample questions.
pub fn growth_campaign(platform: &str, campaign_id: &str, form_id: &str, page_id: &str) -> Value {
    json!({
        "name": format!("ABC_Real_Estate_{platform}_{campaign_id}"),
        "platform": platform,
        "daily_budget": { "amount": 80_000, "currency": "INR" },
        "monthly_cap": { "amount": 1_500_000, "currency": "INR" },
        "lead_form": {
            "name": "2 BHK enquiry",
            "questions": [
                { "label": "Full name", "type": "full_name" },
                { "label": "Email", "type": "email" },
                { "label": "Phone number", "type": "phone" },
                { "label": "What is your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"] },
                { "label": "When are you planning to buy?", "type": "multiple_choice", "options": ["Immediately", "Within 3 months", "3-6 months", "Just exploring"] },
                { "label": "Preferred areas?", "type": "short_answer" },
                { "label": "First-time buyer?", "type": "multiple_choice", "options": ["Yes", "No"] }
            ]
        },
        "external_campaign_id": campaign_id,
        "external_form_id": form_id,
        "external_page_id": page_id
    })
}
