//! The vocabulary of budgets: figures, units, currencies, ranges and the words around them, as `words.json` lists them.
//!
//! An unknown word makes the text unreadable; add words there, with an example in the tests. Words that mean
//! another currency in another country (`$`, pesos, lakh) list those where they are used: the tenant's own if it is one of
//! them, else the first, and none where that is empty.

use std::sync::LazyLock;

use crate::base::money::Currency;
use crate::base::phrases::{self, Phrases};
use crate::base::unicode;

use super::figure::{self, Figure};

crate::text_enum! {
    /// How often a budget is spent.
    pub enum Period { Month = "month", Year = "year" }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Figure(Figure),
    Currency(Currency),
    /// Between the two ends of a range.
    To,
    /// As `To` between two figures, and else nothing: "5000 a 10000", "~5000".
    ToOrNothing,
    /// As `To` between two figures, and else `AtMost`: "bis 5000".
    ToOrAtMost,
    /// As `To` between two figures, and else `AtLeast`: "5万から".
    ToOrAtLeast,
    AtLeast,
    AtMost,
    Per(Period),
}

/// What a listed phrase says.
#[derive(Clone, Copy)]
enum Said {
    Word(Word),
    Nothing,
    /// Times so much, counted in these currencies where the text names none.
    Scale(i64, &'static [Option<Currency>]),
    /// A thousand to those who speak Spanish or Portuguese, a million to others.
    Mil,
    /// One of these.
    Currency(&'static [Option<Currency>]),
}

#[derive(serde::Deserialize)]
struct Listed {
    to: Vec<String>,
    to_or_nothing: Vec<String>,
    to_or_at_most: Vec<String>,
    to_or_at_least: Vec<String>,
    at_least: Vec<String>,
    at_most: Vec<String>,
    month: Vec<String>,
    year: Vec<String>,
    nothing: Vec<String>,
    scales: Vec<ListedScale>,
    mil: ListedMil,
    currencies: Vec<ListedCurrency>,
}

#[derive(serde::Deserialize)]
struct ListedScale {
    times: i64,
    #[serde(default)]
    home: Vec<String>,
    words: Vec<String>,
}

#[derive(serde::Deserialize)]
struct ListedMil {
    words: Vec<String>,
    is_thousand_in: Vec<String>,
}

#[derive(serde::Deserialize)]
struct ListedCurrency {
    of: Vec<String>,
    words: Vec<String>,
}

static LISTED: LazyLock<Listed> = LazyLock::new(|| {
    serde_json::from_str(include_str!("words.json")).expect("the words of budgets are lists of texts")
});

static PHRASES: LazyLock<Phrases<Said>> = LazyLock::new(|| {
    let listed = &*LISTED;
    let plain = [
        (&listed.at_least, Said::Word(Word::AtLeast)),
        (&listed.at_most, Said::Word(Word::AtMost)),
        (&listed.to, Said::Word(Word::To)),
        (&listed.to_or_nothing, Said::Word(Word::ToOrNothing)),
        (&listed.to_or_at_most, Said::Word(Word::ToOrAtMost)),
        (&listed.to_or_at_least, Said::Word(Word::ToOrAtLeast)),
        (&listed.month, Said::Word(Word::Per(Period::Month))),
        (&listed.year, Said::Word(Word::Per(Period::Year))),
        (&listed.nothing, Said::Nothing),
        (&listed.mil.words, Said::Mil),
    ];
    let plain = plain.into_iter().flat_map(|(words, said)| words.iter().map(move |word| (word.as_str(), said)));
    let scales = listed.scales.iter().flat_map(|scale| {
        let said = Said::Scale(scale.times, currencies(&scale.home));
        scale.words.iter().map(move |word| (word.as_str(), said))
    });
    let money = listed.currencies.iter().flat_map(|listed| {
        let said = Said::Currency(currencies(&listed.of));
        listed.words.iter().map(move |word| (word.as_str(), said))
    });
    Phrases::new(money.chain(scales).chain(plain))
});

/// The listed codes; an empty one is none. They live as long as the list.
fn currencies(codes: &[String]) -> &'static [Option<Currency>] {
    let read = |code: &String| code.parse().ok();
    Vec::leak(codes.iter().map(read).collect())
}

/// The tenant's own, if it is one of these, else the first.
fn of_tenant(these: &[Option<Currency>], default: Currency) -> Option<Currency> {
    if these.contains(&Some(default)) { Some(default) } else { these.first().copied().flatten() }
}

/// The words of a budget, and the currency that its units are counted in where it names none (lakh, 만). `None` when the text
/// holds anything that is not part of a budget.
pub(super) fn words(text: &str, default: Currency) -> Option<(Vec<Word>, Option<Currency>)> {
    if text.len() > 400 {
        return None;
    }
    let letters: Vec<char> =
        phrases::letters(text).into_iter().map(|c| figure::separator(unicode::decimal(c))).collect();
    let said = said(&letters)?;
    let named = said.iter().find_map(|said| match said {
        Token::Said(Said::Currency(these)) => Some(of_tenant(these, default)),
        _ => None,
    });
    let mil_is_thousand = {
        let code = named.flatten().unwrap_or(default).code();
        LISTED.mil.is_thousand_in.iter().any(|known| known == code)
    };
    let (mut words, mut home) = (Vec::new(), None);
    for token in said {
        match token {
            Token::Figure(figure) => words.push(Word::Figure(figure)),
            Token::Said(Said::Word(word)) => words.push(word),
            Token::Said(Said::Nothing) => {}
            Token::Said(Said::Currency(these)) => words.push(Word::Currency(of_tenant(these, default)?)),
            Token::Said(Said::Mil) => scale(&mut words, if mil_is_thousand { 1_000 } else { 1_000_000 })?,
            Token::Said(Said::Scale(times, these)) => {
                scale(&mut words, times)?;
                if !these.is_empty() && named.is_none() {
                    home = Some(of_tenant(these, default)?);
                }
            }
        }
    }
    Some((words, home))
}

enum Token {
    Figure(Figure),
    Said(Said),
}

fn said(letters: &[char]) -> Option<Vec<Token>> {
    let (mut said, mut at) = (Vec::new(), 0);
    while let Some(&letter) = letters.get(at) {
        if let Some((end, figure)) = figure::at(letters, at) {
            said.push(Token::Figure(figure?));
            at = end;
        } else if let Some((end, phrase)) = PHRASES.at(letters, at) {
            said.push(Token::Said(phrase));
            at = end;
            // "Cr." and "Rs." end in a full stop that is not a decimal point.
            at += usize::from(letters[end - 1].is_alphabetic() && letters.get(end) == Some(&'.'));
        } else if matches!(letter, ' ' | ',' | '.' | ':' | ';' | '(' | ')' | '!' | '、' | '。') {
            at += 1;
        } else {
            return None;
        }
    }
    Some(said)
}

/// A unit belongs to the figure before it.
fn scale(words: &mut [Word], times: i64) -> Option<()> {
    match words.last_mut() {
        Some(Word::Figure(Figure { scale: scale @ None, .. })) => {
            *scale = Some(times);
            Some(())
        }
        _ => None,
    }
}
