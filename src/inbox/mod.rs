//! Conversations and messages.

pub mod model;
pub mod open;
pub mod receive;
pub mod status;
