//! The job that lets a campaign's messages leave: some at a time, at their sender's rate, each at most once.
//!
//! A run claims what is due in one short transaction: the gate is asked of everybody, the words are written, and an attempt is
//! recorded with each. Then the provider is asked, of many at once and outside of any transaction, and what it said is written in
//! another one. Where a process dies between the two, the attempts are still open, and a run after it looks for them before anything
//! else ([`dispatch::recover`]). The campaign's row is held while messages are claimed, so two runs never have the same one.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::facts::OutreachCampaignFact;
use super::id::{OutreachCampaignId, OutreachMessageId};
use super::model::{OutreachReason, OutreachStatus, Step};
use super::movement;
use super::queue::Payload;
use super::reach::{Desk, Reach, require_sender};
use super::store::campaigns::{self as rows, OutreachCampaign};
use super::store::messages::{self, OutreachMessage};
use super::words::Letter;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{ErrorKind, Result};
use crate::contacts::id::ContactId;
use crate::contacts::{Channel, Suppressed, SuppressionReason, consent};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobContext, Outcome};
use crate::engine::tally::Span;
use crate::inbox;
use crate::inbox::reach::in_words;
use crate::providers::{ErrorClass, Mailbox, ProviderError, Providers};
use crate::sending::dispatch::{self, About, OpenAttempt, Parcel, Platform, Verdict, known_since};
use crate::sending::gate::Pass;
use crate::sending::senders::Sender;
use crate::sending::{Code, MessageStatus, caps, rates};

/// So many messages are claimed at once, where the sender's rate allows it.
const AT_ONCE: usize = 200;
/// So many of them are with the provider at the same time.
const IN_FLIGHT: usize = 32;
/// So many claims in one run; other jobs have their turn then.
const CLAIMS: usize = 10;
/// An attempt that nobody closed within this many seconds is one whose process died: longer than any run of a job.
const OPEN_SECONDS: i64 = 120;
/// So often a message is tried that the provider could not take.
const MOST_ATTEMPTS: i32 = 8;
/// What is held for a reason of the tenant's is looked at again after so long.
const LOOK_MINUTES: i64 = 10;

/// One message that is with us: its row says so.
struct Claimed {
    id: OutreachMessageId,
    parcel: Parcel,
    /// To be sent, or to be looked for.
    road: Road,
}

enum Road {
    Send(Pass),
    Look(OpenAttempt),
}

/// What a claim came to.
enum Claim {
    Messages(Vec<Claimed>),
    /// Nothing to hand over just now; there may be more.
    Again,
    At(Timestamp, &'static str),
    Over,
}

pub(super) async fn run(context: JobContext, providers: Arc<Providers>) -> Result<Outcome> {
    let Payload { campaign_id: id } = context.payload()?;
    for _ in 0..CLAIMS {
        let platform = Platform::of(&context.core);
        let claim = context.core.db.write_long(context.scope(), move |tx| claim(tx, id, &platform)).await?;
        let claimed = match claim {
            Claim::Messages(claimed) => claimed,
            Claim::Again => continue,
            Claim::At(at, why) => return Ok(Outcome::Snooze(at, why.into())),
            Claim::Over => return Ok(Outcome::Done),
        };
        let verdicts = hand_over(&context.core, &providers, claimed).await;
        let slow = context.core.db.write_long(context.scope(), move |tx| settle(tx, id, verdicts)).await?;
        if let Some(at) = slow {
            return Ok(Outcome::Snooze(at, "the provider takes no more just now".into()));
        }
    }
    Ok(Outcome::Snooze(context.core.clock.now(), "there are more messages".into()))
}

async fn hand_over(
    core: &Core,
    providers: &Providers,
    claimed: Vec<Claimed>,
) -> Vec<(OutreachMessageId, Option<Verdict>)> {
    stream::iter(claimed)
        .map(|Claimed { id, parcel, road }| async move {
            let verdict = match road {
                Road::Send(pass) => Some(dispatch::send(core, providers, &parcel, pass).await),
                // Nothing was sent: it has its turn again.
                Road::Look(open) => dispatch::recover(core, providers, &parcel, open).await,
            };
            (id, verdict)
        })
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await
}

fn claim(tx: &mut TenantTx<'_>, id: OutreachCampaignId, platform: &Platform) -> Result<Claim> {
    let campaign = match rows::hold(tx, id) {
        Ok(campaign) => campaign,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Claim::Over),
        Err(error) => return Err(error),
    };
    let most = i64::try_from(AT_ONCE * 5).unwrap_or(i64::MAX);
    if campaign.status == OutreachStatus::Canceled && messages::cancel(tx, id, most)? > 0 {
        return Ok(Claim::Again);
    }
    let open = open_attempts(tx, &campaign)?;
    if !open.is_empty() {
        return Ok(Claim::Messages(open));
    }
    if campaign.status != OutreachStatus::Running {
        return after_the_end(tx, id);
    }
    if let Some(reason) = messages::counts(tx, id)?.trips() {
        movement::stop(tx, campaign, reason)?;
        return Ok(Claim::Again);
    }
    let desk = Desk::of(tx, campaign.channel, platform)?;
    if let Some(why) = desk.holds() {
        return Ok(Claim::At(tx.now().plus(chrono::Duration::minutes(LOOK_MINUTES)), why));
    }
    let Some(sender) = desk.sender().cloned() else {
        movement::stop(tx, campaign, OutreachReason::NoSender)?;
        return Ok(Claim::Again);
    };
    let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let mut due = messages::due(tx, id, MessageStatus::Queued, most)?;
    if due.is_empty() {
        return wait_or_end(tx, campaign);
    }
    if let Some(room) = desk.room(tx)? {
        if room == 0 {
            return Ok(Claim::At(
                Span::day(tx.now()).ends_at,
                "the tenant has written to as many people today as it may",
            ));
        }
        due.truncate(usize::try_from(room).unwrap_or(usize::MAX));
    }
    match rates::take(tx, campaign.channel, &sender.address, desk.rate(), due.len())? {
        rates::Turns::Now(count) => due.truncate(count),
        rates::Turns::At(at) => return Ok(Claim::At(at, "the sender's turns are others' until then")),
    }
    let claimed = begin(tx, &campaign, &desk, &sender, due)?;
    Ok(if claimed.is_empty() { Claim::Again } else { Claim::Messages(claimed) })
}

/// Nothing is due: the next is waited for, or all has left.
fn wait_or_end(tx: &mut TenantTx<'_>, campaign: OutreachCampaign) -> Result<Claim> {
    let next = [MessageStatus::Queued, MessageStatus::Sending]
        .into_iter()
        .map(|status| messages::next_due(tx, campaign.id, status))
        .collect::<Result<Vec<_>>>()?;
    if let Some(at) = next.into_iter().flatten().min() {
        return Ok(Claim::At(at.max(tx.now()), "the next messages are due then"));
    }
    movement::step(tx, campaign, Step::Complete, None, OutreachCampaignFact::COMPLETED)?;
    Ok(Claim::Over)
}

/// It is paused or over; attempts that are open are waited for all the same.
fn after_the_end(tx: &mut TenantTx<'_>, id: OutreachCampaignId) -> Result<Claim> {
    let open = messages::next_due(tx, id, MessageStatus::Sending)?;
    Ok(open.map_or(Claim::Over, |at| Claim::At(at.max(tx.now()), "attempts are open until then")))
}

/// Attempts that a run before left open, to be looked for.
fn open_attempts(tx: &mut TenantTx<'_>, campaign: &OutreachCampaign) -> Result<Vec<Claimed>> {
    let now = tx.now();
    let mut open = Vec::new();
    for mut row in messages::due(tx, campaign.id, MessageStatus::Sending, 50)? {
        let Some(parcel) = parcel(&row, campaign.channel, None) else {
            // Its person was forgotten meanwhile, so nobody can ask about it.
            row.status = MessageStatus::Unknown;
            close(tx, row, MessageStatus::Sending, now)?;
            continue;
        };
        let began_at = row.attempted_at.unwrap_or(row.updated_at);
        let first_began_at = row.first_attempted_at.unwrap_or(began_at);
        let since = known_since(first_began_at, now);
        let (from, to) = (parcel.from.address.clone(), parcel.to.clone());
        let mut known = messages::known_external_ids(tx, row.contact_id, &from, &to, since)?;
        known.extend(inbox::known_external_ids(&mut tx.platform(), campaign.channel, &from, &to, since)?);
        // Another run does not look for the same one meanwhile.
        row.due_at = now.plus(chrono::Duration::seconds(OPEN_SECONDS));
        messages::save(tx, &mut row, MessageStatus::Sending)?;
        open.push(Claimed { id: row.id, parcel, road: Road::Look(OpenAttempt { began_at, first_began_at, known }) });
    }
    Ok(open)
}

/// Asks the gate of each, writes the words and opens an attempt; whoever is not to be written to ends here, and whoever is to be
/// written to later waits.
fn begin(
    tx: &mut TenantTx<'_>,
    campaign: &OutreachCampaign,
    desk: &Desk,
    sender: &Sender,
    due: Vec<OutreachMessage>,
) -> Result<Vec<Claimed>> {
    let now = tx.now();
    let letter = match &campaign.content {
        Some(content) => Letter::of(content.0.clone())?,
        None => Letter::of_template(tx, campaign.template_id)?,
    };
    let people: Vec<ContactId> = due.iter().map(|row| row.contact_id).collect();
    let mut reached: HashMap<ContactId, Reach> = desk.reach(tx, &people)?;
    let mut words = letter.words(tx, &people)?;
    let open: Vec<(ContactId, String)> = (reached.iter())
        .filter_map(|(person, reach)| match reach {
            Reach::Open { address, .. } => Some((*person, address.clone())),
            _ => None,
        })
        .collect();
    let addresses: Vec<&str> = open.iter().map(|(_, address)| address.as_str()).collect();
    let fits = desk.count(tx, &addresses)?;
    let full: HashMap<ContactId, Timestamp> =
        open.iter().zip(fits).filter_map(|((person, _), until)| Some((*person, until?))).collect();
    let mut claimed = Vec::new();
    for mut row in due {
        let was = row.status;
        if let Some(until) = full.get(&row.contact_id) {
            row.due_at = *until;
            row.error_code = Some(Code::TenantLimit.to_string());
            messages::save(tx, &mut row, was)?;
            continue;
        }
        let (address, pass) = match reached.remove(&row.contact_id) {
            Some(Reach::Open { address, pass }) => (address, pass),
            Some(Reach::Later { at, code, .. }) => {
                row.due_at = at.max(now.plus(chrono::Duration::minutes(1)));
                row.error_code = Some(code.to_string());
                messages::save(tx, &mut row, was)?;
                continue;
            }
            Some(Reach::Never { code }) => {
                end(tx, row, MessageStatus::Suppressed, code.as_str(), in_words(code).into())?;
                continue;
            }
            None => {
                end(tx, row, MessageStatus::Suppressed, "gone", "There is no such contact any more.".into())?;
                continue;
            }
        };
        let said = match row.content.take() {
            Some(said) => Ok(said.0),
            None => letter.said(desk, &mut words, row.contact_id, &address).map(|written| written.said),
        };
        let said = match said {
            Ok(said) => said,
            Err(fault) => {
                end(tx, row, MessageStatus::Failed, fault.code, fault.message)?;
                continue;
            }
        };
        row.status = MessageStatus::Sending;
        row.address = Some(address);
        row.sender_address = Some(sender.address.clone());
        row.content = Some(Doc(said));
        row.attempts += 1;
        row.attempted_at = Some(now);
        row.first_attempted_at = Some(now);
        row.due_at = now.plus(chrono::Duration::seconds(OPEN_SECONDS));
        (row.error_code, row.error_message) = (None, None);
        messages::save(tx, &mut row, was)?;
        if row.attempts == 1 {
            caps::note_marketing(tx, &[row.contact_id])?;
        }
        if let Some(parcel) = parcel(&row, campaign.channel, Some(desk.name())) {
            claimed.push(Claimed { id: row.id, parcel, road: Road::Send(pass) });
        }
    }
    Ok(claimed)
}

/// What is handed over; none of a row that has no words yet.
fn parcel(row: &OutreachMessage, channel: Channel, name: Option<String>) -> Option<Parcel> {
    let said = row.content.as_ref()?.0.clone();
    Some(Parcel {
        id: row.id.to_string(),
        tenant: row.tenant_id,
        about: About::Outreach,
        channel,
        from: Mailbox { name, address: row.sender_address.clone()? },
        to: row.address.clone()?,
        subject: said.subject,
        text: said.text,
        html: said.html,
        template: None,
        reply_to: None,
        headers: said.headers,
    })
}

/// Writes what the providers said. `Some`: nothing more is to be handed over before then.
fn settle(
    tx: &mut TenantTx<'_>,
    id: OutreachCampaignId,
    verdicts: Vec<(OutreachMessageId, Option<Verdict>)>,
) -> Result<Option<Timestamp>> {
    let campaign = rows::hold(tx, id)?;
    let now = tx.now();
    let (mut slow, mut is_blocked) = (None::<Timestamp>, false);
    for (message, verdict) in verdicts {
        let Some(mut row) = messages::held(tx, message)? else { continue };
        let was = row.status;
        match verdict {
            Some(Verdict::Accepted { provider, external_id, status }) => {
                if row.external_id.is_none() {
                    (row.provider, row.external_id) = (Some(provider.into()), Some(external_id));
                }
                row.sent_at.get_or_insert(now);
                row.status = row.status.after(status).unwrap_or(row.status);
                close(tx, row, was, now)?;
            }
            // A receipt was faster than the answer.
            _ if was != MessageStatus::Sending => close(tx, row, was, now)?,
            // Nothing was sent, as far as can be known: it leaves word by word as it was, so that a provider that has it all the same
            // knows it by its key.
            None => {
                (row.status, row.due_at) = (MessageStatus::Queued, now);
                messages::save(tx, &mut row, was)?;
            }
            Some(Verdict::Later { error, at: Some(at) }) => {
                // Too fast is nobody's failure.
                row.attempts -= 1;
                note(&mut row, &error);
                slow = slow.max(Some(at));
                wait(tx, row, was, at)?;
            }
            Some(Verdict::Later { error, at: None }) => {
                note(&mut row, &error);
                if row.attempts >= MOST_ATTEMPTS {
                    row.status = MessageStatus::Failed;
                    close(tx, row, was, now)?;
                } else {
                    let seconds = 15_i64 << row.attempts.clamp(0, 8);
                    wait(tx, row, was, now.plus(chrono::Duration::seconds(seconds)))?;
                }
            }
            Some(Verdict::InDoubt { at, .. }) => {
                row.due_at = at;
                messages::save(tx, &mut row, was)?;
            }
            Some(Verdict::Unanswered(error)) => {
                // It may have left: it stays open, and is looked for again when somebody resumes.
                note(&mut row, &error);
                row.due_at = now.plus(chrono::Duration::minutes(LOOK_MINUTES));
                messages::save(tx, &mut row, was)?;
                is_blocked = true;
            }
            Some(Verdict::Stuck(error)) => {
                note(&mut row, &error);
                row.attempts -= 1;
                wait(tx, row, was, now)?;
                is_blocked = true;
            }
            Some(Verdict::Refused(error)) => {
                note(&mut row, &error);
                let is_opt_out = error.class == ErrorClass::OptOut;
                row.status = if is_opt_out { MessageStatus::Suppressed } else { MessageStatus::Failed };
                if is_opt_out && let (Some(to), Some(from)) = (&row.address, &row.sender_address) {
                    let (whose, why) = (Suppressed::by_all(Some(row.tenant_id)), SuppressionReason::ProviderOptOut);
                    consent::suppress(&mut tx.platform(), campaign.channel, to, from, whose, why)?;
                }
                close(tx, row, was, now)?;
            }
            Some(Verdict::Lost(error)) => {
                note(&mut row, &error);
                row.status = MessageStatus::Unknown;
                close(tx, row, was, now)?;
            }
        }
    }
    if let Some(until) = slow
        && let Ok(sender) = require_sender(tx, campaign.channel)
    {
        rates::slow_down(tx, campaign.channel, &sender.address, until)?;
    }
    if is_blocked && campaign.status == OutreachStatus::Running {
        movement::stop(tx, campaign, OutreachReason::SenderBlocked)?;
    }
    Ok(slow)
}

fn note(row: &mut OutreachMessage, error: &ProviderError) {
    row.error_code = Some(error.code.clone());
    row.error_message = Some(error.message.clone());
}

/// It has its turn again, from then on.
fn wait(tx: &mut TenantTx<'_>, mut row: OutreachMessage, was: MessageStatus, at: Timestamp) -> Result<()> {
    row.status = MessageStatus::Queued;
    row.due_at = at;
    row.content = None;
    messages::save(tx, &mut row, was)
}

/// It is over, or with the provider: its HTML is needed no more.
fn close(tx: &mut TenantTx<'_>, mut row: OutreachMessage, was: MessageStatus, now: Timestamp) -> Result<()> {
    if let Some(content) = &mut row.content {
        (content.0.html, content.0.headers) = (None, Vec::new());
    }
    if matches!(row.status, MessageStatus::Failed | MessageStatus::Suppressed | MessageStatus::Unknown) {
        row.failed_at.get_or_insert(now);
    }
    messages::save(tx, &mut row, was)
}

/// It never leaves.
fn end(
    tx: &mut TenantTx<'_>,
    mut row: OutreachMessage,
    status: MessageStatus,
    code: &str,
    message: String,
) -> Result<()> {
    let (was, now) = (row.status, tx.now());
    row.status = status;
    (row.error_code, row.error_message) = (Some(code.into()), Some(message));
    close(tx, row, was, now)
}
