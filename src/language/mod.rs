//! What people read, in their language: letters, notices, dates and labels.
//!
//! The words of a language are the files of its folder in `words/`, and part of the program; a new language is a new folder and
//! its tag in [`files`] (docs/languages.md). What each text may name is declared in [`texts`], and the tests read every file: a
//! text that is missing, or that names too much or too little, is refused with its file, its name and the placeholder. Texts are
//! plain: [`letter`] makes the HTML of one, and escapes all of it, so that neither a translation nor what somebody called
//! themselves draws anything.
//!
//! It knows nobody: who reads is a [`Reader`], which whoever writes to them makes of their language and their time zone.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as language;
use engine::{self, base};

mod accept;
mod files;
mod fill;
mod letter;
mod reader;
#[cfg(test)]
mod tests;
mod texts;

pub use accept::accepted;
pub use files::{Words, all, english, of};
pub use fill::fill;
pub use letter::{Look, Written, escaped};
pub use reader::{Reader, Said};
pub use texts::{Letter, Notice, Phrase};

use std::collections::BTreeMap;

/// What is put into a text, by the names it has there.
pub type Values = BTreeMap<&'static str, String>;
