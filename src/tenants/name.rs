//! Names people give to things: on one line, and of characters that show.

use crate::base::unicode;

/// 1 to 120 characters as [`unicode::name`] keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// The longest name, in characters.
const LONGEST: usize = 120;

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

impl std::str::FromStr for Name {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().chars().any(char::is_control) || text.len() > 16 * LONGEST {
            return Err(format!("expected a name of 1 to {LONGEST} characters on one line"));
        }
        let text = unicode::name(text);
        let fits = (1..=LONGEST).contains(&text.chars().count());
        if fits { Ok(Self(text)) } else { Err(format!("expected a name of 1 to {LONGEST} characters that show")) }
    }
}
impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Name {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .description(Some("A name on one line; blanks around it are removed."))
            .examples([serde_json::json!("ABC Real Estate")])
            .into()
    }
}
impl utoipa::ToSchema for Name {
    fn name() -> std::borrow::Cow<'static, str> {
        "Name".into()
    }
}

/// The part of an address that stands for a name: `ABC Real Estate` becomes `abc-real-estate`.
///
/// A name without a Latin letter or digit becomes `tenant`; the caller makes it unique.
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' {
            slug.push('-');
        }
        if slug.len() == 48 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "tenant".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_lower_case_and_never_empty() {
        for (name, slug) in [
            ("ABC Real Estate", "abc-real-estate"),
            ("  Rajesh's  Flats & Co. ", "rajeshs-flats-co"),
            ("नमस्ते", "tenant"),
            ("---", "tenant"),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
        assert_eq!(slug_of(&"ab ".repeat(100)).len(), 47);
    }

    #[test]
    fn blank_long_and_multi_line_names_are_refused() {
        assert_eq!(" Asha ".parse::<Name>().unwrap().as_str(), "Asha");
        assert_eq!("As\u{202e}ha\u{200b}".parse::<Name>().unwrap().as_str(), "Asha");
        for bad in ["", "   ", "a\nb", "\u{200b}", "\u{3164}", "\u{202e}", &"x".repeat(121)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
