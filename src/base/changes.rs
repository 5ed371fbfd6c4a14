//! What a change changed, by name.

use super::apply::{Apply, put};
use super::patch::Patch;

/// Applies patches to fields, and remembers the names of those that are other than before. Events carry the names; a change
/// that [is empty](Self::is_empty) writes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Changes(Vec<&'static str>);

impl Changes {
    /// What was sent for a field, put into it.
    pub fn set<F>(&mut self, name: &'static str, field: &mut F, sent: impl Apply<F>) {
        let is_other = sent.apply_to(field);
        self.note(name, is_other);
    }

    /// A field that has a default: null restores it.
    pub fn set_or<T: PartialEq>(&mut self, name: &'static str, field: &mut T, patch: Patch<impl Into<T>>, default: T) {
        match patch {
            Patch::Absent => {}
            Patch::Null => self.put(name, field, default),
            Patch::Value(value) => self.put(name, field, value.into()),
        }
    }

    /// A value, whoever thought of it.
    pub fn put<T: PartialEq>(&mut self, name: &'static str, field: &mut T, value: T) {
        let is_other = put(field, value);
        self.note(name, is_other);
    }

    /// What was applied elsewhere.
    pub fn note(&mut self, name: &'static str, is_other: bool) {
        if is_other && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// The names, for an event.
    pub fn told(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub fn names(&self) -> &[&'static str] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::patch::Given;

    #[test]
    fn only_what_is_other_than_before_is_named() {
        let (mut company, mut name, mut days) = (Some("Sharma".to_string()), "Asha".to_string(), 30);
        let mut changes = Changes::default();
        changes.set("company", &mut company, Patch::Value("Sharma"));
        changes.set("name", &mut name, Given::<String>(None));
        changes.set_or("days", &mut days, Patch::<i32>::Null, 30);
        assert!(changes.is_empty());
        changes.set("company", &mut company, Patch::<String>::Null);
        changes.set("name", &mut name, Given(Some("Priya")));
        changes.set_or("days", &mut days, Patch::Value(7), 30);
        changes.note("name", true);
        assert_eq!(changes.names(), ["company", "name", "days"]);
        assert_eq!((company, name.as_str(), days), (None, "Priya", 7));
        assert_eq!(serde_json::to_value(&changes).unwrap(), serde_json::json!(["company", "name", "days"]));
    }
}
