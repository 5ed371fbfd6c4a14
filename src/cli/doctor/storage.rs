//! The database, its promises, its clock, the master key, the jobs, and the disk.

use std::path::Path;

use chrono::Duration;

use crate::app::App;
use crate::base::{Error, Result};
use crate::engine::db::key_check::{self, KeyCheck};
use crate::engine::db::{PlatformScope, PlatformTx, files, listen, migrate, vitals};
use crate::engine::jobs;
use crate::engine::reseal;
use crate::leads::rows;
use crate::providers::Finding;

/// A clock that is further off makes leases and tokens end early or late.
const SKEW: Duration = Duration::seconds(2);
/// A job that could have run for longer means that no worker runs, or far too few.
const LAG: Duration = Duration::minutes(1);
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 100 << 20;

pub(super) async fn examine(app: &App) -> Vec<Finding> {
    let engine = app.core.db.engine();
    let file = app.core.db.url().strip_prefix("sqlite://").map(Path::new);
    if let Some(file) = file.filter(|file| !file.exists()) {
        // Looking would make one.
        let detail = format!("there is none yet at {}", file.display());
        return vec![Finding::failed(
            "database",
            detail,
            "Start leadwright serve, which makes it, or restore a backup.",
        )];
    }
    if let Err(error) = app.core.db.ping().await {
        let detail = format!("{} cannot be used: {}", engine.name(), error.chain());
        return vec![Finding::failed("database", detail, engine.when_unusable())];
    }
    let mut findings = vec![or_failed("database", version(app).await)];
    if let Ok(true) = app.core.db.with_connection(migrate::is_pending).await {
        findings.push(Finding::failed(
            "migrations",
            "the database is older than this version",
            "Run leadwright migrate, or start the server, which does it.",
        ));
        return findings;
    }
    findings.push(or_failed("migrations", migrations(app).await));
    findings.push(or_failed("durability", durability(app).await));
    if engine.is_server() {
        findings.push(or_failed("clock", clock(app).await));
        findings.push(or_failed("notifications", notifications(app).await));
        findings.push(or_failed("search", search(app).await));
    }
    findings.push(or_failed("master key", master_key(app).await));
    match backlog(app).await {
        Ok(several) => findings.extend(several),
        Err(error) => findings.push(Finding::failed("jobs", error.chain(), "Look at the database's own log.")),
    }
    if let Some(file) = file {
        findings.extend([rights(file), disk(file)]);
    }
    findings
}

fn or_failed(name: &str, finding: Result<Finding>) -> Finding {
    finding.unwrap_or_else(|error| Finding::failed(name, error.chain(), "Look at the database's own log."))
}

async fn version(app: &App) -> Result<Finding> {
    let told = app.core.db.with_connection(vitals::read).await?;
    let what = format!("{} {}, {} MB", app.core.db.engine().name(), told.version, told.bytes / 1_000_000);
    Ok(if told.is_read_only {
        let advice =
            "LEADWRIGHT_DATABASE_URL must name the primary; several hosts need target_session_attrs=read-write.";
        Finding::failed("database", format!("{what}, which takes no writes"), advice)
    } else {
        Finding::ok("database", what)
    })
}

async fn migrations(app: &App) -> Result<Finding> {
    let later = app.core.db.with_connection(migrate::unknown).await?;
    Ok(if later.is_empty() {
        Finding::ok("migrations", "all applied")
    } else {
        let detail = format!("the database was used by a later version, which added {}", later.join(", "));
        Finding::warning("migrations", detail, "Run that version or a later one.")
    })
}

async fn durability(app: &App) -> Result<Finding> {
    let told = app.core.db.with_connection(vitals::read).await?;
    let risks = told.risks();
    Ok(if risks.is_empty() {
        Finding::ok("durability", "an acknowledged write survives a crash")
    } else {
        let detail = format!("an acknowledged write may be lost in a crash: {}", risks.join(", "));
        Finding::warning("durability", detail, app.core.db.engine().when_forgetful())
    })
}

/// Behind a pooler in transaction mode nothing that is notified arrives.
async fn notifications(app: &App) -> Result<Finding> {
    let url = app.core.db.url().to_string();
    let asked = tokio::task::spawn_blocking(move || listen::is_heard(&url)).await;
    Ok(if asked.map_err(Error::internal)?? {
        Finding::ok("notifications", "processes hear each other")
    } else {
        Finding::warning(
            "notifications",
            "what one process says does not reach the others: a pooler in transaction mode stands between. Nothing is remembered \
             of keys and sessions, so every request asks for them, and workers find the work of others once a second",
            "Connect directly or with pool_mode = session; else give the role its timeouts by ALTER ROLE, as docs/operations.md says.",
        )
    })
}

async fn clock(app: &App) -> Result<Finding> {
    let before = app.core.clock.now();
    let told = app.core.db.with_connection(vitals::read).await?;
    let after = app.core.clock.now();
    let Some(theirs) = told.clock else { return Ok(Finding::ok("clock", "is the machine's")) };
    // Whatever lies between our two readings is no difference.
    let skew = if theirs < before {
        theirs.since(before)
    } else if theirs > after {
        theirs.since(after)
    } else {
        Duration::zero()
    };
    Ok(if skew.abs() > SKEW {
        let detail = format!("the database's clock is off by {} ms", skew.num_milliseconds());
        Finding::failed("clock", detail, "Synchronise both machines by NTP: leases and tokens depend on it.")
    } else {
        Finding::ok("clock", "agrees with the database's")
    })
}

async fn search(app: &App) -> Result<Finding> {
    Ok(if app.core.db.with_connection(rows::is_indexed).await? {
        Finding::ok("search", "leads are found by an index of their texts")
    } else {
        Finding::warning(
            "search",
            "there is no index of leads' texts, so every search reads all leads of its tenant: the extensions pg_trgm and btree_gin \
             were not there, or the role might not add them",
            "Add both extensions and the index leads_by_text, as docs/operations.md says.",
        )
    })
}

async fn master_key(app: &App) -> Result<Finding> {
    let key = app.core.master_key.clone();
    Ok(match app.core.db.with_connection(move |conn| key_check::check(conn, &key)).await? {
        KeyCheck::Matches => rotation(app).await?,
        KeyCheck::Unknown => Finding::ok("master key", "nothing is stored with it yet"),
        KeyCheck::Differs => Finding::failed(
            "master key",
            "the stored data was sealed with another key",
            "Set LEADWRIGHT_MASTER_KEY (or put back master.key) to the one this database was first used with.",
        ),
    })
}

fn in_words(left: &[reseal::Left]) -> String {
    left.iter().map(|one| format!("{} of {}", one.count, one.name)).collect::<Vec<_>>().join(", ")
}

/// How far a change of the key is.
async fn rotation(app: &App) -> Result<Finding> {
    const NAME: &str = "master key";
    let key = app.core.master_key.clone();
    let look = move |tx: &mut PlatformTx<'_>| reseal::standing(tx, &key, &crate::app::sealed());
    Ok(match app.core.db.read(PlatformScope::system(), look).await? {
        reseal::Standing::None => Finding::ok(NAME, "opens the stored data"),
        reseal::Standing::Closed(left) => Finding::warning(
            NAME,
            format!("it does not open {}, sealed with another key", in_words(&left)),
            "If that key is known, set it behind this one (THIS,OTHER) for every process, run leadwright admin reseal, and take it \
             out again. If it is lost, docs/keys.md says what to do about each.",
        ),
        reseal::Standing::Going(left) => {
            let left = if left.is_empty() { "the check of the key".to_string() } else { in_words(&left) };
            Finding::warning(
                NAME,
                format!("the first key opens all, and a former one is still needed for {left}"),
                "Once every process has the new key first, run leadwright admin reseal.",
            )
        }
        reseal::Standing::Over(from) if app.core.clock.now() < from => {
            Finding::ok(NAME, format!("everything is sealed with the first key; the former may go from {from}"))
        }
        reseal::Standing::Over(_) => Finding::warning(
            NAME,
            "everything is sealed with the first key, and a former one is in the settings still",
            "Take the former key out of LEADWRIGHT_MASTER_KEY, and restart every process.",
        ),
    })
}

async fn backlog(app: &App) -> Result<Vec<Finding>> {
    let look = |tx: &mut PlatformTx<'_>| jobs::backlog::read(tx);
    let backlog = app.core.db.read(PlatformScope::system(), look).await?;
    let lag = backlog.due_since.map_or(Duration::zero(), |since| app.core.clock.now().since(since));
    let queue = if lag > LAG {
        Finding::failed(
            "jobs",
            format!("{} are due, the oldest for {} s", backlog.due, lag.num_seconds()),
            "Start leadwright worker, or more of them; look at its log when one runs.",
        )
    } else {
        Finding::ok("jobs", format!("{} are due, none for long", backlog.due))
    };
    let dead: i64 = backlog.dead.iter().map(|(_, count)| count).sum();
    let letters = if dead > 0 {
        let kinds: Vec<String> = backlog.dead.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        Finding::warning(
            "dead letters",
            format!("{dead} jobs have given up: {}", kinds.join(", ")),
            "Read their reasons in GET /v1/ops/jobs?state=dead, remove the cause, then POST /v1/ops/jobs/{id}/retry.",
        )
    } else {
        Finding::ok("dead letters", "none")
    };
    Ok(vec![queue, letters])
}

/// Opening it has taken it back from everybody, where we may.
fn rights(database: &Path) -> Finding {
    const NAME: &str = "rights";
    let advice = "chmod 0600 it and the files beside it, and give its folder to the user that runs the server.";
    match database.metadata() {
        Ok(found) if files::is_everybodys(&found.permissions()) => {
            Finding::failed(NAME, format!("everybody on this machine may open {}", database.display()), advice)
        }
        Ok(_) => Finding::ok(NAME, "the database is not everybody's"),
        Err(error) => Finding::warning(NAME, format!("{}: {error}", database.display()), advice),
    }
}

fn disk(database: &Path) -> Finding {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(folder) {
        Ok(told) => judge_space(told.f_bavail.saturating_mul(told.f_frsize), &folder.display().to_string()),
        Err(error) => {
            Finding::warning("disk", format!("{}: {error}", folder.display()), "Look at the folder's rights.")
        }
    }
}

fn judge_space(free: u64, folder: &str) -> Finding {
    let detail = format!("{} MB are free in {folder}", free / 1_000_000);
    let advice = "Free some space: writes are refused when none is left, and a backup needs as much as the database.";
    match free {
        ..NO_SPACE => Finding::failed("disk", detail, advice),
        NO_SPACE..LITTLE_SPACE => Finding::warning("disk", detail, advice),
        _ => Finding::ok("disk", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Standing;

    #[test]
    fn little_space_is_a_warning_and_none_a_failure() {
        assert_eq!(judge_space(5 << 30, "/data").state, Standing::Ok);
        assert_eq!(judge_space(500 << 20, "/data").state, Standing::Warning);
        assert_eq!(judge_space(5 << 20, "/data").state, Standing::Failed);
    }
}
