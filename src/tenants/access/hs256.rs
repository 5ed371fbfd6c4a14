//! HS256, and nothing else, for the library that reads and writes tokens.
//!
//! What it brings itself builds RSA and every curve, none of which anybody here has a key of.

use std::sync::Once;

use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwkUtils, JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::Sha256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Key::of(*algorithm, key.try_get_hmac_secret()?)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Key::of(*algorithm, key.try_get_hmac_secret()?)?)),
    jwk_utils: JwkUtils::new_unimplemented(),
};

/// A key for signing.
pub(super) fn signing(secret: &[u8]) -> EncodingKey {
    provide();
    EncodingKey::from_secret(secret)
}

/// A key for verifying.
pub(super) fn verifying(secret: &[u8]) -> DecodingKey {
    provide();
    DecodingKey::from_secret(secret)
}

fn provide() {
    static ONCE: Once = Once::new();
    // Nobody else provides one; if somebody did, it would be one for the whole process.
    ONCE.call_once(|| _ = PROVIDER.install_default());
}

struct Key(Hmac<Sha256>);

impl Key {
    fn of(algorithm: Algorithm, secret: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Ok(Self(Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?))
    }
}

impl Signer<Vec<u8>> for Key {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}
impl JwtSigner for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        // In constant time.
        self.0.clone().chain_update(message).verify_slice(signature).map_err(Error::from_source)
    }
}
impl JwtVerifier for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_everybody_does() {
        // RFC 7515, appendix A.1.
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let secret: Vec<u8> = [
            0x0323_354b_2b0f_a5bc_837e_0665_777b_a68f_u128,
            0x5ab3_28e6_f054_c928_a90f_84b2_d250_2ebf,
            0xd3fb_5a92_d206_47ef_968a_b4c3_7762_3d22,
            0x3d2e_2172_052e_4f08_c0cd_9af5_67d0_80a3,
        ]
        .iter()
        .flat_map(|part| part.to_be_bytes())
        .collect();
        let secret = &secret;
        let expected = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &signing(secret), Algorithm::HS256);
        assert_eq!(signed.unwrap(), expected);
        let verify = |message: &str, algorithm| {
            jsonwebtoken::crypto::verify(expected, message.as_bytes(), &verifying(secret), algorithm)
        };
        assert!(verify(message, Algorithm::HS256).unwrap());
        assert!(!verify("another message", Algorithm::HS256).unwrap());
        assert!(verify(message, Algorithm::RS256).is_err() && verify(message, Algorithm::HS512).is_err());
    }
}
