//! The vocabulary of conversations.

crate::text_enum! {
    /// How two people talk.
    pub enum Channel {
        Whatsapp = "whatsapp",
        Sms = "sms",
        Email = "email",
        WebChat = "web_chat" | "platform_chat",
        Messenger = "messenger",
        Instagram = "instagram",
    }
}

crate::text_enum! {
    /// Where a message is; see `status` for what may follow what (C-30).
    pub enum MessageStatus {
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        Delivered = "delivered",
        Opened = "opened",
        Clicked = "clicked",
        Read = "read",
        Replied = "replied",
        Bounced = "bounced",
        Complained = "complained",
        Failed = "failed",
        Suppressed = "suppressed",
        Canceled = "canceled",
        /// The provider's answer was lost and could not be reconciled; never sent again by itself.
        Unknown = "unknown",
        /// Inbound.
        Received = "received",
    }
}
