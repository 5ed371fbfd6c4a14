//! `leadwright openapi`: writes the contract, says that it drifted, or what it breaks of an older one.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::compat::{breaking, makes_room};

/// Where released documents are kept, one file per version.
const RELEASED: &str = "openapi/released";

pub(super) fn run(document: &Value, path: &Path, check: bool) -> super::Outcome {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    if !check {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
        println!("{} written", path.display());
        return Ok(());
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if committed == text {
        return Ok(());
    }
    let line = committed.lines().zip(text.lines()).position(|(a, b)| a != b).map_or(0, |index| index + 1);
    Err(format!("{} differs from the code at line {line}; run `leadwright openapi` and commit it", path.display())
        .into())
}

/// Compares with an older document, the last released one when none is named; fails when a change breaks clients and the
/// version does not say so.
pub(super) fn compare(new: &Value, older: Option<PathBuf>) -> super::Outcome {
    let older = older.map_or_else(last_released, Ok)?;
    let text = std::fs::read_to_string(&older).map_err(|error| format!("{}: {error}", older.display()))?;
    let old: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", older.display()))?;
    let version = |document: &Value| document["info"]["version"].as_str().unwrap_or_default().to_string();
    let (from, to) = (version(&old), version(new));
    let found = breaking(&old, new);
    for change in &found {
        println!("{change}");
    }
    match found.len() {
        0 => println!("Nothing that {} promises is broken.", older.display()),
        count if makes_room(&from, &to) => {
            println!("{count} breaking changes, for which {to} after {from} makes room.")
        }
        count => return Err(format!("{count} breaking changes, and {to} after {from} promises none").into()),
    }
    Ok(())
}

fn last_released() -> Result<PathBuf, String> {
    let numbers = |path: &PathBuf| -> Vec<u64> {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    let folder = std::fs::read_dir(RELEASED).map_err(|error| format!("{RELEASED}: {error}"))?;
    let documents =
        folder.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    documents.max_by_key(numbers).ok_or_else(|| format!("{RELEASED} holds no document"))
}
