//! Rows of `outreach_messages`: one for each person of an audience.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::db::Direction::{Asc, Desc};
use crate::engine::db::kept_counts::{self, Collection, Kind, Read, kind, spelled};
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::held;
use crate::keep;
use crate::outreach::id::{OutreachCampaignId, OutreachMessageId};
use crate::outreach::model::{OutreachCounts, ReplyClass};
use crate::outreach::schema::outreach_messages as messages;
use crate::sending::MessageStatus;

/// What one person is sent.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Said {
    pub subject: Option<String>,
    pub text: String,
    /// Only until the provider has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub html: Option<String>,
    /// Headers of an e-mail.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub headers: Vec<(String, String)>,
}

/// One person of an audience, and what became of the message.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = messages, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct OutreachMessage {
    pub tenant_id: TenantId,
    pub id: OutreachMessageId,
    pub campaign_id: OutreachCampaignId,
    pub contact_id: ContactId,
    pub status: MessageStatus,
    /// When it is tried next, or looked for.
    pub due_at: Timestamp,
    /// Where it was sent.
    pub address: Option<String>,
    pub sender_address: Option<String>,
    pub content: Option<Doc<Said>>,
    pub attempts: i32,
    pub attempted_at: Option<Timestamp>,
    /// Of the first attempt in a row whose end is unknown.
    pub first_attempted_at: Option<Timestamp>,
    pub provider: Option<String>,
    pub external_id: Option<String>,
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
    /// The lead that came of it, or whose conversation it went to.
    pub lead_id: Option<LeadId>,
    pub failed_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

impl OutreachMessage {
    /// One that waits for its turn.
    pub fn waiting(tx: &TenantTx<'_>, campaign: OutreachCampaignId, contact: ContactId) -> Self {
        let now = tx.now();
        Self {
            tenant_id: tx.tenant(),
            id: OutreachMessageId::new(),
            campaign_id: campaign,
            contact_id: contact,
            status: MessageStatus::Queued,
            due_at: now,
            address: None,
            sender_address: None,
            content: None,
            attempts: 0,
            attempted_at: None,
            first_attempted_at: None,
            provider: None,
            external_id: None,
            error_code: None,
            error_message: None,
            sent_at: None,
            delivered_at: None,
            opened_at: None,
            clicked_at: None,
            read_at: None,
            responded_at: None,
            reply_class: None,
            reply_text: None,
            lead_id: None,
            failed_at: None,
            updated_at: now,
        }
    }
}

/// Messages by what a campaign counts.
pub static OUTREACH_MESSAGES: Collection = Collection {
    noun: "outreach_message",
    table: "outreach_messages",
    fields: &[("campaign", Read::Id("campaign_id")), ("status", Read::Word("status"))],
};

fn counted(campaign: OutreachCampaignId, status: MessageStatus) -> Kind {
    kind([spelled(Some(campaign.uuid())), status.as_str().into()])
}

/// Writes people of an audience down, in the order of their ids.
pub fn insert_all(tx: &mut TenantTx<'_>, rows: &[OutreachMessage]) -> Result<()> {
    // Each has 27 values, and PostgreSQL takes 65,535 in a statement.
    for part in rows.chunks(1_000) {
        crate::insert_few!(tx.conn(), messages::table, part)?;
    }
    for row in rows {
        kept_counts::added(tx, &OUTREACH_MESSAGES, counted(row.campaign_id, row.status));
    }
    Ok(())
}

/// Messages of a campaign that are due in this status, the longest first.
pub fn due(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaignId,
    status: MessageStatus,
    limit: i64,
) -> Result<Vec<OutreachMessage>> {
    let now = tx.now();
    let of_campaign = messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign));
    let rows = held!(
        tx.conn(),
        messages::table
            .filter(of_campaign)
            .filter(messages::status.eq(status).and(messages::due_at.le(now)))
            .order((messages::due_at, messages::id))
            .limit(limit)
            .select(OutreachMessage::as_select()),
        load
    );
    Ok(rows?)
}

/// When the next one of a campaign in this status is due.
pub fn next_due(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaignId,
    status: MessageStatus,
) -> Result<Option<Timestamp>> {
    let at = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign)))
        .filter(messages::status.eq(status))
        .order((messages::due_at, messages::id))
        .select(messages::due_at)
        .first(tx.conn())
        .optional()?;
    Ok(at)
}

/// The message, until the transaction ends nobody else's; none when it is gone.
pub fn held(tx: &mut TenantTx<'_>, id: OutreachMessageId) -> Result<Option<OutreachMessage>> {
    let key = (tx.tenant(), id);
    let row = held!(tx.conn(), messages::table.find(key).select(OutreachMessage::as_select()), get_result);
    Ok(row.optional()?)
}

/// Writes what became of a message that was `was` before.
pub fn save(tx: &mut TenantTx<'_>, row: &mut OutreachMessage, was: MessageStatus) -> Result<()> {
    row.updated_at = tx.now();
    let place = messages::table.find((row.tenant_id, row.id));
    keep!(tx.conn(), diesel::update(place).set(&*row))?;
    let campaign = row.campaign_id;
    kept_counts::changed(tx, &OUTREACH_MESSAGES, counted(campaign, was), counted(campaign, row.status));
    Ok(())
}

/// Ends what waits of a campaign, some of it: how many that were.
pub fn cancel(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId, limit: i64) -> Result<usize> {
    let of_campaign = messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign));
    let rows: Vec<OutreachMessage> = held!(
        tx.conn(),
        messages::table
            .filter(of_campaign)
            .filter(messages::status.eq(MessageStatus::Queued))
            .order((messages::due_at, messages::id))
            .limit(limit)
            .select(OutreachMessage::as_select()),
        load
    )?;
    for mut row in rows.iter().cloned() {
        let was = row.status;
        row.status = MessageStatus::Canceled;
        row.failed_at = Some(tx.now());
        save(tx, &mut row, was)?;
    }
    Ok(rows.len())
}

/// The messages that a provider knows by these ids, held.
pub fn hold_external(tx: &mut PlatformTx<'_>, provider: &str, ids: &[&str]) -> Result<Vec<OutreachMessage>> {
    let rows = held!(
        tx.conn(),
        messages::table
            .filter(messages::external_id.eq_any(ids))
            .filter(messages::provider.eq(provider))
            .order((messages::tenant_id, messages::id))
            .select(OutreachMessage::as_select()),
        load
    );
    Ok(rows?)
}

/// What was sent to this address from this sender since then, by the provider's ids.
pub fn known_external_ids(
    tx: &mut TenantTx<'_>,
    contact: ContactId,
    from: &str,
    to: &str,
    since: Timestamp,
) -> Result<Vec<String>> {
    let ids: Vec<Option<String>> = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::contact_id.eq(contact)))
        .filter(messages::sender_address.eq(from).and(messages::address.eq(to)))
        .filter(messages::attempted_at.ge(since).and(messages::external_id.is_not_null()))
        .select(messages::external_id)
        .load(tx.conn())?;
    Ok(ids.into_iter().flatten().collect())
}

/// How many of a campaign are in each state.
pub fn counts(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId) -> Result<OutreachCounts> {
    let among = [(0, vec![spelled(Some(campaign.uuid())).into_owned()])];
    let totals = kept_counts::totals(tx, &OUTREACH_MESSAGES, &[1], among)?;
    let mut counts = OutreachCounts::default();
    for (values, count) in totals {
        if let Ok(status) = values[1].parse() {
            counts.add(status, count);
        }
    }
    Ok(counts)
}

/// The people of a campaign in the order of their ids: of each the contact, and whether the same address is another's, too.
pub fn audience(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaignId,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let mut query = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign)))
        .order(messages::contact_id)
        .limit(limit)
        .select(messages::contact_id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(messages::contact_id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}

/// How many rows of a campaign are in which status, counted one by one.
pub fn recounted(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId) -> Result<Vec<(MessageStatus, i64)>> {
    use diesel::dsl::count_star;
    let rows = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign)))
        .group_by(messages::status)
        .select((messages::status, count_star()))
        .order(messages::status)
        .load(tx.conn())?;
    Ok(rows)
}

/// How many addresses of a campaign were handed to a provider in more than one message.
pub fn doubled_addresses(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId) -> Result<i64> {
    use diesel::dsl::{count, count_star};
    let sent = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::campaign_id.eq(campaign)))
        .filter(messages::sent_at.is_not_null());
    let (all, told_apart): (i64, i64) =
        sent.select((count_star(), count(messages::address).aggregate_distinct())).first(tx.conn())?;
    Ok(all - told_apart)
}

/// Forgets what a person was sent, and where.
pub fn forget(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<()> {
    let now = tx.now();
    let own = messages::table.filter(messages::tenant_id.eq(tx.tenant()).and(messages::contact_id.eq(contact)));
    diesel::update(own)
        .set((
            messages::address.eq(None::<String>),
            messages::content.eq(None::<Doc<Said>>),
            messages::error_message.eq(None::<String>),
            messages::reply_text.eq(None::<String>),
            messages::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Who wrote to this address from this sender since then, whatever the tenant: of each tenant the newest message, newest first.
pub fn writers(tx: &mut PlatformTx<'_>, from: &str, to: &str, since: Timestamp) -> Result<Vec<OutreachMessage>> {
    let rows: Vec<OutreachMessage> = messages::table
        .filter(messages::address.eq(to).and(messages::sender_address.eq(from)))
        .filter(messages::sent_at.ge(since))
        .order((messages::sent_at.desc(), messages::id.desc()))
        .limit(200)
        .select(OutreachMessage::as_select())
        .load(tx.conn())?;
    let mut seen = std::collections::BTreeSet::new();
    Ok(rows.into_iter().filter(|row| seen.insert(row.tenant_id)).collect())
}

/// The newest message to a person that left since then, whichever campaign's.
pub fn newest_to(tx: &mut TenantTx<'_>, contact: ContactId, since: Timestamp) -> Result<Option<OutreachMessage>> {
    let row = messages::table
        .filter(messages::tenant_id.eq(tx.tenant()).and(messages::contact_id.eq(contact)))
        .filter(messages::sent_at.ge(since))
        .order((messages::sent_at.desc(), messages::id.desc()))
        .select(OutreachMessage::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// What people answered to a campaign, newest first.
pub fn responses(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaignId,
    class: Option<ReplyClass>,
    page: &PageRequest,
) -> Result<Page<OutreachMessage>> {
    use messages::{campaign_id, id, reply_class, responded_at, tenant_id};
    let which = Where::of(tx, tenant_id).is(campaign_id, campaign).has(responded_at, Some(true)).eq(reply_class, class);
    let order = Order::by(Desc, (responded_at, id), |row: &OutreachMessage| (row.responded_at, row.id));
    tx.page(which, order, page)
}

crate::filter! {
    /// Which messages of an outreach campaign to list.
    pub struct OutreachMessageFilter of messages {
        #[param(inline)]
        status: Option<MessageStatus> => eq status,
        contact_id: Option<ContactId> => eq contact_id,
    }
}

/// In the order of their rows.
pub fn list(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaignId,
    filter: &OutreachMessageFilter,
    page: &PageRequest,
) -> Result<Page<OutreachMessage>> {
    use messages::{campaign_id, id, tenant_id};
    let which = filter.narrow(Where::of(tx, tenant_id)).is(campaign_id, campaign);
    tx.page(which, Order::by_id(Asc, id, |row: &OutreachMessage| row.id), page)
}
