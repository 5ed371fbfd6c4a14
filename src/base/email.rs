//! E-mail addresses, validated and in one spelling.
//!
//! `bücher.example` and `xn--bcher-kva.example` are one domain, and é may come as one character or as two: an [`Email`] is
//! composed, in lower case, with its domain in the letters people read, so that equal texts are equal mailboxes. Mail
//! servers want the domain in ASCII: [`on_the_wire`].

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// A syntactically valid address in its one spelling, at most 254 bytes on the wire.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl std::str::FromStr for Email {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        const RULE: &str = "expected an e-mail address such as asha@example.com";
        if text.len() > 4 * MOST_BYTES {
            return Err(RULE.into());
        }
        let text = tidy(text);
        let (local, domain) = text.rsplit_once('@').ok_or(RULE)?;
        let ascii = idna::domain_to_ascii(domain.trim_end_matches('.')).map_err(|_| RULE)?;
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        let on_the_wire = format!("{local}@{ascii}");
        if on_the_wire.len() > MOST_BYTES || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(RULE.into());
        }
        email_address::EmailAddress::parse_with_options(&on_the_wire, options).map_err(|_| RULE)?;
        let (domain, readable) = idna::domain_to_unicode(&ascii);
        let domain = if readable.is_ok() { domain } else { ascii };
        Ok(Self(format!("{}@{domain}", local.to_lowercase())))
    }
}

const MOST_BYTES: usize = 254;

/// Composed, in half-width characters, and without what cannot be seen.
fn tidy(text: &str) -> String {
    let half_width = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        c => c,
    };
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen: String = text.chars().filter(|c| !unseen.contains(*c)).map(half_width).collect();
    let text = seen.trim();
    ComposingNormalizerBorrowed::new_nfc().normalize(text.strip_prefix("mailto:").unwrap_or(text)).into_owned()
}

/// Of the spelling of [`Email`]: raise it when that changes, and stored addresses follow.
pub const SPELLING: u32 = 1;

/// A stored address in the spelling of today. What is no address stays as it is.
pub fn respelled(address: &str) -> String {
    address.parse().map_or_else(|_| address.into(), Email::into_string)
}

/// An address as its mailbox: without a tag, and without the dots that Gmail does not read. What somebody is sent is counted by
/// it, since all spellings arrive at one place.
pub fn mailbox(address: &str) -> String {
    let address = respelled(address).to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    let untagged = local.split('+').next().unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", untagged.replace('.', "")),
        _ => format!("{untagged}@{domain}"),
    }
}

/// An address as mail servers take it: the domain in ASCII. What is no address stays as it is.
pub fn on_the_wire(address: &str) -> std::borrow::Cow<'_, str> {
    let ascii = |domain: &str| idna::domain_to_ascii(domain).ok();
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => {
            ascii(domain).map_or(address.into(), |domain| format!("{local}@{domain}").into())
        }
        _ => address.into(),
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl serde::Serialize for Email {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> serde::Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Email {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("email".into())))
            .max_length(Some(254))
            .examples([serde_json::json!("asha@example.com")])
            .into()
    }
}
impl utoipa::ToSchema for Email {
    fn name() -> std::borrow::Cow<'static, str> {
        "Email".into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, mailbox};

    #[test]
    fn one_mailbox_has_one_spelling() {
        for (typed, kept) in [
            ("asha@xn--bcher-kva.example", "asha@bücher.example"),
            ("asha@BÜCHER.example", "asha@bücher.example"),
            ("asha@bu\u{308}cher.example", "asha@bücher.example"),
            ("asha@XN--BCHER-KVA.EXAMPLE", "asha@bücher.example"),
            ("asha@faß.example", "asha@faß.example"),
            ("asha@例え.テスト", "asha@例え.テスト"),
            ("ａｓｈａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "asha@example.com"),
            ("asha@example。com", "asha@example.com"),
            ("asha@example.com.", "asha@example.com"),
            ("\u{feff}as\u{ad}ha@example\u{200b}.com\u{202c}", "asha@example.com"),
            ("jose\u{301}@example.com", "josé@example.com"),
            ("mailto:asha@example.com", "asha@example.com"),
            ("Asha+Flat@Example.COM", "asha+flat@example.com"),
        ] {
            let email: Email = typed.parse().unwrap();
            assert_eq!(email.as_str(), kept, "{typed:?}");
            assert_eq!(kept.parse::<Email>().unwrap(), email);
            assert_eq!(super::on_the_wire(kept).parse::<Email>().unwrap(), email);
        }
        assert_eq!(super::on_the_wire("asha@bücher.example"), "asha@xn--bcher-kva.example");
        assert_eq!(super::on_the_wire("asha@example.com"), "asha@example.com");
    }

    #[test]
    fn normalises_and_refuses() {
        assert_eq!(" Asha@Example.COM ".parse::<Email>().unwrap().as_str(), "asha@example.com");
        for bad in [
            "",
            "asha",
            "asha@",
            "@example.com",
            "a b@example.com",
            "a@b",
            "Asha <asha@example.com>",
            "a\u{0}@example.com",
            "\u{200b}@example.com",
            "asha@xn--.example",
            "asha@exa mple.com",
            "asha@-.example",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_mailbox_has_one_name() {
        for spelling in ["One.Person+3@gmail.com", "oneperson@googlemail.com", "o.n.e.person+a+b@GMAIL.com"] {
            assert_eq!(mailbox(spelling), "oneperson@gmail.com");
        }
        assert_eq!(mailbox("a.b+tag@abc.example"), "a.b@abc.example", "dots count elsewhere");
    }
}
