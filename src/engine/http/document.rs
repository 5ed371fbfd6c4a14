//! A JSON document as a tree and then as a type, with errors that point at the value.

use serde::de::DeserializeOwned;

use super::strict::Strict;
use crate::base::patch::NEVER_NULL;
use crate::base::{Error, FieldError, Result, bounded};

pub const MAX_DEPTH: usize = 32;
/// What a text value may not hold.
pub const NUL_RULE: &str = "text must not contain the NUL character";

/// Parses JSON text into a type; see [`Json`](super::Json) for what is refused. A byte order mark, which some clients write, is passed over.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    typed(document(bytes)?, "")
}

/// JSON text as a tree, of which it is not known yet what it should be.
pub(super) fn document(bytes: &[u8]) -> Result<serde_json::Value> {
    let value = tree(bytes)?;
    refuse_nul(&value)?;
    Ok(value)
}

/// [`document`], in which NUL may stand: what it is part of is asked by itself ([`refuse_nul`]).
pub(super) fn tree(bytes: &[u8]) -> Result<serde_json::Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("The body is not valid JSON (line {}, column {}).", error.line(), error.column());
        Error::malformed("request.malformed_json", message)
    })?;
    if is_deeper(&value, MAX_DEPTH) {
        let message = format!("JSON may be nested at most {MAX_DEPTH} levels deep.");
        return Err(Error::malformed("request.too_deep", message));
    }
    Ok(value)
}

fn is_deeper(value: &serde_json::Value, levels: usize) -> bool {
    use serde_json::Value;
    let goes_deeper = |part: &Value| levels == 0 || is_deeper(part, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(goes_deeper),
        Value::Object(map) => map.values().any(goes_deeper),
        _ => false,
    }
}

/// # Errors
/// `request.invalid` at the first text that holds NUL, which PostgreSQL keeps nowhere.
pub(super) fn refuse_nul(value: &serde_json::Value) -> Result<()> {
    look_for_nul(value, &mut String::new())
}

/// A value that stands at `base` as a type.
pub(super) fn typed<T: DeserializeOwned>(value: serde_json::Value, base: &str) -> Result<T> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let pointer = format!("{base}{}", pointer_of(error.path()));
        Error::fields(vec![field_error(pointer, &error.into_inner().to_string())])
    })
}

fn look_for_nul(value: &serde_json::Value, pointer: &mut String) -> Result<()> {
    use serde_json::Value;
    let base = pointer.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            return Err(Error::field(pointer.as_str(), "invalid_value", NUL_RULE));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                look_for_nul(item, pointer)?;
                pointer.truncate(base);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                pointer.push('/');
                pointer.push_str(&escaped(key));
                if key.contains('\0') {
                    return Err(Error::field(pointer.replace('\0', "\u{fffd}"), "invalid_value", NUL_RULE));
                }
                look_for_nul(item, pointer)?;
                pointer.truncate(base);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A key as a part of a JSON pointer (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Turns serde's sentence into a code and a pointer that names the field itself.
pub(super) fn field_error(pointer: String, sentence: &str) -> FieldError {
    let quoted = || sentence.split('`').nth(1).unwrap_or_default().to_string();
    if sentence.starts_with("missing field") {
        return FieldError::new(format!("{pointer}/{}", quoted()), "required", "this field is required");
    }
    if sentence.starts_with("unknown field") {
        let name = escaped(&quoted());
        let pointer = if pointer.ends_with(&format!("/{name}")) { pointer } else { format!("{pointer}/{name}") };
        let expected = sentence.split_once(", ").map_or("no fields", |(_, rest)| rest);
        return FieldError::new(pointer, "unknown_field", format!("this field is not known; {expected}"));
    }
    if sentence == NEVER_NULL {
        return FieldError::new(pointer, "required", NEVER_NULL);
    }
    let other = if sentence.starts_with("invalid type") { "invalid_type" } else { "invalid_value" };
    let code = bounded::code_of(sentence).unwrap_or(other);
    FieldError::new(pointer, code, plain(sentence))
}

/// What was expected, in words of the API: no type of ours and none of the machine's.
fn plain(sentence: &str) -> String {
    const WHOLE: &str = "expected a whole number";
    const DATE: &str = "expected a date such as 2026-11-20";
    match sentence {
        "invalid digit found in string" | "cannot parse integer from empty string" => return WHOLE.into(),
        text if text.starts_with("number too ") => return "expected a whole number of a sensible size".into(),
        "provided string was not `true` or `false`" => return "expected true or false".into(),
        "input is out of range"
        | "input contains invalid characters"
        | "premature end of input"
        | "trailing input"
        | "input is not enough for unique date and time" => return DATE.into(),
        _ => {}
    }
    let Some((_, expected)) = sentence
        .split_once(", expected ")
        .filter(|_| sentence.starts_with("invalid ") || sentence.starts_with("wrong "))
    else {
        return sentence.into();
    };
    let kind = match expected {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        text if text.starts_with("struct ") || text.starts_with("internally tagged") => "an object",
        text if text.starts_with("tuple struct") || text.starts_with("a tuple") => "a list",
        text => text,
    };
    format!("expected {kind}")
}

/// From the validator's map to pointers.
pub(super) fn invalid(errors: validator::ValidationErrors) -> Error {
    let mut fields = Vec::new();
    collect(&errors, "", &mut fields);
    fields.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    Error::fields(fields)
}

fn collect(errors: &validator::ValidationErrors, base: &str, fields: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        // What is wrong with a whole, and with none of its fields.
        let pointer = if name == "__all__" { base.to_string() } else { format!("{base}/{name}") };
        match kind {
            validator::ValidationErrorsKind::Struct(inner) => collect(inner, &pointer, fields),
            validator::ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{pointer}/{index}"), fields);
                }
            }
            validator::ValidationErrorsKind::Field(list) => fields.extend(list.iter().map(|e| describe(&pointer, e))),
        }
    }
}

fn describe(pointer: &str, error: &validator::ValidationError) -> FieldError {
    let bound = |name: &str| error.params.get(name).map(ToString::to_string);
    let detail = match (&error.message, error.code.as_ref(), bound("min"), bound("max")) {
        (Some(message), ..) => message.to_string(),
        (None, "length", Some(min), Some(max)) => format!("expected {min} to {max} characters or entries"),
        (None, "length", Some(min), None) => format!("expected at least {min} characters or entries"),
        (None, "length", None, Some(max)) => format!("expected at most {max} characters or entries"),
        (None, "range", Some(min), Some(max)) => format!("expected a value from {min} to {max}"),
        (None, "range", Some(min), None) => format!("expected a value of at least {min}"),
        (None, "range", None, Some(max)) => format!("expected a value of at most {max}"),
        (None, "url", ..) => "expected an absolute URL such as https://example.com".into(),
        (None, code, ..) => format!("this value fails the rule {code}"),
    };
    FieldError::new(pointer, error.code.to_string(), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        name: String,
        #[serde(default)]
        #[allow(dead_code)]
        inner: Vec<Inner>,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        size: i32,
    }

    fn pointer(body: &str) -> (String, String) {
        let error = parse_json::<Outer>(body.as_bytes()).unwrap_err();
        let field = error.field_errors().first().unwrap_or_else(|| panic!("no field in {error:?}"));
        (field.pointer.clone(), field.code.to_string())
    }

    #[test]
    fn errors_point_at_the_value() {
        let cases = [
            (r#"{}"#, "/name", "required"),
            (r#"{"name":1}"#, "/name", "invalid_type"),
            (r#"{"name":"x","size":1}"#, "/size", "unknown_field"),
            (r#"{"name":"x","inner":[{"size":1},{}]}"#, "/inner/1/size", "required"),
            (r#"{"name":"x","inner":[{"size":1,"bulk":2}]}"#, "/inner/0/bulk", "unknown_field"),
            (r#"{"name":"x","inner":[{"size":"1"}]}"#, "/inner/0/size", "invalid_type"),
            (r#"{"name":"a\u0000b"}"#, "/name", "invalid_value"),
            (r#"["x",[]]"#, "", "invalid_type"),
            (r#"{"name":"x","inner":[[1]]}"#, "/inner/0", "invalid_type"),
        ];
        for (body, at, code) in cases {
            assert_eq!(pointer(body), (at.to_string(), code.to_string()), "{body}");
        }
    }

    #[test]
    fn messages_speak_of_the_contract_and_not_of_the_machine() {
        let said = |body: &str| {
            let error = parse_json::<Outer>(body.as_bytes()).unwrap_err();
            (error.field_errors()[0].clone(), error.message().to_string())
        };
        let (field, _) = said(r#"{"name":"x","a/b~c":1}"#);
        assert_eq!((field.pointer.as_str(), field.code.as_ref()), ("/a~1b~0c", "unknown_field"));
        let (field, message) = said("[]");
        assert_eq!((field.detail.as_str(), message.as_str()), ("expected an object", "The body: expected an object"));
        for (body, detail) in [
            (r#"{"name":"x","inner":7}"#, "expected a list"),
            (r#"{"name":"x","inner":[7]}"#, "expected an object"),
            (r#"{"name":"x","inner":[{"size":"1"}]}"#, "expected a whole number"),
            (r#"{"name":7}"#, "expected a string"),
        ] {
            assert_eq!(said(body).0.detail, detail, "{body}");
        }
        for (machine, human) in [
            ("invalid digit found in string", "expected a whole number"),
            ("provided string was not `true` or `false`", "expected true or false"),
            ("input is out of range", "expected a date such as 2026-11-20"),
            ("expected a name of 1 to 120 characters", "expected a name of 1 to 120 characters"),
        ] {
            assert_eq!(plain(machine), human);
        }
    }

    #[test]
    fn text_that_is_no_json_is_malformed() {
        for body in [&b"{"[..], b"", b"\xff\xfe", b"{\"name\":\"\xc3\x28\"}"] {
            assert_eq!(parse_json::<Outer>(body).unwrap_err().code(), "request.malformed_json");
        }
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(parse_json::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(), "request.too_deep");
    }
}
