//! `leadwright openapi`: writes the contract, or says that it drifted.

use std::path::Path;

use utoipa::openapi::OpenApi;

pub(super) fn run(document: &OpenApi, path: &Path, check: bool) -> super::Outcome {
    let mut text = document.to_pretty_json()?;
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
