//! Rows of the inbox: conversations, messages, and the threads that lead an answer back to its tenant.

pub mod conversations;
pub mod engagement;
pub mod held;
pub mod messages;
mod respell;

pub use respell::catch_ups;
