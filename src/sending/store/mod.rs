//! Rows of senders, of what people were sent, and of senders' turns.

pub mod marketing;
pub mod rates;
mod respell;
pub mod senders;

pub use respell::catch_ups;
