//! Twilio: WhatsApp messages and SMS out, answers and delivery statuses in.
//!
//! Twilio signs the *URL it called* plus the form ([`verify_request`]), so behind a proxy that URL is built from configuration.
//! There is no idempotency key: after a lost answer, look with `find_sent` before sending again. Its many status words become
//! our five ([`delivery_status`]), its codes our classes ([`class_of`]).

mod address;
mod check;
mod classify;
mod inbound;
mod media;
mod messages;
mod signature;
mod wire;

pub use address::split_channel;
pub use classify::class_of;
pub use inbound::{InboundMedia, InboundText, OptOutWord, SharedLocation};
pub use messages::TwilioMessages;
pub use signature::{is_signature, sign_form, sign_url, verify_form, verify_json, verify_request};
pub use wire::{TextStatus, delivery_status};

pub use address::address;
pub use wire::parse_form;
