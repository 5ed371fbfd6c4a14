//! Jobs that gave up: let be by operators, and counted by what killed them.

use super::facts::JobDismissed;
use super::retry::AT_ONCE;
use crate::base::Result;
use crate::base::id::JobId;
use crate::engine::db::PlatformTx;
use crate::engine::events::SoleFact as _;
use crate::engine::jobs::store::{self as jobs, JobRow};

/// Lets one be.
///
/// # Errors
/// `job.not_found`, `job.not_dead`.
pub fn dismiss(tx: &mut PlatformTx<'_>, id: JobId) -> Result<JobRow> {
    let row = jobs::dismiss(tx, id)?;
    record(tx, row.id, &row.kind)?;
    Ok(row)
}

/// Lets those of one kind be, or of every kind: [`AT_ONCE`] at most, the oldest first. Answers how many.
pub fn dismiss_all(tx: &mut PlatformTx<'_>, kind: Option<&str>) -> Result<usize> {
    let dismissed = jobs::dismiss_dead(tx, kind, i64::try_from(AT_ONCE).unwrap_or(i64::MAX))?;
    for (id, kind) in &dismissed {
        record(tx, *id, kind)?;
    }
    Ok(dismissed.len())
}

fn record(tx: &mut PlatformTx<'_>, id: JobId, kind: &str) -> Result<()> {
    tx.record(JobDismissed { kind: Some(kind.into()) }.about(id.uuid()))?;
    Ok(())
}

/// Dead jobs of one kind that died of the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"kind": "webhook.process", "reason": "meta answered 190/463 (auth)", "count": 12}))]
pub struct DeadJobs {
    pub kind: String,
    /// What the provider answered and what that means, or else our own code.
    pub reason: String,
    pub count: i64,
}

/// So many of the newest are looked at.
const LOOKED_AT: i64 = 5_000;
/// So many groups are told.
const TOLD: usize = 20;
/// Characters of a reason.
const LONGEST: usize = 120;

/// What killed them, most first.
pub fn reasons(tx: &mut PlatformTx<'_>) -> Result<Vec<DeadJobs>> {
    let mut groups: Vec<DeadJobs> = Vec::new();
    for (kind, error) in jobs::dead_reasons(tx, LOOKED_AT)? {
        let reason = reason(error.as_deref().unwrap_or_default());
        match groups.iter_mut().find(|group| group.kind == kind && group.reason == reason) {
            Some(group) => group.count += 1,
            None => groups.push(DeadJobs { kind, reason, count: 1 }),
        }
    }
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.kind, &a.reason).cmp(&(&b.kind, &b.reason))));
    groups.truncate(TOLD);
    Ok(groups)
}

/// Of an error with its causes: the provider's code where one answered (`meta answered 100/33 (permanent)`), else our own.
fn reason(chain: &str) -> String {
    let answered = chain.split(": ").find(|part| part.contains(" answered ") && part.ends_with(')'));
    let own = || chain.split(": ").next().filter(|code| !code.is_empty()).unwrap_or("unknown");
    answered.unwrap_or_else(own).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_what_the_provider_answered_or_our_own_code() {
        for (chain, told) in [
            (
                "webhook.unreadable: Meta does not let us read this lead: meta answered 100/33 (permanent): Unsupported get request: x",
                "meta answered 100/33 (permanent)",
            ),
            ("provider.auth: twilio answered 20003 (auth): Authenticate", "twilio answered 20003 (auth)"),
            ("job.timeout: the run took longer than its limit and was cut off", "job.timeout"),
            ("", "unknown"),
        ] {
            assert_eq!(reason(chain), told);
        }
    }
}
