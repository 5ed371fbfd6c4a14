//! What is refused about leads.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("lead.not_found")
        .why("There is no such lead.")
        .remedy("Look the id up by GET /v1/leads. Another tenant's lead looks the same as none.")
        .at(&[Under("/v1/leads/{id}"), At("open_conversation")]),
    Refusal::forbidden("lead.locked")
        .why("The lead is held under lock: the tenant's plan had no room for it.")
        .remedy("It unlocks once the subscription has room; GET /v1/usage tells how things stand.")
        .at(&[
            At("update_lead"),
            At("open_conversation"),
            At("list_messages"),
            At("send_message"),
            At("get_attachment"),
        ]),
    Refusal::conflict("lead.illegal_transition")
        .why("The lead's status cannot follow the one it has.")
        .remedy("Take a status of allowed_transitions, as the lead is answered.")
        .at(&[At("update_lead")]),
    Refusal::conflict("lead.identity_taken")
        .why("Another lead of the tenant has this e-mail address or phone number.")
        .remedy("Look for that lead by GET /v1/leads?search=…; it is the same person.")
        .at(&[At("update_lead")]),
    engine::absent!("task", "task", "/v1/tasks"),
    Refusal::conflict("lead_note.limit_reached")
        .why("The lead has as many notes as it may.")
        .remedy("Write into the lead itself, or into your own system.")
        .at(&[At("create_lead_note")]),
];
