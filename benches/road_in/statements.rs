//! Statements with their values, and what in them must be new when they run again.
//!
//! [`Recipe::derive`] compares two captures of the same operation: ids and numbers that only the second one has were made for it
//! and must be made anew by every repetition; everything else stays as it was. So the limit runs exactly the server's own
//! statements, with rows that do not collide.

use std::collections::BTreeMap;

/// One value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// A statement as prepared, and the values it ran with.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub values: Vec<Value>,
}

impl Statement {
    pub fn is_control(&self) -> bool {
        let first = self.sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        matches!(first.as_str(), "BEGIN" | "COMMIT" | "ROLLBACK" | "SET" | "PRAGMA" | "SAVEPOINT" | "RELEASE")
    }
}

/// What stands in a text at one place.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Literal(String),
    /// The `n`th id that each repetition makes anew.
    Id(usize),
    /// A random seeded lead of the first tenant.
    Lead,
    /// The number of the repetition, twelve digits.
    Number,
    /// An id that belongs to the tenant.
    Of(String),
}

/// How a value is made for each repetition.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    Fixed(Value),
    Text(Vec<Piece>),
    /// One id, as bytes where the engine stores bytes.
    Bytes(Piece),
}

/// One operation's statements for one tenant.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub steps: Vec<(String, Vec<Template>)>,
}

/// What the two captures were made with, so that their traces are recognised.
pub struct Marks<'a> {
    /// Texts of the second capture that stand for its number, such as `000000000123` and a phone number.
    pub numbers: &'a [String],
    /// The seeded lead that the second capture asked for.
    pub lead: Option<&'a str>,
    /// The tenant's own id.
    pub tenant: &'a str,
}

const UUID_LENGTH: usize = 36;

fn uuid_at(text: &str, at: usize) -> Option<&str> {
    let part = text.get(at..at + UUID_LENGTH)?;
    let dash = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    let fits = part.bytes().enumerate().all(|(i, b)| if dash(i) { b == b'-' } else { b.is_ascii_hexdigit() });
    fits.then_some(part)
}

fn uuids(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) => (0..text.len()).filter_map(|at| uuid_at(text, at)).map(str::to_ascii_lowercase).collect(),
        Value::Blob(bytes) => uuid::Uuid::from_slice(bytes).map(|id| vec![id.to_string()]).unwrap_or_default(),
        _ => Vec::new(),
    }
}

impl Recipe {
    /// From two captures of one operation by the same tenant.
    ///
    /// # Errors
    /// The captures are not the same statements, so neither is what the operation always does.
    pub fn derive(first: &[Statement], second: &[Statement], marks: &Marks<'_>) -> Result<Self, String> {
        let sql = |list: &[Statement]| list.iter().map(|s| s.sql.clone()).collect::<Vec<_>>();
        if sql(first) != sql(second) {
            return Err(format!("one operation, two sets of statements:\n{:#?}\n{:#?}", sql(first), sql(second)));
        }
        let known: std::collections::BTreeSet<String> = first.iter().flat_map(|s| &s.values).flat_map(uuids).collect();
        let mut fresh: BTreeMap<String, usize> = BTreeMap::new();
        for id in second.iter().flat_map(|s| &s.values).flat_map(uuids) {
            if !known.contains(&id) && id != marks.tenant && Some(id.as_str()) != marks.lead {
                let next = fresh.len();
                fresh.entry(id).or_insert(next);
            }
        }
        let steps = second
            .iter()
            .map(|s| (s.sql.clone(), s.values.iter().map(|value| template(value, &fresh, marks)).collect()))
            .collect();
        Ok(Self { steps })
    }

    /// Only the statements that `keep` says.
    pub fn only(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.steps.retain(|(sql, _)| keep(sql));
        self
    }
}

fn piece(id: &str, fresh: &BTreeMap<String, usize>, marks: &Marks<'_>) -> Piece {
    if Some(id) == marks.lead {
        return Piece::Lead;
    }
    fresh.get(id).map_or_else(|| Piece::Of(id.to_string()), |slot| Piece::Id(*slot))
}

fn template(value: &Value, fresh: &BTreeMap<String, usize>, marks: &Marks<'_>) -> Template {
    match value {
        Value::Blob(bytes) => match uuid::Uuid::from_slice(bytes) {
            Ok(id) => Template::Bytes(piece(&id.to_string(), fresh, marks)),
            Err(_) => Template::Fixed(value.clone()),
        },
        Value::Text(text) => {
            let pieces = pieces(text, fresh, marks);
            match pieces.as_slice() {
                [] | [Piece::Literal(_)] => Template::Fixed(value.clone()),
                _ => Template::Text(pieces),
            }
        }
        other => Template::Fixed(other.clone()),
    }
}

fn pieces(text: &str, fresh: &BTreeMap<String, usize>, marks: &Marks<'_>) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < text.len() {
        let special = if let Some(id) = uuid_at(text, at) {
            Some((piece(&id.to_ascii_lowercase(), fresh, marks), UUID_LENGTH))
        } else {
            let mark = marks.numbers.iter().find(|mark| text[at..].starts_with(mark.as_str()));
            mark.map(|mark| (Piece::Number, mark.len()))
        };
        match special {
            Some((piece, length)) => {
                if !literal.is_empty() {
                    found.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                found.push(piece);
                at += length;
            }
            None => {
                let character = text[at..].chars().next().unwrap_or_default();
                literal.push(character);
                at += character.len_utf8();
            }
        }
    }
    if !literal.is_empty() {
        found.push(Piece::Literal(literal));
    }
    found
}
