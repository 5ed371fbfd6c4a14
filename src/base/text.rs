//! Rules for short texts that many forms share: one line, and addresses on the web.
//!
//! Written as functions of the `validator` crate, so that a field says `custom(function = "web_url")`. What is refused here
//! would otherwise end up in a mail's header or behind a link somebody clicks. Beside them, how texts that are only looked at
//! are read.

use diesel::backend::Backend;
use diesel::deserialize;
use validator::ValidationError;

use super::unicode;

/// What is said of a text of several lines.
pub const SINGLE_LINE: &str = "expected one line without control characters";
/// What is said of a name of which nothing shows.
pub const BLANK: &str = "expected a name of characters that show";

/// No control characters and none that turn the line around: the text becomes a heading, a subject or a sender's name.
///
/// # Errors
/// `single_line`.
pub fn single_line(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(|c| c.is_control() || unicode::turns_the_line(c)) {
        return Err(ValidationError::new("single_line").with_message(SINGLE_LINE.into()));
    }
    Ok(())
}

/// A person's name: on one line, and something of it shows. What cannot be seen is dropped where it is kept
/// ([`unicode::name`]).
///
/// # Errors
/// `single_line` or `blank`.
pub fn person_name(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(char::is_control) {
        return single_line(text);
    }
    if text.is_empty() || unicode::shows(text) {
        return Ok(()); // that it must not be empty is said by its length
    }
    Err(ValidationError::new("blank").with_message(BLANK.into()))
}

/// An absolute `http` or `https` address: `javascript:` and its like never become a link.
///
/// # Errors
/// `url`.
pub fn web_url(text: &str) -> Result<(), ValidationError> {
    let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parsed = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_plain && parsed.is_some() { Ok(()) } else { Err(ValidationError::new("url")) }
}

/// Reads a text where it lies: of a name among few, or of a moment, nothing is kept.
///
/// # Errors
/// It is no text, or `read` refuses it.
pub fn read<'de, D, T>(d: D, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
{
    d.deserialize_str(Reader(read))
}

struct Reader<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, String>> serde::de::Visitor<'_> for Reader<F> {
    type Value = T;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// An engine whose texts can be read in the same way.
pub trait StoresText: Backend {
    /// # Errors
    /// The value is no text, or `read` refuses it.
    fn text<T>(raw: Self::RawValue<'_>, read: impl FnOnce(&str) -> Result<T, String>) -> deserialize::Result<T>;
}

impl StoresText for diesel::pg::Pg {
    fn text<T>(raw: Self::RawValue<'_>, read: impl FnOnce(&str) -> Result<T, String>) -> deserialize::Result<T> {
        Ok(read(std::str::from_utf8(raw.as_bytes())?)?)
    }
}

impl StoresText for diesel::sqlite::Sqlite {
    fn text<T>(mut raw: Self::RawValue<'_>, read: impl FnOnce(&str) -> Result<T, String>) -> deserialize::Result<T> {
        Ok(read(raw.read_text())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_become_links() {
        for good in ["https://example.com", "http://localhost:3000/app", "https://xn--bcher-kva.example/a?b=c#d"] {
            assert!(web_url(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.com",
            "https://",
            "example.com",
            " https://example.com",
            "java\nscript:x",
        ] {
            assert_eq!(web_url(bad).unwrap_err().code, "url", "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert!(single_line("ABC Real Estate – Māhīm").is_ok());
        for bad in ["A\nBcc: x@example.com", "A\rB", "A\tB", "A\u{7f}", "A\u{202e}B", "\u{2066}A\u{2069}"] {
            assert!(single_line(bad).is_err(), "{bad:?}");
        }
    }
}
