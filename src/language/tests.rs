//! Every file of every language, read: what is wrong in one is named with its file and its text.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{FILES, LetterText, Places, Words};
use super::fill::names;
use super::*;
use crate::base::time::Timestamp;

/// What the texts of a letter name.
fn named_in(text: &LetterText) -> Vec<&str> {
    let more = [&text.button, &text.after, &text.why].into_iter().flatten();
    [&text.subject, &text.text].into_iter().chain(more).flat_map(|text| names(text)).collect()
}

/// What is wrong with the texts of one file, each by its name and its placeholders.
fn compare<'a>(
    file: &str,
    declared: impl Iterator<Item = (&'a str, &'a [&'a str])>,
    found: impl Iterator<Item = (&'a str, Vec<&'a str>)>,
) -> Vec<String> {
    let declared: BTreeMap<&str, BTreeSet<&str>> =
        declared.map(|(code, names)| (code, names.iter().copied().collect())).collect();
    let found: BTreeMap<&str, BTreeSet<&str>> =
        found.map(|(code, names)| (code, names.into_iter().collect())).collect();
    let mut wrong = Vec::new();
    for (code, wanted) in &declared {
        let Some(there) = found.get(code) else {
            wrong.push(format!("{file}: {code} is missing"));
            continue;
        };
        wrong.extend(wanted.difference(there).map(|name| format!("{file}: {code} does not name {{{{{name}}}}}")));
        wrong.extend(there.difference(wanted).map(|name| format!("{file}: {code} has no value {{{{{name}}}}}")));
    }
    wrong.extend(
        found.keys().filter(|code| !declared.contains_key(*code)).map(|code| format!("{file}: nobody reads {code}")),
    );
    wrong
}

fn what_is_wrong(words: &Words) -> Vec<String> {
    let file = |name: &str| format!("words/{}/{name}.toml", words.tag);
    let letters = Letter::ALL.iter().map(|letter| (letter.code(), letter.names()));
    let mut wrong =
        compare(&file("letters"), letters, words.letters.iter().map(|(code, text)| (code.as_str(), named_in(text))));
    let notices = Notice::ALL.iter().map(|notice| (notice.code(), notice.names()));
    let found =
        words.notices.iter().map(|(code, text)| (code.as_str(), names(&text.title).chain(names(&text.text)).collect()));
    wrong.extend(compare(&file("notices"), notices, found));
    let phrases = Phrase::ALL.iter().map(|phrase| (phrase.code(), phrase.names()));
    let found = words.phrases.phrases.iter().map(|(code, text)| (code.as_str(), names(text).collect()));
    wrong.extend(compare(&file("phrases"), phrases, found));
    let dates: [(&str, &[&str]); 2] =
        [("day", &["day", "month", "year"]), ("moment", &["day", "month", "year", "time", "zone"])];
    let found = [("day", &words.phrases.day), ("moment", &words.phrases.moment)];
    let found = found.into_iter().map(|(code, text)| (code, names(text).collect()));
    wrong.extend(compare(&file("phrases"), dates.into_iter(), found));
    wrong
}

#[test]
fn every_text_is_there_in_every_language_and_names_what_it_must() {
    let wrong: Vec<String> = all().iter().flat_map(what_is_wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fault_is_told_with_its_file_and_its_placeholder() {
    let letters =
        FILES[1].letters.replace("{{until}} तक काम करेगी", "तक काम करेगी").replace("[tenant_closing]", "[closing]");
    let words =
        Words::read(&super::files::Files { tag: "hi", letters: Box::leak(letters.into_boxed_str()), ..FILES[1] });
    let wrong = what_is_wrong(&words.unwrap());
    for told in [
        "words/hi/letters.toml: password_reset does not name {{until}}",
        "words/hi/letters.toml: tenant_closing is missing",
        "words/hi/letters.toml: nobody reads closing",
    ] {
        assert!(wrong.iter().any(|one| one == told), "{told} in {wrong:#?}");
    }
    let half = super::files::Files { tag: "xx", notices: "[lead_created]\ntitle = \"\"\n", ..FILES[0] };
    assert!(Words::read(&half).unwrap_err().starts_with("words/xx/notices.toml: "));
}

#[test]
fn every_folder_is_a_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("words");
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let known: BTreeSet<String> = FILES.iter().map(|files| files.tag.to_string()).collect();
    assert_eq!(folders.collect::<BTreeSet<_>>(), known);
    assert_eq!(FILES[0].tag, "en", "which is read by whoever reads none of them");
}

#[test]
fn every_language_labels_the_same_values() {
    let keys = |words: &'static Words| {
        let labels =
            words.labels.iter().flat_map(|(of, labels)| labels.keys().map(move |value| format!("{of} {value}")));
        let Places { countries, currencies, time_zones } = &words.places;
        let places = countries.keys().chain(currencies.keys()).chain(time_zones.keys()).cloned();
        labels.chain(places).collect::<BTreeSet<String>>()
    };
    for words in all() {
        let (there, english) = (keys(words), keys(english()));
        let differ: Vec<&String> = there.symmetric_difference(&english).collect();
        assert!(differ.is_empty(), "words/{}: {differ:?}", words.tag);
        let labels = words.labels.values().flat_map(|labels| labels.values());
        let empty = labels.chain(words.places.countries.values()).filter(|label| label.trim().is_empty());
        assert_eq!(empty.count(), 0, "words/{}", words.tag);
    }
}

/// What is not Latin is in its own letters: nothing was left in English by mistake.
#[test]
fn hindi_is_written_in_hindi() {
    let is_hindi = |text: &str| text.chars().any(|c| ('\u{900}'..='\u{97f}').contains(&c));
    let words = of("hi").unwrap();
    let letters = words.letters.values().flat_map(|text| [&text.button, &text.after, &text.why]).flatten();
    let phrases = words.phrases.phrases.values().chain(&words.phrases.months);
    let texts = letters.chain(phrases).chain(words.notices.values().map(|text| &text.text));
    let places = words.places.countries.values().chain(words.places.currencies.values());
    let bare = ["{{preview}}"];
    let left: Vec<&String> =
        texts.chain(places).filter(|text| !is_hindi(text) && !bare.contains(&text.as_str())).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn at() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// A reader whose own language counts first.
fn reader(own: Option<&str>, tenants: Option<&str>) -> Reader {
    Reader::of([own, tenants], chrono_tz::Asia::Kolkata)
}

fn values(of: &[&'static str], value: impl Fn(&str) -> String) -> Values {
    of.iter().map(|name| (*name, value(name))).collect()
}

#[test]
fn a_reader_has_a_language_and_a_zone() {
    let tag = |own, tenants| reader(own, tenants).words.tag;
    assert_eq!((tag(Some("hi-IN"), None), tag(None, Some("hi")), tag(Some("fr"), Some("hi"))), ("hi", "hi", "hi"));
    assert_eq!((tag(Some("en-GB"), Some("hi")), tag(Some("fr"), None), tag(None, None)), ("en", "en", "en"));
    assert_eq!(reader(None, None).moment(at()), "20 November 2026, 14:30 IST");
    assert_eq!(reader(Some("hi"), None).moment(at()), "20 नवंबर 2026, 14:30 IST");
    let abroad = Reader::of([Some("hi")], chrono_tz::America::New_York);
    assert_eq!((abroad.moment(at()).as_str(), abroad.day(at()).as_str()), ("20 नवंबर 2026, 04:00 EST", "20 नवंबर 2026"));
}

#[test]
fn every_letter_is_written_in_every_language_as_text_and_as_html() {
    let look = Look { name: "ABC Real Estate".into(), color: Some("#FFEE00".into()) };
    for words in all() {
        let reader = Reader { words, zone: chrono_tz::UTC };
        for letter in Letter::ALL {
            let link = "https://app.example/x?token=t_1&b=2";
            let written =
                reader.letter(*letter, &values(letter.names(), |name| format!("<{name}!>")), Some(link), &look);
            let Written { subject, text, html } = written.unwrap();
            let code = format!("{} in {}", letter.code(), words.tag);
            let has_link = words.letters[letter.code()].button.is_some();
            assert_eq!(text.contains(&format!(":\n{link}")), has_link, "{code}: {text}");
            assert_eq!(
                html.matches("href=\"https://app.example/x?token=t_1&amp;b=2\"").count(),
                if has_link { 2 } else { 0 }
            );
            for name in letter.names() {
                assert!(format!("{subject}\n{text}").contains(&format!("<{name}!>")), "{code}: {name}");
                assert!(html.contains(&format!("&lt;{name}!&gt;")), "{code}: {name} in {html}");
                assert!(!html.contains(&format!("<{name}!>")), "{code}: {name}");
            }
            assert!(
                html.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", words.tag))
                    && html.contains("ABC Real Estate")
            );
            assert!(html.contains("background:#FFEE00;color:#222222") == has_link, "dark letters on a bright button");
        }
    }
}

#[test]
fn what_somebody_calls_themselves_draws_nothing_and_adds_no_line() {
    let hostile = "<img src=x onerror=alert(1)>\r\nBcc: x@evil.example\"'{{until}}";
    let reader = reader(None, None);
    let look = Look { name: hostile.into(), color: Some("#fff;background:url(//evil.example)".into()) };
    let mut given = values(Letter::Invitation.names(), |_| hostile.to_string());
    let Written { subject, text, html } =
        reader.letter(Letter::Invitation, &given, Some("https://x.example/\"><b>"), &look).unwrap();
    assert!(!subject.contains(['\r', '\n']), "{subject}");
    assert!(
        !text.contains("\nBcc:") && text.contains("{{until}}"),
        "a value that looks like a placeholder stays: {text}"
    );
    for bad in ["<img", "<b>", "url(", "/\"><b", "\nBcc"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
    assert!(html.contains("border-top:4px solid #1F4E79"));
    given.remove("until");
    assert!(reader.letter(Letter::Invitation, &given, None, &look).is_err(), "a letter without one of its values");
    given.extend([("until", String::new()), ("colour", String::new())]);
    assert!(reader.letter(Letter::Invitation, &given, None, &look).is_err(), "or with one too many");
}

#[test]
fn a_notice_is_told_in_lines_of_which_those_without_a_value_are_left_out() {
    let reader = reader(None, None);
    let given = Values::from([
        ("who", "asha@example.com".into()),
        ("hosts", String::new()),
        ("keys", "Zapier".into()),
        ("recipients", String::new()),
    ]);
    let said = reader.notice(Notice::MemberLeft, &given).unwrap();
    assert_eq!(said.title, "asha@example.com was removed");
    assert_eq!(said.text, "API keys they made have ended: Zapier. What used them needs new ones.");
    for words in all() {
        for notice in Notice::ALL {
            let said = Reader { words, zone: chrono_tz::UTC }
                .notice(*notice, &values(notice.names(), |name| name.to_uppercase()))
                .unwrap();
            let whole = format!("{}\n{}", said.title, said.text);
            assert!(notice.names().iter().all(|name| whole.contains(&name.to_uppercase())), "{whole}");
        }
    }
}
