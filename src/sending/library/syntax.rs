//! What stands in the tags of a template: which variables it names, and what it may not use.
//!
//! The template library reads the template first and refuses what it cannot read; this reads the same tags once more for what
//! should be told when a template is saved and not when it is sent: names that nobody knows, filters, tests and functions that
//! there are none of. Nothing that is unsafe hangs on it: the library has no other filters, counts every step, and escapes
//! whatever stands in HTML.

use std::collections::BTreeSet;

/// Filters that there are.
pub const FILTERS: &[&str] =
    &["capitalize", "d", "default", "first", "join", "length", "lower", "title", "trim", "truncate", "upper"];
/// What may be asked by `is`.
pub const TESTS: &[&str] = &["defined", "undefined"];
const STATEMENTS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor", "set", "endset"];
const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "True", "false", "False", "none", "None"];

/// What a template is made of.
#[derive(Debug, Default)]
pub struct Scan {
    /// In lower case: `first_name`, `custom.budget`.
    pub variables: BTreeSet<String>,
    /// Sentences.
    pub wrong: Vec<String>,
    /// The text around the tags, with an `x` for whatever is put in.
    pub bare: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Sign(&'a str),
    /// A text or a number.
    Value,
}

/// Of a template that the library can read.
pub fn scan(source: &str) -> Scan {
    let mut scan = Scan::default();
    let mut locals = BTreeSet::from(["loop".to_string()]);
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        scan.bare.push_str(before);
        rest = match tag.as_bytes().get(1) {
            Some(b'#') => tag.find("#}").map_or("", |end| &tag[end + 2..]),
            Some(b'{') => {
                let (tokens, rest) = tokens(&tag[2..], "}}");
                scan.bare.push('x');
                if !tokens.iter().any(|token| matches!(token, Token::Name(_))) {
                    scan.wrong.push(format!("{} names no variable", &tag[..tag.len() - rest.len()]));
                }
                scan.expression(&tokens, &locals);
                rest
            }
            Some(b'%') => {
                let (tokens, rest) = tokens(&tag[2..], "%}");
                match tokens.as_slice() {
                    [Token::Name("raw"), ..] => {
                        let (said, rest) = raw(rest);
                        scan.bare.push_str(said);
                        rest
                    }
                    said => {
                        scan.statement(said, &mut locals);
                        rest
                    }
                }
            }
            _ => {
                scan.bare.push('{');
                &tag[1..]
            }
        };
    }
    scan.bare.push_str(rest);
    scan
}

/// What stands before the end of a raw part, and what follows it.
fn raw(rest: &str) -> (&str, &str) {
    for (at, _) in rest.match_indices("{%") {
        let (said, after) = tokens(&rest[at + 2..], "%}");
        if said == [Token::Name("endraw")] {
            return (&rest[..at], after);
        }
    }
    (rest, "")
}

/// The tokens of a tag up to its end, and what follows it.
fn tokens<'a>(tag: &'a str, end: &str) -> (Vec<Token<'a>>, &'a str) {
    let mut found = Vec::new();
    let mut rest = tag.strip_prefix(['-', '+']).unwrap_or(tag);
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(['-', '+']).unwrap_or(rest).strip_prefix(end) {
            return (found, after);
        }
        let Some(c) = rest.chars().next() else { return (found, "") };
        let length = match c {
            '"' | '\'' => text_length(rest, c),
            _ if is_of_name(c) => rest.find(|c| !is_of_name(c)).unwrap_or(rest.len()),
            _ => ["==", "!=", "<=", ">=", "//", "**"]
                .iter()
                .find(|sign| rest.starts_with(**sign))
                .map_or(c.len_utf8(), |sign| sign.len()),
        };
        let (said, after) = rest.split_at(length);
        found.push(match c {
            '"' | '\'' | '0'..='9' => Token::Value,
            _ if is_of_name(c) => Token::Name(said),
            _ => Token::Sign(said),
        });
        rest = after;
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn text_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

impl Scan {
    fn statement(&mut self, tokens: &[Token<'_>], locals: &mut BTreeSet<String>) {
        let [Token::Name(kind), rest @ ..] = tokens else { return };
        if !STATEMENTS.contains(kind) {
            self.wrong.push(format!("{{% {kind} %}} is not available here; there are if, for, set and raw"));
            return;
        }
        let names = |until: Token<'_>| {
            let at = rest.iter().position(|token| *token == until).unwrap_or(rest.len());
            let names = rest[..at].iter().filter_map(|token| match token {
                Token::Name(name) => Some((*name).to_string()),
                _ => None,
            });
            (names.collect::<Vec<_>>(), rest.get(at + 1..).unwrap_or_default())
        };
        match *kind {
            "for" => {
                let (own, rest) = names(Token::Name("in"));
                locals.extend(own);
                self.expression(rest, locals);
            }
            "set" if rest.contains(&Token::Sign("=")) => {
                let (own, rest) = names(Token::Sign("="));
                self.expression(rest, locals);
                locals.extend(own);
            }
            "set" => {
                if let [Token::Name(own), rest @ ..] = rest {
                    self.expression(rest, locals);
                    locals.insert((*own).to_string());
                }
            }
            _ => self.expression(rest, locals),
        }
    }

    fn expression(&mut self, tokens: &[Token<'_>], locals: &BTreeSet<String>) {
        let sign = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
            Some(Token::Sign(sign)) => *sign,
            _ => "",
        };
        let word = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
            Some(Token::Name(name)) => *name,
            _ => "",
        };
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1);
            let name = match token {
                Token::Name(name) => *name,
                Token::Sign("{") => {
                    self.wrong.push("a map such as {\"a\": 1} is not available here".into());
                    continue;
                }
                _ => continue,
            };
            let asks = word(before) == "is" || word(before) == "not" && word(at.checked_sub(2)) == "is";
            let next = sign(Some(at + 1));
            match sign(before) {
                "." => continue,
                "|" => {
                    if !FILTERS.contains(&name) {
                        self.wrong.push(format!("there is no filter {name}; there are {}", FILTERS.join(", ")));
                    }
                    continue;
                }
                _ => {}
            }
            if asks && name != "not" {
                if !TESTS.contains(&name) {
                    self.wrong.push(format!("there is no test {name}; there are {}", TESTS.join(", ")));
                }
                continue;
            }
            if KEYWORDS.contains(&name) || next == "=" {
                continue;
            }
            if next == "(" {
                self.wrong.push(format!("{name}(): functions are not available here"));
                continue;
            }
            if locals.contains(name) {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            let part = word(Some(at + 2));
            if next != "." {
                self.variables.insert(lower);
            } else if sign(Some(at + 3)) == "." || sign(Some(at + 3)) == "(" || lower != "custom" {
                self.wrong.push(format!("{name}.{part}: {name} has no parts"));
            } else {
                self.variables.insert(format!("custom.{}", part.to_ascii_lowercase()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let scan = scan(source);
        assert_eq!(scan.wrong, Vec::<String>::new(), "{source}");
        scan.variables.into_iter().collect()
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        assert_eq!(
            names("Hi {{Name}}, {{- first_name | default('there') -}} of {{ COMPANY|upper }}"),
            ["company", "first_name", "name"]
        );
        assert_eq!(
            names("{% if city and not country %}{{ custom.Budget }}{% elif state in tags %}{% endif %}"),
            ["city", "country", "custom.budget", "state", "tags"]
        );
        assert_eq!(names("{% for tag in tags %}{{ loop.index }} {{ tag }}{% endfor %}"), ["tags"]);
        assert_eq!(
            names("{% set who = first_name | default(name) %}{{ who[:3] }}{{ title[:2] }}"),
            ["first_name", "name", "title"]
        );
        assert_eq!(names("{% set x %}{{ city }}{% endset %}{{ x }}"), ["city"]);
        assert_eq!(
            names("{{ \"}} {{ evil }}\" ~ name }} {# {{ no }} #} {% raw %}{{ nor_here }}{% endraw %}"),
            ["name"]
        );
        assert_eq!(
            names("{{ city if city is defined else \"a \\\" city\" }} {{ state is not defined }}"),
            ["city", "state"]
        );
        assert_eq!(names("no tags { } {a} %} }}"), Vec::<String>::new());
    }

    #[test]
    fn what_there_is_none_of_is_told() {
        for (source, word) in [
            ("{{ name | safe }}", "safe"),
            ("{{ name | replace('a', 'b') }}", "replace"),
            ("{{ range(9) }}", "range()"),
            ("{% autoescape false %}{% endautoescape %}", "autoescape"),
            ("{%- include 'x' %}", "include"),
            ("{% macro x() %}{% endmacro %}", "macro"),
            ("{% with a = 1 %}{% endwith %}", "with"),
            ("{{ name is odd }}", "odd"),
            ("{{ name is not odd }}", "odd"),
            ("{{ name.upper() }}", "name.upper"),
            ("{{ custom.a.b }}", "custom.a"),
            ("{{ {'a': name}.a }}", "map"),
            ("{{1}}", "{{1}}"),
            ("{{ 'x' }}", "names no variable"),
        ] {
            let wrong = scan(source).wrong;
            assert!(wrong.iter().any(|sentence| sentence.contains(word)), "{source}: {wrong:?}");
        }
    }

    #[test]
    fn the_text_around_the_tags_is_what_it_is() {
        let scan = scan(
            "<a href=\"{{ url | default(\"x>\") }}\">{% if a %}<b>{% endif %}{# no #}{% raw %}{{ x }}{% endraw %}</a> {",
        );
        assert_eq!(scan.bare, "<a href=\"x\"><b>{{ x }}</a> {");
    }
}
