//! What every answer of an authenticator is for: sealed, so that nothing is stored for whoever asks for one, good for five minutes and
//! for one right answer.
//!
//! The challenge itself says, under the master key, what it is for and until when; the authenticator signs it with what the browser
//! says, and it comes back in there. Only challenges that were answered rightly are noted, until they are over.

use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::ChallengeId;
use crate::tenants::store::passkeys as store;

const PURPOSE: &str = "passkey-challenge";
const VALID_MINUTES: i64 = 5;

/// What an answer to it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Purpose {
    /// Adds a passkey to this account, whose holder proved themselves.
    Add(UserId),
    /// Logs in whoever the passkey is of, or proves them.
    Know,
    /// Answers the challenge of somebody who knew the password.
    Second(ChallengeId),
}

/// A challenge for an authenticator.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Challenge {
    pub purpose: Purpose,
    pub expires_at: Timestamp,
}

/// What is handed to a browser.
pub struct Given {
    pub bytes: Vec<u8>,
    pub expires_at: Timestamp,
}

/// Good from now on.
pub fn give(key: &MasterKey, now: Timestamp, purpose: Purpose) -> Result<Given> {
    let expires_at = now.plus(chrono::Duration::minutes(VALID_MINUTES));
    let plain = serde_json::to_vec(&Challenge { purpose, expires_at }).map_err(crate::base::Error::internal)?;
    Ok(Given { bytes: key.seal(PURPOSE, "", &plain).into_bytes(), expires_at })
}

/// For how long a browser shall ask its user, in milliseconds.
pub const fn patience() -> i64 {
    VALID_MINUTES * 60_000
}

impl Challenge {
    /// As it came back; `None` for what was never given or is over.
    pub fn read(key: &MasterKey, now: Timestamp, bytes: &[u8]) -> Option<Self> {
        let plain = key.open(PURPOSE, "", std::str::from_utf8(bytes).ok()?).ok()?;
        serde_json::from_slice(&plain).ok().filter(|challenge: &Self| challenge.expires_at > now)
    }

    /// Uses it up; `false` when somebody was faster, and of two at a time one gets it.
    pub(super) fn use_up(&self, tx: &mut PlatformTx<'_>, bytes: &[u8]) -> Result<bool> {
        store::use_challenge(tx, bytes, self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_ours_for_five_minutes() {
        let (key, now) = (MasterKey::random(), Timestamp::from_seconds(1_795_165_200).unwrap());
        let given = give(&key, now, Purpose::Know).unwrap();
        assert_ne!(given.bytes, give(&key, now, Purpose::Know).unwrap().bytes);
        let read = |key: &MasterKey, minutes: i64| {
            let later = now.plus(chrono::Duration::minutes(minutes));
            Challenge::read(key, later, &given.bytes).map(|challenge| challenge.purpose)
        };
        assert_eq!(read(&key, 4), Some(Purpose::Know));
        assert_eq!(read(&key, 5), None);
        assert_eq!(read(&MasterKey::random(), 0), None);
        for other in [&b""[..], b"v1.", b"\xff\xfe", &[7; 32]] {
            assert!(Challenge::read(&key, now, other).is_none());
        }
        // What is sealed for another purpose is no challenge.
        let other = key.seal("second-factor", "", br#"{"purpose":"Know","expires_at":"2099-01-01T00:00:00Z"}"#);
        assert!(Challenge::read(&key, now, other.as_bytes()).is_none());
    }
}
