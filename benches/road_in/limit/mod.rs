//! The engine's own limit: the statements that the server ran for an operation, run again without a server.

mod pgbench;

mod sqlite;

use std::time::Duration;

use leadwright::engine::db::Engine;

use crate::Outcome;
use crate::database::Database;
use crate::statements::Recipe;

pub use pgbench::{fill_in, literal, parameter_types};

/// An operation's statements, ready to be run as often as the engine can.
pub enum Limit {
    Postgres(pgbench::Script),
    Sqlite(sqlite::Loop),
}

/// Whether the statements change anything: on SQLite there is one writer, and readers beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

impl Limit {
    /// From one recipe per tenant that takes part; `leads` bounds the random leads.
    pub fn of(database: &Database, name: &str, recipes: Vec<Recipe>, leads: usize, access: Access) -> Outcome<Self> {
        let words = recipes[0].steps.iter().filter_map(|(sql, _)| sql.split_whitespace().next());
        eprintln!("{}: {name} is {} statements: {}", database.engine.name(), words.clone().count(), tally(words));
        Ok(match database.engine {
            Engine::Postgres => Self::Postgres(pgbench::Script::write(database, name, &recipes, leads)?),
            Engine::Sqlite => Self::Sqlite(sqlite::Loop::new(database, recipes, leads, access)),
        })
    }

    /// Repetitions a second with this many at once. SQLite's limit does not depend on it: two readers, or one writer.
    pub fn run(&mut self, connections: usize, length: Duration) -> Outcome<f64> {
        match self {
            Self::Postgres(script) => script.run(connections, length),
            Self::Sqlite(repeat) => repeat.run(length),
        }
    }
}

/// `2 SELECT, 1 INSERT`.
fn tally<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}
