//! Conversations: list, open, look, change, mark read.

use actix_web::{HttpResponse, get, patch, post};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::db::kept_counts::{self, Counts};
use crate::engine::db::{ByChange, TenantTx};
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, CommaList, IfMatch, Json, Once, Page, Paging, Path, Query, Reply};
use crate::inbox::gate::Writer;
use crate::inbox::id::ConversationId;
use crate::inbox::model::{Channel, ConversationStatus};
use crate::inbox::steer::{self, ConversationPatch};
use crate::inbox::store::conversations::{self as store, Conversation, ConversationFilter};
use crate::inbox::{open, send};
use crate::leads::score::{Grade, grade};
use crate::leads::{self, Heading};
use crate::tenants::access::{Caller, Permission};

/// A conversation's lead, as far as it may be shown.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "name": "Rajesh Kumar", "score": 85, "grade": "hot", "is_locked": false}))]
pub struct ConversationLead {
    pub id: LeadId,
    /// `Locked lead` while it is locked.
    pub name: String,
    #[schema(minimum = 0, maximum = 100)]
    pub score: i32,
    pub grade: Grade,
    pub is_locked: bool,
}

/// The thread with one lead on one channel.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-7001-7c11-a1f7-5b1d6f0c2a10", "channel": "whatsapp", "status": "open",
    "lead": {"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "name": "Rajesh Kumar", "score": 85, "grade": "hot", "is_locked": false},
    "person_address": "+919876543210", "sender_address": "+14155238886", "unread_count": 1, "message_count": 3,
    "last_message_at": "2026-11-20T09:05:00Z", "last_message_preview": "Hi! Yes, I'm interested.",
    "last_inbound_at": "2026-11-20T09:05:00Z", "window_expires_at": "2026-11-21T09:05:00Z", "closed_at": null, "archived_at": null,
    "converted_at": null, "version": 1, "created_at": "2026-11-20T09:00:01Z", "updated_at": "2026-11-20T09:05:00Z"
}))]
pub struct ConversationView {
    pub id: ConversationId,
    pub channel: Channel,
    pub status: ConversationStatus,
    pub lead: ConversationLead,
    /// E.164 or e-mail address; null while the lead is locked.
    pub person_address: Option<String>,
    /// The number or address our messages leave from; null before the first one.
    pub sender_address: Option<String>,
    pub unread_count: i32,
    pub message_count: i32,
    pub last_message_at: Option<Timestamp>,
    /// Null while the lead is locked.
    pub last_message_preview: Option<String>,
    pub last_inbound_at: Option<Timestamp>,
    /// Until then WhatsApp takes free text; afterwards only templates.
    pub window_expires_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub converted_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

crate::versioned!(ConversationView);

impl ConversationView {
    fn of(row: Conversation, lead: Heading) -> Self {
        let shown = !lead.is_locked;
        Self {
            id: row.id,
            channel: row.channel,
            status: row.status,
            person_address: row.person_address.filter(|_| shown),
            sender_address: row.sender_address,
            unread_count: row.unread_count,
            message_count: row.message_count,
            last_message_at: row.last_message_at,
            last_message_preview: row.last_message_preview.filter(|_| shown),
            last_inbound_at: row.last_inbound_at,
            window_expires_at: row.window_expires_at,
            closed_at: row.closed_at,
            archived_at: row.archived_at,
            converted_at: row.converted_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            lead: ConversationLead {
                id: lead.id,
                name: lead.name().to_string(),
                score: lead.score,
                grade: grade(lead.score),
                is_locked: lead.is_locked,
            },
        }
    }

    fn with_lead(tx: &mut TenantTx<'_>, row: Conversation) -> Result<Self> {
        let lead = leads::heading(tx, row.lead_id)?;
        Ok(Self::of(row, lead))
    }
}

crate::text_enum! {
    /// The orders of the list.
    pub enum ConversationSort { LastMessageDesc = "-last_message_at", UpdatedAsc = "updated_at" }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ConversationQuery {
    /// Any of these.
    #[param(value_type = Option<Vec<ConversationStatus>>)]
    status: Option<CommaList<ConversationStatus>>,
    channel: Option<Channel>,
    lead_id: Option<LeadId>,
    /// True: only with unread messages.
    unread: Option<bool>,
    /// True: the archived ones instead of the others. With `sort=updated_at` both are listed unless this says which.
    archived: Option<bool>,
    /// Part of the lead's name, phone, e-mail or company. Locked leads are not found by text.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Changed at this moment or later.
    updated_after: Option<Timestamp>,
    /// Most recently active first by default. `updated_at`: what was changed last comes last, for whoever keeps a copy.
    /// `next_cursor` is never null then.
    #[param(inline)]
    sort: Option<ConversationSort>,
}

impl ConversationQuery {
    fn filter(self) -> Result<ConversationFilter> {
        if self.q.as_ref().is_some_and(|q| q.chars().count() > 100) {
            return Err(Error::field("q", "too_long", "expected at most 100 characters"));
        }
        Ok(ConversationFilter {
            statuses: self.status.map(|list| list.0).unwrap_or_default(),
            channel: self.channel,
            lead_id: self.lead_id,
            unread: self.unread,
            archived: self.archived,
            updated_after: self.updated_after,
            by_change: self.sort.filter(|sort| *sort == ConversationSort::UpdatedAsc).map(|_| ByChange::UpdatedAsc),
            text: self.q.map(|q| q.trim().to_string()).filter(|q| !q.is_empty()),
        })
    }
}

/// List conversations
///
/// Most recently active first, unless sorted otherwise.
#[utoipa::path(
    params(ConversationQuery),
    responses((status = 200, description = "One page", body = Page<ConversationView>))
)]
#[get("/conversations")]
pub async fn list_conversations(caller: Caller, core: Core, query: Paging<ConversationQuery>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let filter = query.filter.filter()?;
    let list = move |tx: &mut TenantTx<'_>| store::list(tx, &filter, &query.page);
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(|(row, lead)| ConversationView::of(row, lead))))
}

/// How much waits to be read.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"total": 3}))]
pub struct UnreadCount {
    /// Unread messages over all conversations that are not archived.
    pub total: i64,
}

/// Count unread messages
///
/// Over all conversations that are not archived.
#[utoipa::path(responses((status = 200, description = "The count", body = UnreadCount)))]
#[get("/conversations/unread")]
pub async fn get_unread_count(caller: Caller, core: Core) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let total = core.db.read_widely(caller.scope(), store::unread_total).await?;
    Ok(HttpResponse::Ok().json(UnreadCount { total }))
}

crate::text_enum! {
    /// What conversations are counted by.
    pub enum ConversationCountBy { Status = "status", Channel = "channel", Unread = "unread", Archived = "archived" }
}

impl ConversationCountBy {
    /// Its place among the fields of `CONVERSATIONS`.
    fn place(self) -> usize {
        self as usize
    }
}

/// Which conversations to count.
#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ConversationCountQuery {
    /// What to count by besides.
    #[param(inline, value_type = Option<Vec<ConversationCountBy>>)]
    by: Option<CommaList<ConversationCountBy>>,
    /// Any of these.
    #[param(value_type = Option<Vec<ConversationStatus>>)]
    status: Option<CommaList<ConversationStatus>>,
    channel: Option<Channel>,
    unread: Option<bool>,
    /// True: the archived ones instead of the others. Both are counted by `archived` unless this says which.
    archived: Option<bool>,
}

impl ConversationCountQuery {
    fn count(self, tx: &mut TenantTx<'_>) -> Result<Counts> {
        use ConversationCountBy as By;
        let by: Vec<usize> = self.by.iter().flat_map(|list| list.iter()).map(|field| field.place()).collect();
        let default = if by.contains(&By::Archived.place()) { None } else { Some(false) };
        let statuses = self.status.unwrap_or_default();
        let among = [
            (By::Status.place(), statuses.iter().map(ToString::to_string).collect::<Vec<_>>()),
            (By::Channel.place(), self.channel.iter().map(ToString::to_string).collect()),
            (By::Unread.place(), self.unread.iter().map(ToString::to_string).collect()),
            (By::Archived.place(), self.archived.or(default).iter().map(ToString::to_string).collect()),
        ];
        let totals = kept_counts::totals(tx, &store::CONVERSATIONS, &by, among)?;
        Ok(Counts::of(&store::CONVERSATIONS, &by, &totals))
    }
}

/// Count conversations
///
/// All that are not archived, and by whatever fields `by` names, each with all its values, in one call.
#[utoipa::path(params(ConversationCountQuery), responses((status = 200, description = "The counts", body = Counts)))]
#[get("/conversations/counts")]
pub async fn count_conversations(caller: Caller, core: Core, query: Query<ConversationCountQuery>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let counts = core.db.read_widely(caller.scope(), move |tx: &mut TenantTx<'_>| query.0.count(tx)).await?;
    Ok(HttpResponse::Ok().json(counts))
}

#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "channel": "email"}))]
pub struct NewConversation {
    pub lead_id: LeadId,
    pub channel: Channel,
}

/// Open a conversation with a lead on another channel
///
/// A lead has one conversation per channel; when it is there already, it is answered as it is.
#[utoipa::path(
    responses(
        (status = 201, description = "Opened", body = ConversationView),
        (status = 200, description = "It was open already", body = ConversationView),
        (status = 404, description = "`lead.not_found`", body = Problem, content_type = "application/problem+json"))
)]
#[post("/conversations")]
pub async fn open_conversation(caller: Caller, core: Core, body: Json<NewConversation>, once: Once) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    let NewConversation { lead_id, channel } = body.0;
    let scope = caller.scope();
    once.write(&core, scope, move |tx| {
        let lead = leads::brief(tx, lead_id)?;
        let writer = Writer::of(tx)?;
        send::require_channel(&caller, &writer, channel)?;
        // Before there is a plan every lead is under lock, and what is written waits for one.
        if !writer.has_no_plan() {
            lead.require_unlocked()?;
        }
        let address = open::address_of(&lead, channel)?;
        let (row, is_new) = open::on_channel(tx, lead_id, channel, address)?;
        let location = format!("/v1/conversations/{}", row.id);
        let view = ConversationView::with_lead(tx, row)?;
        Ok(if is_new { Reply::made(view, location) } else { Reply::of(view).location(location) })
    })
    .await
}

/// Get a conversation
#[utoipa::path(responses((status = 200, description = "The conversation", body = ConversationView)))]
#[get("/conversations/{id}")]
pub async fn get_conversation(caller: Caller, core: Core, path: Path<ConversationId>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let read = move |tx: &mut TenantTx<'_>| {
        let row = store::get(tx, path.0)?;
        ConversationView::with_lead(tx, row)
    };
    Ok(Reply::of(core.db.read_by_key(caller.scope(), read).await?).respond())
}

/// Close, reopen, snooze or archive a conversation
#[utoipa::path(params(IfMatch), responses((status = 200, description = "Changed", body = ConversationView)))]
#[patch("/conversations/{id}")]
pub async fn update_conversation(
    caller: Caller,
    core: Core,
    path: Path<ConversationId>,
    if_match: IfMatch,
    body: Json<ConversationPatch>,
) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    let change = core.write(&caller, move |tx| {
        let row = steer::change(tx, path.0, body.0, &if_match)?;
        ConversationView::with_lead(tx, row)
    });
    Ok(Reply::of(change.await?).respond())
}

/// Mark every message of a conversation read
#[utoipa::path(responses((status = 200, description = "Nothing is unread", body = ConversationView)))]
#[post("/conversations/{id}/read")]
pub async fn mark_conversation_read(caller: Caller, core: Core, path: Path<ConversationId>, once: Once) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        let row = steer::mark_read(tx, path.0)?;
        ConversationView::with_lead(tx, row).map(Reply::of)
    })
    .await
}
