//! Writing to a lead: what a person asks for becomes a queued message and its job.
//!
//! The gate is asked twice, here so that the person learns at once, and by [`super::leave`] when the message really leaves,
//! because consent, lock and window change in between.

use std::collections::BTreeMap;

use serde_json::json;

use super::draft::words_of;
use super::facts::{ConversationFact, MessageFact};
use super::gate::{self, Ask, Writer};
use super::leave;
use super::marks::set_metadata;
use super::model::{
    Channel, ConversationStatus, Direction, MessageStatus, MessageType, SenderType, longest_content, preview,
    written_at,
};
use super::store::conversations::{self, Conversation, Touch};
use super::store::held;
use super::store::messages::{self, Message};
use crate::base::json::Json;
use crate::base::{Error, Result};
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::inbox::id::ConversationId;
use crate::language::Words;
use crate::sending::gate::HELD_HOURS;
use crate::sending::{Code, Obstacle, Verdict, senders, templates};
use crate::tenants::access::Caller;
use crate::tenants::passes_for;

/// What is to be written: free text or a template.
#[derive(Debug, Clone, Default)]
pub struct NewMessage {
    pub content: Option<String>,
    /// Code and values.
    pub template: Option<(String, BTreeMap<String, String>)>,
    /// E-mail only.
    pub subject: Option<String>,
}

/// Queues a message. A closed conversation reopens by it.
///
/// # Errors
/// `conversation.not_found`, `feature_not_in_plan`, `channel.not_supported`, `channel.not_connected`, `lead.no_address`, what
/// the gate refuses ([`gate::refusal`]), and field errors. What the gate only holds is queued and says so.
pub fn queue(
    tx: &mut TenantTx<'_>,
    caller: &Caller,
    id: ConversationId,
    new: NewMessage,
    settings: &CoreSettings,
) -> Result<Message> {
    // Held, because somebody may be closing it: then the message comes after that and reopens it.
    let conversation = conversations::hold(tx, id)?;
    let writer = Writer::of(tx)?;
    require_channel(caller, &writer, conversation.channel)?;
    put(tx, &writer, conversation, new, settings)
}

/// [`queue`] without a caller, into a conversation that is held: what the product itself has to say.
pub(super) fn put(
    tx: &mut TenantTx<'_>,
    writer: &Writer,
    conversation: Conversation,
    new: NewMessage,
    settings: &CoreSettings,
) -> Result<Message> {
    let id = conversation.id;
    let lead = crate::leads::brief(tx, conversation.lead_id)?;
    refuse_look_alikes(&new, &settings.platform_name)?;
    let written = compose(conversation.channel, new, words_of(&writer.tenant))?;
    let address = match &conversation.person_address {
        Some(address) => address.clone(),
        None => super::open::address_of(&lead, conversation.channel)?
            .ok_or_else(|| Error::conflict("lead.no_address", "This conversation has nobody to write to."))?,
    };
    let sender = senders::choose(tx, conversation.channel, conversation.sender_address.as_deref())?;
    let is_template = written.template_code.is_some();
    let question = Ask {
        conversation: &conversation,
        lead: &lead,
        sender: &sender,
        person: &address,
        is_template,
        is_on_its_way: false,
    };
    let verdict = gate::ask(tx, writer, settings, &question)?;
    let held_for = admit(tx, writer, &question, &verdict)?;
    reopen(tx, &conversation)?;

    let tenant = &writer.tenant;
    let platform_name = settings.platform_name.as_str();
    let at = written_at(tx.now(), tx.now(), conversation.last_message_at);
    let author = tx.actor().user();
    let mut message = Message {
        direction: Direction::Outbound,
        sender_type: if author.is_some() { SenderType::User } else { SenderType::System },
        sender_user_id: author,
        message_type: if is_template { MessageType::Template } else { MessageType::Text },
        subject: written.subject,
        content: written.content,
        template_code: written.template_code,
        template_variables: written.variables,
        from_name: Some(match &sender.tenant_id {
            Some(_) => sender.display_name.clone().unwrap_or_else(|| tenant.name.clone()),
            None => tenant.sender_name(platform_name),
        }),
        from_address: Some(sender.address.clone()),
        to_address: Some(address),
        status: MessageStatus::Queued,
        ..Message::new(tx.tenant(), id, conversation.lead_id, conversation.channel, at)
    };
    set_metadata(&mut message, "reason", json!(verdict.reason));
    let held_until = (!held_for.is_empty()).then(|| tx.now().plus(chrono::Duration::hours(HELD_HOURS)));
    if let Some(until) = held_until {
        set_metadata(&mut message, "held_for", json!(held_for));
        set_metadata(&mut message, "held_until", json!(until));
    }
    messages::insert(tx, &message)?;
    if let Some(until) = held_until {
        held::note(tx, message.id, message.lead_id, until)?;
    }
    if conversation.sender_address.as_deref() != Some(sender.address.as_str()) {
        conversations::set_sender(tx, id, &sender.address)?;
    }
    let line = preview(&message.content);
    let touch = Touch { direction: Direction::Outbound, preview: &line, at, window_expires_at: None };
    conversations::touch(tx, id, &touch)?;
    let fact = MessageFact {
        conversation_id: Some(id),
        channel: Some(message.channel),
        held_for: held_until.map(|_| held_for),
        ..MessageFact::default()
    };
    tx.record(fact.told_as(MessageFact::QUEUED).about(message.id.uuid()).on(message.lead_id.uuid()))?;
    leave::enqueue(tx, message.id, held_until)?;
    Ok(message)
}

/// Refuses what the gate refuses, counts what may leave, and answers what the rest waits for.
fn admit(tx: &mut TenantTx<'_>, writer: &Writer, question: &Ask<'_>, verdict: &Verdict) -> Result<Vec<Code>> {
    if let Some(obstacle) = verdict.refusal().or_else(|| verdict.cap()) {
        return Err(gate::refusal(tx, question, &obstacle)?);
    }
    let held_for = verdict.holds();
    // What waits is counted on the day it leaves.
    if held_for.is_empty()
        && let Some(opens_at) = gate::count_spelling(tx, writer, question)?
    {
        let full = Obstacle { code: Code::PersonLimit, opens_at: Some(opens_at) };
        return Err(gate::refusal(tx, question, &full)?);
    }
    if held_for.is_empty()
        && let Some(opens_at) = gate::count(tx, writer, question, verdict)?
    {
        let full = Obstacle { code: Code::TenantLimit, opens_at: Some(opens_at) };
        return Err(gate::refusal(tx, question, &full)?);
    }
    Ok(held_for)
}

/// Before there is a plan, everything can be set up: what is written waits for one.
///
/// # Errors
/// `feature_not_in_plan`, `channel.not_supported`.
pub(super) fn require_channel(caller: &Caller, writer: &Writer, channel: Channel) -> Result<()> {
    if matches!(channel, Channel::WebChat | Channel::Messenger | Channel::Instagram) {
        return Err(Error::conflict("channel.not_supported", format!("Messages cannot be sent on {channel} yet.")));
    }
    match gate::feature_of(channel) {
        Some(feature) if !writer.has_no_plan() => caller.require_feature(feature),
        _ => Ok(()),
    }
}

/// Brings a closed conversation back, because somebody wrote in it; answers it as it is now.
pub(super) fn reopen(tx: &mut TenantTx<'_>, conversation: &Conversation) -> Result<Conversation> {
    if conversation.status != ConversationStatus::Closed {
        return Ok(conversation.clone());
    }
    let open = Conversation { status: ConversationStatus::Open, closed_at: None, ..conversation.clone() };
    let saved = conversations::save_state(tx, &open, conversation.standing())?;
    let fact = ConversationFact { by: Some("message".into()), ..ConversationFact::default() };
    let event = fact.told_as(ConversationFact::REOPENED).about(conversation.id.uuid());
    tx.record(event.on(conversation.lead_id.uuid()))?;
    Ok(saved)
}

#[derive(Debug)]
struct Written {
    content: String,
    subject: Option<String>,
    template_code: Option<String>,
    variables: Option<Json>,
}

/// Checks what was asked for and renders templates.
/// Who writes is the business; that it writes by way of the platform may stand behind its name.
fn refuse_look_alikes(new: &NewMessage, platform_name: &str) -> Result<()> {
    let Some((code, values)) = &new.template else { return Ok(()) };
    let by_way = format!(" via {}", platform_name.to_lowercase());
    for (name, value) in templates::find(code)?.senders(values) {
        let lower = value.trim().to_lowercase();
        if passes_for(lower.strip_suffix(&by_way).unwrap_or(&lower), platform_name) {
            let rule =
                format!("expected the name of the business, not one that can be taken for {platform_name} itself");
            return Err(Error::field(format!("/template/variables/{name}"), "invalid_value", rule));
        }
    }
    Ok(())
}

fn compose(channel: Channel, new: NewMessage, words: &'static Words) -> Result<Written> {
    let subject = new.subject.map(|subject| subject.trim().to_string()).filter(|subject| !subject.is_empty());
    if subject.is_some() && channel != Channel::Email {
        return Err(Error::field("/subject", "invalid_value", "only e-mails have a subject"));
    }
    if subject.as_ref().is_some_and(|subject| subject.chars().any(char::is_control)) {
        return Err(Error::field("/subject", "invalid_value", "a subject is one line"));
    }
    match (new.content, new.template) {
        (Some(content), None) => {
            if content.trim().is_empty() {
                return Err(Error::field("/content", "required", "write something"));
            }
            let most = longest_content(channel);
            if content.chars().count() > most {
                let detail = format!("a message on {channel} has at most {most} characters");
                return Err(Error::field("/content", "too_long", detail));
            }
            if channel == Channel::Email && subject.is_none() {
                return Err(Error::field("/subject", "required", "an e-mail needs a subject"));
            }
            Ok(Written { content, subject, template_code: None, variables: None })
        }
        (None, Some((code, values))) => {
            let template = templates::find(&code)?;
            if !template.is_for_leads() {
                return Err(Error::field("/template/code", "invalid_value", "this template is not for leads"));
            }
            let rendered = template.render(channel, &values, words)?;
            Ok(Written {
                subject: subject.or(rendered.subject),
                content: rendered.content,
                variables: Some(Json::of(&rendered.numbered)),
                template_code: Some(code),
            })
        }
        _ => Err(Error::field("/content", "required", "give either content or template, and not both")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::english;

    fn pointer(channel: Channel, new: NewMessage) -> String {
        compose(channel, new, english()).unwrap_err().field_errors()[0].pointer.clone()
    }

    #[test]
    fn a_message_is_either_text_or_template_and_fits_its_channel() {
        let text = |content: &str| NewMessage { content: Some(content.into()), ..Default::default() };
        let template = |code: &str| Some((code.to_string(), BTreeMap::new()));
        assert_eq!(pointer(Channel::Sms, NewMessage::default()), "/content");
        assert_eq!(pointer(Channel::Sms, NewMessage { template: template("first_contact"), ..text("x") }), "/content");
        assert_eq!(pointer(Channel::Sms, text("  \n")), "/content");
        assert_eq!(pointer(Channel::Whatsapp, text(&"é".repeat(1601))), "/content");
        assert_eq!(pointer(Channel::Email, text("Hi")), "/subject");
        assert_eq!(pointer(Channel::Sms, NewMessage { subject: Some("Hi".into()), ..text("Hi") }), "/subject");
        assert_eq!(pointer(Channel::Email, NewMessage { subject: Some("a\nb".into()), ..text("Hi") }), "/subject");
        let alert = NewMessage { template: template("lead_alert"), ..Default::default() };
        assert_eq!(pointer(Channel::Whatsapp, alert), "/template/code");
        assert!(compose(Channel::Whatsapp, text(&"é".repeat(1600)), english()).is_ok());
    }
}
