//! Figures as they are written around the world: 80,00,000 and 1.200.000,50 and 5 000 and 5'000.
//!
//! A sign that occurs twice, or stands before another one, parts thousands; a last one before one or two digits parts decimals.
//! What is left to guess is a single point before three digits: thousands (€ 5.000), unless a unit follows (1.125 crore) or
//! the currency has three decimals.

use crate::base::money::{Currency, MAX_AMOUNT};

/// A figure as written: `digits` × 10^-`decimals` × `scale`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub digits: i64,
    pub decimals: u32,
    pub scale: Option<i64>,
    /// The decimals may be thousands.
    is_pointed: bool,
}

impl Figure {
    pub fn whole(digits: i64, scale: Option<i64>) -> Self {
        Self { digits, decimals: 0, scale, is_pointed: false }
    }

    /// With nothing left to guess.
    pub fn settled(self, currency: Currency) -> Self {
        let is_thousands = self.is_pointed && self.scale.is_none() && currency.exponent() < 3;
        if is_thousands { Self::whole(self.digits, None) } else { self }
    }

    pub fn minor_units(self, currency: Currency) -> Option<i64> {
        let up = i128::from(self.digits) * i128::from(self.scale.unwrap_or(1)) * 10_i128.pow(currency.exponent());
        let amount = i64::try_from(up / 10_i128.pow(self.decimals)).ok()?;
        (amount <= MAX_AMOUNT).then_some(amount)
    }

    /// Is the bare figure smaller, whatever the scales are? Compared without rounding.
    pub fn written_below(self, other: Self) -> bool {
        i128::from(self.digits) * 10_i128.pow(other.decimals) < i128::from(other.digits) * 10_i128.pow(self.decimals)
    }

    pub fn written_at_least(self, whole: i64) -> bool {
        i128::from(self.digits) >= i128::from(whole) * 10_i128.pow(self.decimals)
    }
}

/// The signs of other scripts that part digits, as ours.
pub(super) fn separator(c: char) -> char {
    match c {
        '\u{66b}' => '.',
        '\u{66c}' | '\u{60c}' => ',',
        c => c,
    }
}

/// The figure that begins here, and where it ends; `None` inside for digits that are no figure.
pub(super) fn at(text: &[char], start: usize) -> Option<(usize, Option<Figure>)> {
    let is_digit = |place: usize| text.get(place).is_some_and(char::is_ascii_digit);
    let is_after_sign = start > 0 && (is_digit(start - 1) || text[start - 1] == '.');
    if !is_digit(start) && (text.get(start) != Some(&'.') || !is_digit(start + 1) || is_after_sign) {
        return None;
    }
    let mut groups: Vec<(char, String)> = vec![(' ', String::new())];
    let mut at = start;
    loop {
        match text.get(at) {
            Some(c) if c.is_ascii_digit() => groups.last_mut()?.1.push(*c),
            Some(c @ ('.' | ',' | '\'')) if is_digit(at + 1) => groups.push((*c, String::new())),
            Some(' ') if parts_thousands(text, at, &groups) => groups.push((' ', String::new())),
            _ => break,
        }
        at += 1;
    }
    Some((at, read(&groups)))
}

/// "5 000": a blank before three digits, behind a group of up to three or others like it.
fn parts_thousands(text: &[char], at: usize, groups: &[(char, String)]) -> bool {
    let follows = text[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
    let is_plain = groups.iter().all(|(sign, _)| *sign == ' ');
    let known = groups.last().map_or(0, |(_, digits)| digits.len());
    follows == 3 && is_plain && (if groups.len() == 1 { (1..=3).contains(&known) } else { known == 3 })
}

/// Groups of digits, each with the sign before it.
fn read(groups: &[(char, String)]) -> Option<Figure> {
    let (_, first) = groups.first()?;
    let of = |whole: &[(char, String)], fraction: &str, is_pointed: bool| {
        let whole: String = whole.iter().map(|(_, digits)| digits.as_str()).collect();
        // Fifteen digits hold every amount that can be stored.
        if whole.len() + fraction.len() > 15 || fraction.len() > 6 {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Figure { digits, decimals: u32::try_from(fraction.len()).ok()?, scale: None, is_pointed })
    };
    let Some((last, fraction)) = groups[1..].last() else { return of(groups, "", false) };
    let (whole, signs) = (&groups[..groups.len() - 1], &groups[1..]);
    let is_last_alone = signs.iter().filter(|(sign, _)| sign == last).count() == 1;
    match (last, signs.len()) {
        // One sign: a point or a comma parts decimals, or thousands where three digits follow.
        ('.' | ',', 1) if fraction.len() == 3 && (1..=3).contains(&first.len()) && first != "0" => {
            if *last == '.' {
                of(whole, fraction, true)
            } else {
                of(groups, "", false)
            }
        }
        ('.', 1) => of(whole, fraction, false),
        (',', 1) => (fraction.len() <= 2).then(|| of(whole, fraction, false))?,
        // Several: the last one may part decimals when it is another than those before.
        ('.' | ',', _) if is_last_alone && signs.len() > 1 => {
            (are_thousands(whole)).then(|| of(whole, fraction, false))?
        }
        _ => are_thousands(groups).then(|| of(groups, "", false))?,
    }
}

/// Groups of three behind a shorter one, or Indian ones of two before the last three; parted by one sign.
fn are_thousands(groups: &[(char, String)]) -> bool {
    let Some(((_, first), rest)) = groups.split_first() else { return false };
    let Some(((sign, last), between)) = rest.split_last() else { return true };
    let lengths = |of: usize| between.iter().all(|(_, digits)| digits.len() == of);
    let is_one_sign = rest.iter().all(|(other, _)| other == sign);
    let is_indian = *sign != '.' && lengths(2) && first.len() <= 2;
    (1..=3).contains(&first.len()) && is_one_sign && last.len() == 3 && (lengths(3) || is_indian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_many_countries() {
        for (text, euros) in [
            ("5000", Some("5000.00")),
            ("5.000", Some("5000.00")),
            ("5,000", Some("5000.00")),
            ("5 000", Some("5000.00")),
            ("5'000", Some("5000.00")),
            ("1.200.000", Some("1200000.00")),
            ("1,200,000", Some("1200000.00")),
            ("1 200 000", Some("1200000.00")),
            ("80,00,000", Some("8000000.00")),
            ("8,00,000.50", Some("800000.50")),
            ("1.000,00", Some("1000.00")),
            ("1,000.00", Some("1000.00")),
            ("1.234.567,89", Some("1234567.89")),
            ("1 234,5", Some("1234.50")),
            ("1'234.50", Some("1234.50")),
            ("1,5", Some("1.50")),
            ("1.5", Some("1.50")),
            ("0.500", Some("0.50")),
            ("0,50", Some("0.50")),
            (".5", Some("0.50")),
            ("12345.678", Some("12345.67")),
            ("1,5000", None),
            ("1.2.3", None),
            ("1,00,00", None),
            ("1.000.00", None),
            ("99999999999999999", None),
        ] {
            let letters: Vec<char> = text.chars().collect();
            let (end, figure) = at(&letters, 0).unwrap();
            assert_eq!(end, letters.len(), "{text}");
            let euro: Currency = "EUR".parse().unwrap();
            let units = figure.and_then(|figure| figure.settled(euro).minor_units(euro));
            let shown = units.map(|units| format!("{}.{:02}", units / 100, units % 100));
            assert_eq!(shown.as_deref(), euros, "{text}");
        }
        let dinar: Currency = "KWD".parse().unwrap();
        let (_, pointed) = at(&['1', '.', '5', '0', '0'], 0).unwrap();
        assert_eq!(pointed.unwrap().settled(dinar).minor_units(dinar), Some(1500), "three decimals");
    }
}
