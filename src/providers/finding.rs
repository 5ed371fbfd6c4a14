//! What a look at a connection found, and what to do about it.

use super::{ErrorClass, ProviderError};

crate::text_enum! {
    /// How one thing stands.
    pub enum Standing {
        Ok = "ok",
        /// Works, but not as it should in production.
        Warning = "warning",
        Failed = "failed",
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub name: String,
    pub state: Standing,
    pub detail: String,
    /// What to do, unless all is well.
    pub advice: Option<String>,
}

impl Finding {
    pub fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: Standing::Ok, detail: detail.into(), advice: None }
    }
    pub fn warning(name: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), state: Standing::Warning, detail: detail.into(), advice: Some(advice.into()) }
    }
    pub fn failed(name: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), state: Standing::Failed, detail: detail.into(), advice: Some(advice.into()) }
    }

    /// A question that the provider did not answer, with the variable to look at when it refused our credential.
    pub(super) fn refused(name: &str, credential: &str, error: &ProviderError) -> Self {
        let advice = match error.class {
            ErrorClass::Auth => format!("Make a new credential at the provider and set {credential}."),
            ErrorClass::Retry | ErrorClass::Rate | ErrorClass::Ambiguous => {
                "Try again; when it stays, look at the network between here and the provider.".into()
            }
            _ => format!("Look at the provider's own words, and at {credential}."),
        };
        Self::failed(name, error.to_string(), advice)
    }
}
