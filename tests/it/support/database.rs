//! A private database per test: a file on SQLite, a schema on PostgreSQL.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEngine {
    Sqlite,
    Postgres,
}

/// Removed when dropped.
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    schema: Option<(String, String)>,
}

impl Database {
    /// A part of its address that no other test's has.
    pub fn mark(&self) -> &str {
        match &self.schema {
            Some((_, schema)) => schema,
            None => self.url.trim_start_matches("sqlite://"),
        }
    }

    pub fn create(engine: TestEngine) -> Self {
        match engine {
            TestEngine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Self { url, _folder: Some(folder), schema: None }
            }
            TestEngine::Postgres => {
                let server = server_url();
                let schema = format!("t_{}", random_name());
                let mut conn = PgConnection::establish(&server).expect("TEST_DATABASE_URL answers");
                conn.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema for the test");
                let glue = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{glue}options=-csearch_path%3D{schema}&application_name={schema}");
                Self { url, _folder: None, schema: Some((server, schema)) }
            }
        }
    }
}

impl Database {
    /// Ends every connection to this database, as a restart of the server would; answers how many there were.
    pub fn cut_connections(&self) -> usize {
        let Some((server, schema)) = &self.schema else { return 0 };
        let mut conn = PgConnection::establish(server).expect("TEST_DATABASE_URL answers");
        diesel::sql_query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1")
            .bind::<diesel::sql_types::Text, _>(schema)
            .execute(&mut conn)
            .expect("connections are cut")
    }
}

impl Database {
    /// Whether somebody waits for a lock; on SQLite, where nothing tells, always.
    pub fn is_waited_for(&self) -> bool {
        let Some((server, schema)) = &self.schema else { return true };
        let mut conn = PgConnection::establish(server).expect("TEST_DATABASE_URL answers");
        diesel::sql_query("SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'")
            .bind::<diesel::sql_types::Text, _>(schema)
            .execute(&mut conn)
            .expect("the server tells")
            > 0
    }
}

#[allow(clippy::disallowed_methods)] // a name, not an id of ours
fn random_name() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[allow(clippy::disallowed_methods)] // the harness is told where PostgreSQL is
pub fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the suite by scripts/test, which starts a private PostgreSQL")
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            let _ = conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}
