//! The tables of a test's empty database, quicker than migrations bring them one by one: on SQLite a file is copied that was
//! migrated once, PostgreSQL is told all of them at once. What is missing then is what [`migrate::up`] would apply, and it is
//! asked as always.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::random_name;
use crate::engine::db::conn::DbConn;
use crate::engine::db::migrate;

/// Makes the tables of the empty database at `url`.
pub fn migrated(url: &str) {
    match url.strip_prefix("sqlite://") {
        Some(file) => copy(Path::new(file)),
        None => tell_all(url),
    }
}

/// Beside the program of the tests, and of that very build of it.
fn template() -> PathBuf {
    let program = std::env::current_exe().expect("the program of the tests");
    let built = fs::metadata(&program).and_then(|file| file.modified()).expect("when it was built");
    let built = built.duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    program.with_extension(format!("{built}.db"))
}

fn copy(file: &Path) {
    let template = template();
    if !template.exists() {
        // Several processes may do so at once; whichever is last leaves the same.
        let new = template.with_extension(random_name());
        let conn = SqliteConnection::establish(&new.display().to_string()).expect("a new database");
        let mut conn = DbConn::Sqlite(conn);
        migrate::up(&mut conn).expect("a migrated database");
        drop(conn);
        fs::rename(&new, &template).expect("the template in its place");
    }
    fs::copy(&template, file).expect("a copy of the template");
}

fn tell_all(url: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the migrations")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    // Extensions are the whole database's: the first to add them is the only one that does. The table is as diesel makes it.
    let mut all = "DO $$ BEGIN IF (SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin')) < 2 \
        THEN PERFORM pg_advisory_lock(7239012466); END IF; END $$;\n\
        CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
        run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\n"
        .to_string();
    for name in names {
        let version = name.split('_').next().unwrap_or_default();
        // A transaction each: what is read on and on ends before the oldest that is still open, whosever it is.
        all += "BEGIN;\n";
        all += &fs::read_to_string(folder.join(&name).join("up.sql")).expect("a migration");
        all += &format!("\n;INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');\nCOMMIT;\n");
    }
    let mut conn = PgConnection::establish(url).expect("PostgreSQL answers");
    conn.batch_execute(&format!("SET client_min_messages = warning;\n{all}")).expect("a migrated database");
}
