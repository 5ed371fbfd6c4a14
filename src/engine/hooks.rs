//! Hooks: what a folder asks and a higher one answers, within the same transaction.
//!
//! Imports run downwards, and now and then a lower folder must know what only a higher one does: scoring asks how a person
//! took our messages, which are kept further up. The folder that asks declares a hook, a newtype around a function;
//! the folder that knows provides it beside its reactions; who needs nothing else from it never learns its name. An event is
//! for what follows from a fact, a hook for what must be known before one.

use std::any::{Any, TypeId};
use std::collections::HashMap;

/// What was provided, by the type of the hook. Assembled once at start-up.
#[derive(Default)]
pub struct Hooks(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Hooks {
    /// Answers the hook `H` from now on. Two answers to one question are a mistake in the assembly, which does not start.
    pub fn provide<H: Any + Send + Sync>(&mut self, hook: H) -> &mut Self {
        let before = self.0.insert(TypeId::of::<H>(), Box::new(hook));
        assert!(before.is_none(), "{} is provided twice", std::any::type_name::<H>());
        self
    }
    /// `None` where nobody provides it: the folder that asks says what is so then.
    pub fn get<H: Any + Copy>(&self) -> Option<H> {
        self.0.get(&TypeId::of::<H>()).and_then(|hook| hook.downcast_ref::<H>()).copied()
    }
}
