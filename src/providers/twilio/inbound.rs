//! Messages from people, as Twilio's forms tell them. What has no field of its own here is kept under its own name, so that
//! nothing a person sent is lost because it is of a newer kind than this program.

use serde_json::{Map, Value, json};

use super::address::split_channel;
use super::wire::get;
use crate::providers::TextChannel;

crate::text_enum! {
    /// What Twilio's own opt-out handling recognised.
    pub enum OptOutWord { Stop = "STOP", Start = "START", Help = "HELP" }
}

/// A message from a person to one of our numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundText {
    /// The key to deduplicate by.
    pub message_sid: String,
    pub account_sid: String,
    pub messaging_service_sid: Option<String>,
    pub channel: TextChannel,
    /// The person's number, without the channel prefix.
    pub from: String,
    /// Our number, without the channel prefix; for RCS the name of our agent.
    pub to: String,
    pub body: String,
    /// The name on the person's WhatsApp profile.
    pub profile_name: Option<String>,
    /// The WhatsApp id: the number's digits, which may differ from `from` in Brazil and Mexico.
    pub wa_id: Option<String>,
    /// `text`, `image`, `button` … on WhatsApp.
    pub message_type: Option<String>,
    pub media: Vec<InboundMedia>,
    pub location: Option<SharedLocation>,
    /// What was chosen: the text of a button or the title of an entry of a list.
    pub choice: Option<String>,
    /// `button`, `list`, `referral` (the ad that brought the person), `forwarded`, and under `other` whatever we do not
    /// know, by Twilio's names.
    pub details: Map<String, Value>,
    /// The message of ours this one answers.
    pub replied_to: Option<String>,
    pub opt_out: Option<OptOutWord>,
}

/// An attachment; its URL needs our credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMedia {
    pub url: String,
    pub content_type: String,
}

/// A place on the map, as the person shared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLocation {
    pub latitude: String,
    pub longitude: String,
    pub address: Option<String>,
    pub label: Option<String>,
}

/// Names that are read above, or say nothing about what the person wrote.
const KNOWN: &[&str] = &[
    "MessageSid",
    "SmsMessageSid",
    "SmsSid",
    "AccountSid",
    "MessagingServiceSid",
    "NumSegments",
    "NumMedia",
    "SmsStatus",
    "ApiVersion",
    "From",
    "To",
    "Body",
    "ProfileName",
    "WaId",
    "MessageType",
    "Latitude",
    "Longitude",
    "Address",
    "Label",
    "OptOutType",
    "OriginalRepliedMessageSid",
    "OriginalRepliedMessageSender",
    "ChannelMetadata",
    "ChannelPrefix",
    "ChannelInstallSid",
    "ChannelToAddress",
    "FromCity",
    "FromState",
    "FromZip",
    "FromCountry",
    "ToCity",
    "ToState",
    "ToZip",
    "ToCountry",
    "Forwarded",
    "FrequentlyForwarded",
    "AddOns",
    "RawDlrDoneDate",
];

/// Bounds of what is kept of a form we do not fully know.
const MOST_DETAILS: usize = 40;
const LONGEST_DETAIL: usize = 2_000;

impl InboundText {
    /// # Errors
    /// What is missing or not understood.
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, String> {
        let required = |name: &str| get(pairs, name).ok_or_else(|| format!("{name} is missing"));
        let (channel, from) = split_channel(required("From")?).ok_or("From is on a channel we do not serve")?;
        let (_, to) = split_channel(required("To")?).ok_or("To is on a channel we do not serve")?;
        // NumMedia is only a hint: it is bounded by what is really there.
        let media = (0..10)
            .map_while(|index| {
                let url = get(pairs, &format!("MediaUrl{index}"))?.to_string();
                let content_type = get(pairs, &format!("MediaContentType{index}")).unwrap_or("").to_string();
                Some(InboundMedia { url, content_type })
            })
            .collect();
        let optional = |name: &str| get(pairs, name).map(str::to_string);
        let location = match (optional("Latitude"), optional("Longitude")) {
            (Some(latitude), Some(longitude)) => {
                Some(SharedLocation { latitude, longitude, address: optional("Address"), label: optional("Label") })
            }
            _ => None,
        };
        let sid = required("MessageSid").or_else(|missing| get(pairs, "SmsMessageSid").ok_or(missing))?;
        Ok(Self {
            message_sid: sid.to_string(),
            account_sid: optional("AccountSid").unwrap_or_default(),
            messaging_service_sid: optional("MessagingServiceSid"),
            channel,
            from: from.to_string(),
            to: to.to_string(),
            body: optional("Body").unwrap_or_default(),
            profile_name: optional("ProfileName"),
            wa_id: optional("WaId"),
            message_type: optional("MessageType"),
            media,
            location,
            choice: optional("ButtonText").or_else(|| optional("ListTitle")),
            details: details(pairs),
            replied_to: optional("OriginalRepliedMessageSid"),
            opt_out: get(pairs, "OptOutType").and_then(|word| word.parse().ok()),
        })
    }
}

/// `ReferralSourceUrl` → (`referral`, `source_url`); what belongs to no group goes under `other` by its own name.
fn group_of(name: &str) -> (&'static str, String) {
    for (prefix, group) in [("Referral", "referral"), ("Button", "button"), ("List", "list")] {
        if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
            return (group, snake_case(rest));
        }
    }
    ("other", name.to_string())
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

fn details(pairs: &[(String, String)]) -> Map<String, Value> {
    let mut details = Map::new();
    let is_told =
        |name: &str| !KNOWN.contains(&name) && !name.starts_with("MediaUrl") && !name.starts_with("MediaContentType");
    let told = pairs.iter().filter(|(name, value)| !value.is_empty() && is_told(name));
    for (name, value) in told.take(MOST_DETAILS) {
        let (group, name) = group_of(name);
        let value: String = value.chars().take(LONGEST_DETAIL).collect();
        let entry = details.entry(group).or_insert_with(|| json!({}));
        entry.as_object_mut().map(|map| map.insert(name, value.into()));
    }
    if ["Forwarded", "FrequentlyForwarded"].iter().any(|name| get(pairs, name) == Some("true")) {
        details.insert("forwarded".into(), true.into());
    }
    details
}

#[cfg(test)]
mod tests {
    use super::super::wire::parse_form;
    use super::*;
    use crate::providers::fixtures;

    fn pairs(file: &str) -> Vec<(String, String)> {
        let case = fixtures::cases("twilio").into_iter().find(|case| case.text("body_file") == file).unwrap();
        parse_form(&case.body)
    }

    #[test]
    fn recorded_messages_are_read() {
        let sms = InboundText::from_pairs(&pairs("inbound_sms.txt")).unwrap();
        assert_eq!(
            (sms.channel, sms.from.as_str(), sms.to.as_str()),
            (TextChannel::Sms, "+17035550199", "+19895550100")
        );
        assert_eq!(sms.body, "It's working!!! & more + 100%");
        let stop = InboundText::from_pairs(&pairs("inbound_sms_stop.txt")).unwrap();
        assert_eq!(stop.opt_out, Some(OptOutWord::Stop));
        let whatsapp = InboundText::from_pairs(&pairs("inbound_whatsapp.txt")).unwrap();
        assert_eq!((whatsapp.channel, whatsapp.from.as_str()), (TextChannel::Whatsapp, "+919876543210"));
        assert_eq!(whatsapp.profile_name.as_deref(), Some("Asha"));
        let button = InboundText::from_pairs(&pairs("inbound_whatsapp_button.txt")).unwrap();
        assert_eq!(button.details["button"]["payload"], "confirm");
        let media = InboundText::from_pairs(&pairs("inbound_whatsapp_media.txt")).unwrap();
        assert_eq!(
            (media.media.len(), media.media[0].content_type.as_str(), media.body.as_str()),
            (1, "image/jpeg", "")
        );
    }

    fn told(more: &str) -> InboundText {
        let form = format!("MessageSid=SM1&From=whatsapp%3A%2B919876543210&To=whatsapp%3A%2B14155238886&{more}");
        InboundText::from_pairs(&parse_form(form.as_bytes())).unwrap()
    }

    #[test]
    fn what_has_no_field_of_its_own_is_kept_by_its_name() {
        let place = told("Body=&Latitude=19.1197&Longitude=72.8464&Address=Veera+Desai+Road&Label=Site");
        assert_eq!(place.location.unwrap().label.as_deref(), Some("Site"));
        let chosen = told(
            "Body=&ListTitle=2+BHK&ListId=2bhk&ReferralHeadline=New+flats&ReferralSourceUrl=https%3A%2F%2Ffb.me%2F1&CtwaClid=c1&Forwarded=true&PollName=x",
        );
        assert_eq!(chosen.choice.as_deref(), Some("2 BHK"));
        let expected = json!({
            "list": {"title": "2 BHK", "id": "2bhk"}, "referral": {"headline": "New flats", "source_url": "https://fb.me/1"},
            "other": {"CtwaClid": "c1", "PollName": "x"}, "forwarded": true,
        });
        assert_eq!(Value::from(chosen.details), expected);
    }

    #[test]
    fn foreign_channels_and_gaps_are_refused_with_a_reason() {
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let error = InboundText::from_pairs(&[pair("From", "+1"), pair("To", "+2")]).unwrap_err();
        assert_eq!(error, "MessageSid is missing");
        let error = InboundText::from_pairs(&[pair("From", "messenger:1"), pair("To", "messenger:2")]).unwrap_err();
        assert_eq!(error, "From is on a channel we do not serve");
    }
}
