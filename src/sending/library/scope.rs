//! What a template sees while it is filled: the words, a place holder for each that is missing, and the filters.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Environment, Error, ErrorKind};

use super::words::Words;

/// What `join` was given.
const NO_LIST: &str = "only a list is joined, such as tags";

/// The variables that something was to be put in for and nothing was there, by name.
#[derive(Debug, Default)]
pub struct Gaps {
    found: Mutex<BTreeSet<String>>,
    /// A gap is shown as `[name]`.
    shows: bool,
}

impl Gaps {
    pub fn new(shows: bool) -> Arc<Self> {
        Arc::new(Self { shows, ..Self::default() })
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// All that there is.
#[derive(Debug)]
pub struct Scope {
    pub words: Words,
    pub gaps: Arc<Gaps>,
}

impl Scope {
    fn find(&self, name: String) -> Value {
        let missing = |name| Value::from_object(Missing { name, gaps: self.gaps.clone() });
        self.words.find(&name).unwrap_or_else(|| missing(name))
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?.to_ascii_lowercase();
        if name == "custom" {
            return Some(Value::from_object(Custom(self.clone())));
        }
        Some(self.find(name))
    }
}

/// `custom.budget`: the attributes that a tenant defined.
#[derive(Debug)]
struct Custom(Arc<Scope>);

impl Object for Custom {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.0.find(format!("custom.{}", key.as_str()?.to_ascii_lowercase())))
    }
}

/// A value that is not there: false, empty, and noted where it would have been put in.
#[derive(Debug)]
struct Missing {
    name: String,
    gaps: Arc<Gaps>,
}

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_dyn_object(self.clone()))
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gaps.found.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone());
        if self.gaps.shows { write!(f, "[{}]", self.name) } else { Ok(()) }
    }
}

fn is_missing(value: &Value) -> bool {
    value.is_undefined() || value.is_none() || value.downcast_object_ref::<Missing>().is_some()
}

/// Gives an environment the filters and tests of [`super::syntax`], and nothing else.
pub fn furnish(env: &mut Environment<'_>) {
    let default = |value: Value, otherwise: Option<Value>, _: Option<Value>| {
        let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        if is_missing(&value) || is_blank { otherwise.unwrap_or_else(|| Value::from("")) } else { value }
    };
    env.add_filter("default", default);
    env.add_filter("d", default);
    env.add_filter("upper", |value: Value| of_text(value, |text| text.to_uppercase()));
    env.add_filter("lower", |value: Value| of_text(value, |text| text.to_lowercase()));
    env.add_filter("trim", |value: Value| of_text(value, |text| text.trim().to_string()));
    env.add_filter("capitalize", |value: Value| of_text(value, capitalized));
    env.add_filter("title", |value: Value| {
        of_text(value, |text| text.split(' ').map(capitalized).collect::<Vec<_>>().join(" "))
    });
    env.add_filter("truncate", |value: Value, most: usize| {
        of_text(value, |text| match text.char_indices().nth(most) {
            Some(_) => {
                let kept: String = text.chars().take(most.saturating_sub(1)).collect();
                format!("{}…", kept.trim_end())
            }
            None => text.to_string(),
        })
    });
    env.add_filter("length", |value: Value| value.len().unwrap_or_default());
    env.add_filter("first", |value: Value| -> Result<Value, Error> {
        if is_missing(&value) {
            return Ok(value);
        }
        Ok(value.try_iter()?.next().unwrap_or_default())
    });
    env.add_filter("join", |value: Value, between: Option<String>| -> Result<Value, Error> {
        if is_missing(&value) {
            return Ok(value);
        }
        if value.as_str().is_some() {
            return Err(Error::new(ErrorKind::InvalidOperation, NO_LIST));
        }
        let parts: Vec<String> = value.try_iter()?.map(|one| one.to_string()).collect();
        Ok(Value::from(parts.join(between.as_deref().unwrap_or(", "))))
    });
    env.add_test("defined", |value: Value| !is_missing(&value));
    env.add_test("undefined", |value: Value| is_missing(&value));
}

/// A gap stays one.
fn of_text(value: Value, change: impl Fn(&str) -> String) -> Value {
    if is_missing(&value) { value } else { Value::from(change(&value.to_string())) }
}

fn capitalized(text: &str) -> String {
    let mut signs = text.chars();
    signs
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(signs.as_str().to_lowercase().chars()).collect())
}
