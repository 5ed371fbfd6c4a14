//! People with all that rules ask of them, read together.

use std::collections::HashMap;

use super::extension::extensions;
use super::fields::getter;
use super::person::Person;
use super::store::memberships;
use crate::base::Result;
use crate::contacts::id::ContactId;
use crate::contacts::people::store::{self as people, Contact};
use crate::engine::db::TenantTx;
use crate::engine::rules::{Fact, Facts, Field};

impl Facts for Person {
    fn get(&self, field: &Field) -> Fact<'_> {
        match getter(field.slot) {
            Some(get) => get(self),
            None => self.own.get(&*field.name).cloned().unwrap_or(Fact::Missing),
        }
    }

    fn rows(&self, noun: &str) -> Vec<&dyn Facts> {
        let rows = self.rows.get(noun).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|row| &**row as &dyn Facts).collect()
    }
}

/// Those of these people who are there, with all that may be asked of them.
pub fn load(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<Vec<Person>> {
    let mut segments = memberships(tx, ids)?;
    let contacts = people::find_all(tx, ids)?;
    let person = |contact: Contact| {
        let segments = segments.remove(&contact.id).unwrap_or_default();
        Person { contact, segments, rows: HashMap::new(), own: HashMap::new() }
    };
    let mut people: Vec<Person> = contacts.into_iter().map(person).collect();
    for extension in extensions(tx) {
        (extension.load)(tx, &mut people)?;
    }
    Ok(people)
}
