//! A small client: signs up, enters leads safely, reads them page by page with the reasons of their scores.
//!
//! ```sh
//! cargo run -- serve                                                        # in one terminal
//! cargo run --manifest-path examples/rust/Cargo.toml                        # in another
//! ```
//!
//! `LEADWRIGHT_URL` is the server, `http://127.0.0.1:8080` by default.

use std::error::Error;

use reqwest::blocking::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Account {
    access_token: String,
}

#[derive(Deserialize)]
struct Lead {
    id: Uuid,
    name: String,
    source: String,
    grade: String,
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
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

/// What every refusal looks like (RFC 9457). The code is stable; texts are for people.
#[derive(Deserialize)]
struct Problem {
    status: u16,
    code: String,
    detail: Option<String>,
}

struct Leadwright {
    http: Client,
    url: String,
    token: String,
}

/// Sends a request and reads its answer, or the problem.
fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let response = request.send()?;
    if response.status().is_success() {
        return Ok(response.json()?);
    }
    let problem: Problem = response.json()?;
    Err(format!("{} {}: {}", problem.status, problem.code, problem.detail.unwrap_or_default()).into())
}

impl Leadwright {
    fn sign_up(url: &str, email: &str, business_name: &str) -> Result<Self> {
        let http = Client::new();
        let body = json!({"email": email, "password": "copper meadow 19 lighthouse", "business_name": business_name});
        let account: Account = answer(http.post(format!("{url}/v1/auth/signup")).json(&body))?;
        Ok(Self { http, url: url.into(), token: account.access_token })
    }

    /// Enters a lead. However often this is called with one key, there is one lead.
    fn create_lead(&self, key: Uuid, lead: &serde_json::Value) -> Result<Lead> {
        let request = self.http.post(format!("{}/v1/leads", self.url)).bearer_auth(&self.token);
        answer(request.header("Idempotency-Key", key.to_string()).json(lead))
    }

    /// All leads, fetched `limit` at a time.
    fn leads(&self, limit: usize) -> Result<Vec<Lead>> {
        let mut leads = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut request = self.http.get(format!("{}/v1/leads", self.url)).bearer_auth(&self.token);
            request = request.query(&[("limit", limit)]);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page: Page<Lead> = answer(request)?;
            leads.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(leads);
            }
        }
    }

    fn score(&self, lead: Uuid) -> Result<Score> {
        answer(self.http.get(format!("{}/v1/leads/{lead}/score", self.url)).bearer_auth(&self.token))
    }
}

fn main() -> Result<()> {
    let url = std::env::var("LEADWRIGHT_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".into());
    let run = Uuid::new_v4().simple().to_string();
    let leadwright = Leadwright::sign_up(&url, &format!("owner.{run}@example.com"), "Rust Estates")?;

    for (place, name) in ["Asha Rao", "Kabir Nair", "Meera Joshi", "Rohan Iyer", "Diya Shetty"].iter().enumerate() {
        let lead = json!({
            "name": name, "email": format!("lead{place}.{run}@example.com"), "source": "web_form",
            "company": "Example Ltd", "budget_range": "$5,000-10,000", "timeline": "Within 3 months",
        });
        let key = Uuid::new_v4();
        let entered = leadwright.create_lead(key, &lead)?;
        // The answer was lost on the way? The same key brings it again, and no second lead.
        let again = leadwright.create_lead(key, &lead)?;
        assert_eq!(entered.id, again.id, "one key, one lead");
    }

    let leads = leadwright.leads(2)?;
    assert_eq!(leads.len(), 5, "three pages hold five leads");
    for lead in &leads {
        let Score { score, items } = leadwright.score(lead.id)?;
        println!("{} ({}): {score} of 100, {}", lead.name, lead.source, lead.grade);
        for item in &items {
            println!("    {:+} {}", item.points, item.label);
        }
        assert_eq!(items.iter().map(|item| item.points).sum::<i32>(), score, "the items add up");
    }
    Ok(())
}
