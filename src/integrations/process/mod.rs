//! What follows from a stored webhook.
//!
//! A run may be the second one, after a crash or a replay. Therefore each effect claims the stored event in its own transaction,
//! and a claimed event has no second effect. Failures are told apart: what may pass is tried again, what will not is shown.

mod google_ads;
mod meta;
mod questions;
mod receipts;
mod resend;
mod twilio;

use std::time::Duration;

use super::model::{WebhookKind, WebhookProvider, WebhookState};
use super::store::{self, WebhookEvent};
use crate::ads::route::Route;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::events::Fact as _;
use crate::engine::jobs::{Job, JobContext, JobKind, Outcome};
use crate::intake::{self, NewEnquiry};
use crate::integrations::facts::{LeadTestReceived, WebhookEventFact};
use crate::integrations::id::WebhookEventId;
use crate::leads::id::AdCampaignId;
use crate::providers::{ErrorClass, ProviderError, Providers};

pub(super) use receipts::apply_together;
pub use twilio::assign;

/// Leads and messages: a person waits, so they go before everything else.
pub static PROCESS: JobKind = JobKind::new("webhook.process").priority(1);
/// How far a message of ours got. One lead brings several of these, and nobody waits for them: they go after leads,
/// notifications and sends, or a burst of leads would queue behind the receipts of the leads before.
pub static RECEIPT: JobKind = JobKind::new("webhook.receipt").priority(6).timeout(Duration::from_secs(30));

/// The job that follows from a stored event of this kind.
pub fn job_of(kind: WebhookKind) -> &'static JobKind {
    if kind == WebhookKind::Status { &RECEIPT } else { &PROCESS }
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct ProcessPayload {
    pub webhook_event_id: WebhookEventId,
}

/// Whose key vouched for a lead, where it was not the platform's; kept beside what was sent.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(super) struct KeyedFor {
    pub tenant_id: TenantId,
    pub ad_campaign_id: AdCampaignId,
}

impl KeyedFor {
    pub const FIELD: &str = "keyed_for";
}

/// Why an attempt had no effect.
enum Failure {
    /// May pass.
    Again(Error),
    /// Will pass at this moment.
    Later(Timestamp, String),
    /// Waits for somebody to open what cannot be read now: looked at again and again for so long, each time later, and then
    /// given up under this outcome.
    Unreadable { until: chrono::Duration, outcome: &'static str, error: Error },
    /// Stays until somebody changes something; the word is the event's outcome.
    Final(&'static str, Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.code() {
            UNROUTED => Self::Final("unrouted", error),
            OTHER_KEY => Self::Final("other_key", error),
            UNANSWERED => Self::Final("no_answers", error),
            ANSWERS_HIDDEN => Self::Unreadable { until: WITHOUT_ANSWERS, outcome: "no_answers", error },
            _ => Self::Again(error),
        }
    }
}

const UNROUTED: &str = "webhook.unrouted";
const OTHER_KEY: &str = "webhook.other_key";

/// What an operator's agreement to an ad campaign's ids, or to a form's key, may mend.
pub(super) const WAITING: [&str; 2] = ["unrouted", "other_key"];

/// A lead that came without answers, and they come no other way.
const UNANSWERED: &str = "webhook.unanswered";
/// A lead whose answers we do not see now.
const ANSWERS_HIDDEN: &str = "webhook.answers_hidden";
/// How long such a lead is asked for. It is nobody's lead until then: nothing is counted or billed.
const WITHOUT_ANSWERS: chrono::Duration = chrono::Duration::days(3);

fn unrouted() -> Error {
    Error::not_found(UNROUTED, "no operator has agreed whose this form or ad campaign is")
}

impl Failure {
    fn of(error: ProviderError, now: Timestamp) -> Self {
        let (class, wait) = (error.class, error.retry_after);
        let reason = error.to_string();
        let told = Error::upstream(format!("provider.{class}"), reason.clone());
        match class {
            ErrorClass::Retry | ErrorClass::Ambiguous => Self::Again(told),
            ErrorClass::Rate => {
                let wait = wait.and_then(|wait| chrono::Duration::from_std(wait).ok());
                Self::Later(now.plus(wait.unwrap_or(chrono::Duration::seconds(60))), reason)
            }
            ErrorClass::Auth => Self::Final("auth", told),
            ErrorClass::Config => Self::Final("config", told),
            _ => Self::Final("refused", told),
        }
    }
}

/// What an event led to.
struct Done {
    outcome: &'static str,
    tenant: Option<TenantId>,
}

pub(super) async fn run(ctx: JobContext, providers: Providers) -> Result<Outcome> {
    let ProcessPayload { webhook_event_id: id } = ctx.payload()?;
    let found = ctx.core.db.read(ctx.platform_scope(), move |tx: &mut PlatformTx<'_>| store::find(tx, id)).await?;
    let Some(event) = found else { return Ok(Outcome::Discard("the stored webhook is gone".into())) };
    if !event.state.is_open() {
        return Ok(Outcome::Discard(format!("it is {} already", event.state)));
    }
    let ended = match (event.provider, event.kind) {
        (WebhookProvider::Meta, WebhookKind::Leadgen) => meta::lead(&ctx, &providers, &event).await,
        (WebhookProvider::GoogleAds, WebhookKind::Lead) => google_ads::lead(&ctx, &event).await,
        (WebhookProvider::Twilio, WebhookKind::Message) => twilio::message(&ctx, &event).await,
        (WebhookProvider::Twilio | WebhookProvider::Resend, WebhookKind::Status) => receipts::apply(&ctx, &event).await,
        (provider, kind) => {
            let message = format!("nothing follows from {kind} of {provider}");
            Err(Failure::Final("not_handled", Error::conflict("webhook.not_handled", message)))
        }
    };
    match ended {
        Ok(outcome) => Ok(outcome),
        Err(Failure::Later(at, reason)) => Ok(Outcome::Snooze(at, reason)),
        Err(Failure::Unreadable { until, outcome, error }) => {
            let waited = ctx.core.clock.now().since(event.received_at);
            if waited >= until {
                return give_up(&ctx, &event, outcome, error).await;
            }
            let reason = error.chain();
            let (at, why) = (ctx.core.clock.now().plus(next_look(waited)), reason.clone());
            let note = move |tx: &mut PlatformTx<'_>| store::note_failure(tx, id, None, &reason);
            ctx.core.db.write(ctx.platform_scope(), note).await?;
            Ok(Outcome::Snooze(at, why))
        }
        Err(Failure::Final(outcome, error)) => give_up(&ctx, &event, outcome, error).await,
        Err(Failure::Again(error)) if ctx.job.is_last_attempt() => give_up(&ctx, &event, "gave_up", error).await,
        Err(Failure::Again(error)) => {
            let reason = error.chain();
            let note = move |tx: &mut PlatformTx<'_>| store::note_failure(tx, id, None, &reason);
            ctx.core.db.write(ctx.platform_scope(), note).await?;
            Ok(Outcome::Retry(error))
        }
    }
}

/// As long again as it has waited: minutes at first, hours later, once a day in the end.
fn next_look(waited: chrono::Duration) -> chrono::Duration {
    waited.clamp(chrono::Duration::minutes(5), chrono::Duration::days(1))
}

async fn give_up(ctx: &JobContext, event: &WebhookEvent, outcome: &'static str, error: Error) -> Result<Outcome> {
    let (event, reason) = (event.clone(), error.chain());
    let note = move |tx: &mut PlatformTx<'_>| fail(tx, &event, outcome, &reason);
    ctx.core.db.write(ctx.platform_scope(), note).await?;
    Ok(Outcome::Dead(error))
}

fn fail(tx: &mut PlatformTx<'_>, event: &WebhookEvent, outcome: &str, reason: &str) -> Result<()> {
    if store::note_failure(tx, event.id, Some(outcome), reason)? {
        let fact = WebhookEventFact { outcome: Some(outcome.into()), ..WebhookEventFact::of(event) };
        tx.record(fact.told_as(WebhookEventFact::FAILED).about(event.id.uuid()))?;
    }
    Ok(())
}

/// Shows an event whose job died in the middle of it.
pub(super) fn close(tx: &mut PlatformTx<'_>, job: &Job, error: &Error) -> Result<()> {
    let id = job.payload::<ProcessPayload>()?.webhook_event_id;
    match store::find(tx, id)? {
        Some(event) if event.state == WebhookState::Received => fail(tx, &event, "gave_up", &error.chain()),
        _ => Ok(()),
    }
}

/// Runs the effect and settles event and job with it. An event that is settled already has no second effect.
async fn settle(
    ctx: &JobContext,
    event: &WebhookEvent,
    effect: impl FnOnce(&mut PlatformTx<'_>) -> Result<Done> + Send + 'static,
) -> Result<Outcome, Failure> {
    let id = event.id;
    let finished = ctx.finish_platform(move |tx| {
        if !store::claim(tx, id)? {
            return Ok(());
        }
        let done = effect(tx)?;
        store::conclude(tx, id, done.outcome, done.tenant)
    });
    Ok(finished.await?)
}

/// Hands an enquiry to its tenant and counts it for its ad campaign.
fn take_in(
    tx: &mut PlatformTx<'_>,
    ctx: &JobContext,
    route: Route,
    enquiry: NewEnquiry,
    told_at: Timestamp,
) -> Result<Done> {
    let mut tenant = tx.for_tenant(route.tenant);
    let received = intake::receive(&mut tenant, enquiry)?;
    if let Some(campaign) = route.ad_campaign_id.filter(|_| received.is_new) {
        crate::ads::store::count_lead(&mut tenant, campaign)?;
    }
    let (metrics, clock) = (ctx.core.metrics.clone(), ctx.core.clock.clone());
    tx.after_commit(move || {
        let waited = clock.now().since(told_at).num_milliseconds();
        metrics.intake_seconds.observe(f64::from(i32::try_from(waited.max(0)).unwrap_or(i32::MAX)) / 1000.0);
    });
    let outcome = match (received.is_duplicate, received.is_new) {
        (true, _) => "duplicate",
        (false, true) => "lead_created",
        (false, false) => "lead_enquired",
    };
    Ok(Done { outcome, tenant: Some(route.tenant) })
}

/// Notes a test from the ad platform's console: it is no lead, and nothing is metered.
fn note_test(tx: &mut PlatformTx<'_>, route: Option<Route>, platform: WebhookProvider, id: &str) -> Result<Done> {
    if let Some(route) = route {
        let fact = LeadTestReceived {
            platform: Some(platform),
            external_id: Some(id.into()),
            ad_campaign_id: route.ad_campaign_id,
        };
        tx.for_tenant(route.tenant).record(fact.told_as(LeadTestReceived::TYPE))?;
    }
    Ok(Done { outcome: "test_lead", tenant: route.map(|route| route.tenant) })
}

/// Reads a body we stored ourselves; one that does not fit will not fit tomorrow.
fn read<T: serde::de::DeserializeOwned>(event: &WebhookEvent) -> Result<T, Failure> {
    event.body.read().map_err(|error| Failure::Final("malformed", error))
}
