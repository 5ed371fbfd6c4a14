//! The answers of a lead's forms: question → answer, in the order in which they came.
//!
//! Stored as a list of pairs, because `jsonb` forgets the order of an object's keys and keeps one of two that are alike. Rows
//! of earlier versions are objects and are read as such.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};

use crate::base::json::Json;
use crate::base::{Error, Result};

/// Question → answer.
pub type Answers = Map<String, Value>;

/// Question → answer, as the document describes it.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)] // what is sent and stored is JSON
#[schema(example = json!({"Preferred areas?": ["Andheri", "Goregaon"], "First home?": true}))]
pub struct FormResponses(std::collections::BTreeMap<String, Answer>);

/// A text, a number, a yes or no, a list of texts, or whatever else the form sent.
struct Answer;

impl utoipa::PartialSchema for Answer {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        OneOfBuilder::new()
            .description(Some(
                "A text, a number, yes or no, or a list of texts; whoever sends another form of JSON gets it back.",
            ))
            .item(of(Type::String))
            .item(of(Type::Number))
            .item(of(Type::Boolean))
            .item(ArrayBuilder::new())
            .item(of(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(true))))
            .item(of(Type::Null))
            .into()
    }
}
impl utoipa::ToSchema for Answer {
    fn name() -> Cow<'static, str> {
        "FormAnswer".into()
    }
}

/// As it is stored.
pub fn stored(answers: &Answers) -> Json {
    Json::of(&answers.iter().collect::<Vec<_>>())
}

/// # Errors
/// A document that is neither, which nobody wrote.
pub fn read(document: &Json) -> Result<Answers> {
    // Told apart by its first character: every lead that is shown is read here.
    if document.text().trim_start().starts_with('[') {
        let pairs: Vec<(String, Value)> = document.read()?;
        return Ok(pairs.into_iter().collect());
    }
    document.read()
}

/// The object that [`read`] reads, as it is shown: of a list of pairs its text is put together without reading the answers.
///
/// # Errors
/// As for [`read`].
pub fn shown(document: &Json) -> Result<Json> {
    let text = document.text().trim();
    let is_plain = |pairs: &Vec<Pair<'_>>| {
        pairs.len() <= MOST_COMPARED
            && (1..pairs.len()).all(|at| pairs[..at].iter().all(|one| one.0.0 != pairs[at].0.0))
    };
    let pairs = if text.starts_with('[') { serde_json::from_str(text).ok().filter(is_plain) } else { None };
    // A question that came twice, and all that was written otherwise.
    let Some(pairs) = pairs else { return Ok(Json::of(&read(document)?)) };
    let mut object = String::with_capacity(text.len());
    for Pair(question, answer) in pairs {
        object.push(if object.is_empty() { '{' } else { ',' });
        object.push_str(&serde_json::to_string(&question.0).map_err(Error::internal)?);
        object.push(':');
        match answer.get() {
            plain if plain.starts_with(['"', 't', 'f', 'n']) => object.push_str(plain),
            // PostgreSQL spreads lists out, and keeps the zeros at the end of a number.
            spread => {
                let tree: Value = serde_json::from_str(spread).map_err(Error::internal)?;
                object.push_str(&tree.to_string());
            }
        }
    }
    object.push_str(if object.is_empty() { "{}" } else { "}" });
    Json::from_text(object)
}

/// Beyond so many questions, two of one name are found in another way.
const MOST_COMPARED: usize = 32;

/// A question and its answer, as they stand in the document.
#[derive(serde::Deserialize)]
struct Pair<'a>(#[serde(borrow)] Question<'a>, #[serde(borrow)] &'a RawValue);

#[derive(serde::Deserialize)]
struct Question<'a>(#[serde(borrow)] Cow<'a, str>);

/// Keeps one more answer; questions of one name are numbered: `age_of_child`, `age_of_child (2)`.
pub fn add(answers: &mut Answers, question: String, answer: Value) {
    let mut numbered = (2..).map(|n| format!("{question} ({n})"));
    let free = if answers.contains_key(&question) {
        numbered.find(|name| !answers.contains_key(name)).unwrap_or_default()
    } else {
        question
    };
    answers.insert(free, answer);
}

/// An answer as text: lists joined by commas, nothing for empty ones.
pub fn in_words(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let text = match value {
        Value::Null | Value::Object(_) => return None,
        Value::String(text) => text.trim().to_string(),
        Value::Array(items) => items.iter().filter_map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_and_repeated_names_are_kept() {
        let mut answers = Answers::new();
        for (question, answer) in [("zebra", "1"), ("a", "2"), ("zebra", "3"), ("zebra", "4"), ("zebra (2)", "5")] {
            add(&mut answers, question.into(), json!(answer));
        }
        let document = stored(&answers);
        let known: Vec<(String, Value)> = read(&document).unwrap().into_iter().collect();
        let names: Vec<&str> = known.iter().map(|(question, _)| question.as_str()).collect();
        assert_eq!(names, ["zebra", "a", "zebra (2)", "zebra (3)", "zebra (2) (2)"]);
        let earlier = Json::from(json!({"b": "1", "a": ["2"]}));
        assert_eq!(json!(read(&earlier).unwrap()), json!({"b": "1", "a": ["2"]}));
        assert!(read(&Json::from(json!("x"))).is_err());
        assert!(read(&stored(&Answers::new())).unwrap().is_empty());
    }

    #[test]
    fn what_is_shown_is_what_is_read() {
        for document in [
            json!([]),
            json!([["a", "1"], ["b", ["2", "x \"y\""]], ["ü \n", {"deep": [1, null]}], ["n", 1.5], ["none", null]]),
            json!([["twice", "1"], ["b", "2"], ["twice", "3"]]),
            json!((0..40).map(|n| [n.to_string(), n.to_string()]).collect::<Vec<_>>()),
            json!({"b": "1", "a": ["2"]}),
            json!({}),
        ] {
            let spread = Json::from_text(serde_json::to_string_pretty(&document).unwrap()).unwrap();
            for stored in [Json::from(document), spread] {
                assert_eq!(shown(&stored).unwrap().text(), Json::of(&read(&stored).unwrap()).text());
            }
        }
        for wrong in [json!("x"), json!([["a"]]), json!([["a", "1", "2"]]), json!(null)] {
            assert!(shown(&Json::from(wrong)).is_err());
        }
    }
}
