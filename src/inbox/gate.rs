//! What the gate asks of a message to a lead: facts of the tenant, the lead, the person and the sender.
//!
//! Asked when somebody writes ([`super::send`]), when the message leaves ([`super::leave`]) and by whoever wants to know
//! beforehand (`api/eligibility.rs`). The decision itself is [`crate::sending::gate`].

use super::model::{Channel, window_is_open};
use super::store::conversations::Conversation;
use super::store::messages;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::standing;
use crate::contacts::consent;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::leads::Brief;
use crate::leads::model::LeadSource;
use crate::sending::caps::Patience;
use crate::sending::gate::{self, Code, Obstacle, PersonFacts, Standing, Verdict};
use crate::sending::reason::{Ties, WriteReason};
use crate::sending::senders::Sender;
use crate::sending::{caps, countries, templates};
use crate::tenants::Tenant;
use crate::tenants::access::{Entitlements, Feature};
use crate::tenants::model::TenantStatus;

/// A tenant and where it stands.
#[derive(Debug, Clone)]
pub struct Writer {
    pub tenant: Tenant,
    pub standing: Standing,
}

impl Writer {
    pub fn of(tx: &mut TenantTx<'_>) -> Result<Self> {
        let standing = standing(tx)?;
        Ok(Self { tenant: crate::tenants::store::current(tx)?, standing })
    }

    /// Never had a plan: it is setting things up, and what it writes waits.
    pub fn has_no_plan(&self) -> bool {
        self.standing == Standing::NoPlan
    }
}

/// What a plan must have for messages on this channel.
pub(super) const fn feature_of(channel: Channel) -> Option<Feature> {
    match channel {
        Channel::Whatsapp => Some(Feature::WhatsappIntegration),
        Channel::Email => Some(Feature::EmailIntegration),
        _ => None,
    }
}

/// Whether messages on this channel are part of a plan.
pub(super) fn is_in_plan(plan: &Entitlements, channel: Channel) -> bool {
    feature_of(channel).is_none_or(|feature| plan.includes(feature))
}

/// One message to one person, as the gate sees it.
#[derive(Debug)]
pub struct Ask<'a> {
    pub conversation: &'a Conversation,
    pub lead: &'a Brief,
    /// None: the platform's own, shared with others.
    pub sender: &'a Sender,
    pub person: &'a str,
    pub is_template: bool,
    /// The message itself, when it is on its way: then it was counted when it was written.
    pub is_on_its_way: bool,
}

/// Everything that stands in the way of a message now.
pub fn ask(tx: &mut TenantTx<'_>, writer: &Writer, settings: &CoreSettings, ask: &Ask<'_>) -> Result<Verdict> {
    let Ask { conversation, lead, sender, person, is_template, is_on_its_way } = *ask;
    let (now, channel, tenant) = (tx.now(), conversation.channel, &writer.tenant);
    let is_window_open = window_is_open(channel, conversation.window_expires_at, now);
    let is_own_enquiry = lead.is_vouched();
    let mut ties = Ties {
        channel,
        is_window_open,
        last_wrote_at: conversation.last_inbound_at,
        is_own_enquiry,
        is_reported: !matches!(lead.source, LeadSource::Import | LeadSource::Marketplace),
        has_opted_in: false,
    };
    if !is_own_enquiry && ties.last_wrote_at.is_none() {
        ties.has_opted_in = consent::has_opted_in(tx, channel, person)?;
    }
    let reason = ties.reason(now);
    let is_shared = sender.tenant_id.is_none();
    let counts = is_shared && reason.is_some_and(|reason| reason.is_claimed());
    // Without a plan nothing leaves yet, so nothing is counted yet.
    let tenant_opens_at = if counts && !writer.has_no_plan() && !is_on_its_way {
        let most = caps::people_a_day(writer.standing, &tenant.agreed, now);
        caps::would_be_too_many(tx, channel, person, most)?
    } else {
        None
    };
    let person_opens_at = match Patience::of(&tenant.agreed).filter(|_| !is_on_its_way) {
        None => None,
        Some(patience) => {
            let since = conversation.last_inbound_at;
            let own = patience.opens_at(&messages::unanswered(tx, channel, person, since, patience.a_week)?, now);
            let is_of_all = is_shared && !writer.has_no_plan() && reason != Some(WriteReason::Reply);
            own.max(if is_of_all { caps::shared_opens_at(tx, channel, person)? } else { None })
        }
    };
    let facts = PersonFacts {
        channel,
        is_tenant_suspended: tenant.status == TenantStatus::Suspended,
        is_tenant_verified: tenant.verified_at.is_some(),
        standing: writer.standing,
        is_locked: lead.is_locked,
        is_suppressed: consent::is_suppressed(&mut tx.platform(), channel, person, &sender.address, tenant.id)?,
        is_template,
        is_window_open,
        is_country_allowed: countries::is_allowed(
            channel,
            person,
            tenant.agreed.home_country.as_deref().unwrap_or(&tenant.country),
            &settings.sms_countries,
            &tenant.agreed.sms_countries,
        ),
        reason,
        person_opens_at,
        tenant_opens_at,
    };
    Ok(gate::person(&facts))
}

/// Counts the person among those of the tenant's day, where that is to be counted. `Some`: the day is full, until then.
pub fn count(tx: &mut TenantTx<'_>, writer: &Writer, ask: &Ask<'_>, verdict: &Verdict) -> Result<Option<Timestamp>> {
    let is_shared = ask.sender.tenant_id.is_none();
    if !is_shared || !verdict.reason.is_some_and(|reason| reason.is_claimed()) {
        return Ok(None);
    }
    let most = caps::people_a_day(writer.standing, &writer.tenant.agreed, tx.now());
    caps::take_person(tx, ask.conversation.channel, ask.person, most)
}

/// Counts the message among those of the day to the mailbox it arrives in, once: as it is written, or, where it was held, as it
/// leaves. `Some`: the person has had enough of them, until then.
pub fn count_spelling(tx: &mut TenantTx<'_>, writer: &Writer, ask: &Ask<'_>) -> Result<Option<Timestamp>> {
    match Patience::of(&writer.tenant.agreed).filter(|_| ask.conversation.last_inbound_at.is_none()) {
        Some(patience) => caps::take_spelling(tx, ask.conversation.channel, ask.person, patience),
        None => Ok(None),
    }
}

/// Counts the message among those that all tenants together send this person from a sender they share, as it leaves for the first
/// time. `Some`: the person has had enough of them, until then.
pub fn count_of_all(
    tx: &mut TenantTx<'_>,
    writer: &Writer,
    ask: &Ask<'_>,
    verdict: &Verdict,
) -> Result<Option<Timestamp>> {
    let is_shared = ask.sender.tenant_id.is_none();
    let is_counted = is_shared && verdict.reason != Some(WriteReason::Reply);
    if !is_counted || Patience::of(&writer.tenant.agreed).is_none() {
        return Ok(None);
    }
    caps::take_shared(tx, ask.conversation.channel, ask.person)
}

/// What whoever wanted to write is told about one reason.
pub fn explain(tx: &mut TenantTx<'_>, ask: &Ask<'_>, obstacle: &Obstacle) -> Result<String> {
    let channel = ask.conversation.channel;
    if obstacle.code == Code::Suppressed {
        let (sender, tenant) = (ask.sender.address.as_str(), tx.tenant());
        let refusal = consent::refusal(&mut tx.platform(), channel, ask.person, sender, tenant)?;
        return Ok(refusal.map_or_else(|| in_words(channel, obstacle), |refusal| refusal.in_words()));
    }
    Ok(in_words(channel, obstacle))
}

fn in_words(channel: Channel, obstacle: &Obstacle) -> String {
    let until = obstacle.opens_at.map(|at| format!(" Possible again at {at}.")).unwrap_or_default();
    let told = match obstacle.code {
        Code::TenantSuspended => "This business is suspended: ask the platform's operators.",
        Code::TenantUnverified => {
            "Nobody of this business has verified an e-mail address yet: an owner opens the link that was mailed. It leaves by \
             itself then."
        }
        Code::NoSubscription => "This business has no subscription yet. It leaves by itself when one starts.",
        Code::AddressUnconfirmed => "This address has not agreed yet to be written to.",
        Code::LeadLocked => "This lead is held under lock: unlock it to see and contact the person.",
        Code::Suppressed => "This person does not want messages from this sender.",
        Code::WindowClosed => {
            let codes = templates::codes_for_leads(channel).join(", ");
            return format!(
                "More than 24 hours have passed since the person last wrote (or they never did), so WhatsApp takes no free \
                 text. A template is allowed: {codes}."
            );
        }
        Code::CountryNotAllowed => {
            "SMS goes only to ordinary numbers of your own country. The platform's operators can allow others."
        }
        Code::NoReason => {
            "Nothing says that this person wants to be written to: no enquiry and no message of theirs. Record their opt_in \
             with the lead, or wait until they write."
        }
        Code::PersonLimit => "This person has been written to often enough without answering.",
        Code::TenantLimit => "As many people have been written to today as your account may write to on its own word.",
    };
    format!("{told}{until}")
}

/// The refusal as an error.
pub fn refusal(tx: &mut TenantTx<'_>, ask: &Ask<'_>, obstacle: &Obstacle) -> Result<Error> {
    let (message, now) = (explain(tx, ask, obstacle)?, tx.now());
    let wait = obstacle.opens_at.map(|at| at.since(now).to_std().unwrap_or_default());
    Ok(match obstacle.code {
        Code::LeadLocked => Error::forbidden("lead.locked", message),
        Code::Suppressed => Error::conflict("conversation.suppressed", message),
        Code::WindowClosed => Error::conflict("conversation.window_closed", message),
        Code::CountryNotAllowed => Error::forbidden("conversation.country_not_allowed", message),
        Code::NoReason => Error::conflict("conversation.no_reason", message),
        Code::PersonLimit => {
            Error::too_many("conversation.person_limit", message).with_retry_after(wait.unwrap_or_default())
        }
        Code::TenantLimit => {
            Error::too_many("conversation.tenant_limit", message).with_retry_after(wait.unwrap_or_default())
        }
        Code::TenantUnverified => Error::conflict("conversation.tenant_unverified", message),
        Code::TenantSuspended => Error::forbidden("conversation.tenant_suspended", message),
        Code::NoSubscription => Error::conflict("conversation.no_subscription", message),
        Code::AddressUnconfirmed => Error::conflict("conversation.address_unconfirmed", message),
    })
}
