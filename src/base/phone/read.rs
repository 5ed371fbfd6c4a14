//! Reading a number out of what was typed, copied, exported or dictated.
//!
//! Google's library parses and judges; this file decides between the ways in which one text can be read. A country code that
//! was said (`+`, `00`, or what the tenant's country dials abroad with) is believed wherever the number could exist: another
//! country's number, though valid, is another person's. Otherwise the order is: a valid number of the tenant's country, a valid
//! one whose country code came without any sign (WhatsApp ids, spreadsheets that ate the plus), and only then a possible one, in
//! the same order.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    get_national_significant_number_owned,
};

use super::PhoneKey;
use super::mistyped::{Os, is_said_again, is_said_apart, said_once, with_zeros_for_os};
use crate::base::unicode;

/// Longer texts are something else.
const MOST_CHARACTERS: usize = 100;

/// The number in E.164, if there is one.
pub(super) fn read(raw: &str, region: Option<Region>) -> Option<String> {
    let text = tidy(raw)?;
    if let Some(number) = with_zeros_for_os(&text, Os::InNumbers).and_then(|text| valid(&text, region)) {
        return Some(number);
    }
    let plain = reading(&text, region);
    let is_valid = plain.as_ref().is_some_and(|reading| reading.is_valid);
    match said_once(&text, region).as_slice() {
        [once] if !is_valid || is_said_again(&text) => return Some(once.clone()),
        // Which of the two was meant cannot be told.
        [once] if is_said_apart(&text) && plain.as_ref().is_some_and(|reading| reading.e164 != *once) => return None,
        _ => {}
    }
    let alone = || with_zeros_for_os(&text, Os::Anywhere).and_then(|text| valid(&text, region));
    if is_valid { plain.map(|reading| reading.e164) } else { alone().or(plain.map(|reading| reading.e164)) }
}

fn reading(text: &str, region: Option<Region>) -> Option<Reading> {
    let readings: Vec<Reading> = wordings(text).filter_map(|wording| best(&wording, region)).collect();
    let valid = readings.iter().position(|reading| reading.is_valid);
    readings.into_iter().nth(valid.unwrap_or(0))
}

fn valid(text: &str, region: Option<Region>) -> Option<String> {
    reading(text, region).filter(|reading| reading.is_valid).map(|reading| reading.e164)
}

pub(super) fn is_written_out(raw: &str) -> bool {
    let Some(text) = tidy(raw) else { return false };
    let is_number_alone = text.strip_prefix('+').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit() || c == ' ')
            && rest.chars().all(|c| c.is_ascii_digit() || " -().".contains(c))
    });
    is_number_alone && best(&text, None).is_some_and(|reading| reading.is_valid)
}

/// Every lead that is shown asks this: what is written out is taken apart without reading it as if a person had typed it, and
/// only what does not seem valid is read with all care.
pub(super) fn is_valid(e164: &str) -> bool {
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

pub(super) fn is_region(code: &str) -> bool {
    code.parse().is_ok_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}

/// A way to read the text.
pub(super) struct Reading {
    pub e164: String,
    pub is_valid: bool,
}

/// The text in plain characters: digits of every script are digits, and what cannot be seen is not there. `None` for what
/// is too long or holds a control character.
fn tidy(raw: &str) -> Option<String> {
    if raw.len() > 8 * MOST_CHARACTERS {
        return None;
    }
    let compatible = icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(raw.trim());
    let (ignorable, category) =
        (CodePointSetData::new::<DefaultIgnorableCodePoint>(), CodePointMapData::<GeneralCategory>::new());
    let mut text = String::with_capacity(compatible.len());
    for c in compatible.chars() {
        let is_ascii_printable = matches!(c, ' '..='~');
        match c {
            _ if is_ascii_printable => text.push(c),
            '\t' | '\u{a0}' => text.push(' '),
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => text.push(';'),
            '\u{20e3}' => {} // the frame of a keycap
            '\u{2212}' | '\u{30fc}' => text.push('-'),
            '\u{b7}' | '\u{2022}' | '\u{30fb}' => text.push('.'),
            _ if ignorable.contains(c) => {}
            _ => match category.get(c) {
                GeneralCategory::DecimalNumber => text.push(unicode::decimal(c)),
                GeneralCategory::DashPunctuation => text.push('-'),
                GeneralCategory::Format => {}
                GeneralCategory::Control => return None,
                other if GeneralCategoryGroup::Separator.contains(other) => text.push(' '),
                _ => text.push(c),
            },
        }
    }
    (text.chars().count() <= MOST_CHARACTERS).then_some(text)
}

/// The text itself and what is left of it without what often stands around a number, the likeliest first.
fn wordings(text: &str) -> impl Iterator<Item = String> {
    let first = text.split([',', ';', '/', '|']).find(|part| part.bytes().filter(u8::is_ascii_digit).count() >= 7);
    // "+91+91…", and "98765 43210 call after 6pm".
    let last_plus = text.rfind('+').filter(|at| text[..*at].contains('+')).and_then(|at| text.get(at..));
    let run = text
        .split(|c: char| c.is_alphabetic())
        .find(|part| part.bytes().filter(u8::is_ascii_digit).count() >= 7)
        .filter(|part| *part != text);
    let parts = [Some(text), first.filter(|part| *part != text), run, last_plus];
    parts.into_iter().flatten().flat_map(|part| {
        let plain = without_words(part);
        let whole = (plain != part).then(|| part.to_string());
        [Some(plain.to_string()), whole].into_iter().flatten()
    })
}

/// Without words before and after ("Mob: 98765 43210 (WhatsApp)") and the decimals of a spreadsheet ("919876543210.0").
/// Letters may be digits ("1-800-FLOWERS"), so the text with them is read too, afterwards.
fn without_words(text: &str) -> &str {
    let Some(start) = text.find(|c: char| c == '+' || c.is_ascii_digit()) else { return text };
    let end = text.rfind(|c: char| c.is_ascii_digit()).map_or(text.len(), |last| last + 1);
    let number = text.get(start..end).unwrap_or(text);
    match number.split_once('.') {
        Some((whole, decimals)) if whole.len() >= 7 && !decimals.is_empty() && decimals.bytes().all(|b| b == b'0') => {
            whole
        }
        _ => number,
    }
}

fn best(text: &str, region: Option<Region>) -> Option<Reading> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let said = text.find('+').filter(|plus| text.find(|c: char| c.is_ascii_digit()).is_some_and(|first| *plus < first));
    let home = || judge(&parse(text.get(said.map_or(0, |at| at + 1)..)?, Some(region?))?);
    let abroad = |text: &str| judge(&parse(text, None)?);
    if let Some(plus) = said {
        let said = abroad(&text[plus..]).or_else(|| abroad(&format!("+{}", digits.trim_start_matches('0'))));
        return said.or_else(home);
    }
    let unsaid = format!("+{}", digits.trim_start_matches('0'));
    if digits.starts_with("00") {
        let is_own = |number: &PhoneNumber| own_code(region) == Some(number.country_code);
        let said = parse(&unsaid, None);
        // Where people dial abroad by other digits (0011, 009), those may stand here; one's own code is one's own.
        let dialled = region.and_then(|region| parse(text, Some(region))).filter(|number| !is_own(number));
        let dialled = dialled.and_then(|number| judge(&number)).filter(|reading| reading.is_valid);
        return match said.filter(is_own).and_then(|number| judge(&number)).or(dialled) {
            Some(reading) => Some(reading),
            None => abroad(&unsaid).or_else(home),
        };
    }
    let unsaid = parse(&unsaid, None).filter(|number| may_be_unsaid(number, text, &digits, region));
    let home_number = region.and_then(|region| parse(text, Some(region)));
    let is_written_out = unsaid.as_ref().zip(home_number.as_ref()).is_some_and(|(unsaid, home)| {
        PHONE_NUMBER_UTIL.is_valid_number(unsaid)
            && unsaid.country_code == home.country_code
            && has_trunk_prefix(unsaid)
    });
    let (unsaid, home) = (unsaid.and_then(|n| judge(&n)), home_number.and_then(|n| judge(&n)));
    if is_written_out && !digits.starts_with('0') { choose([unsaid, home]) } else { choose([home, unsaid]) }
}

pub(super) fn own_code(region: Option<Region>) -> Option<i32> {
    region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region))
}

/// Whether digits without any sign may begin with a country code: that of the tenant's own country, or a mobile number
/// from elsewhere, which is what lists and WhatsApp ids hold, in bare digits. A leading zero announces no country, and brackets
/// or dashes are how people write at home.
fn may_be_unsaid(number: &PhoneNumber, text: &str, digits: &str, region: Option<Region>) -> bool {
    let is_bare = !digits.starts_with('0') && text.chars().all(|c| c.is_ascii_digit() || c == ' ');
    own_code(region) == Some(number.country_code)
        || is_bare
            && digits.len() >= 11
            && matches!(
                PHONE_NUMBER_UTIL.get_number_type(number),
                PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
            )
}

/// Whether people write this number with a trunk prefix at home (Germany's 0): without one, what looks like the country
/// code is the country code.
fn has_trunk_prefix(number: &PhoneNumber) -> bool {
    let at_home = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::National);
    let digits: String = at_home.chars().filter(char::is_ascii_digit).collect();
    digits != get_national_significant_number_owned(number)
}

fn choose<const N: usize>(readings: [Option<Reading>; N]) -> Option<Reading> {
    let mut possible = None;
    for reading in readings.into_iter().flatten() {
        if reading.is_valid {
            return Some(reading);
        }
        possible = possible.or(Some(reading));
    }
    possible
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
