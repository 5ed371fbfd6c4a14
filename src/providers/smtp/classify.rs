//! SMTP reply codes (RFC 5321) and enhanced codes (RFC 3463) → [`ErrorClass`].

use lettre::transport::smtp::Error;

use crate::providers::{ErrorClass, ProviderError};

pub(super) const PROVIDER: &str = "smtp";

/// Where the exchange was when it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, greeting, TLS and login: no message has been offered yet.
    Connecting,
    /// The message was being handed over: without a reply nobody knows whether it was taken.
    Sending,
}

pub(super) fn classify(error: &Error, stage: Stage) -> ProviderError {
    let text = describe(error);
    match error.status() {
        Some(code) => {
            let code: u16 = code.into();
            let (class, enhanced) = class_of(code, &text, stage);
            ProviderError::new(PROVIDER, class, enhanced.map_or(code.to_string(), |e| format!("{code} {e}")), text)
        }
        None if stage == Stage::Connecting && error.is_client() => {
            // Our own side refuses: STARTTLS or a login mechanism that the server does not offer.
            ProviderError::new(PROVIDER, ErrorClass::Config, "client", text)
        }
        None if error.is_client() => ProviderError::new(PROVIDER, ErrorClass::Permanent, "client", text),
        None => lost(stage, text),
    }
}

/// No reply at all.
pub(super) fn lost(stage: Stage, text: String) -> ProviderError {
    match stage {
        Stage::Connecting => ProviderError::new(PROVIDER, ErrorClass::Retry, "connect", text),
        Stage::Sending => ProviderError::new(PROVIDER, ErrorClass::Ambiguous, "connection_lost", text),
    }
}

fn class_of(code: u16, text: &str, stage: Stage) -> (ErrorClass, Option<String>) {
    let enhanced = enhanced_code(text);
    let class = match (code, enhanced.as_deref()) {
        (400..=499, _) => ErrorClass::Retry,
        (530 | 534 | 535 | 538, _) => ErrorClass::Auth,
        (_, Some("5.1.1" | "5.1.10" | "5.1.6")) => ErrorClass::Unreachable,
        _ if stage == Stage::Connecting => ErrorClass::Config,
        _ => ErrorClass::Permanent,
    };
    (class, enhanced)
}

/// The first `d.d.d` of class 2, 4 or 5 in a reply.
fn enhanced_code(text: &str) -> Option<String> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_digit())).find_map(|word| {
        let parts: Vec<&str> = word.split('.').collect();
        let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        (parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(number)).then(|| word.to_string())
    })
}

fn describe(error: &Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_decide_and_the_enhanced_code_refines() {
        use ErrorClass::*;
        let sending = |code, text: &str| class_of(code, text, Stage::Sending).0;
        assert_eq!(sending(451, "permanent error (451): 4.7.1 greylisted"), Retry);
        assert_eq!(sending(550, "permanent error (550): 5.1.1 <a@b>: user unknown"), Unreachable);
        assert_eq!(sending(552, "5.2.2 mailbox full"), Permanent);
        assert_eq!(sending(550, "blocked by 5.6.7.8 on 1.1.1"), Permanent);
        assert_eq!(class_of(535, "5.7.8 bad credentials", Stage::Connecting).0, Auth);
        assert_eq!(class_of(554, "no service here", Stage::Connecting).0, Config);
        assert_eq!(lost(Stage::Sending, String::new()).class, Ambiguous);
        assert_eq!(lost(Stage::Connecting, String::new()).class, Retry);
    }

    #[test]
    fn enhanced_codes_are_found_inside_replies() {
        assert_eq!(enhanced_code("permanent error (550): 5.1.1 unknown").as_deref(), Some("5.1.1"));
        assert_eq!(enhanced_code("blocked by 5.6.7.8"), None);
        assert_eq!(enhanced_code("see 1.1.1"), None);
    }
}
