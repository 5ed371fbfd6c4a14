//! The vocabulary of budgets: figures, units, currencies, ranges and the words around them.
//!
//! An unknown word makes the text unreadable; add words here, with an example in the tests of `budget`.

use crate::base::money::Currency;

use super::budget::{CRORE, LAKH};

crate::text_enum! {
    /// How often a budget is spent.
    pub enum Period { Month = "month", Year = "year" }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    /// `digits` × 10^-`decimals` × `scale`.
    Figure {
        digits: i64,
        decimals: u32,
        scale: Option<i64>,
    },
    Currency(Currency),
    /// Between the two ends of a range.
    To,
    AtLeast,
    AtMost,
    Per(Period),
}

/// Longer phrases become one word first, so that "up to" is not the "to" of a range and "p.m." not two letters.
const PHRASES: &[(&str, &str)] = &[
    ("us$", " usd "),
    ("₹", " inr "),
    ("/-", " "),
    ("p.m.", " monthly "),
    ("p.a.", " yearly "),
    ("up to", " upto "),
    ("at least", " atleast "),
    ("at most", " atmost "),
    ("no more than", " atmost "),
    ("more than", " atleast "),
    ("less than", " atmost "),
    ("starting from", " atleast "),
    ("and above", " atleast "),
    ("or more", " atleast "),
    ("& above", " atleast "),
    ("or less", " atmost "),
    ("per month", " monthly "),
    ("a month", " monthly "),
    ("each month", " monthly "),
    ("every month", " monthly "),
    ("per mo", " monthly "),
    ("/ month", " monthly "),
    ("/month", " monthly "),
    ("/mo", " monthly "),
    ("/m", " monthly "),
    ("per year", " yearly "),
    ("per annum", " yearly "),
    ("a year", " yearly "),
    ("/ year", " yearly "),
    ("/year", " yearly "),
    ("/annum", " yearly "),
    ("/yr", " yearly "),
];

/// `None` when the text holds anything that is not part of a budget.
pub(super) fn words(text: &str, default: Currency) -> Option<Vec<Word>> {
    if text.len() > 200 {
        return None;
    }
    let mut text = text.trim().to_lowercase();
    for (phrase, word) in PHRASES {
        text = text.replace(phrase, word);
    }
    let letters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let start = at;
        if letter.is_ascii_digit() || letter == '.' {
            at += letters[at..].iter().take_while(|l| l.is_ascii_digit() || matches!(l, '.' | ',')).count();
            words.push(figure(&letters[start..at])?);
        } else if letter.is_alphabetic() {
            at += letters[at..].iter().take_while(|l| l.is_alphabetic()).count();
            let name: String = letters[start..at].iter().collect();
            word(&name, &mut words)?;
            // "Cr." and "lakhs." end in a full stop that is not a decimal point.
            at += usize::from(letters.get(at) == Some(&'.'));
        } else {
            at += 1;
            match letter {
                '$' => words.push(Word::Currency(dollar(default))),
                '€' => words.push(Word::Currency("EUR".parse().ok()?)),
                '£' => words.push(Word::Currency("GBP".parse().ok()?)),
                '-' | '–' | '—' => words.push(Word::To),
                '+' | '>' => words.push(Word::AtLeast),
                '<' => words.push(Word::AtMost),
                '~' | ',' | ':' | '(' | ')' => {}
                space if space.is_whitespace() => {}
                _ => return None,
            }
        }
    }
    Some(words)
}

/// Digits with at most one decimal point; commas group ("80,00,000", "1,200,000") and are ignored.
fn figure(letters: &[char]) -> Option<Word> {
    let text: String = letters.iter().filter(|letter| **letter != ',').collect();
    let text = text.strip_suffix('.').unwrap_or(&text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // Fifteen digits hold every amount that can be stored.
    if whole.len() + fraction.len() > 15 || fraction.len() > 6 || fraction.contains('.') {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some(Word::Figure { digits, decimals: fraction.len() as u32, scale: None })
}

fn word(name: &str, words: &mut Vec<Word>) -> Option<()> {
    let scale_by = match name {
        "k" | "thousand" | "thousands" => 1_000,
        "l" | "lac" | "lacs" | "lakh" | "lakhs" | "lk" | "lks" => LAKH,
        "cr" | "crs" | "crore" | "crores" => CRORE,
        "m" | "mn" | "mil" | "million" | "millions" => 1_000_000,
        "b" | "bn" | "billion" | "billions" => 1_000_000_000,
        _ => {
            words.extend(plain(name)?);
            return Some(());
        }
    };
    match words.last_mut() {
        Some(Word::Figure { scale: scale @ None, .. }) => {
            *scale = Some(scale_by);
            Some(())
        }
        _ => None,
    }
}

/// Words that are not units; `Some(None)` for those that say nothing about the amount.
fn plain(name: &str) -> Option<Option<Word>> {
    Some(Some(match name {
        "to" | "and" => Word::To,
        "above" | "over" | "from" | "min" | "minimum" | "atleast" | "onwards" | "plus" => Word::AtLeast,
        "under" | "below" | "upto" | "max" | "maximum" | "within" | "atmost" => Word::AtMost,
        "monthly" | "pm" => Word::Per(Period::Month),
        "yearly" | "annually" | "annual" | "pa" => Word::Per(Period::Year),
        "rs" | "rupees" | "rupee" | "inr" => Word::Currency(Currency::INR),
        "usd" | "dollars" | "dollar" => Word::Currency(Currency::USD),
        "eur" | "euro" | "euros" => Word::Currency("EUR".parse().ok()?),
        "gbp" | "aed" | "sgd" | "aud" | "cad" => Word::Currency(name.parse().ok()?),
        "around" | "about" | "approx" | "approximately" | "budget" | "between" | "only" | "is" | "my" | "our"
        | "range" | "of" | "roughly" => return Some(None),
        _ => return None,
    }))
}

/// `$` is the tenant's own dollar where it has one.
fn dollar(default: Currency) -> Currency {
    if matches!(default.code(), "AUD" | "CAD" | "SGD" | "NZD" | "HKD") { default } else { Currency::USD }
}
