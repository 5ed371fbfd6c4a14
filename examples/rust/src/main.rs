//! A tenant's first quarter of an hour: sign up, run an ad, receive a lead by a signed webhook, answer it, see the bill.
//!
//! ```sh
//! export LEADWRIGHT_OPERATOR_KEY=lw_for-development-only-0123456789         # in both terminals
//! LEADWRIGHT_SANDBOX=true cargo run -- serve                                # in one
//! cargo run --manifest-path examples/rust/Cargo.toml                        # in the other
//! ```
//!
//! `LEADWRIGHT_URL` is the server, `http://127.0.0.1:8080` by default; `LEADWRIGHT_OPERATOR_KEY` is the key it was started with.

mod client;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::blocking::{RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use client::{Leadwright, Problem, Result};

#[derive(Deserialize)]
struct Account {
    access_token: String,
    tenant: Tenant,
}

#[derive(Deserialize)]
struct Tenant {
    id: Uuid,
}

#[derive(Deserialize)]
struct Campaign {
    id: Uuid,
    status: String,
}

#[derive(Deserialize)]
struct Lead {
    id: Uuid,
    name: String,
    source: String,
    grade: String,
}

#[derive(Deserialize)]
struct Score {
    score: i32,
    items: Vec<ScoreItem>,
}

#[derive(Deserialize)]
struct ScoreItem {
    label: String,
    points: i32,
}

#[derive(Deserialize)]
struct Conversation {
    id: Uuid,
}

#[derive(Deserialize)]
struct Draft {
    content: String,
    template: Value,
}

#[derive(Deserialize)]
struct Message {
    id: Uuid,
    read_at: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    total: usize,
}

#[derive(Deserialize)]
struct Usage {
    leads: LeadUsage,
}

#[derive(Deserialize)]
struct LeadUsage {
    base: Option<i32>,
    used: i32,
    remaining: Option<i32>,
}

/// Tries until there is something.
fn until_there<T>(what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..150 {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err(format!("{what}: nothing within 30 seconds").into())
}

fn sign_up(url: &str, run: u32) -> Result<(Leadwright, Uuid)> {
    let anonymous = Leadwright::new(url);
    let account: Account = anonymous.post(
        "/v1/auth/signup",
        &json!({ "email": format!("owner.{run}.rust@example.com"), "password": "copper meadow 19 lighthouse", "business_name": "Rust Estates" }),
    )?;
    let api = anonymous.with_token(&account.access_token);
    let _: Value = api.patch("/v1/tenants/current", &json!({ "country": "IN", "time_zone": "Asia/Kolkata" }))?;
    // A trial gives nothing away before the mailed link is opened; the twin of the mailbox does so.
    until_there("the opened link", || {
        let me: Value = api.get("/v1/me")?;
        Ok(me["user"]["email_verified_at"].as_str().map(str::to_string))
    })?;
    let _: Value = api.post("/v1/subscriptions", &json!({ "plan_code": "growth" }))?;
    println!("Signed up, on the Growth trial");
    Ok((api, account.tenant.id))
}

/// An ad campaign, which the platform pays for and an operator therefore agrees to; answers its form and page.
fn run_ad(api: &Leadwright, operator: &Leadwright, run: u32) -> Result<(String, String)> {
    let (form, page) = (format!("76{run}"), format!("86{run}"));
    let draft: Campaign = api.post(
        "/v1/ad-campaigns",
        &json!({
            "name": "Mumbai 2 BHK", "platform": "meta", "daily_budget": { "amount": 80_000, "currency": "INR" },
            "lead_form": { "name": "Mumbai form", "questions": [
                { "type": "full_name" }, { "type": "email" }, { "type": "phone" },
                { "label": "What's your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr"] },
            ] },
            "external_campaign_id": format!("66{run}"), "external_form_id": form, "external_page_id": page,
        }),
    )?;
    let activate = format!("/v1/ad-campaigns/{}/activate", draft.id);
    let asked: Campaign = api.post(&activate, &json!({}))?;
    assert_eq!(asked.status, "pending_approval");
    let campaign: Campaign = operator.post(&activate, &json!({}))?;
    assert_eq!(campaign.status, "active");
    println!("Ad campaign {} is {}", campaign.id, campaign.status);
    Ok((form, page))
}

/// The twin of Meta: somebody fills in the form, and Meta tells us by its signed webhook. Not part of the API.
fn fill_in_form(url: &str, run: u32, form: &str, page: &str) -> Result {
    let field = |name: &str, value: String| json!({ "name": name, "values": [value] });
    let filled: Value = Leadwright::new(url).post(
        "/sandbox/meta/leads",
        &json!({ "page_id": page, "form_id": form, "field_data": [
            field("full_name", "Rajesh Kumar".into()),
            field("email", format!("rajesh.{run}@example.com")),
            field("phone_number", format!("+9198{run:08}")),
            field("what's_your_budget?", "₹80L-1Cr".into()),
        ] }),
    )?;
    assert_eq!(filled["webhook_status"], 200, "the signed webhook is accepted");
    Ok(())
}

/// Sends the suggested message and waits until it was read.
fn answer(api: &Leadwright, lead: &Lead) -> Result {
    let conversations: Value = api.get(&format!("/v1/conversations?lead_id={}", lead.id))?;
    let conversation: Conversation = serde_json::from_value(conversations["data"][0].clone())?;
    let draft: Draft = api.get(&format!("/v1/leads/{}/suggested-message?channel=whatsapp", lead.id))?;
    println!("Answer: {}", draft.content);
    let path = format!("/v1/conversations/{}/messages", conversation.id);
    let sent: Message = api.post(&path, &json!({ "template": draft.template }))?;
    let read_at = until_there("a read receipt", || {
        let (messages, _) = api.all::<Message>(&path, 50)?;
        Ok(messages.into_iter().find(|message| message.id == sent.id).and_then(|message| message.read_at))
    })?;
    println!("Message {} was read at {read_at}", sent.id);
    Ok(())
}

/// Delivers every request and loses the first answer to each.
fn losing(request: RequestBuilder) -> Result<Response> {
    static LOST: Mutex<Option<HashSet<Vec<u8>>>> = Mutex::new(None);
    let again = request.try_clone().ok_or("a request that can be read once")?.build()?;
    let answer = request.send()?;
    let Some(key) = again.headers().get("Idempotency-Key") else { return Ok(answer) };
    let is_first = LOST.lock().expect("no panic while it is held").get_or_insert_default().insert(key.as_bytes().into());
    if is_first { Err("the answer was lost".into()) } else { Ok(answer) }
}

/// Enters leads over a line that loses answers: sent twice each, and there is one of each.
fn enter_leads(api: &Leadwright, run: u32, count: usize) -> Result {
    let before: Counts = api.get("/v1/leads/counts")?;
    for n in 0..count {
        let lead = json!({ "name": format!("Asha {n}"), "email": format!("asha{n}.{run}@example.com"), "source": "web_form" });
        let entered: Lead = api.over(losing).post("/v1/leads", &lead)?;
        assert_eq!(lead["name"], entered.name);
    }
    let after: Counts = api.get("/v1/leads/counts")?;
    assert_eq!(after.total - before.total, count, "one key, one lead");
    println!("{count} leads entered, each sent twice under one Idempotency-Key");
    Ok(())
}

fn main() -> Result {
    let url = std::env::var("LEADWRIGHT_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".into());
    let run = (Uuid::new_v4().as_u128() % 100_000_000) as u32;
    let operator_key = std::env::var("LEADWRIGHT_OPERATOR_KEY").map_err(|_| "LEADWRIGHT_OPERATOR_KEY is not set")?;
    let (api, tenant) = sign_up(&url, run)?;
    let operator = Leadwright::new(&url).with_token(&operator_key).within(tenant);
    let (form, page) = run_ad(&api, &operator, run)?;
    fill_in_form(&url, run, &form, &page)?;
    let lead = until_there("the lead", || Ok(api.all::<Lead>("/v1/leads", 50)?.0.into_iter().next()))?;
    let Score { score, items } = api.get(&format!("/v1/leads/{}/score", lead.id))?;
    println!("Lead {} from {}: {score} of 100, {}", lead.name, lead.source, lead.grade);
    for item in &items {
        println!("  {:+} {}", item.points, item.label);
    }
    assert_eq!(items.iter().map(|item| item.points).sum::<i32>(), score, "the items add up");
    answer(&api, &lead)?;
    enter_leads(&api, run, 4)?;

    let (leads, pages) = api.all::<Lead>("/v1/leads", 2)?;
    let ids: HashSet<Uuid> = leads.iter().map(|lead| lead.id).collect();
    assert_eq!((ids.len(), pages), (5, 3), "every lead once");
    println!("{} leads on {pages} pages", ids.len());

    let refused = api.post::<Lead>("/v1/leads", &json!({ "name": "" })).err().ok_or("a lead without a name was taken")?;
    let problem = refused.downcast_ref::<Problem>().ok_or("not refused with a problem")?;
    assert_eq!((problem.status, problem.code.as_str()), (422, "request.invalid"));
    println!("Refused as it should be: {problem}");

    let Usage { leads } = api.get("/v1/usage")?;
    assert_eq!(leads.used, 5);
    println!("Usage: {} of {:?} leads, {:?} remaining", leads.used, leads.base, leads.remaining);
    Ok(())
}
