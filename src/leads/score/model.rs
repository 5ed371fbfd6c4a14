//! Scoring models as data: which facts are worth how many points, and how to say so to a person.
//!
//! A model is JSON and versioned; a score names the model and the version that gave it. Two ship with the product
//! for tenants to choose from, `real_estate_in` and `default_b2b`; a third, [`platform_model`], is the platform's own and says what
//! a lead costs where the price follows from its worth. In a label, `{field}` stands for the lead's own value; a label is data from outside
//! and never a program, so there is nothing else it can do. Next: `points` turns a model into a score.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Error, FieldError, Result};
use crate::engine::rules::{FieldType, Rule};

use super::facts::FIELDS;

/// A parsed and checked model; serialises to the JSON it was read from.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ScoringModel {
    /// Lower snake case, unique among a tenant's models.
    pub code: String,
    /// Counts up from 1 with every change of the items.
    pub version: i32,
    pub name: String,
    pub items: Vec<ModelItem>,
}

/// One line of a model.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ModelItem {
    /// Lower snake case, unique in the model.
    pub rule: String,
    /// A sentence for a person; `{field}` is replaced by the lead's value.
    pub label: String,
    #[serde(flatten)]
    pub worth: Worth,
}

/// What an item gives.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Worth {
    /// So many points, once, when the condition holds; negative points take away.
    When { points: i32, when: Rule },
    /// So many points for each one counted by a number field, at most `max` in all.
    Each {
        points_per: i32,
        of: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<i32>,
    },
}

/// How many points, or points per unit, an item may give or take.
pub const MAX_POINTS: i32 = 100;
/// How many items a model may have.
pub const MAX_ITEMS: usize = 100;
/// How many characters a label or a name may have.
pub const MAX_LABEL: usize = 200;

/// The models that ship with the product.
pub fn models() -> &'static [ScoringModel] {
    static MODELS: LazyLock<Vec<ScoringModel>> = LazyLock::new(|| {
        [include_str!("models/real_estate_in.json"), include_str!("models/default_b2b.json")].map(built_in).into()
    });
    &MODELS
}

/// The platform's own model: it asks what the person said, never what the tenant is looking for, so that no setting of a
/// tenant moves its prices.
pub fn platform_model() -> &'static ScoringModel {
    static PLATFORM: LazyLock<ScoringModel> = LazyLock::new(|| built_in(include_str!("models/platform.json")));
    &PLATFORM
}

fn built_in(text: &str) -> ScoringModel {
    let document = serde_json::from_str(text).expect("a built-in scoring model is JSON");
    ScoringModel::parse(&document).expect("a built-in scoring model is valid")
}

/// The built-in model of that code.
pub fn model(code: &str) -> Option<&'static ScoringModel> {
    models().iter().find(|model| model.code == code)
}

/// As written, before anything is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelWire {
    code: String,
    version: i32,
    name: String,
    items: Vec<ItemWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemWire {
    rule: String,
    label: String,
    points: Option<i32>,
    when: Option<Value>,
    points_per: Option<i32>,
    of: Option<String>,
    max: Option<i32>,
}

impl ScoringModel {
    /// Reads a model.
    ///
    /// # Errors
    /// `request.invalid` with the pointer of every wrong value.
    pub fn parse(document: &Value) -> Result<Self> {
        let wire: ModelWire = serde_path_to_error::deserialize(document)
            .map_err(|error| Error::field(pointer(error.path()), "invalid_type", error.inner().to_string()))?;
        let mut wrong = Vec::new();
        let mut refuse = |holds: bool, at: &str, detail: String| {
            if !holds {
                wrong.push(FieldError::new(at, "invalid_value", detail));
            }
        };
        refuse(is_code(&wire.code), "/code", CODE_RULE.into());
        refuse(wire.version >= 1, "/version", "expected a version of 1 or more".into());
        refuse(is_line(&wire.name), "/name", line_rule());
        refuse((1..=MAX_ITEMS).contains(&wire.items.len()), "/items", format!("expected 1 to {MAX_ITEMS} items"));
        let mut items: Vec<ModelItem> = Vec::with_capacity(wire.items.len());
        for (index, item) in wire.items.into_iter().enumerate() {
            let at = format!("/items/{index}");
            if items.iter().any(|earlier| earlier.rule == item.rule) {
                wrong.push(FieldError::new(format!("{at}/rule"), "invalid_value", "another item has this rule"));
            }
            match item.check(&at) {
                Ok(item) => items.push(item),
                Err(fields) => wrong.extend(fields),
            }
        }
        if wrong.is_empty() {
            Ok(Self { code: wire.code, version: wire.version, name: wire.name, items })
        } else {
            Err(Error::fields(wrong))
        }
    }
}

const CODE_RULE: &str = "expected 1 to 64 lower-case letters, digits and underscores";

impl ItemWire {
    fn check(self, at: &str) -> Result<ModelItem, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut refuse =
            |key: &str, detail: String| wrong.push(FieldError::new(format!("{at}{key}"), "invalid_value", detail));
        if !is_code(&self.rule) {
            refuse("/rule", CODE_RULE.into());
        }
        if !is_line(&self.label) {
            refuse("/label", line_rule());
        }
        if let Err(detail) = placeholders_known(&self.label) {
            refuse("/label", detail);
        }
        let mut points = |key: &str, points: i32| {
            if points == 0 || !(-MAX_POINTS..=MAX_POINTS).contains(&points) {
                refuse(key, format!("expected points from -{MAX_POINTS} to {MAX_POINTS}, not 0"));
            }
        };
        let worth = match (self.points, self.when, self.points_per, self.of, self.max) {
            (Some(worth), Some(when), None, None, None) => {
                points("/points", worth);
                match Rule::parse_at(&when, &FIELDS, &format!("{at}/when")) {
                    Ok(when) => Some(Worth::When { points: worth, when }),
                    Err(error) => {
                        wrong.extend(error.field_errors().iter().cloned());
                        None
                    }
                }
            }
            (None, None, Some(points_per), Some(of), max) => {
                points("/points_per", points_per);
                if FIELDS.type_of(&of) != Some(FieldType::Number) {
                    refuse("/of", "expected a number field such as pages_visited_count".into());
                }
                if max.is_some_and(|max| !(1..=MAX_POINTS).contains(&max)) {
                    refuse("/max", format!("expected 1 to {MAX_POINTS} points"));
                }
                Some(Worth::Each { points_per, of, max })
            }
            _ => {
                refuse("", "expected either `points` with `when`, or `points_per` with `of` and perhaps `max`".into());
                None
            }
        };
        match worth {
            Some(worth) if wrong.is_empty() => Ok(ModelItem { rule: self.rule, label: self.label, worth }),
            _ => Err(wrong),
        }
    }
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_LABEL && !text.chars().any(char::is_control)
}

fn line_rule() -> String {
    format!("expected one line of 1 to {MAX_LABEL} characters")
}

/// Every `{field}` is closed and names a field.
fn placeholders_known(label: &str) -> Result<(), String> {
    for part in label.split('{').skip(1) {
        let (field, _) = part.split_once('}').ok_or("expected a closing } after {")?;
        if FIELDS.type_of(field).is_none() {
            return Err(format!("{{{field}}} is not a field of a lead"));
        }
    }
    Ok(())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_built_in_models_parse_and_come_back_as_written() {
        for (text, code) in [
            (include_str!("models/real_estate_in.json"), "real_estate_in"),
            (include_str!("models/default_b2b.json"), "default_b2b"),
        ] {
            let model = model(code).unwrap();
            let document: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_value(model).unwrap(), document);
            assert!(model.items.iter().all(|item| !item.label.is_empty()));
        }
        assert_eq!(models().len(), 2);
        assert_eq!(platform_model().code, "platform");
        let items = serde_json::to_string(&platform_model().items).unwrap();
        assert!(!items.contains("match."), "what a lead costs does not ask what the tenant is looking for");
        assert!(model("unknown").is_none());
    }

    fn pointers(items: Value) -> Vec<String> {
        let document = json!({"code": "a", "version": 1, "name": "A", "items": items});
        let error = ScoringModel::parse(&document).expect_err(&document.to_string());
        error.field_errors().iter().map(|field| field.pointer.clone()).collect()
    }

    #[test]
    fn wrong_models_are_pointed_at() {
        let when = json!({"field": "email_valid", "op": "eq", "value": true});
        let item = json!({"rule": "a", "label": "A", "points": 5, "when": when});
        let with = |key: &str, value: Value| {
            let mut changed = item.clone();
            changed[key] = value;
            pointers(json!([changed]))
        };
        assert_eq!(with("points", json!(0)), ["/items/0/points"]);
        assert_eq!(with("points", json!(101)), ["/items/0/points"]);
        assert_eq!(with("points", json!("5")), ["/items/0/points"]);
        assert_eq!(with("points", json!(4_294_967_296_i64)), ["/items/0/points"]);
        assert_eq!(with("rule", json!("A b")), ["/items/0/rule"]);
        assert_eq!(with("label", json!("a\nb")), ["/items/0/label"]);
        assert_eq!(with("label", json!("{shoe}")), ["/items/0/label"]);
        assert_eq!(with("label", json!("{budget")), ["/items/0/label"]);
        assert_eq!(with("when", json!({"field": "shoe", "op": "exists"})), ["/items/0/when/field"]);
        assert_eq!(with("max", json!(5)), ["/items/0"]);
        assert_eq!(with("colour", json!(5)), ["/items/0/colour"]);
        assert_eq!(pointers(json!([])), ["/items"]);
        assert_eq!(pointers(json!([item, item])), ["/items/1/rule"]);
        let each = json!({"rule": "a", "label": "A", "points_per": 2, "of": "name", "max": 0});
        assert_eq!(pointers(json!([each])), ["/items/0/of", "/items/0/max"]);
        let head = ScoringModel::parse(&json!({"code": "A", "version": 0, "name": " ", "items": [item]})).unwrap_err();
        assert_eq!(head.field_errors().len(), 3);
    }
}
