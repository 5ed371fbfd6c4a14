//! Lists of short texts, such as places and services.

use crate::base::FieldError;

/// The longest entry, in characters.
const LONGEST: usize = 200;

/// Trims the entries; a blank or overlong one becomes an error at `pointer/index`.
pub(super) fn clean(pointer: &str, entries: &mut [String], errors: &mut Vec<FieldError>) {
    for (index, entry) in entries.iter_mut().enumerate() {
        let trimmed = entry.trim();
        if !(1..=LONGEST).contains(&trimmed.chars().count()) {
            let rule = format!("expected a text of 1 to {LONGEST} characters");
            errors.push(FieldError::new(format!("{pointer}/{index}"), "length", rule));
        }
        *entry = trimmed.to_string();
    }
}
