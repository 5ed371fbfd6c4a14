//! The HTML half of an e-mail, made from its text: what was typed, escaped, with its web addresses as links.
//!
//! Nothing else becomes markup, so what a person or a lead wrote cannot draw anything; a link shows where it leads. A text
//! without a link has no HTML half: it would say the same once more.

use linkify::{LinkFinder, LinkKind};

use crate::language::escaped;

/// The text as an HTML document that reads the same; none where that adds nothing.
pub(super) fn of(text: &str) -> Option<String> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut body = String::with_capacity(text.len() + text.len() / 4);
    let mut has_link = false;
    for span in finder.spans(text) {
        let said = escaped(span.as_str());
        let is_link = span.kind().is_some() && is_web(span.as_str());
        has_link |= is_link;
        if is_link {
            body.extend(["<a href=\"", said.as_str(), "\">", said.as_str(), "</a>"]);
        } else {
            body.push_str(&said);
        }
    }
    if !has_link {
        return None;
    }
    // Blanks and tabs count as typed; lines are breaks of their own, because not every program keeps them.
    let lines = body.replace("\r\n", "\n").replace(['\n', '\r'], "<br>");
    Some(format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>\
         <body><div style=\"white-space: pre-wrap; font-family: sans-serif\">{lines}</div></body></html>"
    ))
}

fn is_web(address: &str) -> bool {
    let scheme = address.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(text: &str) -> String {
        let html = of(text).expect("a link");
        let from =
            html.find("pre-wrap; font-family: sans-serif\">").unwrap() + "pre-wrap; font-family: sans-serif\">".len();
        html[from..].trim_end_matches("</div></body></html>").to_string()
    }

    #[test]
    fn what_was_typed_is_text_and_only_web_addresses_are_links() {
        assert!(inside("a <b>&\"'\nc https://x.example").starts_with("a &lt;b&gt;&amp;&quot;&#39;<br>c <a "));
        assert_eq!(
            inside("See https://abc.example/a?b=1&c=2, or javascript:alert(1)."),
            "See <a href=\"https://abc.example/a?b=1&amp;c=2\">https://abc.example/a?b=1&amp;c=2</a>, or javascript:alert(1)."
        );
        assert_eq!((of("ftp://x.example/y"), of("Hello <b>Asha</b>")), (None, None));
        assert!(!inside("https://x.example/\"onmouseover=\"alert(1)").contains("onmouseover=\"alert"));
    }
}
