//! Phone numbers in E.164, read with Google's metadata the way people and machines write them.
//!
//! [`Phone::parse`] reads ([`read`]) and [`PhoneKey`] compares ([`key`]): the same telephone has two spellings in some
//! countries, so numbers are never compared as text. Refuses what cannot be a number of its country; one that may be a
//! number but is in no range the metadata knows is kept, and [`is_valid`] says so.

mod judge;
mod key;
mod mistyped;
mod read;

pub use key::{KEYS, PhoneKey};

/// A number in E.164 (`+919876543210`) that is possible in its country.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

impl Phone {
    /// Reads what a person typed. A number without country code belongs to `region` (ISO 3166-1 alpha-2, the tenant's).
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(raw: &str, region: Option<&str>) -> Result<Self, String> {
        let region = region.and_then(|code| code.parse().ok());
        read::read(raw, region).map(Self).ok_or_else(|| "expected a phone number such as +919876543210".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
    /// What this number is compared by.
    pub fn match_key(&self) -> PhoneKey {
        PhoneKey::of(&self.0)
    }
}

/// Whether a code of ISO 3166-1 names a country whose numbers can be read.
pub fn is_region(code: &str) -> bool {
    read::is_region(code)
}

/// Whether a number in E.164 is in a range that its country has given out, as far as the metadata knows. Ranges are opened
/// faster than metadata is released, so a number is not refused for this, only marked.
pub fn is_valid(e164: &str) -> bool {
    judge::is_valid(e164)
}

/// Whether a text is a number in international form and nothing else: `+` and the country code, in digits of any script, and
/// of a range that its country has given out.
pub fn is_written_out(raw: &str) -> bool {
    read::is_written_out(raw)
}

impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl serde::Serialize for Phone {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
