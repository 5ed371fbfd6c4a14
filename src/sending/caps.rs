//! How much may leave: for a tenant by trust, which grows with time and payment, and for a person.
//!
//! These are all the numbers there are; `docs/sending.md` shows them. Operators agree other ones with a tenant
//! ([`Agreed`]). Only people whom the tenant alone vouches for count against its day
//! ([`super::WriteReason::is_claimed`]); an enquiry of a person's own counts against nobody but that person.

use super::gate::Standing;
use super::store::marketing;
use crate::base::Result;
use crate::base::email::mailbox;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::platform_tenant;
use crate::engine::tally::{Span, Tally};
use crate::tenants::model::{Agreed, FrequencyCap};

/// Messages to one person that nobody answered, within a day and within a week.
pub const UNANSWERED_A_DAY: usize = 5;
pub const UNANSWERED_A_WEEK: usize = 10;
/// Messages to one person within a day that all tenants together send from the platform's own senders without having been
/// written to: three tenants as much as one may. To the person it is one number that writes.
pub const SHARED_A_DAY: u32 = 15;
/// Paid days after which a tenant is established.
pub const ESTABLISHED_DAYS: i64 = 30;
/// Alerts to one address within an hour; one more says that there are more.
pub const ALERTS_AN_HOUR: u32 = 60;
/// Days for which is kept how many marketing messages a person was sent: more than any cap looks at.
pub const MARKETING_DAYS_KEPT: i64 = 40;
/// Recipients of alerts that are asked within a day.
pub const RECIPIENTS_A_DAY: u32 = 10;

/// People a tenant may write to in a day on its own word, on the platform's senders.
pub fn people_a_day(standing: Standing, agreed: &Agreed, now: Timestamp) -> u32 {
    let usual = match standing {
        Standing::NoPlan => 0,
        Standing::Trial | Standing::Lapsed => 25,
        Standing::Paying { since } if now.since(since) >= chrono::Duration::days(ESTABLISHED_DAYS) => 1_000,
        Standing::Paying { .. } => 250,
    };
    agreed.people_a_day.unwrap_or(usual)
}

const PEOPLE: &str = "people";

fn people<'a>(tx: &TenantTx<'_>, key: &'a str) -> Tally<'a> {
    Tally { tenant: tx.tenant(), kind: PEOPLE, subject: key, span: Span::day(tx.now()) }
}

/// A person, as counted: one, however their telephone is spelled and reached.
fn key(channel: Channel, address: &str) -> String {
    let person = channel.key_of(address);
    match channel {
        Channel::Whatsapp | Channel::Sms => format!("phone:{person}"),
        Channel::Email => format!("email:{}", mailbox(&person)),
        other => format!("{other}:{person}"),
    }
}

fn shared<'a>(tx: &TenantTx<'_>, key: &'a str) -> Tally<'a> {
    Tally { tenant: platform_tenant(), kind: "person_of_all", subject: key, span: Span::day(tx.now()) }
}

/// Counts one more message to this person from a sender that all tenants share. `Some` when there were too many already: the
/// moment when the next day begins.
pub fn take_shared(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Option<Timestamp>> {
    let key = key(channel, address);
    let tally = shared(tx, &key);
    let is_counted = tally.take(&mut tx.platform(), SHARED_A_DAY)?;
    Ok((!is_counted).then_some(tally.span.ends_at))
}

/// The same question without counting.
pub fn shared_opens_at(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Option<Timestamp>> {
    let key = key(channel, address);
    let tally = shared(tx, &key);
    let is_full = tally.count(&mut tx.platform())? >= SHARED_A_DAY;
    Ok(is_full.then_some(tally.span.ends_at))
}

/// How many more people the tenant may write to today.
pub fn people_left(tx: &mut TenantTx<'_>, most: u32) -> Result<u32> {
    let tally = people(tx, "");
    Ok(most.saturating_sub(tally.subjects(&mut tx.platform())?))
}

/// Counts these people among those of the tenant's day, as many as there is room for. `Some` of whoever is too many: the moment when
/// the next day begins.
pub fn take_people(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    addresses: &[&str],
    most: u32,
) -> Result<Vec<Option<Timestamp>>> {
    lock_tenant(tx, "sending")?;
    let keys: Vec<String> = addresses.iter().map(|address| key(channel, address)).collect();
    let tally = people(tx, "");
    let taken = tally.take_subjects(&mut tx.platform(), &keys, most)?;
    Ok(taken.into_iter().map(|is_counted| (!is_counted).then_some(tally.span.ends_at)).collect())
}

/// Counts this person among those of the tenant's day. `Some` when there are too many already: the moment when the next day
/// begins.
pub fn take_person(tx: &mut TenantTx<'_>, channel: Channel, address: &str, most: u32) -> Result<Option<Timestamp>> {
    lock_tenant(tx, "sending")?;
    let key = key(channel, address);
    let tally = people(tx, &key);
    let is_counted = tally.take_subject(&mut tx.platform(), most)?;
    Ok((!is_counted).then_some(tally.span.ends_at))
}

/// Counts a message to a person who never answered by the mailbox it arrives in, whatever the spelling: `a+1@`, `a+2@`. What
/// one address was sent is counted where its messages are; this holds where there are several. `Some`: enough for today.
pub fn take_spelling(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    patience: Patience,
) -> Result<Option<Timestamp>> {
    if channel != Channel::Email {
        return Ok(None);
    }
    let mailbox = mailbox(address);
    let tally = Tally { tenant: tx.tenant(), kind: "unanswered", subject: &mailbox, span: Span::day(tx.now()) };
    let fits = tally.take(&mut tx.platform(), u32::try_from(patience.a_day).unwrap_or(u32::MAX))?;
    Ok((!fits).then_some(tally.span.ends_at))
}

/// The same question without counting.
pub fn would_be_too_many(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    most: u32,
) -> Result<Option<Timestamp>> {
    let key = key(channel, address);
    let tally = people(tx, &key);
    let tx = &mut tx.platform();
    let is_full = tally.count(tx)? == 0 && tally.subjects(tx)? >= most;
    Ok(is_full.then_some(tally.span.ends_at))
}

/// Counts a marketing message to each of these people, as it is handed over: the tenant's cap looks at it
/// ([`super::outreach`]). A person who is named twice is counted twice.
pub fn note_marketing(tx: &mut TenantTx<'_>, people: &[ContactId]) -> Result<()> {
    let day = Span::day(tx.now()).starts_at;
    people.iter().try_for_each(|contact| marketing::count(tx, *contact, day))
}

/// The first day that a tenant's cap looks at.
pub(super) fn first_day(cap: FrequencyCap, now: Timestamp) -> Timestamp {
    Span::day(now).starts_at.minus(chrono::Duration::days(i64::from(cap.days)))
}

/// How often one person may be written to without answering.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub a_day: usize,
    pub a_week: usize,
}

impl Patience {
    /// `None`: operators agreed to no end of it.
    pub fn of(agreed: &Agreed) -> Option<Self> {
        match agreed.unanswered_a_day {
            None => Some(Self { a_day: UNANSWERED_A_DAY, a_week: UNANSWERED_A_WEEK }),
            Some(most) if most >= NO_END => None,
            Some(most) => usize::try_from(most).ok().map(|a_day| Self { a_day, a_week: a_day * 2 }),
        }
    }

    /// When a person may be written to again after `unanswered` messages, newest first; `None`: now.
    pub fn opens_at(self, unanswered: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
        let within = |span: chrono::Duration, most: usize| {
            let recent: Vec<_> = unanswered.iter().filter(|at| now.since(**at) < span).collect();
            let Some(last_that_fits) = most.checked_sub(1) else { return Some(now.plus(span)) };
            recent.get(last_that_fits).map(|at| at.plus(span))
        };
        within(chrono::Duration::days(1), self.a_day).max(within(chrono::Duration::days(7), self.a_week))
    }
}

/// So many a day are as good as no end.
const NO_END: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_does_not_answer_is_left_in_peace_for_a_while() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let ago = |hours: i64| now.minus(chrono::Duration::hours(hours));
        let usual = Patience::of(&Agreed::default()).unwrap();
        let person_opens_at = |unanswered: &[Timestamp], now| usual.opens_at(unanswered, now);
        assert_eq!(person_opens_at(&[ago(0), ago(1), ago(2), ago(3)], now), None);
        let five = [ago(0), ago(1), ago(2), ago(3), ago(20)];
        assert_eq!(person_opens_at(&five, now), Some(ago(20).plus(chrono::Duration::days(1))));
        assert_eq!(person_opens_at(&five, now.plus(chrono::Duration::hours(4))), None, "a day after the first");
        let ten: Vec<Timestamp> = (0..10).map(|n| ago(25 + n)).collect();
        assert_eq!(person_opens_at(&ten, now), Some(ago(34).plus(chrono::Duration::days(7))));
        assert!(Patience::of(&Agreed { unanswered_a_day: Some(1_000), ..Agreed::default() }).is_none());
    }

    #[test]
    fn trust_grows_and_operators_have_the_last_word() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let usual = Agreed::default();
        let paying = |days: i64| Standing::Paying { since: now.minus(chrono::Duration::days(days)) };
        let of = |standing| people_a_day(standing, &usual, now);
        let all = [Standing::NoPlan, Standing::Trial, paying(29), paying(30)].map(of);
        assert_eq!(all, [0, 25, 250, 1_000]);
        let agreed = Agreed { people_a_day: Some(3), ..usual };
        assert_eq!(people_a_day(paying(90), &agreed, now), 3);
    }
}
