//! The database under the server, reached beside it: for seeding, for resetting between workloads and for looking at plans.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use leadwright::each_engine;
use leadwright::engine::db::{DbConn, Engine};

use crate::Outcome;

/// Where the measured database is.
pub struct Database {
    pub engine: Engine,
    pub url: String,
    /// Of the SQLite file.
    pub folder: PathBuf,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    value: Option<String>,
}

impl Database {
    /// A fresh one: a file in `folder`, or a database of its own on the server that `TEST_DATABASE_URL` names.
    pub fn create(engine: Engine, folder: PathBuf) -> Outcome<Self> {
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.join("bench.db").display()),
            Engine::Postgres => {
                let server = std::env::var("TEST_DATABASE_URL")
                    .map_err(|_| "TEST_DATABASE_URL is not set: run scripts/bench, which starts a PostgreSQL")?;
                let mut connection = PgConnection::establish(&server)?;
                connection.batch_execute("SET client_min_messages = warning")?;
                connection.batch_execute("DROP DATABASE IF EXISTS leadwright_bench WITH (FORCE)")?;
                connection.batch_execute("CREATE DATABASE leadwright_bench")?;
                let (base, _) = server.rsplit_once('/').ok_or("TEST_DATABASE_URL names no database")?;
                format!("{base}/leadwright_bench")
            }
        };
        Ok(Self { engine, url, folder })
    }

    pub fn connect(&self) -> Outcome<DbConn> {
        Ok(match self.engine {
            Engine::Postgres => DbConn::Postgres(PgConnection::establish(&self.url)?),
            Engine::Sqlite => {
                let path = self.url.trim_start_matches("sqlite://");
                let mut connection = SqliteConnection::establish(path)?;
                connection.batch_execute("PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL")?;
                DbConn::Sqlite(connection)
            }
        })
    }

    /// Runs statements one after the other.
    pub fn run(&self, sql: &str) -> Outcome {
        let mut connection = self.connect()?;
        each_engine!(&mut connection, c => c.batch_execute(sql)).map_err(|error| format!("{error}\nin {sql}"))?;
        Ok(())
    }

    /// The column `value` of a query, as text.
    pub fn texts(&self, sql: &str) -> Outcome<Vec<Option<String>>> {
        texts(&mut self.connect()?, sql)
    }

    /// One number.
    pub fn number(&self, sql: &str) -> Outcome<i64> {
        let rows = self.texts(sql)?;
        let text = rows.into_iter().next().flatten().ok_or_else(|| format!("{sql} answered nothing"))?;
        Ok(text.parse()?)
    }

    /// Finished work out of the way, statistics fresh, nothing left to write back: every workload starts level.
    pub fn settle(&self) -> Outcome {
        match self.engine {
            Engine::Postgres => {
                self.run("DELETE FROM jobs")?;
                self.run("VACUUM (ANALYZE)")?;
                self.run("CHECKPOINT")
            }
            Engine::Sqlite => self.run("DELETE FROM jobs; PRAGMA wal_checkpoint(TRUNCATE)"),
        }
    }
}

/// The column `value` of a query on this connection.
pub fn texts(connection: &mut DbConn, sql: &str) -> Outcome<Vec<Option<String>>> {
    let rows: Vec<Row> =
        each_engine!(connection, c => diesel::sql_query(sql).load(c)).map_err(|error| format!("{error}\nin {sql}"))?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}
