//! PostgreSQL's limit by pgbench with a custom script and prepared statements.
//!
//! Values that each repetition makes anew are expressions over pgbench's variables; what belongs to a tenant is loaded once
//! per connection, as the server's callers keep to one tenant each; the rest is written into the statement.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::database::{Database, texts};
use crate::statements::{Piece, Recipe, Template, Value};

/// A script on disk.
pub struct Script {
    path: PathBuf,
    url: String,
    program: PathBuf,
    /// Numbers that no earlier run has used begin here.
    base: u64,
    /// Seconds not counted.
    warm_up: u64,
}

/// A value's pieces, with what differs between tenants named.
enum Part {
    Same(Piece),
    /// The `n`th value of the tenant.
    Differs(usize),
}

impl Script {
    pub fn write(database: &Database, name: &str, recipes: &[Recipe], leads: usize) -> Outcome<Self> {
        let mut connection = database.connect()?;
        let mut columns: Vec<Vec<String>> = Vec::new();
        let mut body = String::new();
        for (step, (sql, templates)) in recipes[0].steps.iter().enumerate() {
            let types = if templates.is_empty() { Vec::new() } else { parameter_types(&mut connection, sql)? };
            let mut rendered = Vec::new();
            for (index, kind) in types.iter().enumerate().take(templates.len()) {
                let across: Vec<Option<Vec<Piece>>> =
                    recipes.iter().map(|recipe| pieces(&recipe.steps[step].1[index])).collect();
                rendered.push(expression(&across, kind, &mut columns)?);
            }
            body.push_str(&fill_in(sql, &rendered));
            body.push_str(";\n");
        }
        let mut script = String::from("\\set i :i + 1\n\\set n :base + :client_id * 10000000 + :i\n");
        script.push_str(&format!("\\set lead random(1, {leads})\n"));
        if !columns.is_empty() {
            let table = format!("bench_world_{}", name.replace('-', "_"));
            create_world(database, &table, &columns)?;
            let list: Vec<String> = (0..columns.len()).map(|n| format!("t{n}")).collect();
            let count = recipes.len();
            script.push_str(&format!(
                "\\if :ready = 0\nSELECT {} FROM {table} WHERE i = (:client_id)::int % {count} \\gset\n\\set ready 1\n\\endif\n",
                list.join(", ")
            ));
        }
        script.push_str(&body);
        let path = database.folder.join(format!("{name}.pgbench.sql"));
        std::fs::write(&path, script)?;
        // A single statement is planned at once; a long transaction on many connections takes its time.
        let warm_up = if recipes[0].steps.len() > 1 { 2 } else { 0 };
        Ok(Self { path, url: database.url.clone(), program: program()?, base: 100_000_000_000, warm_up })
    }

    /// Transactions a second, once every connection has prepared and planned its statements: the server's connections have
    /// long done so.
    pub fn run(&mut self, connections: usize, length: Duration) -> Outcome<f64> {
        let seconds = length.as_secs_f64().ceil().max(1.0) as u64 + self.warm_up;
        self.base += 1_000_000_000;
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args([format!("--client={connections}"), format!("--time={seconds}"), "--progress=1".into()])
            .args(["-D", "i=0", "-D", "ready=0", "-D", &format!("base={}", self.base)])
            .arg(format!("--file={}", self.path.display()))
            .arg(&self.url)
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .output()?;
        let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let whole: Option<f64> =
            told.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
        // `progress: 2.0 s, 5631.4 tps, …`, every second.
        let rate = |line: &str| line.strip_prefix("progress: ")?.split(", ").nth(1)?.strip_suffix(" tps")?.parse().ok();
        let warm: Vec<f64> = errors.lines().filter_map(rate).skip(usize::try_from(self.warm_up)?).collect();
        match whole {
            Some(whole) if output.status.success() && !errors.contains("aborted") => {
                Ok(if warm.is_empty() || self.warm_up == 0 {
                    whole
                } else {
                    warm.iter().sum::<f64>() / warm.len() as f64
                })
            }
            _ => Err(format!("pgbench failed on {}:\n{told}{errors}", self.path.display()).into()),
        }
    }
}

/// pgbench beside the newest server, or on PATH.
fn program() -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .map(|folder| folder.join("pgbench"))
        .filter(|path| path.exists())
        .collect();
    for folder in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        found.push(folder.path().join("bin/pgbench"));
    }
    found.into_iter().rfind(|path| path.exists()).ok_or_else(|| "pgbench is missing; it comes with PostgreSQL".into())
}

fn pieces(template: &Template) -> Option<Vec<Piece>> {
    Some(match template {
        Template::Fixed(Value::Null) => return None,
        Template::Fixed(Value::Text(text)) => vec![Piece::Literal(text.clone())],
        Template::Fixed(Value::Integer(number)) => vec![Piece::Literal(number.to_string())],
        Template::Fixed(Value::Real(number)) => vec![Piece::Literal(number.to_string())],
        Template::Fixed(Value::Blob(bytes)) => vec![Piece::Literal(format!("\\x{}", hex::encode(bytes)))],
        Template::Text(pieces) => pieces.clone(),
        Template::Bytes(piece) => vec![piece.clone()],
    })
}

fn expression(across: &[Option<Vec<Piece>>], kind: &str, columns: &mut Vec<Vec<String>>) -> Outcome<String> {
    let Some(first) = &across[0] else { return Ok(format!("NULL::{kind}")) };
    let mut parts = Vec::new();
    for (index, piece) in first.iter().enumerate() {
        if across.iter().all(|other| nth(other, index) == Some(piece)) {
            parts.push(Part::Same(piece.clone()));
            continue;
        }
        let values: Option<Vec<String>> = across
            .iter()
            .map(|other| match nth(other, index) {
                Some(Piece::Literal(text) | Piece::Of(text)) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let values = values.ok_or("the tenants' statements differ in more than their values")?;
        let column = columns.iter().position(|known| *known == values).unwrap_or_else(|| {
            columns.push(values);
            columns.len() - 1
        });
        parts.push(Part::Differs(column));
    }
    let texts: Vec<String> = parts.iter().map(render).collect();
    Ok(format!("({})::{kind}", if texts.is_empty() { "''".into() } else { texts.join(" || ") }))
}

fn nth(pieces: &Option<Vec<Piece>>, index: usize) -> Option<&Piece> {
    pieces.as_ref().and_then(|pieces| pieces.get(index))
}

fn render(part: &Part) -> String {
    let id = |prefix: &str, variable: &str| {
        format!("('{prefix}-0000-7000-8000-' || lpad(to_hex((:{variable})::bigint), 12, '0'))")
    };
    match part {
        Part::Same(Piece::Literal(text) | Piece::Of(text)) => literal(text),
        Part::Same(Piece::Id(slot)) => id(&format!("0199{slot:04x}"), "n"),
        Part::Same(Piece::Lead) => id("01900000", "lead"),
        Part::Same(Piece::Number) => "lpad((:n)::text, 12, '0')".into(),
        Part::Differs(column) => format!("(:t{column})::text"),
    }
}

/// A quoted text in which pgbench finds no variable of its own.
pub fn literal(text: &str) -> String {
    let mut quoted = String::from("E'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            ':' => quoted.push_str("\\x3a"),
            '\n' => quoted.push_str("\\n"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// Puts values in the places of `$1`, `$2`, ….
pub fn fill_in(sql: &str, values: &[String]) -> String {
    let mut filled = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        filled.push_str(&rest[..at]);
        let value = rest[at + 1..at + 1 + digits].parse::<usize>().ok().and_then(|n| values.get(n - 1));
        filled.push_str(value.map_or("$", String::as_str));
        rest = if value.is_some() { &rest[at + 1 + digits..] } else { &rest[at + 1..] };
    }
    filled.push_str(rest);
    filled
}

/// What the server takes each parameter for.
pub fn parameter_types(connection: &mut leadwright::engine::db::DbConn, sql: &str) -> Outcome<Vec<String>> {
    use diesel::connection::SimpleConnection;
    leadwright::each_engine!(connection, c => c.batch_execute(&format!("PREPARE bench_types AS {sql}")))
        .map_err(|error| format!("{error}\nin {sql}"))?;
    let types = texts(
        connection,
        "SELECT kind::text AS value FROM pg_prepared_statements, unnest(parameter_types) WITH ORDINALITY AS p (kind, place) \
         WHERE name = 'bench_types' ORDER BY place",
    );
    leadwright::each_engine!(connection, c => c.batch_execute("DEALLOCATE bench_types"))?;
    Ok(types?.into_iter().flatten().collect())
}

/// One row per tenant with what is its own.
fn create_world(database: &Database, table: &str, columns: &[Vec<String>]) -> Outcome {
    let definitions: Vec<String> = (0..columns.len()).map(|n| format!("t{n} text")).collect();
    let mut sql =
        format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (i int PRIMARY KEY, {});", definitions.join(", "));
    for row in 0..columns[0].len() {
        let values: Vec<String> = columns.iter().map(|column| literal(&column[row])).collect();
        sql.push_str(&format!("INSERT INTO {table} VALUES ({row}, {});", values.join(", ")));
    }
    database.run(&sql)
}
