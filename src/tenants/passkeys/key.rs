//! A passkey's public key: read from COSE (RFC 9052), and what it says of a signature.

use cbor4ii::core::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor;
use super::fault::Fault;

// IANA's registry of COSE: algorithms, types of keys, curves, and the labels under which each stands in a key.
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const P_256: i64 = 1;
const CURVE_25519: i64 = 6;
const TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
/// The curve; of RSA the modulus.
const FIRST: i64 = -1;
/// x; of RSA the exponent.
const SECOND: i64 = -2;
/// y.
const THIRD: i64 = -3;

/// What is asked of authenticators, in this order.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

/// A key of one of [`ALGORITHMS`].
#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey {
    cose: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// An uncompressed point of P-256.
    Es256(Vec<u8>),
    Ed25519(Vec<u8>),
    /// Modulus and exponent.
    Rs256(Vec<u8>, Vec<u8>),
}

/// The longest modulus whose signatures are looked at, in bytes.
const LONGEST_MODULUS: usize = 1024;

/// The parameters of a key, each by its label.
struct Parameters<'a>(&'a [(Value, Value)]);

impl Parameters<'_> {
    fn number(&self, label: i64) -> Option<i64> {
        match self.under(label)? {
            Value::Integer(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }

    fn bytes(&self, label: i64) -> Option<&[u8]> {
        match self.under(label)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// One that stands there twice is none.
    fn under(&self, label: i64) -> Option<&Value> {
        let mut found = self.0.iter().filter(|(own, _)| *own == Value::Integer(label.into()));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    fn kind(&self) -> Option<Kind> {
        let curve = |curve| self.number(FIRST).filter(|own| *own == curve);
        let coordinate = |label| self.bytes(label).filter(|bytes| bytes.len() == 32);
        match (self.number(TYPE)?, self.number(ALGORITHM)?) {
            (EC2, ES256) => {
                curve(P_256)?;
                Some(Kind::Es256([[4].as_slice(), coordinate(SECOND)?, coordinate(THIRD)?].concat()))
            }
            (OKP, EDDSA) => {
                curve(CURVE_25519)?;
                coordinate(SECOND).map(|x| Kind::Ed25519(x.to_vec()))
            }
            (RSA, RS256) => {
                let modulus = self.bytes(FIRST).filter(|n| (256..=LONGEST_MODULUS).contains(&n.len()))?;
                Some(Kind::Rs256(modulus.to_vec(), self.bytes(SECOND)?.to_vec()))
            }
            _ => None,
        }
    }
}

impl PublicKey {
    /// Takes a key off the front of what an authenticator says.
    ///
    /// # Errors
    /// [`Fault::Algorithm`] for a key of another kind, [`Fault::Malformed`] for what is none.
    pub(super) fn take(rest: &mut &[u8]) -> Result<Self, Fault> {
        let before = *rest;
        let Value::Map(parameters) = cbor(rest)? else { return Err(Fault::Malformed) };
        let kind = Parameters(&parameters).kind().ok_or(Fault::Algorithm)?;
        Ok(Self { cose: before[..before.len() - rest.len()].to_vec(), kind })
    }

    /// As [`Self::cose`] told it.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn read(mut cose: &[u8]) -> Result<Self, Fault> {
        let key = Self::take(&mut cose)?;
        if cose.is_empty() { Ok(key) } else { Err(Fault::Malformed) }
    }

    /// For keeping.
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// Did the holder of the private key sign this?
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.kind {
            Kind::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Kind::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Kind::Rs256(n, e) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        }
        .is_ok()
    }
}
