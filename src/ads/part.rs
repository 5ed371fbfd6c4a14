//! The nested documents of a change: merged into what is stored (RFC 7396), then checked like a new one.
//!
//! The types here describe to the document what a part of each may hold; what is read is the merged whole, by its own type.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use crate::ads::creative::{AdCard, AdFormat, Bidding, CallToAction};
use crate::ads::form::{FormType, Question};
use crate::ads::targeting::Gender;
use crate::base::patch::{Patch, merge};
use crate::base::{Error, Result};
use crate::engine::http::read_at;

/// A part of a document.
pub type Part = Map<String, Value>;

/// The stored document with this part merged in; without one that is stored, the part is the whole. Null is `None`.
///
/// # Errors
/// `request.invalid`, pointing into the body.
pub(super) fn merged<T>(stored: Option<&T>, patch: Patch<Part>, at: &str) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned + Validate + Clone,
{
    let part = match patch {
        Patch::Absent => return Ok(stored.cloned()),
        Patch::Null => return Ok(None),
        Patch::Value(part) => part,
    };
    let mut whole = match stored {
        Some(stored) => serde_json::to_value(stored).map_err(|error| Error::internal(error.to_string()))?,
        None => Value::Object(Map::new()),
    };
    merge(&mut whole, Value::Object(part));
    read_at(at, whole).map(Some)
}

/// A part of an audience: absent keeps, null returns to what the tenant's audience says.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"age_max": 50, "income_percentile": null}))]
pub struct TargetingPatch {
    #[schema(max_items = 100)]
    pub locations: Option<Vec<String>>,
    #[schema(minimum = 13, maximum = 65)]
    pub age_min: Option<u8>,
    #[schema(minimum = 13, maximum = 65)]
    pub age_max: Option<u8>,
    pub genders: Option<Gender>,
    #[schema(max_items = 100)]
    pub interests: Option<Vec<String>>,
    #[schema(max_items = 100)]
    pub behaviors: Option<Vec<String>>,
    pub income_percentile: Option<IncomePercentilePatch>,
    #[schema(max_items = 500)]
    pub keywords: Option<Vec<String>>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": 40}))]
pub struct IncomePercentilePatch {
    #[schema(minimum = 0, maximum = 100)]
    pub from: Option<u8>,
    #[schema(minimum = 0, maximum = 100)]
    pub to: Option<u8>,
}

/// A part of an ad in a feed: absent keeps, null clears or returns to the default.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"headline": "2 BHK apartments in Thane"}))]
pub struct AdCreativePatch {
    #[schema(max_length = 255)]
    pub name: Option<String>,
    pub format: Option<AdFormat>,
    #[schema(max_length = 5000)]
    pub primary_text: Option<String>,
    #[schema(max_length = 255)]
    pub headline: Option<String>,
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    pub call_to_action: Option<CallToAction>,
    #[schema(format = "uri")]
    pub image_url: Option<String>,
    #[schema(format = "uri")]
    pub video_url: Option<String>,
    /// All of them.
    #[schema(max_items = 10)]
    pub cards: Option<Vec<AdCard>>,
}

/// A part of a search ad: absent keeps, null clears or returns to the default.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"target_cpa": {"amount": 30000}}))]
pub struct SearchAdsPatch {
    #[schema(max_items = 3)]
    pub headlines: Option<Vec<String>>,
    #[schema(max_items = 2)]
    pub descriptions: Option<Vec<String>>,
    #[schema(max_items = 500)]
    pub keywords: Option<Vec<String>>,
    pub bidding: Option<Bidding>,
    pub target_cpa: Option<MoneyPatch>,
    pub lead_form_extension: Option<LeadFormExtensionPatch>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 30000}))]
pub struct MoneyPatch {
    /// In minor units.
    #[schema(minimum = 0)]
    pub amount: Option<i64>,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"headline": "Get property details"}))]
pub struct LeadFormExtensionPatch {
    #[schema(min_length = 1, max_length = 120)]
    pub headline: Option<String>,
    #[schema(max_length = 500)]
    pub description: Option<String>,
    #[schema(format = "uri")]
    pub background_image_url: Option<String>,
}

/// A part of a lead form: absent keeps, null clears or returns to the default. A first form needs its name.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"thank_you": {"url": "https://abc.example.com/thank-you"}}))]
pub struct LeadFormPatch {
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    pub form_type: Option<FormType>,
    pub intro: Option<FormIntroPatch>,
    /// All of them.
    #[schema(min_items = 1, max_items = 50)]
    pub questions: Option<Vec<Question>>,
    #[schema(format = "uri")]
    pub privacy_policy_url: Option<String>,
    pub thank_you: Option<ThankYouPatch>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Find your dream home"}))]
pub struct FormIntroPatch {
    #[schema(min_length = 1, max_length = 120)]
    pub title: Option<String>,
    #[schema(max_length = 1000)]
    pub description: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://abc.example.com/thank-you"}))]
pub struct ThankYouPatch {
    #[schema(min_length = 1, max_length = 500)]
    pub text: Option<String>,
    #[schema(format = "uri")]
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::form::LeadForm;
    use serde_json::json;

    fn form() -> LeadForm {
        let thanks = json!({"text": "Thanks!", "url": "https://abc.example.com"});
        serde_json::from_value(json!({"name": "F", "thank_you": thanks})).unwrap()
    }

    fn patched(part: Value) -> Result<LeadForm> {
        let Value::Object(part) = part else { panic!() };
        merged(Some(&form()), Patch::Value(part), "/lead_form").map(Option::unwrap)
    }

    #[test]
    fn a_part_keeps_its_siblings_and_null_deletes() {
        let changed = patched(json!({"thank_you": {"text": "Soon!"}})).unwrap();
        let thanks = changed.thank_you.unwrap();
        assert_eq!((thanks.text.as_str(), thanks.url.as_deref()), ("Soon!", Some("https://abc.example.com")));
        assert_eq!((changed.name.as_str(), changed.questions.len()), ("F", 3));
        assert_eq!(patched(json!({"thank_you": {"url": null}})).unwrap().thank_you.unwrap().url, None);
        assert_eq!(patched(json!({"thank_you": null})).unwrap().thank_you, None);
        assert_eq!(merged(Some(&form()), Patch::Null, "").unwrap(), None);
        assert_eq!(merged(Some(&form()), Patch::Absent, "").unwrap(), Some(form()));
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (part, at) in [
            (json!({"name": null}), "/lead_form/name"),
            (json!({"thank_you": {"text": null}}), "/lead_form/thank_you/text"),
            (json!({"thank_you": {"url": "javascript:alert(1)"}}), "/lead_form/thank_you/url"),
            (json!({"thank_you": {"colour": "red"}}), "/lead_form/thank_you/colour"),
            (json!({"questions": {}}), "/lead_form/questions"),
        ] {
            assert_eq!(patched(part.clone()).unwrap_err().field_errors()[0].pointer, at, "{part}");
        }
        let first: Result<Option<LeadForm>> = merged(None, Patch::Value(Map::new()), "/lead_form");
        assert_eq!(first.unwrap_err().field_errors()[0].pointer, "/lead_form/name");
    }
}
