//! The ids of this folder's rows, and those that ad platforms give.

use crate::providers::Digits;

crate::engine::ids! {
    LeadFormKeyId,
}

/// An id at an ad platform: 1 to 40 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformId(String);

impl std::ops::Deref for PlatformId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
impl From<PlatformId> for String {
    fn from(id: PlatformId) -> String {
        id.0
    }
}
impl<'de> serde::Deserialize<'de> for PlatformId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // Digits are read from numbers, too; a caller's are a text, which no reader of JSON rounds.
        crate::base::text::read(d, |text| text.parse().map(|id: Digits| Self(id.into_string())))
    }
}
impl utoipa::PartialSchema for PlatformId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(1))
            .max_length(Some(40))
            .pattern(Some("^[0-9]+$"))
            .description(Some("An id at the ad platform, in digits."))
            .examples([serde_json::json!("120211000000000123")])
            .into()
    }
}
impl utoipa::ToSchema for PlatformId {
    fn name() -> std::borrow::Cow<'static, str> {
        "PlatformId".into()
    }
}
