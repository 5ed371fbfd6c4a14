//! Handing something to a provider, exactly once as far as anyone can know: the one discipline for messages to leads and
//! notifications to the tenant's people. Nothing is handed over without the gate's [`Pass`].
//!
//! An attempt is opened in a transaction before the provider is asked and closed in another one after it answered. Where
//! the process died or the answer was lost in between, the attempt is still open at the next run and [`ask::recover`]
//! decides: Twilio is asked for its list, Resend is simply asked again under the same idempotency key, and SMTP, which can
//! be asked nothing, ends as `unknown`, in front of the operators, and is never sent twice. [`ask::send`] sends; [`settle`]
//! turns the answer into rows and an outcome; [`run`] is the whole of it.

mod ask;
mod html;

use std::future::Future;

use super::model::{Channel, MessageStatus};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobContext, Outcome};
use crate::providers::{ErrorClass, ProviderError, Providers};
use crate::sending::Pass;

pub use ask::{OpenAttempt, Parcel, Verdict, known_since};

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
    /// It is open, and this is handed over: the gate let it pass.
    Parcel(Box<Parcel>, Pass),
    /// Not before then, and why.
    Later(Timestamp, String),
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
            if let Some(verdict) = ask::recover(core, providers, &parcel, open).await {
                return Ok((settle(context, ledger, verdict).await?, None));
            }
        }
        started = start(decided).await?;
    }
    let (parcel, pass) = match started {
        Start::Parcel(parcel, pass) => (parcel, pass),
        Start::Later(at, reason) => return Ok((Outcome::Snooze(at, reason), None)),
        Start::Never => return Ok((Outcome::Done, None)),
        Start::Over(reason) => return Ok((Outcome::Discard(reason), None)),
        Start::Open => {
            return Err(Error::unavailable("message.busy", "It is being sent by another run; looking again."));
        }
    };
    let verdict = ask::send(core, providers, &parcel, pass).await;
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
