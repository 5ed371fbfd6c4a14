//! What the server says to its database: the real application in this process, with the engine telling every statement.
//!
//! PostgreSQL writes them into its log for the sessions of this application alone, SQLite calls back. Both give the statement
//! as prepared and the values it ran with.

use std::net::{SocketAddr, TcpListener};

use leadwright::app::{App, serve};
use leadwright::base::time::Clock;
use leadwright::config::{Config, Source};
use leadwright::engine::db::{DbConn, Engine};

use crate::Outcome;
use crate::database::{Database, texts};
use crate::statements::{Statement, Value};

/// The application, listening.
pub struct Traced {
    pub app: App,
    pub to: SocketAddr,
    engine: Engine,
    handle: actix_web::dev::ServerHandle,
    /// Reads PostgreSQL's log.
    reader: Option<DbConn>,
}

/// Starts it on a runtime; no jobs run unless the caller runs them.
pub async fn start(database: &Database, settings: &[(&'static str, String)]) -> Outcome<Traced> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let to = listener.local_addr()?;
    let mut source = Source::default();
    for (name, value) in settings {
        source.set(name.trim_start_matches("LEADWRIGHT_"), value);
    }
    source.set("BIND", to.to_string()).set("RATE_LIMIT", "off");
    let reader = match database.engine {
        Engine::Postgres => {
            source.set("DATABASE_URL", format!("{}?options=-clog_statement%3Dall", database.url));
            Some(database.connect()?)
        }
        Engine::Sqlite => {
            sqlite::watch_new_connections(true);
            source.set("DATABASE_URL", &database.url);
            None
        }
    };
    let app = App::build(Config::from_source(&source)?, Clock::system()).map_err(|error| error.chain())?;
    app.prepare().await.map_err(|error| error.chain())?;
    let server = serve::http(&app, listener, 1).map_err(|error| error.chain())?;
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Traced { app, to, engine: database.engine, handle, reader })
}

impl Traced {
    /// What was said to the database while `body` ran, in order, and what `body` answered.
    pub async fn during<T>(&mut self, body: impl Future<Output = Outcome<T>>) -> Outcome<(T, Vec<Statement>)> {
        match self.engine {
            Engine::Postgres => {
                let reader = self.reader.as_mut().ok_or("no reader")?;
                let before = postgres::log_size(reader)?;
                let answer = body.await?;
                let said = postgres::statements(&postgres::log_since(reader, before)?)?;
                Ok((answer, said))
            }
            Engine::Sqlite => {
                sqlite::take();
                let answer = body.await?;
                let said = sqlite::take();
                let said: Result<Vec<Statement>, String> =
                    said.iter().map(|(sql, expanded)| sqlite::statement(sql, expanded)).collect();
                Ok((answer, said?))
            }
        }
    }

    pub async fn stop(self) {
        sqlite::watch_new_connections(false);
        self.handle.stop(false).await;
    }
}

mod postgres {
    use super::*;

    const LOG: &str = "current_setting('data_directory') || '/../server.log'";

    pub fn log_size(reader: &mut DbConn) -> Outcome<i64> {
        let rows = texts(reader, &format!("SELECT (pg_stat_file({LOG})).size::text AS value"))
            .map_err(|error| format!("PostgreSQL's log cannot be read; run scripts/bench: {error}"))?;
        Ok(rows.into_iter().next().flatten().ok_or("no log")?.parse()?)
    }

    pub fn log_since(reader: &mut DbConn, offset: i64) -> Outcome<String> {
        let end = log_size(reader)?;
        let rows = texts(reader, &format!("SELECT pg_read_file({LOG}, {offset}, {}) AS value", end - offset))?;
        Ok(rows.into_iter().next().flatten().unwrap_or_default())
    }

    /// Entries are `2026-11-21 08:48:54.123 UTC [1234] LOG:  execute name: SQL`, with `DETAIL:  parameters: $1 = '…', …` after.
    pub fn statements(log: &str) -> Result<Vec<Statement>, String> {
        let mut entries: Vec<String> = Vec::new();
        for line in log.lines() {
            match (line.strip_prefix('\t'), entries.last_mut()) {
                (Some(more), Some(entry)) => {
                    entry.push('\n');
                    entry.push_str(more);
                }
                _ => entries.push(line.to_string()),
            }
        }
        let mut said: Vec<Statement> = Vec::new();
        for entry in entries {
            let Some((_, message)) = entry.split_once("] ") else { continue };
            if let Some(text) = message.strip_prefix("LOG:  statement: ") {
                said.push(Statement { sql: text.to_string(), values: Vec::new() });
            } else if let Some(text) = message.strip_prefix("LOG:  execute ") {
                let sql = text.split_once(": ").map_or(text, |(_, sql)| sql);
                said.push(Statement { sql: sql.to_string(), values: Vec::new() });
            } else if let Some(text) =
                message.strip_prefix("DETAIL:  parameters: ").or(message.strip_prefix("DETAIL:  Parameters: "))
                && let Some(last) = said.last_mut()
            {
                last.values = parameters(text)?;
            }
        }
        Ok(said)
    }

    /// `$1 = 'it''s', $2 = NULL`.
    fn parameters(text: &str) -> Result<Vec<Value>, String> {
        let mut values = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (_, after) = rest.split_once(" = ").ok_or_else(|| format!("not a parameter: {rest}"))?;
            if let Some(after) = after.strip_prefix("NULL") {
                values.push(Value::Null);
                rest = after.trim_start_matches(", ");
                continue;
            }
            let (value, after) = super::quoted(after).ok_or_else(|| format!("not a parameter: {after}"))?;
            values.push(Value::Text(value));
            rest = after.trim_start_matches(", ");
        }
        Ok(values)
    }
}

/// A quoted text at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix('\'')?;
    let mut value = String::new();
    let mut rest = body;
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, rest)),
        }
    }
}

mod sqlite {
    use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use libsqlite3_sys as ffi;

    use super::{Statement, Value, quoted};

    static WATCHING: AtomicBool = AtomicBool::new(false);
    /// Statements as prepared and as run.
    static SAID: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

    /// From now on, connections that are opened tell what they run; or no longer.
    pub fn watch_new_connections(on: bool) {
        static REGISTERED: std::sync::Once = std::sync::Once::new();
        // SAFETY: SQLite calls the function with a connection, an error message and its routines, and it lives for ever.
        REGISTERED.call_once(|| unsafe {
            ffi::sqlite3_auto_extension(Some(opened));
        });
        WATCHING.store(on, Ordering::SeqCst);
    }

    pub fn take() -> Vec<(String, String)> {
        std::mem::take(&mut *SAID.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    unsafe extern "C" fn opened(
        db: *mut ffi::sqlite3,
        _: *mut *mut c_char,
        _: *const ffi::sqlite3_api_routines,
    ) -> c_int {
        if WATCHING.load(Ordering::SeqCst) {
            // SAFETY: the connection is open, and the callback uses no context of ours.
            unsafe { ffi::sqlite3_trace_v2(db, ffi::SQLITE_TRACE_STMT as c_uint, Some(runs), std::ptr::null_mut()) };
        }
        ffi::SQLITE_OK
    }

    unsafe extern "C" fn runs(_: c_uint, _: *mut c_void, statement: *mut c_void, sql: *mut c_void) -> c_int {
        // SAFETY: with this event SQLite hands over the statement and its text; the expansion is ours to free.
        unsafe {
            let sql = CStr::from_ptr(sql as *const c_char).to_string_lossy().into_owned();
            if sql.starts_with("--") {
                // A trigger's inside.
                return 0;
            }
            let expanded = ffi::sqlite3_expanded_sql(statement as *mut ffi::sqlite3_stmt);
            if !expanded.is_null() {
                let text = CStr::from_ptr(expanded).to_string_lossy().into_owned();
                ffi::sqlite3_free(expanded.cast());
                if let Ok(mut said) = SAID.lock() {
                    said.push((sql, text));
                }
            }
        }
        0
    }

    /// Reads the values back out of the expanded text, which differs from the prepared one only where a value stands.
    pub fn statement(sql: &str, expanded: &str) -> Result<Statement, String> {
        let (mut values, mut at) = (Vec::new(), 0);
        let mut rest = expanded;
        let bytes = sql.as_bytes();
        let mut quote: Option<u8> = None;
        while at < bytes.len() {
            let byte = bytes[at];
            if quote.is_none() && byte == b'?' {
                let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                at += 1 + digits;
                let (value, after) = literal(rest).ok_or_else(|| format!("no value at {rest:?} for {sql:?}"))?;
                values.push(value);
                rest = after;
                continue;
            }
            match quote {
                Some(open) if open == byte => quote = None,
                None if matches!(byte, b'\'' | b'"' | b'`') => quote = Some(byte),
                _ => {}
            }
            if rest.as_bytes().first() != Some(&byte) {
                return Err(format!("{expanded:?} is not {sql:?} with values"));
            }
            // Bytes match, so a character's end in one is its end in the other.
            let step = sql[at..].chars().next().map_or(1, char::len_utf8);
            at += step;
            rest = &rest[step..];
        }
        Ok(Statement { sql: sql.to_string(), values })
    }

    fn literal(text: &str) -> Option<(Value, &str)> {
        if let Some(rest) = text.strip_prefix("NULL") {
            return Some((Value::Null, rest));
        }
        if text.starts_with("x'") || text.starts_with("X'") {
            let (digits, rest) = quoted(&text[1..])?;
            return Some((Value::Blob(hex::decode(digits).ok()?), rest));
        }
        if text.starts_with('\'') {
            let (value, rest) = quoted(text)?;
            return Some((Value::Text(value), rest));
        }
        let length =
            text.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let number = &text[..length];
        let value = number.parse().map(Value::Integer).ok().or_else(|| number.parse().map(Value::Real).ok())?;
        Some((value, &text[length..]))
    }
}
