//! The answers of a lead's forms: question → answer, in the order in which they came.
//!
//! Stored as a list of pairs, because `jsonb` forgets the order of an object's keys and keeps one of two that are alike. Rows
//! of earlier versions are objects and are read as such.

use serde_json::{Map, Value};

use crate::base::Result;
use crate::base::json::Json;

/// Question → answer.
pub type Answers = Map<String, Value>;

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
}
