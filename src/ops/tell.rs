//! Telling the platform's staff: in their console, and by e-mail to everybody who has an address.

use super::model::OperatorNotification;
use super::store;
use crate::base::Result;
use crate::base::id::EventId;
use crate::engine::db::PlatformTx;
use crate::notify::staff;

/// Both, in the transaction of the fact that caused it.
pub(super) fn tell(tx: &mut PlatformTx<'_>, note: OperatorNotification, event: EventId) -> Result<()> {
    staff::tell(tx, event, &note.title, &note.body)?;
    store::notify(tx, note, Some(event))
}
