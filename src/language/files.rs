//! The files of each language, read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::texts::{Letter, Notice, Phrase};

/// One language, as its folder has it.
pub(crate) struct Files {
    pub tag: &'static str,
    pub phrases: &'static str,
    pub letters: &'static str,
    pub notices: &'static str,
    pub labels: &'static str,
    pub places: &'static str,
}

macro_rules! folders {
    ($($tag:literal),* $(,)?) => {
        &[$(Files {
            tag: $tag,
            phrases: include_str!(concat!("words/", $tag, "/phrases.toml")),
            letters: include_str!(concat!("words/", $tag, "/letters.toml")),
            notices: include_str!(concat!("words/", $tag, "/notices.toml")),
            labels: include_str!(concat!("words/", $tag, "/labels.toml")),
            places: include_str!(concat!("words/", $tag, "/places.toml")),
        }),*]
    };
}

/// The languages that there are. English is the first, and read by whoever reads none of them.
pub(crate) const FILES: &[Files] = folders!["en", "hi"];

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    /// A language tag of BCP 47.
    pub tag: &'static str,
    pub(crate) phrases: Phrases,
    pub(crate) letters: BTreeMap<String, LetterText>,
    pub(crate) notices: BTreeMap<String, NoticeText>,
    /// Of the values that the API answers, by the name of their schema in the document.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    pub places: Places,
}

/// `phrases.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrases {
    /// The language in its own words.
    pub name: String,
    pub direction: Direction,
    pub day: String,
    pub moment: String,
    pub months: [String; 12],
    pub phrases: BTreeMap<String, String>,
}

/// How its lines run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    Ltr,
    Rtl,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LetterText {
    pub subject: String,
    pub text: String,
    /// What stands on the button of its link.
    pub button: Option<String>,
    /// What stands below the button.
    pub after: Option<String>,
    /// Why it came.
    pub why: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeText {
    pub title: String,
    pub text: String,
}

/// Names of countries, currencies and time zones (`places.toml`), from Unicode's Common Locale Data Repository.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// By ISO 3166-1 alpha-2.
    pub countries: BTreeMap<String, String>,
    /// By ISO 4217.
    pub currencies: BTreeMap<String, String>,
    /// By the name in the IANA database.
    pub time_zones: BTreeMap<String, String>,
}

static ALL: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let read = |files: &Files| Words::read(files).unwrap_or_else(|wrong| panic!("part of the program: {wrong}"));
    FILES.iter().map(read).collect()
});

/// Every language, English first.
pub fn all() -> &'static [Words] {
    &ALL
}

/// What whoever reads none of the others reads.
pub fn english() -> &'static Words {
    &ALL[0]
}

/// The language of a tag, whatever its region: `hi-IN` reads `hi`, unless there is a folder of its own.
pub fn of(tag: &str) -> Option<&'static Words> {
    let mut tag = tag;
    loop {
        if let Some(words) = ALL.iter().find(|words| words.tag.eq_ignore_ascii_case(tag)) {
            return Some(words);
        }
        tag = tag.rsplit_once('-')?.0;
    }
}

impl Words {
    /// # Errors
    /// The file, and what is wrong in it.
    pub(crate) fn read(files: &Files) -> Result<Self, String> {
        fn parse<T: serde::de::DeserializeOwned>(tag: &str, name: &str, text: &str) -> Result<T, String> {
            toml::from_str(text).map_err(|error| format!("words/{tag}/{name}.toml: {error}"))
        }
        let tag = files.tag;
        Ok(Self {
            tag,
            phrases: parse(tag, "phrases", files.phrases)?,
            letters: parse(tag, "letters", files.letters)?,
            notices: parse(tag, "notices", files.notices)?,
            labels: parse(tag, "labels", files.labels)?,
            places: parse(tag, "places", files.places)?,
        })
    }

    /// The language in its own words.
    pub fn name(&self) -> &str {
        &self.phrases.name
    }

    /// How its lines run, as HTML says it.
    pub fn direction(&self) -> &'static str {
        match self.phrases.direction {
            Direction::Ltr => "ltr",
            Direction::Rtl => "rtl",
        }
    }

    pub fn phrase(&self, phrase: Phrase) -> &str {
        self.phrases.phrases.get(phrase.code()).map_or("", String::as_str)
    }

    /// Subject and text of a letter, with its placeholders.
    pub fn draft(&self, letter: Letter) -> (&str, &str) {
        self.letters.get(letter.code()).map_or(("", ""), |text| (text.subject.as_str(), text.text.trim_end()))
    }

    pub(crate) fn notice(&self, notice: Notice) -> Option<&NoticeText> {
        self.notices.get(notice.code())
    }

    /// What people call a value; the value itself where it has no label.
    pub fn label<'a>(&'a self, schema: &str, value: &'a str) -> &'a str {
        self.labels.get(schema).and_then(|labels| labels.get(value)).map_or(value, String::as_str)
    }
}
