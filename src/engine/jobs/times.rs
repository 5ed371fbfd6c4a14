//! The times of a run, which have to fit into each other: a lease outlasts the waiting, the run and the tries to settle it.

use std::time::Duration;

/// How long a claim holds: while a job waits for its place, runs, and settles, however slowly.
pub(super) const LEASE: chrono::Duration = chrono::Duration::seconds(LEASE_SECONDS.cast_signed());
const LEASE_SECONDS: u64 = 150;
/// A job claimed this long ago and not begun is given back.
pub(super) const STALE: Duration = Duration::from_secs(10);
/// The longest timeout a kind may have. Whoever ran for so long still settles under its lease; a longer run could be given
/// to another worker before.
pub(super) const LONGEST_RUN: Duration = Duration::from_secs(66);
/// How long a run of several may take; each that it left may still take its kind's own time.
pub(super) const LONGEST_TOGETHER: Duration = Duration::from_secs(10);
/// How long an end is tried while storage is away.
pub(super) const PATIENCE: Duration = Duration::from_secs(64);
/// For what is written beside the settling, and clocks that differ.
const MARGIN: Duration = Duration::from_secs(10);

const _: () = assert!(STALE.as_secs() + LONGEST_RUN.as_secs() + PATIENCE.as_secs() + MARGIN.as_secs() <= LEASE_SECONDS);
