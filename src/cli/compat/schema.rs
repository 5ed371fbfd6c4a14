//! Two schemas of one place, compared: may everything that went through before still go through?
//!
//! For a request, that is: everything once accepted is accepted. For a response: everything answered now was possible
//! before, except that new properties and new values of an enum may appear.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::resolve;

/// Who has to live with the change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Written by a client: must not become stricter.
    Request,
    /// Read by a client: must not become vaguer.
    Response,
}

pub(super) struct Schemas<'a> {
    old: &'a Value,
    new: &'a Value,
    direction: Direction,
    /// Pairs of schemas that are being compared, so that a recursive one ends.
    within: HashSet<(*const Value, *const Value)>,
    pub(super) found: Vec<String>,
}

/// A schema without its wrapping: `oneOf` with null, `allOf`, references.
struct Plain<'a> {
    types: BTreeSet<&'a str>,
    parts: Vec<&'a Value>,
    alternatives: Vec<&'a Value>,
}

impl<'a> Plain<'a> {
    fn of(document: &'a Value, schema: &'a Value) -> Self {
        let mut plain = Self { types: BTreeSet::new(), parts: Vec::new(), alternatives: Vec::new() };
        plain.add(document, schema);
        plain
    }

    fn add(&mut self, document: &'a Value, schema: &'a Value) {
        let schema = resolve(document, schema);
        match &schema["type"] {
            Value::String(one) => {
                self.types.insert(one);
            }
            Value::Array(several) => self.types.extend(several.iter().filter_map(Value::as_str)),
            _ => {}
        }
        self.parts.push(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.add(document, part);
        }
        let either = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
        let (nulls, others): (Vec<_>, Vec<_>) = either.into_iter().flatten().partition(|one| one["type"] == "null");
        match others.as_slice() {
            [] => {}
            [one] => self.add(document, one),
            several => self.alternatives.extend(several),
        }
        if !nulls.is_empty() {
            self.types.insert("null");
        }
    }

    /// What the wrapping is around.
    fn innermost(&self) -> *const Value {
        self.parts.last().map_or(std::ptr::null(), |part| std::ptr::from_ref(*part))
    }

    fn keyword(&self, name: &str) -> Option<&'a Value> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    fn properties(&self) -> BTreeMap<&'a str, &'a Value> {
        let all = self.parts.iter().filter_map(|part| part["properties"].as_object());
        all.flatten().map(|(name, schema)| (name.as_str(), schema)).collect()
    }

    fn required(&self) -> BTreeSet<&'a str> {
        let all = self.parts.iter().filter_map(|part| part["required"].as_array());
        all.flatten().filter_map(Value::as_str).collect()
    }

    fn choices(&self) -> Option<Vec<&'a Value>> {
        let one = || self.keyword("const").map(|one| vec![one]);
        self.keyword("enum").and_then(Value::as_array).map(|list| list.iter().collect()).or_else(one)
    }
}

impl<'a> Schemas<'a> {
    pub(super) fn new(old: &'a Value, new: &'a Value, direction: Direction) -> Self {
        Self { old, new, direction, within: HashSet::new(), found: Vec::new() }
    }

    fn tell(&mut self, place: &str, what: impl AsRef<str>) {
        self.found.push(format!("{place}: {}", what.as_ref()));
    }

    pub(super) fn compare(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let whole = old;
        let old = Plain::of(self.old, old);
        let new = Plain::of(self.new, new);
        // What is told apart now was one before: each of them has to be that.
        let was_one = old.alternatives.is_empty() && !old.properties().is_empty();
        if self.direction == Direction::Response && was_one && !new.alternatives.is_empty() {
            new.alternatives.iter().for_each(|one| self.compare(place, whole, one));
            return;
        }
        self.types(place, &old, &new);
        self.choices(place, &old, &new);
        self.limits(place, &old, &new);
        let pair = (old.innermost(), new.innermost());
        if !self.within.insert(pair) {
            return;
        }
        self.properties(place, &old, &new);
        self.alternatives(place, &old, &new);
        match (old.keyword("items"), new.keyword("items")) {
            (Some(old), Some(new)) => self.compare(&format!("{place}[]"), old, new),
            (None, Some(_)) if self.direction == Direction::Request => self.tell(place, "entries are now checked"),
            (Some(_), None) if self.direction == Direction::Response => self.tell(place, "entries may be anything now"),
            _ => {}
        }
        self.within.remove(&pair);
    }

    fn types(&mut self, place: &str, old: &Plain, new: &Plain) {
        let (from, to) = match self.direction {
            Direction::Request => (&old.types, &new.types),
            Direction::Response => (&new.types, &old.types),
        };
        // No type at all is every type. An alternative says its own.
        if to.is_empty() || !old.alternatives.is_empty() || !new.alternatives.is_empty() {
            return;
        }
        let fits = |one: &str| to.contains(one) || (one == "integer" && to.contains("number"));
        if from.is_empty() || !from.iter().all(|one| fits(one)) {
            let named = |types: &BTreeSet<&str>| match types.len() {
                0 => "anything".to_string(),
                _ => types.iter().copied().collect::<Vec<_>>().join(" or "),
            };
            self.tell(place, format!("type {} became {}", named(&old.types), named(&new.types)));
        }
    }

    fn choices(&mut self, place: &str, old: &Plain, new: &Plain) {
        match (self.direction, old.choices(), new.choices()) {
            (Direction::Request, Some(old), Some(new)) => {
                for gone in old.iter().filter(|value| !new.contains(value)) {
                    self.tell(place, format!("{gone} is no longer accepted"));
                }
            }
            (Direction::Request, None, Some(_)) => self.tell(place, "only certain values are accepted now"),
            (Direction::Response, Some(_), None) => self.tell(place, "may be any value now"),
            _ => {}
        }
    }

    /// What a request must keep to, and the format of an answer.
    fn limits(&mut self, place: &str, old: &Plain, new: &Plain) {
        if old.keyword("format") != new.keyword("format")
            && (self.direction == Direction::Response || new.keyword("format").is_some())
        {
            let named = |plain: &Plain| plain.keyword("format").map_or("no format".into(), ToString::to_string);
            self.tell(place, format!("format {} became {}", named(old), named(new)));
        }
        if self.direction == Direction::Response {
            return;
        }
        for (name, is_upper) in [
            ("maxLength", true),
            ("maximum", true),
            ("exclusiveMaximum", true),
            ("maxItems", true),
            ("maxProperties", true),
            ("minLength", false),
            ("minimum", false),
            ("exclusiveMinimum", false),
            ("minItems", false),
            ("minProperties", false),
        ] {
            let (old_limit, new_limit) = (number(old, name), number(new, name));
            let is_stricter = match (old_limit, new_limit) {
                (Some(old), Some(new)) if is_upper => new < old,
                (Some(old), Some(new)) => new > old,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if is_stricter {
                let named = |limit: Option<f64>| limit.map_or("none".into(), |limit| limit.to_string());
                self.tell(place, format!("{name} {} became {}", named(old_limit), named(new_limit)));
            }
        }
        if new.keyword("pattern").is_some() && new.keyword("pattern") != old.keyword("pattern") {
            self.tell(place, "another pattern is asked for");
        }
        // One that is gone is told in words.
        if let (Some(old), Some(new)) = (old.keyword("default"), new.keyword("default"))
            && old != new
        {
            self.tell(place, "another default applies");
        }
    }

    fn properties(&mut self, place: &str, old: &Plain<'a>, new: &Plain<'a>) {
        let (old_ones, new_ones) = (old.properties(), new.properties());
        let (old_required, new_required) = (old.required(), new.required());
        let is_closed = |plain: &Plain| plain.keyword("additionalProperties") == Some(&Value::Bool(false));
        for (name, schema) in &old_ones {
            let at = format!("{place}.{name}");
            match new_ones.get(name) {
                Some(found) => self.compare(&at, schema, found),
                None if self.direction == Direction::Response => self.tell(&at, "was removed"),
                None if is_closed(new) => self.tell(&at, "is no longer accepted"),
                None => {}
            }
        }
        match self.direction {
            Direction::Request => {
                for name in new_required.difference(&old_required) {
                    self.tell(&format!("{place}.{name}"), "is now required");
                }
                if is_closed(new) && !is_closed(old) {
                    self.tell(place, "further properties are no longer accepted");
                }
            }
            Direction::Response => {
                for name in old_required.difference(&new_required).filter(|name| new_ones.contains_key(*name)) {
                    self.tell(&format!("{place}.{name}"), "may be absent now");
                }
            }
        }
        let further = |plain: &Plain<'a>| plain.keyword("additionalProperties").filter(|value| value.is_object());
        if let (Some(old), Some(new)) = (further(old), further(new)) {
            self.compare(&format!("{place}.*"), old, new);
        }
    }

    /// `oneOf` with several real choices, matched by what they refer to or by their place.
    fn alternatives(&mut self, place: &str, old: &Plain<'a>, new: &Plain<'a>) {
        let key = |(index, one): (usize, &'a Value)| {
            (one["$ref"].as_str().map_or_else(|| index.to_string(), str::to_string), one)
        };
        let old_ones: BTreeMap<String, &Value> = old.alternatives.iter().copied().enumerate().map(key).collect();
        let new_ones: BTreeMap<String, &Value> = new.alternatives.iter().copied().enumerate().map(key).collect();
        for (name, one) in &old_ones {
            match new_ones.get(name) {
                Some(found) => self.compare(&format!("{place}<{name}>"), one, found),
                None if self.direction == Direction::Request => {
                    self.tell(place, format!("alternative {name} was removed"))
                }
                None => {}
            }
        }
        if self.direction == Direction::Response && !old.parts.is_empty() {
            for name in new_ones.keys().filter(|name| !old_ones.contains_key(*name)) {
                self.tell(place, format!("may now be alternative {name}"));
            }
        }
    }
}

fn number(plain: &Plain, name: &str) -> Option<f64> {
    plain.keyword(name).and_then(Value::as_f64)
}
