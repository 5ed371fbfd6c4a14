//! Domains that links lead to.

use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};

/// The name of a host on the web, as addresses spell it: lower case, in ASCII, without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

/// The longest name there is (RFC 1035).
const LONGEST: usize = 253;

impl Domain {
    /// Whether a host is this one or below it.
    pub fn holds(&self, host: &str) -> bool {
        host.strip_suffix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl std::str::FromStr for Domain {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().trim_end_matches('.');
        match url::Host::parse(name) {
            Ok(url::Host::Domain(host)) if (host.contains('.') || host == "localhost") && host.len() <= LONGEST => {
                Ok(Self(host))
            }
            _ => Err("expected a domain such as abc.example.com".into()),
        }
    }
}
impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::base::text::read(d, str::parse)
    }
}
impl serde::Serialize for Domain {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl utoipa::PartialSchema for Domain {
    fn schema() -> utoipa::openapi::RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("hostname".into())))
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .description(Some("The name of a host on the web."))
            .examples([serde_json::json!("abc.example.com")])
            .into()
    }
}
impl utoipa::ToSchema for Domain {
    fn name() -> std::borrow::Cow<'static, str> {
        "Domain".into()
    }
}
