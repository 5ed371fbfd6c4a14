//! The job that lets a message leave: look, ask the provider outside of any transaction, write down what it said.

use std::sync::Arc;

use serde_json::json;

use super::gate::{self, Ask, Writer};
use super::marks::{note, record_failure, record_sent, save, set_metadata, suppress, update};
use super::model::MessageStatus;
use super::parcel::parcel;
use super::store::messages::Message;
use super::store::{conversations, held, messages};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::SuppressionReason;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::jobs::{Job, JobContext, JobKind, NewJob, Outcome};
use crate::providers::{ErrorClass, ProviderError, Providers};
use crate::sending::dispatch::{self, OpenAttempt, Outgoing, Parcel, Platform, Stand, Start, known_since};
use crate::sending::gate::HELD_HOURS;
use crate::sending::id::MessageId;
use crate::sending::{Code, Obstacle, Verdict, senders};
use crate::tenants::access::entitlements;

/// Sends one message.
pub static SEND: JobKind = JobKind::new("message.send").priority(3);

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    message_id: MessageId,
}

/// Enqueues the sending of a queued message, once. One that is held is run when its time is up, or when what it waits for is
/// there ([`super::release`]).
pub(super) fn enqueue(tx: &mut TenantTx<'_>, message: MessageId, held_until: Option<Timestamp>) -> Result<()> {
    let job = NewJob::new(&SEND, &Payload { message_id: message }).unique(message.to_string());
    tx.enqueue(match held_until {
        Some(until) => job.at(until),
        None => job,
    })?;
    Ok(())
}

/// A message on its way, by its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    pub(super) id: MessageId,
}

pub(super) async fn run(context: JobContext, providers: Arc<Providers>) -> Result<Outcome> {
    let id = context.payload::<Payload>()?.message_id;
    dispatch::run(&context, &providers, &Leaving { id }).await.map(|(outcome, _)| outcome)
}

/// Ends a message whose job died in the middle of it.
pub(super) fn close(tx: &mut PlatformTx<'_>, job: &Job, error: &Error) -> Result<()> {
    let id = job.payload::<Payload>()?.message_id;
    Leaving { id }.close(&mut tx.for_tenant(job.tenant), error)
}

fn began_at(message: &Message) -> Timestamp {
    message.attempted_at.unwrap_or(message.created_at)
}

impl Outgoing for Leaving {
    type Row = Message;
    const NOUN: &'static str = "message";

    fn find(&self, tx: &mut TenantTx<'_>) -> Result<Option<Message>> {
        messages::find(tx, self.id)
    }

    /// Its address may be corrected at the same time, and then it leaves for the corrected one.
    fn hold(&self, tx: &mut TenantTx<'_>) -> Result<Option<Message>> {
        messages::hold(tx, self.id)
    }

    fn status(message: &Message) -> MessageStatus {
        message.status
    }

    fn stand(message: &Message) -> Stand {
        let is_temporary = message.error_class.as_deref() == Some(ErrorClass::Retry.as_str());
        Stand::of(message.status, message.channel, is_temporary, began_at(message))
    }

    fn begin(&self, tx: &mut TenantTx<'_>, before: Message, platform: &Platform) -> Result<Start> {
        let conversation = conversations::get(tx, before.conversation_id)?;
        let lead = crate::leads::brief(tx, before.lead_id)?;
        let parcel = parcel(tx, &before)?;
        let is_template = before.template_code.is_some();
        let (sender, person) = (parcel.from.address.clone(), parcel.to.clone());
        let held = Held::of(&before);
        let sender = senders::at(tx, before.channel, &sender)?;
        let question = Ask {
            conversation: &conversation,
            lead: &lead,
            sender: &sender,
            person: &person,
            is_template,
            is_on_its_way: true,
        };
        let writer = Writer::of(tx)?;
        let mut verdict = gate::ask(tx, &writer, &platform.settings, &question)?;
        if held.is_some() && !writer.has_no_plan() && !gate::is_in_plan(&entitlements(tx)?, before.channel) {
            let why = format!("The plan that was chosen does not include messages on {}.", before.channel);
            end(tx, before, MessageStatus::Canceled, "feature_not_in_plan", why)?;
            return Ok(Start::Never);
        }
        // A plan has started, and the lead is unlocked in a moment.
        let waits_for_lock = |obstacle: &Obstacle| held.is_some() && obstacle.code == Code::LeadLocked;
        if let Some(obstacle) = verdict.refusal().filter(|obstacle| !waits_for_lock(obstacle)) {
            refuse(tx, before, &question, &obstacle)?;
            return Ok(Start::Never);
        }
        let is_first = before.status == MessageStatus::Queued && before.attempted_at.is_none();
        if verdict.obstacles.is_empty()
            && is_first
            && held.is_some()
            && let Some(opens_at) = gate::count_spelling(tx, &writer, &question)?
        {
            verdict.obstacles.push(Obstacle { code: Code::PersonLimit, opens_at: Some(opens_at) });
        }
        if verdict.obstacles.is_empty()
            && is_first
            && let Some(opens_at) = gate::count(tx, &writer, &question, &verdict)?
        {
            verdict.obstacles.push(Obstacle { code: Code::TenantLimit, opens_at: Some(opens_at) });
        }
        if verdict.obstacles.is_empty()
            && is_first
            && let Some(opens_at) = gate::count_of_all(tx, &writer, &question, &verdict)?
        {
            verdict.obstacles.push(Obstacle { code: Code::PersonLimit, opens_at: Some(opens_at) });
        }
        let pass = match verdict.pass() {
            Ok(pass) => pass,
            Err(verdict) => return wait(tx, before, &verdict),
        };
        let mut message = before.clone();
        if held.is_some() {
            held::forget(tx, self.id)?;
            set_metadata(&mut message, "held_for", json!(null));
            set_metadata(&mut message, "held_until", json!(null));
        }
        let sender = sender.address;
        let now = tx.now();
        let attempts = message.metadata.value()["attempts"].as_i64().unwrap_or(0) + 1;
        let first = if before.status == MessageStatus::Sending { first_attempt(&before) } else { None };
        set_metadata(&mut message, "attempts", json!(attempts));
        set_metadata(&mut message, "first_attempted_at", json!(first.unwrap_or(now)));
        message.status = MessageStatus::Sending;
        message.attempted_at = Some(now);
        message.failed_at = None;
        save(tx, &message, before.status)?;
        // Written before the provider is asked: an answer may overtake our own record of having sent.
        conversations::save_thread(tx, message.channel, &sender, &person, message.conversation_id, now)?;
        Ok(Start::Parcel(Box::new(parcel), pass))
    }

    fn look(&self, tx: &mut TenantTx<'_>, message: Message, _: &Platform) -> Result<Option<(Parcel, OpenAttempt)>> {
        let parcel = parcel(tx, &message)?;
        let began_at = began_at(&message);
        let first_began_at = first_attempt(&message).unwrap_or(began_at);
        let (channel, since) = (message.channel, known_since(first_began_at, tx.now()));
        let known = messages::known_external_ids(&mut tx.platform(), channel, &parcel.from.address, &parcel.to, since)?;
        Ok(Some((parcel, OpenAttempt { began_at, first_began_at, known })))
    }

    fn accepted(
        &self,
        tx: &mut TenantTx<'_>,
        provider: &'static str,
        external_id: &str,
        status: MessageStatus,
    ) -> Result<()> {
        let (before, after) = update(tx, self.id, |message, now| {
            if message.external_id.is_none() {
                message.provider = Some(provider.into());
                message.external_id = Some(external_id.into());
            }
            message.sent_at.get_or_insert(now);
            (message.error_class, message.error_code, message.error_message) = (None, None, None);
            message.status = message.status.after(status).unwrap_or(message.status);
        })?;
        if before.sent_at.is_some() {
            return Ok(()); // a status callback came first and recorded it
        }
        record_sent(tx, &after)
    }

    fn returned(&self, tx: &mut TenantTx<'_>, error: &ProviderError) -> Result<()> {
        update(tx, self.id, |message, _| {
            note(message, error);
            if message.status == MessageStatus::Sending {
                message.status = MessageStatus::Queued;
            }
        })?;
        Ok(())
    }

    fn ended(&self, tx: &mut TenantTx<'_>, status: MessageStatus, error: &ProviderError) -> Result<()> {
        let (before, after) = update(tx, self.id, |message, now| {
            note(message, error);
            if let Some(end) = message.status.after(status) {
                message.status = end;
                message.failed_at = Some(now);
            }
        })?;
        if before.status == after.status {
            return Ok(());
        }
        if error.class == ErrorClass::OptOut {
            suppress(tx, &after, SuppressionReason::ProviderOptOut)?;
        }
        record_failure(tx, &after)
    }
}

/// Until when a message waits, when it does.
struct Held(Timestamp);

impl Held {
    fn of(message: &Message) -> Option<Self> {
        message.metadata.value()["held_until"].as_str()?.parse().ok().map(Self)
    }
}

/// It is looked at again after so long at the latest, whatever it waits for.
const LOOK_MINUTES: i64 = 10;

/// The message waits on, unless it has waited long enough.
fn wait(tx: &mut TenantTx<'_>, before: Message, verdict: &Verdict) -> Result<Start> {
    let now = tx.now();
    let until = match Held::of(&before) {
        Some(Held(until)) => until,
        None => now.max(before.created_at).plus(chrono::Duration::hours(HELD_HOURS)),
    };
    let codes: Vec<Code> = verdict.obstacles.iter().map(|obstacle| obstacle.code).collect();
    let why = codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
    if now >= until {
        let message = format!("It waited for a day in vain: {why}.");
        end(tx, before, MessageStatus::Canceled, "message.held_too_long", message)?;
        return Ok(Start::Never);
    }
    let mut message = before.clone();
    set_metadata(&mut message, "held_for", json!(codes));
    set_metadata(&mut message, "held_until", json!(until));
    save(tx, &message, before.status)?;
    held::note(tx, message.id, message.lead_id, until)?;
    let opens_at = verdict.cap().and_then(|cap| cap.opens_at);
    let look_at = opens_at.unwrap_or_else(|| now.plus(chrono::Duration::minutes(LOOK_MINUTES)));
    Ok(Start::Later(look_at.min(until), format!("held: {why}")))
}

/// What the gate refuses ends here.
fn refuse(tx: &mut TenantTx<'_>, before: Message, question: &Ask<'_>, obstacle: &Obstacle) -> Result<()> {
    let status = match obstacle.code {
        Code::Suppressed => MessageStatus::Suppressed,
        Code::WindowClosed => MessageStatus::Failed,
        _ => MessageStatus::Canceled,
    };
    let refusal = gate::refusal(tx, question, obstacle)?;
    end(tx, before, status, refusal.code(), refusal.message().to_string())
}

fn end(tx: &mut TenantTx<'_>, before: Message, status: MessageStatus, code: &str, why: String) -> Result<()> {
    let mut message = before.clone();
    message.status = status;
    message.error_class = (status == MessageStatus::Failed).then(|| ErrorClass::Window.to_string());
    message.error_code = Some(code.to_string());
    message.error_message = Some(why);
    message.failed_at = Some(tx.now());
    if Held::of(&before).is_some() {
        held::forget(tx, message.id)?;
        set_metadata(&mut message, "held_until", json!(null));
    }
    save(tx, &message, before.status)?;
    record_failure(tx, &message)
}

fn first_attempt(message: &Message) -> Option<Timestamp> {
    message.metadata.value()["first_attempted_at"].as_str().and_then(|text| text.parse().ok())
}
