//! Handing something to a provider, exactly once as far as anyone can know: the one discipline for whatever is [`Outgoing`],
//! messages to leads and notifications to the tenant's people. Nothing is handed over without the gate's
//! [`Pass`](super::Pass).
//!
//! An attempt is opened in a transaction before the provider is asked and closed in another one after it answered. Where
//! the process died or the answer was lost in between, the attempt is still open at the next run and [`ask::recover`]
//! decides: Twilio is asked for its list, Resend is simply asked again under the same idempotency key, and SMTP, which can
//! be asked nothing, ends as `unknown`, in front of the operators, and is never sent twice. [`ask::send`] sends; [`settle`]
//! turns the answer into rows and an outcome; [`run`] is the whole of it.

mod ask;
mod html;
mod outgoing;

use super::status::MessageStatus;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::jobs::{JobContext, Outcome};
use crate::providers::Providers;

pub use ask::{About, OpenAttempt, Parcel, Verdict, known_since, recover, send};
pub use outgoing::{Outgoing, Platform, Stand, Start, begin};

/// One run of the job behind a row: opens an attempt, or looks first at one that is open. Answers the outcome, and when the
/// provider took the parcel.
pub async fn run<O: Outgoing>(
    context: &JobContext,
    providers: &Providers,
    outgoing: &O,
) -> Result<(Outcome, Option<Timestamp>)> {
    let core = &context.core;
    let start = |decided| {
        let (outgoing, platform) = (outgoing.clone(), Platform::of(core));
        core.db.write(context.scope(), move |tx| begin(tx, &outgoing, decided, &platform))
    };
    let mut started = start(None).await?;
    if matches!(started, Start::Open) {
        let mut decided = None;
        let (open, platform) = (outgoing.clone(), Platform::of(core));
        let look = core.db.read(context.scope(), move |tx| outgoing::look(tx, &open, &platform));
        if let Some((parcel, open)) = look.await? {
            decided = Some(open.began_at);
            if let Some(verdict) = ask::recover(core, providers, &parcel, open).await {
                return Ok((settle(context, outgoing, verdict).await?, None));
            }
        }
        // The provider was asked about it and has not got it.
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
    Ok((settle(context, outgoing, verdict).await?, taken_at))
}

/// Writes the verdict down and names the job's outcome.
async fn settle<O: Outgoing>(context: &JobContext, outgoing: &O, verdict: Verdict) -> Result<Outcome> {
    let row = outgoing.clone();
    match verdict {
        Verdict::Accepted { provider, external_id, status } => {
            context.finish(move |tx| row.accepted(tx, provider, &external_id, status)).await
        }
        Verdict::Refused(error) => context.finish(move |tx| row.ended(tx, MessageStatus::Failed, &error)).await,
        // Only a person can find out: the dead job lies where operators look, and running it again sends nothing.
        Verdict::Lost(error) => {
            let reason = Error::from(error.clone());
            context.bury(reason, move |tx| row.ended(tx, MessageStatus::Unknown, &error)).await
        }
        Verdict::InDoubt { at, reason } => Ok(Outcome::Snooze(at, reason)),
        // Nothing is written down: when an operator repeats the job, the provider is asked again before anything is sent.
        Verdict::Unanswered(error) => Ok(Outcome::Dead(Error::from(error))),
        Verdict::Stuck(error) => {
            let kept = error.clone();
            context.core.db.write(context.scope(), move |tx| row.returned(tx, &kept)).await?;
            Ok(Outcome::Dead(Error::from(error)))
        }
        Verdict::Later { error, at } => {
            // The last attempt ends visibly on both sides: the row has failed, and the job lies where operators look.
            let is_last = at.is_none() && context.job.is_last_attempt();
            let kept = error.clone();
            let write = context.core.db.write(context.scope(), move |tx| {
                if is_last { row.ended(tx, MessageStatus::Failed, &kept) } else { row.returned(tx, &kept) }
            });
            write.await?;
            Ok(match at {
                Some(at) => Outcome::Snooze(at, error.to_string()),
                None => Outcome::Retry(Error::from(error)),
            })
        }
    }
}
