//! Resend's webhook JSON.

use serde::Deserialize;
use serde_json::Value;

use crate::base::time::Timestamp;
use crate::providers::{DeliveryStatus, ErrorClass, lenient};

/// One event. Types outside `email.…` are accepted and say nothing about delivery.
#[derive(Debug, Clone, Deserialize)]
pub struct EmailEvent {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub data: EmailEventData,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct EmailEventData {
    /// The id our send was answered with.
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub email_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::texts")]
    pub to: Vec<String>,
    /// An object here, although the request took an array.
    #[serde(default)]
    tags: Value,
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub bounce: Option<Bounce>,
    #[serde(default)]
    failed: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bounce {
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    /// `Permanent`, `Transient` or `Undetermined`.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub sub_type: String,
}

impl EmailEvent {
    /// A tag we put on the e-mail.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.data.tags.get(name).and_then(Value::as_str)
    }

    /// How far the e-mail got, as far as this event tells.
    pub fn status(&self) -> Option<DeliveryStatus> {
        Some(match self.kind.as_str() {
            "email.scheduled" => DeliveryStatus::Queued,
            "email.sent" => DeliveryStatus::Sent,
            "email.delivered" => DeliveryStatus::Delivered,
            "email.opened" | "email.clicked" => DeliveryStatus::Read,
            "email.bounced" | "email.failed" | "email.suppressed" => DeliveryStatus::Failed,
            _ => return None,
        })
    }

    /// What follows for the address: [`ErrorClass::Unreachable`] and [`ErrorClass::OptOut`] mean suppress it.
    pub fn error_class(&self) -> Option<ErrorClass> {
        Some(match self.kind.as_str() {
            "email.bounced" if self.data.bounce.as_ref().is_some_and(|bounce| bounce.kind == "Permanent") => {
                ErrorClass::Unreachable
            }
            "email.bounced" => ErrorClass::Retry,
            "email.complained" => ErrorClass::OptOut,
            "email.suppressed" => ErrorClass::Unreachable,
            "email.failed" => ErrorClass::Config,
            _ => return None,
        })
    }

    /// Why it failed, for a person.
    pub fn reason(&self) -> Option<&str> {
        let bounce = self.data.bounce.as_ref().map(|bounce| bounce.message.as_str());
        bounce.or_else(|| self.data.failed["reason"].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    fn event(file: &str) -> EmailEvent {
        let case = fixtures::cases("resend").into_iter().find(|case| case.text("body_file") == file).unwrap();
        serde_json::from_slice(&case.body).unwrap()
    }

    #[test]
    fn every_recorded_event_is_read() {
        for case in fixtures::cases("resend") {
            assert!(serde_json::from_slice::<EmailEvent>(&case.body).is_ok(), "{}", case.name);
        }
        let delivered = event("email_delivered.json");
        assert_eq!(delivered.status(), Some(DeliveryStatus::Delivered));
        assert_eq!(delivered.tag("category"), Some("confirm_email"));
        assert_eq!(delivered.data.email_id.as_deref(), Some("56761188-7520-42d8-8898-ff6fc54ce618"));
        assert_eq!(event("email_contact_updated.json").status(), None);
    }

    #[test]
    fn only_a_permanent_bounce_condemns_the_address() {
        assert_eq!(event("email_bounced.json").error_class(), Some(ErrorClass::Unreachable));
        assert_eq!(event("email_bounced_transient.json").error_class(), Some(ErrorClass::Retry));
        assert_eq!(event("email_complained.json").error_class(), Some(ErrorClass::OptOut));
        assert_eq!(event("email_failed.json").reason(), Some("reached_daily_quota"));
        assert_eq!(event("email_opened.json").error_class(), None);
    }
}
