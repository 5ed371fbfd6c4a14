//! Listed words and phrases, found in texts of any language.
//!
//! A list says `word`, several `words side by side`, or `begin*` for every word that begins so: many languages bend their
//! words at the end. Lists and texts are compared [`folded`](unicode::folded). In scripts that put spaces between words a
//! phrase is found as whole words; in those that don't (Chinese, Japanese, Thai), and in Korean, it may stand anywhere.

use std::collections::HashMap;

use super::unicode;

/// What is listed, each phrase with what it means.
pub struct Phrases<T> {
    /// By their first character, the longest first.
    listed: HashMap<char, Vec<Phrase<T>>>,
}

struct Phrase<T> {
    letters: Vec<char>,
    /// Any letters may follow.
    is_beginning: bool,
    meaning: T,
}

impl<T: Copy> Phrases<T> {
    /// Of phrases that mean several things, the first one given counts.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut listed: HashMap<char, Vec<Phrase<T>>> = HashMap::new();
        for (text, meaning) in phrases {
            let is_beginning = text.ends_with('*');
            let letters = letters(text.trim_end_matches('*'));
            let Some(first) = letters.first() else { continue };
            listed.entry(*first).or_default().push(Phrase { letters, is_beginning, meaning });
        }
        for same in listed.values_mut() {
            same.sort_by_key(|phrase| std::cmp::Reverse(phrase.letters.len()));
        }
        Self { listed }
    }

    /// The longest phrase that stands at this place of [`letters`], and where the text goes on after it.
    pub fn at(&self, text: &[char], place: usize) -> Option<(usize, T)> {
        self.listed.get(text.get(place)?)?.iter().find_map(|phrase| Some((phrase.end(text, place)?, phrase.meaning)))
    }

    /// What is meant by every phrase in the text, from its beginning on; none inside another.
    pub fn all(&self, text: &str) -> Vec<T> {
        let (text, mut place, mut found) = (letters(text), 0, Vec::new());
        while place < text.len() {
            match self.at(&text, place) {
                Some((end, meaning)) => {
                    found.push(meaning);
                    place = end;
                }
                None => place += 1,
            }
        }
        found
    }
}

impl<T> Phrase<T> {
    fn end(&self, text: &[char], place: usize) -> Option<usize> {
        let end = place + self.letters.len();
        if text.get(place..end)? != self.letters.as_slice() {
            return None;
        }
        let within_a_word = |at: usize| {
            let pair = (at.checked_sub(1).and_then(|before| text.get(before)), text.get(at));
            matches!(pair, (Some(before), Some(after)) if joins(*before) && joins(*after))
        };
        if within_a_word(place) {
            return None;
        }
        let mut end = end;
        while within_a_word(end) {
            if !self.is_beginning {
                return None;
            }
            end += 1;
        }
        Some(end)
    }
}

/// A text as phrases are sought in it: folded, with one space or none between what stands apart.
pub fn letters(text: &str) -> Vec<char> {
    let folded = unicode::folded(text);
    let mut letters: Vec<char> = Vec::with_capacity(folded.len());
    for c in folded.chars() {
        let c = if c.is_whitespace() || c == '_' { ' ' } else { c };
        if c != ' ' || letters.last().is_some_and(|last| *last != ' ') {
            letters.push(c);
        }
    }
    if letters.last() == Some(&' ') {
        letters.pop();
    }
    letters
}

/// Whether a character makes one word with those beside it.
fn joins(c: char) -> bool {
    unicode::is_letter(c) && !is_unspaced(c)
}

/// Scripts whose words stand side by side, or take on endings without end.
pub fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'          // Thai, Lao
        | '\u{1000}'..='\u{109f}'      // Burmese
        | '\u{1100}'..='\u{11ff}'      // Hangul
        | '\u{1780}'..='\u{17ff}'      // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318f}'      // Kana, Hangul
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{9fff}'      // Han
        | '\u{ac00}'..='\u{d7ff}'      // Hangul
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::Phrases;

    #[test]
    fn phrases_are_found_as_whole_words_where_words_stand_apart() {
        let listed = [
            ("when", 1),
            ("zeit*", 2),
            ("so soon as", 3),
            ("so", 4),
            ("予算", 5),
            ("시기", 6),
            ("मास", 7),
            ("когда", 8),
            ("délai", 9),
        ];
        let phrases = Phrases::new(listed);
        for (text, found) in [
            ("When do you move in?", vec![1]),
            ("when_do_you_move", vec![1]),
            ("Whenever", vec![]),
            ("ZEITPUNKT und Ort", vec![2]),
            ("Hochzeit", vec![]),
            ("so  soon as when", vec![3, 1]),
            ("so what", vec![4]),
            ("ご予算はいくらですか", vec![5]),
            ("희망 시기를", vec![6]),
            ("मास", vec![7]),
            ("मासा मासि", vec![]),
            ("Когда?", vec![8]),
            ("Delai souhaite", vec![9]),
            ("in 3when", vec![1]),
            ("", vec![]),
        ] {
            assert_eq!(phrases.all(text), found, "{text}");
        }
    }
}
