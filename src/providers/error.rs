//! What a provider's refusal means to us. Vendors have hundreds of codes; the product acts on nine classes.

use std::fmt;
use std::time::Duration;

crate::text_enum! {
    /// What may be done about a provider's error. An unknown code is `permanent` for this one request, never an opt-out.
    pub enum ErrorClass {
        /// Nothing happened; try again with backoff.
        Retry = "retry",
        /// Throttled; try again after `retry_after`.
        Rate = "rate",
        /// This request will never succeed.
        Permanent = "permanent",
        /// The person refused further messages on this channel: suppress it.
        OptOut = "opt_out",
        /// The 24-hour window is closed: only a template may be sent.
        Window = "window",
        /// The credential is not accepted: reconnect.
        Auth = "auth",
        /// An operator must change something at the provider or in our configuration.
        Config = "config",
        /// This channel cannot reach this person.
        Unreachable = "unreachable",
        /// The request may have been accepted. Never send it again blindly: look it up first.
        Ambiguous = "ambiguous",
    }
}

/// A failed exchange with a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// `meta`, `google_ads`, `twilio`, `resend` or `smtp`.
    pub provider: &'static str,
    pub class: ErrorClass,
    /// The provider's own code (`80004/2446079`, `21610`, `rate_limit_exceeded`), or ours when there was no answer
    /// (`connect`, `timeout`, `unreadable_answer` …).
    pub code: String,
    /// For operators, in the provider's words. It carries no secret, and no phone number or e-mail address.
    pub message: String,
    /// How long the provider asked us to stay away.
    pub retry_after: Option<Duration>,
}

impl ProviderError {
    /// `message` loses the addresses it quotes: it ends in logs.
    pub fn new(provider: &'static str, class: ErrorClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { provider, class, code: code.into(), message: without_addresses(&message.into()), retry_after: None }
    }

    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// True when the same request may simply be made again later.
    pub fn is_temporary(&self) -> bool {
        matches!(self.class, ErrorClass::Retry | ErrorClass::Rate)
    }
    /// The same stays refused until somebody mends an account or a setting.
    pub fn needs_an_operator(&self) -> bool {
        matches!(self.class, ErrorClass::Auth | ErrorClass::Config)
    }
}

/// Providers like to quote the recipient. Ids stay readable: only what starts with `+` is a phone number.
fn without_addresses(message: &str) -> String {
    if !message.contains(['+', '@']) {
        return message.into();
    }
    let is_border = |c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c);
    let mut masked = String::with_capacity(message.len());
    for piece in message.split_inclusive(is_border) {
        let word = piece.trim_end_matches(is_border);
        masked.push_str(&mask(word));
        masked.push_str(&piece[word.len()..]);
    }
    masked
}

fn mask(word: &str) -> std::borrow::Cow<'_, str> {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if let Some((before, number)) = word.split_once('+')
        && digits(number) >= 7
    {
        return format!("{before}+…").into();
    }
    match word.split_once('@') {
        Some((local, domain)) if !local.is_empty() && domain.contains('.') => format!("…@{domain}").into(),
        _ => word.into(),
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {} ({}): {}", self.provider, self.code, self.class, self.message)
    }
}

impl std::error::Error for ProviderError {}

/// For the operations where a person waits: the class becomes the code, the provider's words stay private.
impl From<ProviderError> for crate::base::Error {
    fn from(error: ProviderError) -> Self {
        let wait = error.retry_after;
        let public = crate::base::Error::upstream(
            format!("provider.{}", error.class),
            format!("{} did not accept the request.", error.provider),
        )
        .with_source(error);
        match wait {
            Some(wait) => public.with_retry_after(wait),
            None => public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_quotes_is_no_address() {
        for (said, kept) in [
            ("The 'To' number +919876543210 is not valid", "The 'To' number +… is not valid"),
            ("From whatsapp:+14155238886, refused", "From whatsapp:+…, refused"),
            ("Invalid `to` field: <asha@example.com>.", "Invalid `to` field: <…@example.com>."),
            ("Object with ID '120000000017' does not exist", "Object with ID '120000000017' does not exist"),
            ("1 + 1 @ noon", "1 + 1 @ noon"),
        ] {
            assert_eq!(ProviderError::new("x", ErrorClass::Permanent, "1", said).message, kept);
        }
    }
}
