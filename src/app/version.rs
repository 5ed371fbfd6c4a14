//! Which program this is: its version, and the commit it was built from.

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// `debug` of a debug build, `unknown` where there was no git.
pub const COMMIT: &str = env!("LEADWRIGHT_COMMIT");
/// As `leadwright --version` says it.
pub const TOLD: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("LEADWRIGHT_COMMIT"), ")");
