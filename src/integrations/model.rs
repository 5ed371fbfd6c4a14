//! The vocabulary of stored webhooks.

crate::text_enum! {
    /// Who called.
    pub enum WebhookProvider {
        Meta = "meta",
        GoogleAds = "google_ads",
        Twilio = "twilio",
        Resend = "resend",
    }
}

crate::text_enum! {
    /// What was called about.
    pub enum WebhookKind {
        /// A lead's id, from Meta.
        Leadgen = "leadgen",
        /// A whole lead, from Google.
        Lead = "lead",
        /// A WhatsApp message or SMS from a person.
        Message = "message",
        /// How far a message of ours got.
        Status = "status",
        Messenger = "messenger",
        Instagram = "instagram",
    }
}

crate::text_enum! {
    /// Where a stored webhook is.
    pub enum WebhookState {
        /// Its job is due or waits for another attempt.
        Received = "received",
        /// Its effect is there; the outcome says which.
        Processed = "processed",
        /// Kept, but nothing follows from it.
        Ignored = "ignored",
        /// An operator must look, and may replay it.
        Failed = "failed",
        /// A message of which only a person can say whose it is: an operator assigns it to a tenant.
        Held = "held",
    }
}

impl WebhookState {
    /// May it still have its effect?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Failed | Self::Held)
    }
}
