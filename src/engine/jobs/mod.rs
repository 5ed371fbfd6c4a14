//! Jobs: what follows from a transaction, run after it, until done or visibly dead.
//!
//! [`enqueue`] needs a write transaction, so work exists exactly when its cause does. A worker claims many rows in one
//! short statement, fairly across tenants, runs them outside any transaction and settles them in batches; a job's own
//! writes may join that settlement ([`JobContext::finish`]), so that effect and completion are one. A worker that dies
//! loses its lease and the job runs again. [`schedule`] turns periods into one unique job per slot.

pub mod backlog;
mod context;
mod death;
mod hands;
mod lease;
mod model;
pub mod registry;
mod run;
pub mod schedule;
mod settler;
pub mod store;
mod supply;
mod tend;
mod times;
mod turns;
mod wake;
pub mod worker;

pub use context::JobContext;
pub use model::{Job, JobKind, JobState, NewJob, Outcome};
pub use registry::Registry;
pub use store::enqueue;
pub use turns::Turns;
pub use wake::Wake;
pub use worker::{Worker, WorkerSettings};
