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
    if labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok()) {
        return true;
    }
    // "ABC Pvt.Ltd" is how firms write themselves.
    let is_firm = *end == "ltd" && names.last().is_some_and(|name| matches!(*name, "pvt" | "pte" | "co"));
    !names.is_empty()
        && !is_firm
        && (is_public_suffix(end)
            || names.len() > 1
                && end.len() > 1
                && end.chars().all(char::is_alphabetic)
                && names.iter().all(|name| name.chars().count() > 1))
}

/// Does anybody register names under this one? By the public suffix list, so that programs make no link of what we let pass.
fn is_public_suffix(end: &str) -> bool {
    let ascii = idna::domain_to_ascii(end).unwrap_or_default();
    if ["example", "test", "onion"].contains(&end) {
        return true;
    }
    psl::suffix(ascii.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == ascii.as_bytes())
}

/// Nine digits or more with no letter between them, whatever else stands there. Amounts with a currency sign are none.
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
            // Whoever reads it leaves out the rest, so nothing but a word or an amount ends a number.
            _ if is_currency(c) || c.is_alphabetic() => digits = 0,
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
            "ABC Pvt.Ltd",
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
            "98765,43210",
            "98765*43210",
            "98765_43210",
            "unblock at sbi-kyc.click",
            "hdfc-refund.tk",
            "KYC at sbi.bank",
            "pay-now.icu/x",
            "KYC at 203.0.113.9/kyc",
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
