//! Somebody who reads: a language and a time zone.

use chrono::Datelike;
use chrono_tz::Tz;

use super::Values;
use super::files::{Words, english, of};
use super::fill::fill;
use super::letter::{self, Look, Written};
use super::texts::{Letter, Notice, Phrase};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

/// Who reads it.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub words: &'static Words,
    pub zone: Tz,
}

/// What happened, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// One line.
    pub title: String,
    /// Lines; none where nothing more is to be said.
    pub text: String,
}

impl Reader {
    /// Of these language tags the first that there are words of; English else.
    pub fn of<'a>(languages: impl IntoIterator<Item = Option<&'a str>>, zone: Tz) -> Self {
        let words = languages.into_iter().flatten().find_map(of);
        Self { words: words.unwrap_or_else(english), zone }
    }

    pub fn phrase(&self, phrase: Phrase) -> String {
        self.words.phrase(phrase).to_string()
    }

    /// The day there: 20 November 2026.
    pub fn day(&self, at: Timestamp) -> String {
        self.dated(&self.words.phrases.day, at)
    }

    /// The moment there: 20 November 2026, 14:30 IST.
    pub fn moment(&self, at: Timestamp) -> String {
        self.dated(&self.words.phrases.moment, at)
    }

    fn dated(&self, pattern: &str, at: Timestamp) -> String {
        let there = at.utc().with_timezone(&self.zone);
        let (day, year) = (there.day().to_string(), there.year().to_string());
        let (time, zone) = (there.format("%H:%M").to_string(), there.format("%Z").to_string());
        let month = &self.words.phrases.months[there.month0() as usize];
        let parts = [("day", &day), ("month", month), ("year", &year), ("time", &time), ("zone", &zone)];
        let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.as_str());
        // The tests hold the patterns to these names.
        fill(pattern, part).unwrap_or_default()
    }

    /// What happened, in their language. A line that names a value which is empty is left out.
    ///
    /// # Errors
    /// Other values than the text names.
    pub fn notice(&self, notice: Notice, values: &Values) -> Result<Said> {
        let named = notice.names();
        let value = exact(notice.code(), named, values)?;
        let text = self.words.notice(notice).ok_or_else(|| Error::internal(format!("no notice {}", notice.code())))?;
        let is_told =
            |line: &&str| super::fill::names(line).all(|name| value(name).is_none_or(|value| !value.trim().is_empty()));
        let filled =
            |text: &str| fill(text, value).map_err(|name| Error::internal(format!("{}: {name}", notice.code())));
        let lines: Result<Vec<String>> = text.text.trim_end().lines().filter(is_told).map(filled).collect();
        Ok(Said { title: letter::one_line(&filled(&text.title)?), text: lines?.join("\n").trim().to_string() })
    }

    /// A letter, whole. Its link, where it has one, stands behind its button and is written out below.
    ///
    /// # Errors
    /// Other values than its text names.
    pub fn letter(&self, letter: Letter, values: &Values, link: Option<&str>, look: &Look) -> Result<Written> {
        let value = exact(letter.code(), letter.names(), values)?;
        letter::write(self.words, letter, value, link, look)
    }
}

/// The values by their names, when they are those that a text names.
fn exact<'a>(
    code: &str,
    names: &'static [&'static str],
    values: &'a Values,
) -> Result<impl Fn(&str) -> Option<&'a str> + Copy> {
    let missing = names.iter().find(|name| !values.contains_key(*name));
    let extra = values.keys().find(|name| !names.contains(name));
    match (missing, extra) {
        (None, None) => Ok(move |name: &str| values.get(name).map(String::as_str)),
        (Some(name), _) => Err(Error::internal(format!("{code} is missing its {name}"))),
        (_, Some(name)) => Err(Error::internal(format!("{code} has no place for {name}"))),
    }
}
