//! Addresses as Twilio writes them: a channel's prefix and who is reached there. Nothing else takes them apart.

use crate::providers::TextChannel;

/// `whatsapp:+919876543210` → (WhatsApp, `+919876543210`). Without a prefix it is a phone number reached by SMS, and so is
/// `rcs:+919876543210`: RCS reaches the same phone, and a Messaging Service falls back to SMS by itself. Channels whose people
/// have no number (`messenger:…`) are `None`.
pub fn split_channel(address: &str) -> Option<(TextChannel, &str)> {
    let (prefix, rest) = address.trim().split_once(':').unwrap_or(("", address.trim()));
    let rest = rest.trim();
    match prefix.to_ascii_lowercase().as_str() {
        "whatsapp" => Some((TextChannel::Whatsapp, rest)),
        "" | "sms" | "rcs" | "tel" => Some((TextChannel::Sms, rest)),
        _ => None,
    }
}

/// The address of a number on a channel. A prefix that is already there is not doubled.
pub fn address(channel: TextChannel, number: &str) -> String {
    let number = number.trim_start_matches("whatsapp:");
    match channel {
        TextChannel::Whatsapp => format!("whatsapp:{number}"),
        TextChannel::Sms => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_a_phone_is_a_channel_of_ours() {
        use TextChannel::{Sms, Whatsapp};
        for (text, expected) in [
            ("whatsapp:+919876543210", Some((Whatsapp, "+919876543210"))),
            ("WhatsApp: +919876543210 ", Some((Whatsapp, "+919876543210"))),
            ("+919876543210", Some((Sms, "+919876543210"))),
            ("rcs:+919876543210", Some((Sms, "+919876543210"))),
            ("rcs:abc_agent", Some((Sms, "abc_agent"))),
            ("ABCREALTY", Some((Sms, "ABCREALTY"))),
            ("messenger:1234567", None),
            ("instagram:1234567", None),
        ] {
            assert_eq!(split_channel(text), expected, "{text}");
        }
        assert_eq!(address(Whatsapp, "whatsapp:+1"), "whatsapp:+1");
    }
}
