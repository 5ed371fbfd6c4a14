//! The HTML of an e-mail: what has no place in one, its words as plain text, and a line for the list of messages.
//!
//! It is the tenant's own and goes out as written. What would run, ask for input, or bring another page in is refused: no mail
//! program shows it, and a page that shows a preview must not run it.

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{StringReader, Tokenizer};

use crate::language::escaped;

/// Elements with no place in an e-mail.
const FORBIDDEN: &[&str] = &[
    "applet", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "math", "noscript", "object",
    "option", "param", "portal", "script", "select", "svg", "template", "textarea",
];
/// Attributes that hold an address.
const ADDRESSES: &[&str] =
    &["action", "background", "cite", "data", "formaction", "href", "longdesc", "ping", "poster", "src", "xlink:href"];
/// What an address may begin with. One without a scheme leads nowhere from a mail and does no harm.
const SCHEMES: &[&str] = &["cid", "http", "https", "mailto", "sms", "tel"];
/// What draws nothing.
const UNSEEN: &[&str] = &["head", "script", "style", "title"];
/// What begins on a line of its own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];
/// What has an empty line before and after it.
const PARAGRAPHS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"];

fn tokens(html: &str) -> Tokenizer<StringReader<'_>, DefaultEmitter<usize>> {
    let mut emitter = DefaultEmitter::new_with_span();
    // What stands in a style sheet is no markup.
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter)
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// # Errors
/// The first thing that has no place in an e-mail, as a sentence.
pub fn check(html: &str) -> Result<(), String> {
    let mut is_style = false;
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                is_style = tag.name.as_slice() == b"style";
                check_tag(&tag)?;
            }
            Token::EndTag(_) => is_style = false,
            Token::String(said) if is_style => check_style(&text(&said))?,
            _ => {}
        }
    }
    Ok(())
}

fn check_tag(tag: &StartTag<usize>) -> Result<(), String> {
    let name = text(&tag.name);
    if FORBIDDEN.contains(&&*name) {
        return Err(format!("<{name}> has no place in an e-mail"));
    }
    for (attribute, value) in &tag.attributes {
        let (attribute, value) = (text(attribute), text(value));
        let refuse = || Err(format!("{attribute} of <{name}> has no place in an e-mail"));
        if attribute.starts_with("on")
            || attribute == "srcdoc"
            || (name == "meta" && attribute == "http-equiv" && !is_plain_meta(&value))
        {
            return refuse();
        }
        if attribute == "style" {
            check_style(&value)?;
        }
        if ADDRESSES.contains(&&*attribute) && !is_address(&value) {
            let known = SCHEMES.join(", ");
            return Err(format!("{attribute} of <{name}>: expected an address that begins with one of {known}"));
        }
    }
    Ok(())
}

fn is_plain_meta(value: &str) -> bool {
    ["content-type", "x-ua-compatible", "content-language"].contains(&value.trim().to_ascii_lowercase().as_str())
}

/// As browsers read it: blanks and control characters before the colon count for nothing.
fn is_address(value: &str) -> bool {
    let plain: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let plain = plain.to_ascii_lowercase();
    let Some((scheme, rest)) = plain.split_once(':') else { return true };
    // A colon behind a path, a query or an anchor ends no scheme.
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    let is_picture =
        || ["image/png", "image/jpeg", "image/gif", "image/webp"].iter().any(|kind| rest.starts_with(kind));
    SCHEMES.contains(&scheme) || scheme == "data" && is_picture()
}

fn check_style(style: &str) -> Result<(), String> {
    let plain: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    let plain = plain.to_ascii_lowercase();
    let bad = ["expression(", "javascript:", "vbscript:", "behavior:", "-moz-binding"];
    match bad.iter().find(|bad| plain.contains(**bad)) {
        Some(bad) => Err(format!("a style with {bad} has no place in an e-mail")),
        None => Ok(()),
    }
}

/// What a reader of plain text is shown.
pub fn text_of(html: &str) -> String {
    let mut page = Page::default();
    let mut unseen: Option<Vec<u8>> = None;
    let mut links: Vec<(String, usize)> = Vec::new();
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) if unseen.is_none() => {
                let name = text(&tag.name);
                if UNSEEN.contains(&&*name) {
                    unseen = Some(tag.name.to_vec());
                    continue;
                }
                page.begin(&name);
                let of = |attribute: &[u8]| tag.attributes.get(attribute).map(|value| text(value).into_owned());
                match &*name {
                    "li" => page.say("- "),
                    "img" => page.say(&of(b"alt").unwrap_or_default()),
                    "a" => links.push((of(b"href").unwrap_or_default(), page.written())),
                    _ => {}
                }
            }
            Token::EndTag(tag) => {
                if let Some(within) = &unseen {
                    // The page itself may begin without an end of its head.
                    if **within == **tag.name {
                        unseen = None;
                    }
                    continue;
                }
                let name = text(&tag.name);
                if name == "a"
                    && let Some((address, from)) = links.pop()
                {
                    page.name_address(&address, from);
                }
                page.begin(&name);
            }
            Token::StartTag(tag) if tag.name.as_slice() == b"body" => unseen = None,
            Token::String(said) if unseen.is_none() => page.say(&text(&said)),
            _ => {}
        }
    }
    page.lines.trim().to_string()
}

/// Text as it grows: blanks are one, and lines break where something begins.
#[derive(Default)]
struct Page {
    lines: String,
    /// Line breaks that come before the next word.
    breaks: usize,
    has_blank: bool,
}

impl Page {
    fn begin(&mut self, name: &str) {
        let breaks = match name {
            "br" => {
                self.breaks = (self.breaks + 1).min(2);
                return;
            }
            _ if PARAGRAPHS.contains(&name) => 2,
            _ if BLOCKS.contains(&name) => 1,
            "td" | "th" => {
                self.has_blank = true;
                return;
            }
            _ => return,
        };
        self.breaks = self.breaks.max(breaks);
    }

    fn say(&mut self, said: &str) {
        let mut words = said.split_whitespace().peekable();
        self.has_blank |= said.starts_with(char::is_whitespace);
        if words.peek().is_none() {
            self.has_blank |= !said.is_empty();
            return;
        }
        if self.breaks > 0 && !self.lines.is_empty() {
            self.lines.extend(std::iter::repeat_n('\n', self.breaks));
        } else if self.has_blank && !self.lines.is_empty() && !self.lines.ends_with(char::is_whitespace) {
            self.lines.push(' ');
        }
        self.lines.push_str(&words.collect::<Vec<_>>().join(" "));
        if said == "- " {
            self.lines.push(' ');
        }
        self.breaks = 0;
        self.has_blank = said.ends_with(char::is_whitespace);
    }

    fn written(&self) -> usize {
        self.lines.len()
    }

    /// Behind a link where it leads, unless it says so.
    fn name_address(&mut self, address: &str, from: usize) {
        let said = self.lines.get(from..).unwrap_or_default().trim();
        let is_named =
            said == address || address.ends_with(&format!("://{said}")) || address == format!("mailto:{said}");
        let leads = ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme));
        if leads && !is_named {
            let named = if said.is_empty() { address.to_string() } else { format!(" ({address})") };
            let has_blank = std::mem::take(&mut self.has_blank);
            self.lines.push_str(&named);
            self.has_blank = has_blank;
        }
    }
}

/// With a line at its beginning that lists of messages show and the message itself does not.
pub fn with_preheader(html: &str, preheader: &str) -> String {
    let line = format!(
        "<div style=\"display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px\">{}</div>",
        escaped(preheader)
    );
    let body = tokens(html).flatten().find_map(|token| match token {
        Token::StartTag(tag) if tag.name.as_slice() == b"body" => Some(tag.span.end),
        _ => None,
    });
    match body.filter(|at| html.is_char_boundary(*at)) {
        Some(at) => format!("{}{line}{}", &html[..at], &html[at..]),
        None => format!("{line}{html}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_asks_or_frames_is_refused() {
        for good in [
            "<!DOCTYPE html><html><head><meta charset=utf-8><style>p { color: red } a > b {}</style></head><body><p>Hi</p></body></html>",
            "<a href='https://abc.example/a?b=c:d'>x</a><a href=\"mailto:a@b.example\">y</a><a href='#top'>z</a>",
            "<img src='cid:logo' alt='ABC'><img src=\"data:image/png;base64,AAAA\">",
            "<table background='https://abc.example/x.png'><tr><td style='font-size: 12px'>1</td></tr></table>",
            "<!-- <script> is what a comment says -->",
            "<meta http-equiv='Content-Type' content='text/html'>",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "<script>alert(1)</script>",
            "<SCRIPT src=//evil.example>",
            "<p onclick='x()'>",
            "<img src=x onerror=alert(1)>",
            "<img/onerror=alert(1) src=x>",
            "<form action='https://evil.example'><input name=password></form>",
            "<iframe src='https://evil.example'></iframe>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href=' java\nscript:alert(1)'>x</a>",
            "<a href='&#106;avascript:alert(1)'>x</a>",
            "<a href='data:text/html,<script>1</script>'>x</a>",
            "<img src='data:image/svg+xml;base64,AAAA'>",
            "<svg onload=alert(1)>",
            "<meta http-equiv=refresh content='0;url=https://evil.example'>",
            "<div style='width: expression(alert(1))'>",
            "<style>a { background: url(javascript:alert(1)) }</style>",
            "<base href='https://evil.example'>",
            "<object data='x.swf'></object>",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_text_reads_like_the_page() {
        let html = "<html><head><title>No</title><style>p{}</style></head><body><h1>Hello  Asha</h1>\n<p>See <b>our</b>\n\
            flats &amp; plots: <a href=\"https://abc.example/f\">the list</a>.</p><ul><li>One</li><li>Two</li></ul>\
            <p>Line<br>break</p><a href='https://abc.example'>abc.example</a> <a href='https://abc.example/u'><img alt='Logo'></a></body></html>";
        assert_eq!(
            text_of(html),
            "Hello Asha\n\nSee our flats & plots: the list (https://abc.example/f).\n\n- One\n- Two\n\nLine\nbreak\n\nabc.example Logo (https://abc.example/u)"
        );
        assert_eq!(text_of("<p>a</p><p></p><p> </p><div><div>b</div></div>"), "a\n\nb");
        assert_eq!(text_of("<title>x</title>Hi"), "Hi");
        assert_eq!(text_of("<head><body>Hi"), "Hi");
        assert_eq!(text_of("1 &lt; 2"), "1 < 2");
        assert_eq!(text_of("<style>p{}"), "");
    }

    #[test]
    fn the_line_for_the_list_stands_first_in_the_body() {
        let html = with_preheader("<html><body class=\"a>b\">Hi</body></html>", "5 < 6");
        assert!(html.starts_with("<html><body class=\"a>b\"><div style=\"display:none;"), "{html}");
        assert!(html.ends_with("\">5 &lt; 6</div>Hi</body></html>"), "{html}");
        assert!(with_preheader("<p>ü</p>", "x").ends_with("x</div><p>ü</p>"));
    }
}
