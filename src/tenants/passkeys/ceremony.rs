//! What an authenticator says, believed only when it is proved: Web Authentication Level 3, sections 7.1 and 7.2.
//!
//! Pure: nothing here knows a database or a clock. Which challenge was given to whom is asked elsewhere; here it is read, and what was
//! signed is held to this [`Site`]. An attestation, by which a maker vouches for its devices, is neither asked for nor looked at.

use cbor4ii::core::Value;
use sha2::{Digest as _, Sha256};

use super::cbor;
use super::fault::Fault;
use super::key::PublicKey;
use super::site::Site;

/// What a browser was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Create,
    Get,
}

/// What the browser says of itself; the authenticator signs its hash.
#[derive(Debug)]
pub struct ClientData {
    pub challenge: Vec<u8>,
    hash: [u8; 32],
}

#[derive(serde::Deserialize)]
struct Collected {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin")]
    is_within_another: Option<bool>,
}

impl ClientData {
    /// # Errors
    /// Of another ceremony or page.
    pub fn read(json: &[u8], ceremony: Ceremony, site: &Site) -> Result<Self, Fault> {
        let collected: Collected = serde_json::from_slice(json).map_err(|_| Fault::Malformed)?;
        let expected = match ceremony {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        };
        if collected.kind != expected {
            return Err(Fault::Ceremony);
        }
        if !site.has_origin(&collected.origin) || collected.is_within_another == Some(true) {
            return Err(Fault::Origin);
        }
        let challenge = super::base64url(&collected.challenge).ok_or(Fault::Malformed)?;
        Ok(Self { challenge, hash: Sha256::digest(json).into() })
    }
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MAY_BE_BACKED_UP: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// The longest id of a credential, in bytes, as the specification has it.
pub const LONGEST_ID: usize = 1023;

/// What the authenticator says.
#[derive(Debug)]
struct Said {
    flags: u8,
    sign_count: u32,
    credential: Option<(Vec<u8>, PublicKey)>,
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Fault> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Fault::Malformed)?;
    *rest = left;
    Ok(taken)
}

impl Said {
    fn read(mut rest: &[u8], site: &Site) -> Result<Self, Fault> {
        let domain = take(&mut rest, 32)?;
        let flags = take(&mut rest, 1)?[0];
        let count = take(&mut rest, 4)?.iter().fold(0, |count, byte| count << 8 | u32::from(*byte));
        if domain != Sha256::digest(site.domain()).as_slice() {
            return Err(Fault::Domain);
        }
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            // Which model it is stands first; nobody is asked for it.
            take(&mut rest, 16)?;
            let length = take(&mut rest, 2)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            if length == 0 || length > LONGEST_ID {
                return Err(Fault::Malformed);
            }
            let id = take(&mut rest, length)?.to_vec();
            credential = Some((id, PublicKey::take(&mut rest)?));
        }
        if flags & HAS_EXTENSIONS != 0 && !matches!(cbor(&mut rest)?, Value::Map(_)) {
            return Err(Fault::Malformed);
        }
        let is_copied_though_it_cannot_be = flags & (MAY_BE_BACKED_UP | BACKED_UP) == BACKED_UP;
        if !rest.is_empty() || is_copied_though_it_cannot_be {
            return Err(Fault::Malformed);
        }
        if flags & PRESENT == 0 {
            return Err(Fault::NotPresent);
        }
        Ok(Self { flags, sign_count: count, credential })
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// A credential that was just made.
#[derive(Debug)]
pub struct Made {
    pub id: Vec<u8>,
    pub key: PublicKey,
    pub sign_count: u32,
    pub can_be_backed_up: bool,
    pub is_backed_up: bool,
    /// The authenticator knows who made it, not only that somebody did.
    pub is_verified: bool,
}

/// Reads the credential out of an attestation object.
///
/// # Errors
/// Of another domain or algorithm, without anybody there, or malformed.
pub fn made(site: &Site, id: &[u8], mut attestation_object: &[u8]) -> Result<Made, Fault> {
    let Value::Map(parts) = cbor(&mut attestation_object)? else { return Err(Fault::Malformed) };
    let mut data = parts.iter().filter(|(name, _)| *name == Value::Text("authData".into()));
    let (Some((_, Value::Bytes(data))), None) = (data.next(), data.next()) else { return Err(Fault::Malformed) };
    if !attestation_object.is_empty() {
        return Err(Fault::Malformed);
    }
    let mut said = Said::read(data, site)?;
    let (own_id, key) = said.credential.take().ok_or(Fault::Malformed)?;
    if own_id != id {
        return Err(Fault::Malformed);
    }
    Ok(Made {
        id: own_id,
        key,
        sign_count: said.sign_count,
        can_be_backed_up: said.is(MAY_BE_BACKED_UP),
        is_backed_up: said.is(BACKED_UP),
        is_verified: said.is(VERIFIED),
    })
}

/// What is known of the credential that is used.
#[derive(Debug)]
pub struct Known<'a> {
    pub key: &'a PublicKey,
    pub sign_count: u32,
    pub can_be_backed_up: bool,
}

/// What its use told.
#[derive(Debug, PartialEq, Eq)]
pub struct Used {
    pub sign_count: u32,
    pub is_backed_up: bool,
    pub is_verified: bool,
    /// It has not counted on since its last use, so there may be two of it.
    pub counts_backwards: bool,
}

/// Holds what was signed to the credential.
///
/// # Errors
/// Of another domain, not signed by it, without anybody there, or malformed.
pub fn used(
    site: &Site,
    client: &ClientData,
    authenticator_data: &[u8],
    signature: &[u8],
    known: &Known<'_>,
) -> Result<Used, Fault> {
    let said = Said::read(authenticator_data, site)?;
    if !known.key.has_signed(&[authenticator_data, &client.hash].concat(), signature) {
        return Err(Fault::Signature);
    }
    if said.is(MAY_BE_BACKED_UP) != known.can_be_backed_up {
        return Err(Fault::Backup);
    }
    // Those that are copied between devices do not count, and say zero.
    let counts = said.sign_count != 0 || known.sign_count != 0;
    Ok(Used {
        sign_count: said.sign_count,
        is_backed_up: said.is(BACKED_UP),
        is_verified: said.is(VERIFIED),
        counts_backwards: counts && said.sign_count <= known.sign_count,
    })
}

#[cfg(test)]
mod tests;
