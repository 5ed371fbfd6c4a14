//! People who enquire, and how Meta tells of them.

use leadwright::base::crypto::Secret;
use leadwright::providers::meta::sign;
use serde_json::json;

use crate::http::request;

/// Numbers of people nobody knows yet; a run never meets one twice.
pub const PEOPLE: u64 = 300_000_000_000;

/// A person who enquires: everything about it follows from its number.
pub struct Person {
    pub number: u64,
}

impl Person {
    fn digits(&self) -> String {
        format!("{:012}", self.number)
    }
    /// An Indian mobile number.
    fn phone(&self) -> String {
        format!("+9190{:08}", self.number % 100_000_000)
    }
    pub fn body(&self) -> Vec<u8> {
        json!({
            "name": format!("Asha {}", self.digits()), "email": format!("asha{}@example.com", self.digits()),
            "phone": self.phone(), "source": "api", "location": {"city": "Mumbai"}, "budget_range": "₹80L-1Cr",
            "timeline": "Within 3 months", "form_responses": {"Preferred areas?": "Andheri, Goregaon"}
        })
        .to_string()
        .into_bytes()
    }
    /// As this person's traces look in statements.
    pub fn marks(&self) -> Vec<String> {
        vec![self.digits(), self.phone().trim_start_matches('+').to_string()]
    }
}

/// Meta's notification that this lead exists.
pub fn webhook(number: u64, secret: &Secret, out: &mut Vec<u8>) {
    let body = json!({"object": "page", "entry": [{"id": "400000000001", "time": 1_795_165_198, "changes": [{"field": "leadgen",
        "value": {"leadgen_id": format!("{number:012}"), "page_id": "400000000001", "form_id": "300000000001",
            "created_time": 1_795_165_190}}]}]})
    .to_string();
    let headers = format!("X-Hub-Signature-256: {}\r\n", sign(body.as_bytes(), secret));
    request(out, "POST", "/v1/webhooks/meta", None, &headers, Some(body.as_bytes()));
}
