//! Everything a person gave to be called by, as it was typed.
//!
//! A lead has one name, one e-mail address and one phone number; people mistype them, correct them, and enquire with a
//! husband's telephone. Whatever did not become the lead's own field stays here, flagged when it cannot be read, so that a
//! human sees it and can repair the lead. The newest fifty are kept. Nothing of it is shown while the lead is locked.

use std::borrow::Cow;

use super::model::LeadSource;
use crate::base::email::respelled;
use crate::base::time::Timestamp;

crate::text_enum! {
    /// What a contact detail is.
    pub enum DetailKind { Name = "name", Email = "email", Phone = "phone" }
}

/// So many of one lead.
pub const MOST_DETAILS: usize = 50;
/// Characters of one that are kept.
const MOST_TYPED: usize = 500;

/// One detail, as it came.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ContactDetail {
    pub kind: DetailKind,
    /// As the person wrote it.
    pub typed: String,
    /// As we read it: E.164, an address in lower case. `None` when it is neither.
    pub value: Option<String>,
    pub source: LeadSource,
    pub received_at: Timestamp,
}

impl ContactDetail {
    pub fn new(
        kind: DetailKind,
        typed: &str,
        value: Option<String>,
        source: LeadSource,
        received_at: Timestamp,
    ) -> Option<Self> {
        let typed = kept(typed)?.into_owned();
        Some(Self { kind, typed, value, source, received_at })
    }

    /// The same thing, however it is spelled.
    pub fn is_same(&self, other: &Self) -> bool {
        self.says(other.kind, &other.typed, other.value.as_deref())
    }

    fn says(&self, kind: DetailKind, typed: &str, value: Option<&str>) -> bool {
        let same_value = match (self.value.as_deref(), value) {
            (Some(a), Some(b)) => is_same_text(a, b),
            _ => self.typed == typed,
        };
        self.kind == kind && same_value
    }
}

/// What is kept of a text as it was typed; `None` where nothing is left.
fn kept(typed: &str) -> Option<Cow<'_, str>> {
    if typed.contains('\0') {
        return kept(&typed.replace('\0', "")).map(|text| Cow::Owned(text.into_owned()));
    }
    let typed = typed.trim();
    let cut = typed.char_indices().nth(MOST_TYPED).and_then(|(end, _)| typed.get(..end));
    match cut {
        Some(beginning) => Some(Cow::Owned(format!("{beginning}…"))),
        None => (!typed.is_empty()).then_some(Cow::Borrowed(typed)),
    }
}

/// In capitals or not.
fn is_same_text(a: &str, b: &str) -> bool {
    a == b
        || if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { a.to_lowercase() == b.to_lowercase() }
}

/// What a lead's own field says: its kind, as it was typed, as it is read.
pub type Own<'a> = (DetailKind, Option<&'a str>, Option<&'a str>);

/// The details of one lead, oldest first.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ContactDetails(Vec<ContactDetail>);

impl ContactDetails {
    /// With what a lead's own fields say where nothing was written down: leads of earlier versions.
    pub fn with_own(mut self, own: [Own<'_>; 3], source: LeadSource, received_at: Timestamp) -> Self {
        for (kind, typed, value) in own.into_iter().rev() {
            // Every lead that is shown asks this, and nearly all were written down.
            let Some(typed) = typed.and_then(kept) else { continue };
            if !self.0.iter().any(|known| known.says(kind, &typed, value)) {
                let (typed, value) = (typed.into_owned(), value.map(str::to_string));
                self.0.insert(0, ContactDetail { kind, typed, value, source, received_at });
            }
        }
        self
    }

    /// Adds one that was not there; `false` when it was.
    pub fn add(&mut self, detail: ContactDetail) -> bool {
        if self.holds(&detail) {
            return false;
        }
        if self.0.len() >= MOST_DETAILS {
            self.0.remove(0);
        }
        self.0.push(detail);
        true
    }

    /// Reads e-mail addresses in the spelling of today; `false` when that changes nothing.
    pub fn respell(&mut self) -> bool {
        let mut changed = false;
        for detail in self.0.iter_mut().filter(|detail| detail.kind == DetailKind::Email) {
            let Some(value) = &mut detail.value else { continue };
            let today = respelled(value);
            changed |= today != *value;
            *value = today;
        }
        changed
    }

    pub fn holds(&self, detail: &ContactDetail) -> bool {
        self.0.iter().any(|known| known.is_same(detail))
    }

    pub fn of_kind(&self, kind: DetailKind) -> impl Iterator<Item = &ContactDetail> {
        self.0.iter().filter(move |detail| detail.kind == kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = &ContactDetail> {
        self.0.iter()
    }
}

/// What a person gave to be called by.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"kind": "phone", "typed": "98765 4321", "value": null, "is_readable": false, "is_primary": false,
    "source": "meta_ads", "received_at": "2026-11-20T08:59:50Z"}))]
pub struct ContactDetailView {
    pub kind: DetailKind,
    /// As it was typed, at most 500 characters.
    pub typed: String,
    /// E.164 for a phone number, lower case for an e-mail address; null when it cannot be read as one.
    pub value: Option<String>,
    /// False asks for a human: read it, call, and write the right one into the lead.
    pub is_readable: bool,
    /// It is the lead's own name, e-mail or phone.
    pub is_primary: bool,
    /// Where the person gave it; `manual` when it was entered by hand.
    pub source: LeadSource,
    pub received_at: Timestamp,
}

/// The details as they are shown, newest first; `own` is what the lead's own field of each kind says.
pub fn views<'a>(details: ContactDetails, own: impl Fn(DetailKind) -> Option<&'a str>) -> Vec<ContactDetailView> {
    let view = |detail: ContactDetail| ContactDetailView {
        kind: detail.kind,
        typed: detail.typed,
        is_readable: detail.value.is_some(),
        is_primary: detail.value.is_some() && detail.value.as_deref() == own(detail.kind),
        value: detail.value,
        source: detail.source,
        received_at: detail.received_at,
    };
    details.0.into_iter().rev().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(typed: &str, value: Option<&str>) -> ContactDetail {
        let at = Timestamp::from_seconds(0).unwrap();
        ContactDetail::new(DetailKind::Phone, typed, value.map(Into::into), LeadSource::Api, at).unwrap()
    }

    #[test]
    fn the_newest_fifty_stay_and_nothing_is_there_twice() {
        let mut details = ContactDetails::default();
        assert!(details.add(phone("098765 43210", Some("+919876543210"))));
        assert!(!details.add(phone("+919876543210", Some("+919876543210"))), "the same number");
        assert!(details.add(phone("98765", None)) && !details.add(phone("98765", None)));
        for n in 0..MOST_DETAILS {
            details.add(phone(&n.to_string(), None));
        }
        assert_eq!(details.iter().count(), MOST_DETAILS);
        assert_eq!((details.0[0].typed.as_str(), details.0[49].typed.as_str()), ("0", "49"));
    }

    #[test]
    fn what_is_endless_is_cut_for_all_to_see() {
        let long = phone(&"9".repeat(5000), None);
        assert_eq!(long.typed.chars().count(), MOST_TYPED + 1);
        assert!(long.typed.ends_with('…'));
        let at = Timestamp::from_seconds(0).unwrap();
        assert!(ContactDetail::new(DetailKind::Name, " \0 ", None, LeadSource::Api, at).is_none());
    }
}
