//! What is refused of what leaves for a person, before it is on its way.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::conflict("channel.not_connected")
        .why("Neither the tenant nor the platform has a sender for this channel, or its provider is not connected.")
        .remedy("Take another channel, or ask the platform's operators to connect it.")
        .at(&[
            Under("/v1/conversations/{id}"),
            At("get_attachment"),
            At("confirm_outreach_campaign"),
            At("resume_outreach_campaign"),
        ]),
    Refusal::not_found("template.not_found")
        .why("There is no such template.")
        .remedy("Look the id up by GET /v1/templates.")
        .at(&[
            Under("/v1/templates/{id}"),
            At("create_outreach_campaign"),
            At("update_outreach_campaign"),
            At("clone_outreach_campaign"),
            At("estimate_outreach_campaign"),
            At("confirm_outreach_campaign"),
        ]),
    engine::full!("template", "template", "create_template"),
    Refusal::conflict("template.name_taken")
        .why("Another template that is not archived has this name, in whatever case.")
        .remedy("Take another name, or archive the other template.")
        .at(&[At("create_template"), At("update_template")]),
    Refusal::conflict("template.archived")
        .why("The template is archived, so its words stay as they are.")
        .remedy("Send a status of draft or active with the change, or make another template.")
        .at(&[At("update_template")]),
    Refusal::invalid("template.channel_not_available")
        .why("Templates are for e-mail and SMS. WhatsApp sends what Meta has approved for a business account of the tenant's own, which cannot be connected yet; in other channels nobody is written to first.")
        .remedy("Make one for email or sms.")
        .at(&[At("create_template")]),
    Refusal::unavailable("message.busy")
        .why("The message is being sent or changed by another run.")
        .remedy("Nothing: it is looked at again."),
];
