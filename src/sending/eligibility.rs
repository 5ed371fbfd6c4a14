//! The facts of people whom a tenant wants to write to, loaded in a few statements however many they are. Who asks beforehand and who
//! sends load them here, and both ask [`super::outreach::judge`].

use std::collections::HashMap;

use super::gate::Standing;
use super::outreach::{OutreachFacts, Stopped, TenantFacts};
use super::senders::{self, Sender};
use super::store::marketing;
use super::zones::Whereabouts;
use super::{caps, countries};
use crate::base::Result;
use crate::contacts::consents::{self, At, MessageClass};
use crate::contacts::id::ContactId;
use crate::contacts::people::{self, Reachable};
use crate::contacts::{Channel, Suppression, consent};
use crate::engine::db::TenantTx;
use crate::tenants::Tenant;
use crate::tenants::model::TenantStatus;

/// What only folders above know of the tenant.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    pub tenant: &'a Tenant,
    pub standing: Standing,
    /// The tenant's plan has the channel.
    pub is_in_plan: bool,
    /// Where SMS goes for everybody.
    pub sms_countries: &'a [String],
}

/// A tenant that wants to write, and from where.
#[derive(Debug, Clone)]
pub struct Ready {
    pub facts: TenantFacts,
    /// What it would leave from; the gate is closed where there is none.
    pub sender: Option<Sender>,
}

/// The tenant's part, the same for everybody whom it writes to.
pub fn of_tenant(tx: &mut TenantTx<'_>, writer: Writer<'_>, channel: Channel, class: MessageClass) -> Result<Ready> {
    let sender = senders::of_class(tx, channel, class)?;
    let facts = TenantFacts {
        is_suspended: writer.tenant.status == TenantStatus::Suspended,
        is_verified: writer.tenant.verified_at.is_some(),
        standing: writer.standing,
        is_in_plan: writer.is_in_plan,
        settings: writer.tenant.settings.outreach.clone(),
        has_sender: sender.is_some(),
    };
    Ok(Ready { facts, sender })
}

/// The part of each of these people, at most 1,000 at once; who is gone is left out.
pub fn facts_of(
    tx: &mut TenantTx<'_>,
    writer: Writer<'_>,
    ready: &Ready,
    ids: &[ContactId],
    (channel, class): (Channel, MessageClass),
) -> Result<Vec<OutreachFacts>> {
    let people = people::reachable(tx, ids, channel)?;
    let at = |person: &Reachable| Some(At { contact: person.id, address: person.address.clone()? });
    let addressed: Vec<At> = people.iter().filter_map(at).collect();
    let mut standing = consents::standing::of_all(tx, &addressed, channel, class)?;
    if class == MessageClass::Service {
        // Who agreed to hear offers may be talked to as well, unless they refused that.
        for (contact, marketing) in consents::standing::of_all(tx, &addressed, channel, MessageClass::Marketing)? {
            if marketing.state == consents::ConsentState::Granted {
                standing.entry(contact).or_insert(marketing);
            }
        }
    }
    let addresses: Vec<&str> = addressed.iter().map(|at| at.address.as_str()).collect();
    let sender = ready.sender.as_ref().map(|sender| sender.address.as_str());
    let stops = by_address(channel, consent::stops(tx, channel, &addresses, sender)?);
    let mut sent = if class == MessageClass::Marketing {
        marketing::of(tx, ids, caps::first_day(ready.facts.settings.frequency_cap, tx.now()))?
    } else {
        HashMap::new()
    };
    let (tenant, mine) = (writer.tenant, tx.tenant());
    let home = tenant.agreed.home_country.as_deref().unwrap_or(&tenant.country);
    let facts = people.into_iter().map(|person| {
        let address = person.address.as_deref();
        let stop = address.and_then(|address| stop_of(channel, address, &stops));
        let places = Whereabouts {
            time_zone: person.time_zone.as_deref(),
            country: person.country.as_deref(),
            phone: person.phone.as_deref(),
        };
        OutreachFacts {
            contact: person.id,
            channel,
            class,
            is_invalid: person.is_invalid,
            stopped: stop.map(|stop| Stopped {
                reason: (stop.tenant_id == Some(mine)).then_some(stop.reason),
                ends_at: stop.expires_at,
            }),
            consent: standing.get(&person.id).map(|standing| standing.state),
            has_enquired: person.has_enquired,
            is_country_allowed: address.is_none_or(|address| {
                let agreed = &tenant.agreed.sms_countries;
                countries::is_allowed(channel, address, home, writer.sms_countries, agreed)
            }),
            zones: places.zones(tenant.time_zone),
            sent: sent.remove(&person.id).unwrap_or_default(),
            address: person.address,
        }
    });
    Ok(facts.collect())
}

/// By the key of the address; of several the one that lasts longest.
fn by_address(channel: Channel, stops: Vec<Suppression>) -> HashMap<String, Suppression> {
    let mut found: HashMap<String, Suppression> = HashMap::new();
    for stop in stops {
        let weight = |stop: &Suppression| (stop.reason.is_the_persons(), stop.expires_at.is_none(), stop.expires_at);
        let key = channel.key_of(&stop.address);
        match found.get(&key) {
            Some(known) if weight(known) >= weight(&stop) => {}
            _ => _ = found.insert(key, stop),
        }
    }
    found
}

fn stop_of<'a>(channel: Channel, address: &str, stops: &'a HashMap<String, Suppression>) -> Option<&'a Suppression> {
    stops.get(&channel.key_of(address))
}
