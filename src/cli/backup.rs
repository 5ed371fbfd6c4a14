//! `leadwright backup` and `leadwright restore`: an SQLite database and the master key that belongs to it.
//!
//! The master key is not part of a backup unless asked for: whoever holds both reads every stored secret. A restore needs
//! it all the same, so it refuses to go on without the right one. PostgreSQL is backed up by its own tools.

use std::path::{Path, PathBuf};

use crate::base::crypto::MasterKey;
use crate::base::time::Clock;
use crate::config::{self, Config, Source};
use crate::engine::db::backup::{self, Contents};
use crate::engine::db::files;
use crate::engine::db::key_check::KeyCheck;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file to write; it must not exist
    path: PathBuf,
    /// Write the master key to PATH.key as well. Keep the two apart: together they open every stored secret
    #[arg(long)]
    with_key: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The backup
    path: PathBuf,
    /// Replace an existing database, which is kept under another name
    #[arg(long)]
    force: bool,
    /// A file with the master key; PATH.key, LEADWRIGHT_MASTER_KEY and the key beside the database are tried as well
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(super) fn backup(config: &Config, args: &BackupArgs) -> super::Outcome {
    let database = sqlite_path(&config.database.url, "pg_dump --format=custom --file=PATH DATABASE_URL")?;
    let key_path = files::beside(&args.path, ".key");
    if args.with_key && key_path.exists() {
        return Err(format!("{} exists already.", key_path.display()).into());
    }
    let contents = backup::write(&database, &args.path)?;
    if args.with_key {
        config::write_master_key(&key_path, &config.master_key)
            .map_err(|error| format!("{}: {error}", key_path.display()))?;
    }
    describe("backup", &args.path, &contents);
    match (contents.is_sealed_with(&config.master_key), args.with_key) {
        (KeyCheck::Differs, _) => {
            println!(
                "master key  NOT the one this database was sealed with; find that one, or this backup is of little use"
            );
        }
        (_, true) => println!("master key  in {}; keep it in another place than the backup", key_path.display()),
        (_, false) => println!("master key  not included; keep a copy of it elsewhere, a restore needs it"),
    }
    Ok(())
}

pub(super) fn restore(source: &Source, args: &RestoreArgs) -> super::Outcome {
    let url = source.get("DATABASE_URL").unwrap_or(config::DEFAULT_DATABASE);
    let database = sqlite_path(url, "pg_restore --exit-on-error --no-owner --dbname=URL_OF_AN_EMPTY_DATABASE PATH")?;
    if database.exists() && !args.force {
        return Err(
            format!("{} exists; --force replaces it and keeps it under another name.", database.display()).into()
        );
    }
    let staged = backup::stage(&args.path, &database)?;
    let kept_key = config::master_key_path(&database);
    let key = find_key(source, args, &kept_key, &staged.contents)?;
    let contents = staged.contents.clone();
    let suffix = format!(".replaced-{}", Clock::system().now().seconds());
    let kept = staged.install(&database, args.force, &suffix)?;
    if let Some(key) = key {
        keep_key(&kept_key, &key, &suffix)?;
    }
    describe("restored", &database, &contents);
    if let Some(kept) = kept {
        println!("before      kept as {}", kept.display());
    }
    println!("Migrations of this version are applied at the next start.");
    Ok(())
}

/// The key to write beside the database, or none when it is there or in the environment already.
fn find_key(
    source: &Source,
    args: &RestoreArgs,
    beside_database: &Path,
    contents: &Contents,
) -> Result<Option<MasterKey>, Box<dyn std::error::Error>> {
    let read = |path: &Path| -> Result<Option<MasterKey>, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => MasterKey::from_base64(&text).map(Some).map_err(|why| format!("{}: {why}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    };
    let fits = |key: &MasterKey| contents.is_sealed_with(key) != KeyCheck::Differs;
    if let Some(text) = source.get("MASTER_KEY") {
        // The environment wins at every start, so it must be right here.
        let key = MasterKey::from_base64(text).map_err(|why| format!("LEADWRIGHT_MASTER_KEY: {why}"))?;
        return if fits(&key) { Ok(None) } else { Err("LEADWRIGHT_MASTER_KEY is not the key of this backup.".into()) };
    }
    if let Some(file) = &args.key_file {
        let key = read(file)?.ok_or_else(|| format!("There is no key at {}.", file.display()))?;
        return if fits(&key) {
            Ok(Some(key))
        } else {
            Err(format!("{} is not the key of this backup.", file.display()).into())
        };
    }
    if read(beside_database)?.as_ref().is_some_and(fits) {
        return Ok(None);
    }
    if let Some(key) = read(&files::beside(&args.path, ".key"))?.filter(fits) {
        return Ok(Some(key));
    }
    Err(format!(
        "The master key of this backup is needed, or its secrets stay closed. Give it by --key-file, set \
         LEADWRIGHT_MASTER_KEY, or put it at {}.",
        beside_database.display()
    )
    .into())
}

fn keep_key(path: &Path, key: &MasterKey, suffix: &str) -> super::Outcome {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.exists() {
        std::fs::rename(path, files::beside(path, suffix)).map_err(failed)?;
    }
    config::write_master_key(path, key).map_err(failed)?;
    Ok(())
}

fn sqlite_path(url: &str, instead: &str) -> Result<PathBuf, String> {
    url.strip_prefix("sqlite://").map(PathBuf::from).ok_or_else(|| {
        format!(
            "This is for SQLite. PostgreSQL has its own tools: {instead}. docs/operations.md shows them, and recovery \
             to a point in time."
        )
    })
}

fn describe(what: &str, path: &Path, contents: &Contents) {
    println!("{what:<11} {} ({} bytes, sha256 {})", path.display(), contents.bytes, contents.sha256);
    let rows: Vec<String> = ["tenants", "leads", "messages", "events"]
        .iter()
        .map(|table| format!("{} {table}", contents.rows_of(table)))
        .collect();
    println!("proved      every page and reference, {}", rows.join(", "));
}
