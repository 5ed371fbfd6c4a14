//! What is refused about who may be written to.

use crate::base::refusal::Place::At;
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("suppression.not_found")
        .why("There is no such suppression.")
        .remedy("Look the id up by GET /v1/suppressions.")
        .at(&[At("lift_suppression")]),
    Refusal::forbidden("suppression.the_persons_own")
        .why("The person said so themselves, so only they can take it back.")
        .remedy("Let them write START, or ask the platform's operators.")
        .at(&[At("lift_suppression")]),
];
