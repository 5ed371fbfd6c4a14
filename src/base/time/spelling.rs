//! Moments as they are nearly always spelled: `2026-11-20T09:00:00Z`, with milliseconds or microseconds where there are any.
//!
//! A page of leads holds some five hundred of them, and chrono's general way takes ten times as long. What is spelled
//! otherwise is left to it, so both say and understand the same.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// The longest is `2026-11-20T09:00:00.123456Z`.
const LENGTH: usize = 27;

pub(super) struct Text {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Text {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// `None` for a year of another length, a leap second and nanoseconds.
pub(super) fn written(at: &DateTime<Utc>) -> Option<Text> {
    // Of a time with a zone, each part is found by adding the zone's offset anew.
    let at = at.naive_utc();
    let (year, nanos) = (u32::try_from(at.year()).ok().filter(|year| *year <= 9999)?, at.nanosecond());
    if nanos >= 1_000_000_000 || nanos % 1000 != 0 {
        return None;
    }
    let mut bytes = *b"0000-00-00T00:00:00.000000Z";
    put(&mut bytes[0..4], year);
    put(&mut bytes[5..7], at.month());
    put(&mut bytes[8..10], at.day());
    put(&mut bytes[11..13], at.hour());
    put(&mut bytes[14..16], at.minute());
    put(&mut bytes[17..19], at.second());
    put(&mut bytes[20..26], nanos / 1000);
    let length = match nanos {
        0 => 20,
        nanos if nanos % 1_000_000 == 0 => 24,
        _ => LENGTH,
    };
    bytes[length - 1] = b'Z';
    Some(Text { bytes, length })
}

/// The last digits of a number, from the right.
fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// `None` for what is spelled in another way, be it a moment or not.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    let (bytes, shape) = (text.as_bytes(), b"0000-00-00T00:00:00");
    let (moment, rest) = bytes.split_at_checked(shape.len())?;
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let fraction = rest.strip_suffix(b"Z")?;
    let micros = match fraction.split_first() {
        None => 0,
        Some((b'.', digits)) if (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {
            number(digits) * 10_u32.pow(6 - u32::try_from(digits.len()).ok()?)
        }
        Some(_) => return None,
    };
    if !moment.iter().zip(shape).all(fits) {
        return None;
    }
    let part = |from: usize, to: usize| number(&moment[from..to]);
    let date = NaiveDate::from_ymd_opt(i32::try_from(part(0, 4)).ok()?, part(5, 7), part(8, 10))?;
    Some(date.and_hms_micro_opt(part(11, 13), part(14, 16), part(17, 19), micros)?.and_utc())
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;

    use super::*;

    #[test]
    fn moments_are_spelled_as_chrono_spells_them() {
        for micros in [0, 1, 1_000, 999_999, 1_763_629_200_000_000, 1_763_629_200_123_000, -1, -62_135_596_800_000_000]
        {
            let at = DateTime::from_timestamp_micros(micros).expect("a moment");
            let text = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            assert_eq!(written(&at).expect("an ordinary one").as_str(), text);
            assert_eq!(read(&text), Some(at), "{text}");
        }
        let nanos = DateTime::from_timestamp(0, 1).expect("a moment");
        assert!(written(&nanos).is_none());
        let far = DateTime::from_timestamp(253_402_300_800, 0).expect("the year 10000");
        assert!(written(&far).is_none());
    }

    #[test]
    fn what_is_spelled_otherwise_is_left_to_chrono() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T09:00:00",
            "2026-11-20T09:00:00.Z",
            "2026-11-20T09:00:00.1234567Z",
            "2026-11-20T09:00:00+01:00",
            "2026-11-20t09:00:00Z",
            "2026-02-30T09:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T23:59:60Z",
            "+026-11-20T09:00:00Z",
            "2026-11-20T09:00:00.-1Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let at = read("2026-11-20T09:00:00.5Z").expect("half a second");
        assert_eq!(at.nanosecond(), 500_000_000);
    }
}
