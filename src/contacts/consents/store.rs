//! Rows of `consents`. The address is what they are about, since a consent may be older than what the tenant knows of a person;
//! beside it stands whom the tenant knew by it, so that what a person said stays theirs when an address becomes another's.
//!
//! An address is written down as its [`Channel::key`] and sought in every spelling.

mod respell;

use diesel::prelude::*;

use super::model::{ConsentProof, ConsentSource, ConsentState, MessageClass, Word};
use crate::base::Result;
use crate::base::id::{RawId, TenantId};
use crate::base::json::Doc;
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::contacts::id::{ConsentId, ContactId, LeadId};
use crate::contacts::model::Channel;
use crate::contacts::schema::{consents, contact_identities as identities, contacts};
use crate::engine::db::Direction::Desc;
use crate::engine::db::error::is_unique_violation;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};

pub(in crate::contacts) use respell::catch_ups;

/// What somebody said about being written to.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
pub struct Consent {
    pub tenant_id: TenantId,
    pub id: ConsentId,
    /// Whom the tenant knew by the address.
    pub contact_id: Option<ContactId>,
    pub channel: Channel,
    pub address: String,
    pub class: MessageClass,
    pub state: ConsentState,
    pub source: ConsentSource,
    pub wording: Option<String>,
    pub wording_version: Option<String>,
    pub proof: Doc<ConsentProof>,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub recorded_by: String,
    pub recorded_by_id: Option<RawId>,
    /// `None`: it stands.
    pub superseded_at: Option<Timestamp>,
    /// The lead it came with, while that one is under lock.
    pub concealed_lead_id: Option<LeadId>,
}

crate::view! {
    /// What a person said about being written to, or what the tenant says that they said.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a31", "channel": "whatsapp", "address": "+919876543210",
        "class": "marketing", "state": "granted", "source": "form", "is_the_persons": false, "wording": "Send me offers by WhatsApp",
        "wording_version": "2026-03", "proof": {"ip": "203.0.113.7", "form_id": "wedding-fair-2026"},
        "occurred_at": "2026-11-18T10:00:00Z", "recorded_at": "2026-11-20T09:00:00Z", "recorded_by": "user", "superseded_at": null}))]
    #[derive(Debug)]
    pub struct ConsentView from row: Consent {
        pub id: ConsentId,
        pub channel: Channel,
        /// The number or address it was said for.
        pub address: String,
        pub class: MessageClass,
        pub state: ConsentState,
        pub source: ConsentSource,
        /// Said by the person to us: no word of the tenant's takes it back.
        pub is_the_persons: bool = row.source.is_the_persons(),
        /// What the person agreed to, word by word, or how they took it back.
        pub wording: Option<String>,
        pub wording_version: Option<String>,
        pub proof: ConsentProof = row.proof.0,
        /// When it was said.
        pub occurred_at: Timestamp,
        pub recorded_at: Timestamp,
        /// `user`, `api_key`, `operator`, `provider`, `system`, or `anonymous`, who is the person.
        pub recorded_by: String,
        /// Since when another word stands in its place; null: it stands.
        pub superseded_at: Option<Timestamp>,
    }
}

impl Consent {
    pub fn word(&self) -> Word {
        Word { state: self.state, source: self.source, occurred_at: self.occurred_at }
    }
}

/// Whom the tenant knows by an address.
pub(super) fn known_by(tx: &mut TenantTx<'_>, channel: Channel, address: &PhoneKey) -> Result<Option<ContactId>> {
    let kind = if channel == Channel::Email { "email" } else { "phone" };
    let is_it = contacts::tenant_id.eq(identities::tenant_id).and(contacts::id.nullable().eq(identities::contact_id));
    let known = identities::table
        .inner_join(contacts::table.on(is_it))
        .filter(identities::tenant_id.eq(tx.tenant()).and(identities::kind.eq(kind)))
        .filter(identities::value.eq_any(address.spellings()))
        .select(contacts::id);
    Ok(known.first(tx.conn()).optional()?)
}

/// Writes one down. `false` when another about the same came to stand at the same moment.
pub(super) fn insert(tx: &mut TenantTx<'_>, row: &Consent) -> Result<bool> {
    match diesel::insert_into(consents::table).values(row).execute(tx.conn()) {
        Err(error) if is_unique_violation(&error) => Ok(false),
        done => Ok(done.map(|_| true)?),
    }
}

/// What stands about this address, per channel and class.
pub(super) fn standing(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &PhoneKey,
    class: MessageClass,
) -> Result<Vec<Consent>> {
    Ok(consents::table
        .filter(consents::tenant_id.eq(tx.tenant()).and(consents::channel.eq(channel)))
        .filter(consents::address.eq_any(address.spellings()).and(consents::class.eq(class)))
        .filter(consents::superseded_at.is_null().and(consents::concealed_lead_id.is_null()))
        .select(Consent::as_select())
        .load(tx.conn())?)
}

pub(super) fn supersede(tx: &mut TenantTx<'_>, ids: &[ConsentId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant(), tx.now());
    let rows = consents::table.filter(consents::tenant_id.eq(tenant).and(consents::id.eq_any(ids.to_vec())));
    diesel::update(rows).set(consents::superseded_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// The state and class of what stands for an address, and of what came with a lead under lock.
pub(super) fn states(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
) -> Result<Vec<(MessageClass, ConsentState)>> {
    let key = channel.key(address);
    Ok(consents::table
        .filter(consents::tenant_id.eq(tx.tenant()).and(consents::channel.eq(channel)))
        .filter(consents::address.eq_any(key.spellings()).and(consents::superseded_at.is_null()))
        .select((consents::class, consents::state))
        .load(tx.conn())?)
}

/// What stands of these people, or of these addresses, on a channel; of one class, or of all.
pub(super) fn standing_of(
    tx: &mut TenantTx<'_>,
    people: &[ContactId],
    addresses: &[&str],
    channel: Option<Channel>,
    class: Option<MessageClass>,
) -> Result<Vec<Consent>> {
    let stands = || {
        let mut query = consents::table
            .filter(consents::tenant_id.eq(tx.tenant()))
            .filter(consents::superseded_at.is_null().and(consents::concealed_lead_id.is_null()))
            .select(Consent::as_select())
            .into_boxed();
        if let Some(channel) = channel {
            query = query.filter(consents::channel.eq(channel));
        }
        if let Some(class) = class {
            query = query.filter(consents::class.eq(class));
        }
        query
    };
    let of_people = stands().filter(consents::contact_id.eq_any(people.to_vec()));
    let of_addresses = stands().filter(consents::address.eq_any(addresses.to_vec()));
    let mut rows: Vec<Consent> = of_people.load(tx.conn())?;
    let others: Vec<Consent> = of_addresses.load(tx.conn())?;
    rows.extend(others.into_iter().filter(|row| row.contact_id.is_none_or(|id| !people.contains(&id))));
    Ok(rows)
}

/// What was said by a person, or for an address of theirs before anybody knew whose it was. Newest first.
pub(in crate::contacts) fn history(
    tx: &mut TenantTx<'_>,
    contact: ContactId,
    addresses: &[String],
    filter: &ConsentFilter,
    page: &PageRequest,
) -> Result<Page<Consent>> {
    use consents::{address, concealed_lead_id, contact_id, id, tenant_id};
    let of_address = Where::part().has(contact_id, Some(false)).any(address, addresses);
    let which = filter.narrow(Where::of(tx, tenant_id)).has(concealed_lead_id, Some(false));
    let mut parts = vec![Where::part().is(contact_id, contact)];
    if !addresses.is_empty() {
        parts.push(of_address);
    }
    tx.page(which.or(parts), Order::by_id(Desc, id, |row: &Consent| row.id), page)
}

crate::filter! {
    /// Which of them to list.
    pub struct ConsentFilter of consents {
        #[param(inline)]
        channel: Option<Channel> => eq channel,
        #[param(inline)]
        class: Option<MessageClass> => eq class,
        #[param(inline)]
        state: Option<ConsentState> => eq state,
    }
}

/// What was said for these addresses before anybody knew whose they were is this person's, who gives them up now.
pub(in crate::contacts) fn adopt(tx: &mut TenantTx<'_>, contact: ContactId, addresses: &[&str]) -> Result<()> {
    let tenant = tx.tenant();
    let rows = consents::table
        .filter(consents::tenant_id.eq(tenant).and(consents::address.eq_any(addresses.to_vec())))
        .filter(consents::contact_id.is_null().and(consents::concealed_lead_id.is_null()));
    diesel::update(rows).set(consents::contact_id.eq(contact)).execute(tx.conn())?;
    Ok(())
}

/// What a person said is another's from now on, who turned out to be the same; `None`: nobody's, while the addresses keep it.
pub(in crate::contacts) fn hand_over(tx: &mut TenantTx<'_>, from: ContactId, to: Option<ContactId>) -> Result<()> {
    let tenant = tx.tenant();
    let rows = consents::table.filter(consents::tenant_id.eq(tenant).and(consents::contact_id.eq(from)));
    diesel::update(rows).set(consents::contact_id.eq(to)).execute(tx.conn())?;
    Ok(())
}

/// What came with a lead that was under lock, the first first.
pub(super) fn concealed(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<Vec<Consent>> {
    Ok(consents::table
        .filter(consents::tenant_id.eq(tx.tenant()).and(consents::concealed_lead_id.eq(lead)))
        .order(consents::id)
        .select(Consent::as_select())
        .load(tx.conn())?)
}

/// Shows one that was under lock, in its place.
pub(super) fn reveal(tx: &mut TenantTx<'_>, row: &Consent) -> Result<()> {
    diesel::update(consents::table.find((row.tenant_id, row.id)))
        .set((
            consents::concealed_lead_id.eq(None::<LeadId>),
            consents::contact_id.eq(row.contact_id),
            consents::superseded_at.eq(row.superseded_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}
