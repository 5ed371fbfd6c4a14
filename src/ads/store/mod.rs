//! Rows of ad campaigns; beside them those of lead forms, and whose something is at an ad platform.

mod claims;
mod commitments;
mod forms;
mod keys;
mod owners;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::documents::{Carried, Content, Review};
use super::model::{AccountOwner, CampaignStatus, Delivery};
use crate::ads::schema::ad_campaigns;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::kept_counts::{self, Collection, Kind, Read, kind};
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;
use crate::{held, keep};

pub use claims::{Claim, claims_on, is_own, release};
pub use commitments::{Committed, commit, committed, to_commit};
pub use forms::{StoredForm, find_form, form_of, forms, insert_form, note_questions, save_form};
pub use keys::{LeadFormKey, end_keys, has_key, insert_key, key_of};
pub use owners::{agreed_campaign, agreed_form, newest_user_of_form, users_of_page};

/// An ad campaign. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ad_campaigns, treat_none_as_default_value = false)]
pub struct AdCampaign {
    pub tenant_id: TenantId,
    pub id: AdCampaignId,
    pub name: String,
    pub platform: AdPlatform,
    pub status: CampaignStatus,
    /// Why it is paused or slow.
    pub status_reason: Option<String>,
    pub currency: Currency,
    pub daily_budget: i64,
    pub total_budget: Option<i64>,
    pub monthly_cap: Option<i64>,
    pub spent: i64,
    pub content: Doc<Content>,
    pub lead_form_id: Option<LeadFormId>,
    pub account_owner: AccountOwner,
    pub external_campaign_id: Option<String>,
    pub external_page_id: Option<String>,
    pub impressions: i64,
    pub clicks: i64,
    pub leads_generated: i64,
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub desired_delivery: Delivery,
    pub delivery: Doc<Carried>,
    pub review: Doc<Review>,
    /// The id at the ad platform that an operator agreed to: our credentials touch no other, and leads follow it.
    pub agreed_campaign_id: Option<String>,
    /// The page an operator agreed to.
    pub agreed_page_id: Option<String>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Of one with a limit: when the next day's budget has to be committed, or there may be room again; see [`super::limits`].
    pub committed_until: Option<Timestamp>,
    /// When `spent`, `impressions` and `clicks` were read from the ad platform; they mean nothing before.
    pub figures_at: Option<Timestamp>,
}

impl AdCampaign {
    pub fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }

    /// May our credentials start and stop it at the ad platform?
    pub fn is_steered(&self) -> bool {
        self.external_campaign_id.is_some() && self.external_campaign_id == self.agreed_campaign_id
    }
}

/// Serialises changes of this tenant's ad campaigns, so that reading, deciding and writing are one.
pub fn lock(tx: &mut TenantTx<'_>) -> Result<()> {
    lock_tenant(tx, "ad_campaigns")
}

/// The row alone; what is counted is kept with it.
mod row {
    use super::*;
    crate::rows!(ad_campaigns: AdCampaign, AdCampaignId, "ad_campaign" => insert, find, get);
}
pub use row::{find, get};

/// Ad campaigns by what a list of them filters by.
pub static AD_CAMPAIGNS: Collection = Collection {
    noun: "ad_campaign",
    table: "ad_campaigns",
    fields: &[("status", Read::Word("status")), ("platform", Read::Word("platform"))],
};

fn counted(status: CampaignStatus, platform: AdPlatform) -> Kind {
    kind([status.as_str().into(), platform.as_str().into()])
}

pub fn insert(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<()> {
    row::insert(tx, campaign)?;
    kept_counts::added(tx, &AD_CAMPAIGNS, counted(campaign.status, campaign.platform));
    Ok(())
}

crate::filter! {
    /// Which ad campaigns to list.
    pub struct CampaignFilter of ad_campaigns by change {
        platform: Option<AdPlatform> => eq platform,
        status: Option<CampaignStatus> => eq status,
    }
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &CampaignFilter, page: &PageRequest) -> Result<Page<AdCampaign>> {
    use ad_campaigns::{created_at, id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by(Desc, (created_at, id), |row: &AdCampaign| (row.created_at, row.id));
    let changed = Order::by_change((updated_at, id), |row: &AdCampaign| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// How many ad campaigns are in this status.
pub fn count(tx: &mut TenantTx<'_>, status: CampaignStatus) -> Result<i64> {
    let of_tenant = ad_campaigns::tenant_id.eq(tx.tenant()).and(ad_campaigns::status.eq(status));
    Ok(ad_campaigns::table.filter(of_tenant).count().get_result(tx.conn())?)
}

/// Every ad campaign in this status.
pub fn in_status(tx: &mut TenantTx<'_>, status: CampaignStatus) -> Result<Vec<AdCampaign>> {
    let rows = ad_campaigns::table
        .filter(ad_campaigns::tenant_id.eq(tx.tenant()))
        .filter(ad_campaigns::status.eq(status))
        .order(ad_campaigns::id)
        .select(AdCampaign::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// Running or paused ad campaigns of all tenants whose end has come.
pub fn ended(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<(TenantId, AdCampaignId)>> {
    let now = tx.now();
    let rows = ad_campaigns::table
        .filter(ad_campaigns::end_at.le(now))
        .filter(ad_campaigns::status.eq_any([CampaignStatus::Active, CampaignStatus::Paused]))
        .order((ad_campaigns::tenant_id, ad_campaigns::id))
        .limit(limit)
        .select((ad_campaigns::tenant_id, ad_campaigns::id))
        .load(tx.conn())?;
    Ok(rows)
}

/// Ad campaigns of all tenants that are active and wait for their start, which has come.
pub fn waiting_to_start(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<(TenantId, AdCampaignId)>> {
    let now = tx.now();
    let rows = ad_campaigns::table
        // In the words of the index, which holds nothing else.
        .filter(sql::<Bool>("status = 'active' AND desired_delivery = 'paused'"))
        .filter(ad_campaigns::start_at.is_null().or(ad_campaigns::start_at.le(now)))
        .order((ad_campaigns::tenant_id, ad_campaigns::id))
        .limit(limit)
        .select((ad_campaigns::tenant_id, ad_campaigns::id))
        .load(tx.conn())?;
    Ok(rows)
}

/// Writes what people and the quota change, as the next version. Counters are left alone: they grow beside it.
pub fn save(tx: &mut TenantTx<'_>, row: &mut AdCampaign) -> Result<()> {
    use ad_campaigns as c;
    let place = c::table.find((row.tenant_id, row.id)).select((c::status, c::platform));
    let (status, platform): (CampaignStatus, AdPlatform) = held!(tx.conn(), place, get_result)?;
    kept_counts::changed(tx, &AD_CAMPAIGNS, counted(status, platform), counted(row.status, row.platform));
    row.version += 1;
    row.updated_at = tx.now();
    diesel::update(c::table.find((row.tenant_id, row.id)))
        .set((
            (c::name.eq(&row.name), c::status.eq(row.status), c::status_reason.eq(&row.status_reason)),
            (
                c::currency.eq(row.currency),
                c::daily_budget.eq(row.daily_budget),
                c::total_budget.eq(row.total_budget),
                c::monthly_cap.eq(row.monthly_cap),
            ),
            (
                c::lead_form_id.eq(row.lead_form_id),
                c::external_campaign_id.eq(&row.external_campaign_id),
                c::external_page_id.eq(&row.external_page_id),
            ),
            (c::start_at.eq(row.start_at), c::end_at.eq(row.end_at), c::activated_at.eq(row.activated_at)),
            (c::desired_delivery.eq(row.desired_delivery), c::delivery.eq(&row.delivery)),
            (
                c::content.eq(&row.content),
                c::review.eq(&row.review),
                c::agreed_campaign_id.eq(&row.agreed_campaign_id),
                c::agreed_page_id.eq(&row.agreed_page_id),
            ),
            (c::version.eq(row.version), c::updated_at.eq(row.updated_at), c::committed_until.eq(row.committed_until)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes until when it is committed. Not a new version: nobody edited anything.
pub fn save_commitment(tx: &mut TenantTx<'_>, row: &AdCampaign) -> Result<()> {
    let now = tx.now();
    diesel::update(ad_campaigns::table.find((row.tenant_id, row.id)))
        .set((ad_campaigns::committed_until.eq(row.committed_until), ad_campaigns::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what the ad platform said. Not a new version: nobody edited anything.
pub fn save_delivery(tx: &mut TenantTx<'_>, id: AdCampaignId, delivery: Carried) -> Result<()> {
    let now = tx.now();
    diesel::update(ad_campaigns::table.find((tx.tenant(), id)))
        .set((ad_campaigns::delivery.eq(Doc(delivery)), ad_campaigns::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// One more lead came from this ad campaign.
pub fn count_lead(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    keep!(
        tx.conn(),
        diesel::update(ad_campaigns::table.find((tenant, id))).set((
            ad_campaigns::leads_generated.eq(ad_campaigns::leads_generated + 1_i64),
            ad_campaigns::updated_at.eq(now),
        )),
    )?;
    Ok(())
}
