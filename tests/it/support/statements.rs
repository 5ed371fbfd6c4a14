//! What is said to one database while something happens.

use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// What was said, by database, where somebody records it.
static SAID: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);
static INSTALLED: Once = Once::new();

fn recordings<T>(with: impl FnOnce(&mut HashMap<String, Vec<String>>) -> T) -> T {
    with(SAID.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Hears one connection; other tests may run in the same process.
#[derive(Default)]
struct Ear {
    url: String,
}

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.url = url.to_string(),
            InstrumentationEvent::StartQuery { query, .. } => recordings(|all| {
                if let Some((_, said)) = all.iter_mut().find(|(name, _)| self.url.contains(name.as_str())) {
                    let text = query.to_string();
                    said.push(text.split(" -- binds").next().unwrap_or_default().trim().to_string());
                }
            }),
            _ => {}
        }
    }
}

/// Call it before any connection is opened.
pub fn install() {
    INSTALLED.call_once(|| {
        set_default_instrumentation(|| Some(Box::<Ear>::default())).expect("nobody else listens");
    });
}

/// A recording of what is said to one database, from now until its end.
pub struct Statements {
    database: String,
}

impl Statements {
    /// `database` is a part of its address that no other has.
    pub fn record(database: &str) -> Self {
        recordings(|all| all.insert(database.into(), Vec::new()));
        Self { database: database.into() }
    }
    pub fn end(self) -> Vec<String> {
        recordings(|all| all.remove(&self.database)).unwrap_or_default()
    }
}
