//! Copies of an SQLite database: made while it is in use, proved before they count, and put back only when nobody uses it.
//!
//! [`write()`] takes one consistent state by `VACUUM INTO` (readers and the writer go on meanwhile), proves the copy and only
//! then gives it its name. [`stage`] copies a backup beside the database and proves it again; [`Staged::install`] swaps it
//! in and keeps what was there. PostgreSQL has its own tools, which the operator's guide names.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sha2::{Digest, Sha256};

use super::conn::DbConn;
use super::files::{self, beside};
use super::key_check::{self, KeyCheck};
use super::migrate;
use crate::base::crypto::{MasterKey, random_token};
use crate::base::{Error, Result};

/// What a proved copy holds.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Rows by table.
    pub rows: Vec<(String, i64)>,
    pub bytes: u64,
    /// Lower hex, of the whole file.
    pub sha256: String,
    /// Sealed with the master keys of the database, if they left one.
    key_check: Vec<key_check::Check>,
}

impl Contents {
    pub fn rows_of(&self, table: &str) -> i64 {
        self.rows.iter().find(|(name, _)| name == table).map_or(0, |(_, count)| *count)
    }
    pub fn is_sealed_with(&self, key: &MasterKey) -> KeyCheck {
        key_check::compare(&self.key_check, key)
    }
}

/// Where the checksum of a backup lies, in the shape of `sha256sum`.
pub fn checksum_path(backup: &Path) -> PathBuf {
    beside(backup, ".sha256")
}

/// Copies the database at `database` to `to`, which must not exist, and proves the copy.
///
/// # Errors
/// `backup.exists`, `backup.no_database`, and `backup.broken` when the copy does not hold what it must. Nothing is left at
/// `to` then.
pub fn write(database: &Path, to: &Path) -> Result<Contents> {
    refuse_existing(to)?;
    if !database.exists() {
        return Err(Error::invalid("backup.no_database", format!("There is no database at {}.", database.display())));
    }
    let mut source = open(database)?;
    let before = count(&mut source, "events")?;
    let partial = Partial::beside(to)?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(text(&partial.0)?)
        .execute(&mut source)
        .map_err(|error| broken("the copy could not be written").with_source(error))?;
    let contents = prove(&partial.0)?;
    if contents.rows_of("events") < before {
        return Err(broken("it holds fewer events than the database had before it began"));
    }
    // A link, unlike a rename, never takes the place of a file that appeared meanwhile.
    std::fs::hard_link(&partial.0, to).map_err(|error| unwritable(to, &error))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let checksum = checksum_path(to);
    std::fs::write(&checksum, format!("{}  {name}\n", contents.sha256))
        .and_then(|()| std::fs::set_permissions(&checksum, files::owners()))
        .map_err(|error| unwritable(to, &error))?;
    drop(partial);
    sync_folder(to)?;
    Ok(contents)
}

/// A backup copied beside the database it is to become, and proved there.
pub struct Staged {
    partial: Partial,
    pub contents: Contents,
}

/// Copies `backup` into the folder of `database` and proves it.
///
/// # Errors
/// `backup.altered` when its checksum does not hold; `backup.broken`, `storage.foreign`, `backup.newer`.
pub fn stage(backup: &Path, database: &Path) -> Result<Staged> {
    if !backup.is_file() {
        return Err(Error::invalid("backup.not_found", format!("There is no backup at {}.", backup.display())));
    }
    let partial = Partial::beside(database)?;
    // A copy takes over the rights of what it copies.
    std::fs::copy(backup, &partial.0)
        .and_then(|_| std::fs::set_permissions(&partial.0, files::owners()))
        .map_err(|error| unwritable(&partial.0, &error))?;
    if let Ok(line) = std::fs::read_to_string(checksum_path(backup)) {
        let expected = line.split_whitespace().next().unwrap_or_default();
        if expected != sha256(&partial.0)? {
            let message = format!("{} is not what was backed up: its checksum differs.", backup.display());
            return Err(Error::invalid("backup.altered", message));
        }
    }
    let contents = prove(&partial.0)?;
    Ok(Staged { partial, contents })
}

impl Staged {
    /// Puts the copy in the database's place. What was there is kept beside it under `suffix`; answers where.
    ///
    /// # Errors
    /// `restore.exists` unless `replace`; `restore.in_use` while anything has the database open.
    pub fn install(self, database: &Path, replace: bool, suffix: &str) -> Result<Option<PathBuf>> {
        let kept = if database.exists() {
            if !replace {
                let message =
                    format!("{} exists; --force replaces it and keeps it under another name.", database.display());
                return Err(Error::conflict("restore.exists", message));
            }
            let _alone = alone(database)?;
            let kept = beside(database, suffix);
            refuse_existing(&kept)?;
            std::fs::rename(database, &kept).map_err(|error| unwritable(&kept, &error))?;
            for journal in ["-wal", "-shm"] {
                let left = beside(database, journal);
                if left.exists() {
                    std::fs::rename(&left, beside(&kept, journal)).map_err(|error| unwritable(&left, &error))?;
                }
            }
            Some(kept)
        } else {
            None
        };
        std::fs::hard_link(&self.partial.0, database).map_err(|error| unwritable(database, &error))?;
        drop(self.partial);
        sync_folder(database)?;
        Ok(kept)
    }
}

/// The exclusive lock, in a state where the file is whole without its journals. A file that is no database has no users.
fn alone(database: &Path) -> Result<Option<SqliteConnection>> {
    let mut conn = open(database)?;
    let locked = conn.batch_execute(
        "PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT; PRAGMA journal_mode = DELETE;",
    );
    match locked {
        Ok(()) => Ok(Some(conn)),
        Err(error) if error.to_string().contains("locked") => {
            let message = format!("{} is in use. Stop the server first.", database.display());
            Err(Error::conflict("restore.in_use", message).with_source(error))
        }
        Err(_) => Ok(None),
    }
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Opens the copy as the server would and looks at every page of it.
fn prove(path: &Path) -> Result<Contents> {
    let foreign = |error: diesel::result::Error| broken("it is no SQLite database, or damaged").with_source(error);
    let mut conn = open(path)?;
    conn.batch_execute("PRAGMA journal_mode = DELETE").map_err(foreign)?;
    let check: Vec<Word> = diesel::sql_query("SELECT integrity_check AS word FROM pragma_integrity_check")
        .load(&mut conn)
        .map_err(foreign)?;
    if check.iter().any(|line| line.word != "ok") {
        return Err(broken(&check.into_iter().map(|line| line.word).collect::<Vec<_>>().join("; ")));
    }
    let dangling: Vec<Word> = diesel::sql_query("SELECT DISTINCT \"table\" AS word FROM pragma_foreign_key_check")
        .load(&mut conn)
        .map_err(foreign)?;
    if let Some(first) = dangling.first() {
        return Err(broken(&format!("rows of {} point at nothing", first.word)));
    }
    let mut conn = DbConn::Sqlite(conn);
    let newer = migrate::unknown(&mut conn)?;
    if !newer.is_empty() {
        let message = format!("It was written by a later version, which added {}.", newer.join(", "));
        return Err(Error::invalid("backup.newer", message));
    }
    let key_check = key_check::stored(&mut conn).unwrap_or_default(); // a backup of a version that had no such table
    let DbConn::Sqlite(mut conn) = conn else { unreachable!("opened above") };
    let tables: Vec<Word> = diesel::sql_query(
        "SELECT name AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name",
    )
    .load(&mut conn)?;
    let mut rows = Vec::new();
    for table in tables {
        let count = count(&mut conn, &table.word)?;
        rows.push((table.word, count));
    }
    drop(conn);
    let bytes = File::open(path)
        .and_then(|file| file.sync_all().and_then(|()| file.metadata()))
        .map_err(|error| unwritable(path, &error))?
        .len();
    Ok(Contents { rows, bytes, sha256: sha256(path)?, key_check })
}

fn count(conn: &mut SqliteConnection, table: &str) -> Result<i64> {
    let counted: Count = diesel::sql_query(format!("SELECT count(*) AS count FROM \"{table}\""))
        .get_result(conn)
        .map_err(|error| broken(&format!("{table} cannot be read")).with_source(error))?;
    Ok(counted.count)
}

fn open(path: &Path) -> Result<SqliteConnection> {
    let mut conn = SqliteConnection::establish(text(path)?).map_err(super::error::unavailable)?;
    conn.batch_execute("PRAGMA busy_timeout = 5000").map_err(super::error::unavailable)?;
    Ok(conn)
}

fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|error| unwritable(path, &error))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(|error| unwritable(path, &error))?;
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// An unfinished file, readable by its owner only; gone when dropped.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Result<Self> {
        files::make_folder_of(path).map_err(|error| unwritable(path, &error))?;
        let partial = path.with_file_name(random_token(".leadwright-unfinished-"));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| unwritable(&partial, &error))?;
        Ok(Self(partial))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It may have been linked to its final name; what cannot be removed is only in the way.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unwritable(folder, &error))
}

fn refuse_existing(path: &Path) -> Result<()> {
    if path.exists() {
        return Err(Error::conflict("backup.exists", format!("{} exists already.", path.display())));
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::invalid("backup.path", "The path is not valid UTF-8."))
}

fn broken(why: &str) -> Error {
    Error::invalid("backup.broken", format!("The copy is not usable: {why}."))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable("backup.io", format!("{}: {error}", path.display()))
}
