//! One text in several spellings: what a name is kept as, and what texts are found by.
//!
//! The same word may come composed (é) or decomposed (e and U+0301), with characters that nobody sees, or with some that
//! turn the line around. [`name`] is what is kept and shown; [`folded`] is what is compared and sought. Both engines get
//! the result, so neither judges letters by its own rules.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A name as it is kept: composed, on one line, without what cannot be seen and what changes the direction of the line. Empty
/// when nothing of it shows. Joiners inside a word stay: Persian and Hindi are spelled with them.
pub fn name(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let words: Vec<String> = composed.split(is_blank).map(visible).filter(|word| shows(word)).collect();
    words.join(" ")
}

/// Whether anything of the text can be seen.
pub fn shows(text: &str) -> bool {
    let (ignorable, category) =
        (CodePointSetData::new::<DefaultIgnorableCodePoint>(), CodePointMapData::<GeneralCategory>::new());
    let hidden = GeneralCategoryGroup::Separator.union(GeneralCategoryGroup::Other).union(GeneralCategoryGroup::Mark);
    let is_hidden = |c: char| {
        let kind = category.get(c);
        // Newer characters than our tables are seen all the same.
        hidden.contains(kind) && !matches!(kind, GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
    };
    text.chars().any(|c| !is_blank(c) && !ignorable.contains(c) && !is_hidden(c))
}

/// Turns what follows it around, so that a text shows as another one: embeddings, overrides and isolates.
pub fn turns_the_line(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Of [`folded`]: raise it when its results change, and stored search words follow.
pub const FOLDING: u32 = 2;

/// For comparing and searching: without case, accents, invisible characters and ligatures; apostrophes, dashes and the letters
/// that Arabic, Persian and Urdu keyboards write otherwise are one.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase().replace('`', "'");
    }
    let (ignorable, class) =
        (CodePointSetData::new::<DefaultIgnorableCodePoint>(), CanonicalCombiningClassMapBorrowed::new());
    // Upper case first: it is where ß becomes SS, and both i and ı become I.
    let bare = |text: &str| -> String {
        let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
        // Tatweel stretches a word of Arabic and nothing else.
        let is_seen = |c: char| !ignorable.contains(c) && c != '\u{640}';
        let kept = apart.chars().filter(|c| is_seen(*c) && !is_accent(class.get_u8(*c)));
        kept.flat_map(char::to_uppercase).flat_map(char::to_lowercase).flat_map(plain).collect()
    };
    // Capitals may come apart once more, so what is folded is folded again; after that nothing changes.
    ComposingNormalizerBorrowed::new_nfkc().normalize(&bare(&bare(text))).into_owned()
}

/// A digit of any script as ours, and any other character as it is. Unicode keeps the ten digits of a script in a row, so a
/// digit's place in its row is its value.
pub fn decimal(c: char) -> char {
    let category = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |code: u32| category.get32(code) == GeneralCategory::DecimalNumber;
    if c.is_ascii() || !is_digit(c as u32) {
        return c;
    }
    let mut start = c as u32;
    while is_digit(start - 1) {
        start -= 1;
    }
    char::from_digit((c as u32 - start) % 10, 10).unwrap_or(c)
}

/// A letter, or a mark that belongs to the one before it.
pub fn is_letter(c: char) -> bool {
    c.is_alphabetic()
        || !c.is_ascii() && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\u{2800}'
}

/// The word without what nobody sees; joiners and variants that stand behind a character of the word stay.
fn visible(word: &str) -> String {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let category = CodePointMapData::<GeneralCategory>::new();
    let mut kept = String::with_capacity(word.len());
    for c in word.chars() {
        let is_of_the_word = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
        let is_unseen = ignorable.contains(c) || category.get(c) == GeneralCategory::Format;
        if !is_unseen || is_of_the_word && !kept.is_empty() {
            kept.push(c);
        }
    }
    kept.trim_end_matches(['\u{200c}', '\u{200d}']).into()
}

/// Marks of Latin, Greek, Cyrillic, Hebrew and Arabic. Those of other scripts are letters to their readers.
fn is_accent(class: u8) -> bool {
    matches!(class, 10..=36 | 200..=240)
}

/// Letters with a stroke or of two parts, which Unicode does not take apart, and signs of several shapes.
fn plain(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'þ' => "th",
        'æ' => "ae",
        'œ' => "oe",
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{2bb}' | '\u{b4}' | '\u{60}' => "'",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        // yeh, kaf, heh
        '\u{6cc}' | '\u{649}' => "\u{64a}",
        '\u{6a9}' => "\u{643}",
        '\u{629}' | '\u{6c1}' | '\u{6be}' | '\u{6d5}' => "\u{647}",
        _ => "",
    };
    letters.is_empty().then_some(c).into_iter().chain(letters.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_no_name() {
        for blank in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}\u{200d}",
            "\u{2800}\u{2800}",
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{ad}",
            "\u{feff}",
            "\u{202e}",
            "\u{2066}\u{2069}",
            "\u{34f}",
            "\u{fe0f}",
            "\u{301}",
            "\u{e0020}",
            "\u{3000}",
            "\n\u{0}",
        ] {
            assert_eq!((name(blank).as_str(), shows(blank)), ("", false), "{blank:?}");
        }
        for seen in ["A", "李", "ア", "न", "٣", "🙂", "-", "\u{e000}"] {
            assert_eq!((name(seen).as_str(), shows(seen)), (seen, true), "{seen:?}");
        }
    }

    #[test]
    fn a_name_is_kept_in_one_spelling() {
        for (typed, kept) in [
            ("Jose\u{301} \u{41}\u{301}lvarez", "José Álvarez"),
            ("  Priya\u{0}\t Sharma ", "Priya Sharma"),
            ("As\u{ad}ha\u{200b} \u{feff}Verma", "Asha Verma"),
            ("\u{2067}דוד\u{2069} כהן", "דוד כהן"),
            ("gpj.\u{202e}Asha", "gpj.Asha"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("क\u{94d}\u{200d}ष", "क\u{94d}\u{200d}ष"),
            ("❤\u{fe0f} Asha", "❤\u{fe0f} Asha"),
            ("\u{200d}Asha\u{200d}", "Asha"),
        ] {
            assert_eq!(name(typed), kept, "{typed:?}");
            assert_eq!(name(kept), kept, "{kept:?}");
        }
    }

    #[test]
    fn folding_forgets_case_accents_and_forms() {
        for (one, other) in [
            ("José Álvarez", "jose alvarez"),
            ("İpek Işık", "ipek isik"),
            ("IŞIK", "ışık"),
            ("Straße", "STRASSE"),
            ("ẞ", "ss"),
            ("Nguyễn Văn Ánh", "nguyen van anh"),
            ("Åsa Öberg", "asa oberg"),
            ("Łukasz Øster Þór Æsir Œuvre", "lukasz oster thor aesir oeuvre"),
            ("ΣΊΣΥΦΟΣ", "σισυφος"),
            ("ﬁancé", "FIANCE"),
            ("Ａｓｈａ", "asha"),
            ("As\u{ad}ha", "asha"),
            ("Ёлкин", "елкин"),
            ("مُحَمَّد", "محمد"),
            ("ガ", "か\u{3099}".replace('か', "カ").as_str()),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in
            [("O’Brien", "o'brien"), ("علی", "علي"), ("فاطمه", "فاطمة"), ("محـــمد", "محمد"), ("a‐b", "a-b")]
        {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("की"), folded("का"), "vowels of Hindi are letters");
        assert_ne!(folded("हिन्दी"), folded("हिनदी"));
    }

    #[test]
    fn folding_twice_or_in_another_form_changes_nothing() {
        let nfd = DecomposingNormalizerBorrowed::new_nfd();
        for code in 0..0x3_0000_u32 {
            let Some(text) = char::from_u32(code).map(String::from) else { continue };
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{code:x}");
            assert_eq!(folded(&nfd.normalize(&text)), once, "{code:x}");
        }
    }
}
