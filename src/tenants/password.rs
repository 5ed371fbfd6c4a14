//! Passwords: what is acceptable, and argon2id; both on a blocking thread, never inside a transaction.
//!
//! Parameters are OWASP's recommendation for argon2id (19 MiB, two passes, one lane). A few at a time, so that a flood of
//! logins cannot take the machine's memory. An unknown account costs the same work as a known one.
//!
//! A password is one however a keyboard spells it: é may come as one character or as two, and a blank in several widths. It is
//! hashed as RFC 8265 prepares it (`OpaqueString`: composed, every blank as a plain one). Hashes of before were made of what was
//! typed, so that is tried as well, and who knew such a password has it hashed anew.

use std::sync::LazyLock;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use tokio::sync::Semaphore;

use crate::base::crypto::{Secret, random_token};
use crate::base::{Error, Result};

/// Hashes being computed at one time in this process.
static AT_WORK: Semaphore = Semaphore::const_new(8);
/// No password reaches the hash function beyond this many bytes.
const MAX_BYTES: usize = 1024;

/// Longer ones are judged by their beginning: judging takes time that grows much faster than the length, and strangers
/// choose what is judged.
const JUDGED_CHARS: usize = 24;

/// `personal` is what an acquaintance would try: the address, names.
///
/// # Errors
/// A field error at `pointer` that says what is asked for.
pub async fn check(password: &Secret, personal: &[&str], pointer: &'static str) -> Result<()> {
    let password = password.clone();
    let personal: Vec<String> = personal.iter().map(ToString::to_string).collect();
    at_work(move || check_now(password.expose(), &personal, pointer)).await
}

fn check_now(text: &str, personal: &[String], pointer: &str) -> Result<()> {
    let text = &prepared(text);
    let refuse = |code: &'static str, rule: &str| Err(Error::field(pointer, code, rule));
    if !(10..=128).contains(&text.chars().count()) || text.len() > MAX_BYTES {
        return refuse("length", "expected a password of 10 to 128 characters");
    }
    let lower = text.to_lowercase();
    let known: Vec<String> = personal.iter().flat_map(|text| parts(text)).chain(["leadwright".into()]).collect();
    let plain = lower.chars().map(|c| match c {
        '0' => 'o',
        '3' => 'e',
        '@' => 'a',
        '$' => 's',
        other => other,
    });
    let letters: String = plain.filter(|c| c.is_alphabetic()).collect();
    let is_known = known.iter().any(|word| *word == lower || *word == letters);
    let inputs: Vec<&str> = known.iter().map(String::as_str).collect();
    let is_weak = |text: &str| {
        let judged: String = text.chars().take(JUDGED_CHARS).collect();
        zxcvbn::zxcvbn(&judged, &inputs).score() < zxcvbn::Score::Two
    };
    // Digits and signs around a common word make it no other word.
    let is_mostly_letters = letters.chars().count() * 2 >= text.chars().count();
    if is_known || is_weak(text) || (is_mostly_letters && is_weak(&letters)) {
        return refuse(
            "too_obvious",
            "expected a password that is not guessed at once: no common one, no row of keys, not your address or name",
        );
    }
    Ok(())
}

/// A text as it is, its letters alone, and its words.
fn parts(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    let mut parts: Vec<String> = words.map(Into::into).collect();
    parts.push(lower.chars().filter(|c| c.is_alphabetic()).collect());
    parts.extend(lower.split('@').next().map(Into::into));
    parts.push(lower);
    parts.retain(|part| !part.is_empty());
    parts
}

fn argon() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// In the one spelling that is hashed.
fn prepared(password: &str) -> String {
    let is_blank = |c: char| GeneralCategory::SpaceSeparator == CodePointMapData::<GeneralCategory>::new().get(c);
    let plain: String = password.chars().map(|c| if is_blank(c) { ' ' } else { c }).collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(&plain).into_owned()
}

/// The spellings that a stored hash may be of, today's first.
fn spellings(password: &str) -> Vec<String> {
    let today = prepared(password);
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(password).into_owned();
    let mut spellings = vec![today];
    for other in [password.to_string(), apart] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}

fn hash_now(password: &str) -> Result<String> {
    let password = prepared(password);
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon()?.hash_password(password.as_bytes(), &salt).map_err(|e| Error::internal(e.to_string()))?;
    Ok(hash.to_string())
}

/// What the password of an unknown account is compared with.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now(&random_token("")).ok());

/// Whether a password is the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and stored in a spelling of before: what to store instead.
    RightOnce {
        rehashed: String,
    },
}

fn verify_now(password: &str, stored: Option<&str>) -> Result<Verdict> {
    let Some(hash) = stored.or(NOBODY.as_deref()) else { return Ok(Verdict::Wrong) };
    let parsed = PasswordHash::new(hash).map_err(|error| Error::internal(error.to_string()))?;
    // The same work for one that is too long.
    let is_short = password.len() <= MAX_BYTES;
    let judged = if is_short { password } else { "-" };
    for (index, spelling) in spellings(judged).iter().enumerate() {
        let fits = argon()?.verify_password(spelling.as_bytes(), &parsed).is_ok() && is_short;
        if fits && stored.is_some() {
            let is_today = index == 0;
            return Ok(if is_today { Verdict::Right } else { Verdict::RightOnce { rehashed: hash_now(judged)? } });
        }
    }
    Ok(Verdict::Wrong)
}

/// The PHC string to store.
pub async fn hash(password: Secret) -> Result<String> {
    at_work(move || hash_now(password.expose())).await
}

/// Whether `password` is the one behind `stored`; without a stored hash always wrong, after the same work.
pub async fn verify(password: Secret, stored: Option<String>) -> Result<Verdict> {
    at_work(move || verify_now(password.expose(), stored.as_deref())).await
}

async fn at_work<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _permit = AT_WORK.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_the_most_obvious() {
        let personal = ["asha.sharma@example.com".to_string(), "Zenith Villas".to_string()];
        let verdict =
            |text: &str| check_now(text, &personal, "/password").map_err(|e| e.field_errors()[0].code.to_string());
        for (text, code) in [
            ("short", "length"),
            (&"x".repeat(129), "length"),
            ("asha.sharma@example.com", "too_obvious"),
            ("Asha.Sharma", "too_obvious"),
            ("Password2026!", "too_obvious"),
            ("passw0rd12345", "too_obvious"),
            ("1234567890", "too_obvious"),
            ("aaaaaaaaaaaa", "too_obvious"),
            ("!!qwertyuiop1", "too_obvious"),
            ("iloveyou123", "too_obvious"),
            ("qazwsxedcrfv", "too_obvious"),
            ("zenith villas", "too_obvious"),
            ("ZenithVillas1", "too_obvious"),
            ("Leadwright1", "too_obvious"),
        ] {
            assert_eq!(verdict(text), Err(code.to_string()), "{text}");
        }
        for good in ["monsoon-over-andheri", "ñandú y colibrí", "correct horse battery"] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }

    /// Unoptimised, as tests are, everything takes some ten times as long.
    #[test]
    fn the_slowest_to_judge_takes_no_thread_for_long() {
        let ladder: String = (0..64_u8).map(|n| char::from(33 + n)).collect();
        let substituted = "aA4@sS5$eE3iI1!lLoO0".repeat(4);
        let personal = [format!("{}@x.example", "a1b2c3".repeat(10)), "a b c d e f g ".repeat(14)];
        for text in [&ladder, &substituted, &"ab".repeat(32), &"1a2b3c4d".repeat(8)] {
            let began = std::time::Instant::now();
            let _ = check_now(text, &personal, "/password");
            let took = began.elapsed();
            assert!(took < std::time::Duration::from_millis(1000), "{text}: {took:?}");
        }
    }

    #[test]
    fn only_the_right_password_of_a_known_account_verifies() {
        let stored = hash_now("monsoon-over-andheri").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let verdict = |password: &str, stored: Option<&str>| verify_now(password, stored).unwrap();
        assert_eq!(verdict("monsoon-over-andheri", Some(&stored)), Verdict::Right);
        assert_eq!(verdict("monsoon-over-bandra", Some(&stored)), Verdict::Wrong);
        assert_eq!(verdict("monsoon-over-andheri", None), Verdict::Wrong);
        assert_eq!(verdict(&"x".repeat(2000), Some(&stored)), Verdict::Wrong);
    }

    #[test]
    fn a_password_is_one_in_every_spelling() {
        let (composed, apart) = ("caf\u{e9}\u{a0}in M\u{fc}nchen", "cafe\u{301} in Mu\u{308}nchen");
        let stored = hash_now(apart).unwrap();
        for typed in [composed, apart, "caf\u{e9}\u{3000}in Mu\u{308}nchen"] {
            assert_eq!(verify_now(typed, Some(&stored)).unwrap(), Verdict::Right, "{typed:?}");
        }
        for other in ["cafe in Munchen", "CAF\u{c9} in M\u{fc}nchen", "caf\u{e9}in M\u{fc}nchen"] {
            assert_eq!(verify_now(other, Some(&stored)).unwrap(), Verdict::Wrong, "{other:?}");
        }
        assert_eq!(prepared("\u{ff21}\u{fb01}"), "\u{ff21}\u{fb01}", "signs that only look alike stay apart");
    }

    #[test]
    fn a_hash_of_before_is_known_and_made_anew() {
        let salt = SaltString::generate(&mut OsRng);
        let before = |typed: &str| argon().unwrap().hash_password(typed.as_bytes(), &salt).unwrap().to_string();
        let (composed, apart) = ("m\u{fc}nchner freiheit", "mu\u{308}nchner freiheit");
        for typed in [composed, apart] {
            let Verdict::RightOnce { rehashed } = verify_now(typed, Some(&before(apart))).unwrap() else {
                panic!("{typed:?}")
            };
            assert_eq!(verify_now(composed, Some(&rehashed)).unwrap(), Verdict::Right);
        }
        assert_eq!(verify_now(composed, Some(&before(composed))).unwrap(), Verdict::Right);
    }
}
