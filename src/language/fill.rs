//! Placeholders in texts: `{{name}}`, and nothing else.

/// The text with its placeholders replaced, each once: a value that looks like a placeholder stays as it is.
///
/// # Errors
/// The name of a placeholder that has no value.
pub fn fill<'a>(text: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    let mut parts = text.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let Some((name, rest)) = part.split_once("}}") else {
            filled.push_str("{{");
            filled.push_str(part);
            continue;
        };
        filled.push_str(value_of(name).ok_or(name)?);
        filled.push_str(rest);
    }
    Ok(filled)
}

/// The placeholders of a text.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(name, _)| name)
}
