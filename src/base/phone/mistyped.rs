//! Numbers that were mistyped in ways of which only one reading is left: letters for digits, and country codes that stand there
//! twice, since a browser filled one in and the person typed it too.

use rlibphonenumber::Region;

use super::judge::{judge, own_code, parse};

/// Where letters may stand for digits.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Os {
    /// In words that are otherwise a number: "98765 4321O".
    InNumbers,
    /// Anywhere in a text without other letters: "98765 4321 O".
    Anywhere,
}

/// The text with 0 for the letter O and 1 for l and I, where people mistake them; `None` where that changes nothing.
pub(super) fn with_zeros_for_os(text: &str, os: Os) -> Option<String> {
    let digit = |c: char| match c {
        'o' | 'O' | '\u{43e}' | '\u{41e}' | '\u{3bf}' | '\u{39f}' => Some('0'),
        'l' | 'I' => Some('1'),
        _ => None,
    };
    let is_mistaken = |word: &str| word.chars().filter(|c| c.is_alphabetic()).all(|c| digit(c).is_some());
    let replaced = |word: &str| -> String { word.chars().map(|c| digit(c).unwrap_or(c)).collect() };
    let read = match os {
        Os::Anywhere if is_mistaken(text) => replaced(text),
        Os::Anywhere => return None,
        Os::InNumbers => {
            let is_number = |word: &str| is_mistaken(word) && word.contains(|c: char| c.is_ascii_digit());
            let words = text.split(' ').map(|word| if is_number(word) { replaced(word) } else { word.into() });
            words.collect::<Vec<_>>().join(" ")
        }
    };
    (read != text).then_some(read)
}

/// What is left when a country code that stands there twice ("91 91 98765 43210", "+49 0049 170…") is read once: the valid
/// numbers of that country. Without a sign of going abroad only the tenant's own code is one.
pub(super) fn said_once(text: &str, region: Option<Region>) -> Vec<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_abroad = text.trim_start().starts_with(['+', '(']) && text.contains('+') || digits.starts_with("00");
    let digits = digits.trim_start_matches('0');
    let is_meant = |code: &str| is_abroad || own_code(region).is_some_and(|own| own.to_string() == code);
    let codes = (1..=3).filter_map(|length| digits.get(..length)).filter(|code| is_meant(code));
    let mut found: Vec<String> = codes.filter_map(|code| once(digits, code)).collect();
    found.dedup();
    found
}

fn once(digits: &str, code: &str) -> Option<String> {
    let mut rest = digits.strip_prefix(code)?.trim_start_matches('0');
    let mut found = None;
    while let Some(after) = rest.strip_prefix(code) {
        let number = parse(&format!("+{rest}"), None).filter(|number| number.country_code.to_string() == code);
        found = found.or(number.and_then(|number| judge(&number)).filter(|reading| reading.is_valid));
        rest = after.trim_start_matches('0');
    }
    found.map(|reading| reading.e164)
}

/// The first two groups of digits, where they are one code: "+49 49 170 1234567".
fn said_apart(text: &str) -> Option<(&str, &str)> {
    let mut groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| group.bytes().any(|digit| digit != b'0'));
    let (one, other) = (groups.next()?, groups.next()?);
    let code = one.trim_start_matches('0');
    (code.len() <= 3 && code == other.trim_start_matches('0')).then_some((one, other))
}

pub(super) fn is_said_apart(text: &str) -> bool {
    said_apart(text).is_some()
}

/// Whether the second one has a sign of going abroad, so that it is no part of a number: "+49 0049 170 1234567".
pub(super) fn is_said_again(text: &str) -> bool {
    said_apart(text).is_some_and(|(_, other)| other.starts_with("00") || text.matches('+').count() > 1)
}
