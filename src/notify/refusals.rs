//! What is refused about notifications and their recipients.

use crate::base::refusal::Place::At;
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("notification.not_found")
        .why("There is no such notification of yours.")
        .remedy("Look the id up in your list of notifications.")
        .at(&[At("mark_notification_read"), At("read_operator_notification")]),
    Refusal::not_found("notification_recipient.not_found")
        .why("Nobody asks for this address any more.")
        .remedy("Nothing is left to do: no alert goes there.")
        .at(&[At("confirm_notification_recipient")]),
];
