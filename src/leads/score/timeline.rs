//! When a person wants to buy, read from what they typed or chose.
//!
//! Up to two weeks counts as immediate. Of a range the later end counts ("3-6 months" is 3 to 6); of an open one the
//! earlier end ("6+ months" is later). Text that names no time is `None`, never a guess.

crate::text_enum! {
    /// How soon a lead intends to decide.
    pub enum Timeline {
        /// At once, or within two weeks.
        Immediate = "immediate",
        WithinThreeMonths = "within_3_months",
        ThreeToSixMonths = "3_to_6_months",
        /// More than six months away.
        Later = "after_6_months",
        /// Has no date in mind.
        Exploring = "exploring",
    }
}

const EXPLORING: &[&str] = &[
    "explor",
    "brows",
    "just looking",
    "looking around",
    "research",
    "curious",
    "no rush",
    "no hurry",
    "not sure",
    "not decided",
    "undecided",
    "not urgent",
    "not now",
    "not yet",
    "not immediate",
    "no timeline",
    "someday",
    "no plan",
];
const IMMEDIATE: &[&str] =
    &["immediate", "immediately", "asap", "urgent", "urgently", "now", "today", "tomorrow", "straightaway", "tonight"];
const IMMEDIATE_PHRASES: &[&str] = &["right away", "as soon as possible", "this week", "at once", "next week"];
/// A time after the number named, not within it.
const OPEN: &[&str] = &["after", "over", "beyond", "least", "more", "+", "plus", "later"];
const NUMBER_WORDS: &[(&str, u32)] = &[
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("couple", 2),
    ("three", 3),
    ("few", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("twelve", 12),
    ("this", 1),
    ("next", 1),
    ("half", 0),
];
const TWO_WEEKS: u32 = 14;
const THREE_MONTHS: u32 = 93;
const SIX_MONTHS: u32 = 186;
/// Lifts 90 and 180 days, as people say for three and six months of up to 31, over the limits above.
const DAYS_OPEN: u32 = 14;

impl Timeline {
    /// Reads free text such as "Within 3 months", "ASAP" or "Just exploring".
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 200 {
            return None;
        }
        let words = words(text);
        let line = words.join(" ");
        if EXPLORING.iter().any(|phrase| line.contains(phrase)) {
            return Some(Self::Exploring);
        }
        if words.iter().any(|word| IMMEDIATE.contains(&word.as_str()))
            || IMMEDIATE_PHRASES.iter().any(|phrase| line.contains(phrase))
        {
            return Some(Self::Immediate);
        }
        let span = span(&words)?;
        // An open time begins at its number, so it belongs to the range above: "3+ months" (or 90 days) to 3 to 6.
        let days = if span.open { span.days.saturating_add(DAYS_OPEN) } else { span.days };
        Some(if days <= TWO_WEEKS {
            Self::Immediate
        } else if days <= THREE_MONTHS {
            Self::WithinThreeMonths
        } else if days <= SIX_MONTHS {
            Self::ThreeToSixMonths
        } else {
            Self::Later
        })
    }
}

struct Span {
    days: u32,
    open: bool,
}

/// The last "number unit" of the text, and whether it is only where the time begins.
fn span(words: &[String]) -> Option<Span> {
    let mut days = None;
    let mut number = None;
    for word in words {
        if let Ok(value) = word.parse::<u32>() {
            number = Some(value);
        } else if let Some((_, value)) = NUMBER_WORDS.iter().find(|(name, _)| name == word) {
            // "a few", "the next six": the more exact word comes last. "half a year" is neither 0 nor 1.
            if number == Some(0) {
                return None;
            }
            number = Some(*value);
        } else if let (Some(unit), Some(count)) = (unit_days(word), number) {
            days = Some(count.checked_mul(unit)?);
            number = None;
        }
    }
    // "no later than 3 months" ends there, "later than 3 months" begins there.
    let open = words.iter().enumerate().any(|(index, word)| {
        let negated = index > 0 && matches!(words[index - 1].as_str(), "no" | "not");
        OPEN.contains(&word.as_str()) && !negated
    });
    Some(Span { days: days?, open })
}

fn unit_days(word: &str) -> Option<u32> {
    Some(match word {
        "day" | "days" | "d" => 1,
        "week" | "weeks" | "wk" | "wks" | "w" => 7,
        "month" | "months" | "mo" | "mos" | "mth" | "mths" | "m" => 31,
        "quarter" | "quarters" => 92,
        "year" | "years" | "yr" | "yrs" | "y" => 365,
        _ => return None,
    })
}

/// Lower-case words, with digits apart from letters ("3m" is two words) and `+` a word of its own.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for letter in text.to_lowercase().chars() {
        let joined =
            (letter.is_ascii_digit() && last.is_ascii_digit()) || (letter.is_alphabetic() && last.is_alphabetic());
        if !joined {
            words.push(String::new());
        }
        if (letter.is_alphanumeric() || letter == '+')
            && let Some(word) = words.last_mut()
        {
            word.push(letter);
        }
        last = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::Timeline::{self, *};

    #[test]
    fn reads_what_people_answer() {
        for (text, expected) in [
            ("Immediately", Some(Immediate)),
            ("immediate", Some(Immediate)),
            ("ASAP!", Some(Immediate)),
            ("Right away please", Some(Immediate)),
            ("Within a week", Some(Immediate)),
            ("in 2 weeks", Some(Immediate)),
            ("10 days", Some(Immediate)),
            ("Within 3 months", Some(WithinThreeMonths)),
            ("3 months", Some(WithinThreeMonths)),
            ("within_3_months", Some(WithinThreeMonths)),
            ("Next 3 months", Some(WithinThreeMonths)),
            ("next month", Some(WithinThreeMonths)),
            ("1-3 months", Some(WithinThreeMonths)),
            ("3m", Some(WithinThreeMonths)),
            ("90 days", Some(WithinThreeMonths)),
            ("after 1 month", Some(WithinThreeMonths)),
            ("3-6 months", Some(ThreeToSixMonths)),
            ("3–6 Months", Some(ThreeToSixMonths)),
            ("3_to_6_months", Some(ThreeToSixMonths)),
            ("three to six months", Some(ThreeToSixMonths)),
            ("3+ months", Some(ThreeToSixMonths)),
            ("after 3 months", Some(ThreeToSixMonths)),
            ("6 months", Some(ThreeToSixMonths)),
            ("no later than 3 months", Some(WithinThreeMonths)),
            ("not now", Some(Exploring)),
            ("90+ days", Some(ThreeToSixMonths)),
            ("after 180 days", Some(Later)),
            ("6+ months", Some(Later)),
            ("after_6_months", Some(Later)),
            ("6-12 months", Some(Later)),
            ("next year", Some(Later)),
            ("Just exploring", Some(Exploring)),
            ("not immediately, just looking", Some(Exploring)),
            ("No rush", Some(Exploring)),
            ("", None),
            ("3", None),
            ("when my flat is sold", None),
            ("I don't know", None),
            ("half a year", None),
            ("99999999999 months", None),
        ] {
            assert_eq!(Timeline::read(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_its_own_codes() {
        for timeline in Timeline::ALL {
            assert_eq!(Timeline::read(timeline.as_str()), Some(*timeline));
        }
    }
}
