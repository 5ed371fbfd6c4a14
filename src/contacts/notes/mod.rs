//! Notes that people write on a contact, as they do on leads: they stay as they were written, or are deleted.

pub mod api;
pub mod facts;
pub mod store;
mod write;

pub use facts::facts;
pub use store::move_all;
