//! People: one row each, whether or not they enquired, and the one table by which anybody is recognised.
//!
//! A person becomes known by being entered ([`change`], [`batch`]) or by enquiring ([`learn`]). What is known by an address or a number
//! is one person ([`identities`]). Who enquires under lock becomes a contact when the lock is opened, so nothing can be told before.

pub mod api;
mod batch;
mod change;
mod facts;
pub mod learn;
mod model;
mod store;

pub use facts::{ContactFact, facts};
pub use model::{ContactSource, IdentityKind, Location, LocationPatch, VerificationStatus};
pub(super) use store::catch_ups;
pub use store::identities;

use crate::base::Result;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;

/// Makes sure that there is such a contact.
///
/// # Errors
/// `contact.not_found`.
pub fn require(tx: &mut TenantTx<'_>, id: ContactId) -> Result<()> {
    store::get(tx, id).map(|_| ())
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

/// Takes away a contact that turned out to be another, whose everything is.
pub fn vanish(tx: &mut TenantTx<'_>, id: ContactId) -> Result<()> {
    store::delete(tx, id).map(|_| ())
}
