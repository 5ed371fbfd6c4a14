//! Rows of `outreach_campaigns`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{TenantId, UserId};
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::contacts::id::ContactId;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::outreach::audience::OutreachAudience;
use crate::outreach::id::{OutreachCampaignId, OutreachEstimateId};
use crate::outreach::model::{OutreachReason, OutreachStatus};
use crate::outreach::schema::outreach_campaigns;
use crate::sending::id::TemplateId;
use crate::sending::library::Content;

crate::record! {
    /// What a tenant writes to many people at once.
    pub struct OutreachCampaign of outreach_campaigns,
    /// What is written to many people at once.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Diwali offer", "channel": "email",
        "template_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a11", "status": "draft", "status_reason": null,
        "audience": {"tag": "wedding 2024"}, "scheduled_at": null, "lateness_minutes": 60, "estimate_id": null, "audience_size": 0,
        "audience_hash": null, "created_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "created_at": "2026-11-20T09:00:00Z",
        "updated_at": "2026-11-20T09:00:00Z", "launched_at": null, "completed_at": null}))]
    shown as OutreachCampaignView {
        pub tenant_id: TenantId,
        shown id: OutreachCampaignId,
        shown name: String,
        /// That of its template.
        shown channel: Channel,
        shown template_id: TemplateId,
        shown status: OutreachStatus,
        /// Why it is paused, canceled or missed.
        shown status_reason: Option<OutreachReason>,
        shown #[schema(value_type = OutreachAudience)] audience: Doc<OutreachAudience>,
        /// When it leaves; at once on confirmation when null.
        shown scheduled_at: Option<Timestamp>,
        /// How much later than that it may be launched; then it is missed.
        shown lateness_minutes: i32,
        /// The words as they were confirmed.
        pub content: Option<Doc<Content>>,
        /// The estimate that was confirmed.
        shown estimate_id: Option<OutreachEstimateId>,
        /// How many people are written down by now.
        shown audience_size: i32,
        /// The last of them.
        pub frozen_through: Option<ContactId>,
        /// SHA-256 of the ids of all, once all are written down; see the proof.
        shown audience_hash: Option<String>,
        /// Who drafted it; null when no person did.
        shown created_by: Option<UserId>,
        pub version: i32,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
        shown launched_at: Option<Timestamp>,
        shown completed_at: Option<Timestamp>,
    }
}

crate::rows!(outreach_campaigns: OutreachCampaign, OutreachCampaignId, "outreach_campaign" => insert, find, get, hold, save, delete);

crate::filter! {
    /// Which outreach campaigns to list.
    pub struct OutreachCampaignFilter of outreach_campaigns by change {
        status: Option<OutreachStatus> => eq status,
        channel: Option<Channel> => eq channel,
    }
}

/// How many drafts the tenant has.
pub fn drafts(tx: &mut TenantTx<'_>) -> Result<i64> {
    let own = outreach_campaigns::tenant_id.eq(tx.tenant()).and(outreach_campaigns::status.eq(OutreachStatus::Draft));
    Ok(outreach_campaigns::table.filter(own).count().get_result(tx.conn())?)
}

/// Newest first, unless by change.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &OutreachCampaignFilter,
    page: &PageRequest,
) -> Result<Page<OutreachCampaign>> {
    use outreach_campaigns::{id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by_id(Desc, id, |row: &OutreachCampaign| row.id);
    let changed = Order::by_change((updated_at, id), |row: &OutreachCampaign| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}
