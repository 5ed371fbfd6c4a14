//! What is refused of what leaves for a person, before it is on its way.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::conflict("channel.not_connected")
        .why("Neither the tenant nor the platform has a sender for this channel, or its provider is not connected.")
        .remedy("Take another channel, or ask the platform's operators to connect it.")
        .at(&[Under("/v1/conversations/{id}"), At("get_attachment")]),
    Refusal::unavailable("message.busy")
        .why("The message is being sent or changed by another run.")
        .remedy("Nothing: it is looked at again."),
];
