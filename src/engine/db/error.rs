//! From a driver's error to ours: what the caller reads never holds a driver's text.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};

use crate::base::{Error, Result};

/// True for a unique violation on either engine (SQLite names no constraint, so ask where the noun is known).
pub fn is_unique_violation(error: &Diesel) -> bool {
    matches!(error, Diesel::DatabaseError(Kind::UniqueViolation, _))
}

/// True for a foreign key that points at nothing, or at another tenant's row.
pub fn is_foreign_key_violation(error: &Diesel) -> bool {
    matches!(error, Diesel::DatabaseError(Kind::ForeignKeyViolation, _))
}

/// PostgreSQL's words when somebody else held what was needed for too long.
const LOCK_TIMEOUT: &str = "canceling statement due to lock timeout";

/// True when the statement waited in vain for somebody else's transaction to end.
pub fn is_lock_timeout(error: &Diesel) -> bool {
    matches!(error, Diesel::DatabaseError(_, info) if info.message().contains(LOCK_TIMEOUT))
}

/// The same of an error of ours.
pub fn waited_in_vain(error: &Error) -> bool {
    error.code() == "storage.unavailable" && error.chain().contains(LOCK_TIMEOUT)
}

/// Storage cannot be reached, is full, or is too busy: nothing was written, the caller may try again.
pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable(
        "storage.unavailable",
        "Storage cannot be reached right now. Nothing was written; try again shortly.",
    )
    .with_retry_after(Duration::from_secs(1))
    .with_source(source)
}

/// The error of a COMMIT. What the server refused was not written; whether it heard of one whose answer was lost, nobody knows.
pub fn of_commit(error: Diesel) -> Error {
    let error = match error {
        Diesel::RollbackErrorOnCommit { commit_error, .. } => *commit_error,
        error => error,
    };
    if !is_connection_lost(&error) {
        return error.into();
    }
    Error::unavailable(
        "storage.outcome_unknown",
        "The connection to storage was lost in the moment of writing, so it may have been written or not. Repeat the request \
         with the same Idempotency-Key, or look before you repeat it.",
    )
    .with_retry_after(Duration::from_secs(1))
    .with_source(error)
}

/// What is said of a connection that is no more.
const LOST: [&str; 7] = [
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "connection not open",
    "SSL connection has been closed",
    "could not receive data from server",
    "could not send data to server",
];

fn is_connection_lost(error: &Diesel) -> bool {
    match error {
        Diesel::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => true,
        Diesel::DatabaseError(_, info) => LOST.iter().any(|sign| info.message().contains(sign)),
        _ => false,
    }
}

/// True when the message says the server or the file is at fault, not the statement.
pub fn is_outage(error: &Diesel) -> bool {
    let Diesel::DatabaseError(kind, info) = error else {
        return matches!(error, Diesel::BrokenTransactionManager);
    };
    if matches!(kind, Kind::SerializationFailure) || is_connection_lost(error) {
        return true;
    }
    let text = info.message();
    [
        "the database system is",
        "deadlock detected",
        "database is locked",
        "disk is full",
        "disk I/O error",
        "No space left",
        "read-only transaction",
        LOCK_TIMEOUT,
        "canceling statement due to statement timeout",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// Somebody else was faster: `storage.conflict`.
pub fn moved_on() -> Error {
    Error::conflict("storage.conflict", "The same thing was written at the same time. Read it again and retry.")
}

/// Of a statement that writes one row in the version in which it was read.
///
/// # Errors
/// [`moved_on`] when there is none in that version any more.
pub fn written_once(rows: usize) -> Result<()> {
    if rows == 0 { Err(moved_on()) } else { Ok(()) }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        match &error {
            e if is_outage(e) => unavailable(error),
            Diesel::DatabaseError(Kind::UniqueViolation, _) => moved_on().with_source(error),
            _ => Error::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_in_vain_may_try_again() {
        let said = |text: &str| Diesel::DatabaseError(Kind::Unknown, Box::new(text.to_string()));
        let waited = said("canceling statement due to lock timeout");
        assert!(is_lock_timeout(&waited));
        assert!(!is_lock_timeout(&said("canceling statement due to statement timeout")));
        for error in [waited, said("canceling statement due to statement timeout")] {
            let error = Error::from(error);
            assert_eq!(error.code(), "storage.unavailable");
            assert!(error.retry_after().is_some());
            assert_eq!(waited_in_vain(&error), error.chain().contains("lock timeout"));
        }
        assert_ne!(Error::from(said("syntax error")).code(), "storage.unavailable");
    }

    #[test]
    fn a_commit_whose_answer_was_lost_is_not_called_unwritten() {
        let said = |text: &str| Diesel::DatabaseError(Kind::Unknown, Box::new(text.to_string()));
        let lost = || said("server closed the connection unexpectedly");
        let twice = Diesel::RollbackErrorOnCommit {
            rollback_error: Box::new(said("no connection to the server")),
            commit_error: Box::new(lost()),
        };
        for error in [lost(), twice] {
            let error = of_commit(error);
            assert_eq!(error.code(), "storage.outcome_unknown");
            assert!(error.retry_after().is_some());
        }
        assert_eq!(of_commit(said("could not serialize: deadlock detected")).code(), "storage.unavailable");
        assert_eq!(Error::from(lost()).code(), "storage.unavailable", "before the COMMIT nothing is written");
    }
}
