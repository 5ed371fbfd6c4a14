//! How far a process is with joining the others on the same database. It takes no requests before it has joined: it would
//! answer from a database that may not be migrated, and would not hear what others change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// It was not told to, as a command that does one thing.
    Apart,
    /// It prepares the database, and answers nothing but health: what it would answer from may be older than it, or not its own.
    Preparing,
    /// It does not know yet whether it hears the others.
    Joining,
    /// It hears what others do, or there are none.
    Joined,
    /// It hears nobody, so it looks for itself and remembers nothing.
    Polling,
}

#[derive(Clone, Default)]
pub(super) struct Joining(Arc<AtomicU8>);

impl Joining {
    pub fn set(&self, standing: Standing) {
        self.0.store(standing as u8, Ordering::Release);
    }
    pub fn get(&self) -> Standing {
        match self.0.load(Ordering::Acquire) {
            1 => Standing::Preparing,
            2 => Standing::Joining,
            3 => Standing::Joined,
            4 => Standing::Polling,
            _ => Standing::Apart,
        }
    }
}
