//! What the providers are asked: to take a parcel, and what became of one whose answer was lost.

use std::collections::BTreeMap;

use super::html;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::providers::{
    Accepted, DeliveryStatus, EmailSender, ErrorClass, Mailbox, OutgoingEmail, OutgoingText, ProviderError, Providers,
    SentQuery, TextChannel, TextContent, TextSender,
};
use crate::sending::gate::Pass;
use crate::sending::status::MessageStatus;

/// How long a message may be missing from the provider's list before it counts as never taken.
const SEARCH_SECONDS: i64 = 60;
/// How far the provider's clock may be from ours, or ours from what it was when the attempt began. A message that is dated
/// before our attempt may be ours all the same, and taking it for older would send it twice. An older one that is not ours
/// is known by its id.
const CLOCK_SKEW: chrono::Duration = chrono::Duration::hours(1);
/// When a lost answer is looked for first.
const FIRST_LOOK_SECONDS: i64 = 5;

/// Something that is to leave.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Our id: idempotency key, `Message-ID`, and what status callbacks carry.
    pub id: String,
    pub tenant: TenantId,
    pub about: About,
    pub channel: Channel,
    pub from: Mailbox,
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    /// What `text` says, as HTML. Of an e-mail that has none it is made of the text, where that adds something.
    pub html: Option<String>,
    /// Code and values by the provider's numbers; `text` is what it reads like.
    pub template: Option<(String, BTreeMap<String, String>)>,
    pub reply_to: Option<Mailbox>,
    /// Further headers of an e-mail.
    pub headers: Vec<(String, String)>,
}

/// What a parcel is, as providers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Somebody writes to this lead.
    Lead(LeadId),
    /// The platform tells one of the tenant's people.
    Notice,
    /// One of many that say the same.
    Outreach,
}

/// An attempt whose end nobody recorded.
#[derive(Debug, Clone)]
pub struct OpenAttempt {
    pub began_at: Timestamp,
    /// Of the first attempt in a row whose end is unknown.
    pub first_began_at: Timestamp,
    /// Provider ids that belong to others, [`known_since`] the attempt, so that none of them is taken for this one.
    pub known: Vec<String>,
}

/// From when on a message may be the one whose first attempt began then, by our clock then.
fn sent_since(first_began_at: Timestamp, now: Timestamp) -> Timestamp {
    first_began_at.min(now).minus(CLOCK_SKEW)
}

/// From when on other messages may be taken for one whose first attempt began then.
pub fn known_since(first_began_at: Timestamp, now: Timestamp) -> Timestamp {
    first_began_at.min(now).minus(CLOCK_SKEW * 2)
}

/// What came of asking.
#[derive(Debug)]
pub enum Verdict {
    /// The provider took responsibility.
    Accepted { provider: &'static str, external_id: String, status: MessageStatus },
    /// Nothing was sent; the same may be tried again, at a given time when the provider named one.
    Later { error: ProviderError, at: Option<Timestamp> },
    /// The answer was lost, or the list could not be read: the attempt stays open and is looked at again.
    InDoubt { at: Timestamp, reason: String },
    /// It will never be sent: the class says why.
    Refused(ProviderError),
    /// Nothing was sent and nothing will be until an operator acts.
    Stuck(ProviderError),
    /// It may have been sent, and the provider will not say until an operator acts: the attempt stays open.
    Unanswered(ProviderError),
    /// It may have been sent, and there is no way to find out.
    Lost(ProviderError),
}

enum Road<'a> {
    Text(TextChannel, &'a dyn TextSender),
    Email(&'a dyn EmailSender),
}

fn road<'a>(providers: &'a Providers, channel: Channel) -> Option<Road<'a>> {
    match channel {
        Channel::Whatsapp => providers.whatsapp().map(|sender| Road::Text(TextChannel::Whatsapp, sender)),
        Channel::Sms => providers.sms().map(|sender| Road::Text(TextChannel::Sms, sender)),
        Channel::Email => providers.email().map(Road::Email),
        Channel::WebChat | Channel::Messenger | Channel::Instagram => None,
    }
}

/// Decides about an open attempt; `None`: nothing was sent, so send now.
pub async fn recover(core: &Core, providers: &Providers, parcel: &Parcel, open: OpenAttempt) -> Option<Verdict> {
    let now = core.clock.now();
    match road(providers, parcel.channel)? {
        // The same key makes the repetition harmless.
        Road::Email(sender) if sender.provider() == "resend" => None,
        Road::Email(sender) => {
            let message = "the answer was lost, and the server cannot be asked";
            Some(Verdict::Lost(ProviderError::new(sender.provider(), ErrorClass::Ambiguous, "answer_lost", message)))
        }
        Road::Text(channel, sender) => {
            let query = SentQuery {
                channel,
                from: parcel.from.address.clone(),
                to: parcel.to.clone(),
                since: sent_since(open.first_began_at, now),
                content: content(parcel),
                known: open.known,
            };
            let found = sender.find_sent(&query).await;
            observe(core, sender.provider(), "find_sent", found.as_ref().err());
            let give_up_at = open.began_at.plus(chrono::Duration::seconds(SEARCH_SECONDS));
            match found {
                Ok(Some(found)) => Some(accepted(sender.provider(), found)),
                Ok(None) if now < give_up_at => {
                    let reason = "not in the provider's list yet".to_string();
                    Some(Verdict::InDoubt { at: give_up_at, reason })
                }
                Ok(None) => None,
                Err(error) if error.needs_an_operator() => Some(Verdict::Unanswered(error)),
                Err(error) => {
                    let wait = error.retry_after.and_then(|wait| chrono::Duration::from_std(wait).ok());
                    let at = now.plus(wait.unwrap_or(chrono::Duration::seconds(30)));
                    Some(Verdict::InDoubt { at, reason: error.to_string() })
                }
            }
        }
    }
}

/// Asks the provider. Call it only with the attempt written down; the gate let the parcel pass, once.
pub async fn send(core: &Core, providers: &Providers, parcel: &Parcel, _: Pass) -> Verdict {
    let Some(road) = road(providers, parcel.channel) else {
        let message = format!("no provider is connected for {}", parcel.channel);
        return Verdict::Stuck(ProviderError::new("none", ErrorClass::Config, "not_connected", message));
    };
    let (provider, answer) = match road {
        Road::Text(channel, sender) => {
            let message = OutgoingText {
                id: parcel.id.clone(),
                tenant_id: Some(parcel.tenant.to_string()),
                channel,
                from: parcel.from.address.clone(),
                to: parcel.to.clone(),
                content: content(parcel),
            };
            (sender.provider(), sender.send(&message).await)
        }
        Road::Email(sender) => (sender.provider(), sender.send(&email(parcel)).await),
    };
    observe(core, provider, "send", answer.as_ref().err());
    match answer {
        Ok(taken) => accepted(provider, taken),
        Err(error) => judge(error, matches!(parcel.channel, Channel::Email), core.clock.now()),
    }
}

/// What a provider's refusal means for the parcel.
fn judge(error: ProviderError, is_email: bool, now: Timestamp) -> Verdict {
    match error.class {
        ErrorClass::Retry => Verdict::Later { error, at: None },
        ErrorClass::Rate => {
            let wait = error.retry_after.and_then(|wait| chrono::Duration::from_std(wait).ok());
            Verdict::Later { at: Some(now.plus(wait.unwrap_or(chrono::Duration::seconds(30)))), error }
        }
        ErrorClass::Permanent | ErrorClass::OptOut | ErrorClass::Window | ErrorClass::Unreachable => {
            Verdict::Refused(error)
        }
        ErrorClass::Auth | ErrorClass::Config => Verdict::Stuck(error),
        ErrorClass::Ambiguous if is_email => Verdict::Lost(error),
        ErrorClass::Ambiguous => {
            let at = now.plus(chrono::Duration::seconds(FIRST_LOOK_SECONDS));
            Verdict::InDoubt { at, reason: error.to_string() }
        }
    }
}

fn accepted(provider: &'static str, taken: Accepted) -> Verdict {
    let status = match taken.status {
        DeliveryStatus::Queued | DeliveryStatus::Sent => MessageStatus::Sent,
        DeliveryStatus::Delivered => MessageStatus::Delivered,
        DeliveryStatus::Read => MessageStatus::Read,
        DeliveryStatus::Failed => MessageStatus::Failed,
    };
    Verdict::Accepted { provider, external_id: taken.provider_id, status }
}

fn content(parcel: &Parcel) -> TextContent {
    match &parcel.template {
        // Only WhatsApp knows templates; an SMS carries the text.
        Some((code, variables)) if parcel.channel == Channel::Whatsapp => {
            TextContent::Template { code: code.clone(), variables: variables.clone(), text: parcel.text.clone() }
        }
        _ => TextContent::Body(parcel.text.clone()),
    }
}

fn email(parcel: &Parcel) -> OutgoingEmail {
    let tag = |name: &str, value: String| (name.to_string(), value);
    let mut tags = vec![tag("message_id", parcel.id.clone()), tag("tenant_id", parcel.tenant.to_string())];
    match parcel.about {
        About::Lead(lead) => tags.extend([tag("lead_id", lead.to_string()), tag("type", "lead_communication".into())]),
        About::Notice => tags.push(tag("type", "notification".into())),
        About::Outreach => tags.push(tag("type", "outreach".into())),
    }
    OutgoingEmail {
        id: parcel.id.clone(),
        from: parcel.from.clone(),
        to: Mailbox::bare(parcel.to.clone()),
        reply_to: parcel.reply_to.clone(),
        subject: parcel.subject.clone().unwrap_or_default(),
        text: parcel.text.clone(),
        html: parcel.html.clone().or_else(|| html::of(&parcel.text)),
        headers: parcel.headers.clone(),
        tags,
    }
}

fn observe(core: &Core, provider: &str, operation: &str, error: Option<&ProviderError>) {
    let result = error.map_or("ok", |error| error.class.as_str());
    core.metrics.provider_calls.with_label_values(&[provider, operation, result]).inc();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(class: ErrorClass) -> ProviderError {
        ProviderError::new("twilio", class, "1", "said so")
    }

    #[test]
    fn each_class_has_its_end() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        for class in ErrorClass::ALL {
            let verdict = judge(error(*class), false, now);
            let fits = match class {
                ErrorClass::Retry => matches!(verdict, Verdict::Later { at: None, .. }),
                ErrorClass::Rate => matches!(verdict, Verdict::Later { at: Some(at), .. } if at > now),
                ErrorClass::Auth | ErrorClass::Config => matches!(verdict, Verdict::Stuck(_)),
                ErrorClass::Ambiguous => matches!(verdict, Verdict::InDoubt { at, .. } if at > now),
                _ => matches!(verdict, Verdict::Refused(_)),
            };
            assert!(fits, "{class}: {verdict:?}");
        }
        assert!(matches!(judge(error(ErrorClass::Ambiguous), true, now), Verdict::Lost(_)));
        let rate = error(ErrorClass::Rate).after(Some(Duration::from_secs(7)));
        let Verdict::Later { at: Some(at), .. } = judge(rate, false, now) else { panic!("rate is later") };
        assert_eq!(at.since(now).num_seconds(), 7);
    }

    #[test]
    fn a_message_that_the_provider_dates_before_our_attempt_is_found() {
        let real: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let minutes = chrono::Duration::minutes;
        assert!(sent_since(real.plus(minutes(15)), real.plus(minutes(16))) < real, "our clock is ahead");
        assert!(sent_since(real.plus(minutes(90)), real.plus(minutes(1))) < real, "our clock was set back since");
        assert!(known_since(real, real) < sent_since(real, real), "what is older is known not to be it");
    }

    #[test]
    fn only_whatsapp_is_given_the_template() {
        let mut parcel = Parcel {
            id: "1".into(),
            tenant: TenantId::new(),
            about: About::Notice,
            channel: Channel::Whatsapp,
            from: Mailbox::bare("+1"),
            to: "+2".into(),
            subject: None,
            text: "Hi Asha".into(),
            html: None,
            template: Some(("first_contact".into(), BTreeMap::new())),
            reply_to: None,
            headers: Vec::new(),
        };
        assert!(matches!(content(&parcel), TextContent::Template { text, .. } if text == "Hi Asha"));
        parcel.channel = Channel::Sms;
        assert_eq!(content(&parcel), TextContent::Body("Hi Asha".into()));
    }

    #[test]
    fn only_mail_to_a_lead_is_marked_as_such() {
        let lead = LeadId::new();
        let mut parcel = Parcel {
            id: "1".into(),
            tenant: TenantId::new(),
            about: About::Lead(lead),
            channel: Channel::Email,
            from: Mailbox::bare("a@abc.example"),
            to: "b@example.com".into(),
            subject: Some("Hi".into()),
            text: "Hi <b> https://abc.example".into(),
            html: None,
            template: None,
            reply_to: None,
            headers: Vec::new(),
        };
        let tag =
            |email: &OutgoingEmail, name: &str| email.tags.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let written = email(&parcel);
        assert_eq!(tag(&written, "lead_id"), Some(lead.to_string()));
        assert_eq!(tag(&written, "type").as_deref(), Some("lead_communication"));
        assert!(written.html.unwrap().contains("Hi &lt;b&gt;"));
        parcel.html = Some("<p>Hi</p>".into());
        assert_eq!(email(&parcel).html.as_deref(), Some("<p>Hi</p>"), "what is written so is sent so");
        parcel.about = About::Notice;
        let written = email(&parcel);
        assert_eq!((tag(&written, "lead_id"), tag(&written, "type").as_deref()), (None, Some("notification")));
    }
}
