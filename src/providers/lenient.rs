//! Reading what others write, as far as it can be understood.
//!
//! A provider that is refused does not ask again, so a field of another JSON type than usual, half an emoji or a byte order mark
//! may not cost a lead. Text is mended ([`read`]), fields that are missing or strange are empty, and what stands in a list beside
//! something strange stays. What a type requires all the same is what nothing can be done without.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Digits;

const REPLACEMENT: &str = "\u{fffd}";

/// JSON as it was sent, else with what JSON cannot hold replaced: a byte order mark, bytes that are no UTF-8, halves of UTF-16
/// pairs. Without NUL, which PostgreSQL keeps nowhere.
///
/// # Errors
/// It is no JSON all the same.
pub fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let value = serde_json::from_slice(bytes).or_else(|_| serde_json::from_str(&mended(bytes)))?;
    Ok(without_nul(value))
}

/// [`read`] as a type.
///
/// # Errors
/// No JSON, or not of this type.
pub fn read_as<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    read(bytes).and_then(T::deserialize)
}

/// Text that [`read`] may understand, and that any column takes.
pub fn mended(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).replace('\0', REPLACEMENT);
    let mut whole = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let unit = unit_at(escape);
        let follower = || unit_at(escape.get(6..).unwrap_or_default());
        let (shown, length) = match unit {
            Some(0xD800..=0xDBFF) if matches!(follower(), Some(0xDC00..=0xDFFF)) => (escape.get(..12), 12),
            Some(0xD800..=0xDFFF) => (Some("\\ufffd"), 6),
            Some(_) => (escape.get(..6), 6),
            // The character after the backslash, whatever it is, belongs to it.
            None => {
                let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
                (escape.get(..length), length)
            }
        };
        whole.push_str(shown.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// The UTF-16 unit of an escape that stands here.
fn unit_at(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

/// The same document with every NUL replaced.
pub fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', REPLACEMENT)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(key, item)| (key.replace('\0', REPLACEMENT), without_nul(item))).collect(),
        ),
        other => other,
    }
}

/// Any value as text; null says nothing.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(text_of).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}

/// Text, whatever it was written as.
pub fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(text_of(&Value::deserialize(d)?).unwrap_or_default())
}

/// Text, where there is any.
pub fn some_text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(&Value::deserialize(d)?).filter(|text| !text.is_empty()))
}

/// A list of texts, or one.
pub fn texts<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::Array(items) => items.iter().filter_map(text_of).collect(),
        other => text_of(&other).into_iter().collect(),
    })
}

/// A list, or one; entries that are of no use are left out.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(d: D) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(d)? {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    };
    Ok(items.into_iter().filter_map(|item| T::deserialize(item).ok()).collect())
}

/// An id; what is none is absent.
pub fn digits<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Digits>, D::Error> {
    Ok(Digits::deserialize(Value::deserialize(d)?).ok())
}

/// Yes or no in any spelling.
pub fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::Bool(flag) => Some(flag),
        Value::Number(number) => number.as_i64().map(|number| number == 1),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    })
}

/// A value of a type, where it is one.
pub fn maybe<'de, D: Deserializer<'de>, T: DeserializeOwned>(d: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(d)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_character_costs_itself_and_nothing_else() {
        for (sent, read_as) in [
            (r#"{"a":"x\ud83d"}"#.as_bytes(), json!({"a": "x\u{fffd}"})),
            (br#"{"a":"\ude00x"}"#, json!({"a": "\u{fffd}x"})),
            (br#"{"a":"\ud83d\ud83d\ude00"}"#, json!({"a": "\u{fffd}\u{1f600}"})),
            (br#"{"a":"\uD83D\\ude00"}"#, json!({"a": "\u{fffd}\\ude00"})),
            (br#"{"a":"\\ud83d","b":"\ud83d"}"#, json!({"a": "\\ud83d", "b": "\u{fffd}"})),
            (b"{\"a\":\"\xf0\x9f\x98\"}", json!({"a": "\u{fffd}"})),
            (b"\xef\xbb\xbf{\"a\":1}", json!({"a": 1})),
            (br#"{"a\u0000b":["\u0000"]}"#, json!({"a\u{fffd}b": ["\u{fffd}"]})),
            (b"{\"a\":\"x\0y\"}", json!({"a": "x\u{fffd}y"})),
        ] {
            assert_eq!(read(sent).unwrap(), read_as, "{}", String::from_utf8_lossy(sent));
        }
        for broken in [&b"{"[..], b"", b"{\"a\":\"\\ud8", b"{\"a\":\"\\", b"\\\xc3\xa4"] {
            assert!(read(broken).is_err());
        }
    }

    #[derive(Deserialize)]
    struct Odd {
        #[serde(default, deserialize_with = "texts")]
        values: Vec<String>,
        #[serde(default, deserialize_with = "digits")]
        id: Option<Digits>,
        #[serde(default, deserialize_with = "flag")]
        is: Option<bool>,
        #[serde(default, deserialize_with = "list")]
        numbers: Vec<i64>,
    }

    #[test]
    fn fields_of_another_type_are_read_as_far_as_they_say_something() {
        let odd = |value: Value| serde_json::from_value::<Odd>(value).unwrap();
        assert_eq!(odd(json!({"values": [34, null, "x", true, ["a", 1]]})).values, ["34", "x", "true", "a, 1"]);
        assert_eq!(odd(json!({"values": null})).values, [""; 0]);
        assert_eq!(odd(json!({"values": "one"})).values, ["one"]);
        assert_eq!(odd(json!({"id": ""})).id, None);
        assert_eq!(odd(json!({"id": 17})).id.unwrap().as_str(), "17");
        assert_eq!(
            (odd(json!({"is": "false"})).is, odd(json!({"is": 1})).is, odd(json!({"is": []})).is),
            (Some(false), Some(true), None)
        );
        assert_eq!(odd(json!({"numbers": [1, "x", null, 2]})).numbers, [1, 2]);
        assert!(odd(json!({})).numbers.is_empty());
    }
}
