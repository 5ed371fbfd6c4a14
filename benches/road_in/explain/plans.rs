//! What an engine would do, and whether that is reading a whole table.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use leadwright::engine::db::{DbConn, Engine};
use serde_json::Value as Json;

use crate::Outcome;
use crate::database::{Database, texts};
use crate::limit::{fill_in, literal, parameter_types};
use crate::statements::{Statement, Value};

/// Reading all of a table that is no larger is what a planner should do.
pub const LARGE: i64 = 1000;

/// A plan in words, and the large tables it reads from end to end.
pub struct Plan {
    pub lines: Vec<String>,
    pub scans: Vec<String>,
    /// Reads and sorts all that fits before it keeps a page of it: slower the more there is.
    pub sorts_before_limit: bool,
}

/// Indexes of some rows only: name, table and which rows.
const PARTIAL_OF_POSTGRES: &str = "SELECT indexrelid::regclass::text || chr(9) || indrelid::regclass::text || chr(9) \
    || pg_get_expr(indpred, indrelid) AS value FROM pg_index WHERE indpred IS NOT NULL";
const PARTIAL_OF_SQLITE: &str = "SELECT name || char(9) || tbl_name || char(9) || substr(sql, instr(sql, ' WHERE ') + 7) \
    AS value FROM sqlite_master WHERE type = 'index' AND instr(sql, ' WHERE ') > 0";

pub struct Plans {
    connection: DbConn,
    engine: Engine,
    /// Rows by table, and by index where it holds some only: to read such a one whole is not to read its table.
    sizes: BTreeMap<String, i64>,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

impl Plans {
    pub fn of(database: &Database) -> Outcome<Self> {
        let (tables, partial) = match database.engine {
            Engine::Postgres => {
                ("SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'", PARTIAL_OF_POSTGRES)
            }
            Engine::Sqlite => ("SELECT name AS value FROM sqlite_master WHERE type = 'table'", PARTIAL_OF_SQLITE),
        };
        let mut connection = database.connect()?;
        if let DbConn::Postgres(postgres) = &mut connection {
            // One tenant holds much of every table here, where a planner may well prefer to read all of it. The question is
            // whether an index could serve: what still scans under this setting has none.
            postgres.batch_execute("SET enable_seqscan = off")?;
        }
        let mut sizes = BTreeMap::new();
        for table in texts(&mut connection, tables)?.into_iter().flatten() {
            sizes.insert(table.clone(), count(&mut connection, &table, "true")?);
        }
        for index in texts(&mut connection, partial)?.into_iter().flatten() {
            let [name, table, rows] = index.splitn(3, '\t').collect::<Vec<_>>()[..] else {
                return Err(format!("an index that is not understood: {index}").into());
            };
            sizes.insert(name.to_string(), count(&mut connection, table, rows)?);
        }
        Ok(Self { connection, engine: database.engine, sizes })
    }

    pub fn explain(&mut self, statement: &Statement) -> Outcome<Plan> {
        match self.engine {
            Engine::Postgres => self.postgres(statement),
            Engine::Sqlite => self.sqlite(statement),
        }
    }

    /// Is reading all of it, through this index if there is one, a lot?
    fn is_large(&self, table: &str, index: Option<&str>) -> bool {
        let rows = index.and_then(|index| self.sizes.get(index)).or_else(|| self.sizes.get(table));
        rows.is_some_and(|rows| *rows > LARGE)
    }

    fn postgres(&mut self, statement: &Statement) -> Outcome<Plan> {
        let types = match statement.values.is_empty() {
            true => Vec::new(),
            false => parameter_types(&mut self.connection, &statement.sql).unwrap_or_default(),
        };
        let values: Vec<String> =
            statement.values.iter().enumerate().map(|(n, value)| typed(value, types.get(n))).collect();
        let sql = format!("EXPLAIN (FORMAT JSON) {}", fill_in(&statement.sql, &values));
        let DbConn::Postgres(connection) = &mut self.connection else { return Err("not PostgreSQL".into()) };
        #[derive(QueryableByName)]
        struct Answer {
            #[diesel(sql_type = diesel::sql_types::Json, column_name = "QUERY PLAN")]
            plan: Json,
        }
        let answer: Answer =
            diesel::sql_query(&sql).get_result(connection).map_err(|error| format!("{error}\nin {sql}"))?;
        let mut plan = Plan { lines: Vec::new(), scans: Vec::new(), sorts_before_limit: false };
        self.walk(&answer.plan[0]["Plan"], 0, false, &mut plan);
        Ok(plan)
    }

    fn walk(&self, node: &Json, depth: usize, is_bounded: bool, plan: &mut Plan) {
        let of = |name: &str| node[name].as_str();
        let kind = of("Node Type").unwrap_or("?");
        let mut line = format!("{}{kind}", "  ".repeat(depth));
        for (name, word) in [("Index Name", "using"), ("Relation Name", "on")] {
            if let Some(value) = of(name) {
                line.push_str(&format!(" {word} {value}"));
            }
        }
        for name in ["Index Cond", "Recheck Cond", "Filter"] {
            if let Some(value) = of(name) {
                let short: String = value.chars().take(160).collect();
                line.push_str(&format!("; {name}: {short}"));
            }
        }
        plan.lines.push(line);
        plan.sorts_before_limit |= is_bounded && matches!(kind, "Sort" | "Incremental Sort");
        let table = of("Relation Name").unwrap_or_default();
        let reads_all = kind == "Seq Scan"
            || matches!(kind, "Index Scan" | "Index Only Scan") && of("Index Cond").is_none() && !is_bounded;
        if reads_all && self.is_large(table, of("Index Name")) {
            plan.scans.push(table.to_string());
        }
        // Only what hands rows on one by one lets a limit above it end the reading.
        let passes = matches!(kind, "Limit" | "Index Scan" | "Index Only Scan" | "Nested Loop" | "LockRows" | "Result");
        let bounded = kind == "Limit" || (is_bounded && passes);
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.walk(child, depth + 1, bounded, plan);
        }
    }

    fn sqlite(&mut self, statement: &Statement) -> Outcome<Plan> {
        let DbConn::Sqlite(connection) = &mut self.connection else { return Err("not SQLite".into()) };
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", statement.sql)).load(connection)?;
        let lines: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
        let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE"));
        let has_limit = statement.sql.to_ascii_uppercase().contains("LIMIT");
        let is_bounded = has_limit && !sorts;
        let mut scans = Vec::new();
        for line in &lines {
            let Some(rest) = line.strip_prefix("SCAN ") else { continue };
            let (table, how) = rest.split_once(' ').unwrap_or((rest, ""));
            // What a text index is asked for by a match, it seeks.
            if how.starts_with("VIRTUAL TABLE INDEX") && how.contains(":M") {
                continue;
            }
            let index = how.split_once("INDEX ").map(|(_, index)| index.split(' ').next().unwrap_or(index));
            if self.is_large(table, index) && !(index.is_some() && is_bounded) {
                scans.push(table.to_string());
            }
        }
        Ok(Plan { lines, scans, sorts_before_limit: has_limit && sorts })
    }
}

/// How many rows of a table fit.
fn count(connection: &mut DbConn, table: &str, which: &str) -> Outcome<i64> {
    let count = texts(connection, &format!("SELECT CAST(count(*) AS TEXT) AS value FROM \"{table}\" WHERE {which}"))?;
    Ok(count.into_iter().flatten().next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// A value as PostgreSQL would have been handed it.
fn typed(value: &Value, kind: Option<&String>) -> String {
    let text = match value {
        Value::Null => return "NULL".into(),
        Value::Text(text) => literal(text),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Blob(_) => return "NULL".into(),
    };
    match (kind, value) {
        (Some(kind), _) => format!("{text}::{kind}"),
        // A parameter whose type only the caller knew: the one array of ids we send to `unnest`.
        (None, Value::Text(array)) if array.starts_with('{') && array.len() > 36 => format!("{text}::uuid[]"),
        _ => text,
    }
}
