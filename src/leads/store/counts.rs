//! What leads are counted by, and which of their counts are [kept](crate::engine::db::kept_counts): each function of the store that
//! changes what is counted says so here; nothing else writes leads.

use diesel::prelude::*;

use super::filter::{LeadFilter, SourceCount};
use super::{Lead, LeadId};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::kept_counts::{self, Collection, Kind, Read, Total, flag, kind, spelled};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::id::AdCampaignId;
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};
use crate::leads::schema::leads;
use crate::leads::score::{Grade, grade};
use crate::tenants;

/// Leads by what a list of them filters by.
pub static LEADS: Collection = Collection {
    noun: "lead",
    table: "leads",
    fields: &[
        ("status", Read::Word("status")),
        ("source", Read::Word("source")),
        ("validity", Read::Word("validity")),
        (
            "grade",
            Read::Text(
                "CASE WHEN score >= 80 THEN 'hot' WHEN score >= 60 THEN 'warm' WHEN score >= 40 THEN 'qualified' \
                 WHEN score >= 20 THEN 'cold' ELSE 'unqualified' END",
            ),
        ),
        ("is_locked", Read::Whether("is_locked")),
        ("assigned_to", Read::Id("assigned_to")),
        ("ad_campaign_id", Read::Id("ad_campaign_id")),
    ],
};

/// Their places in [`LEADS`].
const STATUS: usize = 0;
const SOURCE: usize = 1;
const VALIDITY: usize = 2;
const GRADE: usize = 3;
const IS_LOCKED: usize = 4;
const ASSIGNED_TO: usize = 5;
const AD_CAMPAIGN: usize = 6;

crate::text_enum! {
    /// What leads are counted by.
    pub enum LeadCountBy {
        Status = "status",
        Source = "source",
        Validity = "validity",
        Grade = "grade",
        IsLocked = "is_locked",
        AssignedTo = "assigned_to",
        AdCampaign = "ad_campaign_id",
    }
}

impl LeadCountBy {
    /// Its place in [`LEADS`].
    pub fn place(self) -> usize {
        match self {
            Self::Status => STATUS,
            Self::Source => SOURCE,
            Self::Validity => VALIDITY,
            Self::Grade => GRADE,
            Self::IsLocked => IS_LOCKED,
            Self::AssignedTo => ASSIGNED_TO,
            Self::AdCampaign => AD_CAMPAIGN,
        }
    }
}

/// What is counted of a row.
pub(super) type Counted = (LeadStatus, LeadSource, LeadValidity, i32, bool, Option<UserId>, Option<AdCampaignId>);

type Columns = (
    leads::status,
    leads::source,
    leads::validity,
    leads::score,
    leads::is_locked,
    leads::assigned_to,
    leads::ad_campaign_id,
);
pub(super) const COLUMNS: Columns = (
    leads::status,
    leads::source,
    leads::validity,
    leads::score,
    leads::is_locked,
    leads::assigned_to,
    leads::ad_campaign_id,
);

fn kind_of((status, source, validity, score, is_locked, assigned_to, campaign): Counted) -> Kind {
    kind([
        status.as_str().into(),
        source.as_str().into(),
        validity.as_str().into(),
        grade(score).as_str().into(),
        flag(is_locked),
        spelled(assigned_to.map(UserId::uuid)),
        spelled(campaign.map(AdCampaignId::uuid)),
    ])
}

impl Lead {
    /// As what it is counted.
    pub(super) fn counted(&self) -> Counted {
        let Self { status, source, validity, score, is_locked, assigned_to, ad_campaign_id, .. } = *self;
        (status, source, validity, score, is_locked, assigned_to, ad_campaign_id)
    }
}

/// There is one more.
pub(super) fn added(tx: &mut TenantTx<'_>, lead: &Lead) {
    kept_counts::added(tx, &LEADS, kind_of(lead.counted()));
}

/// One that was counted as this is written as that.
pub(super) fn changed(tx: &mut TenantTx<'_>, was: Counted, is: Counted) {
    if was != is {
        kept_counts::changed(tx, &LEADS, kind_of(was), kind_of(is));
    }
}

/// These were locked, and are so no more.
pub(super) fn unlocked(tx: &mut TenantTx<'_>, ids: &[LeadId]) -> Result<()> {
    for chunk in ids.chunks(200) {
        let rows = leads::table.filter(leads::tenant_id.eq(tx.tenant()).and(leads::id.eq_any(chunk.to_vec())));
        let found: Vec<Counted> = rows.select(COLUMNS).load(tx.conn())?;
        for is in found {
            let mut was = is;
            was.4 = true;
            changed(tx, was, is);
        }
    }
    Ok(())
}

/// The grades, the best first, with the lowest and the highest score of each.
const GRADES: [(Grade, i32, i32); 5] = [
    (Grade::Hot, 80, 100),
    (Grade::Warm, 60, 79),
    (Grade::Qualified, 40, 59),
    (Grade::Cold, 20, 39),
    (Grade::Unqualified, 0, 19),
];

/// The grades of these scores, of which a count knows nothing finer; `None` where the scores part a grade.
fn grades((low, high): (i32, i32)) -> Option<Vec<String>> {
    let part = |(_, from, to): &(Grade, i32, i32)| (*from < low && low <= *to) || (*from <= high && high < *to);
    if low <= high && GRADES.iter().any(part) {
        return None;
    }
    let within = GRADES.iter().filter(|(_, from, to)| low <= *from && *to <= high);
    let within: Vec<String> = within.map(|(grade, ..)| grade.to_string()).collect();
    // No grade is called that: none is sought, which is not the same as any.
    Some(if within.is_empty() { vec!["none of them".into()] } else { within })
}

/// What a filter asks of the counts; `None` when it asks for more than they know.
fn known(filter: &LeadFilter) -> Option<Vec<(usize, Vec<String>)>> {
    let LeadFilter {
        statuses,
        sources,
        validity,
        score,
        assigned_to,
        ad_campaign,
        contact: None,
        is_locked,
        created: (None, None),
        received: (None, None),
        updated_after: None,
        text: None,
    } = filter
    else {
        return None;
    };
    let mut among: Vec<(usize, Vec<String>)> = vec![
        (STATUS, statuses.iter().map(ToString::to_string).collect()),
        (SOURCE, sources.iter().map(ToString::to_string).collect()),
        (VALIDITY, validity.iter().map(ToString::to_string).collect()),
        (IS_LOCKED, is_locked.iter().map(ToString::to_string).collect()),
        (ASSIGNED_TO, assigned_to.iter().map(|user| spelled(user.map(UserId::uuid)).into_owned()).collect()),
        (AD_CAMPAIGN, ad_campaign.iter().map(|id| spelled(Some(id.uuid())).into_owned()).collect()),
    ];
    if let Some(scores) = score {
        among.push((GRADE, grades(*scores)?));
    }
    Some(among)
}

/// Counts by source from what is kept; `None` when the filter asks for more than that.
pub(super) fn kept(tx: &mut TenantTx<'_>, filter: &LeadFilter) -> Result<Option<Vec<SourceCount>>> {
    let Some(among) = known(filter) else { return Ok(None) };
    let totals = kept_counts::totals(tx, &LEADS, &[SOURCE], among)?;
    totals.iter().map(|total| Ok((source_of(total)?, total.1))).collect::<Result<_>>().map(Some)
}

/// The source that a count by it is of.
///
/// # Errors
/// Internal where it is none.
pub fn source_of((values, _): &Total) -> Result<LeadSource> {
    values[SOURCE].parse().map_err(|error: String| Error::internal(error))
}

/// Counts by source and by all of these together.
///
/// # Errors
/// `request.invalid` when the filter asks for more than is kept.
pub fn count_by(tx: &mut TenantTx<'_>, filter: &LeadFilter, by: &[LeadCountBy]) -> Result<Vec<Total>> {
    let refused = || {
        let detail = "counts by fields are kept for filters by these fields only: leave out times, q, and scores that part a grade";
        Error::field("by", "invalid_value", detail)
    };
    let among = known(filter).ok_or_else(refused)?;
    let mut places: Vec<usize> = by.iter().map(|field| field.place()).chain([SOURCE]).collect();
    places.sort_unstable();
    places.dedup();
    kept_counts::totals(tx, &LEADS, &places, among)
}

/// Counts the tenant's leads, and makes good what the counts lack; answers of how many kinds that was.
pub fn recount(tx: &mut TenantTx<'_>) -> Result<usize> {
    kept_counts::recount(tx, &LEADS)
}

/// The next tenant's counts; see [`crate::engine::catch_up`].
pub(super) fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    tenants::recount_next(tx, reading, &LEADS)
}
