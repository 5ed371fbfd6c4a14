//! What Google's library says of one number, and of numbers as they were written before.

use std::cell::Cell;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    get_national_significant_number_owned,
};

use super::PhoneKey;

/// A way to read the text.
pub(super) struct Reading {
    pub e164: String,
    pub is_valid: bool,
}

pub(super) fn own_code(region: Option<Region>) -> Option<i32> {
    region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region))
}

/// How many judgements a thread keeps.
const KEPT: usize = 4096;

thread_local! {
    /// A number and what was judged of it, wherever their bits lead.
    static JUDGED: Vec<Cell<u64>> = vec![Cell::new(0); KEPT];
}

/// Every lead that is shown asks this, and those who look at leads look at the same again, so what was judged lately is kept.
pub(super) fn is_valid(e164: &str) -> bool {
    let Some(number) = as_number(e164) else { return seems_valid(e164) };
    JUDGED.with(|judged| {
        let place = &judged[place_of(number)];
        if place.get() >> 1 != number {
            place.set(number << 1 | u64::from(seems_valid(e164)));
        }
        place.get() & 1 == 1
    })
}

/// The digits behind a 1, so that zeros at the beginning count; `None` for more digits than telephones have, and other signs.
fn as_number(e164: &str) -> Option<u64> {
    let digits = e164.strip_prefix('+').filter(|digits| (1..=17).contains(&digits.len()))?;
    digits
        .bytes()
        .try_fold(1, |number: u64, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))
}

fn place_of(number: u64) -> usize {
    // Knuth's multiplication: neighbours are scattered.
    usize::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52).unwrap_or_default() % KEPT
}

/// What is written out is taken apart without reading it as if a person had typed it, and only what does not seem valid is read
/// with all care.
fn seems_valid(e164: &str) -> bool {
    let judged = |number: PhoneNumber| PHONE_NUMBER_UTIL.is_valid_number(&number);
    parts(e164).is_some_and(judged) || parse(e164, None).is_some_and(judged)
}

/// Country code and national number of a number in E.164. No country code begins another.
pub(super) fn parts(e164: &str) -> Option<PhoneNumber> {
    let digits = e164.strip_prefix('+')?;
    let (country_code, national) = (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let code: i32 = code.parse().ok()?;
        PHONE_NUMBER_UTIL.get_region_for_country_code(code).map(|_| (code, national))
    })?;
    let zeros = national.len() - national.trim_start_matches('0').len();
    Some(PhoneNumber {
        country_code,
        national_number: national.parse().ok()?,
        italian_leading_zero: (zeros > 0).then_some(true),
        number_of_leading_zeros: (zeros > 1).then_some(i32::try_from(zeros).ok()?),
        ..PhoneNumber::default()
    })
}

pub(super) fn parse(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    PHONE_NUMBER_UTIL.parse(text, region).ok()
}

/// A valid number, the valid spelling of one that is written as it was before, or a number that could be one.
pub(super) fn judge(number: &PhoneNumber) -> Option<Reading> {
    let e164 = in_e164(number);
    if PHONE_NUMBER_UTIL.is_valid_number(number) {
        return Some(Reading { e164, is_valid: true });
    }
    if let Some(number) = with_old_trunk(number) {
        return Some(Reading { e164: in_e164(&number), is_valid: true });
    }
    let today = PhoneKey::of(&e164).into_string();
    if is_valid(&today) {
        return Some(Reading { e164: today, is_valid: true });
    }
    if let Some(number) = argentine(number) {
        return Some(Reading { e164: in_e164(&number), is_valid: true });
    }
    is_possible(number).then_some(Reading { e164, is_valid: false })
}

fn in_e164(number: &PhoneNumber) -> String {
    PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164).into_owned()
}

/// The 9 from abroad and the 15 from home are one mark, and some write both: +54 9 11 15 2345 6789.
fn argentine(number: &PhoneNumber) -> Option<PhoneNumber> {
    let national = get_national_significant_number_owned(number);
    let rest = national.strip_prefix('9').filter(|_| number.country_code == 54)?;
    parse(rest, "AR".parse().ok()).filter(|number| PHONE_NUMBER_UTIL.is_valid_number(number))
}

/// Trunk prefixes that are dialled no more and still written: Mexico's 01, 044 and 045, Chile's 0 before 9, Argentina's 0 behind
/// the mark.
fn with_old_trunk(number: &PhoneNumber) -> Option<PhoneNumber> {
    let national = get_national_significant_number_owned(number);
    let national = national.trim_start_matches('0');
    let rest = match number.country_code {
        52 => ["1", "44", "45"]
            .into_iter()
            .find_map(|trunk| national.strip_prefix(trunk).filter(|rest| rest.len() == 10))?,
        54 => national.strip_prefix("90")?,
        56 => national,
        _ => return None,
    };
    let mark = if number.country_code == 54 { "9" } else { "" };
    let number = parse(&format!("+{}{mark}{rest}", number.country_code), None)?;
    PHONE_NUMBER_UTIL.is_valid_number(&number).then_some(number)
}

/// As long as a telephone's number is in its country, and not one digit held down.
fn is_possible(number: &PhoneNumber) -> bool {
    let national = get_national_significant_number_owned(number);
    let is_one_digit = national.bytes().all(|digit| Some(digit) == national.bytes().next());
    !is_one_digit
        && [PhoneNumberType::Mobile, PhoneNumberType::FixedLine].into_iter().any(|kind| {
            PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(number, kind) == Ok(NumberLengthType::IsPossible)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_would_be_judged() {
        // More numbers than places, and each asked again.
        let numbers: Vec<String> =
            (0..6000).map(|n| format!("+9198765{n:05}")).chain(["+15005550006".into()]).collect();
        for number in numbers.iter().chain(&numbers) {
            assert_eq!(is_valid(number), seems_valid(number), "{number}");
        }
        for (one, other) in [("+0123", "+123"), ("+91", "+919")] {
            assert_ne!(as_number(one), as_number(other));
        }
        assert!(as_number("919876543210").is_none() && as_number("+").is_none() && as_number("+98765a").is_none());
    }
}
