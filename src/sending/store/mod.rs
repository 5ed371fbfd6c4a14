//! Rows of senders.

mod respell;
pub mod senders;

pub use respell::catch_ups;
