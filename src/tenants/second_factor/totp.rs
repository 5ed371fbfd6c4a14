//! Codes that an authenticator app tells: RFC 6238 with SHA-1, six digits, thirty seconds, which is what every app can do.

use totp_rs::{Algorithm, TOTP};

use crate::base::crypto::constant_time_eq;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;
/// Steps before and after, for clocks that are not quite right.
const TOLERANCE: i64 = 1;

/// A new secret of 160 bits, as the RFC recommends for SHA-1.
pub(super) fn new_secret() -> Vec<u8> {
    rand::random::<[u8; 20]>().to_vec()
}

fn totp(secret: &[u8]) -> Result<TOTP> {
    let seconds = u64::try_from(STEP_SECONDS).map_err(Error::internal)?;
    TOTP::new(Algorithm::SHA1, DIGITS, 0, seconds, secret.to_vec()).map_err(|error| Error::internal(error.to_string()))
}

/// The secret as people type it, in base32.
pub(super) fn spelled(secret: &[u8]) -> Result<String> {
    Ok(totp(secret)?.get_secret_base32())
}

/// What an app reads from a QR code: `otpauth://totp/…`.
pub(super) fn uri(secret: &[u8], issuer: &str, account: &str) -> Result<String> {
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (issuer, account) = (encoded(issuer), encoded(account));
    let secret = spelled(secret)?;
    Ok(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    ))
}

/// The step whose code this is, around now.
pub(super) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<i64>> {
    let totp = totp(secret)?;
    let today = now.seconds().div_euclid(STEP_SECONDS);
    for step in (today - TOLERANCE).max(0)..=today + TOLERANCE {
        let at = u64::try_from(step * STEP_SECONDS).map_err(Error::internal)?;
        if constant_time_eq(totp.generate(at).as_bytes(), code.as_bytes()) {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = Timestamp::from_seconds(seconds).unwrap();
            assert_eq!(step_of(secret, code, now).unwrap(), Some(seconds / 30), "{code}");
        }
        let at = |seconds| step_of(secret, "287082", Timestamp::from_seconds(seconds).unwrap()).unwrap();
        assert_eq!((at(89), at(90), at(30), at(29)), (Some(1), None, Some(1), Some(1)));
        assert_eq!(spelled(secret).unwrap(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn an_app_reads_who_and_where() {
        let uri = uri(b"12345678901234567890", "LeadGen Pro", "a+b@abc.example").unwrap();
        let start = "otpauth://totp/LeadGen%20Pro:a%2Bb%40abc%2Eexample?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=LeadGen%20Pro";
        assert!(uri.starts_with(start), "{uri}");
    }
}
