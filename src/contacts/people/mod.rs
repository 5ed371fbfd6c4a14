//! People: one row each, whether or not they enquired, and the one table by which anybody is recognised.
//!
//! A person becomes known by being entered ([`change`], [`batch`]) or by enquiring ([`learn`]). What is known by an address or a number
//! is one person ([`identities`]). Who enquires under lock becomes a contact when the lock is opened, so nothing can be told before.

pub mod api;
mod batch;
mod bought;
mod change;
pub mod consenting;
mod facts;
pub mod learn;
mod model;
pub(crate) mod store;
mod sweep;

pub use bought::{Bought, bought, set_bought};
pub use facts::{ContactFact, facts};
pub use model::{ContactSource, IdentityKind, Location, LocationPatch, Quality, VerificationStatus};
pub use store::audience::{known, tagged};
pub(super) use store::catch_ups;
pub use store::{Contact, identities, some};

use crate::base::Result;
use crate::contacts::consents;
use crate::contacts::id::ContactId;
use crate::contacts::model::Channel;
use crate::engine::db::TenantTx;

/// Makes sure that there is such a contact.
///
/// # Errors
/// `contact.not_found`.
pub fn require(tx: &mut TenantTx<'_>, id: ContactId) -> Result<()> {
    store::get(tx, id).map(|_| ())
}

/// Whether there is such a contact.
pub fn is_there(tx: &mut TenantTx<'_>, id: ContactId) -> Result<bool> {
    Ok(store::find(tx, id)?.is_some())
}

/// Is the person known by this, whatever their leads say?
pub fn is_known_by(tx: &mut TenantTx<'_>, id: ContactId, kind: IdentityKind, value: &str) -> Result<bool> {
    let Some(contact) = store::find(tx, id)? else { return Ok(false) };
    let is_it = |own: &str| identities::is_same(kind, Some(own), Some(value));
    Ok(match kind {
        IdentityKind::Email => contact.emails().any(is_it),
        IdentityKind::Phone => contact.phones().any(is_it),
        IdentityKind::PlatformLead => false,
    })
}

/// The handlers of the jobs of this subject.
pub(super) fn jobs(registry: &mut crate::engine::jobs::Registry) {
    sweep::jobs(registry);
}

/// What is done about people when something happened.
pub(super) fn reactions(reactions: &mut crate::engine::events::Reactions) {
    sweep::reactions(reactions);
}

/// Takes away a contact that turned out to be another, whose everything is; also what the person said about being written to.
pub fn vanish(tx: &mut TenantTx<'_>, id: ContactId, into: ContactId) -> Result<()> {
    let heir = store::find(tx, into)?.map(|contact| contact.id);
    consents::hand_over(tx, id, heir)?;
    store::delete(tx, id).map(|_| ())
}

/// Where a person is reached on a channel, and when one may.
#[derive(Debug, Clone)]
pub struct Reachable {
    pub id: ContactId,
    /// The first of the channel's.
    pub address: Option<String>,
    /// E.164, whatever the channel.
    pub phone: Option<String>,
    pub is_invalid: bool,
    /// There is a lead of theirs, and not only under lock.
    pub has_enquired: bool,
    /// IANA.
    pub time_zone: Option<String>,
    /// As the contact says it.
    pub country: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
}

/// Those of these people who are there, in one statement.
pub fn reachable(tx: &mut TenantTx<'_>, ids: &[ContactId], channel: Channel) -> Result<Vec<Reachable>> {
    let people = store::of_ids(tx, ids)?.into_iter().map(|contact| Reachable {
        id: contact.id,
        address: contact.addresses(channel).first().map(|address| (*address).to_string()),
        phone: contact.phones().next().map(str::to_string),
        is_invalid: contact.verification_status == VerificationStatus::Invalid,
        has_enquired: contact.converted_at.is_some(),
        time_zone: contact.profile.time_zone.clone(),
        country: contact.profile.location.country.clone(),
        language: contact.profile.language.clone(),
    });
    Ok(people.collect())
}
