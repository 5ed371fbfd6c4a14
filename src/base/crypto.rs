//! Secrets at rest and tokens: XChaCha20-Poly1305 under the master key, hashes for what is only ever compared.
//!
//! Which key a value is sealed under stands at its beginning, so that one key can take the place of another.
//!
//! Secrets never print: [`Secret`] has no `Display` and its `Debug` is a row of dots.

use std::sync::Arc;

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

/// The key everything else is derived from (32 bytes); while it is changed, the former ones behind it. The first seals and
/// signs, every one opens.
#[derive(Clone)]
pub struct MasterKey(Arc<[Key]>);

#[derive(Clone)]
struct Key {
    bytes: [u8; 32],
    /// Says of a sealed value that it is under this key, and nothing of the key itself.
    mark: [u8; MARK],
}

/// Six bytes are eight letters of base64, so what is sealed under a key begins alike, and SQL finds it.
const MARK: usize = 6;
const NONCE: usize = 24;
/// More than two are an accident: one rotation that began before the last was over.
const MOST_KEYS: usize = 4;

impl Key {
    fn new(bytes: [u8; 32]) -> Self {
        let digest = derived(&bytes, "key-mark");
        let mut mark = [0; MARK];
        mark.copy_from_slice(&digest[..MARK]);
        Self { bytes, mark }
    }

    fn open(&self, purpose: &str, context: &str, nonce: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        XChaCha20Poly1305::new(&derived(&self.bytes, purpose).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context.as_bytes() })
            .ok()
    }
}

/// An independent key for one purpose (HKDF-SHA256).
fn derived(bytes: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, bytes)
        .expand(purpose.as_bytes(), &mut key)
        .expect("32 bytes is a valid HKDF-SHA256 length");
    key
}

impl MasterKey {
    pub fn random() -> Self {
        Self(Arc::new([Key::new(rand::random())]))
    }

    /// Reads base64 of exactly 32 bytes; or several of them, separated by commas, the current one first.
    pub fn from_base64(text: &str) -> Result<Self, String> {
        let mut keys: Vec<Key> = Vec::new();
        for (at, one) in text.split(',').map(str::trim).enumerate() {
            let which = if text.contains(',') { format!("key {}: ", at + 1) } else { String::new() };
            let refuse = |why: String| format!("{which}expected base64 of exactly 32 bytes{why}");
            let bytes = STANDARD.decode(one).map_err(|_| refuse(" (openssl rand -base64 32)".into()))?;
            let found = bytes.len();
            let bytes =
                bytes.try_into().map_err(|_| refuse(format!(", and this is {found} (openssl rand -base64 32)")))?;
            if keys.iter().any(|known| known.bytes == bytes) {
                return Err(format!("{which}the same key twice"));
            }
            keys.push(Key::new(bytes));
        }
        if keys.len() > MOST_KEYS {
            return Err(format!("expected at most {MOST_KEYS} keys, the current one first"));
        }
        Ok(Self(keys.into()))
    }

    /// As [`Self::from_base64`] reads it.
    pub fn to_base64(&self) -> String {
        self.0.iter().map(|key| STANDARD.encode(key.bytes)).collect::<Vec<_>>().join(",")
    }

    fn current(&self) -> &Key {
        self.0.first().expect("one key at least was read or made")
    }

    /// Each key by itself, the current one first.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.0.iter().map(|key| Self(Arc::new([key.clone()])))
    }

    /// Are there former keys?
    pub fn is_rotating(&self) -> bool {
        self.0.len() > 1
    }

    /// An independent key for one purpose, of the current key.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        derived(&self.current().bytes, purpose)
    }

    /// `prefix` + 43 characters that follow from the key and a purpose: a token that can be told again without being stored.
    pub fn token(&self, prefix: &str, purpose: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.derive(purpose)))
    }

    /// The token as it was told first: under whichever key `is_known` says so of it, and else under the current one. With one key nothing is asked.
    pub fn token_known<E>(
        &self,
        prefix: &str,
        purpose: &str,
        mut is_known: impl FnMut(&str) -> Result<bool, E>,
    ) -> Result<String, E> {
        for key in self.each().filter(|_| self.is_rotating()) {
            let token = key.token(prefix, purpose);
            if is_known(&token)? {
                return Ok(token);
            }
        }
        Ok(self.token(prefix, purpose))
    }

    /// Encrypts under a key derived for `purpose`; `context` is authenticated and must be given again to open.
    /// Shape: `v1.` + base64(24-byte nonce ‖ ciphertext). The nonce begins with the key's mark; 18 bytes of it are random.
    pub fn seal(&self, purpose: &str, context: &str, plain: &[u8]) -> String {
        let key = self.current();
        let cipher = XChaCha20Poly1305::new(&derived(&key.bytes, purpose).into());
        let mut nonce: [u8; NONCE] = rand::random();
        nonce[..MARK].copy_from_slice(&key.mark);
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: context.as_bytes() })
            .expect("encryption of a bounded message does not fail");
        format!("v1.{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// How everything begins that is sealed under the current key.
    pub fn mark(&self) -> String {
        format!("v1.{}", STANDARD.encode(self.current().mark))
    }

    /// Opens what [`Self::seal`] made with the same purpose and context, under any of the keys. Values of before there were
    /// marks begin with anything.
    pub fn open(&self, purpose: &str, context: &str, sealed: &str) -> Result<Vec<u8>> {
        let failed = || Error::internal("a sealed value could not be opened: other master key, or altered");
        let bytes = sealed.strip_prefix("v1.").and_then(|text| STANDARD.decode(text).ok()).ok_or_else(failed)?;
        if bytes.len() < NONCE {
            return Err(failed());
        }
        let (nonce, body) = bytes.split_at(NONCE);
        let (named, others): (Vec<&Key>, Vec<&Key>) = self.0.iter().partition(|key| nonce.starts_with(&key.mark));
        named.into_iter().chain(others).find_map(|key| key.open(purpose, context, nonce, body)).ok_or_else(failed)
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
    fn a_former_key_opens_and_the_first_one_seals() {
        let (old, new) = (MasterKey::random(), MasterKey::random());
        let both = MasterKey::from_base64(&format!("{}, {}", new.to_base64(), old.to_base64())).unwrap();
        assert!(both.is_rotating() && !new.is_rotating());
        let (before, after) = (old.seal("tokens", "a", b"x"), both.seal("tokens", "a", b"y"));
        assert_eq!(both.open("tokens", "a", &before).unwrap(), b"x");
        assert_eq!(new.open("tokens", "a", &after).unwrap(), b"y");
        assert!(old.open("tokens", "a", &after).is_err());
        assert!(after.starts_with(&new.mark()) && before.starts_with(&old.mark()) && new.mark() != old.mark());
        assert_eq!(both.token("t_", "p"), new.token("t_", "p"));
        let known = |told: &str| Ok::<_, Error>(told == old.token("t_", "p"));
        assert_eq!(both.token_known("t_", "p", known).unwrap(), old.token("t_", "p"));
        assert_eq!(both.token_known("t_", "p", |_| Ok::<_, Error>(false)).unwrap(), new.token("t_", "p"));
    }

    #[test]
    fn what_was_sealed_without_a_mark_opens() {
        let key = MasterKey::random();
        let nonce = [7; NONCE];
        let cipher = XChaCha20Poly1305::new(&key.derive("tokens").into());
        let body = cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: b"x", aad: b"a" }).unwrap();
        let sealed = format!("v1.{}", STANDARD.encode([nonce.as_slice(), &body].concat()));
        assert_eq!(key.open("tokens", "a", &sealed).unwrap(), b"x");
        assert!(!sealed.starts_with(&key.mark()));
    }

    #[test]
    fn a_key_that_is_none_is_told_what_is_wrong_with_it() {
        let good = MasterKey::random().to_base64();
        for (text, words) in [
            ("AAAA".to_string(), "and this is 3"),
            ("not base64!".into(), "base64 of exactly 32 bytes"),
            (format!("{good},AAAA"), "key 2: expected"),
            (format!("{good},{good}"), "key 2: the same key twice"),
            (format!("{good},"), "key 2: expected"),
        ] {
            let why = MasterKey::from_base64(&text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
            assert!(!why.contains(&good), "{why}");
        }
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
