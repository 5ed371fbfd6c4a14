//! Who may do what: from an `Authorization` header to a scope.
//!
//! A handler's first argument is who calls, and its first line which permission that needs: [`Caller`] for a tenant's users and API keys (and for an operator who
//! names a tenant), [`Operator`] for the platform's staff. Both are minted here and nowhere else from a request.
//! Permissions are named like the API keys' scopes; a role is a set of them. What a plan does not include is refused
//! with `feature_not_in_plan`. What a caller may not read is taken out of every answer ([`readable`]).

mod anyone;
mod area;
mod browser;
mod caller;
mod credential;
mod hs256;
mod known;
mod noted;
mod operator;
mod permission;
mod readable;
mod remembered;
pub(super) mod store;
pub mod token;
mod visitor;

pub use anyone::{Anyone, Attempts, LoggingIn, Recovering, Renewals, Renewing, SigningUp};
pub use area::{Area, Areas, Callers};
pub use browser::{Browser, OwnPages, set_cookies};
pub use caller::Caller;
pub use credential::Device;
pub use known::KnownTenant;
pub use operator::Operator;
pub use permission::{Entitlements, Feature, Permission, Role};
pub use readable::{conceal_unreadable, is_covered, is_named};
pub use remembered::Remembered;
pub use store::entitlements_here as entitlements;
pub use token::ACCESS_TOKEN_SECONDS;
pub use visitor::Visitor;
