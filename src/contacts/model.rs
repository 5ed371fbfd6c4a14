//! Channels, and why somebody may not be written to.

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
    /// Why an address is suppressed.
    pub enum SuppressionReason {
        /// The person sent STOP or a word like it.
        StopWord = "stop_word",
        /// The provider refuses to send because the person opted out there.
        ProviderOptOut = "provider_opt_out",
        /// The address does not exist.
        Bounced = "bounced",
        /// The person reported a message as spam.
        Complained = "complained",
        /// By a person of the tenant or the platform.
        Manual = "manual",
    }
}
