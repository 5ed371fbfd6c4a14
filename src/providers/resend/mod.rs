//! Resend: e-mail out, what became of it in.
//!
//! Every send carries our id as `Idempotency-Key`, so a lost answer is simply sent again and the provider answers as before.
//! Webhooks are signed by Svix ([`verify`]). Not here: inbound e-mail bodies, batches and scheduling.

mod check;
mod classify;
mod emails;
mod signature;
mod wire;

pub use emails::ResendEmails;
pub use signature::{is_signature, verify};
pub use wire::{Bounce, EmailEvent, EmailEventData};
