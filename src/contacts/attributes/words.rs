//! How texts are kept where they are sought.

use crate::base::unicode;

/// What an index of PostgreSQL has room for, beside the ids.
const LONGEST_WORD: usize = 2_000;

/// A text as it is sought.
pub fn word(text: &str) -> String {
    cut(unicode::folded(text))
}

/// No longer than an index takes.
pub fn cut(mut word: String) -> String {
    if word.len() > LONGEST_WORD {
        let end = (0..=LONGEST_WORD).rev().find(|at| word.is_char_boundary(*at)).unwrap_or(0);
        word.truncate(end);
    }
    word
}
