//! SQLite's limit: prepared statements in a loop in this process, with the server's PRAGMAs; two readers, or one writer.

use std::ffi::{CStr, CString, c_int};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;

use super::Access;
use crate::Outcome;
use crate::database::Database;
use crate::statements::{Piece, Recipe, Template, Value};

/// The server's own settings of a connection, for a reader and for a writer.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;";
const READERS: usize = 2;

/// Numbers that make every repetition's rows its own.
static NUMBERS: AtomicU64 = AtomicU64::new(100_000_000_000);

pub struct Loop {
    path: String,
    recipes: Vec<Recipe>,
    leads: u64,
    access: Access,
}

impl Loop {
    pub fn new(database: &Database, recipes: Vec<Recipe>, leads: usize, access: Access) -> Self {
        let path = database.url.trim_start_matches("sqlite://").to_string();
        Self { path, recipes, leads: leads as u64, access }
    }

    /// Repetitions a second of all threads together.
    pub fn run(&self, length: Duration) -> Outcome<f64> {
        let threads = if self.access == Access::Read { READERS } else { 1 };
        let per_thread: Vec<Outcome<f64>> = std::thread::scope(|scope| {
            let running: Vec<_> =
                (0..threads).map(|seed| scope.spawn(move || self.repeat(seed as u64, length))).collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())))
                .collect()
        });
        per_thread.into_iter().sum()
    }

    fn repeat(&self, seed: u64, length: Duration) -> Outcome<f64> {
        let connection = Connection::open(&self.path)?;
        connection.execute(PRAGMAS)?;
        let steps: Result<Vec<Prepared<'_>>, String> =
            self.recipes[0].steps.iter().map(|(sql, _)| connection.prepare(sql)).collect();
        let steps = steps?;
        // A linear congruential walk is random enough to defeat the cache and cheap enough not to be measured.
        let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_add(seed);
        let began = Instant::now();
        let mut done = 0_u64;
        while began.elapsed() < length {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let turn = Turn { number: NUMBERS.fetch_add(1, Ordering::Relaxed), lead: 1 + (random >> 33) % self.leads };
            let recipe = &self.recipes[usize::try_from(done).unwrap_or(0) % self.recipes.len()];
            for (prepared, (_, values)) in steps.iter().zip(&recipe.steps) {
                prepared.run(values, turn)?;
            }
            done += 1;
        }
        Ok(done as f64 / began.elapsed().as_secs_f64())
    }
}

/// What one repetition is made with.
#[derive(Clone, Copy)]
struct Turn {
    number: u64,
    lead: u64,
}

impl Turn {
    fn id(self, slot: usize) -> String {
        format!("0199{slot:04x}-0000-7000-8000-{:012x}", self.number)
    }
    fn text(self, piece: &Piece) -> String {
        match piece {
            Piece::Literal(text) | Piece::Of(text) => text.clone(),
            Piece::Id(slot) => self.id(*slot),
            Piece::Lead => crate::seed::lead_id(self.lead),
            Piece::Number => format!("{:012}", self.number),
        }
    }
    fn value(self, template: &Template) -> Value {
        match template {
            Template::Fixed(value) => value.clone(),
            Template::Text(pieces) => Value::Text(pieces.iter().map(|piece| self.text(piece)).collect()),
            Template::Bytes(piece) => {
                let id = uuid::Uuid::parse_str(&self.text(piece)).unwrap_or_default();
                Value::Blob(id.as_bytes().to_vec())
            }
        }
    }
}

/// A connection of this thread.
struct Connection(*mut ffi::sqlite3);

impl Connection {
    fn open(path: &str) -> Result<Self, String> {
        let path = CString::new(path).map_err(|error| error.to_string())?;
        let mut db = std::ptr::null_mut();
        // SAFETY: the path is a C string, and `db` receives a handle that `drop` closes.
        let code = unsafe { ffi::sqlite3_open(path.as_ptr(), &mut db) };
        let connection = Self(db);
        connection.check(code)?;
        Ok(connection)
    }

    fn check(&self, code: c_int) -> Result<(), String> {
        if matches!(code, ffi::SQLITE_OK | ffi::SQLITE_ROW | ffi::SQLITE_DONE) {
            return Ok(());
        }
        // SAFETY: the handle is open, and the message lives until the next call.
        Err(unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.0)) }.to_string_lossy().into_owned())
    }

    fn execute(&self, sql: &str) -> Result<(), String> {
        let sql = CString::new(sql).map_err(|error| error.to_string())?;
        // SAFETY: the handle is open and the text is a C string.
        let code = unsafe { ffi::sqlite3_exec(self.0, sql.as_ptr(), None, std::ptr::null_mut(), std::ptr::null_mut()) };
        self.check(code)
    }

    fn prepare(&self, sql: &str) -> Result<Prepared<'_>, String> {
        let text = CString::new(sql).map_err(|error| error.to_string())?;
        let mut statement = std::ptr::null_mut();
        // SAFETY: the handle is open, the text is a C string, and `drop` finalises the statement.
        let code = unsafe { ffi::sqlite3_prepare_v2(self.0, text.as_ptr(), -1, &mut statement, std::ptr::null_mut()) };
        self.check(code).map_err(|error| format!("{error}\nin {sql}"))?;
        Ok(Prepared { connection: self, statement })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: every statement borrowed the connection and is gone.
        unsafe { ffi::sqlite3_close(self.0) };
    }
}

struct Prepared<'c> {
    connection: &'c Connection,
    statement: *mut ffi::sqlite3_stmt,
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: the statement is finalised once.
        unsafe { ffi::sqlite3_finalize(self.statement) };
    }
}

impl Prepared<'_> {
    /// Binds, runs to the end and reads every column, as a caller who wants the rows does.
    fn run(&self, templates: &[Template], turn: Turn) -> Result<(), String> {
        // The values must outlive the run: they are bound without a copy.
        let values: Vec<Value> = templates.iter().map(|template| turn.value(template)).collect();
        for (index, value) in values.iter().enumerate() {
            self.bind(c_int::try_from(index + 1).unwrap_or(c_int::MAX), value)?;
        }
        loop {
            // SAFETY: the statement is prepared and its values live.
            let code = unsafe { ffi::sqlite3_step(self.statement) };
            if code != ffi::SQLITE_ROW {
                self.connection.check(code)?;
                break;
            }
            // SAFETY: a row is current.
            unsafe {
                for column in 0..ffi::sqlite3_column_count(self.statement) {
                    std::hint::black_box(ffi::sqlite3_column_text(self.statement, column));
                }
            }
        }
        // SAFETY: the statement is prepared; afterwards nothing of the values is used.
        let code = unsafe { ffi::sqlite3_reset(self.statement) };
        self.connection.check(code)
    }

    fn bind(&self, index: c_int, value: &Value) -> Result<(), String> {
        let length = |bytes: &[u8]| c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        // SAFETY: text and bytes live until the statement is reset, so none is copied.
        let code = unsafe {
            match value {
                Value::Null => ffi::sqlite3_bind_null(self.statement, index),
                Value::Integer(number) => ffi::sqlite3_bind_int64(self.statement, index, *number),
                Value::Real(number) => ffi::sqlite3_bind_double(self.statement, index, *number),
                Value::Text(text) => ffi::sqlite3_bind_text(
                    self.statement,
                    index,
                    text.as_ptr().cast(),
                    length(text.as_bytes()),
                    ffi::SQLITE_STATIC(),
                ),
                Value::Blob(bytes) => ffi::sqlite3_bind_blob(
                    self.statement,
                    index,
                    bytes.as_ptr().cast(),
                    length(bytes),
                    ffi::SQLITE_STATIC(),
                ),
            }
        };
        self.connection.check(code)
    }
}
