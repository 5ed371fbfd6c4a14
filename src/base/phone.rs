//! Phone numbers in E.164, parsed with libphonenumber's metadata.

use phonenumber::country;

/// A number in E.164 (`+919876543210`) that libphonenumber considers possible and valid for its region.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

impl Phone {
    /// Reads what a person typed. A number without country code belongs to `region` (ISO 3166-1 alpha-2, the tenant's).
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(raw: &str, region: Option<&str>) -> Result<Self, String> {
        const RULE: &str = "expected a phone number such as +919876543210";
        let raw = raw.trim();
        if raw.is_empty() || raw.len() > 40 || raw.chars().any(char::is_control) {
            return Err(RULE.into());
        }
        let region: Option<country::Id> = region.and_then(|code| code.parse().ok());
        let number = phonenumber::parse(region, raw).map_err(|_| RULE.to_string())?;
        if !phonenumber::is_valid(&number) {
            return Err(format!("{RULE}; this one is not valid in its country"));
        }
        Ok(Self(number.format().mode(phonenumber::Mode::E164).to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
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
mod tests {
    use super::Phone;

    #[test]
    fn national_and_international_forms_meet() {
        for raw in ["98765 43210", "098765-43210", "+91 98765 43210", "+919876543210"] {
            assert_eq!(Phone::parse(raw, Some("IN")).unwrap().as_str(), "+919876543210", "{raw}");
        }
    }

    #[test]
    fn absurd_numbers_are_refused() {
        for raw in ["", "12", "abc", "+1", "99999999999999999999999", "+91 12345", "9876\u{0}543210"] {
            assert!(Phone::parse(raw, Some("IN")).is_err(), "{raw:?}");
        }
        assert!(Phone::parse("98765 43210", None).is_err(), "a national number needs a region");
    }
}
