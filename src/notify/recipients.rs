//! Outside addresses that a tenant wants its alerts to go to: each agrees first.
//!
//! What a tenant writes into `settings.notification_recipients`, and the phone number of its profile, is a wish. An e-mail
//! address agrees by the link in the one mail it gets, a WhatsApp number by writing the code that the API shows to the
//! platform's number. Members' own addresses need no more than to be verified; alerts wait a day for that. Nobody is asked before the tenant is verified and has had
//! a plan, nor more than so many a day; an address that agreed and is no longer wished for is forgotten.
//! What a member wished for is wished for no longer when that member is removed: the mailbox may be the person's own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::compose::named;
use super::facts::RecipientFact;
use super::model::NotificationKind;
use super::queue::{Words, put};
use super::store::Delivery;
use super::store::recipients::{self as store, Recipient};
use crate::base::crypto::{MasterKey, constant_time_eq};
use crate::base::email::mailbox;
use crate::base::id::{ApiKeyId, EventId, TenantId, UserId};
use crate::base::phone::Phone;
use crate::base::{Error, Result};
use crate::billing::standing;
use crate::contacts::Channel;
use crate::engine::CoreSettings;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{self, Event, Fact as _, ReactionPayload, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome};
use crate::engine::tally::{Span, Tally};
use crate::sending::caps::RECIPIENTS_A_DAY;
use crate::sending::gate::Standing;
use crate::sending::templates;
use crate::tenants::Tenant;
use crate::tenants::configure::withdraw_recipients;
use crate::tenants::store::{Member, current, member_behind_key, members};

/// Brings the rows in line with what the tenant wishes, and asks whom nobody asked yet.
pub static SYNC: JobKind = JobKind::new("notify.recipients").priority(4);
/// Writes the mail that asks one address.
pub static ASK: JobKind = JobKind::new("notify.recipient_asked").priority(4);

const TEMPLATE: &str = "recipient_asked";
/// What stands for the link until the e-mail leaves.
const LINK: &str = "[personal link]";
/// How often the platform asks one address in a day, for whichever tenants.
const MAILS_A_DAY: u32 = 2;

/// The addresses a tenant wishes for.
pub fn wishes(tenant: &Tenant) -> BTreeSet<(Channel, String)> {
    let recipients = &tenant.settings.notification_recipients;
    let phones = recipients.whatsapp.iter().map(|number| number.as_str()).chain(tenant.profile.phone.as_deref());
    let phones = phones.filter_map(|raw| Phone::parse(raw, Some(&tenant.country)).ok());
    let emails = recipients.emails.iter().map(|email| (Channel::Email, email.as_str().to_lowercase()));
    emails.chain(phones.map(|phone| (Channel::Whatsapp, phone.into_string()))).collect()
}

/// Verified addresses of the tenant's own people.
fn own(people: &[Member]) -> BTreeSet<(Channel, String)> {
    let verified = people.iter().filter(|member| member.status == "active" && member.email_verified_at.is_some());
    verified.map(|member| (Channel::Email, member.email.to_lowercase())).collect()
}

/// Addresses of the tenant's own people whose link is still to be opened: what they are to be told waits for that.
pub(super) fn awaited(people: &[Member]) -> BTreeSet<(Channel, String)> {
    let unread = people.iter().filter(|member| member.status == "active" && member.email_verified_at.is_none());
    unread.map(|member| (Channel::Email, member.email.to_lowercase())).collect()
}

/// Is it one of [`awaited`]?
pub(super) fn is_awaited(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<bool> {
    Ok(channel == Channel::Email && awaited(&members(tx)?).contains(&(channel, address.to_lowercase())))
}

/// Every address that agreed to get the tenant's alerts.
pub(super) fn agreed(tx: &mut TenantTx<'_>, people: &[Member]) -> Result<BTreeSet<(Channel, String)>> {
    let mut agreed = own(people);
    let confirmed = store::list(tx)?.into_iter().filter(|row| row.confirmed_at.is_some());
    agreed.extend(confirmed.map(|row| (row.channel, row.address)));
    Ok(agreed)
}

/// Does this one still?
pub(super) fn has_agreed(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<bool> {
    if store::find(tx, channel, address)?.is_some_and(|row| row.confirmed_at.is_some()) {
        return Ok(true);
    }
    Ok(channel == Channel::Email && own(&members(tx)?).contains(&(channel, address.to_lowercase())))
}

pub(super) async fn run_sync(context: JobContext) -> Result<Outcome> {
    let key = context.core.master_key.clone();
    // The first day's rest comes without an event.
    let event = context.payload::<ReactionPayload>().ok().map(|reaction| reaction.event_id);
    context
        .finish(move |tx| {
            let event = event.map(|id| events::find(tx, id)).transpose()?.flatten();
            let by = event.map(|event| person_behind(tx, &event)).transpose()?.flatten();
            sync(tx, &key, by)
        })
        .await
}

/// Who changed the tenant; nobody where it was an operator or the engine.
fn person_behind(tx: &mut TenantTx<'_>, event: &Event) -> Result<Option<UserId>> {
    let Some(id) = event.actor_id else { return Ok(None) };
    match event.actor_type.as_str() {
        "user" => Ok(Some(UserId::from_uuid(id))),
        "api_key" => member_behind_key(tx, ApiKeyId::from_uuid(id)),
        _ => Ok(None),
    }
}

/// What a member wished for who is removed is taken back, and the change says what it was. Answers the addresses.
pub fn withdraw_of(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<String>> {
    let rows = store::list(tx)?;
    let is_theirs = |(channel, address): &(Channel, String)| {
        let row = rows.iter().find(|row| row.channel == *channel && row.address == *address);
        // Nobody noted yet who wished for it: nobody was asked either, and it is quickly wished for again.
        row.is_none_or(|row| row.added_by == Some(user))
    };
    let theirs: Vec<(Channel, String)> = wishes(&current(tx)?).into_iter().filter(is_theirs).collect();
    let mut addresses = Vec::new();
    for (channel, address) in theirs {
        store::remove(tx, channel, &address)?;
        addresses.push(address);
    }
    withdraw_recipients(tx, &addresses)?;
    Ok(addresses)
}

/// Repeating it changes nothing.
pub(super) fn sync(tx: &mut TenantTx<'_>, key: &MasterKey, by: Option<UserId>) -> Result<()> {
    lock_tenant(tx, "recipients")?;
    let tenant = current(tx)?;
    let wishes = wishes(&tenant);
    let mut known = BTreeMap::new();
    for row in store::list(tx)? {
        let place = (row.channel, row.address.clone());
        if wishes.contains(&place) {
            known.insert(place, row);
        } else {
            store::remove(tx, row.channel, &row.address)?;
        }
    }
    let may_ask = tenant.verified_at.is_some() && standing(tx)? != Standing::NoPlan;
    let people = members(tx)?;
    let own = own(&people);
    // Who was removed before this was read wishes for nothing any more.
    if by.is_some_and(|by| !people.iter().any(|member| member.user_id == by && member.status != "removed")) {
        let new = wishes.into_iter().filter(|wish| !known.contains_key(wish)).map(|(_, address)| address);
        return withdraw_recipients(tx, &new.collect::<Vec<_>>());
    }
    for (channel, address) in &wishes {
        let row = known.get(&(*channel, address.clone()));
        if row.is_none() {
            store::insert(tx, (*channel, address), &token(key, tenant.id, *channel, address), by)?;
        }
        let is_settled = row.is_some_and(|row| row.confirmed_at.is_some() || row.asked_at.is_some());
        let is_mine = own.contains(&(*channel, address.clone()));
        if *channel == Channel::Email && may_ask && !is_settled && !is_mine && !ask(tx, address)? {
            return later(tx);
        }
    }
    Ok(())
}

/// `false` when enough were asked today.
fn ask(tx: &mut TenantTx<'_>, address: &str) -> Result<bool> {
    let span = Span::day(tx.now());
    let of_tenant = Tally { tenant: tx.tenant(), kind: "recipients_asked", subject: "", span };
    let mailbox = mailbox(address);
    let of_address = Tally { tenant: platform_tenant(), kind: "recipients_asked", subject: &mailbox, span };
    let tx_all = &mut tx.platform();
    if !of_address.take(tx_all, MAILS_A_DAY)? || !of_tenant.take(tx_all, RECIPIENTS_A_DAY)? {
        return Ok(false);
    }
    store::mark_asked(tx, Channel::Email, address)?;
    let fact = RecipientFact { channel: Some(Channel::Email), address: Some(address.into()) };
    let subject = tx.tenant().uuid();
    tx.record(fact.told_as(RecipientFact::ASKED).about(subject))?;
    Ok(true)
}

/// The rest is asked when the next day begins.
fn later(tx: &mut TenantTx<'_>) -> Result<()> {
    let tomorrow = Span::day(tx.now()).ends_at;
    let key = format!("{}:{tomorrow}", tx.tenant());
    tx.enqueue(NewJob::new(&SYNC, &json!({})).unique(key).at(tomorrow))?;
    Ok(())
}

pub(super) async fn run_ask(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let platform_name = context.core.settings.platform_name.clone();
    context.finish(move |tx| write_to(tx, event, &platform_name)).await
}

fn write_to(tx: &mut TenantTx<'_>, id: EventId, platform_name: &str) -> Result<()> {
    let event = events::get(tx, id)?;
    let Some(address) = event.read::<RecipientFact>()?.address else { return Ok(()) };
    let tenant = current(tx)?;
    let values = BTreeMap::from([
        ("platform".to_string(), platform_name.to_string()),
        ("tenant".to_string(), named(&tenant)),
        ("link".to_string(), LINK.to_string()),
    ]);
    let rendered = templates::find(TEMPLATE)?.render(Channel::Email, &values)?;
    let words = Words {
        event: id,
        kind: NotificationKind::RecipientAsked,
        template_code: TEMPLATE,
        rendered,
        lead_received_at: None,
    };
    put(tx, words, Channel::Email, address)
}

/// The e-mail as its receiver reads it; `None` when nothing is asked any more.
pub(super) fn text(
    tx: &mut TenantTx<'_>,
    delivery: &Delivery,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let open = store::find(tx, delivery.channel, &delivery.address)?.filter(|row| row.confirmed_at.is_none());
    let Some(row) = open else { return Ok(None) };
    let is_known = |token: &str| Ok::<_, Error>(store::presented(&mut tx.platform(), token)?.is_some());
    let token = key.token_known(PREFIX, &purpose(row.tenant_id, row.channel, &row.address), is_known)?;
    Ok(Some(delivery.body.replace(LINK, &settings.page("notification-recipients/confirm", &token))))
}

const PREFIX: &str = "rcp_";

fn purpose(tenant: TenantId, channel: Channel, address: &str) -> String {
    format!("recipient:{tenant}:{channel}:{address}")
}

fn token(key: &MasterKey, tenant: TenantId, channel: Channel, address: &str) -> String {
    key.token(PREFIX, &purpose(tenant, channel, address))
}

/// What a number writes to say that it agrees; it works from that number alone.
pub fn code(key: &MasterKey, tenant: TenantId, address: &str) -> String {
    let all = key.token("", &format!("recipient-code:{tenant}:{address}")).to_ascii_uppercase();
    let short: String = all.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("LW-{short}")
}

/// Whoever has the token reads the mailbox, and agrees. Showing it again changes nothing.
///
/// # Errors
/// `notification_recipient.not_found`.
pub fn confirm(tx: &mut PlatformTx<'_>, token: &str) -> Result<Recipient> {
    let unknown = || {
        let message = "This link is not valid any more: nobody asks for this address now.";
        Error::not_found("notification_recipient.not_found", message)
    };
    let found = store::presented(tx, token)?.ok_or_else(unknown)?;
    mark(tx, found)
}

/// A message to the platform's number that is a code of this person's; answers the tenant whose alerts it agreed to.
pub fn confirm_by_code(tx: &mut PlatformTx<'_>, key: &MasterKey, person: &str, text: &str) -> Result<Option<TenantId>> {
    let written = text.trim().to_ascii_uppercase();
    if !written.starts_with("LW-") || written.len() > 20 {
        return Ok(None);
    }
    for row in store::asking(tx, Channel::Whatsapp, person)? {
        let is_right =
            |key: MasterKey| constant_time_eq(code(&key, row.tenant_id, &row.address).as_bytes(), written.as_bytes());
        if key.each().any(is_right) {
            return Ok(Some(mark(tx, row)?.tenant_id));
        }
    }
    Ok(None)
}

fn mark(tx: &mut PlatformTx<'_>, row: Recipient) -> Result<Recipient> {
    if row.confirmed_at.is_some() {
        return Ok(row);
    }
    let now = tx.now();
    let mut tx = tx.for_tenant(row.tenant_id);
    store::mark_confirmed(&mut tx, row.channel, &row.address)?;
    let fact = RecipientFact { channel: Some(row.channel), address: Some(row.address.clone()) };
    tx.record(fact.told_as(RecipientFact::CONFIRMED).about(row.tenant_id.uuid()))?;
    Ok(Recipient { confirmed_at: Some(now), ..row })
}
