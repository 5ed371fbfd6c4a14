//! The tenants of a run, made through the API: sign-up, subscription, API key, ad form. Authentication is the real one.

use std::net::SocketAddr;

use serde_json::json;

use crate::Outcome;
use crate::http::{Caller, text};
use crate::load::block_on;

/// A tenant and its credentials.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: String,
    pub user_id: String,
    /// An API key with every scope the workloads need.
    pub key: String,
    /// The form of its ad campaign, by the platform's id.
    pub form_id: String,
    pub page_id: String,
    pub campaign_id: String,
}

/// Makes `count` tenants, some at a time.
pub fn make(to: SocketAddr, operator: &str, count: usize) -> Outcome<Vec<Tenant>> {
    block_on(async {
        let mut tenants = Vec::with_capacity(count);
        let numbers: Vec<usize> = (0..count).collect();
        for group in numbers.chunks(8) {
            let made = group.iter().map(|number| one(to, operator, *number));
            tenants.extend(futures_util::future::try_join_all(made).await?);
        }
        Ok(tenants)
    })
}

async fn one(to: SocketAddr, operator: &str, number: usize) -> Outcome<Tenant> {
    let mut anyone = Caller::new(to, None);
    let email = format!("owner{number}@tenant{number}.example.com");
    let sign_up =
        json!({"email": email, "password": "correct horse battery 9", "business_name": format!("Tenant {number}")});
    let made = anyone.post("/v1/auth/signup", sign_up).await?;
    let id = text(&made, "/tenant/id")?;
    let mut owner = Caller::new(to, Some(&text(&made, "/access_token")?));
    let user_id = text(&owner.get("/v1/me").await?, "/user/id")?;
    // Unlimited, so that no quota ends a workload.
    let subscription = owner.post("/v1/subscriptions", json!({"plan_code": "in_enterprise"})).await?;
    let mut staff = Caller::new(to, Some(operator)).within(&id);
    let path = format!("/v1/ops/subscriptions/{}/activate", text(&subscription, "/id")?);
    Caller::new(to, Some(operator)).call("POST", &path, None).await?;
    let profile = json!({"owner_name": "Rajesh Kumar", "industry": "Real estate", "phone": format!("+9198{number:08}"),
        "description": "2 BHK flats", "services": ["2 BHK flats"], "locations": ["Mumbai"]});
    owner.call("PUT", "/v1/tenants/current/profile", Some(profile)).await?;
    let scopes = [
        "tenant:read",
        "users:read",
        "api_keys:write",
        "leads:read",
        "leads:write",
        "conversations:read",
        "ad_campaigns:read",
        "billing:read",
        "events:read",
        "notifications:read",
    ];
    let key = owner.post("/v1/api-keys", json!({"name": "bench", "scopes": scopes})).await?;
    let [campaign_id, form_id, page_id] = [2, 3, 4].map(|kind| format!("{kind}{number:011}"));
    let campaign = staff.post("/v1/ad-campaigns", ad_campaign(number, &campaign_id, &form_id, &page_id)).await?;
    let path = format!("/v1/ad-campaigns/{}/activate", text(&campaign, "/id")?);
    staff.post(&path, json!({})).await?;
    Ok(Tenant { id, user_id, key: text(&key, "/key")?, form_id, page_id, campaign_id })
}

fn ad_campaign(number: usize, campaign: &str, form: &str, page: &str) -> serde_json::Value {
    json!({
        "name": format!("Flats {number}"), "platform": "meta",
        "daily_budget": {"amount": 80_000, "currency": "INR"}, "monthly_cap": {"amount": 1_500_000, "currency": "INR"},
        "lead_form": {"name": "Enquiry", "questions": [
            {"label": "Full name", "type": "full_name"}, {"label": "Email", "type": "email"},
            {"label": "Phone number", "type": "phone"},
            {"label": "What is your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr"]},
            {"label": "When are you planning to buy?", "type": "multiple_choice", "options": ["Immediately", "Within 3 months"]},
            {"label": "Preferred areas?", "type": "short_answer"},
            {"label": "First-time buyer?", "type": "multiple_choice", "options": ["Yes", "No"]}
        ]},
        "external_campaign_id": campaign, "external_form_id": form, "external_page_id": page
    })
}
