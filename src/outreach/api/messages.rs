//! `/v1/outreach-campaigns/{id}/recipients`: the people of a campaign, and what became of each message.

use actix_web::get;

use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::Core;
use crate::engine::http::{Answer, Page, Paging, Path, listed};
use crate::outreach::id::{OutreachCampaignId, OutreachMessageId};
use crate::outreach::model::ReplyClass;
use crate::outreach::store::campaigns;
use crate::outreach::store::messages::{self as rows, OutreachMessage, OutreachMessageFilter};
use crate::sending::MessageStatus;
use crate::tenants::access::{Caller, Permission};

crate::view! {
    /// One person of a campaign, and what became of the message.
    #[derive(Debug)]
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a13", "campaign_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
        "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "status": "delivered", "address": "priya.sharma@example.com",
        "subject": "Happy Diwali", "content": "Hi Priya, …", "due_at": null, "attempts": 1, "error_code": null, "error_message": null,
        "sent_at": "2026-11-20T09:00:00Z", "delivered_at": "2026-11-20T09:00:04Z", "opened_at": null, "clicked_at": null,
        "read_at": null, "responded_at": null, "reply_class": null, "reply_text": null, "lead_id": null, "failed_at": null, "updated_at": "2026-11-20T09:00:04Z"}))]
    pub struct OutreachMessageView from row: OutreachMessage {
        pub id: OutreachMessageId,
        pub campaign_id: OutreachCampaignId,
        pub contact_id: ContactId,
        pub status: MessageStatus,
        /// When it is tried next, while it waits.
        pub due_at: Option<Timestamp> = (row.status == MessageStatus::Queued).then_some(row.due_at),
        /// Where it was sent; null before that, and when the person was forgotten.
        pub address: Option<String>,
        pub subject: Option<String> = row.content.as_ref().and_then(|said| said.0.subject.clone()),
        /// What was said, with the person's own values.
        pub content: Option<String> = row.content.map(|said| said.0.text),
        pub attempts: i32,
        /// Why it never left, or waits.
        pub error_code: Option<String>,
        pub error_message: Option<String>,
        pub sent_at: Option<Timestamp>,
        pub delivered_at: Option<Timestamp>,
        pub opened_at: Option<Timestamp>,
        pub clicked_at: Option<Timestamp>,
        pub read_at: Option<Timestamp>,
        pub responded_at: Option<Timestamp>,
        /// What the person answered first.
        pub reply_class: Option<ReplyClass>,
        pub reply_text: Option<String>,
        /// The lead that came of the answer, or whose conversation it went to.
        pub lead_id: Option<LeadId>,
        pub failed_at: Option<Timestamp>,
        pub updated_at: Timestamp,
    }
}
crate::shown!(OutreachMessage as OutreachMessageView);

/// List the recipients of an outreach campaign
///
/// As they were written down at the launch.
#[utoipa::path(params(OutreachMessageFilter), responses((status = 200, description = "A page of recipients", body = Page<OutreachMessageView>)))]
#[get("/outreach-campaigns/{id}/recipients")]
pub async fn list_outreach_recipients(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    query: Paging<OutreachMessageFilter>,
) -> Answer {
    caller.require(Permission::OutreachRead)?;
    let page = core.read(&caller, move |tx| {
        campaigns::get(tx, id.0)?;
        rows::list(tx, id.0, &query.filter, &query.page)
    });
    Ok(listed(page.await?))
}

/// Which answers to list.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OutreachResponseFilter {
    #[param(inline)]
    reply_class: Option<ReplyClass>,
}

/// List the responses to an outreach campaign
///
/// Whoever answered, newest first. Machines' answers count as none.
#[utoipa::path(params(OutreachResponseFilter), responses((status = 200, description = "A page of recipients who answered", body = Page<OutreachMessageView>)))]
#[get("/outreach-campaigns/{id}/responses")]
pub async fn list_outreach_responses(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    query: Paging<OutreachResponseFilter>,
) -> Answer {
    caller.require(Permission::OutreachRead)?;
    let page = core.read(&caller, move |tx| {
        campaigns::get(tx, id.0)?;
        rows::responses(tx, id.0, query.filter.reply_class, &query.page)
    });
    Ok(listed(page.await?))
}
