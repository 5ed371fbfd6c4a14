//! What is said to the database while something happens.

use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

static SAID: Mutex<Option<Vec<String>>> = Mutex::new(None);
static INSTALLED: Once = Once::new();

/// Hears every connection opened after [`install`]: each test is a process of its own.
struct Ear;

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && let Some(said) = SAID.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            let text = query.to_string();
            said.push(text.split(" -- binds").next().unwrap_or_default().trim().to_string());
        }
    }
}

/// Call it before any connection is opened.
pub fn install() {
    INSTALLED.call_once(|| {
        set_default_instrumentation(|| Some(Box::new(Ear))).expect("nobody else listens");
    });
}

/// A recording, from now until its end.
pub struct Statements(());

impl Statements {
    pub fn record() -> Self {
        *SAID.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
        Self(())
    }
    pub fn end(self) -> Vec<String> {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}
