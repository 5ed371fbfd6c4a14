//! `GET /v1/leads` and its counts.

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::db::kept_counts::told_by;
use crate::engine::http::{Answer, CommaList, Page, Paging, Query, Written};
use crate::leads::id::AdCampaignId;
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};
use crate::leads::score::{Grade, Intent};
use crate::leads::store::{self, LEADS, Lead, LeadCountBy, LeadFilter, LeadSort};
use crate::leads::view::{self, Assignee, LeadView, ScoreView};
use crate::tenants::access::{Caller, KnownTenant, Permission};

crate::text_enum! {
    /// The tabs of a lead list.
    pub enum SourceTab {
        All = "all",
        /// Answers to outreach.
        Outreach = "outreach",
        Meta = "meta",
        Google = "google",
        /// Everything else.
        Other = "other",
    }
}

impl SourceTab {
    fn of(source: LeadSource) -> Self {
        match source {
            LeadSource::OutreachResponse => Self::Outreach,
            LeadSource::MetaAds => Self::Meta,
            LeadSource::GoogleAds => Self::Google,
            _ => Self::Other,
        }
    }
    fn sources(self) -> Vec<LeadSource> {
        let of = |source: &&LeadSource| Self::of(**source) == self;
        if self == Self::All { Vec::new() } else { LeadSource::ALL.iter().filter(of).copied().collect() }
    }
}

crate::text_enum! {
    /// What a list brings along.
    pub enum LeadInclude { Assignee = "assignee", Score = "score" }
}

/// Filters of a lead list. Lists of values are separated by commas.
#[derive(Debug, Default, serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct LeadQuery {
    /// Any of these.
    #[param(value_type = Option<Vec<LeadStatus>>)]
    status: Option<CommaList<LeadStatus>>,
    /// Any of these.
    #[param(value_type = Option<Vec<LeadSource>>)]
    source: Option<CommaList<LeadSource>>,
    /// `all`, `outreach`, `meta`, `google` or `other`.
    #[param(inline)]
    tab: Option<SourceTab>,
    intent: Option<Intent>,
    grade: Option<Grade>,
    validity: Option<LeadValidity>,
    /// Inclusive, 0 to 100.
    #[param(minimum = 0, maximum = 100)]
    score_min: Option<u8>,
    /// Inclusive, 0 to 100.
    #[param(minimum = 0, maximum = 100)]
    score_max: Option<u8>,
    /// A user's id, or `none`.
    #[param(value_type = Option<String>)]
    assigned_to: Option<AssignedTo>,
    ad_campaign_id: Option<AdCampaignId>,
    /// The person; of locked leads nobody is told whose they are.
    contact_id: Option<ContactId>,
    is_locked: Option<bool>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    received_after: Option<Timestamp>,
    received_before: Option<Timestamp>,
    /// Changed at this moment or later.
    updated_after: Option<Timestamp>,
    /// Part of a name, e-mail, phone or company, in any spelling. One character is enough: in Chinese or Korean it is a name.
    #[param(min_length = 1, max_length = 100)]
    q: Option<String>,
    /// `-created_at` by default. `updated_at` is for whoever keeps a copy: `next_cursor` is never null then.
    #[param(inline)]
    sort: Option<LeadSort>,
    /// What each lead brings along.
    #[param(inline, value_type = Option<Vec<LeadInclude>>)]
    include: Option<CommaList<LeadInclude>>,
    /// What to count by besides. With filters by these fields only, whose counts are kept.
    #[param(inline, value_type = Option<Vec<LeadCountBy>>)]
    by: Option<CommaList<LeadCountBy>>,
}

/// The filters of [`LeadQuery`] and what a count takes besides: it is neither sorted nor paged.
#[derive(Debug)]
pub struct LeadCountQuery(LeadQuery);

/// The filters of [`LeadQuery`] and what a list takes besides.
#[derive(Debug)]
pub struct LeadListQuery(LeadQuery);

/// What a list takes besides filters.
const OF_LISTS: [&str; 2] = ["sort", "include"];
/// What a count does.
const OF_COUNTS: [&str; 1] = ["by"];

/// The one of these that was given and belongs to something else.
fn misplaced<E: serde::de::Error>(names: &[&str], given: &[bool], why: &str) -> std::result::Result<(), E> {
    match names.iter().zip(given).find(|(_, is_given)| **is_given) {
        Some((name, _)) => Err(E::custom(format!("unknown field `{name}`, expected only filters: {why}"))),
        None => Ok(()),
    }
}

impl<'de> serde::Deserialize<'de> for LeadCountQuery {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let query = LeadQuery::deserialize(d)?;
        let given = [query.sort.is_some(), query.include.is_some()];
        misplaced(&OF_LISTS, &given, "a count is one answer, not a list")?;
        Ok(Self(query))
    }
}

impl<'de> serde::Deserialize<'de> for LeadListQuery {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let query = LeadQuery::deserialize(d)?;
        misplaced(&OF_COUNTS, &[query.by.is_some()], "GET /v1/leads/counts counts")?;
        Ok(Self(query))
    }
}

fn without(names: &[&str], parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
    let stays = |parameter: &Parameter| !names.contains(&parameter.name.as_str());
    LeadQuery::into_params(parameter_in).into_iter().filter(stays).collect()
}

impl IntoParams for LeadCountQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        without(&OF_LISTS, parameter_in)
    }
}

impl IntoParams for LeadListQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        without(&OF_COUNTS, parameter_in)
    }
}

/// A user, or explicitly nobody.
#[derive(Debug, Clone, Copy)]
enum AssignedTo {
    Nobody,
    User(UserId),
}

impl<'de> serde::Deserialize<'de> for AssignedTo {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(d)?;
        if text == "none" {
            return Ok(Self::Nobody);
        }
        text.parse().map(Self::User).map_err(|_| serde::de::Error::custom("expected a user's id or none"))
    }
}

impl LeadQuery {
    fn filter(&self) -> Result<LeadFilter> {
        let mut sources = self.source.clone().unwrap_or_default().0;
        if let Some(tab) = self.tab.filter(|tab| *tab != SourceTab::All) {
            let of_tab = tab.sources();
            if sources.is_empty() {
                sources = of_tab;
            } else {
                sources.retain(|source| of_tab.contains(source));
                if sources.is_empty() {
                    return Err(Error::field("source", "invalid_value", "no such source belongs to this tab"));
                }
            }
        }
        let text = self.q.as_deref().map(str::trim).map(str::to_string);
        if text.as_ref().is_some_and(|text| !(1..=100).contains(&text.chars().count())) {
            return Err(Error::field("q", "invalid_value", "expected 1 to 100 characters"));
        }
        Ok(LeadFilter {
            statuses: self.status.clone().unwrap_or_default().0,
            sources,
            validity: self.validity,
            score: self.score_range()?,
            assigned_to: self.assigned_to.map(|to| match to {
                AssignedTo::Nobody => None,
                AssignedTo::User(id) => Some(id),
            }),
            ad_campaign: self.ad_campaign_id,
            contact: self.contact_id,
            is_locked: self.is_locked,
            created: (self.created_after, self.created_before),
            received: (self.received_after, self.received_before),
            updated_after: self.updated_after,
            text,
        })
    }

    /// The narrowest range that score bounds, grade and intent allow together.
    fn score_range(&self) -> Result<Option<(i32, i32)>> {
        let grade = self.grade.map(|grade| match grade {
            Grade::Hot => (80, 100),
            Grade::Warm => (60, 79),
            Grade::Qualified => (40, 59),
            Grade::Cold => (20, 39),
            Grade::Unqualified => (0, 19),
        });
        let intent = self.intent.map(|intent| match intent {
            Intent::Hot => (80, 100),
            Intent::Warm => (60, 79),
            Intent::Cold => (0, 59),
        });
        for (name, value) in [("score_min", self.score_min), ("score_max", self.score_max)] {
            if value.is_some_and(|value| value > 100) {
                return Err(Error::field(name, "invalid_value", "expected a whole number from 0 to 100"));
            }
        }
        let given = (self.score_min.is_some() || self.score_max.is_some())
            .then(|| (i32::from(self.score_min.unwrap_or(0)), i32::from(self.score_max.unwrap_or(100))));
        Ok([grade, intent, given].into_iter().flatten().reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))))
    }
}

/// List leads
///
/// Newest first, unless sorted otherwise. A locked one is without the person.
#[utoipa::path(params(LeadListQuery), responses((status = 200, description = "A page of leads", body = Page<LeadView>)))]
#[get("/leads")]
pub async fn list_leads(caller: Caller, core: Core, query: Paging<LeadListQuery>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let Paging { filter: LeadListQuery(query), page } = query;
    let filter = query.filter()?;
    let sort = query.sort.unwrap_or(LeadSort::CreatedDesc);
    let include = query.include.unwrap_or_default().0;
    let tenant = caller.known_tenant();
    let list = move |tx: &mut TenantTx<'_>| {
        let page = store::list(tx, &filter, sort, &page)?;
        Written::of(&page.with(|leads| views(tx, leads, &include, &tenant))?)
    };
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(page.ok())
}

/// Views of one page, with what was asked for loaded in one statement each.
fn views(
    tx: &mut TenantTx<'_>,
    leads: Vec<Lead>,
    include: &[LeadInclude],
    tenant: &KnownTenant,
) -> Result<Vec<LeadView>> {
    if include.is_empty() {
        return view::all(tx, leads, tenant);
    }
    let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
    let users: Vec<UserId> = leads.iter().filter_map(|lead| lead.assigned_to).collect();
    let names =
        if include.contains(&LeadInclude::Assignee) { store::assignee_names(tx, &users)? } else { Default::default() };
    let mut scores =
        if include.contains(&LeadInclude::Score) { store::latest_scores(tx, &ids)? } else { Default::default() };
    let mut data = Vec::with_capacity(ids.len());
    for mut shown in view::all(tx, leads, tenant)? {
        shown.assignee = shown.assigned_to.and_then(|id| {
            names.get(&id).map(|(name, email)| Assignee { id, name: name.clone(), email: email.clone() })
        });
        shown.score_details = scores.remove(&shown.id).map(|score| ScoreView::of(score, shown.is_locked));
        data.push(shown);
    }
    Ok(data)
}

/// How many leads match, by tab and by source.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"total": 3, "tabs": {"all": 3, "outreach": 0, "meta": 2, "google": 1, "other": 0}, "sources": {"meta_ads": 2, "google_ads": 1}}))]
pub struct LeadCounts {
    /// Within the tab asked for.
    pub total: i64,
    /// One entry per tab, whichever is asked for.
    pub tabs: std::collections::BTreeMap<String, i64>,
    /// One entry per source of that tab that has any.
    pub sources: std::collections::BTreeMap<String, i64>,
    /// For each field of `by`, its values of which there are any within that tab. Leads without a value are `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<std::collections::BTreeMap<String, std::collections::BTreeMap<String, i64>>>,
}

/// Count leads
///
/// For the tabs of a list and by source, under the same filters as the list; and by whatever fields `by` names, each with all its values,
/// in one call.
#[utoipa::path(
    params(LeadCountQuery),
    responses((status = 200, description = "Counts by tab and source", body = LeadCounts))
)]
#[get("/leads/counts")]
pub async fn count_leads(caller: Caller, core: Core, query: Query<LeadCountQuery>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let LeadCountQuery(query) = query.0;
    let tab = query.tab.unwrap_or(SourceTab::All);
    // The other tabs keep their counts while one is open.
    let by = query.by.clone().map(|list| list.0);
    let filter = LeadQuery { tab: None, ..query }.filter()?;
    let fields = by.clone();
    let count = move |tx: &mut TenantTx<'_>| match fields {
        None => Ok((store::count_by_source(tx, &filter)?, Vec::new())),
        Some(fields) => {
            let totals = store::count_by(tx, &filter, &fields)?;
            Ok((
                totals.iter().map(|total| Ok((store::source_of(total)?, total.1))).collect::<Result<Vec<_>>>()?,
                totals,
            ))
        }
    };
    let (counts, totals) = core.db.read_widely(caller.scope(), count).await?;
    let all = counts.iter().map(|(_, count)| count).sum();
    let mut tabs: std::collections::BTreeMap<String, i64> =
        SourceTab::ALL.iter().map(|tab| (tab.to_string(), 0)).collect();
    tabs.insert(SourceTab::All.to_string(), all);
    for (source, count) in &counts {
        *tabs.entry(SourceTab::of(*source).to_string()).or_default() += count;
    }
    let total = tabs.get(tab.as_str()).copied().unwrap_or(0);
    let of_tab = |(source, _): &(LeadSource, i64)| tab == SourceTab::All || SourceTab::of(*source) == tab;
    let by = by.map(|fields| {
        let within = counts.iter().zip(totals).filter(|(count, _)| of_tab(count)).map(|(_, total)| total);
        let places: Vec<usize> = fields.iter().map(|field| field.place()).collect();
        told_by(&LEADS, &places, &within.collect::<Vec<_>>())
    });
    let mut sources = std::collections::BTreeMap::new();
    for (source, count) in counts.into_iter().filter(of_tab) {
        *sources.entry(source.to_string()).or_default() += count;
    }
    Ok(HttpResponse::Ok().json(LeadCounts { total, tabs, sources, by }))
}
