//! Channels, and why somebody may not be written to.

use crate::base::id::TenantId;
use crate::base::phone::PhoneKey;
use crate::base::{email, phone};

crate::text_enum! {
    /// How two people talk.
    pub enum Channel {
        Whatsapp = "whatsapp",
        Sms = "sms",
        Email = "email",
        WebChat = "web_chat" | "platform_chat",
        Messenger = "messenger",
        Instagram = "instagram",
    }
}

crate::text_enum! {
    /// A channel on which somebody can be written to unasked, since there is an address or number of theirs.
    pub enum AddressChannel { Whatsapp = "whatsapp", Sms = "sms", Email = "email" }
}

impl From<AddressChannel> for Channel {
    fn from(channel: AddressChannel) -> Self {
        match channel {
            AddressChannel::Whatsapp => Self::Whatsapp,
            AddressChannel::Sms => Self::Sms,
            AddressChannel::Email => Self::Email,
        }
    }
}

/// Of [`Channel::key_of`].
pub fn version_of_keys() -> String {
    format!("e-mail {}, phone {}", email::SPELLING, phone::KEYS)
}

impl Channel {
    /// What a person's address on this channel is compared by; it is kept as [`PhoneKey::as_str`].
    pub fn key(self, address: &str) -> PhoneKey {
        match self {
            Self::Email => PhoneKey::exactly(&email::respelled(address)),
            _ => PhoneKey::of(address),
        }
    }

    pub fn key_of(self, address: &str) -> String {
        self.key(address).into_string()
    }
}

crate::text_enum! {
    /// Why an address is suppressed.
    pub enum SuppressionReason {
        /// The person sent STOP or a word like it.
        StopWord = "stop_word",
        /// The provider refuses to send because the person opted out there.
        ProviderOptOut = "provider_opt_out",
        /// A message came back: the address does not exist, or takes nothing.
        Bounced = "bounced",
        /// The person reported a message as spam.
        Complained = "complained",
        /// By a person of the tenant or the platform.
        Manual = "manual",
    }
}

impl SuppressionReason {
    /// How long it holds by itself. Mailboxes are repaired and made anew; half a year is what large senders wait.
    pub fn lasts(self) -> Option<chrono::Duration> {
        (self == Self::Bounced).then(|| chrono::Duration::days(180))
    }

    /// Said by the person, so that only they can take it back.
    pub fn is_the_persons(self) -> bool {
        matches!(self, Self::StopWord | Self::ProviderOptOut | Self::Complained)
    }
}

/// Whose messages are refused, and whose conversation led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    pub by: Option<TenantId>,
    pub is_for_all: bool,
}

impl Suppressed {
    /// This tenant's alone: others behind the same sender are not meant.
    pub fn by(tenant: TenantId) -> Self {
        Self { by: Some(tenant), is_for_all: false }
    }
    /// Everybody's behind the sender.
    pub fn by_all(tenant: Option<TenantId>) -> Self {
        Self { by: tenant, is_for_all: true }
    }
}
