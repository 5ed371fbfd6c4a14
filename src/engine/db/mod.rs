//! The database: one diesel code path over SQLite and PostgreSQL, entered by two doors.
//!
//! [`Db::read`] and [`Db::write`] are the only ways in. Both run a synchronous closure on a thread for blocking work with a
//! transaction bound to a scope: a [`TenantTx`] sees one tenant, a [`PlatformTx`] sees all and is for routing and operators.
//! Nothing can be awaited inside, so no provider is ever called within a transaction.
//! Real differences between the engines live in [`dialect`]; the column types in [`crate::base`].

pub mod backup;
pub mod conn;
pub mod dialect;
mod doors;
pub mod error;
pub mod files;
pub mod filter;
mod freshness;
mod horizon;
mod inputs;
pub mod insert;
mod joining;
pub mod kept_counts;
pub mod key_check;
mod kinds;
pub mod listen;
mod listing;
mod liveness;
mod manager;
pub mod migrate;
pub mod page;
mod places;
mod pool;
#[cfg(test)]
mod pooler;
pub mod prepared;
mod presence;
mod record;
pub mod rows;
pub mod schema;
mod scope;
pub mod sqlite;
pub mod tenant_rows;
#[cfg(debug_assertions)]
pub mod testing;
#[cfg(test)]
mod tests;
mod together;
pub mod tombstones;
pub mod transport;
pub mod vitals;
mod work;
mod wrapped;
mod writer;

pub use conn::{DbConn, MultiBackend};
pub use doors::{Db, DbSettings};
pub use filter::Where;
pub use freshness::{Before, Freshness, Stamp};
pub use horizon::Horizon;
pub use joining::Standing;
pub use listing::Direction;
pub use listing::Rows;
pub use manager::Engine;
pub use page::{ByChange, Order, Page, PageRequest, PageSize};
pub use pool::Connections;
pub use presence::Presence;
pub use scope::{Actor, Origin, PlatformScope, PlatformTx, Scope, TenantScope, TenantTx};
pub use together::Together;
