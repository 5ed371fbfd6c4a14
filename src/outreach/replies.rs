//! What people answer to a campaign, and what comes of it: a lead with its conversation, where they may want something.
//!
//! Who has a lead already is answered in its conversation, and the campaign's row learns of it ([`heard`]). Who has none is one to
//! whom a campaign wrote from the very number they answer ([`take`]): what they say is classed by its words ([`class_of`]), and who said
//! yes, or neither yes nor no, is taken in by [`intake::receive`] as an enquiry of their own; the conversation begins with the message that
//! they answer. Everybody else's answer stays with the campaign's row alone. Machines' answers count as none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::json;

use super::model::ReplyClass;
use super::store::campaigns;
use super::store::messages::{self, OutreachMessage};
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Result, unicode};
use crate::contacts::id::LeadId;
use crate::contacts::{Channel, consent, people};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::NewEvent;
use crate::inbox;
use crate::inbox::facts::MessageFact;
use crate::inbox::open::Earlier;
use crate::inbox::receive::Inbound;
use crate::intake::{self, NewEnquiry};
use crate::leads;
use crate::leads::facts::LeadUnlocked;
use crate::leads::model::LeadSource;
use crate::sending::MessageStatus;
use crate::sending::id::MessageId;

/// For so long an answer is one to the newest campaign that wrote.
const ANSWER_DAYS: i64 = 30;
/// Whoever wrote so much before the latest is not meant any more.
const RECENT_DAYS: i64 = 7;
/// Of an answer that is kept with the campaign.
const LONGEST_REPLY: usize = 1_600;

/// What came of an answer by somebody without a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// There is a lead now, so the message has a conversation to go to.
    Lead(TenantId),
    /// It is this tenant's, and no lead comes of it.
    Noted(TenantId),
    /// Each of these wrote, and any may be meant.
    Unclear(Vec<TenantId>),
    /// No campaign wrote to them.
    Nobody,
}

/// Takes the answer of somebody who has no lead with anybody on this number.
pub fn take(tx: &mut PlatformTx<'_>, inbound: &Inbound) -> Result<Reply> {
    if is_command(&inbound.content, inbound.opt_out) {
        return Ok(Reply::Nobody);
    }
    let since = inbound.received_at.minus(chrono::Duration::days(ANSWER_DAYS));
    let number = inbox::our_number(tx, inbound.channel, &inbound.sender_address)?.0;
    let writers = messages::writers(tx, &number, &inbound.person_address, since)?;
    let Some(latest) = writers.first().and_then(|row| row.sent_at) else { return Ok(Reply::Nobody) };
    let is_recent =
        |row: &&OutreachMessage| row.sent_at.is_some_and(|at| latest.since(at) <= chrono::Duration::days(RECENT_DAYS));
    let recent: Vec<&OutreachMessage> = writers.iter().filter(is_recent).collect();
    let [message] = recent.as_slice() else {
        return Ok(Reply::Unclear(recent.iter().map(|row| row.tenant_id).collect()));
    };
    let (tenant, id) = (message.tenant_id, message.id);
    let tx = &mut tx.for_tenant(tenant);
    let Some(row) = messages::held(tx, id)? else { return Ok(Reply::Nobody) };
    let class = class_of(&inbound.content, inbound.opt_out);
    if !is_enquiry(class) {
        note(tx, row, class, &inbound.content, inbound.received_at, None)?;
        return Ok(Reply::Noted(tenant));
    }
    let (lead, is_locked) = convert(tx, inbound, &row)?;
    // Which of the people it is that enquired under lock is told when the lock opens.
    if !is_locked {
        note(tx, row, class, &inbound.content, inbound.received_at, Some(lead))?;
    }
    Ok(Reply::Lead(tenant))
}

/// A word that carriers and we obey, and no answer: START and HELP. STOP is both.
fn is_command(text: &str, told: Option<consent::Word>) -> bool {
    let word = told.or_else(|| consent::word(text));
    word == Some(consent::Word::Start) || ["help", "info"].contains(&plain(text).as_str())
}

/// Does a lead come of such an answer?
const fn is_enquiry(class: ReplyClass) -> bool {
    matches!(class, ReplyClass::Positive | ReplyClass::Neutral)
}

/// The lead, and whether it is locked.
fn convert(tx: &mut TenantTx<'_>, inbound: &Inbound, row: &OutreachMessage) -> Result<(LeadId, bool)> {
    let contact = people::some(tx, &[row.contact_id])?.pop();
    let entered = contact.filter(|contact| !contact.is_nameless()).map(|contact| contact.name);
    let enquiry = NewEnquiry {
        name: entered.or_else(|| inbound.profile_name.clone()),
        phone: Some(inbound.person_address.clone()),
        source_details: json!({
            "outreach_campaign_id": row.campaign_id, "outreach_message_id": row.id, "original_contact_id": row.contact_id,
            "to": inbound.sender_address,
        }),
        vouched_at: Some(inbound.received_at),
        ..NewEnquiry::new(LeadSource::OutreachResponse, inbound.received_at)
    };
    let received = intake::receive(tx, enquiry)?;
    let lead = received.lead_id;
    let said = row.content.as_ref().map(|content| content.0.clone()).unwrap_or_default();
    let earlier = Earlier {
        channel: inbound.channel,
        person: &inbound.person_address,
        sender: row.sender_address.as_deref().unwrap_or(&inbound.sender_address),
        subject: said.subject,
        text: said.text,
        status: row.status,
        sent_at: row.sent_at.unwrap_or(inbound.received_at),
        details: json!({ "outreach_campaign_id": row.campaign_id, "outreach_message_id": row.id }),
    };
    inbox::open::beginning_with(tx, lead, earlier)?;
    Ok((lead, received.is_locked))
}

/// The first answer counts; one of a machine counts as none.
fn note(
    tx: &mut TenantTx<'_>,
    mut row: OutreachMessage,
    class: ReplyClass,
    text: &str,
    at: Timestamp,
    lead: Option<LeadId>,
) -> Result<()> {
    let is_better = row.lead_id.is_none() && lead.is_some();
    if row.reply_class.is_some_and(|class| class != ReplyClass::AutoReply) && !is_better {
        return Ok(());
    }
    let was = row.status;
    row.reply_class = Some(class);
    row.reply_text = Some(text.chars().take(LONGEST_REPLY).collect());
    row.lead_id = lead.or(row.lead_id);
    if class != ReplyClass::AutoReply {
        row.responded_at.get_or_insert(at);
        row.status = row.status.after(MessageStatus::Replied).unwrap_or(row.status);
    }
    messages::save(tx, &mut row, was)
}

/// A person who has a lead wrote: if a campaign wrote to them lately, it is an answer to that too. In the transaction of the message.
pub(super) fn heard(tx: &mut TenantTx<'_>, event: &NewEvent, fact: &MessageFact) -> Result<()> {
    let (Some(lead), Some(message)) = (event.timeline(), event.subject()) else { return Ok(()) };
    let (lead, message, now) = (LeadId::from_uuid(lead), MessageId::from_uuid(message), tx.now());
    let Some((row, channel)) = asked(tx, lead)? else { return Ok(()) };
    if Some(channel) != fact.channel {
        return Ok(());
    }
    let Some(said) = inbox::said(tx, message)? else { return Ok(()) };
    note(tx, row, class_of(&said, None), &said, now, Some(lead))
}

/// A lock opened: what the person had answered is told now. In the same transaction.
pub(super) fn unlocked(tx: &mut TenantTx<'_>, event: &NewEvent, _: &LeadUnlocked) -> Result<()> {
    let Some(lead) = event.timeline().map(LeadId::from_uuid) else { return Ok(()) };
    let Some((row, channel)) = asked(tx, lead)? else { return Ok(()) };
    match inbox::first_said(tx, lead)? {
        Some((of, said, at)) if of == channel => note(tx, row, class_of(&said, None), &said, at, Some(lead)),
        _ => Ok(()),
    }
}

/// What a campaign wrote lately to the person of a lead that is not locked, and where.
fn asked(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<Option<(OutreachMessage, Channel)>> {
    let Some(contact) = leads::contact_of(tx, lead)? else { return Ok(None) };
    let since = tx.now().minus(chrono::Duration::days(ANSWER_DAYS));
    let Some(row) = messages::newest_to(tx, contact, since)? else { return Ok(None) };
    let Some(row) = messages::held(tx, row.id)? else { return Ok(None) };
    let channel = campaigns::get(tx, row.campaign_id)?.channel;
    Ok(Some((row, channel)))
}

/// What an answer says, by its words: as a whole where it is short, by what is in it where machines are known by phrases.
pub fn class_of(text: &str, told: Option<consent::Word>) -> ReplyClass {
    if told == Some(consent::Word::Stop) || consent::word(text) == Some(consent::Word::Stop) {
        return ReplyClass::OptOut;
    }
    let text = plain(text);
    for class in [ReplyClass::AutoReply, ReplyClass::WrongPerson] {
        if WORDS.get(class.as_str()).is_some_and(|words| words.iter().any(|word| has_phrase(&text, word))) {
            return class;
        }
    }
    // "No, thank you" before "yes": who says both has not agreed.
    for class in [ReplyClass::Negative, ReplyClass::Positive] {
        if WORDS.get(class.as_str()).is_some_and(|words| words.iter().any(|word| begins_with(&text, word))) {
            return class;
        }
    }
    ReplyClass::Neutral
}

static WORDS: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let words: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("reply_words.json")).unwrap_or_default();
    words.into_iter().map(|(class, list)| (class, list.iter().map(|word| plain(word)).collect())).collect()
});

/// Folded, with one blank between words and no punctuation.
fn plain(text: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || is_mark(c) { c } else { ' ' };
    let text: String = unicode::folded(&text.replace(['\'', '’'], "")).chars().map(kept).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Vowel signs and the like, which are part of a word.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036f | 0x0900..=0x0dff | 0x0610..=0x061a | 0x064b..=0x065f)
}

fn has_phrase(text: &str, phrase: &str) -> bool {
    format!(" {text} ").contains(&format!(" {phrase} "))
}

fn begins_with(text: &str, word: &str) -> bool {
    text == word || text.strip_prefix(word).is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReplyClass as C;

    #[test]
    fn answers_are_classed_by_their_words() {
        for (text, class) in [
            ("YES", C::Positive),
            ("Yes please, call me tomorrow", C::Positive),
            ("हाँ जी", C::Positive),
            ("I’m interested!", C::Positive),
            ("No thanks", C::Negative),
            ("not interested", C::Negative),
            ("नहीं चाहिए", C::Negative),
            ("STOP", C::OptOut),
            ("Thank you for contacting Sharma Exports! We will get back to you.", C::AutoReply),
            ("I am out of office until Monday", C::AutoReply),
            ("Sorry, wrong number", C::WrongPerson),
            ("How much is it in Pune?", C::Neutral),
            ("Nothing to say", C::Neutral),
            ("yesterday", C::Neutral),
            ("", C::Neutral),
        ] {
            assert_eq!(class_of(text, None), class, "{text}");
        }
        assert_eq!(class_of("whatever", Some(consent::Word::Stop)), C::OptOut);
        for (text, is_obeyed) in
            [("START", true), ("Help!", true), ("help me choose", false), ("STOP", false), ("Yes", false)]
        {
            assert_eq!(is_command(text, None), is_obeyed, "{text}");
        }
    }
}
