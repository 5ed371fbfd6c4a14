//! How many segments a text message is paid for: GSM 03.38 where its alphabet has every sign, UCS-2 otherwise.

crate::text_enum! {
    /// How a text message is written on its way: seven bits a sign, or sixteen where one sign is in no smaller alphabet.
    pub enum SmsEncoding {
        Gsm7 = "gsm_7",
        Ucs2 = "ucs_2",
    }
}

/// What a text message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"encoding": "gsm_7", "count": 1, "units": 42}))]
pub struct Segments {
    pub encoding: SmsEncoding,
    /// How many are paid for.
    pub count: usize,
    /// Signs of the encoding, of which a single segment has 160 (`gsm_7`) or 70 (`ucs_2`), and each of several 153 or 67.
    pub units: usize,
}

/// The signs of one unit.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those of two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

impl Segments {
    pub fn of(text: &str) -> Self {
        let septets = |c: char| match c {
            _ if BASIC.contains(c) => Some(1),
            _ if EXTENDED.contains(c) => Some(2),
            _ => None,
        };
        let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
        let (encoding, sizes, alone, of_several) = match gsm {
            Some(sizes) => (SmsEncoding::Gsm7, sizes, 160, 153),
            None => (SmsEncoding::Ucs2, text.chars().map(char::len_utf16).collect(), 70, 67),
        };
        let units = sizes.iter().sum();
        let count = if units <= alone { 1 } else { parts(&sizes, of_several) };
        Self { encoding, count, units }
    }
}

/// No sign is cut in two.
fn parts(sizes: &[usize], most: usize) -> usize {
    let (mut count, mut left) = (1, most);
    for size in sizes {
        if *size > left {
            (count, left) = (count + 1, most);
        }
        left -= size;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (SmsEncoding, usize, usize) {
        let Segments { encoding, count, units } = Segments::of(text);
        (encoding, count, units)
    }

    #[test]
    fn segments_are_counted_as_they_are_paid_for() {
        use SmsEncoding::{Gsm7, Ucs2};
        assert_eq!(of(""), (Gsm7, 1, 0));
        assert_eq!(of(&"a".repeat(160)), (Gsm7, 1, 160));
        assert_eq!(of(&"a".repeat(161)), (Gsm7, 2, 161));
        assert_eq!(of(&"a".repeat(306)), (Gsm7, 2, 306));
        assert_eq!(of(&"a".repeat(307)), (Gsm7, 3, 307));
        assert_eq!(of("Price: 5 € [net]"), (Gsm7, 1, 19));
        assert_eq!(of(&"ä".repeat(160)), (Gsm7, 1, 160));
        assert_eq!(of(&"₹".repeat(70)), (Ucs2, 1, 70));
        assert_eq!(of(&"₹".repeat(71)), (Ucs2, 2, 71));
        assert_eq!(of("😀"), (Ucs2, 1, 2));
        assert_eq!(of("“quoted”").0, Ucs2);
    }

    #[test]
    fn no_sign_is_cut_in_two() {
        assert_eq!(of(&format!("{}€{}", "a".repeat(152), "a".repeat(152))).1, 3, "the euro goes to the second segment");
        assert_eq!(of(&"😀".repeat(67)).1, 3, "33 to a segment");
    }
}
