//! Unlocking what was held back, once there is something to pay for it with.
//!
//! A tenant may have thousands of leads under lock, and metering waits while some are released. So they are released in
//! batches, each a transaction of its own that also enqueues the next one: new leads come in between, a process that dies
//! leaves no batch half done and none forgotten, and however many triggers there are, each lead is booked once.

use super::facts::{LeadFact as _, LeadUnlocked};
use super::store;
use crate::base::Result;
use crate::base::id::EventId;
use crate::billing::books::Books;
use crate::billing::facts::SubscriptionFact;
use crate::billing::release::{Release, Released, release_blocked};
use crate::contacts::consents;
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people::identities::{self, Whose};
use crate::contacts::people::learn::{self, Enquiry, Said};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Reactions};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry};
use crate::leads::model::IdentityKind;
use crate::tenants::facts::TenantVerified;

/// Follows every change of what the tenant has bought.
pub static UNLOCK: JobKind = JobKind::new("lead.unlock");

/// Leads released in one transaction.
const BATCH: usize = 200;

/// A reaction's payload, and in the batches after the first how many leads there were before.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Payload {
    event_id: EventId,
    #[serde(default)]
    released: usize,
}

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&UNLOCK, run);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    for kind in [SubscriptionFact::ACTIVATED, SubscriptionFact::TRIAL_STARTED, TenantVerified::TYPE] {
        reactions.on(kind, &UNLOCK);
    }
    let buys = |fact: &SubscriptionFact| Release::after_change(fact).is_some();
    reactions.on_if(SubscriptionFact::UPDATED, &UNLOCK, buys);
}

async fn run(context: JobContext) -> Result<Outcome> {
    let Payload { event_id, released: before } = context.payload()?;
    let find = move |tx: &mut TenantTx<'_>| events::find(tx, event_id);
    let event = context.core.db.read(context.scope(), find).await?;
    // Whose mailbox it is may show that the business had a trial before: then nothing is bought.
    let is_proof = event.as_ref().is_some_and(|event| event.kind == TenantVerified::TYPE);
    let key = context.core.master_key.clone();
    let Some(release) = event.as_ref().map_or(Ok(None), Release::after)? else {
        return Ok(Outcome::Discard("nothing was bought".into()));
    };
    context
        .finish(move |tx| {
            let mut books = Books::open(tx)?;
            if is_proof {
                crate::billing::subscription::review(&mut books, &key)?;
            }
            let released = release_blocked(&mut books, release.after_releasing(before), BATCH)?;
            unlock(tx, &released)?;
            if released.len() == BATCH {
                tx.enqueue(NewJob::new(&UNLOCK, &Payload { event_id, released: before + BATCH }))?;
            }
            Ok(())
        })
        .await
}

/// Shows what was paid for.
pub fn unlock(tx: &mut TenantTx<'_>, released: &[Released]) -> Result<()> {
    let mut unlocked = store::unlock(tx, released)?;
    // As they came, so that what a later one of the same person says finds the first.
    unlocked.sort_unstable();
    for id in unlocked {
        find_person(tx, id)?;
        tx.record(LeadUnlocked {}.of(id))?;
    }
    Ok(())
}

/// Whose a lead is may be known from now on: that of who is known by its addresses, or somebody new.
fn find_person(tx: &mut TenantTx<'_>, id: LeadId) -> Result<()> {
    let mut lead = store::hold(tx, id)?;
    let said = lead.said();
    let known = identities::owners(tx, &said.identities())?;
    // What only hints at somebody identifies nobody, and is not among what is known.
    let is_known =
        |kind, value: Option<&str>| known.iter().any(|one| one.kind == kind && Some(one.value.as_str()) == value);
    let said = Said {
        email: said.email.filter(|email| is_known(IdentityKind::Email, Some(email))),
        phone: said.phone.filter(|phone| is_known(IdentityKind::Phone, Some(phone))),
        ..said
    };
    let enquiry = Enquiry { said, source: lead.source.into(), known: &known };
    let fresh = ContactId::from_uuid(lead.person_id.0);
    let contact = learn::belong(tx, &enquiry, None, (fresh, false))?;
    for (kind, value) in said.identities() {
        identities::add(tx, kind, value, Whose { contact: Some(contact), lead: None })?;
    }
    lead.belong_to(contact);
    store::update(tx, &mut lead)?;
    consents::reveal(tx, id)
}
