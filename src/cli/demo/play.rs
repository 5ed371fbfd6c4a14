//! The story of a lead-generation business, from sign-up to the month's bill, over HTTP alone.
//!
//! [`play`] needs a server with its twins on, and an operator's key; it knows neither database nor process, so a test can
//! play it against any server. Each chapter is a file: [`super::onboarding`], [`super::first_lead`],
//! [`super::conversation`], [`super::doors`], [`super::quota`].

use std::time::Duration;

use serde_json::json;

use super::client::{Client, Who};
use super::story::{Fields, Story, same};
use super::{conversation, doors, first_lead, onboarding, quota};

pub use super::story::{Step, StepFailed};

/// The tenant the story is about.
pub(super) struct Tenant {
    pub id: String,
    pub name: &'static str,
    /// Its owner.
    pub owner: Who,
    pub email: String,
    /// Where the owner is told about leads, in E.164.
    pub phone: String,
}

impl Tenant {
    /// A new session of the owner's.
    pub async fn log_in(&self, story: &Story<'_>) -> Result<Who, String> {
        let body = json!({"email": self.email, "password": PASSWORD});
        let session = story.post(&Who::nobody(), "/v1/auth/login", body).await?.expect(200)?;
        Ok(Who::bearing(session.text("/access_token")?))
    }
}

/// An ad campaign and where its people fill the form.
pub(super) struct AdCampaign {
    pub id: String,
    pub external_campaign_id: String,
    pub external_form_id: String,
    pub external_page_id: String,
}

/// A lead with its conversation.
pub(super) struct Lead {
    pub id: String,
    pub conversation_id: String,
}

/// What the story left behind.
#[derive(Debug, Clone)]
pub struct Summary {
    pub steps: usize,
    pub tenant: String,
    /// The owner's log-in.
    pub email: String,
    pub password: String,
    /// Of the tenant, for whoever wants to look around.
    pub api_key: String,
    /// Source → how many leads.
    pub leads_by_source: Vec<(String, i64)>,
    pub quota: QuotaSummary,
    /// What the tenant's overage costs, in minor units.
    pub overage_due: i64,
    /// Channel and direction → how many messages.
    pub messages: Vec<(String, usize)>,
    /// For each lead: from its webhook to the tenant's phone.
    pub notified: Vec<Duration>,
}

/// The period's counters.
#[derive(Debug, Clone)]
pub struct QuotaSummary {
    pub base: i64,
    pub rollover: i64,
    pub credits: i64,
    pub used: i64,
    pub remaining: i64,
    pub overage: i64,
}

pub(super) const PASSWORD: &str = "monsoon terrace 42 lanterns";

/// Plays the story against the server at `base_url` (`http://127.0.0.1:8080`) and tells every step that held. The server
/// must have its twins mounted, a worker running and its rate limit off.
///
/// # Errors
/// The first step that did not hold, and why.
pub async fn play(base_url: &str, operator_key: &str, tell: &mut dyn FnMut(&Step)) -> Result<Summary, StepFailed> {
    let client = Client::new(base_url).map_err(|why| StepFailed {
        number: 0,
        chapter: "Preparation",
        who: "the demo".into(),
        what: "opens an HTTP client".into(),
        why,
    })?;
    let mut story = Story::new(client, operator_key, tell);

    story.chapter = "Onboarding";
    let mut abc = onboarding::sign_up(&mut story).await?;
    onboarding::confirm_address(&mut story, &abc).await?;
    onboarding::introduce(&mut story, &abc).await?;
    onboarding::agree(&mut story, &abc).await?;
    let subscription = onboarding::start_trial(&mut story, &abc).await?;
    onboarding::alert_operators(&mut story, &abc).await?;
    let (meta, google) = onboarding::launch_ads(&mut story, &abc).await?;

    story.chapter = "The first lead";
    let lead = first_lead::arrives(&mut story, &abc, &meta).await?;
    first_lead::is_announced(&mut story, &abc, &lead).await?;

    story.chapter = "The conversation";
    conversation::begins(&mut story, &abc, &lead).await?;
    conversation::goes_on(&mut story, &abc, &lead).await?;

    story.chapter = "Other doors";
    doors::google(&mut story, &abc, &google).await?;
    doors::repeated_and_forged(&mut story, &abc, &meta, &google).await?;

    story.chapter = "Quota and overage";
    quota::is_paid_for(&mut story, &abc, &subscription).await?;
    quota::rolls_over(&mut story, &mut abc, &meta).await?;
    quota::is_used_up(&mut story, &abc, &meta).await?;
    quota::is_exceeded(&mut story, &abc, &meta).await?;
    quota::is_enforced(&mut story, &abc, &meta, &google).await?;

    story.chapter = "Afterwards";
    quota::is_lifted(&mut story, &abc).await?;
    let api_key = hand_over(&mut story, &abc).await?;
    look_back(&mut story, abc, api_key).await
}

/// A key for whoever wants to look around.
async fn hand_over(story: &mut Story<'_>, abc: &Tenant) -> Result<String, StepFailed> {
    story
        .step(abc.name, "makes an API key", async |story| {
            let scopes = [
                "tenant:read",
                "users:read",
                "leads:read",
                "leads:write",
                "conversations:read",
                "conversations:write",
                "ad_campaigns:read",
                "ad_campaigns:write",
                "billing:read",
                "events:read",
                "notifications:read",
            ];
            let made = story.post(&abc.owner, "/v1/api-keys", json!({"name": "Demo", "scopes": scopes})).await?;
            let key = made.expect(201)?.text("/key")?.to_string();
            let seen = story.get(&Who::bearing(&key), "/v1/leads?limit=1").await?;
            same("leads on the page", seen.items("/data")?.len(), 1)?;
            Ok(("makes an API key and reads its leads with it".into(), key))
        })
        .await
}

async fn look_back(story: &mut Story<'_>, abc: Tenant, api_key: String) -> Result<Summary, StepFailed> {
    let (leads_by_source, quota, overage_due, messages) = story
        .step(abc.name, "looks back", async |story| {
            let mut sources = Vec::new();
            for lead in story.get(&abc.owner, "/v1/leads?limit=200").await?.items("/data")? {
                count(&mut sources, lead.text("/source")?);
            }
            let usage = story.get(&abc.owner, "/v1/usage").await?;
            let quota = QuotaSummary {
                base: usage.number("/leads/base")?,
                rollover: usage.number("/leads/rollover")?,
                credits: usage.number("/leads/credits")?,
                used: usage.number("/leads/used")?,
                remaining: usage.number("/leads/remaining")?,
                overage: usage.number("/leads/overage")?,
            };
            let mut messages = Vec::new();
            for entry in story.get(&Who::nobody(), "/sandbox/outbox?limit=10000").await?.items("/data")? {
                count(&mut messages, entry.text("/channel")?);
            }
            let total: i64 = sources.iter().map(|(_, count)| count).sum();
            let due = quota::due(&usage)?;
            let messages: Vec<_> = messages.into_iter().map(|(channel, sent)| (channel, sent as usize)).collect();
            Ok((format!("has {total} leads"), (sources, quota, due, messages)))
        })
        .await?;
    Ok(Summary {
        steps: story.steps,
        tenant: abc.name.into(),
        email: abc.email,
        password: PASSWORD.into(),
        api_key,
        leads_by_source,
        quota,
        overage_due,
        messages,
        notified: story.notified.clone(),
    })
}

fn count(counts: &mut Vec<(String, i64)>, name: &str) {
    match counts.iter_mut().find(|(known, _)| known == name) {
        Some((_, count)) => *count += 1,
        None => counts.push((name.into(), 1)),
    }
}
