//! What a page sends back of `navigator.credentials`, and whether it is believed.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::ceremony::{self, Ceremony, ClientData, Known, LONGEST_ID, Made};
use super::challenge::{Challenge, Purpose};
use super::key::PublicKey;
use super::{Fault, Site, base64url, options, to_base64url};
use crate::base::crypto::MasterKey;
use crate::base::error::FieldError;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::tenants::store::passkeys::{self as store, Passkey};

/// `credential.toJSON()`, as it came.
pub type Credential = Map<String, Value>;

/// Bytes, as browsers write them.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        base64url(&text).map(Self).ok_or_else(|| serde::de::Error::custom("expected base64 for URLs"))
    }
}

#[derive(Deserialize)]
struct Answered<Response> {
    id: Bytes,
    #[serde(rename = "type")]
    kind: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    attestation_object: Bytes,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    authenticator_data: Bytes,
    signature: Bytes,
    user_handle: Option<Bytes>,
}

fn read<Response: for<'de> Deserialize<'de>>(credential: &Credential) -> Result<Answered<Response>, Fault> {
    let answered = Answered::deserialize(credential).map_err(|_| Fault::Malformed)?;
    if answered.kind != "public-key" || answered.id.0.is_empty() || answered.id.0.len() > LONGEST_ID {
        return Err(Fault::Malformed);
    }
    Ok(answered)
}

/// How a device may be reached, of what the specification names.
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

const PLACE: &str = "/credential";
const UNKNOWN: &str = "unknown_passkey";

/// Why an answer is refused.
#[derive(Debug)]
pub enum Refused {
    /// The challenge was never given, is over, was answered, or is for something else.
    Challenge,
    /// No account has this passkey.
    Unknown,
    Fault(Fault),
    Failed(Error),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Refused {
    /// For a body whose `credential` it is, of somebody who is in.
    pub fn at_credential(self) -> Error {
        match self {
            Self::Challenge => {
                let rule = "the challenge is unknown, was answered, or is older than five minutes";
                Error::field(PLACE, "challenge", rule)
            }
            Self::Unknown => Error::field(PLACE, UNKNOWN, "no account has this passkey"),
            Self::Fault(fault) => Error::field(PLACE, fault.code(), fault.sentence()),
            Self::Failed(error) => error,
        }
    }

    /// For somebody who wants in.
    pub fn at_the_door(self) -> Error {
        match self {
            Self::Challenge => {
                let message =
                    "This challenge is not valid any more: it works once, within five minutes. Ask for another one.";
                Error::unauthenticated("auth.invalid_challenge", message)
            }
            Self::Unknown => {
                let message = "No account has this passkey; it may have been removed.";
                let at = FieldError::new(PLACE, UNKNOWN, "no account has this passkey");
                Error::unauthenticated("auth.unknown_passkey", message).with_fields(vec![at])
            }
            Self::Fault(Fault::Malformed) => self.at_credential(),
            Self::Fault(fault) => {
                let sentence = fault.sentence();
                let (first, rest) = sentence.split_at(1);
                let at = FieldError::new(PLACE, fault.code(), sentence);
                Error::unauthenticated("auth.invalid_passkey", format!("{}{rest}.", first.to_uppercase()))
                    .with_fields(vec![at])
            }
            Self::Failed(error) => error,
        }
    }
}

/// A passkey that was made for the account of a challenge.
#[derive(Debug)]
pub struct Registered {
    pub purpose: Purpose,
    pub made: Made,
    pub transports: Vec<String>,
}

/// Reads a new passkey, and uses its challenge up.
pub fn registered(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    site: &Site,
    credential: &Credential,
) -> Result<Registered, Refused> {
    let answered: Answered<Attestation> = read(credential)?;
    let client = ClientData::read(&answered.response.client_data.0, Ceremony::Create, site)?;
    let challenge = Challenge::read(key, tx.now(), &client.challenge).ok_or(Refused::Challenge)?;
    let made = ceremony::made(site, &answered.id.0, &answered.response.attestation_object.0)?;
    if !made.is_verified {
        return Err(Fault::NotVerified.into());
    }
    if !challenge.use_up(tx, &client.challenge)? {
        return Err(Refused::Challenge);
    }
    let mut transports = answered.response.transports;
    let mut seen = std::collections::BTreeSet::new();
    transports.retain(|one| TRANSPORTS.contains(&one.as_str()) && seen.insert(one.clone()));
    Ok(Registered { purpose: challenge.purpose, made, transports })
}

/// The passkey that a credential says it is of, whether or not it is.
pub fn claimed(tx: &mut PlatformTx<'_>, credential: &Credential) -> Result<Option<Passkey>> {
    let Ok(Answered::<serde::de::IgnoredAny> { id, .. }) = read(credential) else { return Ok(None) };
    store::by_credential(tx, &to_base64url(id.0))
}

/// A passkey that was used for a challenge.
#[derive(Debug)]
pub struct Shown {
    pub purpose: Purpose,
    pub passkey: Passkey,
    /// The device knows who it was, so it counts for two factors.
    pub is_verified: bool,
}

/// Holds an answer to the passkey that it says it is of, notes its use, and uses its challenge up.
pub fn shown(tx: &mut PlatformTx<'_>, key: &MasterKey, site: &Site, credential: &Credential) -> Result<Shown, Refused> {
    let answered: Answered<Assertion> = read(credential)?;
    let response = answered.response;
    let client = ClientData::read(&response.client_data.0, Ceremony::Get, site)?;
    let challenge = Challenge::read(key, tx.now(), &client.challenge).ok_or(Refused::Challenge)?;
    let mut passkey = store::hold_by_credential(tx, &to_base64url(answered.id.0))?.ok_or(Refused::Unknown)?;
    let public_key = base64url(&passkey.public_key).and_then(|cose| PublicKey::read(&cose).ok());
    let known = Known {
        key: &public_key.ok_or_else(|| Error::internal("a passkey whose key cannot be read"))?,
        sign_count: u32::try_from(passkey.sign_count).map_err(Error::internal)?,
        can_be_backed_up: passkey.can_be_backed_up,
    };
    let used = ceremony::used(site, &client, &response.authenticator_data.0, &response.signature.0, &known)?;
    // A device that was named no passkeys says whose it is; any that says so says the truth.
    let handle = response.user_handle.map(|handle| handle.0).filter(|handle| !handle.is_empty());
    let is_needed = !matches!(challenge.purpose, Purpose::Second(_));
    match handle {
        Some(handle) if handle != options::handle(passkey.user_id) => return Err(Fault::Holder.into()),
        None if is_needed => return Err(Fault::NoHolder.into()),
        _ => {}
    }
    if is_needed && !used.is_verified {
        return Err(Fault::NotVerified.into());
    }
    if !challenge.use_up(tx, &client.challenge)? {
        return Err(Refused::Challenge);
    }
    // Asked after the challenge: an answer that comes twice does not count on, either.
    if used.counts_backwards {
        return Err(Fault::Counter.into());
    }
    passkey.sign_count = i64::from(used.sign_count);
    passkey.is_backed_up = used.is_backed_up;
    store::note_use(tx, &passkey)?;
    Ok(Shown { purpose: challenge.purpose, passkey, is_verified: used.is_verified })
}
