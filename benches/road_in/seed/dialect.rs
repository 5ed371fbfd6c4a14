//! What each engine calls an id, a moment and a document.

use leadwright::engine::db::Engine;

/// How each engine writes what differs.
pub struct Dialect(pub Engine);

impl Dialect {
    pub fn of<'a>(&self, postgres: &'a str, sqlite: &'a str) -> &'a str {
        if self.0 == Engine::Postgres { postgres } else { sqlite }
    }
    /// An id of the table that `kind` stands for, from a number.
    pub fn id(&self, kind: u8, n: &str) -> String {
        match self.0 {
            Engine::Postgres => format!("(('0190{kind:04x}-0000-7000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid)"),
            Engine::Sqlite => format!("unhex('0190{kind:04x}000070008000' || printf('%012x', {n}))"),
        }
    }
    pub fn padded(&self, n: &str, width: usize) -> String {
        match self.0 {
            Engine::Postgres => format!("lpad(({n})::text, {width}, '0')"),
            Engine::Sqlite => format!("printf('%0{width}d', {n})"),
        }
    }
    /// A moment from microseconds since 1970.
    pub fn at(&self, micros: &str) -> String {
        match self.0 {
            Engine::Postgres => format!("(timestamptz 'epoch' + ({micros}) * interval '1 microsecond')"),
            Engine::Sqlite => format!("({micros})"),
        }
    }
    /// A document from a text expression.
    pub fn json(&self, text: &str) -> String {
        format!("({text}){}", self.of("::jsonb", ""))
    }
    /// The `n`th of these words.
    pub fn pick(&self, n: &str, words: &[&str]) -> String {
        let cases: Vec<String> = words.iter().enumerate().map(|(i, word)| format!("WHEN {i} THEN '{word}'")).collect();
        format!("(CASE ({n}) % {} {} END)", words.len(), cases.join(" "))
    }
}
