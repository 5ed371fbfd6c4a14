//! Who sends an SMS while the business is closed hears at once that it was read by nobody yet: one answer for each person and
//! closed period, through the same door as any message. WhatsApp has no such answer: there the business' profile says when it
//! is open. A STOP is not answered, and neither is anybody when the business names no hours.

use super::gate::Writer;
use super::model::{Channel, Direction, SenderType};
use super::send::{self, NewMessage};
use super::store::conversations;
use super::store::messages::{self, Message};
use crate::base::time::Timestamp;
use crate::base::{ErrorKind, Result};
use crate::contacts::consent;
use crate::engine::CoreSettings;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{PageRequest, TenantTx};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome};
use crate::sending::id::MessageId;
use crate::tenants::Tenant;
use crate::tenants::hours::{is_open, next_opening};

/// Answers a message that came while nobody is there.
pub static ANSWER: JobKind = JobKind::new("inbox.answer_after_hours").priority(4);

const TEXT: &str = "Thanks! We'll respond during business hours.";
/// How far back an earlier answer is looked for.
const LOOK_BACK: u16 = 50;

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    message_id: MessageId,
}

/// To be called for every message that came in.
pub(super) fn consider(tx: &mut TenantTx<'_>, message: &Message) -> Result<()> {
    if message.channel != Channel::Sms || consent::word(&message.content).is_some() {
        return Ok(());
    }
    let payload = Payload { message_id: message.id };
    tx.enqueue(NewJob::new(&ANSWER, &payload).unique(format!("after_hours:{}", message.id)))?;
    Ok(())
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let id = context.payload::<Payload>()?.message_id;
    let settings = context.core.settings.clone();
    context.finish(move |tx| answer(tx, id, &settings)).await
}

fn answer(tx: &mut TenantTx<'_>, id: MessageId, settings: &CoreSettings) -> Result<()> {
    let Some(message) = messages::find(tx, id)? else { return Ok(()) };
    let writer = Writer::of(tx)?;
    let tenant = writer.tenant.clone();
    let Some(opening) = closed_until(&tenant, tx.now()) else { return Ok(()) };
    // Told late, it may have come while somebody was there.
    if closed_until(&tenant, message.created_at) != Some(opening) {
        return Ok(());
    }
    let conversation = conversations::hold(tx, message.conversation_id)?;
    let is_same_night = |said: &Message| {
        let is_ours = said.direction == Direction::Outbound && said.sender_type == SenderType::System;
        is_ours && said.content == TEXT && closed_until(&tenant, said.created_at) == Some(opening)
    };
    let latest = messages::list(tx, conversation.id, Desc, &PageRequest::first(LOOK_BACK))?;
    if latest.data.iter().any(is_same_night) {
        return Ok(());
    }
    let new = NewMessage { content: Some(TEXT.into()), ..NewMessage::default() };
    match send::put(tx, &writer, conversation, new, settings) {
        // What the door refuses is not said.
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Forbidden | ErrorKind::TooMany) => Ok(()),
        other => other.map(|_| ()),
    }
}

/// When the business opens next, if it is closed at this moment and ever opens.
fn closed_until(tenant: &Tenant, at: Timestamp) -> Option<Timestamp> {
    let (settings, zone) = (&tenant.settings, tenant.time_zone);
    if is_open(settings, zone, at) { None } else { next_opening(settings, zone, at) }
}
