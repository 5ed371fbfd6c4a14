//! A story in steps: each is told when it held, and the first that does not ends it.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cast::Cast;
use super::client::{Answer, Client, Who};

/// What follows from a request but is not its answer must show within this time, on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// A step that held.
#[derive(Debug, Clone)]
pub struct Step {
    /// From 1.
    pub number: usize,
    pub chapter: &'static str,
    /// Whom it concerns.
    pub who: String,
    /// What happened.
    pub what: String,
    pub took: Duration,
}

/// The step that did not hold.
#[derive(Debug, Clone)]
pub struct StepFailed {
    pub number: usize,
    pub chapter: &'static str,
    pub who: String,
    /// What was to happen.
    pub what: String,
    pub why: String,
}

impl std::fmt::Display for StepFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step {} did not hold ({}, {}: {}): {}", self.number, self.chapter, self.who, self.what, self.why)
    }
}
impl std::error::Error for StepFailed {}

/// What a look at the server found.
pub(super) enum Seen<T> {
    Yes(T),
    /// What is there instead.
    NotYet(String),
}

/// The story while it is told.
pub(super) struct Story<'a> {
    client: Client,
    pub operator: Who,
    pub cast: Cast,
    pub chapter: &'static str,
    pub steps: usize,
    /// For each lead: from its webhook to the tenant's phone.
    pub notified: Vec<Duration>,
    tell: &'a mut dyn FnMut(&Step),
}

impl<'a> Story<'a> {
    pub fn new(client: Client, operator_key: &str, tell: &'a mut dyn FnMut(&Step)) -> Self {
        Self {
            client,
            operator: Who::bearing(operator_key),
            cast: Cast::new(),
            chapter: "",
            steps: 0,
            notified: Vec::new(),
            tell,
        }
    }

    /// Plays one step: `act` answers what happened, in words, and what the next steps need of it.
    pub async fn step<T>(
        &mut self,
        who: &str,
        what: &str,
        act: impl AsyncFnOnce(&mut Story<'a>) -> Result<(String, T), String>,
    ) -> Result<T, StepFailed> {
        self.steps += 1;
        let (number, chapter, who) = (self.steps, self.chapter, who.to_string());
        let since = Instant::now();
        match act(self).await {
            Ok((what, value)) => {
                (self.tell)(&Step { number, chapter, who, what, took: since.elapsed() });
                Ok(value)
            }
            Err(why) => Err(StepFailed { number, chapter, who, what: what.into(), why }),
        }
    }

    /// Looks until `look` sees what it waits for.
    pub async fn until<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<Seen<T>, String>,
    ) -> Result<T, String> {
        let since = Instant::now();
        loop {
            match look().await? {
                Seen::Yes(value) => return Ok(value),
                Seen::NotYet(found) if since.elapsed() > DEADLINE => {
                    return Err(format!("{what}: not within {} s; found {found}", DEADLINE.as_secs()));
                }
                Seen::NotYet(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    pub async fn get(&self, who: &Who, path: &str) -> Result<Value, String> {
        self.client.get(who, path).await
    }
    pub async fn post(&self, who: &Who, path: &str, body: Value) -> Result<Answer, String> {
        self.client.post(who, path, body).await
    }
    pub async fn put(&self, who: &Who, path: &str, body: Value) -> Result<Value, String> {
        self.client.put(who, path, body).await
    }
    pub async fn patch(&self, who: &Who, path: &str, body: Value) -> Result<Value, String> {
        self.client.patch(who, path, body).await
    }

    /// Acts in the outside world through a twin, which answers with how our side took its webhook.
    pub async fn outside(&self, path: &str, body: Value) -> Result<Value, String> {
        let answer = self.post(&Who::nobody(), path, body).await?;
        let status = if answer.status == 200 { 200 } else { 201 };
        answer.expect(status)
    }

    /// What our side sent to an address, newest first.
    pub async fn outbox(&self, channel: &str, to: &str) -> Result<Vec<Value>, String> {
        let to = to.replace('+', "%2B");
        let sent = self.get(&Who::nobody(), &format!("/sandbox/outbox?channel={channel}&to={to}")).await?;
        Ok(sent.items("/data")?.to_vec())
    }
}

/// `found` is what it should be.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, found {found:?}")) }
}

/// `text` has every one of these parts.
pub(super) fn contains(what: &str, text: &str, parts: &[&str]) -> Result<(), String> {
    match parts.iter().find(|part| !text.contains(**part)) {
        None => Ok(()),
        Some(missing) => Err(format!("{what} does not say {missing:?}: {text:?}")),
    }
}

/// Reading an answer whose shape is not taken for granted.
pub(super) trait Fields {
    fn text(&self, pointer: &str) -> Result<&str, String>;
    fn number(&self, pointer: &str) -> Result<i64, String>;
    fn items(&self, pointer: &str) -> Result<&[Value], String>;
}

impl Fields for Value {
    fn text(&self, pointer: &str) -> Result<&str, String> {
        self.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("no text at {pointer} in {self}"))
    }
    fn number(&self, pointer: &str) -> Result<i64, String> {
        self.pointer(pointer).and_then(Value::as_i64).ok_or_else(|| format!("no number at {pointer} in {self}"))
    }
    fn items(&self, pointer: &str) -> Result<&[Value], String> {
        let list = self.pointer(pointer).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| format!("no list at {pointer} in {self}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_step_that_does_not_hold_is_named_with_its_reason() {
        let mut told = Vec::new();
        let mut tell = |step: &Step| told.push(step.what.clone());
        let client = Client::new("http://127.0.0.1:1").unwrap();
        let mut story = Story::new(client, "lw_operator", &mut tell);
        story.chapter = "Sign-up";
        let seven = story.step("ABC", "counts", async |_| Ok(("counted to 7".into(), 7))).await.unwrap();
        assert_eq!(seven, 7);
        let failed = story.step("ABC", "reads", async |story| {
            story.get(&story.operator, "/v1/me").await?;
            Ok((String::new(), ()))
        });
        let failed = failed.await.unwrap_err();
        assert!(failed.to_string().starts_with("step 2 did not hold (Sign-up, ABC: reads): GET /v1/me: "), "{failed}");
        assert_eq!(told, ["counted to 7"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let body = serde_json::json!({"leads": {"used": 1}, "data": []});
        assert_eq!(body.number("/leads/used"), Ok(1));
        assert!(body.text("/leads/used").unwrap_err().starts_with("no text at /leads/used"));
        assert_eq!(body.items("/data").unwrap().len(), 0);
        assert!(contains("It", "a and b", &["a", "c"]).unwrap_err().contains("\"c\""));
    }
}
