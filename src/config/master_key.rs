//! The master key's file, beside an SQLite database.

use std::path::{Path, PathBuf};

use crate::base::crypto::MasterKey;
use crate::engine::db::files;

/// Beside an SQLite file the master key is kept in `master.key` (made at the first start, readable by its owner only). A
/// PostgreSQL deployment has several machines and must say its key.
pub(super) fn stored_master_key(url: &str) -> Result<MasterKey, String> {
    let Some(file) = url.strip_prefix("sqlite://") else {
        return Err("is required with PostgreSQL: base64 of 32 random bytes (openssl rand -base64 32)".into());
    };
    let path = master_key_path(Path::new(file));
    if let Ok(text) = std::fs::read_to_string(&path) {
        return MasterKey::from_base64(&text).map_err(|why| format!("{}: {why}", path.display()));
    }
    let write = || -> std::io::Result<MasterKey> {
        files::make_folder_of(&path)?;
        let key = MasterKey::random();
        write_master_key(&path, &key)?;
        Ok(key)
    };
    write().map_err(|error| format!("could not be kept in {}: {error}", path.display()))
}

/// Was one made?
pub(super) fn is_there(url: &str) -> bool {
    url.strip_prefix("sqlite://").is_some_and(|file| master_key_path(Path::new(file)).exists())
}

/// The place of the master key beside an SQLite file.
pub fn master_key_path(database: &Path) -> PathBuf {
    database.with_file_name("master.key")
}

/// Writes a new file that only its owner reads.
pub fn write_master_key(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", key.to_base64())?;
    file.sync_all()
}
