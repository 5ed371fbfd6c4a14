//! The addresses providers call, and the trial of what follows. No provider has a credential of ours: each proves itself in its own
//! way.

pub mod google_ads;
pub mod meta;
pub mod resend;
pub mod test_lead;
pub mod twilio;
