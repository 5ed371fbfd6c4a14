//! The commit that is built, which `leadwright --version`, the log and the metrics name.
//!
//! Of a release: what BUILD_COMMIT says, else git, else `unknown`. The same commit gives the same bytes. A debug build names
//! none, or it would be built anew after each commit.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BUILD_COMMIT");
    println!("cargo:rustc-env=LEADWRIGHT_COMMIT={}", commit());
}

#[allow(clippy::disallowed_methods)] // cargo speaks to a build script by its environment
fn commit() -> String {
    let given = std::env::var("BUILD_COMMIT").unwrap_or_default();
    if !given.is_empty() && given.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return given;
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return "debug".into();
    }
    // Written at every commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={log}");
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]).unwrap_or_else(|| "unknown".into())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !said.is_empty()).then_some(said)
}
