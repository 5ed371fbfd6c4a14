//! Identifiers that are numbers on the wire and text to us.

use std::fmt;

/// A provider's numeric id with its digits kept exactly. Read from a JSON string or integer, never from a fraction: an id beyond
/// 2⁵³ that went through a float would name another object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digits(String);

impl Digits {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::str::FromStr for Digits {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err("expected an id of 1 to 40 digits".into())
        }
    }
}
impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl serde::Serialize for Digits {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> serde::Deserialize<'de> for Digits {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Digits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id as a string of digits or a non-negative integer")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Digits, E> {
                Ok(Digits(number.to_string()))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Digits, E> {
                u64::try_from(number).map_err(|_| E::custom("an id is not negative")).and_then(|n| self.visit_u64(n))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digits, E> {
                text.parse().map_err(E::custom)
            }
        }
        d.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn strings_and_integers_keep_every_digit() {
        for text in ["\"120211000000000123\"", "120211000000000123", "18446744073709551615", "\"0\""] {
            let id: Digits = serde_json::from_str(text).unwrap();
            assert_eq!(id.as_str(), text.trim_matches('"'));
        }
    }

    #[test]
    fn what_is_not_an_exact_id_is_refused() {
        for text in
            ["1.5", "1e20", "99999999999999999999999", "-1", "\"\"", "\"12a\"", "\"1/../2\"", "null", "true", "[1]"]
        {
            assert!(serde_json::from_str::<Digits>(text).is_err(), "{text}");
        }
    }
}
