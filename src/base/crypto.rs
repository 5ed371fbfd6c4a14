//! Secrets at rest and tokens: XChaCha20-Poly1305 under the master key, hashes for what is only ever compared.
//!
//! Secrets never print: [`Secret`] has no `Display` and its `Debug` is a row of dots.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Error, Result};

/// A value that must not appear in logs.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The value itself; call it only where it leaves for its provider or is compared.
    pub fn expose(&self) -> &str {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("••••")
    }
}

/// Compares without leaking where the difference is. Empty never equals anything: an unset secret accepts nobody.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    !left.is_empty() && left.len() == right.len() && bool::from(left.ct_eq(right))
}

/// Lower hex SHA-256. For values with 128 bits of entropy or more (tokens, keys): those need no slow hash.
pub fn sha256_hex(data: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(data))
}

/// `prefix` + 32 random bytes in URL-safe base64 (43 characters).
pub fn random_token(prefix: &str) -> String {
    let bytes: [u8; 32] = rand::random();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The key everything else is derived from (32 bytes).
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Reads base64 of exactly 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| "expected base64 of 32 bytes".to_string())?;
        bytes.try_into().map(Self).map_err(|_| "expected base64 of exactly 32 bytes".into())
    }

    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// An independent key for one purpose (HKDF-SHA256).
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes is a valid HKDF-SHA256 length");
        key
    }

    /// `prefix` + 43 characters that follow from the key and a purpose: a token that can be told again without being stored.
    pub fn token(&self, prefix: &str, purpose: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.derive(purpose)))
    }

    /// Encrypts under a key derived for `purpose`; `context` is authenticated and must be given again to open.
    /// Shape: `v1.` + base64(24-byte nonce ‖ ciphertext).
    pub fn seal(&self, purpose: &str, context: &str, plain: &[u8]) -> String {
        let cipher = XChaCha20Poly1305::new(&self.derive(purpose).into());
        let nonce: [u8; 24] = rand::random();
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: context.as_bytes() })
            .expect("encryption of a bounded message does not fail");
        format!("v1.{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Self::seal`] made with the same purpose and context.
    pub fn open(&self, purpose: &str, context: &str, sealed: &str) -> Result<Vec<u8>> {
        let failed = || Error::internal("a sealed value could not be opened: other master key, or altered");
        let bytes = sealed.strip_prefix("v1.").and_then(|text| STANDARD.decode(text).ok()).ok_or_else(failed)?;
        if bytes.len() < 24 {
            return Err(failed());
        }
        let (nonce, body) = bytes.split_at(24);
        XChaCha20Poly1305::new(&self.derive(purpose).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context.as_bytes() })
            .map_err(|_| failed())
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_context() {
        let key = MasterKey::random();
        let sealed = key.seal("tokens", "tenant-1", b"page-token");
        assert_eq!(key.open("tokens", "tenant-1", &sealed).unwrap(), b"page-token");
        assert!(key.open("tokens", "tenant-2", &sealed).is_err());
        assert!(key.open("other", "tenant-1", &sealed).is_err());
        assert!(MasterKey::random().open("tokens", "tenant-1", &sealed).is_err());
    }

    #[test]
    fn an_empty_secret_equals_nothing() {
        assert!(!constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"a", b"a"));
        assert!(!constant_time_eq(b"a", b"ab"));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "••••");
    }
}
