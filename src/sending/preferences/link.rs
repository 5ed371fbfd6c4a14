//! The link of a marketing e-mail: which tenant, which person, which mailbox, sealed under the master key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::base::crypto::MasterKey;
use crate::base::id::TenantId;
use crate::contacts::id::ContactId;

const PURPOSE: &str = "preference-links";

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    #[serde(rename = "t")]
    pub tenant: TenantId,
    #[serde(rename = "c")]
    pub contact: ContactId,
    /// The mailbox that the e-mail went to.
    #[serde(rename = "a")]
    pub address: String,
}

/// Where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// For the headers `List-Unsubscribe: <…>` and `List-Unsubscribe-Post: List-Unsubscribe=One-Click` (RFC 8058), and for the text.
    pub unsubscribe: String,
    pub preferences: String,
}

impl Link {
    /// Another one each time; all of them open, as long as the key they were made under is among the master keys.
    pub fn token(&self, key: &MasterKey) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = key.seal(PURPOSE, "", &plain);
        let bytes = STANDARD.decode(sealed.trim_start_matches("v1.")).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` for what is no token of ours.
    pub fn read(key: &MasterKey, token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = key.open(PURPOSE, "", &format!("v1.{}", STANDARD.encode(bytes))).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// `public_url` is where the world reaches us, without a trailing slash.
    pub fn links(&self, key: &MasterKey, public_url: &str) -> Links {
        let token = self.token(key);
        Links {
            unsubscribe: format!("{public_url}/unsubscribe/{token}"),
            preferences: format!("{public_url}/preferences/{token}"),
        }
    }
}

/// Of the longest address there is, with room.
const LONGEST: usize = 800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_nothing_and_nobody_makes_one() {
        let key = MasterKey::random();
        let link = Link { tenant: TenantId::new(), contact: ContactId::new(), address: "asha@example.com".into() };
        let token = link.token(&key);
        assert_eq!(Link::read(&key, &token), Some(link.clone()));
        assert!(
            token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) && !token.contains("asha"),
            "{token}"
        );
        assert_eq!(Link::read(&MasterKey::random(), &token), None);
        let mut other = token.clone();
        other.pop();
        for wrong in ["", "x", "%", &other, &"A".repeat(900)] {
            assert_eq!(Link::read(&key, wrong), None, "{wrong}");
        }
        let links = link.links(&key, "https://api.example.com");
        assert!(links.unsubscribe.starts_with("https://api.example.com/unsubscribe/"), "{links:?}");
        assert!(links.preferences.starts_with("https://api.example.com/preferences/"), "{links:?}");
    }
}
