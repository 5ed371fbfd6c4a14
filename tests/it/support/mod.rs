//! The test app, its actors and their verbs.

mod app;
mod authenticator;
mod client;
mod database;
mod process;
mod receiver;
pub mod statements;
mod tenant;

pub use app::{OPERATOR_KEY, TestApp};
pub use authenticator::Authenticator;
pub use client::{Answer, Call, Client};
pub use database::{Database, TestEngine};
pub use process::{Process, free_port, leadwright, until};
pub use receiver::{Arrival, Receiver};
pub use tenant::{PASSWORD, Tenant, growth_campaign};

/// Writes each test once and runs it on both engines, as `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::support::{TestApp, TestEngine};

            async fn body($app: TestApp) $body

            #[test]
            fn sqlite() {
                TestApp::run(TestEngine::Sqlite, body);
            }
            #[test]
            fn postgres() {
                TestApp::run(TestEngine::Postgres, body);
            }
        }
    )+};
}
