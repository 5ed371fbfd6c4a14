//! The job that lets a message leave: look, ask the provider outside of any transaction, write down what it said.

use std::sync::Arc;

use serde_json::json;

use super::dispatch::{self, Ledger, OpenAttempt, Parcel, Stand, Start};
use super::facts::MessageFact;
use super::gate::{self, Ask, Writer};
use super::model::{Channel, MessageStatus};
use super::store::messages::Message;
use super::store::{conversations, held, leads, messages};
use super::{send, senders};
use crate::base::id::MessageId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::{Suppressed, SuppressionReason, consent};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{EventType, Fact as _};
use crate::engine::jobs::{Job, JobContext, JobKind, NewJob, Outcome};
use crate::providers::{ErrorClass, Mailbox, ProviderError, Providers};
use crate::sending::gate::HELD_HOURS;
use crate::sending::{Code, Obstacle, Verdict};
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

fn stand(message: &Message) -> Stand {
    let is_temporary = message.error_class.as_deref() == Some(ErrorClass::Retry.as_str());
    dispatch::stand(message.status, message.channel, is_temporary, began_at(message))
}

fn began_at(message: &Message) -> Timestamp {
    message.attempted_at.unwrap_or(message.created_at)
}

pub(super) async fn run(context: JobContext, providers: Arc<Providers>) -> Result<Outcome> {
    let id = context.payload::<Payload>()?.message_id;
    let db = &context.core.db;
    let start = |decided| {
        let settings = context.core.settings.clone();
        db.write(context.scope(), move |tx| begin(tx, id, decided, &settings))
    };
    let look = || db.read(context.scope(), move |tx| look(tx, id));
    dispatch::run(&context, &providers, Row { id }, start, look).await.map(|(outcome, _)| outcome)
}

/// Ends a message whose job died in the middle of it.
pub(super) fn close(tx: &mut PlatformTx<'_>, job: &Job, error: &Error) -> Result<()> {
    let (id, tx) = (job.payload::<Payload>()?.message_id, &mut tx.for_tenant(job.tenant));
    let Some(message) = messages::find(tx, id)? else { return Ok(()) };
    match dispatch::end_of_dead(message.status, error) {
        Some((status, error)) => Row { id }.ended(tx, status, &error),
        None => Ok(()),
    }
}

/// The open attempt, unless it has ended meanwhile.
fn look(tx: &mut TenantTx<'_>, id: MessageId) -> Result<Option<(Parcel, OpenAttempt)>> {
    let found = messages::find(tx, id)?.filter(|message| matches!(stand(message), Stand::Open(_)));
    let Some(message) = found else { return Ok(None) };
    let parcel = parcel(tx, &message)?;
    let began_at = began_at(&message);
    let first_began_at = first_attempt(&message).unwrap_or(began_at);
    let (channel, since) = (message.channel, dispatch::known_since(first_began_at, tx.now()));
    let known = messages::known_external_ids(&mut tx.platform(), channel, &parcel.from.address, &parcel.to, since)?;
    Ok(Some((parcel, OpenAttempt { began_at, first_began_at, known })))
}

/// Asks the gate once more and opens an attempt. One that is open already counts as none when it began at `decided`: then the
/// caller has found that it came to nothing.
pub(super) fn begin(
    tx: &mut TenantTx<'_>,
    id: MessageId,
    decided: Option<Timestamp>,
    settings: &CoreSettings,
) -> Result<Start> {
    // Held: its address may be corrected at the same time, and then it leaves for the corrected one.
    let Some(before) = messages::hold(tx, id)? else { return Ok(Start::Over("the message is gone".into())) };
    match stand(&before) {
        Stand::Waiting => {}
        Stand::Open(began_at) if decided == Some(began_at) => {}
        Stand::Open(_) => return Ok(Start::Open),
        Stand::Over => return Ok(Start::Over(format!("the message is already {}", before.status))),
    }
    let conversation = conversations::get(tx, before.conversation_id)?;
    let lead = leads::whole(tx, before.lead_id)?;
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
    let mut verdict = gate::ask(tx, &writer, settings, &question)?;
    if held.is_some() && !writer.has_no_plan() && !send::is_in_plan(&entitlements(tx)?, before.channel) {
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
        held::forget(tx, id)?;
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

/// Ends what was not attempted, and says why.
pub(super) fn cancel(tx: &mut TenantTx<'_>, before: Message, code: &str, why: &str) -> Result<()> {
    let message = Message {
        status: MessageStatus::Canceled,
        error_code: Some(code.into()),
        error_message: Some(why.into()),
        failed_at: Some(tx.now()),
        ..before.clone()
    };
    save(tx, &message, before.status)?;
    record_failure(tx, &message)
}

fn first_attempt(message: &Message) -> Option<Timestamp> {
    message.metadata.value()["first_attempted_at"].as_str().and_then(|text| text.parse().ok())
}

pub(super) fn set_metadata(message: &mut Message, key: &str, value: serde_json::Value) {
    message.metadata.set(key, value);
}

fn save(tx: &mut TenantTx<'_>, message: &Message, seen: MessageStatus) -> Result<()> {
    if messages::save(tx, message, seen)? {
        return Ok(());
    }
    Err(Error::conflict("message.changed", "The message changed at the same time."))
}

fn parcel(tx: &mut TenantTx<'_>, message: &Message) -> Result<Parcel> {
    let missing = || Error::internal("an outbound message without addresses");
    let from = message.from_address.clone().ok_or_else(missing)?;
    let template = match (&message.template_code, &message.template_variables) {
        (Some(code), Some(variables)) => Some((code.clone(), variables.read()?)),
        _ => None,
    };
    let reply_to = match message.channel {
        Channel::Email => reply_address(tx, message)?,
        _ => None,
    };
    Ok(Parcel {
        id: message.id.to_string(),
        tenant: message.tenant_id,
        lead: Some(message.lead_id),
        channel: message.channel,
        from: Mailbox { name: message.from_name.clone(), address: from },
        to: message.to_address.clone().ok_or_else(missing)?,
        subject: message.subject.clone(),
        text: message.content.clone(),
        template,
        reply_to,
    })
}

/// Where answers to an e-mail go: the tenant's first notification address, else the author.
fn reply_address(tx: &mut TenantTx<'_>, message: &Message) -> Result<Option<Mailbox>> {
    let tenant = crate::tenants::store::current(tx)?;
    if let Some(address) = tenant.settings.notification_recipients.emails.first() {
        return Ok(Some(Mailbox::bare(address.as_str())));
    }
    let Some(author) = message.sender_user_id else { return Ok(None) };
    let members = crate::tenants::store::members(tx)?;
    Ok(members.into_iter().find(|member| member.user_id == author).map(|member| Mailbox::bare(member.email)))
}

/// How the ends of a message are written.
pub(super) struct Row {
    pub(super) id: MessageId,
}

/// Applies `change` to the message as it stands; when a status callback moves it meanwhile, reads and decides again.
fn update(
    tx: &mut TenantTx<'_>,
    id: MessageId,
    change: impl Fn(&mut Message, Timestamp),
) -> Result<(Message, Message)> {
    for _ in 0..5 {
        let gone = || Error::not_found("message.not_found", "There is no such message.");
        let before = messages::hold(tx, id)?.ok_or_else(gone)?;
        let mut after = before.clone();
        change(&mut after, tx.now());
        if messages::save(tx, &after, before.status)? {
            return Ok((before, after));
        }
    }
    Err(Error::unavailable("message.busy", "The message is being changed by others; trying again."))
}

impl Ledger for Row {
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

fn note(message: &mut Message, error: &ProviderError) {
    message.error_class = Some(error.class.to_string());
    message.error_code = Some(error.code.clone());
    message.error_message = Some(error.message.clone());
}

/// The marks of a message that left: the thread that brings the answer back, the lead's counters, the event.
pub(super) fn record_sent(tx: &mut TenantTx<'_>, message: &Message) -> Result<()> {
    let at = message.sent_at.unwrap_or(tx.now());
    if let (Some(from), Some(to)) = (&message.from_address, &message.to_address) {
        conversations::save_thread(tx, message.channel, from, to, message.conversation_id, at)?;
    }
    crate::leads::store::touch_contact(tx, message.lead_id, at)?;
    record(tx, MessageFact::SENT, message)
}

pub(super) fn record_failure(tx: &mut TenantTx<'_>, message: &Message) -> Result<()> {
    record(tx, MessageFact::FAILED, message)
}

pub(super) fn record(tx: &mut TenantTx<'_>, kind: EventType, message: &Message) -> Result<()> {
    let mut fact = MessageFact {
        conversation_id: Some(message.conversation_id),
        channel: Some(message.channel),
        status: Some(message.status),
        ..MessageFact::default()
    };
    if kind == MessageFact::FAILED {
        let is_unknown = message.status == MessageStatus::Unknown;
        fact.class = if is_unknown { Some("unknown".into()) } else { message.error_class.clone() };
        fact.code = message.error_code.clone();
    }
    tx.record(fact.told_as(kind).about(message.id.uuid()).on(message.lead_id.uuid()))?;
    Ok(())
}

/// The person behind a message is not written to again from its sender.
pub(super) fn suppress(tx: &mut TenantTx<'_>, message: &Message, reason: SuppressionReason) -> Result<()> {
    let (Some(from), Some(to)) = (&message.from_address, &message.to_address) else { return Ok(()) };
    let tenant = message.tenant_id;
    // An e-mail address that bounces does so for every sender; a provider's block is of the number, whoever is behind it.
    let from = if reason == SuppressionReason::Bounced { "" } else { from.as_str() };
    let whose = match reason {
        SuppressionReason::ProviderOptOut => Suppressed::by_all(Some(tenant)),
        _ => Suppressed::by(tenant),
    };
    consent::suppress(&mut tx.platform(), message.channel, to, from, whose, reason)?;
    Ok(())
}
