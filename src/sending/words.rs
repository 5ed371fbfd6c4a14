//! What the variables of an approved template may carry.
//!
//! A template was approved with its words; a variable that brings an address, a number to call or a story of its own makes
//! another message of it under the platform's name. So each variable is short, and carries no link, no e-mail address and no
//! phone number. What a caller gives is refused ([`check`]); what is filled from stored data is cleaned ([`clean`]).

/// What a variable stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A person's name.
    Name,
    /// Who writes: a business, perhaps with a person's name before it.
    Sender,
    /// What it is about, in few words.
    About,
}

impl Holds {
    pub const fn longest(self) -> usize {
        match self {
            Self::Name => 60,
            Self::Sender => 120,
            Self::About => 100,
        }
    }
}

/// # Errors
/// A sentence that says what would be right.
pub fn check(text: &str, holds: Holds) -> Result<(), String> {
    let most = holds.longest();
    if text.chars().count() > most {
        return Err(format!("expected at most {most} characters"));
    }
    if has_link(text) || has_phone_number(text) {
        return Err("expected no link, e-mail address or phone number: write them in an answer".into());
    }
    Ok(())
}

/// The same text as a variable may carry it: words that lead elsewhere are left out, and what is too long is cut.
pub fn clean(text: &str, holds: Holds) -> String {
    let mut kept: Vec<&str> = text.split_whitespace().filter(|word| !has_link(word)).collect();
    if has_phone_number(&kept.join(" ")) {
        kept.retain(|word| word.chars().filter(|c| c.is_numeric()).count() == 0);
    }
    let text = kept.join(" ");
    match text.char_indices().nth(holds.longest()) {
        Some((end, _)) => text[..end].trim_end().to_string(),
        None => text,
    }
}

/// The text without links and e-mail addresses, for what may well hold a number.
pub fn without_links(text: &str) -> String {
    text.split_whitespace().filter(|word| !has_link(word)).collect::<Vec<_>>().join(" ")
}

/// Ends of names that programs make links of even without `https://`.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "ai", "app", "biz", "cc", "club", "co", "com", "de", "dev", "es", "eu", "example", "fr", "gl", "gy", "in", "info",
    "io", "it", "link", "live", "ly", "me", "mobi", "net", "nl", "one", "online", "org", "page", "pro", "pw", "ru",
    "shop", "site", "store", "to", "top", "tv", "uk", "us", "vip", "web", "wiki", "work", "world", "xyz",
];

fn has_link(text: &str) -> bool {
    let lower = text.to_lowercase();
    if lower.contains("://") || lower.contains("www.") || lower.contains('@') || lower.contains("mailto:") {
        return true;
    }
    let parts =
        lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')));
    parts.into_iter().any(is_host)
}

/// `evil.example`, also with the full stops that browsers take for dots.
fn is_host(word: &str) -> bool {
    let labels: Vec<&str> =
        word.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).filter(|label| !label.is_empty()).collect();
    let [names @ .., end] = labels.as_slice() else { return false };
    !names.is_empty()
        && (ENDS.contains(end)
            || names.len() > 1
                && end.len() > 1
                && end.chars().all(char::is_alphabetic)
                && names.iter().all(|name| name.chars().count() > 1))
}

/// Nine digits or more with nothing between them but what people put into phone numbers. Amounts with a currency sign or
/// with thousands separators are none.
fn has_phone_number(text: &str) -> bool {
    let (mut digits, mut is_money) = (0, false);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            _ if c.is_numeric() => {
                if digits == 0 {
                    is_money = is_currency(before);
                }
                digits += 1;
                if digits >= 9 && !is_money {
                    return true;
                }
            }
            ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}' => {}
            _ if is_currency(c) || !is_invisible(c) => digits = 0,
            _ => {}
        }
        if !(c == ' ' || is_invisible(c)) {
            before = c;
        }
    }
    false
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '€' | '\u{a0}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_carries_no_message_of_its_own() {
        for good in [
            "Asha",
            "Mr. Sharma",
            "Mr.Sharma",
            "Dr. A. P. J. Abdul Kalam",
            "María-José",
            "2BHK in Andheri, Goregaon (budget ₹80L-1Cr)",
            "flats from ₹80,00,000 to ₹1,00,00,000",
            "₹ 80000000",
            "a 3-4 room flat in 400053",
            "Dr.A.Rao",
            "your enquiry of 12.11.2026",
        ] {
            assert_eq!(check(good, Holds::About), Ok(()), "{good}");
            assert_eq!(clean(good, Holds::About), good);
        }
        for bad in [
            "https://sbi-verify.evil.example",
            "see evil.example/pay",
            "WWW.EVIL.COM",
            "pay at evil。com",
            "mail pay@evil.example",
            "call +91 98765 00000 now",
            "call 98765-00000",
            "९८७६५०००००",
            "9 8 7 6 5 0 0 0 0 0",
            "98765\u{200b}00000",
            "bit.ly/x",
            "a.b@c.de",
        ] {
            assert!(check(bad, Holds::About).is_err(), "{bad}");
            assert_eq!(check(&clean(bad, Holds::About), Holds::About), Ok(()), "{bad}");
        }
        assert!(check(&"x".repeat(61), Holds::Name).is_err());
        assert_eq!(clean(&"x".repeat(500), Holds::About).len(), 100);
        assert_eq!(
            clean("Your account is blocked, call +91 98765 00000 now", Holds::Name),
            "Your account is blocked, call now"
        );
        assert_eq!(without_links("Asha https://x.example 98765"), "Asha 98765");
    }
}
