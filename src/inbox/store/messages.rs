//! Rows of `messages`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{TenantId, UserId};
use crate::base::json::Json;
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::page;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::held;
use crate::inbox::id::ConversationId;
use crate::inbox::model::{Channel, Direction, MessageStatus, MessageType, SenderType};
use crate::inbox::schema::{conversations, messages};
use crate::keep;
use crate::leads::schema::leads;
use crate::sending::id::MessageId;

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct Message {
    pub tenant_id: TenantId,
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
    /// `[{"url": …, "content_type": …}]`.
    pub attachments: Json,
    pub template_code: Option<String>,
    /// By the provider's numbers: `{"1": "Asha"}`.
    pub template_variables: Option<Json>,
    pub from_address: Option<String>,
    pub from_name: Option<String>,
    pub to_address: Option<String>,
    pub status: MessageStatus,
    pub provider: Option<String>,
    pub external_id: Option<String>,
    /// The class of the provider's error, or `lead.locked` and the like when we refused ourselves.
    pub error_class: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// `attempts`, `first_attempted_at`, `ambiguous_candidates`, `profile_name`; of outbound ones `reason`, and while they wait
    /// `held_for` and `held_until`.
    pub metadata: Json,
    /// When the attempt that is still open began; also kept after it ended.
    pub attempted_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Message {
    /// An empty message of a conversation; the author of the message fills in the rest.
    pub fn new(tenant: TenantId, conversation: ConversationId, lead: LeadId, channel: Channel, now: Timestamp) -> Self {
        Self {
            tenant_id: tenant,
            id: MessageId::new(),
            conversation_id: conversation,
            lead_id: lead,
            direction: Direction::Internal,
            sender_type: SenderType::System,
            sender_user_id: None,
            channel,
            message_type: MessageType::Text,
            subject: None,
            content: String::new(),
            attachments: Json::from(serde_json::json!([])),
            template_code: None,
            template_variables: None,
            from_address: None,
            from_name: None,
            to_address: None,
            status: MessageStatus::Received,
            provider: None,
            external_id: None,
            error_class: None,
            error_code: None,
            error_message: None,
            metadata: Json::from(serde_json::json!({})),
            attempted_at: None,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What a message says.
pub fn said(tx: &mut TenantTx<'_>, id: MessageId) -> Result<Option<String>> {
    let text = messages::table.find((tx.tenant(), id)).select(messages::content).first(tx.conn());
    Ok(text.optional()?)
}

/// What a lead's person said first, on which channel and when.
pub fn first_said(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<Option<(Channel, String, Timestamp)>> {
    let first = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::lead_id.eq(lead)))
        .filter(messages::direction.eq(Direction::Inbound))
        .order((messages::created_at, messages::id))
        .select((messages::channel, messages::content, messages::created_at))
        .first(tx.conn());
    Ok(first.optional()?)
}

/// `false` when the provider's id was stored before.
pub fn insert(tx: &mut TenantTx<'_>, message: &Message) -> Result<bool> {
    Ok(OrIgnore(diesel::insert_into(messages::table).values(message)).execute(tx.conn())? == 1)
}

/// As it is now, and nobody else changes it until this transaction ends: a receipt and our own record of the send may leave
/// the status as it is and yet each add something.
pub fn hold(tx: &mut TenantTx<'_>, id: MessageId) -> Result<Option<Message>> {
    let tenant = tx.tenant();
    Ok(held!(tx.conn(), messages::table.find((tenant, id)).select(Message::as_select()), get_result).optional()?)
}

/// What waits in a conversation and was never attempted, oldest first; nobody else changes it until this transaction ends.
pub fn waiting(tx: &mut TenantTx<'_>, conversation: ConversationId) -> Result<Vec<Message>> {
    let tenant = tx.tenant();
    let waiting = held!(
        tx.conn(),
        messages::table
            .filter(messages::tenant_id.eq(tenant).and(messages::conversation_id.eq(conversation)))
            .filter(messages::status.eq(MessageStatus::Queued).and(messages::attempted_at.is_null()))
            .order((messages::created_at, messages::id))
            .select(Message::as_select()),
        load
    )?;
    Ok(waiting)
}

/// Sends a waiting message elsewhere.
pub fn redirect(tx: &mut TenantTx<'_>, id: MessageId, address: &str) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    diesel::update(messages::table.find((tenant, id)))
        .set((messages::to_address.eq(address), messages::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

crate::rows!(messages: Message, MessageId, "message" => find);

/// Whose message a provider's id is: routes delivery reports between tenants.
pub fn find_external(tx: &mut PlatformTx<'_>, provider: &str, external_id: &str) -> Result<Option<Message>> {
    let row = messages::table
        .filter(messages::provider.eq(provider).and(messages::external_id.eq(external_id)))
        .select(Message::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// Messages of a conversation, newest first or oldest first.
pub fn list(
    tx: &mut TenantTx<'_>,
    conversation: ConversationId,
    direction: page::Direction,
    page: &PageRequest,
) -> Result<Page<Message>> {
    use messages::{conversation_id, created_at, id, tenant_id};
    let which = Where::of(tx, tenant_id).is(conversation_id, conversation);
    tx.page(which, Order::by(direction, (created_at, id), |row: &Message| (row.created_at, row.id)), page)
}

crate::filter! {
    /// Which messages of all conversations to list.
    pub struct MessageFilter of messages by change {
        conversation_id: Option<ConversationId> => eq conversation_id,
        #[param(inline)]
        direction: Option<Direction> => eq direction,
        #[param(inline)]
        status: Option<MessageStatus> => eq status,
    }
}

/// Messages of all conversations, newest first unless by change. What is written with locked leads is left out until they are
/// unlocked, which counts as a change of each message.
pub fn all(tx: &mut TenantTx<'_>, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>> {
    use messages::{id, lead_id, tenant_id, updated_at};
    let of_lead = leads::tenant_id.eq(tenant_id).and(leads::id.eq(lead_id));
    let rows = filter.narrow(Where::of(tx, tenant_id)).join(leads::table, of_lead);
    let rows = rows.and(Where::part().is(leads::is_locked, false));
    let newest = Order::by_id(page::Direction::Desc, id, |row: &Message| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Message| (row.updated_at, row.id));
    tx.page(rows, filter.order(newest, changed), page)
}

/// When this person was written to on a channel since they last wrote, within a week, the latest first; `most` at most. What
/// never left is not counted.
pub fn unanswered(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    person: &str,
    answered_at: Option<Timestamp>,
    most: usize,
) -> Result<Vec<Timestamp>> {
    let week_ago = tx.now().minus(chrono::Duration::days(7));
    let since = answered_at.map_or(week_ago, |at| at.max(week_ago));
    let key = channel.key(person);
    let never_left = [MessageStatus::Failed, MessageStatus::Canceled, MessageStatus::Suppressed];
    let threads = conversations::table
        .filter(conversations::tenant_id.eq(tx.tenant()).and(conversations::channel.eq(channel)))
        .filter(conversations::person_address.eq_any(key.spellings()))
        .select(conversations::id);
    let written = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::conversation_id.eq_any(threads)))
        .filter(messages::direction.eq(Direction::Outbound).and(messages::created_at.gt(since)))
        .filter(messages::status.ne_all(never_left))
        .order(messages::created_at.desc())
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select(messages::created_at);
    Ok(written.load(tx.conn())?)
}

/// Writes everything that sending and its reports change, unless the status moved since `seen` was read: then nothing is
/// written and the answer is `false`, and the caller reads and decides again.
pub fn save(tx: &mut TenantTx<'_>, message: &Message, seen: MessageStatus) -> Result<bool> {
    let now = tx.now();
    let row = messages::table.find((tx.tenant(), message.id));
    let written = keep!(
        tx.conn(),
        diesel::update(row.filter(messages::status.eq(seen))).set((
            messages::status.eq(message.status),
            messages::from_address.eq(&message.from_address),
            messages::from_name.eq(&message.from_name),
            messages::provider.eq(&message.provider),
            messages::external_id.eq(&message.external_id),
            messages::error_class.eq(&message.error_class),
            messages::error_code.eq(&message.error_code),
            messages::error_message.eq(&message.error_message),
            messages::metadata.eq(&message.metadata),
            messages::attempted_at.eq(message.attempted_at),
            messages::sent_at.eq(message.sent_at),
            messages::delivered_at.eq(message.delivered_at),
            messages::read_at.eq(message.read_at),
            messages::failed_at.eq(message.failed_at),
            messages::updated_at.eq(now),
        ))
    )?;
    Ok(written == 1)
}

/// The provider ids of what any tenant sent from this sender to this person since: what a search for a lost message must
/// not take for it.
pub fn known_external_ids(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    sender: &str,
    person: &str,
    since: Timestamp,
) -> Result<Vec<String>> {
    use crate::inbox::schema::sender_threads as t;
    let person = PhoneKey::of(person);
    let ids: Vec<Option<String>> = messages::table
        .inner_join(
            t::table.on(t::tenant_id.eq(messages::tenant_id).and(t::conversation_id.eq(messages::conversation_id))),
        )
        .filter(t::channel.eq(channel).and(t::sender_address.eq(sender)))
        .filter(t::person_address.eq_any(person.spellings()))
        .filter(messages::external_id.is_not_null().and(messages::updated_at.ge(since)))
        .select(messages::external_id)
        .load(tx.conn())?;
    Ok(ids.into_iter().flatten().collect())
}
