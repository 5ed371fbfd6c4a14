//! Consent: who refused to be written to, from which sender, and who agreed, as a tenant says. By which words somebody
//! refuses is in [`super::words`].

use std::collections::BTreeSet;

use super::consents::{self, ConsentSource};
use super::facts::SuppressionFact;
use super::model::{Channel, Suppressed, SuppressionReason};
use super::store;
use super::store::{Suppression, SuppressionFilter};
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{LeadId, SuppressionId};
use crate::engine::db::{Page, PageRequest, PlatformTx, TenantTx};
use crate::engine::events::{Fact as _, NewEvent};

pub use super::words::{Word, word};

/// Suppresses `address` on `channel` for messages from `sender_address`; an empty one means every sender of the channel.
/// `false` when it was suppressed before.
pub fn suppress(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    whose: Suppressed,
    reason: SuppressionReason,
) -> Result<bool> {
    let Some(id) = store::insert(tx, channel, address, sender_address, whose, reason)? else { return Ok(false) };
    let tenant = whose.by;
    if let Some((tenant, source)) = tenant.zip(ConsentSource::of(reason)) {
        consents::refused(&mut tx.for_tenant(tenant), channel, address, source)?;
    }
    let fact = SuppressionFact { reason: Some(reason), ..SuppressionFact::of(channel, address, sender_address) };
    record(tx, tenant, fact.told_as(SuppressionFact::CREATED).about(id.uuid()))?;
    Ok(true)
}

/// The person wants to hear again: lifts everything they said about exactly this sender, whoever it was for. What only a
/// mail server said stays. `false` when nothing was suppressed.
pub fn lift(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: Option<TenantId>,
) -> Result<bool> {
    let lifted = store::lift(tx, channel, address, sender_address)?;
    let Some(id) = lifted.first().map(|(id, _)| *id) else { return Ok(false) };
    let tenants: BTreeSet<TenantId> = lifted.iter().filter_map(|(_, led_to_it)| *led_to_it).collect();
    for tenant in tenants {
        consents::returned(&mut tx.for_tenant(tenant), channel, address)?;
    }
    let fact = SuppressionFact::of(channel, address, sender_address);
    record(tx, tenant, fact.told_as(SuppressionFact::LIFTED).about(id.uuid()))?;
    Ok(true)
}

/// Why this tenant may not write to this address from this sender; `None` when it may.
pub fn refusal(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: TenantId,
) -> Result<Option<Suppression>> {
    store::live(tx, channel, address, sender_address, tenant)
}

/// What keeps this tenant from writing to any of these addresses from `sender`, which they know of or the person's own word; in one
/// statement.
pub fn stops(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    addresses: &[&str],
    sender: Option<&str>,
) -> Result<Vec<Suppression>> {
    store::of_addresses(tx, channel, addresses, sender)
}

/// May this tenant not write to this address from this sender?
pub fn is_suppressed(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: TenantId,
) -> Result<bool> {
    Ok(refusal(tx, channel, address, sender_address, tenant)?.is_some())
}

impl Suppression {
    /// For whoever wanted to write.
    pub fn in_words(&self) -> String {
        let day = self.created_at.utc().format("%-d %B %Y");
        match self.reason {
            SuppressionReason::Bounced => {
                let until =
                    self.expires_at.map_or("for good".into(), |at| format!("until {}", at.utc().format("%-d %B %Y")));
                format!(
                    "A message to this address bounced on {day}, so nothing is sent to it {until}. If it works again, lift this: \
                     POST /v1/suppressions/{}/lift.",
                    self.id
                )
            }
            SuppressionReason::Complained => {
                format!(
                    "This person reported a message as spam on {day}, so nothing more is sent to them from this sender."
                )
            }
            SuppressionReason::Manual => {
                format!(
                    "Messages to this address were stopped on {day}. POST /v1/suppressions/{}/lift allows them again.",
                    self.id
                )
            }
            SuppressionReason::StopWord | SuppressionReason::ProviderOptOut if self.channel == Channel::Email => {
                format!("This person unsubscribed on {day}. Only they can allow messages again.")
            }
            SuppressionReason::StopWord | SuppressionReason::ProviderOptOut => {
                "This person does not want messages from this sender. Only they can allow them again, by writing START."
                    .into()
            }
        }
    }
}

/// What keeps this tenant from writing to people, newest first; refusals of others behind a shared sender are not its affair.
pub fn list(tx: &mut TenantTx<'_>, filter: &SuppressionFilter, page: &PageRequest) -> Result<Page<Suppression>> {
    store::list(tx, filter, page)
}

/// Ends one by hand, and says why in the events.
///
/// # Errors
/// `suppression.not_found`; `suppression.the_persons_own` for what the person said, unless an operator answers for it.
pub fn lift_by_hand(tx: &mut TenantTx<'_>, id: SuppressionId, because: &str, is_operator: bool) -> Result<Suppression> {
    let absent = || Error::not_found("suppression.not_found", "There is no such suppression.");
    let found = store::find(tx, id)?.ok_or_else(absent)?;
    if found.reason.is_the_persons() && !is_operator {
        let message = "The person said so themselves, so only they can take it back: by writing START, or by asking the platform.";
        return Err(Error::forbidden("suppression.the_persons_own", message));
    }
    if found.lifted_at.is_some() {
        return Ok(found);
    }
    let lifted = store::lift_one(tx, id, because)?;
    let fact = SuppressionFact {
        reason: Some(lifted.reason),
        because: Some(because.into()),
        ..SuppressionFact::of(lifted.channel, &lifted.address, &lifted.sender_address)
    };
    tx.record(fact.told_as(SuppressionFact::LIFTED).about(id.uuid()))?;
    Ok(lifted)
}

/// Notes in the ledger that a person agreed to be written to about their enquiry, as the caller says with a lead; `under_lock` is
/// that lead while nobody may know of it. A STOP outweighs it.
pub fn opt_in(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    given_at: Timestamp,
    how: &str,
    under_lock: Option<LeadId>,
) -> Result<()> {
    consents::opted_in(tx, channel, address, given_at, how, under_lock)
}

/// Does the ledger say that this person agreed to be written to about their enquiry?
pub fn has_opted_in(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<bool> {
    consents::takes_conversation(tx, channel, address)
}

fn record(tx: &mut PlatformTx<'_>, tenant: Option<TenantId>, event: NewEvent) -> Result<()> {
    match tenant {
        Some(tenant) => tx.for_tenant(tenant).record(event)?,
        None => tx.record(event)?,
    };
    Ok(())
}
