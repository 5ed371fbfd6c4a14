//! Values without I/O: identifiers, time, money, phone numbers, e-mail addresses, bounded texts, patches and what they change,
//! secrets and the one error type.
//!
//! Everything here is parsed once at the border and trusted inside: a [`Phone`](phone::Phone) is E.164, an
//! [`Email`](email::Email) is normalised, [`Money`](money::Money) is integer minor units with its currency.
//! Nothing here opens a connection, reads a clock or knows HTTP. Next: [`crate::engine`].

pub mod apply;
pub mod body;
pub mod bounded;
pub mod changes;
pub mod crypto;
pub mod dialling;
pub mod email;
pub mod error;
pub mod id;
pub mod json;
pub mod money;
pub mod patch;
pub mod phone;
pub mod phrases;
pub mod refusal;
pub mod text;
pub mod text_enum;
pub mod time;
pub mod unicode;

pub use error::{Error, ErrorKind, FieldError, Result};
