//! A name of two answers, in the order in which it is spoken.
//!
//! In China, Japan, Korea, Vietnam and Hungary the family's name comes first. The words of the questions say so, and so does
//! a name in those scripts whatever the question was.

use crate::intake::fields;

/// Whether a question is worded in such a language.
pub(super) fn is_family_first(question: &str) -> bool {
    is_eastern(question) || fields::is_family_first(question)
}

/// One name. Han and Hangul are written without a blank between, names with kana with one.
pub(super) fn joined(given: &str, family: &str, is_family_first: bool) -> String {
    let are_eastern = is_eastern(given) && is_eastern(family);
    if are_eastern && [given, family].into_iter().all(|name| !name.chars().any(is_kana)) {
        return format!("{family}{given}");
    }
    if are_eastern || is_family_first { format!("{family} {given}") } else { format!("{given} {family}") }
}

/// Written in Han, kana or Hangul, at least in part, and in no letters besides.
fn is_eastern(text: &str) -> bool {
    let is_other = |c: char| c.is_alphabetic() && !is_han_or_hangul(c) && !is_kana(c);
    text.chars().any(|c| is_han_or_hangul(c) || is_kana(c)) && !text.chars().any(is_other)
}

fn is_han_or_hangul(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{3005}')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_as_they_are_spoken() {
        for (given, family, is_family_first, whole) in [
            ("Asha", "Verma", false, "Asha Verma"),
            ("太郎", "山田", false, "山田太郎"),
            ("小龙", "李", true, "李小龙"),
            ("민수", "김", false, "김민수"),
            ("はなこ", "サトウ", false, "サトウ はなこ"),
            ("Taro", "Yamada", true, "Yamada Taro"),
            ("Anna", "Nagy", true, "Nagy Anna"),
            ("John", "李", false, "John 李"),
        ] {
            assert_eq!(joined(given, family, is_family_first), whole);
        }
        assert!(
            is_family_first("姓")
                && is_family_first("お名前")
                && is_family_first("Vezetéknév")
                && is_family_first("họ")
        );
        assert!(!is_family_first("last_name") && !is_family_first("Nachname") && !is_family_first("apellido"));
    }
}
