//! Files that hold everybody's data: their owner's alone, whatever the umask says.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// `path` with `suffix` after its whole name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// Makes a folder, and those above it, that only its owner enters. One that exists stays as it is: who made it knows why.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the folder a file is to lie in.
pub fn make_folder_of(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), make_folder)
}

/// Makes a database's file, empty, before SQLite would, whose journals then get its rights. One that everybody may read, as
/// earlier versions left it, is taken back with its journals; what was opened to a group on purpose stays.
pub(super) fn make_database(path: &Path) -> io::Result<()> {
    if !path.exists() {
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    }
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(path, suffix);
        match file.metadata() {
            // Who may not change them may still work with the file; `doctor` says how it is.
            Ok(found) if is_everybodys(&found.permissions()) => drop(std::fs::set_permissions(&file, owners())),
            _ => {}
        }
    }
    Ok(())
}

/// May people who are neither the owner nor of its group do anything with it?
pub fn is_everybodys(rights: &Permissions) -> bool {
    rights.mode() & 0o007 != 0
}

/// Read and written by the owner alone.
pub fn owners() -> Permissions {
    Permissions::from_mode(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Clock;
    use crate::engine::db::{Db, DbSettings, backup, migrate};
    use crate::engine::jobs::Wake;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("it is there").permissions().mode() & 0o777
    }

    async fn open(path: &Path) -> Db {
        let settings = DbSettings::new(format!("sqlite://{}", path.display()));
        let db = Db::open(&settings, Clock::system(), Wake::default(), Default::default()).expect("a database");
        db.with_connection(migrate::up).await.expect("migrated");
        db
    }

    #[tokio::test]
    async fn the_database_its_journals_and_its_backups_are_their_owners() {
        // SAFETY: takes no pointer. Other tests may make files meanwhile, none of which minds.
        unsafe { libc::umask(0o022) };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data/deep/x.db");
        let db = open(&path).await;
        for suffix in ["", "-wal", "-shm"] {
            assert_eq!(mode(&beside(&path, suffix)), 0o600, "x.db{suffix}");
        }
        for made in ["data", "data/deep"] {
            assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
        }
        let copy = folder.path().join("copies/x.db");
        backup::write(&path, &copy).expect("a backup");
        for written in [copy.clone(), backup::checksum_path(&copy)] {
            assert_eq!(mode(&written), 0o600, "{}", written.display());
        }
        assert_eq!(mode(&folder.path().join("copies")), 0o700);
        drop(db);
        // What an earlier version left open, and a backup that was copied about.
        std::fs::set_permissions(&copy, Permissions::from_mode(0o644)).expect("its rights");
        let restored = folder.path().join("restored.db");
        backup::stage(&copy, &restored).expect("proved").install(&restored, false, "-old").expect("in place");
        assert_eq!(mode(&restored), 0o600);
        std::fs::set_permissions(&restored, Permissions::from_mode(0o644)).expect("its rights");
        let _db = open(&restored).await;
        assert_eq!(mode(&restored), 0o600);
    }
}
