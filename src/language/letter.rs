//! A letter as text and as HTML, of the same words.
//!
//! The HTML is one column without tables, scripts, images or anything from elsewhere, with its styles inline, so that programs
//! which strip most of it still show the words in order. All of it is escaped here, translations too.

use super::files::{Direction, Words};
use super::fill::fill;
use super::texts::{Letter, Phrase};
use crate::base::{Error, Result};

/// Under whose name and colour a letter comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub name: String,
    /// `#RRGGBB`; anything else is not taken.
    pub color: Option<String>,
}

/// A letter that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The colour of whoever has none.
const COLOR: &str = "#1F4E79";
/// What is read on bright colours.
const DARK: &str = "#222222";
/// Written below the letter, above why it came, as mail programs know a signature.
const BELOW: &str = "-- ";
/// The one value that may have lines of its own.
const WITH_LINES: &str = "text";

pub(super) fn write<'a>(
    words: &Words,
    letter: Letter,
    value: impl Fn(&str) -> Option<&'a str>,
    link: Option<&str>,
    look: &Look,
) -> Result<Written> {
    let missing = |what: &str| Error::internal(format!("{} of {}: no {what}", letter.code(), words.tag));
    let draft = words.letters.get(letter.code()).ok_or_else(|| missing("text"))?;
    let lines = value(WITH_LINES).unwrap_or_default();
    let flat: Vec<(&str, String)> =
        letter.names().iter().filter_map(|name| Some((*name, one_line(value(name)?)))).collect();
    let one = |name: &str| flat.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let filled = |text: &str| {
        let line = |name: &str| if name == WITH_LINES { Some(lines) } else { one(name) };
        fill(text, line).map_err(|name| missing(&name))
    };
    let subject = one_line(&fill(&draft.subject, one).map_err(|name| missing(&name))?);
    let paragraphs = paragraphs(&filled(draft.text.trim())?);
    let button = draft.button.as_deref().map(filled).transpose()?;
    let after = draft.after.as_deref().map(filled).transpose()?;
    let why = draft.why.as_deref().map(filled).transpose()?;
    let link = link.zip(button.as_deref());

    let mut text = paragraphs.iter().map(|lines| lines.join("\n")).collect::<Vec<_>>();
    text.extend(link.map(|(link, button)| format!("{button}:\n{link}")));
    text.extend(after.clone());
    text.extend(why.as_ref().map(|why| format!("{BELOW}\n{why}")));
    let sheet = Sheet { words, look, subject: &subject, paragraphs: &paragraphs, link, after, why };
    Ok(Written { text: text.join("\n\n"), html: sheet.html(), subject })
}

/// Blank lines part paragraphs.
fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let mut paragraphs = vec![Vec::new()];
    for line in text.lines().map(str::trim_end) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => last.push(line.to_string()),
            Some(last) if last.is_empty() => {}
            _ => paragraphs.push(Vec::new()),
        }
    }
    paragraphs.retain(|lines| !lines.is_empty());
    paragraphs
}

/// What may stand in a subject: nothing breaks the line.
pub(super) fn one_line(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The letter as HTML lays it out.
struct Sheet<'a> {
    words: &'a Words,
    look: &'a Look,
    subject: &'a str,
    paragraphs: &'a [Vec<String>],
    link: Option<(&'a str, &'a str)>,
    after: Option<String>,
    why: Option<String>,
}

impl Sheet<'_> {
    fn html(&self) -> String {
        let (color, ink) = colors(self.look.color.as_deref());
        let direction = if self.words.phrases.direction == Direction::Rtl { "rtl" } else { "ltr" };
        let (tag, title, name) = (self.words.tag, escaped(self.subject), escaped(&one_line(&self.look.name)));
        let mut body = String::new();
        let mut paragraph = |style: &str, inside: &str| {
            body.extend(["<p style=\"margin:0 0 16px", style, "\">", inside, "</p>\n"]);
        };
        if !name.is_empty() {
            // What is too bright to be written on is too bright to be read on white.
            let on_white = if ink == DARK { DARK } else { color };
            paragraph(&format!(";font-weight:bold;color:{on_white}"), &name);
        }
        for lines in self.paragraphs {
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            paragraph("", &lines.join("<br>\n"));
        }
        if let Some((link, button)) = self.link {
            let (link, button) = (escaped(link), escaped(button));
            let style = "display:inline-block;padding:12px 20px;border-radius:4px;text-decoration:none";
            paragraph("", &format!("<a href=\"{link}\" style=\"{style};background:{color};color:{ink}\">{button}</a>"));
            let below = escaped(self.words.phrase(Phrase::Link));
            let open = format!("{below}<br>\n<a href=\"{link}\" style=\"word-break:break-all\">{link}</a>");
            paragraph(";font-size:13px;color:#666666", &open);
        }
        if let Some(after) = &self.after {
            paragraph("", &escaped(after));
        }
        if let Some(why) = &self.why {
            let style = ";padding-top:12px;border-top:1px solid #dddddd;font-size:13px;color:#666666";
            paragraph(style, &escaped(why));
        }
        format!(
            "<!DOCTYPE html>\n<html lang=\"{tag}\" dir=\"{direction}\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
             <body style=\"margin:0;padding:16px;background:#f4f5f7\">\n\
             <div style=\"max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-top:4px solid {color};\
             font-family:sans-serif;font-size:16px;line-height:1.5;color:#222222\">\n{body}</div>\n</body>\n</html>\n"
        )
    }
}

/// The colour, and the one that is read upon it.
fn colors(wanted: Option<&str>) -> (&str, &'static str) {
    let digits = |color: &str| {
        let digits = color.strip_prefix('#')?;
        (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(())
    };
    let color = wanted.filter(|color| digits(color).is_some()).unwrap_or(COLOR);
    let part = |at: usize| u32::from_str_radix(color.get(at..at + 2).unwrap_or_default(), 16).unwrap_or_default();
    // How bright it looks, in thousandths (ITU-R BT.601).
    let brightness = (part(1) * 299 + part(3) * 587 + part(5) * 114) / 255;
    (color, if brightness > 600 { DARK } else { "#ffffff" })
}

/// The text as it stands in HTML, in an attribute too.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
