//! What leaves for a person: the life of its row, in order.

use std::sync::Arc;

use super::ask::{OpenAttempt, Parcel};
use crate::base::crypto::MasterKey;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::engine::{Core, CoreSettings};
use crate::providers::{ErrorClass, ProviderError};
use crate::sending::gate::Pass;
use crate::sending::status::MessageStatus;

/// A message to a lead, a notification to one of the tenant's people: a row whose content is handed to a provider.
///
/// It stands somewhere ([`stand`](Self::stand)) when its job comes; an attempt begins ([`begin`](Self::begin)), or the one that a
/// run before it left open is looked at ([`look`](Self::look)); what the provider says is written ([`accepted`](Self::accepted),
/// [`returned`](Self::returned), [`ended`](Self::ended)); and where a job dies in the middle of it, the row is closed
/// ([`close`](Self::close)). Every function that writes an end runs in a transaction of its own and must bear being told what a
/// status callback wrote already.
pub trait Outgoing: Clone + Send + Sync + 'static {
    type Row: Send;
    /// What people call it.
    const NOUN: &'static str;

    /// The row, if it is there still.
    fn find(&self, tx: &mut TenantTx<'_>) -> Result<Option<Self::Row>>;

    /// The same, until the transaction ends nobody else's.
    fn hold(&self, tx: &mut TenantTx<'_>) -> Result<Option<Self::Row>>;

    fn status(row: &Self::Row) -> MessageStatus;

    /// Where it stands; [`Stand::of`] knows.
    fn stand(row: &Self::Row) -> Stand;

    /// Asks the gate and opens an attempt of a row that is held and may be tried.
    fn begin(&self, tx: &mut TenantTx<'_>, row: Self::Row, platform: &Platform) -> Result<Start>;

    /// What is known of the attempt that is open; `None` where it cannot be sent any more.
    fn look(&self, tx: &mut TenantTx<'_>, row: Self::Row, platform: &Platform)
    -> Result<Option<(Parcel, OpenAttempt)>>;

    /// The provider has it.
    fn accepted(
        &self,
        tx: &mut TenantTx<'_>,
        provider: &'static str,
        external_id: &str,
        status: MessageStatus,
    ) -> Result<()>;

    /// The attempt is closed, nothing was sent, it waits for another; the error is kept for people to see.
    fn returned(&self, tx: &mut TenantTx<'_>, error: &ProviderError) -> Result<()>;

    /// It ended as `failed` or `unknown`.
    fn ended(&self, tx: &mut TenantTx<'_>, status: MessageStatus, error: &ProviderError) -> Result<()>;

    /// Its job died of `error`, perhaps in the middle of it: what nobody began to send has failed and may be tried again; what was
    /// with the provider may have left. Anything else has ended already.
    fn close(&self, tx: &mut TenantTx<'_>, error: &Error) -> Result<()> {
        let Some(row) = self.find(tx)? else { return Ok(()) };
        let (status, class) = match Self::status(&row) {
            MessageStatus::Queued => (MessageStatus::Failed, ErrorClass::Retry),
            MessageStatus::Sending => (MessageStatus::Unknown, ErrorClass::Ambiguous),
            _ => return Ok(()),
        };
        self.ended(tx, status, &ProviderError::new("none", class, error.code(), error.message()))
    }
}

/// What a row takes from the platform to become a parcel: names, links, and the key by which personal links are made.
#[derive(Debug, Clone)]
pub struct Platform {
    pub settings: Arc<CoreSettings>,
    pub key: MasterKey,
}

impl Platform {
    pub fn of(core: &Core) -> Self {
        Self { settings: core.settings.clone(), key: core.master_key.clone() }
    }
}

/// Where a row stands when its job comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It waits to be sent.
    Waiting,
    /// An attempt is open, which began then: find out what became of it.
    Open(Timestamp),
    /// Nothing to do.
    Over,
}

impl Stand {
    /// Of a row of this status; `is_temporary` says that what it failed of may pass, so an operator may repeat its job.
    pub fn of(status: MessageStatus, channel: Channel, is_temporary: bool, began_at: Timestamp) -> Self {
        match status {
            MessageStatus::Queued => Self::Waiting,
            MessageStatus::Failed if is_temporary => Self::Waiting,
            // Also a text whose job died on the way: the provider can still be asked.
            status if status == MessageStatus::Sending || can_be_found(status, channel) => Self::Open(began_at),
            _ => Self::Over,
        }
    }
}

/// Of unknown fate, but its provider keeps a list to look into.
fn can_be_found(status: MessageStatus, channel: Channel) -> bool {
    status == MessageStatus::Unknown && matches!(channel, Channel::Whatsapp | Channel::Sms)
}

/// What came of trying to open an attempt.
#[derive(Debug)]
pub enum Start {
    /// It is open, and this is handed over: the gate let it pass.
    Parcel(Box<Parcel>, Pass),
    /// Not before then, and why.
    Later(Timestamp, String),
    /// It may not leave, which is written.
    Never,
    /// Another one is open already.
    Open,
    /// Nothing to do, and why.
    Over(String),
}

/// Opens an attempt. One that is open already counts as none when it began at `decided`: then the caller has found that it came
/// to nothing.
pub fn begin<O: Outgoing>(
    tx: &mut TenantTx<'_>,
    outgoing: &O,
    decided: Option<Timestamp>,
    platform: &Platform,
) -> Result<Start> {
    let Some(row) = outgoing.hold(tx)? else { return Ok(Start::Over(format!("the {} is gone", O::NOUN))) };
    match O::stand(&row) {
        Stand::Waiting => {}
        Stand::Open(began_at) if decided == Some(began_at) => {}
        Stand::Open(_) => return Ok(Start::Open),
        Stand::Over => return Ok(Start::Over(format!("the {} is already {}", O::NOUN, O::status(&row)))),
    }
    outgoing.begin(tx, row, platform)
}

/// The open attempt, unless it has ended meanwhile.
pub(super) fn look<O: Outgoing>(
    tx: &mut TenantTx<'_>,
    outgoing: &O,
    platform: &Platform,
) -> Result<Option<(Parcel, OpenAttempt)>> {
    match outgoing.find(tx)?.filter(|row| matches!(O::stand(row), Stand::Open(_))) {
        Some(row) => outgoing.look(tx, row, platform),
        None => Ok(None),
    }
}
