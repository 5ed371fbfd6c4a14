//! The job that writes an audience down, some people at a time, and lets the messages leave then.
//!
//! Each transaction writes some people in the order of their ids and remembers the last, so a run that dies in the middle of it is
//! continued and nobody stands there twice. Who joins the audience behind that place meanwhile is part of it; who joins before is not.

use super::audience::People;
use super::facts::OutreachCampaignFact;
use super::id::OutreachCampaignId;
use super::model::{AudienceHash, OutreachReason, OutreachStatus, Step};
use super::movement;
use super::queue::{self, Payload};
use super::store::campaigns as rows;
use super::store::messages::{self, OutreachMessage};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobContext, Outcome};

/// So many people in one transaction.
const AT_ONCE: usize = 1_000;
/// So many transactions in one run; other jobs have their turn then.
const PARTS: usize = 20;

/// How a part ended.
enum Part {
    /// There are more people.
    More,
    /// Not before then.
    At(Timestamp),
    /// Nothing more to write down.
    Over,
    /// It was paused, canceled or launched by another run.
    Aside,
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let Payload { campaign_id: id } = context.payload()?;
    for _ in 0..PARTS {
        match context.core.db.write_long(context.scope(), move |tx| part(tx, id)).await? {
            Part::More => {}
            Part::At(at) => return Ok(Outcome::Snooze(at, "its segment is being built".into())),
            Part::Over => return Ok(Outcome::Done),
            Part::Aside => return Ok(Outcome::Discard("it is not to be prepared any more".into())),
        }
    }
    Ok(Outcome::Snooze(context.core.clock.now(), "there are more people".into()))
}

fn part(tx: &mut TenantTx<'_>, id: OutreachCampaignId) -> Result<Part> {
    let mut campaign = match rows::hold(tx, id) {
        Ok(campaign) => campaign,
        Err(error) if error.kind() == crate::base::ErrorKind::NotFound => return Ok(Part::Aside),
        Err(error) => return Err(error),
    };
    let now = tx.now();
    if campaign.status == OutreachStatus::Scheduled {
        if campaign.scheduled_at.is_some_and(|at| at > now) {
            // Resumed before its moment: another job waits for that.
            return Ok(Part::Aside);
        }
        if campaign.too_late_at().is_some_and(|end| now > end) {
            movement::step(tx, campaign, Step::Miss, Some(OutreachReason::TooLate), OutreachCampaignFact::MISSED)?;
            return Ok(Part::Over);
        }
        campaign.status = campaign.status.after(Step::Launch)?;
        campaign.launched_at = Some(now);
    }
    if campaign.status != OutreachStatus::Preparing {
        return Ok(Part::Aside);
    }
    let everybody = match People::of(tx, &campaign.audience.0, campaign.launched_at.unwrap_or(now)) {
        Ok(everybody) => everybody,
        Err(error) if error.code() == "outreach_campaign.segment_not_ready" => {
            return Ok(Part::At(now.plus(chrono::Duration::seconds(5))));
        }
        // What it asked for is not there any more.
        Err(error)
            if error.kind() != crate::base::ErrorKind::Internal
                && error.kind() != crate::base::ErrorKind::Unavailable =>
        {
            movement::stop(tx, campaign, OutreachReason::AudienceGone)?;
            return Ok(Part::Over);
        }
        Err(error) => return Err(error),
    };
    let people = everybody.next(tx, campaign.frozen_through, AT_ONCE)?;
    let rows: Vec<OutreachMessage> = people.iter().map(|contact| OutreachMessage::waiting(tx, id, *contact)).collect();
    messages::insert_all(tx, &rows)?;
    campaign.audience_size += i32::try_from(people.len()).unwrap_or(i32::MAX);
    if let Some(last) = people.last() {
        campaign.frozen_through = Some(*last);
    }
    if people.len() == AT_ONCE {
        rows::save(tx, &mut campaign)?;
        return Ok(Part::More);
    }
    campaign.audience_hash = Some(hash(tx, id)?);
    let campaign = movement::step(tx, campaign, Step::Run, None, OutreachCampaignFact::LAUNCHED)?;
    queue::send(tx, &campaign)?;
    Ok(Part::Over)
}

/// The hash of everybody who is written down.
pub(super) fn hash(tx: &mut TenantTx<'_>, id: OutreachCampaignId) -> Result<String> {
    let mut hash = AudienceHash::default();
    let mut after: Option<ContactId> = None;
    loop {
        let some = messages::audience(tx, id, after, 10_000)?;
        let Some(last) = some.last().copied() else { return Ok(hash.hex()) };
        some.into_iter().for_each(|contact| hash.add(contact));
        after = Some(last);
    }
}
