//! What each local day of a limited ad campaign may have cost.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};

use crate::ads::schema::{ad_campaigns, ad_commitments};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::id::AdCampaignId;

/// What was committed so far, in minor units of the ad campaign's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    pub has_today: bool,
    /// In the calendar month of `today`.
    pub month: i64,
    pub total: i64,
}

/// The sums as of a local day.
pub fn committed(tx: &mut TenantTx<'_>, id: AdCampaignId, today: NaiveDate) -> Result<Committed> {
    let of = |tx: &TenantTx<'_>| {
        ad_commitments::table
            .filter(ad_commitments::tenant_id.eq(tx.tenant()))
            .filter(ad_commitments::ad_campaign_id.eq(id))
    };
    let total = of(tx).select(sql::<Nullable<BigInt>>("CAST(SUM(amount) AS BIGINT)"));
    let total: Option<i64> = total.first(tx.conn())?;
    // Days are text, YYYY-MM-DD, so a month is a prefix, and its days lie between it and the next character.
    let (first, past) = (today.format("%Y-%m-").to_string(), today.format("%Y-%m.").to_string());
    let month = of(tx).filter(ad_commitments::day.ge(first)).filter(ad_commitments::day.lt(past)).select(sql::<
        Nullable<BigInt>,
    >(
        "CAST(SUM(amount) AS BIGINT)",
    ));
    let month: Option<i64> = month.first(tx.conn())?;
    let today = of(tx).filter(ad_commitments::day.eq(today.to_string())).select(ad_commitments::amount);
    let today: Option<i64> = today.first(tx.conn()).optional()?;
    Ok(Committed { has_today: today.is_some(), month: month.unwrap_or(0), total: total.unwrap_or(0) })
}

/// Notes that a local day may cost so much. A day is noted once.
pub fn commit(tx: &mut TenantTx<'_>, id: AdCampaignId, day: NaiveDate, amount: i64) -> Result<()> {
    let row = (
        ad_commitments::tenant_id.eq(tx.tenant()),
        ad_commitments::ad_campaign_id.eq(id),
        ad_commitments::day.eq(day.to_string()),
        ad_commitments::amount.eq(amount),
        ad_commitments::created_at.eq(tx.now()),
    );
    OrIgnore(diesel::insert_into(ad_commitments::table).values(row)).execute(tx.conn())?;
    Ok(())
}

/// Ad campaigns of all tenants with a limit that run into a day nobody committed, or may have room again.
pub fn to_commit(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<(TenantId, AdCampaignId)>> {
    let now = tx.now();
    let rows = ad_campaigns::table
        // In the words of the index, which holds nothing else.
        .filter(sql::<Bool>("(monthly_cap IS NOT NULL OR total_budget IS NOT NULL) AND status IN ('active', 'paused')"))
        .filter(ad_campaigns::committed_until.le(now))
        .order(ad_campaigns::committed_until)
        .limit(limit)
        .select((ad_campaigns::tenant_id, ad_campaigns::id))
        .load(tx.conn())?;
    Ok(rows)
}
