//! Where a tenant is: its country and time zone, and what usually goes with a country.

use std::str::FromStr;

use chrono_tz::Tz;

use crate::base::money::Currency;

/// An ISO 3166-1 alpha-2 code in upper case that phone numbers are known for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country(String);

impl Country {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }

    /// The time zone (of the largest city, where there are several) and the currency; `None` for countries not listed.
    pub fn defaults(&self) -> Option<(Tz, Currency)> {
        let row = DEFAULTS.iter().find(|(country, ..)| *country == self.0)?;
        Some((row.1, row.2.parse().ok()?))
    }
}

impl Default for Country {
    /// India, where the platform began.
    fn default() -> Self {
        Self("IN".into())
    }
}

#[rustfmt::skip]
const DEFAULTS: &[(&str, Tz, &str)] = &[
    ("AE", Tz::Asia__Dubai, "AED"), ("AT", Tz::Europe__Vienna, "EUR"), ("AU", Tz::Australia__Sydney, "AUD"),
    ("BD", Tz::Asia__Dhaka, "BDT"), ("BE", Tz::Europe__Brussels, "EUR"), ("BH", Tz::Asia__Bahrain, "BHD"),
    ("BR", Tz::America__Sao_Paulo, "BRL"), ("CA", Tz::America__Toronto, "CAD"), ("CH", Tz::Europe__Zurich, "CHF"),
    ("DE", Tz::Europe__Berlin, "EUR"), ("DK", Tz::Europe__Copenhagen, "DKK"), ("EG", Tz::Africa__Cairo, "EGP"),
    ("ES", Tz::Europe__Madrid, "EUR"), ("FI", Tz::Europe__Helsinki, "EUR"), ("FR", Tz::Europe__Paris, "EUR"),
    ("GB", Tz::Europe__London, "GBP"), ("HK", Tz::Asia__Hong_Kong, "HKD"), ("ID", Tz::Asia__Jakarta, "IDR"),
    ("IE", Tz::Europe__Dublin, "EUR"), ("IN", Tz::Asia__Kolkata, "INR"), ("IT", Tz::Europe__Rome, "EUR"),
    ("JP", Tz::Asia__Tokyo, "JPY"), ("KE", Tz::Africa__Nairobi, "KES"), ("KW", Tz::Asia__Kuwait, "KWD"),
    ("LK", Tz::Asia__Colombo, "LKR"), ("MX", Tz::America__Mexico_City, "MXN"), ("MY", Tz::Asia__Kuala_Lumpur, "MYR"),
    ("NG", Tz::Africa__Lagos, "NGN"), ("NL", Tz::Europe__Amsterdam, "EUR"), ("NO", Tz::Europe__Oslo, "NOK"),
    ("NP", Tz::Asia__Kathmandu, "NPR"), ("NZ", Tz::Pacific__Auckland, "NZD"), ("OM", Tz::Asia__Muscat, "OMR"),
    ("PH", Tz::Asia__Manila, "PHP"), ("PK", Tz::Asia__Karachi, "PKR"), ("PL", Tz::Europe__Warsaw, "PLN"),
    ("PT", Tz::Europe__Lisbon, "EUR"), ("QA", Tz::Asia__Qatar, "QAR"), ("SA", Tz::Asia__Riyadh, "SAR"),
    ("SE", Tz::Europe__Stockholm, "SEK"), ("SG", Tz::Asia__Singapore, "SGD"), ("TH", Tz::Asia__Bangkok, "THB"),
    ("US", Tz::America__New_York, "USD"), ("VN", Tz::Asia__Ho_Chi_Minh, "VND"), ("ZA", Tz::Africa__Johannesburg, "ZAR"),
];

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.into_string()
    }
}

impl std::ops::Deref for Country {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl FromStr for Country {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        let known = code.len() == 2 && crate::base::phone::is_region(&code);
        if known { Ok(Self(code)) } else { Err("expected a country code of ISO 3166-1 such as IN".into()) }
    }
}
impl<'de> serde::Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Country {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(2))
            .max_length(Some(2))
            .description(Some("ISO 3166-1 alpha-2: the region of phone numbers without a country code."))
            .examples([serde_json::json!("IN")])
            .into()
    }
}
impl utoipa::ToSchema for Country {
    fn name() -> std::borrow::Cow<'static, str> {
        "Country".into()
    }
}

/// A zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(pub Tz);

impl From<TimeZone> for Tz {
    fn from(zone: TimeZone) -> Tz {
        zone.0
    }
}
impl FromStr for TimeZone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "expected an IANA time zone such as Asia/Kolkata".into())
    }
}
impl serde::Serialize for TimeZone {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.name())
    }
}
impl<'de> serde::Deserialize<'de> for TimeZone {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for TimeZone {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("IANA time zone."))
            .examples([serde_json::json!("Asia/Kolkata")])
            .into()
    }
}
impl utoipa::ToSchema for TimeZone {
    fn name() -> std::borrow::Cow<'static, str> {
        "TimeZone".into()
    }
}

/// A language tag of BCP 47: a language, and a script and a region where they matter (`hi`, `pt-BR`, `zh-Hant-TW`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.0
    }
}
impl FromStr for Language {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = || "expected a language tag such as en, hi or pt-BR".to_string();
        let mut parts = text.split('-');
        let is = |part: &str, lengths: &[usize], fits: fn(&u8) -> bool| {
            lengths.contains(&part.len()) && part.as_bytes().iter().all(fits)
        };
        let language = parts.next().filter(|part| is(part, &[2, 3], u8::is_ascii_alphabetic)).ok_or_else(rule)?;
        let mut tag = language.to_ascii_lowercase();
        let mut rest = parts.peekable();
        if let Some(script) = rest.next_if(|part| is(part, &[4], u8::is_ascii_alphabetic)) {
            tag.push('-');
            tag.push_str(&script[..1].to_ascii_uppercase());
            tag.push_str(&script[1..].to_ascii_lowercase());
        }
        let is_region = |part: &&str| is(part, &[2], u8::is_ascii_alphabetic) || is(part, &[3], u8::is_ascii_digit);
        if let Some(region) = rest.next_if(is_region) {
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        if rest.next().is_some() { Err(rule()) } else { Ok(Self(tag)) }
    }
}
impl<'de> serde::Deserialize<'de> for Language {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl utoipa::PartialSchema for Language {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Language tag of BCP 47."))
            .pattern(Some("^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"))
            .examples([serde_json::json!("hi")])
            .into()
    }
}
impl utoipa::ToSchema for Language {
    fn name() -> std::borrow::Cow<'static, str> {
        "Language".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_country_has_a_known_currency() {
        for (code, ..) in DEFAULTS {
            assert!(code.parse::<Country>().unwrap().defaults().is_some(), "{code}");
        }
    }

    #[test]
    fn reads_codes_and_refuses_others() {
        assert_eq!("gb".parse::<Country>().unwrap().as_str(), "GB");
        for bad in ["", "I", "IND", "XX", "001", "इन"] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
        assert!("Asia/Kolkata".parse::<TimeZone>().is_ok());
        assert!("Kolkata".parse::<TimeZone>().is_err());
    }

    #[test]
    fn language_tags_are_spelled_one_way() {
        let spelled = |text: &str| text.parse::<Language>().map(String::from);
        assert_eq!(spelled("PT-br").as_deref(), Ok("pt-BR"));
        assert_eq!(spelled("zh-hant-tw").as_deref(), Ok("zh-Hant-TW"));
        assert_eq!(spelled("es-419").as_deref(), Ok("es-419"));
        for bad in ["", "e", "english", "en_GB", "en-", "en-GB-x", "हि", "en-USA"] {
            assert!(spelled(bad).is_err(), "{bad}");
        }
    }
}
