//! The ledger of consents: who agreed to be written to and who took it back, for which channel and class of message, in which words
//! and by what proof.
//!
//! Nothing is overwritten: [`record()`] writes every word down and finds its place ([`model`]), and [`standing`] says what holds. A consent is about an
//! address, which may be known before the person is. What keeps everything from leaving for an address is a suppression
//! ([`super::consent`]); this says what somebody wants to hear. It knows no contact but by id: [`super::people`] has them.

pub mod facts;
pub mod model;
pub mod record;
pub mod standing;
mod store;

pub use model::{ConsentProof, ConsentSource, ConsentState, MessageClass, Place, ReportedSource};
pub use record::{Said, Whose, record, reveal};
pub(super) use record::{refused, returned};
pub use standing::{At, Standing};
pub use store::{Consent, ConsentFilter, ConsentView};
pub(super) use store::{adopt, catch_ups, hand_over, history};

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::contacts::model::Channel;
use crate::engine::db::TenantTx;

/// What a person agreed to who is asked before a conversation: they take messages about their enquiry. Who agreed to hear offers
/// does so too, unless they refused the former.
pub(super) fn takes_conversation(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<bool> {
    let states = store::states(tx, channel, address)?;
    let of = |class| states.iter().filter(move |(of, _)| *of == class).map(|(_, state)| *state);
    let is_refused = of(MessageClass::Service).any(|state| state == ConsentState::Withdrawn);
    let mut agreed = of(MessageClass::Service).chain(of(MessageClass::Marketing));
    Ok(!is_refused && agreed.any(|state| state == ConsentState::Granted))
}

/// The `opt_in` of a lead; `under_lock` is the lead while nobody may know of it.
pub(super) fn opted_in(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    given_at: Timestamp,
    how: &str,
    under_lock: Option<LeadId>,
) -> Result<()> {
    let said = Said {
        channel,
        address: address.into(),
        class: MessageClass::Service,
        state: ConsentState::Granted,
        source: ConsentSource::Lead,
        wording: Some(how.into()),
        wording_version: None,
        proof: ConsentProof::default(),
        occurred_at: given_at,
    };
    record(tx, said, under_lock.map_or(Whose::Known, Whose::UnderLock)).map(|_| ())
}

/// Has the person refused everything on this channel by a word of their own, and when?
pub(super) fn refused_by_word(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Option<Timestamp>> {
    record::refused_by_word(tx, channel, address)
}
