//! What sending would reach, before it is confirmed: everybody, whom it will not reach and why, and when it will be done.

use std::collections::BTreeMap;

use super::audience::People;
use super::id::{OutreachCampaignId, OutreachEstimateId};
use super::model::{Figures, OutreachStatus};
use super::reach::{Desk, Reach};
use super::store::campaigns::{self, OutreachCampaign};
use super::store::estimates::{self, OutreachEstimate};
use super::words::Letter;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::sending::dispatch::Platform;

/// How long an estimate can be confirmed.
const VALID_MINUTES: i64 = 60;
/// So many people are looked at by one request; an audience that is larger is estimated from as many.
pub const MOST_LOOKED_AT: usize = 20_000;
/// So many at once.
pub(super) const AT_ONCE: usize = 500;

crate::view! {
    /// What sending would reach.
    #[derive(Debug)]
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a12", "campaign_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
        "gross": 450, "suppressed": {"no_consent": 30, "no_address": 12}, "net": 408, "later": 8, "segments": 0, "is_whole": true,
        "expected_done_at": "2026-11-20T09:01:00Z", "created_at": "2026-11-20T09:00:00Z", "expires_at": "2026-11-20T10:00:00Z"}))]
    pub struct OutreachEstimateView from estimate: OutreachEstimate {
        pub id: OutreachEstimateId,
        pub campaign_id: OutreachCampaignId,
        /// People of the audience.
        pub gross: i64 = estimate.figures.0.gross,
        /// How many of them it will not reach, by the reason.
        pub suppressed: BTreeMap<String, i64> = estimate.figures.0.suppressed,
        /// How many it would reach now.
        pub net: i64 = estimate.figures.0.net,
        /// How many of `net` it would reach only later, since quiet hours or the like keep it waiting.
        pub later: i64 = estimate.figures.0.later,
        /// SMS segments of all together, as the words are with each person's values; 0 on other channels.
        pub segments: i64 = estimate.figures.0.segments,
        /// Everybody was looked at. Of an audience of more than 20,000 the numbers are those of the first 20,000.
        pub is_whole: bool = estimate.figures.0.is_whole,
        /// When the last message would leave at the sender's rate, if it were confirmed now; null when nobody is reached.
        pub expected_done_at: Option<Timestamp> = estimate.figures.0.done_at,
        pub created_at: Timestamp,
        /// Until then it can be confirmed.
        pub expires_at: Timestamp,
    }
}
crate::shown!(OutreachEstimate as OutreachEstimateView);

/// Looks at the audience of a draft.
///
/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.not_draft`; what keeps all of it from leaving.
pub fn make(tx: &mut TenantTx<'_>, id: OutreachCampaignId, platform: &Platform) -> Result<OutreachEstimate> {
    let campaign = campaigns::get(tx, id)?;
    if campaign.status != OutreachStatus::Draft {
        return Err(not_draft(&campaign));
    }
    let now = tx.now();
    let mut figures = Figures { is_whole: true, ..Figures::default() };
    let letter = Letter::of_template(tx, campaign.template_id)?;
    let desk = Desk::of(tx, campaign.channel, platform)?;
    let people = People::of(tx, &campaign.audience.0, now)?;
    let mut after: Option<ContactId> = None;
    loop {
        let some = people.next(tx, after, AT_ONCE)?;
        let Some(last) = some.last().copied() else { break };
        look(tx, &desk, &letter, &some, &mut figures)?;
        after = Some(last);
        if usize::try_from(figures.gross).unwrap_or(usize::MAX) >= MOST_LOOKED_AT {
            figures.is_whole = people.next(tx, after, 1)?.is_empty();
            break;
        }
    }
    figures.done_at = (figures.net > 0).then(|| now.plus(desk.takes(figures.net, now)));
    let estimate = OutreachEstimate {
        tenant_id: tx.tenant(),
        id: OutreachEstimateId::new(),
        campaign_id: id,
        campaign_version: campaign.version,
        figures: Doc(figures),
        created_at: now,
        expires_at: now.plus(chrono::Duration::minutes(VALID_MINUTES)),
    };
    estimates::prune(tx, id)?;
    estimates::insert(tx, &estimate)?;
    Ok(estimate)
}

fn look(
    tx: &mut TenantTx<'_>,
    desk: &Desk,
    letter: &Letter,
    people: &[ContactId],
    figures: &mut Figures,
) -> Result<()> {
    let reached = desk.reach(tx, people)?;
    let mut words = letter.words(tx, people)?;
    for person in people {
        figures.gross += 1;
        let (address, is_later) = match reached.get(person) {
            Some(Reach::Open { address, .. }) => (address, false),
            Some(Reach::Later { address, .. }) => (address, true),
            Some(Reach::Never { code }) => {
                *figures.suppressed.entry(code.to_string()).or_default() += 1;
                continue;
            }
            None => {
                *figures.suppressed.entry("gone".into()).or_default() += 1;
                continue;
            }
        };
        match letter.said(desk, &mut words, *person, address) {
            Ok(said) => {
                figures.net += 1;
                figures.later += i64::from(is_later);
                figures.segments += said.segments;
            }
            Err(fault) => *figures.suppressed.entry(fault.code.into()).or_default() += 1,
        }
    }
    Ok(())
}

/// The estimate that is confirmed.
///
/// # Errors
/// `outreach_estimate.not_found`, `outreach_estimate.expired`, `outreach_estimate.stale`.
pub(super) fn confirmed(
    tx: &mut TenantTx<'_>,
    campaign: &OutreachCampaign,
    id: OutreachEstimateId,
) -> Result<OutreachEstimate> {
    let estimate = estimates::find(tx, id)?.filter(|found| found.campaign_id == campaign.id).ok_or_else(absent)?;
    if estimate.expires_at <= tx.now() {
        let message = "The estimate has expired. Make another one, and confirm that.";
        return Err(Error::conflict("outreach_estimate.expired", message));
    }
    if estimate.campaign_version != campaign.version {
        let message = "The campaign was changed since it was estimated. Make another estimate, and confirm that.";
        return Err(Error::conflict("outreach_estimate.stale", message));
    }
    if estimate.figures.0.net == 0 {
        let message = "It would reach nobody: the estimate says why.";
        return Err(Error::conflict("outreach_campaign.reaches_nobody", message));
    }
    Ok(estimate)
}

/// # Errors
/// Is one: there is no such estimate.
pub(super) fn absent() -> Error {
    Error::not_found("outreach_estimate.not_found", "This campaign has no such estimate.")
}

pub(super) fn not_draft(campaign: &OutreachCampaign) -> Error {
    let message = format!("The campaign is {} already, not a draft. Clone it to send again.", campaign.status);
    Error::conflict("outreach_campaign.not_draft", message)
}
