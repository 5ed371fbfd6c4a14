//! Any SMTP server, for installations that have one already.
//!
//! SMTP has no idempotency and no callbacks: a `250` after DATA is all that is ever learned, so "sent" is as far as such an e-mail
//! gets. The `Message-ID` is derived from our id, which lets a receiver recognise a repeated message. Bounces come by mail and
//! are not read here.

mod classify;
mod emails;

pub use emails::SmtpEmails;
