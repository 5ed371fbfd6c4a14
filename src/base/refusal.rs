//! What is refused, as callers are told of it: the entries of the catalogue of errors.
//!
//! An [`Error`](super::Error) says what happened; its [`Refusal`] says, for every error of this code, why it happens, what to do
//! and whether repeating helps. Each folder lists its own in `refusals.rs`. A code that is answered and not listed fails a test,
//! and so does one that an operation answers and that the document does not name there.

use super::ErrorKind;

/// One entry. Of a code that is answered by two statuses there are two.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    pub code: &'static str,
    pub kind: ErrorKind,
    /// Why it is answered: what is the case.
    pub why: &'static str,
    /// What the caller can do about it.
    pub remedy: &'static str,
    pub again: Again,
    /// Where it is answered. Without any it is answered by no operation: it stands in jobs, deliveries, logs or on the
    /// command line.
    pub places: &'static [Place],
}

crate::text_enum! {
    /// Whether the same request may be sent again as it is.
    pub enum Again {
        /// It would be answered the same, until something else has changed.
        No = "no",
        /// Yes, after `Retry-After` or a moment.
        Later = "later",
        /// It may have taken effect: yes, with the same Idempotency-Key, or after a look.
        SameKey = "same_key",
    }
}

/// Which operations answer it: those of a kind, or some by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// All but the probes.
    Everywhere,
    /// Also the probes.
    Anywhere,
    /// None: where no operation answers.
    Unrouted,
    /// Those that ask for a credential.
    Credentials,
    /// Those of the tenant's people and keys.
    Members,
    /// Those that only operators call.
    Operators,
    /// Those of a person's own, by the session.
    People,
    /// Those where an operator names a tenant.
    NamedTenant,
    /// Those with an id in the path.
    Ids,
    /// Those with a body, parameters or both, and no provider behind them.
    Input,
    /// Those with a body.
    Bodies,
    /// Those with a body that must say that it is JSON.
    JsonBodies,
    /// Those that write.
    Writes,
    /// Those that take an `Idempotency-Key`.
    Keys,
    /// Those that take `If-Match`.
    Versions,
    /// Those that list, count and search.
    Reads,
    /// Those that providers call.
    Receivers,
    /// All whose path begins like this.
    Under(&'static str),
    /// One, by its operation id.
    At(&'static str),
}

/// That there is no row of this id: its noun, what it is called, and where its like are listed. [`rows!`](crate::rows) refuses it.
#[macro_export]
macro_rules! absent {
    ($noun:literal, $called:literal, $path:literal) => {
        $crate::base::refusal::Refusal::not_found(concat!($noun, ".not_found"))
            .why(concat!("There is no such ", $called, "."))
            .remedy(concat!("Look the id up by GET ", $path, "."))
            .at(&[$crate::base::refusal::Place::Under(concat!($path, "/{id}"))])
    };
}

/// That a tenant has as many rows as it may: their noun, what one is called, and what makes one. [`rows!`](crate::rows) refuses it.
#[macro_export]
macro_rules! full {
    ($noun:literal, $called:literal, $made_by:literal) => {
        $crate::base::refusal::Refusal::conflict(concat!($noun, ".too_many"))
            .why(concat!("The tenant has as many ", $called, "s as it may."))
            .remedy("Delete one first.")
            .at(&[$crate::base::refusal::Place::At($made_by)])
    };
}

macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {
        $(pub const fn $name(code: &'static str) -> Self {
            Self::new(ErrorKind::$kind, code)
        })*
    };
}

impl Refusal {
    pub const fn new(kind: ErrorKind, code: &'static str) -> Self {
        let again = match kind {
            ErrorKind::TooMany | ErrorKind::Upstream | ErrorKind::Unavailable => Again::Later,
            _ => Again::No,
        };
        Self { code, kind, why: "", remedy: "", again, places: &[] }
    }

    constructors! {
        malformed => Malformed,
        invalid => Invalid,
        unauthenticated => Unauthenticated,
        forbidden => Forbidden,
        not_found => NotFound,
        conflict => Conflict,
        precondition_failed => PreconditionFailed,
        too_many => TooMany,
        upstream => Upstream,
        unavailable => Unavailable,
    }

    pub const fn why(self, why: &'static str) -> Self {
        Self { why, ..self }
    }
    pub const fn remedy(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }
    pub const fn again(self, again: Again) -> Self {
        Self { again, ..self }
    }
    pub const fn at(self, places: &'static [Place]) -> Self {
        Self { places, ..self }
    }
}
