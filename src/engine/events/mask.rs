//! What events keep quiet about, while somebody says so: values that concern a person, or the address of one.
//!
//! Who must be kept quiet about is not known here: a folder above says it ([`Reactions::conceal`](super::Reactions::conceal)).
//! Nothing is taken from the stored row.

use serde_json::Value;

use super::catalogue;
use super::fact::{Concern, Field};
use super::store::{self, Event, EventFilter};
use crate::base::Result;
use crate::engine::db::{Page, PageRequest, TenantTx};

/// Nulls what must not be known yet. Of a type that is not declared here, written by another version, nothing is told.
pub fn conceal(tx: &mut TenantTx<'_>, events: &mut [Event]) -> Result<()> {
    for event in events.iter_mut().filter(|event| catalogue::find(event.kind).is_none()) {
        event.data = Value::Object(serde_json::Map::new());
    }
    match tx.platform().reactions().conceal {
        Some(conceal) => conceal(tx, events),
        None => {
            for event in events {
                event.blank(Concern::Person);
                event.blank(Concern::Address);
            }
            Ok(())
        }
    }
}

/// A page of events without what must not be known yet of people under lock.
pub fn list_concealed(tx: &mut TenantTx<'_>, filter: &EventFilter, page: &PageRequest) -> Result<Page<Event>> {
    let mut page = store::list(tx, filter, page)?;
    conceal(tx, &mut page.data)?;
    Ok(page)
}

impl Event {
    /// Does it say something of such concern?
    pub fn holds(&self, concern: Concern) -> bool {
        self.of_concern(concern).any(|field| !self.data[field.name].is_null())
    }

    /// The address that it tells.
    pub fn address(&self) -> Option<&str> {
        self.of_concern(Concern::Address).find_map(|field| self.data[field.name].as_str())
    }

    /// Nulls all that is of such concern.
    pub fn blank(&mut self, concern: Concern) {
        let names: Vec<&str> = self.of_concern(concern).map(|field| field.name).collect();
        for name in names {
            if let Some(value) = self.data.get_mut(name) {
                *value = Value::Null;
            }
        }
    }

    fn of_concern(&self, concern: Concern) -> impl Iterator<Item = &'static Field> + use<> {
        let fields = catalogue::find(self.kind).map(|declared| declared.fields.as_slice()).unwrap_or_default();
        fields.iter().filter(move |field| field.concern == concern)
    }
}
