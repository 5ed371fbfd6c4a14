//! Which number or address a message leaves from.
//!
//! A conversation keeps its sender while that one is active, so a person sees one number. The first message takes the
//! tenant's own sender when it has one, else the platform's, under the name "ABC Real Estate via LeadGen Pro".

use super::store::senders as store;
use crate::base::{Error, Result};
use crate::contacts::Channel;
use crate::contacts::consents::MessageClass;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::providers::{Providers, TextChannel};
use crate::sending::id::SenderId;

pub use store::{Sender, find, platforms};

/// Makes the platform's sender of a channel what configuration says. Call it at start-up for each configured channel;
/// running it again changes nothing.
pub fn ensure_platform(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    provider: &str,
    address: &str,
    display_name: Option<&str>,
) -> Result<()> {
    let sender = Sender {
        id: SenderId::new(),
        tenant_id: None,
        channel,
        provider: provider.into(),
        address: address.into(),
        display_name: display_name.map(Into::into),
        is_active: true,
        created_at: tx.now(),
    };
    store::upsert_platform(tx, &sender)?;
    store::retire_platform_except(tx, channel, address)
}

/// Makes the platform's senders what configuration says, at start-up. A channel that is not connected has none.
pub fn seed(tx: &mut PlatformTx<'_>, providers: &Providers, email_from: &str) -> Result<()> {
    for (channel, text) in [(Channel::Whatsapp, TextChannel::Whatsapp), (Channel::Sms, TextChannel::Sms)] {
        match (providers.text(text), providers.platform_number(text)) {
            (Some(sender), Some(number)) => ensure_platform(tx, channel, sender.provider(), number, None)?,
            _ => store::retire_platform_except(tx, channel, "")?,
        }
    }
    match providers.email() {
        Some(sender) => ensure_platform(tx, Channel::Email, sender.provider(), email_from, None),
        None => store::retire_platform_except(tx, Channel::Email, ""),
    }
}

/// The sender for a conversation that used `current` so far.
///
/// # Errors
/// `channel.not_connected` when neither the tenant nor the platform has one.
pub fn choose(tx: &mut TenantTx<'_>, channel: Channel, current: Option<&str>) -> Result<Sender> {
    let mut usable = store::usable(tx, channel)?;
    let kept = usable.iter().position(|sender| current == Some(sender.address.as_str()));
    if usable.is_empty() {
        let message = format!("No sender is connected for {channel}, so nothing can be sent on this channel yet.");
        return Err(Error::conflict("channel.not_connected", message));
    }
    Ok(usable.swap_remove(kept.unwrap_or(0)))
}

/// What a message leaves from by what it is for; `None` where nothing does. Marketing on WhatsApp leaves from the tenant's own WhatsApp
/// Business account, so that the platform's number is risked by nobody: an active row of `senders` that is the tenant's. All else
/// leaves from the tenant's own sender where it has one, and else from the platform's.
pub fn of_class(tx: &mut TenantTx<'_>, channel: Channel, class: MessageClass) -> Result<Option<Sender>> {
    let needs_own = channel == Channel::Whatsapp && class == MessageClass::Marketing;
    let mut usable = store::usable(tx, channel)?.into_iter();
    Ok(usable.find(|sender| !needs_own || sender.tenant_id.is_some()))
}

/// The sender a message says it leaves from. One that is gone counts as the platform's.
pub fn at(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Sender> {
    let tenant = tx.tenant();
    let found = store::find(&mut tx.platform(), channel, address)?;
    Ok(found.filter(|sender| sender.tenant_id.is_none_or(|owner| owner == tenant)).unwrap_or_else(|| Sender {
        id: SenderId::new(),
        tenant_id: None,
        channel,
        provider: String::new(),
        address: address.into(),
        display_name: None,
        is_active: false,
        created_at: tx.now(),
    }))
}

/// The platform's own sender of a channel, for what the platform itself has to say.
pub fn platform(tx: &mut TenantTx<'_>, channel: Channel) -> Result<Option<Sender>> {
    Ok(store::usable(tx, channel)?.into_iter().find(|sender| sender.tenant_id.is_none()))
}
