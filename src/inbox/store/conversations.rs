//! Rows of `conversations`.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::phone::PhoneKey;
use crate::base::time::{Instant, Timestamp};
use crate::contacts::id::LeadId;
use crate::engine::db::Direction::Desc;
use crate::engine::db::error::moved_on;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::inbox::id::ConversationId;
use crate::inbox::model::{Channel, ConversationStatus, Direction};
use crate::inbox::schema::conversations;
use crate::keep;
use crate::leads::Heading;
use crate::leads::rows::found_by;
use crate::leads::schema::leads;

/// The thread with one lead on one channel.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = conversations, treat_none_as_default_value = false)]
pub struct Conversation {
    pub tenant_id: TenantId,
    pub id: ConversationId,
    pub lead_id: LeadId,
    pub channel: Channel,
    pub status: ConversationStatus,
    /// E.164 or e-mail address; none where the channel has no address of its own.
    pub person_address: Option<String>,
    /// Chosen when the first message leaves, and kept while that sender is active.
    pub sender_address: Option<String>,
    pub unread_count: i32,
    pub message_count: i32,
    /// Set at opening, so lists can sort by it.
    pub last_message_at: Option<Timestamp>,
    pub last_message_preview: Option<String>,
    pub last_inbound_at: Option<Timestamp>,
    /// The end of WhatsApp's 24-hour window.
    pub window_expires_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub converted_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which conversations to list; archived ones only when asked for.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    pub statuses: Vec<ConversationStatus>,
    pub channel: Option<Channel>,
    pub lead_id: Option<LeadId>,
    pub unread: Option<bool>,
    pub archived: bool,
    /// Part of the lead's name, e-mail, phone or company; leads under lock are not found by text.
    pub text: Option<String>,
}

/// `false` when the lead already has a conversation on the channel.
pub fn insert(tx: &mut TenantTx<'_>, conversation: &Conversation) -> Result<bool> {
    let insert = diesel::insert_into(conversations::table).values(conversation);
    Ok(OrIgnore(insert).execute(tx.conn())? == 1)
}

// Hold the conversation after the lead, where both are held: whoever counts a message or corrects a number does so too.
crate::rows!(conversations: Conversation, ConversationId, "conversation" => find, get, hold);

pub fn find_for_lead(tx: &mut TenantTx<'_>, lead: LeadId, channel: Channel) -> Result<Option<Conversation>> {
    let row = conversations::table
        .filter(conversations::tenant_id.eq(tx.tenant()))
        .filter(conversations::lead_id.eq(lead).and(conversations::channel.eq(channel)))
        .select(Conversation::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// The conversation with a person that was active last, however their number is spelled here and there.
pub fn find_by_person(tx: &mut TenantTx<'_>, channel: Channel, person: &str) -> Result<Option<Conversation>> {
    let person = PhoneKey::of(person);
    let row = conversations::table
        .filter(conversations::tenant_id.eq(tx.tenant()))
        .filter(conversations::channel.eq(channel).and(conversations::person_address.eq_any(person.spellings())))
        .order((conversations::last_message_at.desc(), conversations::id.desc()))
        .select(Conversation::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// With its lead, most recently active first.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &ConversationFilter,
    page: &PageRequest,
) -> Result<Page<(Conversation, Heading)>> {
    use conversations::{archived_at, channel, id, last_message_at, lead_id, status, tenant_id, unread_count};
    let which = Where::of(tx, tenant_id)
        .has(archived_at, Some(filter.archived))
        .any(status, &filter.statuses)
        .eq(channel, filter.channel)
        .eq(lead_id, filter.lead_id);
    let which = match filter.unread {
        Some(true) => which.beyond(unread_count, Some(0)),
        Some(false) => which.is(unread_count, 0),
        None => which,
    };
    let mut rows = which.join(leads::table, leads::tenant_id.eq(tenant_id).and(leads::id.eq(lead_id)));
    if let Some(text) = &filter.text {
        rows = rows.and(found_by(text));
    }
    let key = |(row, _): &(Conversation, Heading)| (row.last_message_at.unwrap_or(row.created_at), row.id);
    tx.page(rows, Order::by(Desc, (last_message_at, id), key), page)
}

/// Unread messages over all conversations that are not archived.
pub fn unread_total(tx: &mut TenantTx<'_>) -> Result<i64> {
    let total: Option<i64> = conversations::table
        .filter(conversations::tenant_id.eq(tx.tenant()))
        .filter(conversations::archived_at.is_null())
        .select(diesel::dsl::sum(conversations::unread_count))
        .first(tx.conn())?;
    Ok(total.unwrap_or(0))
}

/// Writes what a PATCH changes, and answers the new version.
///
/// # Errors
/// `storage.conflict` when the conversation has moved on since it was read.
pub fn save_state(tx: &mut TenantTx<'_>, conversation: &Conversation) -> Result<Conversation> {
    let now = tx.now();
    let row = conversations::table.find((tx.tenant(), conversation.id));
    let saved = diesel::update(row.filter(conversations::version.eq(conversation.version)))
        .set((
            conversations::status.eq(conversation.status),
            conversations::closed_at.eq(conversation.closed_at),
            conversations::archived_at.eq(conversation.archived_at),
            conversations::version.eq(conversations::version + 1),
            conversations::updated_at.eq(now),
        ))
        .returning(conversations::all_columns)
        .get_result(tx.conn())
        .optional()?;
    saved.ok_or_else(moved_on)
}

/// What a new message changes about its conversation. Counters add up in the database, so none is lost.
#[derive(Debug)]
pub struct Touch<'a> {
    pub direction: Direction,
    pub preview: &'a str,
    pub at: Timestamp,
    /// Set by inbound messages on WhatsApp.
    pub window_expires_at: Option<Timestamp>,
}

pub fn touch(tx: &mut TenantTx<'_>, id: ConversationId, touch: &Touch<'_>) -> Result<()> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let row = conversations::table.find((tenant, id));
    let unread = i32::from(touch.direction == Direction::Inbound);
    // Messages may be told late: times only move forward, and the line shown is the latest message's.
    let (line, last) = (conversations::last_message_preview, conversations::last_message_at);
    let is_latest = || last.is_null().or(last.le(touch.at)).or(line.is_null());
    let (told, said) =
        (Some(touch.at).into_sql::<Nullable<Instant>>(), Some(touch.preview).into_sql::<Nullable<Text>>());
    keep!(
        tx.conn(),
        diesel::update(row).set((
            conversations::message_count.eq(conversations::message_count + 1),
            conversations::unread_count.eq(conversations::unread_count + unread),
            conversations::updated_at.eq(now),
            last.eq(case_when(is_latest(), told).otherwise(last)),
            line.eq(case_when(is_latest(), said).otherwise(line)),
        ))
    )?;
    if touch.direction != Direction::Inbound {
        return Ok(());
    }
    let unheard = conversations::last_inbound_at.is_null().or(conversations::last_inbound_at.lt(touch.at));
    keep!(tx.conn(), diesel::update(row.filter(unheard)).set(conversations::last_inbound_at.eq(touch.at)))?;
    if let Some(until) = touch.window_expires_at {
        let earlier = conversations::window_expires_at.is_null().or(conversations::window_expires_at.lt(until));
        keep!(tx.conn(), diesel::update(row.filter(earlier)).set(conversations::window_expires_at.eq(until)))?;
    }
    Ok(())
}

pub fn set_sender(tx: &mut TenantTx<'_>, id: ConversationId, address: &str) -> Result<()> {
    let tenant = tx.tenant();
    keep!(
        tx.conn(),
        diesel::update(conversations::table.find((tenant, id))).set(conversations::sender_address.eq(address))
    )?;
    Ok(())
}

/// The person is reached elsewhere now, or nowhere. WhatsApp's window belonged to the number they wrote from.
pub fn set_person(tx: &mut TenantTx<'_>, id: ConversationId, address: Option<&str>) -> Result<()> {
    let now = tx.now();
    diesel::update(conversations::table.find((tx.tenant(), id)))
        .set((
            conversations::person_address.eq(address),
            conversations::window_expires_at.eq(None::<Timestamp>),
            conversations::version.eq(conversations::version + 1),
            conversations::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn mark_read(tx: &mut TenantTx<'_>, id: ConversationId) -> Result<()> {
    diesel::update(conversations::table.find((tx.tenant(), id)))
        .set(conversations::unread_count.eq(0))
        .execute(tx.conn())?;
    Ok(())
}

/// What a tenant has with a person on one of our numbers.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = crate::inbox::schema::sender_threads)]
pub struct SenderThread {
    pub tenant_id: TenantId,
    pub conversation_id: ConversationId,
    /// When the tenant wrote last; where the person wrote first and nobody answered yet, when they did.
    pub last_outbound_at: Timestamp,
    pub last_inbound_at: Option<Timestamp>,
}

/// Which tenants talk with a person on one of our numbers, the latest first and each once: routes answers between tenants.
pub fn threads(tx: &mut PlatformTx<'_>, channel: Channel, sender: &str, person: &str) -> Result<Vec<SenderThread>> {
    use crate::inbox::schema::sender_threads as t;
    let person = PhoneKey::of(person);
    let rows: Vec<SenderThread> = t::table
        .filter(t::channel.eq(channel).and(t::sender_address.eq(sender)))
        .filter(t::person_address.eq_any(person.spellings()))
        .order((t::last_outbound_at.desc(), t::tenant_id))
        .select(SenderThread::as_select())
        .load(tx.conn())?;
    let mut threads: Vec<SenderThread> = Vec::new();
    for row in rows {
        // One that was kept in another spelling of the number is the same thread.
        match threads.iter_mut().find(|thread| thread.tenant_id == row.tenant_id) {
            Some(thread) => thread.last_inbound_at = thread.last_inbound_at.max(row.last_inbound_at),
            None => threads.push(row),
        }
    }
    Ok(threads)
}

/// Remembers that the person wrote in this conversation.
pub fn note_heard(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    sender: &str,
    person: &str,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<()> {
    use crate::inbox::schema::sender_threads as t;
    let (tenant, person) = (tx.tenant(), PhoneKey::of(person).into_string());
    let values = (
        t::channel.eq(channel),
        t::sender_address.eq(sender),
        t::person_address.eq(&person),
        t::tenant_id.eq(tenant),
        t::conversation_id.eq(conversation),
        t::last_outbound_at.eq(at),
        t::last_inbound_at.eq(at),
    );
    if OrIgnore(diesel::insert_into(t::table).values(values)).execute(tx.conn())? == 0 {
        let unheard = t::last_inbound_at.is_null().or(t::last_inbound_at.lt(at));
        let thread = t::table.find((channel, sender, &person, tenant)).filter(unheard);
        keep!(tx.conn(), diesel::update(thread).set(t::last_inbound_at.eq(at)))?;
    }
    Ok(())
}

/// Remembers that this conversation wrote to the person from this sender.
pub fn save_thread(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    sender: &str,
    person: &str,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<()> {
    use crate::inbox::schema::sender_threads as t;
    let (tenant, person) = (tx.tenant(), PhoneKey::of(person).into_string());
    let values = (
        t::channel.eq(channel),
        t::sender_address.eq(sender),
        t::person_address.eq(&person),
        t::tenant_id.eq(tenant),
        t::conversation_id.eq(conversation),
        t::last_outbound_at.eq(at),
    );
    let added = OrIgnore(diesel::insert_into(t::table).values(values)).execute(tx.conn())?;
    if added == 0 {
        let thread = t::table.find((channel, sender, &person, tenant));
        keep!(
            tx.conn(),
            diesel::update(thread).set((t::conversation_id.eq(conversation), t::last_outbound_at.eq(at)))
        )?;
    }
    Ok(())
}
