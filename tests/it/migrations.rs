//! Paired migrations: the same names, up and down and up again, and the schema the code believes in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use leadwright::each_engine;
use leadwright::engine::db::{PlatformScope, PlatformTx, migrate};

use crate::both_engines;

fn names(engine: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let entries = std::fs::read_dir(folder).expect("migrations");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// Table → column → may be null, as `schema.rs` says.
fn declared() -> BTreeMap<String, BTreeMap<String, bool>> {
    let text = include_str!("../../src/engine/db/schema.rs");
    let mut tables = BTreeMap::new();
    for block in text.split("diesel::table!").skip(1) {
        let block = block.split("\n}").next().unwrap_or_default();
        let mut renamed = None;
        let mut table = None;
        let mut columns = BTreeMap::new();
        for line in block.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("#[sql_name = \"") {
                renamed = rest.split('"').next().map(str::to_string);
            } else if let Some((name, kind)) = line.split_once(" -> ") {
                let name = renamed.take().unwrap_or_else(|| name.to_string());
                columns.insert(name, kind.starts_with("Nullable"));
            } else if line.ends_with(") {") {
                table = line.split(' ').next().map(str::to_string);
            }
        }
        tables.insert(table.expect("a table"), columns);
    }
    tables
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
}

/// Without SQLite's text index, which the store alone asks, by hand.
const SQLITE: &str = "SELECT m.name AS table_name, c.name AS column_name, c.\"notnull\" = 0 AS is_nullable \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '__diesel%' AND m.name NOT LIKE 'lead_search%'";
const POSTGRES: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES' AS is_nullable FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%'";

both_engines! {
    async fn the_schema_is_what_the_code_believes(app: TestApp) {
        let columns: Vec<Column> = app.app.core.db.with_connection(|conn| {
            let sql = if matches!(conn, leadwright::engine::db::DbConn::Sqlite(_)) { SQLITE } else { POSTGRES };
            Ok(each_engine!(conn, c => diesel::sql_query(sql).load(c))?)
        }).await.expect("columns");
        let mut real: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
        for column in columns {
            real.entry(column.table_name).or_default().insert(column.column_name, column.is_nullable);
        }
        assert_eq!(real, declared());
    }

    async fn up_down_up(app: TestApp) {
        let db = app.app.core.db.clone();
        let count = names("sqlite").len();
        assert_eq!(db.with_connection(migrate::down).await.expect("down").len(), count);
        assert!(db.with_connection(migrate::is_pending).await.expect("pending"));
        assert_eq!(db.with_connection(migrate::up).await.expect("up").len(), count);
        assert!(db.with_connection(migrate::up).await.expect("again").is_empty());
        app.anonymous().get("/readyz").await.ok();
    }

    async fn readiness_waits_for_no_writer(app: TestApp) {
        app.anonymous().get("/readyz").await.ok();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let db = app.app.core.db.clone();
        let busy = tokio::spawn(async move {
            let write = move |_: &mut PlatformTx<'_>| {
                let _ = begun.send(());
                let _ = gone.recv();
                Ok(())
            };
            db.write(PlatformScope::system(), write).await
        });
        begins.await.expect("it writes");
        app.anonymous().get("/readyz").await.ok();
        go.send(()).expect("it waits");
        busy.await.expect("joined").expect("written");
    }

    async fn who_is_told_to_stop_is_alive_and_not_ready(app: TestApp) {
        app.app.core.db.wake().stop();
        app.anonymous().get("/readyz").await.problem(503, "process.stopping");
        app.anonymous().get("/healthz").await.ok();
    }
}
