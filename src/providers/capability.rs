//! What the product asks of providers, and the values that travel. Traits stay this small on purpose: a vendor has exactly
//! those that it can do, and whoever asks for another learns so before calling.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{ErrorClass, ProviderError};
use crate::base::money::Money;
use crate::base::time::Timestamp;

crate::text_enum! {
    /// Where an ad campaign runs.
    pub enum AdPlatform { Meta = "meta" | "facebook", Google = "google" }
}

impl AdPlatform {
    /// Is an ad campaign's daily budget its own? At Google a budget may be shared by several ad campaigns, so lowering it
    /// for one would starve the others.
    pub fn has_own_budget(self) -> bool {
        self == Self::Meta
    }
}

crate::text_enum! {
    /// The two channels that reach a phone number.
    pub enum TextChannel { Whatsapp = "whatsapp", Sms = "sms" }
}

crate::text_enum! {
    /// How far a message got, in every provider's words translated. Order of arrival is not guaranteed: keep the maximum, and
    /// let `failed` win only over what came before `delivered`.
    pub enum DeliveryStatus { Queued = "queued", Sent = "sent", Delivered = "delivered", Read = "read", Failed = "failed" }
}

crate::text_enum! {
    /// What an ad campaign should be doing.
    pub enum Running { Active = "active", Paused = "paused" }
}

/// A WhatsApp message or an SMS that is about to leave.
#[derive(Debug, Clone)]
pub struct OutgoingText {
    /// Our message id; it comes back in status callbacks as the query parameter `message_id`.
    pub id: String,
    /// The tenant it belongs to; comes back as `tenant_id`.
    pub tenant_id: Option<String>,
    pub channel: TextChannel,
    /// The sender's number in E.164, without a channel prefix.
    pub from: String,
    /// The recipient's number in E.164, without a channel prefix.
    pub to: String,
    pub content: TextContent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TextContent {
    /// Free text. On WhatsApp only inside the 24-hour window.
    Body(String),
    /// An approved template.
    Template {
        /// Our template code (`first_contact`), mapped to the provider's id by configuration.
        code: String,
        /// The values of its placeholders, keyed as the provider numbers them (`"1"`, `"2"` …).
        variables: BTreeMap<String, String>,
        /// What the person will read. Lets a lost answer be reconciled, since providers list the rendered text only.
        text: String,
    },
}

/// What to look for when the answer to a send was lost.
#[derive(Debug, Clone)]
pub struct SentQuery {
    pub channel: TextChannel,
    pub from: String,
    pub to: String,
    /// When the attempt began.
    pub since: Timestamp,
    pub content: TextContent,
    /// Provider ids already known to be other messages of ours.
    pub known: Vec<String>,
}

/// The provider took responsibility. Not a delivery: that comes by webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub provider_id: String,
    pub status: DeliveryStatus,
}

/// A display name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    /// The bare address.
    pub address: String,
}

impl Mailbox {
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: Some(name.into()), address: address.into() }
    }
    pub fn bare(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into() }
    }
}

/// One e-mail to one person.
#[derive(Debug, Clone)]
pub struct OutgoingEmail {
    /// Our id; the provider's idempotency key and the left half of the `Message-ID`.
    pub id: String,
    pub from: Mailbox,
    pub to: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Further headers (`List-Unsubscribe` …).
    pub headers: Vec<(String, String)>,
    /// Returned in webhooks by providers that keep them: ASCII letters, digits, `_` and `-`.
    pub tags: Vec<(String, String)>,
}

/// Sends WhatsApp messages or SMS.
#[async_trait]
pub trait TextSender: Send + Sync {
    /// The provider's name, as in [`ProviderError::provider`].
    fn provider(&self) -> &'static str;

    /// # Errors
    /// [`ErrorClass::Ambiguous`] when the answer was lost: call [`Self::find_sent`] before anything else.
    async fn send(&self, message: &OutgoingText) -> Result<Accepted, ProviderError>;

    /// Looks for a message whose answer was lost. `None` means the provider never took it.
    async fn find_sent(&self, query: &SentQuery) -> Result<Option<Accepted>, ProviderError>;
}

/// Sends e-mail.
#[async_trait]
pub trait EmailSender: Send + Sync {
    /// The provider's name, as in [`ProviderError::provider`].
    fn provider(&self) -> &'static str;

    async fn send(&self, email: &OutgoingEmail) -> Result<Accepted, ProviderError>;
}

/// What a person attached, as it comes: read by pieces, never all at once.
pub struct MediaBody {
    provider: &'static str,
    response: reqwest::Response,
    left: usize,
    /// In the provider's words.
    pub content_type: Option<String>,
}

impl MediaBody {
    /// # Errors
    /// `too_large`, when it says of itself that it is.
    pub(super) fn of(
        provider: &'static str,
        response: reqwest::Response,
        most_bytes: usize,
    ) -> Result<Self, ProviderError> {
        if response.content_length().is_some_and(|length| length > most_bytes as u64) {
            return Err(too_large(provider));
        }
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok()).map(Into::into);
        Ok(Self { provider, response, left: most_bytes, content_type })
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `connection_lost`, and `too_large` once it is.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ProviderError> {
        let lost = |error: reqwest::Error| {
            let told = super::http::describe(&error.without_url());
            ProviderError::new(self.provider, ErrorClass::Retry, "connection_lost", told)
        };
        let Some(piece) = self.response.chunk().await.map_err(lost)? else { return Ok(None) };
        self.left = self.left.checked_sub(piece.len()).ok_or_else(|| too_large(self.provider))?;
        Ok(Some(piece.to_vec()))
    }
}

fn too_large(provider: &'static str) -> ProviderError {
    ProviderError::new(provider, ErrorClass::Permanent, "too_large", "it is larger than anything a person can send")
}

/// Fetches what a person attached to a message.
#[async_trait]
pub trait MediaFetcher: Send + Sync {
    /// `url` as the provider told it with the message.
    async fn fetch_media(&self, url: &str) -> Result<MediaBody, ProviderError>;
}

/// Pauses and resumes ad campaigns. Setting the status it already has is not an error, so it may always be repeated.
#[async_trait]
pub trait CampaignControl: Send + Sync {
    async fn set_campaign_status(&self, external_campaign_id: &str, to: Running) -> Result<(), ProviderError>;
}

/// Changes what an ad campaign may spend a day. Apart from [`CampaignControl`], because not every platform's adapter can.
#[async_trait]
pub trait BudgetControl: Send + Sync {
    /// Only for ad campaigns whose budget is set on the ad campaign itself.
    async fn set_daily_budget(&self, external_campaign_id: &str, to: Money) -> Result<(), ProviderError>;
}
