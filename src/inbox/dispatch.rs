//! Handing something to a provider, exactly once as far as anyone can know: the one discipline for messages to leads and
//! notifications to the tenant's people.
//!
//! An attempt is opened in a transaction before the provider is asked and closed in another one after it answered. Where
//! the process died or the answer was lost in between, the attempt is still open at the next run and [`recover`] decides:
//! Twilio is asked for its list, Resend is simply asked again under the same idempotency key, and SMTP, which can be asked
//! nothing, ends as `unknown`, in front of the operators, and is never sent twice. [`send`] asks; [`settle`] turns the
//! answer into rows and an outcome; [`run`] is the whole of it.

use std::collections::BTreeMap;
use std::future::Future;

use super::model::{Channel, MessageStatus};
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobContext, Outcome};
use crate::providers::{
    Accepted, DeliveryStatus, EmailSender, ErrorClass, Mailbox, OutgoingEmail, OutgoingText, ProviderError, Providers,
    SentQuery, TextChannel, TextContent, TextSender,
};

/// How long a message may be missing from the provider's list before it counts as never taken.
const SEARCH_SECONDS: i64 = 60;
/// How far the provider's clock may be from ours, or ours from what it was when the attempt began. A message that is dated
/// before our attempt may be ours all the same, and taking it for older would send it twice. An older one that is not ours
/// is known by its id.
const CLOCK_SKEW: chrono::Duration = chrono::Duration::hours(1);
/// When a lost answer is looked for first.
const FIRST_LOOK_SECONDS: i64 = 5;

/// Something that is to leave.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Our id: idempotency key, `Message-ID`, and what status callbacks carry.
    pub id: String,
    pub tenant: TenantId,
    pub channel: Channel,
    pub from: Mailbox,
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    /// Code and values by the provider's numbers; `text` is what it reads like.
    pub template: Option<(String, BTreeMap<String, String>)>,
    pub reply_to: Option<Mailbox>,
}

/// An attempt whose end nobody recorded.
#[derive(Debug, Clone)]
pub struct OpenAttempt {
    pub began_at: Timestamp,
    /// Of the first attempt in a row whose end is unknown.
    pub first_began_at: Timestamp,
    /// Provider ids that belong to others, [`known_since`] the attempt, so that none of them is taken for this one.
    pub known: Vec<String>,
}

/// From when on a message may be the one whose first attempt began then, by our clock then.
fn sent_since(first_began_at: Timestamp, now: Timestamp) -> Timestamp {
    first_began_at.min(now).minus(CLOCK_SKEW)
}

/// From when on other messages may be taken for one whose first attempt began then.
pub fn known_since(first_began_at: Timestamp, now: Timestamp) -> Timestamp {
    first_began_at.min(now).minus(CLOCK_SKEW * 2)
}

/// What came of asking.
#[derive(Debug)]
pub enum Verdict {
    /// The provider took responsibility.
    Accepted { provider: &'static str, external_id: String, status: MessageStatus },
    /// Nothing was sent; the same may be tried again, at a given time when the provider named one.
    Later { error: ProviderError, at: Option<Timestamp> },
    /// The answer was lost, or the list could not be read: the attempt stays open and is looked at again.
    InDoubt { at: Timestamp, reason: String },
    /// It will never be sent: the class says why.
    Refused(ProviderError),
    /// Nothing was sent and nothing will be until an operator acts.
    Stuck(ProviderError),
    /// It may have been sent, and the provider will not say until an operator acts: the attempt stays open.
    Unanswered(ProviderError),
    /// It may have been sent, and there is no way to find out.
    Lost(ProviderError),
}

enum Road<'a> {
    Text(TextChannel, &'a dyn TextSender),
    Email(&'a dyn EmailSender),
}

fn road<'a>(providers: &'a Providers, channel: Channel) -> Option<Road<'a>> {
    match channel {
        Channel::Whatsapp => providers.whatsapp().map(|sender| Road::Text(TextChannel::Whatsapp, sender)),
        Channel::Sms => providers.sms().map(|sender| Road::Text(TextChannel::Sms, sender)),
        Channel::Email => providers.email().map(Road::Email),
        Channel::WebChat | Channel::Messenger | Channel::Instagram => None,
    }
}

/// Decides about an open attempt; `None`: nothing was sent, so send now.
pub async fn recover(core: &Core, providers: &Providers, parcel: &Parcel, open: OpenAttempt) -> Option<Verdict> {
    let now = core.clock.now();
    match road(providers, parcel.channel)? {
        // The same key makes the repetition harmless.
        Road::Email(sender) if sender.provider() == "resend" => None,
        Road::Email(sender) => {
            let message = "the answer was lost, and the server cannot be asked";
            Some(Verdict::Lost(ProviderError::new(sender.provider(), ErrorClass::Ambiguous, "answer_lost", message)))
        }
        Road::Text(channel, sender) => {
            let query = SentQuery {
                channel,
                from: parcel.from.address.clone(),
                to: parcel.to.clone(),
                since: sent_since(open.first_began_at, now),
                content: content(parcel),
                known: open.known,
            };
            let found = sender.find_sent(&query).await;
            observe(core, sender.provider(), "find_sent", found.as_ref().err());
            let give_up_at = open.began_at.plus(chrono::Duration::seconds(SEARCH_SECONDS));
            match found {
                Ok(Some(found)) => Some(accepted(sender.provider(), found)),
                Ok(None) if now < give_up_at => {
                    let reason = "not in the provider's list yet".to_string();
                    Some(Verdict::InDoubt { at: give_up_at, reason })
                }
                Ok(None) => None,
                Err(error) if error.needs_an_operator() => Some(Verdict::Unanswered(error)),
                Err(error) => {
                    let wait = error.retry_after.and_then(|wait| chrono::Duration::from_std(wait).ok());
                    let at = now.plus(wait.unwrap_or(chrono::Duration::seconds(30)));
                    Some(Verdict::InDoubt { at, reason: error.to_string() })
                }
            }
        }
    }
}

/// Asks the provider. Call it only with the attempt written down.
pub async fn send(core: &Core, providers: &Providers, parcel: &Parcel) -> Verdict {
    let Some(road) = road(providers, parcel.channel) else {
        let message = format!("no provider is connected for {}", parcel.channel);
        return Verdict::Stuck(ProviderError::new("none", ErrorClass::Config, "not_connected", message));
    };
    let (provider, answer) = match road {
        Road::Text(channel, sender) => {
            let message = OutgoingText {
                id: parcel.id.clone(),
                tenant_id: Some(parcel.tenant.to_string()),
                channel,
                from: parcel.from.address.clone(),
                to: parcel.to.clone(),
                content: content(parcel),
            };
            (sender.provider(), sender.send(&message).await)
        }
        Road::Email(sender) => (sender.provider(), sender.send(&email(parcel)).await),
    };
    observe(core, provider, "send", answer.as_ref().err());
    match answer {
        Ok(taken) => accepted(provider, taken),
        Err(error) => judge(error, matches!(parcel.channel, Channel::Email), core.clock.now()),
    }
}

/// What a provider's refusal means for the parcel.
fn judge(error: ProviderError, is_email: bool, now: Timestamp) -> Verdict {
    match error.class {
        ErrorClass::Retry => Verdict::Later { error, at: None },
        ErrorClass::Rate => {
            let wait = error.retry_after.and_then(|wait| chrono::Duration::from_std(wait).ok());
            Verdict::Later { at: Some(now.plus(wait.unwrap_or(chrono::Duration::seconds(30)))), error }
        }
        ErrorClass::Permanent | ErrorClass::OptOut | ErrorClass::Window | ErrorClass::Unreachable => {
            Verdict::Refused(error)
        }
        ErrorClass::Auth | ErrorClass::Config => Verdict::Stuck(error),
        ErrorClass::Ambiguous if is_email => Verdict::Lost(error),
        ErrorClass::Ambiguous => {
            let at = now.plus(chrono::Duration::seconds(FIRST_LOOK_SECONDS));
            Verdict::InDoubt { at, reason: error.to_string() }
        }
    }
}

fn accepted(provider: &'static str, taken: Accepted) -> Verdict {
    let status = match taken.status {
        DeliveryStatus::Queued | DeliveryStatus::Sent => MessageStatus::Sent,
        DeliveryStatus::Delivered => MessageStatus::Delivered,
        DeliveryStatus::Read => MessageStatus::Read,
        DeliveryStatus::Failed => MessageStatus::Failed,
    };
    Verdict::Accepted { provider, external_id: taken.provider_id, status }
}

fn content(parcel: &Parcel) -> TextContent {
    match &parcel.template {
        // Only WhatsApp knows templates; an SMS carries the text.
        Some((code, variables)) if parcel.channel == Channel::Whatsapp => {
            TextContent::Template { code: code.clone(), variables: variables.clone(), text: parcel.text.clone() }
        }
        _ => TextContent::Body(parcel.text.clone()),
    }
}

fn email(parcel: &Parcel) -> OutgoingEmail {
    OutgoingEmail {
        id: parcel.id.clone(),
        from: parcel.from.clone(),
        to: Mailbox::bare(parcel.to.clone()),
        reply_to: parcel.reply_to.clone(),
        subject: parcel.subject.clone().unwrap_or_default(),
        text: parcel.text.clone(),
        html: None,
        headers: Vec::new(),
        tags: vec![
            ("message_id".into(), parcel.id.clone()),
            ("tenant_id".into(), parcel.tenant.to_string()),
            ("type".into(), "lead_communication".into()),
        ],
    }
}

fn observe(core: &Core, provider: &str, operation: &str, error: Option<&ProviderError>) {
    let result = error.map_or("ok", |error| error.class.as_str());
    core.metrics.provider_calls.with_label_values(&[provider, operation, result]).inc();
}

/// Where a row stands when its job comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It waits to be sent.
    Waiting,
    /// An attempt is open, which began then: find out what became of it.
    Open(Timestamp),
    /// Nothing to do.
    Over,
}

/// Where a row of this status stands; `is_temporary` says that what it failed of may pass, so an operator may repeat its job.
pub fn stand(status: MessageStatus, channel: Channel, is_temporary: bool, began_at: Timestamp) -> Stand {
    match status {
        MessageStatus::Queued => Stand::Waiting,
        MessageStatus::Failed if is_temporary => Stand::Waiting,
        // Also a text whose job died on the way: the provider can still be asked.
        status if status == MessageStatus::Sending || can_be_found(status, channel) => Stand::Open(began_at),
        _ => Stand::Over,
    }
}

/// What came of trying to open an attempt.
#[derive(Debug)]
pub enum Start {
    /// It is open, and this is handed over.
    Parcel(Box<Parcel>),
    /// It may not leave, which is written.
    Never,
    /// Another one is open already.
    Open,
    /// Nothing to do, and why.
    Over(String),
}

/// One run of the job behind a row. `start` opens an attempt; it takes an open one for none when that is the one which began
/// at the moment it is given, for then the provider was asked about it and has not got it. `look` finds the open attempt.
/// Answers the outcome, and when the provider took the parcel.
pub async fn run<S, L>(
    context: &JobContext,
    providers: &Providers,
    ledger: impl Ledger,
    start: impl Fn(Option<Timestamp>) -> S,
    look: impl FnOnce() -> L,
) -> Result<(Outcome, Option<Timestamp>)>
where
    S: Future<Output = Result<Start>>,
    L: Future<Output = Result<Option<(Parcel, OpenAttempt)>>>,
{
    let core = &context.core;
    let mut started = start(None).await?;
    if matches!(started, Start::Open) {
        let mut decided = None;
        if let Some((parcel, open)) = look().await? {
            decided = Some(open.began_at);
            if let Some(verdict) = recover(core, providers, &parcel, open).await {
                return Ok((settle(context, ledger, verdict).await?, None));
            }
        }
        started = start(decided).await?;
    }
    let parcel = match started {
        Start::Parcel(parcel) => parcel,
        Start::Never => return Ok((Outcome::Done, None)),
        Start::Over(reason) => return Ok((Outcome::Discard(reason), None)),
        Start::Open => {
            return Err(Error::unavailable("message.busy", "It is being sent by another run; looking again."));
        }
    };
    let verdict = send(core, providers, &parcel).await;
    let taken_at = matches!(verdict, Verdict::Accepted { .. }).then(|| core.clock.now());
    Ok((settle(context, ledger, verdict).await?, taken_at))
}

/// The row behind a parcel: how each end is written down. Every function runs in a transaction of its own and must bear
/// being told what a status callback wrote already.
pub trait Ledger: Send + 'static {
    /// The provider has it.
    fn accepted(
        &self,
        tx: &mut TenantTx<'_>,
        provider: &'static str,
        external_id: &str,
        status: MessageStatus,
    ) -> Result<()>;
    /// The attempt is closed, nothing was sent, it waits for another; the error is kept for people to see.
    fn returned(&self, tx: &mut TenantTx<'_>, error: &ProviderError) -> Result<()>;
    /// It ended as `failed` or `unknown`.
    fn ended(&self, tx: &mut TenantTx<'_>, status: MessageStatus, error: &ProviderError) -> Result<()>;
}

/// Of unknown fate, but its provider keeps a list to look into.
pub fn can_be_found(status: MessageStatus, channel: Channel) -> bool {
    status == MessageStatus::Unknown && matches!(channel, Channel::Whatsapp | Channel::Sms)
}

/// How a row ends whose job died in the middle of it, by where it stood: what nobody began to send has failed and may be tried
/// again; what was with the provider may have left. Anything else has ended already.
pub fn end_of_dead(stood: MessageStatus, error: &Error) -> Option<(MessageStatus, ProviderError)> {
    let (status, class) = match stood {
        MessageStatus::Queued => (MessageStatus::Failed, ErrorClass::Retry),
        MessageStatus::Sending => (MessageStatus::Unknown, ErrorClass::Ambiguous),
        _ => return None,
    };
    Some((status, ProviderError::new("none", class, error.code(), error.message())))
}

/// Writes the verdict down and names the job's outcome.
pub async fn settle(context: &JobContext, ledger: impl Ledger, verdict: Verdict) -> Result<Outcome> {
    match verdict {
        Verdict::Accepted { provider, external_id, status } => {
            context.finish(move |tx| ledger.accepted(tx, provider, &external_id, status)).await
        }
        Verdict::Refused(error) => context.finish(move |tx| ledger.ended(tx, MessageStatus::Failed, &error)).await,
        // Only a person can find out: the dead job lies where operators look, and running it again sends nothing.
        Verdict::Lost(error) => {
            let reason = Error::from(error.clone());
            context.bury(reason, move |tx| ledger.ended(tx, MessageStatus::Unknown, &error)).await
        }
        Verdict::InDoubt { at, reason } => Ok(Outcome::Snooze(at, reason)),
        // Nothing is written down: when an operator repeats the job, the provider is asked again before anything is sent.
        Verdict::Unanswered(error) => Ok(Outcome::Dead(Error::from(error))),
        Verdict::Stuck(error) => {
            let kept = error.clone();
            context.core.db.write(context.scope(), move |tx| ledger.returned(tx, &kept)).await?;
            Ok(Outcome::Dead(Error::from(error)))
        }
        Verdict::Later { error, at } => {
            // The last attempt ends visibly on both sides: the row has failed, and the job lies where operators look.
            let is_last = at.is_none() && context.job.is_last_attempt();
            let kept = error.clone();
            let write = context.core.db.write(context.scope(), move |tx| {
                if is_last { ledger.ended(tx, MessageStatus::Failed, &kept) } else { ledger.returned(tx, &kept) }
            });
            write.await?;
            Ok(match at {
                Some(at) => Outcome::Snooze(at, error.to_string()),
                None => Outcome::Retry(Error::from(error)),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(class: ErrorClass) -> ProviderError {
        ProviderError::new("twilio", class, "1", "said so")
    }

    #[test]
    fn each_class_has_its_end() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        for class in ErrorClass::ALL {
            let verdict = judge(error(*class), false, now);
            let fits = match class {
                ErrorClass::Retry => matches!(verdict, Verdict::Later { at: None, .. }),
                ErrorClass::Rate => matches!(verdict, Verdict::Later { at: Some(at), .. } if at > now),
                ErrorClass::Auth | ErrorClass::Config => matches!(verdict, Verdict::Stuck(_)),
                ErrorClass::Ambiguous => matches!(verdict, Verdict::InDoubt { at, .. } if at > now),
                _ => matches!(verdict, Verdict::Refused(_)),
            };
            assert!(fits, "{class}: {verdict:?}");
        }
        assert!(matches!(judge(error(ErrorClass::Ambiguous), true, now), Verdict::Lost(_)));
        let rate = error(ErrorClass::Rate).after(Some(Duration::from_secs(7)));
        let Verdict::Later { at: Some(at), .. } = judge(rate, false, now) else { panic!("rate is later") };
        assert_eq!(at.since(now).num_seconds(), 7);
    }

    #[test]
    fn a_message_that_the_provider_dates_before_our_attempt_is_found() {
        let real: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let minutes = chrono::Duration::minutes;
        assert!(sent_since(real.plus(minutes(15)), real.plus(minutes(16))) < real, "our clock is ahead");
        assert!(sent_since(real.plus(minutes(90)), real.plus(minutes(1))) < real, "our clock was set back since");
        assert!(known_since(real, real) < sent_since(real, real), "what is older is known not to be it");
    }

    #[test]
    fn only_whatsapp_is_given_the_template() {
        let mut parcel = Parcel {
            id: "1".into(),
            tenant: TenantId::new(),
            channel: Channel::Whatsapp,
            from: Mailbox::bare("+1"),
            to: "+2".into(),
            subject: None,
            text: "Hi Asha".into(),
            template: Some(("first_contact".into(), BTreeMap::new())),
            reply_to: None,
        };
        assert!(matches!(content(&parcel), TextContent::Template { text, .. } if text == "Hi Asha"));
        parcel.channel = Channel::Sms;
        assert_eq!(content(&parcel), TextContent::Body("Hi Asha".into()));
    }
}
