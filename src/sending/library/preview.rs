//! A template as one person would get it, or as it looks with examples.

use std::collections::BTreeMap;

use validator::Validate;

use super::compiled::Compiled;
use super::segments::Segments;
use super::store as rows;
use super::vocabulary;
use super::words::Words;
use crate::base::{Error, FieldError, Result};
use crate::contacts::Channel;
use crate::contacts::id::ContactId;
use crate::contacts::people;
use crate::engine::db::TenantTx;
use crate::sending::id::TemplateId;
use crate::tenants;

/// For whom a template is shown.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"words": {"first_name": "Asha"}}))]
pub struct TemplatePreviewRequest {
    /// Of the tenant. Without one the examples of the variables are shown.
    pub contact_id: Option<ContactId>,
    /// Values by names of variables, in any case, which count more than what is known; an empty one is none.
    #[validate(length(max = 30))]
    #[schema(schema_with = values)]
    pub words: BTreeMap<String, String>,
}

fn values() -> utoipa::openapi::Object {
    use utoipa::openapi::{ObjectBuilder, schema::Type};
    let text = ObjectBuilder::new().schema_type(Type::String);
    let values = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(text));
    values.max_properties(Some(30)).build()
}

/// Why a message would not leave.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"code": "variable_missing", "detail": "there is no value for city: give a fallback such as {{ city | default(\"…\") }}"}))]
pub struct TemplateFailure {
    /// `variable_missing`, `too_long`, `too_much_work`, `empty`, `unsafe_html`, `template_failed`.
    pub code: &'static str,
    pub detail: String,
}

/// A message as it would leave.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"subject": "A gift for Asha", "text": "Hi Asha, see our offer (https://abc.example/offer).",
    "html": "<p>Hi Asha, see <a href=\"https://abc.example/offer\">our offer</a>.</p>", "segments": null, "missing": [], "failure": null}))]
pub struct TemplatePreview {
    /// Of an e-mail.
    pub subject: Option<String>,
    /// Null when it cannot be made at all.
    pub text: Option<String>,
    /// Of an e-mail that has it, escaped wherever a value was put in.
    pub html: Option<String>,
    /// Of a text message.
    pub segments: Option<Segments>,
    /// Variables without a value and without a fallback; they stand as `[name]` in the texts.
    pub missing: Vec<String>,
    /// Why it would not leave; null when it would.
    pub failure: Option<TemplateFailure>,
}

/// # Errors
/// `template.not_found`, `contact.not_found`; a word that is no variable.
pub fn preview(tx: &mut TenantTx<'_>, id: TemplateId, request: TemplatePreviewRequest) -> Result<TemplatePreview> {
    let template = rows::get(tx, id)?;
    let mut words = match request.contact_id {
        Some(contact) => {
            people::require(tx, contact)?;
            let found = Words::of_people(tx, &[contact])?.remove(&contact);
            vocabulary::as_sent(found.unwrap_or_default())
        }
        None => {
            let tenant = tenants::store::current(tx)?;
            vocabulary::samples().with_business(&tenant)
        }
    };
    let mut wrong = Vec::new();
    for (name, value) in request.words {
        let lower = name.to_ascii_lowercase();
        if !vocabulary::is_known(&lower) {
            let pointer = format!("/words/{}", name.replace('~', "~0").replace('/', "~1"));
            wrong.push(FieldError::new(pointer, "unknown_variable", vocabulary::no_such(&lower)));
        }
        words.say(lower, value);
    }
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let (rendered, missing, failure) = Compiled::of(&template.content())?.preview(&words);
    let failure = failure.map(|failure| TemplateFailure { code: failure.code(), detail: failure.to_string() });
    let Some(rendered) = rendered else {
        return Ok(TemplatePreview { subject: None, text: None, html: None, segments: None, missing, failure });
    };
    let segments = (template.channel == Channel::Sms).then(|| Segments::of(&rendered.text));
    let (subject, text, html) = (rendered.subject, Some(rendered.text), rendered.html);
    Ok(TemplatePreview { subject, text, html, segments, missing, failure })
}
