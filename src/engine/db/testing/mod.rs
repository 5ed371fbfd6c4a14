//! A private database per test, on either engine: a file on SQLite, a schema of its own on PostgreSQL.
//!
//! [`on_both_engines!`] writes a test once and runs it as `name::sqlite` and `name::postgres`. The test's argument is what
//! it plays on: a bare [`Db`], or a folder's own setting that implements [`OnDatabase`]. The database is migrated before and
//! removed afterwards. It is part of every debug build, so that the tests of all folders stand on what the program's build has
//! built. Without a PostgreSQL to run on a test fails; it does not pass by being skipped.

mod template;

use std::future::Future;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{Db, DbSettings, Engine, migrate};
use crate::base::time::Clock;
use crate::engine::jobs::Wake;

pub use template::migrated;

/// What a test plays on, built on an empty, migrated database.
pub trait OnDatabase: Sized {
    fn on(db: Db) -> impl Future<Output = Self>;
}

impl OnDatabase for Db {
    async fn on(db: Db) -> Self {
        db
    }
}

/// Removed when dropped.
struct Private {
    url: String,
    _folder: Option<tempfile::TempDir>,
    /// Server and name.
    schema: Option<(String, String)>,
}

impl Private {
    fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Self { url, _folder: Some(folder), schema: None }
            }
            Engine::Postgres => {
                let server = server_url();
                let schema = format!("u_{}", random_name());
                let mut conn = PgConnection::establish(&server).expect("TEST_DATABASE_URL answers");
                conn.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema for the test");
                let glue = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{glue}options=-csearch_path%3D{schema}&application_name={schema}");
                Self { url, _folder: None, schema: Some((server, schema)) }
            }
        }
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            // Notices about what goes with it are of no interest; a schema left behind goes with the server.
            let _ = conn.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE"));
        }
    }
}

#[allow(clippy::disallowed_methods)] // a name, not an id of ours
fn random_name() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[allow(clippy::disallowed_methods)] // the suite is told where PostgreSQL is
pub(super) fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the suite by scripts/test, which starts a private PostgreSQL")
}

/// Runs one test on one engine. It is 20 November 2026, 09:00 UTC, until the test moves the clock.
pub fn run<S: OnDatabase, Fut: Future<Output = ()>>(engine: Engine, body: impl FnOnce(S) -> Fut) {
    let private = Private::create(engine);
    let clock = Clock::manual("2026-11-20T09:00:00Z".parse().expect("a time"));
    let settings = DbSettings { pool_size: 4, sqlite_synchronous: "OFF".into(), ..DbSettings::new(&private.url) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Handlers run on one thread and need not be `Send`.
    tokio::task::LocalSet::new().block_on(&runtime, async {
        migrated(&settings.url);
        let db = Db::open(&settings, clock, Wake::default(), Default::default()).expect("a database");
        db.with_connection(migrate::up).await.expect("a migrated database");
        assert_eq!(db.engine(), engine);
        body(S::on(db).await).await;
    });
}

/// Writes each test once and runs it on both engines.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($on:ident: $kind:ty) $body:block)+) => {$(
        $(#[$meta])*
        async fn $name($on: $kind) $body

        mod $name {
            use $crate::engine::db::{Engine, testing};

            #[test]
            fn sqlite() {
                testing::run(Engine::Sqlite, super::$name);
            }
            #[test]
            fn postgres() {
                testing::run(Engine::Postgres, super::$name);
            }
        }
    )+};
}
pub use on_both_engines;
