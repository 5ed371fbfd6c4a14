//! Definitions: made, changed, archived and deleted; and what people's values are by them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, Type};
use validator::Validate;

use super::facts::CustomAttributeFact;
use super::model::{AttributeKey, AttributeType};
use super::store::{self as rows, CustomAttribute};
use super::values;
use crate::base::bounded::{Line, Text};
use crate::base::json::Doc;
use crate::base::patch::Patch;
use crate::base::{Error, FieldError, Result, unicode};
use crate::contacts::id::{ContactId, CustomAttributeId};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

/// How many custom attributes a tenant may have, archived ones too.
pub const MOST_PER_TENANT: i64 = 100;

/// A custom attribute to be defined.
#[derive(Debug, Clone, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "package", "label": "Package", "type": "select", "options": ["Gold", "Silver"],
    "description": "What was agreed on the phone."}))]
pub struct NewCustomAttribute {
    /// What values are told by; it never changes.
    key: AttributeKey,
    label: Line<1, 100>,
    /// It never changes.
    #[serde(rename = "type")]
    kind: AttributeType,
    /// Of a select and a multi-select at least one; of others none.
    #[validate(length(max = 200))]
    #[schema(max_items = 200)]
    options: Option<Vec<Line<1, 100>>>,
    description: Option<Text<0, 500>>,
}

crate::patch! {
    /// A change to a custom attribute. Key and type stay.
    #[schema(example = json!({"options": ["Gold", "Silver", "Bronze"], "archived": false}))]
    pub struct CustomAttributePatch of CustomAttribute {
        label: Given<Line<1, 100>>,
        /// All of them. Who has one that is missing now keeps it, and nobody gets it any more.
        #[validate(length(max = 200))]
        #[schema(max_items = 200)]
        options: Given<Vec<Line<1, 100>>> => by hand,
        description: Patch<Text<0, 500>>,
        /// Archived, it takes no new values; those that people have stay.
        archived: Given<bool> => by hand,
    }
}

/// No two of them are one.
fn options(sent: Vec<Line<1, 100>>) -> Result<Vec<String>> {
    let mut seen = BTreeSet::new();
    let wrong = sent.iter().enumerate().filter(|(_, option)| !seen.insert(unicode::folded(option)));
    let rule = |(at, _)| FieldError::new(format!("/options/{at}"), "duplicate", "this option stands there already");
    let wrong: Vec<FieldError> = wrong.map(rule).collect();
    if wrong.is_empty() { Ok(sent.into_iter().map(Line::into_string).collect()) } else { Err(Error::fields(wrong)) }
}

fn check_options(kind: AttributeType, options: &[String]) -> Result<()> {
    match (kind.has_options(), options.is_empty()) {
        (true, true) => Err(Error::field("/options", "required", format!("give the options of this {kind}"))),
        (false, false) => Err(Error::field(
            "/options",
            "invalid_value",
            format!("only select and multi_select have options, not {kind}"),
        )),
        _ => Ok(()),
    }
}

fn taken(other: &CustomAttribute) -> Error {
    let message = match other.deleted_at {
        Some(_) => {
            format!("{} was deleted, and its values are still being taken away. Try again in a moment.", other.key)
        }
        None => format!("There is a custom attribute {} already.", other.key),
    };
    Error::conflict("custom_attribute.key_taken", message)
}

/// # Errors
/// `custom_attribute.too_many`, `custom_attribute.key_taken`; options that cannot be.
pub fn create(tx: &mut TenantTx<'_>, new: NewCustomAttribute) -> Result<CustomAttribute> {
    let options = options(new.options.unwrap_or_default())?;
    check_options(new.kind, &options)?;
    rows::room(tx, MOST_PER_TENANT)?;
    let now = tx.now();
    let attribute = CustomAttribute {
        tenant_id: tx.tenant(),
        id: CustomAttributeId::new(),
        key: new.key.into(),
        label: new.label.into(),
        kind: new.kind,
        options: Doc(options),
        description: new.description.map(Into::into),
        archived_at: None,
        deleted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    if let Some(other) = rows::with_key(tx, &attribute.key)? {
        return Err(taken(&other));
    }
    rows::insert(tx, &attribute)?;
    let fact = CustomAttributeFact { attribute_type: Some(attribute.kind), ..named(&attribute) };
    tx.record(fact.told_as(CustomAttributeFact::CREATED).about(attribute.id.uuid()))?;
    Ok(attribute)
}

fn named(attribute: &CustomAttribute) -> CustomAttributeFact {
    CustomAttributeFact { key: Some(attribute.key.clone()), ..CustomAttributeFact::default() }
}

/// # Errors
/// `custom_attribute.not_found`, `request.precondition_failed`; options that cannot be.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: CustomAttributeId,
    mut patch: CustomAttributePatch,
    if_match: &IfMatch,
) -> Result<CustomAttribute> {
    let mut attribute = rows::hold(tx, id)?;
    if_match.check(attribute.version)?;
    let mut changes = patch.apply(&mut attribute);
    if let Some(sent) = patch.options.0 {
        let options = options(sent)?;
        check_options(attribute.kind, &options)?;
        changes.put("options", &mut attribute.options.0, options);
    }
    if let Some(archived) = patch.archived.0.filter(|archived| *archived != attribute.archived_at.is_some()) {
        attribute.archived_at = archived.then_some(tx.now());
        changes.note("archived", true);
    }
    if changes.is_empty() {
        return Ok(attribute);
    }
    rows::save(tx, &mut attribute)?;
    let fact = CustomAttributeFact { changed: Some(changes.told()), ..named(&attribute) };
    tx.record(fact.told_as(CustomAttributeFact::UPDATED).about(id.uuid()))?;
    Ok(attribute)
}

/// Deletes a definition; people's values follow in batches.
///
/// # Errors
/// `custom_attribute.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, id: CustomAttributeId) -> Result<()> {
    // Whoever is writing a value of it meanwhile has written it, or learns that it is gone.
    lock_tenant(tx, "intake")?;
    let mut attribute = rows::hold(tx, id)?;
    rows::vanish(tx, &mut attribute)?;
    tx.record(named(&attribute).told_as(CustomAttributeFact::DELETED).about(id.uuid()))?;
    Ok(())
}

/// Values of custom attributes, by key: null clears one, and what is absent stays.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct SentValues(Map<String, Value>);

impl utoipa::PartialSchema for SentValues {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Values of custom attributes, by key."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([serde_json::json!({})])
            .into()
    }
}
impl utoipa::ToSchema for SentValues {
    fn name() -> std::borrow::Cow<'static, str> {
        "CustomAttributeValues".into()
    }
}

/// A person's values, by key.
pub type Values = BTreeMap<String, Value>;

/// The tenant's definitions, by key.
#[derive(Debug, Clone, Default)]
pub struct Definitions(BTreeMap<String, CustomAttribute>);

/// What a tenant keeps of people besides what every tenant does, archived ones too: a hundred at most, in one statement.
pub fn definitions(tx: &mut TenantTx<'_>) -> Result<Definitions> {
    let all = rows::all(tx)?.into_iter();
    Ok(Definitions(all.map(|attribute| (attribute.key.clone(), attribute)).collect()))
}

impl Definitions {
    pub fn get(&self, key: &str) -> Option<&CustomAttribute> {
        self.0.get(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &CustomAttribute> {
        self.0.values()
    }

    /// Puts what was sent into a person's values, and says which keys are other than before.
    pub fn merge(&self, values: &mut Values, sent: Patch<SentValues>, wrong: &mut Vec<FieldError>) -> Vec<String> {
        let before = values.clone();
        match sent {
            Patch::Absent => {}
            Patch::Null => values.clear(),
            Patch::Value(SentValues(sent)) => {
                for (key, value) in sent {
                    if let Err(error) = self.put(values, &key, &value) {
                        wrong.push(error);
                    }
                }
            }
        }
        let keys: BTreeSet<&String> = before.keys().chain(values.keys()).collect();
        keys.into_iter().filter(|key| before.get(*key) != values.get(*key)).cloned().collect()
    }

    fn put(&self, values: &mut Values, key: &str, sent: &Value) -> Result<(), FieldError> {
        let pointer = || format!("/custom_attributes/{}", key.replace('~', "~0").replace('/', "~1"));
        // What stands there may be sent as it was answered.
        if values.get(key) == Some(sent) {
            return Ok(());
        }
        let Some(attribute) = self.get(key) else {
            let detail = "there is no custom attribute of this key; GET /v1/custom-attributes lists them";
            return Err(FieldError::new(pointer(), "unknown_field", detail));
        };
        let read = values::read(attribute, sent);
        let kept = read.map_err(|rule| FieldError::new(pointer(), "invalid_value", rule))?;
        match kept {
            None => values.remove(key),
            Some(_) if attribute.archived_at.is_some() => {
                let detail = "this custom attribute is archived and takes no new values; null clears";
                return Err(FieldError::new(pointer(), "archived", detail));
            }
            Some(kept) => values.insert(key.into(), kept),
        };
        Ok(())
    }

    /// Writes down by which of the values that changed a person is sought.
    pub fn write(&self, tx: &mut TenantTx<'_>, contact: ContactId, changed: &[String], values: &Values) -> Result<()> {
        let of = |key: &String| self.get(key);
        let ids: Vec<CustomAttributeId> = changed.iter().filter_map(of).map(|attribute| attribute.id).collect();
        let kept = changed.iter().filter_map(|key| Some((self.get(key)?, values.get(key)?)));
        let wanted = kept.flat_map(|(attribute, value)| values::entries(attribute, value)).collect();
        rows::set(tx, contact, &ids, &wanted)
    }
}
