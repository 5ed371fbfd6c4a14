//! What phone numbers are compared by.
//!
//! Three countries changed how a mobile number is written, and WhatsApp kept the old spelling for whoever joined before
//! (<https://faq.whatsapp.com/1294841057948784>, <https://help.twilio.com/articles/360039498653>): Mexico dropped a 1 after
//! the country code, Argentina writes a 9 there from abroad, Brazil put a ninth digit before mobile numbers. Countries
//! that gave out new numbers instead are not here: an old number of theirs reaches nobody.

/// Of [`PhoneKey`]: raise it when keys change, and stored ones follow.
pub const KEYS: u32 = 1;

/// The one spelling of a number that is compared, and the other one where there is one.
///
/// What is written down to be found again is written as [`PhoneKey::as_str`] and sought by [`PhoneKey::spellings`], which
/// also finds what was kept as it came. Text that is no number in E.164 is its own key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PhoneKey {
    key: String,
    other: Option<String>,
}

impl PhoneKey {
    pub fn of(e164: &str) -> Self {
        match e164.strip_prefix('+').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit())).and_then(twins) {
            Some((key, other)) => Self { key: format!("+{key}"), other: Some(format!("+{other}")) },
            None => Self::exactly(e164),
        }
    }

    /// The key of a text that is no telephone, whatever it looks like.
    pub fn exactly(text: &str) -> Self {
        Self { key: text.into(), other: None }
    }

    pub fn as_str(&self) -> &str {
        &self.key
    }
    pub fn into_string(self) -> String {
        self.key
    }
    /// Every way to write this number; the key is the first.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.key.as_str()).chain(self.other.as_deref())
    }
}

/// The spelling of today and the one of before, for a number that has two.
fn twins(digits: &str) -> Option<(String, String)> {
    let national = digits.get(2..)?;
    let first = national.bytes().next()?;
    match (digits.get(..2)?, national.len()) {
        ("52", 11) if first == b'1' => Some((format!("52{}", &national[1..]), digits.into())),
        ("52", 10) => Some((digits.into(), format!("521{national}"))),
        ("54", 11) if first == b'9' => Some((digits.into(), format!("54{}", &national[1..]))),
        // Area codes begin with 1, 2 or 3; 600 and 800 are no telephones of people.
        ("54", 10) if matches!(first, b'1'..=b'3') => Some((format!("549{national}"), digits.into())),
        // Mobile numbers had eight digits from 6 to 9 up; landlines have 2 to 5 there and stay as they are.
        ("55", 10) if matches!(national.as_bytes()[2], b'6'..=b'9') => {
            Some((format!("55{}9{}", &national[..2], &national[2..]), digits.into()))
        }
        ("55", 11) if national.as_bytes()[2] == b'9' && matches!(national.as_bytes()[3], b'6'..=b'9') => {
            Some((digits.into(), format!("55{}{}", &national[..2], &national[3..])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::PhoneKey;

    #[test]
    fn the_spellings_of_one_telephone_share_a_key() {
        for (today, before) in [
            ("+525512345678", "+5215512345678"),
            ("+5491123456789", "+541123456789"),
            ("+5493435551212", "+543435551212"),
            ("+5531987654321", "+553187654321"),
        ] {
            assert_eq!((PhoneKey::of(today).as_str(), PhoneKey::of(before).as_str()), (today, today));
            assert_eq!(PhoneKey::of(before), PhoneKey::of(today), "{before}");
            assert_eq!(PhoneKey::of(today).spellings().collect::<Vec<_>>(), [today, before]);
        }
    }

    #[test]
    fn different_telephones_do_not() {
        for alone in [
            "+919876543210",
            "+14155238886",
            "+5511912345678", // 1234-5678 without its 9 would be nobody's
            "+551132345678",  // a landline
            "+548001234567",  // toll-free
            "+22901234567",   // Benin: renumbered
            "+2250123456789", // Côte d'Ivoire: renumbered
            "asha@example.com",
            "56161",
            "+",
            "+é1",
            "",
        ] {
            assert_eq!(PhoneKey::of(alone).spellings().collect::<Vec<_>>(), [alone]);
        }
        assert_ne!(PhoneKey::of("+551132345678"), PhoneKey::of("+5511932345678"));
    }
}
