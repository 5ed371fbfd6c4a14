//! Whether something may leave for a person, and why: the one gate that every way out of the process passes.
//!
//! [`gate`] decides from stored facts and answers every reason against it at once; [`reason`] says why a person may be
//! written to at all; [`caps`] bounds how much, to whom and how often; [`countries`] bounds where SMS goes; [`words`] says what
//! the variables of an approved template may carry. What has passed holds a [`Pass`], which nobody else can make and without
//! which no provider is asked (`inbox::dispatch`).
//!
//! It knows no lead and no plan: whoever asks brings the facts ([`gate::PersonFacts`], [`gate::NoticeFacts`]).

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as sending;
use ::contacts;
use ::tenants;
use engine::{self, base, text_enum};

pub mod caps;
pub mod countries;
pub mod gate;
pub mod reason;
pub mod words;

pub use gate::{Code, Obstacle, Pass, Verdict};
pub use reason::WriteReason;
