//! Names that pass for the platform's own: nobody but the platform speaks under it.
//!
//! A name is compared as it looks, by the skeletons of Unicode's confusables (UTS 39): "Leadgen Рro" with a Cyrillic letter,
//! "LeadGen Pro" in full width or with another kind of blank look the same. Whether a name is somebody else's trademark
//! is not attempted.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::name::Name;
use crate::base::{Error, Result};

/// Shorter names than this are part of too many honest ones.
const SHORTEST: usize = 4;

/// Does `text` contain the platform's name, or what looks like it?
pub fn passes_for(text: &str, platform_name: &str) -> bool {
    [small, capital].into_iter().any(|looks| {
        let platform = looks(platform_name);
        platform.chars().count() >= SHORTEST && looks(text).contains(&platform)
    })
}

/// # Errors
/// A field error at `pointer` for a name that passes for the platform's.
pub fn refuse(name: Option<&Name>, pointer: &'static str, platform_name: &str) -> Result<()> {
    match name.is_some_and(|name| passes_for(name.as_str(), platform_name)) {
        true => Err(Error::field(pointer, "invalid_value", rule(platform_name))),
        false => Ok(()),
    }
}

/// The sentence for whoever tried.
pub fn rule(platform_name: &str) -> String {
    format!("expected a name that cannot be taken for {platform_name} itself")
}

/// As it looks in small letters.
fn small(text: &str) -> String {
    letters(&skeleton(&plain(text).to_lowercase()).collect::<String>())
}

/// Letters that are drawn otherwise, as the letters they are: of full width, circled, squared, small capitals.
fn plain(text: &str) -> String {
    text.nfkc().map(undrawn).collect()
}

/// What compatibility does not take apart.
fn undrawn(c: char) -> char {
    const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ\u{2093}ʏᴢ";
    let letter = |n: u32| char::from_u32(u32::from('a') + n).unwrap_or(c);
    for first in [0x1f130, 0x1f150, 0x1f170, 0x1f1e6] {
        if let Some(n) = u32::from(c).checked_sub(first).filter(|n| *n < 26) {
            return letter(n);
        }
    }
    let place = SMALL_CAPITALS.chars().position(|small| small == c);
    place.and_then(|n| u32::try_from(n).ok()).map_or(c, letter)
}

/// Some letters look like a capital only as they stand.
fn capital(text: &str) -> String {
    small(&skeleton(text).collect::<String>())
}

fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_compared_as_it_looks() {
        for bad in [
            "LeadGen Pro",
            "leadgen pro",
            "LeadGen Pro Support",
            "LeadGen\u{a0}Pro",
            "Leadgen \u{420}ro",
            "L e a d G e n P r o",
            "ＬｅａｄＧｅｎ Ｐｒｏ",
            "Lead-Gen.Pro",
            "1eadgen Pro",
            "Lead\u{200b}Gen Pro",
            "\u{13de}eadGen Pro",
            "The LeadGen Pro Team",
            "ʟᴇᴀᴅɢᴇɴ ᴘʀᴏ",
            "LᴇadGen Pro",
            "🅛🅔🅐🅓🅖🅔🅝 Pro",
            "🅻🅴🅰🅳🅶🅴🅽 Pro",
            "🄻🄴🄰🄳🄶🄴🄽 Pro",
            "Ⓛeadgen Ⓟro",
        ] {
            assert!(passes_for(bad, "LeadGen Pro"), "{bad}");
        }
        for good in ["ABC Real Estate", "Leads & More", "Generation Pro", "State Bank"] {
            assert!(!passes_for(good, "LeadGen Pro"), "{good}");
        }
        assert!(!passes_for("Kabel", "AB"), "a name of two letters stands in many");
    }
}
