//! What is refused in conversations: the gate's reasons, and what a channel does not have.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::{Place, Refusal};

/// Where somebody wants to write.
const WRITING: &[Place] = &[At("send_message")];

pub const REFUSALS: &[Refusal] = &[
    engine::absent!("conversation", "conversation", "/v1/conversations"),
    Refusal::conflict("conversation.illegal_transition")
        .why("The conversation's status cannot follow the one it has.")
        .remedy("Read it, and take a status that can.")
        .at(&[At("update_conversation")]),
    Refusal::conflict("conversation.suppressed")
        .why("The person does not want messages from this sender.")
        .remedy("Do not write. Should they write first, the conversation opens again.")
        .at(WRITING),
    Refusal::conflict("conversation.window_closed")
        .why("More than 24 hours have passed since the person last wrote, so WhatsApp takes no free text.")
        .remedy("Send a template; the detail names those that are allowed.")
        .at(WRITING),
    Refusal::forbidden("conversation.country_not_allowed")
        .why("Messages to this country are not allowed to this tenant.")
        .remedy("Take another channel, or ask the platform's operators.")
        .at(WRITING),
    Refusal::conflict("conversation.no_reason")
        .why("The person has neither enquired nor agreed to be written to.")
        .remedy("Wait for them to write, or record how they agreed as opt_in of the lead.")
        .at(WRITING),
    Refusal::too_many("conversation.person_limit")
        .why("The person was written to as often as may be without an answer.")
        .remedy("Wait for their answer, or for Retry-After.")
        .at(WRITING),
    Refusal::too_many("conversation.tenant_limit")
        .why("The tenant has begun as many conversations as it may today.")
        .remedy("Go on after Retry-After, or ask the platform's operators for more.")
        .at(WRITING),
    Refusal::conflict("conversation.tenant_unverified")
        .why("Nobody of the business has verified an e-mail address yet.")
        .remedy("Let an owner open the link that was mailed, or ask for it anew.")
        .at(WRITING),
    Refusal::forbidden("conversation.tenant_suspended")
        .why("The business is suspended.")
        .remedy("Ask the platform's operators.")
        .at(WRITING),
    Refusal::conflict("conversation.no_subscription")
        .why("The business has no subscription yet.")
        .remedy("Choose a plan by POST /v1/subscriptions.")
        .at(WRITING),
    Refusal::conflict("conversation.address_unconfirmed")
        .why("The address has not agreed yet to be written to.")
        .remedy("Let its holder open the link that was mailed, or write the code that was sent."),
    Refusal::conflict("channel.not_supported")
        .why("Messages cannot be sent on this channel.")
        .remedy("Take e-mail, SMS or WhatsApp.")
        .at(&[Under("/v1/conversations"), At("get_suggested_message")]),
    Refusal::conflict("lead.no_address")
        .why("The lead has no address on this channel.")
        .remedy("Give the lead an e-mail address or a phone number, or take another channel.")
        .at(&[At("open_conversation"), At("send_message"), At("get_eligibility")]),
    Refusal::not_found("message.not_found")
        .why("There is no such message.")
        .remedy("Look the id up by GET /v1/conversations/{id}/messages.")
        .at(&[At("get_attachment")]),
    Refusal::not_found("attachment.not_found")
        .why("The message has no such file.")
        .remedy("Take a place of the message's attachments, counted from 0.")
        .at(&[At("get_attachment")]),
    Refusal::not_found("attachment.gone")
        .why("The provider does not have this file any more.")
        .remedy("Ask the person to send it again.")
        .at(&[At("get_attachment")]),
    Refusal::conflict("message.changed")
        .why("The message changed at the same time.")
        .remedy("Nothing: it is read and decided upon again."),
    Refusal::conflict("webhook_event.no_lead")
        .why("The tenant has no lead to whom this message could belong.")
        .remedy("Enter the lead with this number first, or give the message to another tenant.")
        .at(&[At("assign_webhook_event")]),
];
