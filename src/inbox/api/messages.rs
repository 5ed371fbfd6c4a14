//! Messages: read the thread, write into it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::base::bounded::Line;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::db::page;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::inbox::gate::Writer;
use crate::inbox::id::ConversationId;
use crate::inbox::model::{Channel, Direction, MessageStatus, MessageType, SenderType};
use crate::inbox::send::{self, NewMessage};
use crate::inbox::store::messages::{Message, MessageFilter};
use crate::inbox::store::{conversations, messages as store};
use crate::providers::ErrorClass;
use crate::sending::id::MessageId;
use crate::sending::{Code, WriteReason};
use crate::tenants::access::{Caller, Permission};

/// One entry of a conversation.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-7101-7c11-a1f7-5b1d6f0c2a10", "conversation_id": "019a9f3c-7001-7c11-a1f7-5b1d6f0c2a10",
    "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "direction": "outbound", "sender_type": "user",
    "sender_user_id": "019a9f3c-1111-7c11-a1f7-5b1d6f0c2a10", "channel": "whatsapp", "message_type": "template",
    "subject": null, "content": "Hi Rajesh, this is Asha from ABC Real Estate via LeadGen Pro.", "attachments": [],
    "template_code": "first_contact", "from_address": "+14155238886", "from_name": "ABC Real Estate via LeadGen Pro",
    "to_address": "+919876543210", "status": "delivered", "error": null, "reason": "enquiry", "held_for": [], "held_until": null, "details": null,
    "sent_at": "2026-11-20T09:04:01Z", "delivered_at": "2026-11-20T09:04:03Z", "read_at": null, "opened_at": null, "failed_at": null,
    "created_at": "2026-11-20T09:04:00Z", "updated_at": "2026-11-20T09:04:03Z"
}))]
pub struct MessageView {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub lead_id: LeadId,
    pub direction: Direction,
    pub sender_type: SenderType,
    pub sender_user_id: Option<UserId>,
    pub channel: Channel,
    pub message_type: MessageType,
    pub subject: Option<String>,
    pub content: String,
    /// Files (`kind` `media`) with `content_type` and the `url` to read them at, with the same credentials as this; places
    /// (`kind` `location`) with `latitude`, `longitude`, `address`, `label` and the `url` of a map.
    #[schema(value_type = Vec<MessageAttachment>)]
    pub attachments: serde_json::Value,
    /// What came with an inbound message besides its text: the `button` or entry of a `list` that was chosen, the `referral`
    /// (the ad that brought the person), whether it was `forwarded`, and under `other` what is not understood, as it came.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
    pub template_code: Option<String>,
    pub from_address: Option<String>,
    pub from_name: Option<String>,
    pub to_address: Option<String>,
    pub status: MessageStatus,
    /// Why it did not arrive, or why it waits.
    pub error: Option<MessageError>,
    /// Why the person may be written to; of messages we sent or are to send.
    pub reason: Option<WriteReason>,
    /// What a queued message waits for; it leaves by itself when that ends, and is canceled at `held_until`.
    pub held_for: Vec<Code>,
    pub held_until: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    /// WhatsApp's read receipt. Who switched receipts off never has one.
    pub read_at: Option<Timestamp>,
    /// When an e-mail was loaded first: as likely by a mail program as by the person.
    pub opened_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

crate::text_enum! {
    /// What came with a message.
    pub enum AttachmentKind {
        /// A file.
        Media = "media",
        /// A place.
        Location = "location",
    }
}

/// What came with a message besides its text: a file or a place.
#[derive(ToSchema)]
#[allow(dead_code)] // what is stored is answered as it stands
#[schema(example = json!({"kind": "media", "url": "/v1/messages/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12/attachments/0", "content_type": "image/jpeg"}))]
pub struct MessageAttachment {
    kind: AttachmentKind,
    /// Of a file, where it is read with the same credentials as the message; of a place, a map.
    url: Option<String>,
    /// Of a file.
    #[schema(extensions(("x-left-out" = json!(true))))]
    content_type: Option<String>,
    /// Of a place, in degrees.
    #[schema(extensions(("x-left-out" = json!(true))))]
    latitude: Option<String>,
    /// Of a place, in degrees.
    #[schema(extensions(("x-left-out" = json!(true))))]
    longitude: Option<String>,
    /// Of a place.
    #[schema(extensions(("x-left-out" = json!(true))))]
    address: Option<String>,
    /// Of a place: what it is called.
    #[schema(extensions(("x-left-out" = json!(true))))]
    label: Option<String>,
}

/// What went wrong with a message.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"class": "window", "code": "63016", "message": "Outside the allowed window"}))]
pub struct MessageError {
    /// What can be done about it.
    #[schema(value_type = Option<ErrorClass>)]
    pub class: Option<String>,
    /// The provider's code, or ours.
    pub code: String,
    pub message: Option<String>,
}

impl MessageView {
    /// What may be shown of a message. To whom goes what a locked lead is written is part of what the lock holds back, whichever
    /// operation answers; so every view is made here.
    pub fn of(row: Message, is_locked: bool) -> Self {
        let (class, message) = (row.error_class, row.error_message);
        let metadata = row.metadata.value();
        let is_held = row.status == MessageStatus::Queued;
        let held_for = metadata["held_for"].as_array().filter(|_| is_held).map(Vec::as_slice).unwrap_or_default();
        Self {
            id: row.id,
            conversation_id: row.conversation_id,
            lead_id: row.lead_id,
            direction: row.direction,
            sender_type: row.sender_type,
            sender_user_id: row.sender_user_id,
            channel: row.channel,
            message_type: row.message_type,
            subject: row.subject,
            content: row.content,
            attachments: shown(row.id, row.attachments.value()),
            details: metadata.get("details").cloned(),
            template_code: row.template_code,
            from_address: row.from_address,
            from_name: row.from_name,
            to_address: row.to_address.filter(|_| !is_locked),
            status: row.status,
            error: row.error_code.map(|code| MessageError { class, code, message }),
            reason: metadata["reason"].as_str().and_then(|text| text.parse().ok()),
            held_for: held_for.iter().filter_map(|code| code.as_str()?.parse().ok()).collect(),
            held_until: metadata["held_until"].as_str().filter(|_| is_held).and_then(|text| text.parse().ok()),
            sent_at: row.sent_at,
            delivered_at: row.delivered_at,
            read_at: row.read_at,
            opened_at: metadata["opened_at"].as_str().and_then(|text| text.parse().ok()),
            failed_at: row.failed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Attachments as a tenant can open them: a file's own address needs the platform's credentials.
fn shown(message: MessageId, attachments: serde_json::Value) -> serde_json::Value {
    let list = attachments.as_array().cloned().unwrap_or_default();
    let one = |(n, mut attachment): (usize, serde_json::Value)| {
        if attachment["kind"] != "location" && attachment.is_object() {
            attachment["kind"] = "media".into();
            attachment["url"] = format!("/v1/messages/{message}/attachments/{n}").into();
        }
        attachment
    };
    list.into_iter().enumerate().map(one).collect()
}

crate::text_enum! {
    /// Which end of the thread comes first.
    pub enum MessageOrder { Asc = "asc", Desc = "desc" }
}

impl MessageOrder {
    fn direction(self) -> page::Direction {
        match self {
            Self::Asc => page::Direction::Asc,
            Self::Desc => page::Direction::Desc,
        }
    }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MessageQuery {
    /// `desc` (newest first) by default.
    #[param(inline)]
    order: Option<MessageOrder>,
}

/// List the messages of a conversation
#[utoipa::path(params(MessageQuery), responses((status = 200, description = "One page", body = Page<MessageView>)))]
#[get("/conversations/{id}/messages")]
pub async fn list_messages(
    caller: Caller,
    core: Core,
    path: Path<ConversationId>,
    query: Paging<MessageQuery>,
) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let order = query.filter.order.unwrap_or(MessageOrder::Desc).direction();
    let list = move |tx: &mut TenantTx<'_>| {
        let conversation = conversations::get(tx, path.0)?;
        let lead = crate::leads::brief(tx, conversation.lead_id)?;
        let mut page = store::list(tx, conversation.id, order, &query.page)?;
        if lead.is_locked {
            // Before there is a plan, what the tenant wrote itself is all that can be seen.
            if !Writer::of(tx)?.has_no_plan() {
                lead.require_unlocked()?;
            }
            page.data.retain(|row| row.direction == Direction::Outbound);
        }
        Ok((page, lead.is_locked))
    };
    let (page, is_locked) = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(|row| MessageView::of(row, is_locked))))
}

/// List all messages
///
/// Of all conversations, newest first unless sorted otherwise. Messages with locked leads are listed from when they are unlocked.
#[utoipa::path(params(MessageFilter), responses((status = 200, description = "One page", body = Page<MessageView>)))]
#[get("/messages")]
pub async fn list_all_messages(caller: Caller, core: Core, query: Paging<MessageFilter>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let list = move |tx: &mut TenantTx<'_>| store::all(tx, &query.filter, &query.page);
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(|row| MessageView::of(row, false))))
}

/// Free text or a template, not both.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"template": {"code": "first_contact", "variables": {"name": "Rajesh", "business": "ABC Real Estate via LeadGen Pro", "about": "2BHK in Andheri"}}}))]
pub struct SendMessage {
    /// At most 1,600 characters on WhatsApp and SMS, 50,000 by e-mail.
    #[validate(length(max = 50_000))]
    #[schema(max_length = 50000)]
    pub content: Option<String>,
    #[validate(nested)]
    pub template: Option<TemplateChoice>,
    /// E-mail only, and required there with `content`.
    pub subject: Option<Line<1, 200>>,
}

/// Values of a template, each a text.
fn template_variables() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let values = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(text));
    // One schema for what is sent and what is suggested.
    let marks = ExtensionsBuilder::new().add("x-left-out", true).build();
    values.max_properties(Some(30)).extensions(Some(marks)).build()
}

/// A template and its values.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "first_contact", "variables": {"name": "Rajesh", "business": "ABC Real Estate via LeadGen Pro"}}))]
pub struct TemplateChoice {
    pub code: Line<1, 100>,
    /// By name, whatever the case, or by number.
    #[serde(default)]
    #[validate(length(max = 30))]
    #[schema(schema_with = template_variables)]
    pub variables: BTreeMap<String, String>,
}

/// Send a message to the lead
///
/// It is queued and leaves at once; follow its `status`. While the business has no verified address or no subscription yet it
/// waits, which `held_for` says, and leaves by itself within a day. What will never be allowed is refused: see
/// `GET /v1/conversations/{id}/eligibility`. On WhatsApp free text is possible for 24 hours after the person
/// wrote, a template always. A closed conversation reopens.
#[utoipa::path(responses((status = 202, description = "Queued", body = MessageView)))]
#[post("/conversations/{id}/messages")]
pub async fn send_message(
    caller: Caller,
    core: Core,
    path: Path<ConversationId>,
    body: Json<SendMessage>,
    once: Once,
) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    let settings = core.settings.clone();
    let new = NewMessage {
        content: body.0.content,
        template: body.0.template.map(|template| (template.code.into(), template.variables)),
        subject: body.0.subject.map(String::from),
    };
    let scope = caller.scope();
    once.write(&core, scope, move |tx| {
        let message = send::queue(tx, &caller, path.0, new, &settings)?;
        let is_locked = crate::leads::heading(tx, message.lead_id)?.is_locked;
        Ok(Reply::accepted(MessageView::of(message, is_locked)))
    })
    .await
}
