//! Every list is read along an index: on both engines there is one that holds its order and ends in the id, after columns that
//! the list is narrowed by.
//!
//! The lists are the document's, each in every order that it offers; what they say to the database is listened to.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use leadwright::each_engine;
use leadwright::engine::db::DbConn;
use serde_json::Value;

use crate::both_engines;
use crate::contract::operations;
use crate::described::schemes;
use crate::permissions::{filled, resources};
use crate::support::TestApp;
use crate::support::statements::Statements;

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    index_name: String,
    #[diesel(sql_type = BigInt)]
    #[allow(dead_code)]
    position: i64,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// Those that hold every row.
const SQLITE: &str = "SELECT m.name AS table_name, i.name AS index_name, c.seqno AS position, c.name AS column_name \
    FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
    WHERE m.type = 'table' AND i.partial = 0 AND c.name IS NOT NULL ORDER BY 1, 2, 3";
const POSTGRES: &str = "SELECT t.relname::text AS table_name, x.relname::text AS index_name, k.place::bigint AS position, \
    a.attname::text AS column_name \
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
    JOIN pg_namespace n ON n.oid = t.relnamespace CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place) \
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number \
    WHERE n.nspname = current_schema() AND i.indpred IS NULL ORDER BY 1, 2, 3";

/// Table → the columns of each of its indexes.
async fn indexes(app: &TestApp) -> BTreeMap<String, Vec<Vec<String>>> {
    let read = |conn: &mut DbConn| {
        let sql = if matches!(conn, DbConn::Sqlite(_)) { SQLITE } else { POSTGRES };
        Ok(each_engine!(conn, c => diesel::sql_query(sql).load::<Place>(c))?)
    };
    let places = app.app.core.db.with_connection(read).await.expect("the catalogue");
    let mut by_index: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for place in places {
        by_index.entry((place.table_name, place.index_name)).or_default().push(place.column_name);
    }
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for ((table, _), columns) in by_index {
        found.entry(table).or_default().push(columns);
    }
    found
}

/// What a list says: which table it is sorted by, the columns it is sorted by, and those that have one value.
#[derive(Debug, PartialEq)]
struct List {
    table: String,
    order: Vec<String>,
    fixed: BTreeSet<String>,
}

/// `"table"."column"`, at the beginning of a text, and what comes behind it.
fn column(text: &str) -> Option<(&str, &str, &str)> {
    let (table, rest) = text.strip_prefix('"')?.split_once("\".\"")?;
    let (column, rest) = rest.split_once('"')?;
    (!table.contains(['"', ' '])).then_some((table, column, rest))
}

/// The statement of a page: it is sorted by columns of one table, in one direction, and ends in a limit.
fn list_of(sql: &str) -> Option<List> {
    let (before, order) = sql.rsplit_once(" ORDER BY ")?;
    let (order, _) = order.split_once(" LIMIT ")?;
    let mut columns = Vec::new();
    for one in order.split(", ") {
        let (table, name, direction) = column(one)?;
        columns.push((table.to_string(), name.to_string(), direction.trim().to_string()));
    }
    let (table, _, direction) = columns.first()?.clone();
    if columns.iter().any(|one| one.0 != table || one.2 != direction) || columns.len() > 2 {
        return None;
    }
    let own = format!("\"{table}\".\"");
    let is_fixed = |rest: &str| rest.starts_with(" = ") || rest.starts_with(" IS NULL");
    let fixed = before.match_indices(&own).filter_map(|(at, _)| column(&before[at..]));
    let fixed = fixed.filter(|(.., rest)| is_fixed(rest)).map(|(_, name, _)| name.to_string()).collect();
    Some(List { table, order: columns.into_iter().map(|(_, name, _)| name).collect(), fixed })
}

/// The index holds the order, behind columns of one value alone.
fn serves(index: &[String], list: &List) -> bool {
    index.len().checked_sub(list.order.len()).is_some_and(|start| {
        index[start..] == list.order[..] && index[..start].iter().all(|column| list.fixed.contains(column))
    })
}

/// The orders that a list offers, each as the query that asks for it.
fn queries(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let orders = parameters.filter(|one| ["sort", "order"].contains(&one["name"].as_str().unwrap_or_default()));
    let mut found = vec![String::new()];
    for parameter in orders {
        let schema = crate::contract::resolve(&parameter["schema"]).unwrap_or_default();
        let name = parameter["name"].as_str().unwrap_or_default();
        let words = schema["enum"].as_array().cloned().unwrap_or_default();
        found.extend(words.iter().filter_map(Value::as_str).map(|word| format!("?{name}={word}")));
    }
    found
}

both_engines! {
    async fn every_list_is_read_along_an_index(app: TestApp) {
        app.app.core.db.join_others();
        let tenant = app.growth("Orders").await;
        let known = resources(&app, &tenant).await;
        let indexes = indexes(&app).await;
        let (mut wrong, mut lists) = (Vec::new(), 0);
        let takes_page = |operation: &Value| operation["parameters"].as_array().is_some_and(|all| {
            all.iter().any(|one| one["$ref"] == "#/components/parameters/cursor")
        });
        for (method, path, operation) in operations() {
            if method != "get" || !takes_page(&operation) {
                continue;
            }
            let is_operators = !schemes(&operation).iter().any(|scheme| scheme == "bearer");
            let client = if is_operators { app.operator() } else { tenant.owner.clone() };
            for query in queries(&operation) {
                let target = format!("{}{query}", filled(&path, &known));
                let said = Statements::record(&app.mark());
                client.get(&target).await.ok();
                let said: Vec<List> = said.end().iter().filter_map(|sql| list_of(&sql.replace('`', "\""))).collect();
                if said.is_empty() {
                    wrong.push(format!("{target} says no order"));
                }
                for list in said {
                    lists += 1;
                    let own = indexes.get(&list.table).map(Vec::as_slice).unwrap_or_default();
                    if !own.iter().any(|index| serves(index, &list)) {
                        wrong.push(format!("{target}: {} has no index for {:?} after {:?}: {own:?}", list.table, list.order, list.fixed));
                    }
                }
            }
        }
        assert!(lists > 20, "{lists}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn an_order_is_served_by_what_ends_in_it() {
    let sql = r#"SELECT "notes"."id" FROM "notes" WHERE "notes"."tenant_id" = $1 AND "notes"."kind" <> $2 ORDER BY "notes"."created_at" DESC, "notes"."id" DESC LIMIT $3"#;
    let list = list_of(sql).expect("a list");
    let columns = |names: &str| names.split(' ').map(str::to_string).collect::<Vec<_>>();
    assert_eq!((list.table.as_str(), &list.order), ("notes", &columns("created_at id")));
    for (index, expected) in [
        ("tenant_id created_at id", true),
        ("created_at id", true),
        ("tenant_id id", false),
        ("tenant_id kind created_at id", false),
        ("tenant_id created_at", false),
    ] {
        assert_eq!(serves(&columns(index), &list), expected, "{index}");
    }
    assert_eq!(list_of(r#"SELECT 1 FROM jobs ORDER BY run_at LIMIT 1"#), None);
}
