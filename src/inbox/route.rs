//! Whose an incoming message is, on a number that several tenants share, and whom a STOP there is meant for.
//!
//! An answer belongs to the conversation it continues. To have been the last to write is no claim to it: else whoever knows a
//! number could listen in by writing to it once. The rule, in this order:
//!
//! 1. The message that is quoted decides.
//! 2. A thread is *heard* once the person wrote in it. The one they wrote in last goes on, unless somebody else may be meant:
//!    another heard one that wrote to them since; or, when they were last heard more than a day ago (WhatsApp's window), any
//!    that wrote since. Then it is unclear. While the window is open, a tenant that was never heard has no claim.
//! 3. Nobody was heard: the only one that wrote, within a week of the latest; of several the only one whose lead is an
//!    enquiry of the person's own. Else it is unclear.
//! 4. Nobody wrote: the only tenant that has a lead with this number; of several the only one with an enquiry of the person's
//!    own. Else it is unclear, or, without any, nobody's. Who never had a plan and only says that there is an enquiry does
//!    not count beside others.
//!
//! An enquiry is the person's own where an ad platform vouches for it, never because a tenant says so.
//!
//! What is unclear is shown to no tenant and waits for a person of the platform; so does what is nobody's.
//!
//! A STOP silences one tenant for one person where it is certain which: by the quotation, or when it is the only thread. In an
//! open window of one tenant it is meant for whoever pushed in within the day and was never heard, if anybody did; once
//! those are silent, the next one is for the tenant of the window. Else it silences all that wrote. A provider's own
//! block is kept for the whole number.

use chrono::Duration;

use super::model::{Channel, Direction, Inbound, WINDOW_HOURS};
use super::store::{conversations, messages};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::billing::standing;
use crate::contacts::consent;
use crate::contacts::id::LeadId;
use crate::engine::db::PlatformTx;
use crate::inbox::id::ConversationId;
use crate::leads;
use crate::leads::model::IdentityKind;
use crate::sending::gate::Standing;
use crate::sending::senders;

/// What one tenant has with a person on a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thread {
    pub tenant: TenantId,
    pub lead: LeadId,
    /// None where there is only a lead yet.
    pub conversation: Option<ConversationId>,
    /// When the tenant wrote last.
    pub wrote_at: Option<Timestamp>,
    /// When the person wrote last.
    pub heard_at: Option<Timestamp>,
    /// The person came by themselves: an ad platform delivered the lead along a route that operators agreed to. What a tenant
    /// says of a lead's source is no proof of it.
    pub is_own_enquiry: bool,
    /// The person refused this tenant.
    pub is_silenced: bool,
}

/// Which of the threads, by place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Whose {
    One(usize),
    /// Each of these may be meant.
    Unclear(Vec<usize>),
    Nobody,
}

/// The rule without the quotation.
pub(super) fn whose(threads: &[Thread], at: Timestamp) -> Whose {
    let last = (0..threads.len()).filter(|i| threads[*i].heard_at.is_some()).max_by_key(|i| threads[*i].heard_at);
    if let Some((last, since)) = last.and_then(|i| Some((i, threads[i].heard_at?))) {
        let in_window = is_open(&threads[last], at);
        let may_be_meant = |i: &usize| {
            let other = &threads[*i];
            let has_claim = other.heard_at.is_some() || !in_window;
            *i != last && !other.is_silenced && has_claim && other.wrote_at.is_some_and(|wrote| wrote > since)
        };
        let others: Vec<usize> = (0..threads.len()).filter(may_be_meant).collect();
        if others.is_empty() {
            return Whose::One(last);
        }
        return Whose::Unclear([vec![last], others].concat());
    }
    let latest = threads.iter().filter_map(|thread| thread.wrote_at).max();
    let recent = |i: &usize| match (latest, threads[*i].wrote_at) {
        (None, _) => true,
        (Some(latest), Some(wrote)) => latest.since(wrote) <= Duration::days(7),
        (Some(_), None) => false,
    };
    let mut candidates: Vec<usize> = (0..threads.len()).filter(recent).collect();
    if candidates.iter().any(|i| !threads[*i].is_silenced) {
        candidates.retain(|i| !threads[*i].is_silenced);
    }
    let own: Vec<usize> = candidates.iter().copied().filter(|i| threads[*i].is_own_enquiry).collect();
    match (candidates.as_slice(), own.as_slice()) {
        ([], _) => Whose::Nobody,
        ([one], _) | (_, [one]) => Whose::One(*one),
        _ => Whose::Unclear(candidates),
    }
}

fn is_open(thread: &Thread, at: Timestamp) -> bool {
    thread.heard_at.is_some_and(|heard| at.since(heard) < Duration::hours(WINDOW_HOURS))
}

/// Whom a STOP silences; none of them: the whole number.
pub(super) fn refused(threads: &[Thread], at: Timestamp) -> Vec<usize> {
    let all = || (0..threads.len()).filter(|i| threads[*i].wrote_at.is_some() || threads[*i].heard_at.is_some());
    if !threads.iter().any(|thread| is_open(thread, at)) {
        return all().collect();
    }
    let pushed_in = |i: &usize| {
        let thread = &threads[*i];
        let is_fresh = thread.wrote_at.is_some_and(|wrote| at.since(wrote) < Duration::hours(WINDOW_HOURS));
        thread.heard_at.is_none() && !thread.is_silenced && is_fresh
    };
    let strangers: Vec<usize> = all().filter(pushed_in).collect();
    if !strangers.is_empty() {
        return strangers;
    }
    match whose(threads, at) {
        Whose::One(one) => vec![one],
        _ => all().collect(),
    }
}

/// Our number as threads know it. One that is not ours by name (an RCS agent, a number of a Messaging Service) stands for the
/// platform's.
pub fn our_number(tx: &mut PlatformTx<'_>, channel: Channel, told: &str) -> Result<(String, Option<TenantId>)> {
    if let Some(sender) = senders::find(tx, channel, told)? {
        return Ok((sender.address, sender.tenant_id));
    }
    let platforms = senders::platforms(tx, channel)?;
    Ok((platforms.into_iter().next().unwrap_or_else(|| told.to_string()), None))
}

/// Everything tenants have with this person on this number; without a thread, the leads that have the person's number.
pub(super) fn threads(tx: &mut PlatformTx<'_>, channel: Channel, sender: &str, person: &str) -> Result<Vec<Thread>> {
    let mut threads = Vec::new();
    for row in conversations::threads(tx, channel, sender, person)? {
        let tenant = &mut tx.for_tenant(row.tenant_id);
        let conversation = conversations::get(tenant, row.conversation_id)?;
        let lead = leads::brief(tenant, conversation.lead_id)?;
        let is_silenced = consent::is_suppressed(tx, channel, person, sender, row.tenant_id)?;
        threads.push(Thread {
            tenant: row.tenant_id,
            lead: conversation.lead_id,
            conversation: Some(conversation.id),
            wrote_at: Some(row.last_outbound_at),
            heard_at: row.last_inbound_at,
            is_own_enquiry: lead.is_vouched(),
            is_silenced,
        });
    }
    if !threads.is_empty() {
        return Ok(threads);
    }
    let kind = match channel {
        Channel::Whatsapp | Channel::Sms => IdentityKind::Phone,
        Channel::Email => IdentityKind::Email,
        Channel::WebChat | Channel::Messenger | Channel::Instagram => return Ok(threads),
    };
    let mut claims = Vec::new();
    for (tenant, lead) in crate::leads::rows::leads_across_tenants(tx, kind, person)? {
        let own = leads::brief(&mut tx.for_tenant(tenant), lead)?;
        let is_own_enquiry = own.is_vouched();
        if !is_own_enquiry && standing(&mut tx.for_tenant(tenant))? == Standing::NoPlan {
            claims.push(threads.len());
        }
        let is_silenced = consent::is_suppressed(tx, channel, person, sender, tenant)?;
        let (conversation, wrote_at, heard_at) = (None, None, None);
        threads.push(Thread { tenant, lead, conversation, wrote_at, heard_at, is_own_enquiry, is_silenced });
    }
    if claims.len() < threads.len() {
        let mut place = 0..;
        threads.retain(|_| place.next().is_none_or(|place| !claims.contains(&place)));
    }
    Ok(threads)
}

/// The thread of the message that is quoted, if the person had it from us or wrote it.
pub(super) fn quoted(tx: &mut PlatformTx<'_>, inbound: &Inbound) -> Result<Option<Thread>> {
    let Some(external_id) = &inbound.replied_to else { return Ok(None) };
    let Some(message) = messages::find_external(tx, inbound.provider, external_id)? else { return Ok(None) };
    let person = match message.direction {
        Direction::Outbound => message.to_address.as_deref(),
        _ => message.from_address.as_deref(),
    };
    if message.channel != inbound.channel || !is_same_person(person, &inbound.person_address) {
        return Ok(None);
    }
    Ok(Some(Thread {
        tenant: message.tenant_id,
        lead: message.lead_id,
        conversation: Some(message.conversation_id),
        wrote_at: message.sent_at,
        heard_at: None,
        is_own_enquiry: false,
        is_silenced: false,
    }))
}

fn is_same_person(one: Option<&str>, other: &str) -> bool {
    one.is_some_and(|one| PhoneKey::of(one) == PhoneKey::of(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_165_200 + hours * 3_600).unwrap()
    }

    fn thread(wrote: Option<i64>, heard: Option<i64>) -> Thread {
        Thread {
            tenant: TenantId::new(),
            lead: LeadId::new(),
            conversation: None,
            wrote_at: wrote.map(at),
            heard_at: heard.map(at),
            is_own_enquiry: false,
            is_silenced: false,
        }
    }
    fn own(thread: Thread) -> Thread {
        Thread { is_own_enquiry: true, ..thread }
    }
    fn silenced(thread: Thread) -> Thread {
        Thread { is_silenced: true, ..thread }
    }

    #[test]
    fn an_open_thread_goes_on_whoever_pushes_in() {
        let (a, e) = (thread(Some(1), Some(2)), thread(Some(3), None));
        assert_eq!(whose(&[a.clone(), e.clone()], at(4)), Whose::One(0));
        assert_eq!(whose(&[a.clone(), own(e.clone())], at(4)), Whose::One(0), "not even with an enquiry");
        assert_eq!(whose(&[e, a], at(4)), Whose::One(1), "whatever the order");
    }

    #[test]
    fn two_that_were_heard_are_told_apart_by_who_wrote_since() {
        let (a, b) = (thread(Some(1), Some(5)), thread(Some(2), Some(3)));
        assert_eq!(whose(&[a.clone(), b.clone()], at(6)), Whose::One(0), "B said nothing since the person spoke to A");
        let b = Thread { wrote_at: Some(at(6)), ..b };
        assert_eq!(whose(&[a.clone(), b.clone()], at(7)), Whose::Unclear(vec![0, 1]));
        assert_eq!(whose(&[a, silenced(b)], at(7)), Whose::One(0), "whom the person refused is not answered");
    }

    #[test]
    fn after_a_day_of_silence_whoever_wrote_since_may_be_meant() {
        let (a, b) = (thread(Some(1), Some(2)), thread(Some(30), None));
        assert_eq!(whose(&[a.clone(), b], at(31)), Whose::Unclear(vec![0, 1]));
        assert_eq!(whose(&[a], at(24 * 90)), Whose::One(0));
    }

    #[test]
    fn unanswered_threads_are_told_apart_by_the_persons_own_enquiry() {
        let (a, b) = (thread(Some(1), None), thread(Some(2), None));
        assert_eq!(whose(std::slice::from_ref(&a), at(3)), Whose::One(0));
        assert_eq!(whose(&[a.clone(), b.clone()], at(3)), Whose::Unclear(vec![0, 1]));
        assert_eq!(whose(&[own(a.clone()), b.clone()], at(3)), Whose::One(0));
        assert_eq!(whose(&[own(a.clone()), own(b)], at(3)), Whose::Unclear(vec![0, 1]));
        let later = thread(Some(1 + 24 * 7 + 1), None);
        assert_eq!(whose(&[a, later], at(24 * 8)), Whose::One(1), "only a week makes it unclear");
    }

    #[test]
    fn who_writes_first_is_the_only_tenants_that_knows_them() {
        let known = thread(None, None);
        assert_eq!(whose(&[], at(0)), Whose::Nobody);
        assert_eq!(whose(std::slice::from_ref(&known), at(0)), Whose::One(0));
        assert_eq!(whose(&[known.clone(), known.clone()], at(0)), Whose::Unclear(vec![0, 1]));
        assert_eq!(whose(&[known.clone(), own(known)], at(0)), Whose::One(1));
    }

    #[test]
    fn a_stop_is_for_who_pushed_in_then_for_who_is_talked_to() {
        let (a, e) = (thread(Some(1), Some(2)), thread(Some(3), None));
        assert_eq!(refused(&[a.clone(), e.clone()], at(4)), [1]);
        assert_eq!(refused(&[a.clone(), silenced(e.clone())], at(5)), [0], "the second one");
        assert_eq!(refused(std::slice::from_ref(&a), at(4)), [0]);
        assert_eq!(refused(&[a.clone(), e.clone()], at(28)), [0, 1], "no window is open: all that wrote");
        let b = thread(Some(3), Some(3));
        assert_eq!(refused(&[a.clone(), b], at(4)), [1], "the one that was heard last");
        let b = thread(Some(4), Some(1));
        assert_eq!(refused(&[a, b], at(5)), [0, 1], "unclear between two: both");
        assert!(refused(&[thread(None, None)], at(0)).is_empty() && refused(&[], at(0)).is_empty());
    }
}
