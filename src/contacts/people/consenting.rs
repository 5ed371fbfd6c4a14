//! What a tenant records about a person's consent, and what is shown of it.

use validator::Validate;

use super::store::{self, Contact};
use crate::base::bounded::{Line, Text};
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::contacts::consents::{
    self, Consent, ConsentFilter, ConsentProof, ConsentSource, ConsentState, ConsentView, MessageClass, Place,
    ReportedSource, Said, Whose,
};
use crate::contacts::id::{ConsentId, ContactId};
use crate::contacts::model::{AddressChannel, Channel};
use crate::engine::db::{PageRequest, TenantTx};

/// Clocks of others may be ahead by so much.
const AHEAD: chrono::Duration = chrono::Duration::minutes(5);

/// What a person said about being written to.
#[derive(Debug, Clone, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"channel": "email", "class": "marketing", "state": "granted", "source": "form",
    "wording": "Send me offers and news by e-mail", "wording_version": "2026-03", "occurred_at": "2026-11-18T10:00:00Z",
    "proof": {"ip": "203.0.113.7", "form_id": "wedding-fair-2026"}}))]
pub struct NewConsent {
    pub channel: AddressChannel,
    /// The number or address it was said for, one of the contact's; the first of the channel's when absent.
    pub address: Option<Line<1, 254>>,
    pub class: MessageClass,
    pub state: ConsentState,
    /// What the person says to us (STOP, the page of preferences) is written down by itself.
    pub source: ReportedSource,
    /// What the person agreed to, word by word; required where they did.
    pub wording: Option<Text<1, 2000>>,
    pub wording_version: Option<Line<1, 100>>,
    /// When it was said; now when absent, never in the future.
    pub occurred_at: Option<Timestamp>,
    #[validate(nested)]
    #[serde(default)]
    pub proof: ConsentProof,
}

/// Records what a person said.
///
/// # Errors
/// `contact.not_found`, `contact.no_address`, `consent.the_persons_own`; everything that is wrong in the body.
pub fn record(tx: &mut TenantTx<'_>, id: ContactId, new: NewConsent) -> Result<Consent> {
    let contact = store::hold(tx, id)?;
    let now = tx.now();
    let mut wrong = Vec::new();
    let mut note = |at: &'static str, code: &'static str, rule: &str| wrong.push(FieldError::new(at, code, rule));
    let channel = Channel::from(new.channel);
    if new.state == ConsentState::Granted && new.wording.as_ref().is_none_or(|text| text.trim().is_empty()) {
        note("/wording", "required", "say what the person agreed to");
    }
    if new.occurred_at.is_some_and(|at| at > now.plus(AHEAD)) {
        note("/occurred_at", "invalid_value", "expected a time that is not in the future");
    }
    let known = contact.addresses(channel);
    let given = new.address.as_ref().map(|typed| channel.key(typed));
    let address = match &given {
        Some(given) => known.iter().find(|one| channel.key(one) == *given),
        None => known.first(),
    };
    if given.is_some() && address.is_none() {
        note("/address", "invalid_value", "expected one of the contact's own on this channel, a number in E.164");
    }
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let Some(address) = address else {
        let message = format!("The contact has no address for {channel}. Add it to the contact first.");
        return Err(Error::conflict("contact.no_address", message));
    };
    let said = Said {
        channel,
        address: (*address).to_string(),
        class: new.class,
        state: new.state,
        source: new.source.into(),
        wording: new.wording.map(Text::into_string),
        wording_version: new.wording_version.map(Line::into_string),
        proof: new.proof,
        occurred_at: new.occurred_at.unwrap_or(now).min(now),
    };
    if said.state == ConsentState::Granted {
        let refused = consents::refused_by_word(tx, channel, &said.address)?;
        if refused.is_some_and(|at| at <= said.occurred_at) {
            return Err(the_persons_own(channel));
        }
    }
    match consents::record(tx, said, Whose::Of(id))? {
        (_, Place::Outvoted) => Err(the_persons_own(channel)),
        (consent, _) => Ok(consent),
    }
}

fn the_persons_own(channel: Channel) -> Error {
    let by = match channel {
        Channel::Email => "by the page that every marketing e-mail links to",
        _ => "by writing START to the number they refused",
    };
    let message = format!(
        "The person refused this themselves, and not before they agreed. Only they can take it back: {by}, or by a word of their own."
    );
    Error::conflict("consent.the_persons_own", message)
}

impl Contact {
    /// Where the person is reached on a channel, the first choice first.
    pub fn addresses(&self, channel: Channel) -> Vec<&str> {
        match channel {
            Channel::Whatsapp | Channel::Sms => self.phones().collect(),
            Channel::Email => self.emails().collect(),
            Channel::WebChat | Channel::Messenger | Channel::Instagram => Vec::new(),
        }
    }
}

crate::text_enum! {
    /// What stands of a consent.
    pub enum ConsentStandingState {
        Granted = "granted",
        Withdrawn = "withdrawn",
        /// Nobody said anything.
        None = "none",
    }
}

/// What stands for a channel and a class.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"channel": "email", "class": "marketing", "address": "priya.sharma@example.com", "state": "granted",
    "source": "form", "since": "2026-11-18T10:00:00Z", "consent_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a31", "is_refused_by_word": false}))]
pub struct ConsentStandingView {
    pub channel: Channel,
    pub class: MessageClass,
    /// Where the person would be written to; null where there is none.
    pub address: Option<String>,
    pub state: ConsentStandingState,
    pub source: Option<ConsentSource>,
    /// When it was said.
    pub since: Option<Timestamp>,
    pub consent_id: Option<ConsentId>,
    /// The person wrote STOP, or complained: nothing of any class is sent to this address, whatever they agreed to.
    pub is_refused_by_word: bool,
}

/// What stands of a person's consent, and a page of what was said.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "standing": [{"channel": "email", "class": "marketing", "address": "priya.sharma@example.com", "state": "none", "source": null,
        "since": null, "consent_id": null, "is_refused_by_word": false}],
    "data": [], "next_cursor": null
}))]
pub struct ConsentPage {
    /// Of each channel and class, whatever page it is.
    pub standing: Vec<ConsentStandingView>,
    /// What was said, newest first.
    pub data: Vec<ConsentView>,
    /// Give it as `cursor` for the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// # Errors
/// `contact.not_found`.
pub fn list(tx: &mut TenantTx<'_>, id: ContactId, filter: &ConsentFilter, page: &PageRequest) -> Result<ConsentPage> {
    let contact = store::get(tx, id)?;
    let keys = |channel: Channel| contact.addresses(channel).into_iter().map(move |address| channel.key(address));
    let keys: Vec<PhoneKey> = keys(Channel::Sms).chain(keys(Channel::Email)).collect();
    let addresses: Vec<String> = keys.iter().flat_map(PhoneKey::spellings).map(str::to_string).collect();
    let page = consents::history(tx, id, &addresses, filter, page)?.map(ConsentView::from);
    let channels = || AddressChannel::ALL.iter().map(|channel| Channel::from(*channel));
    let first = |channel: Channel| contact.addresses(channel).first().copied();
    let reached: Vec<(Channel, &str)> = channels().filter_map(|channel| Some((channel, first(channel)?))).collect();
    let found = consents::standing::of_one(tx, id, &reached)?;
    let mut standing = Vec::new();
    for channel in channels() {
        let refused = first(channel).map(|address| consents::refused_by_word(tx, channel, address));
        let is_refused_by_word = refused.transpose()?.flatten().is_some();
        for class in MessageClass::ALL {
            let found = found.get(&(channel, *class));
            standing.push(ConsentStandingView {
                channel,
                class: *class,
                address: first(channel).map(str::to_string),
                state: match found.map(|standing| standing.state) {
                    Some(ConsentState::Granted) => ConsentStandingState::Granted,
                    Some(ConsentState::Withdrawn) => ConsentStandingState::Withdrawn,
                    None => ConsentStandingState::None,
                },
                source: found.map(|standing| standing.source),
                since: found.map(|standing| standing.occurred_at),
                consent_id: found.map(|standing| standing.id),
                is_refused_by_word,
            });
        }
    }
    Ok(ConsentPage { standing, data: page.data, next_cursor: page.next_cursor })
}
