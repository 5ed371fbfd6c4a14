//! The addresses providers call. None of them takes a credential of ours: each provider proves itself in its own way.

pub mod google_ads;
pub mod meta;
pub mod resend;
pub mod twilio;
