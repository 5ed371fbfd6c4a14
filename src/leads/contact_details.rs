//! Everything a person gave to be called by, as it was typed.
//!
//! A lead has one name, one e-mail address and one phone number; people mistype them, correct them, and enquire with a
//! husband's telephone. Whatever did not become the lead's own field stays here, flagged when it cannot be read, so that a
//! human sees it and can repair the lead. The newest fifty are kept. Nothing of it is shown while the lead is locked.

use std::borrow::Cow;

use super::model::LeadSource;
use crate::base::Result;
use crate::base::email::respelled;
use crate::base::json::Json;
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
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
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
        says((self.kind, &self.typed, self.value.as_deref()), (kind, typed, value))
    }
}

/// Kind, as it was typed, as it is read.
type Detail<'a> = (DetailKind, &'a str, Option<&'a str>);

fn says(one: Detail<'_>, other: Detail<'_>) -> bool {
    let is_same_value = match (one.2, other.2) {
        (Some(a), Some(b)) => is_same_text(a, b),
        _ => one.1 == other.1,
    };
    one.0 == other.0 && is_same_value
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
#[serde(from = "Vec<Written>")]
pub struct ContactDetails(Vec<ContactDetail>);

/// As it stands in a document: as it [is shown](shown), the newest first, or as earlier versions wrote it, the oldest first.
#[derive(serde::Deserialize)]
struct Written {
    kind: DetailKind,
    typed: String,
    value: Option<String>,
    source: LeadSource,
    received_at: Timestamp,
    is_primary: Option<bool>,
}

impl From<Vec<Written>> for ContactDetails {
    fn from(mut written: Vec<Written>) -> Self {
        if written.iter().any(|one| one.is_primary.is_some()) {
            written.reverse();
        }
        let detail = |one: Written| {
            let Written { kind, typed, value, source, received_at, .. } = one;
            ContactDetail { kind, typed, value, source, received_at }
        };
        Self(written.into_iter().map(detail).collect())
    }
}

impl ContactDetails {
    /// With what a lead's own fields say where nothing was written down: leads of earlier versions.
    pub fn with_own(mut self, own: [Own<'_>; 3], source: LeadSource, received_at: Timestamp) -> Self {
        for (kind, typed, value) in own.into_iter().rev() {
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
pub struct ContactDetailView<'a> {
    pub kind: DetailKind,
    /// As it was typed, at most 500 characters.
    pub typed: &'a str,
    /// E.164 for a phone number, lower case for an e-mail address; null when it cannot be read as one.
    pub value: Option<&'a str>,
    /// False asks for a human: read it, call, and write the right one into the lead.
    pub is_readable: bool,
    /// It is the lead's own name, e-mail or phone.
    pub is_primary: bool,
    /// Where the person gave it; `manual` when it was entered by hand.
    pub source: LeadSource,
    pub received_at: Timestamp,
}

impl<'a> ContactDetailView<'a> {
    fn of(detail: &'a ContactDetail, own: &[Own<'_>]) -> Self {
        let ContactDetail { kind, typed, value, source, received_at } = detail;
        let (kind, typed, value) = (*kind, typed.as_str(), value.as_deref());
        let own_value = own.iter().find(|(own, ..)| *own == kind).and_then(|(.., value)| *value);
        let is_primary = value.is_some() && value == own_value;
        Self {
            kind,
            typed,
            value,
            is_readable: value.is_some(),
            is_primary,
            source: *source,
            received_at: *received_at,
        }
    }
}

/// Does this document stand as it is shown? Every lead of every page is asked; a text within it cannot say so, since its quotes
/// are escaped.
pub fn is_shown(document: &Json) -> bool {
    document.text().contains("\"is_primary\":")
}

/// The [`ContactDetails`] of a document, [with what the lead's own fields say](ContactDetails::with_own), as they are shown:
/// a list of [`ContactDetailView`], newest first. Leads are written down with it, so that nothing has to be made when they are
/// read.
///
/// # Errors
/// A document that nobody wrote.
pub fn shown(document: &Json, own: [Own<'_>; 3], source: LeadSource, received_at: Timestamp) -> Result<Json> {
    let details = document.read::<ContactDetails>()?.with_own(own, source, received_at);
    let views: Vec<ContactDetailView<'_>> =
        details.0.iter().rev().map(|one| ContactDetailView::of(one, &own)).collect();
    Ok(Json::of(&views))
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
    fn what_is_shown_is_what_is_stored_and_the_leads_own() {
        let at = Timestamp::from_seconds(0).unwrap();
        let later = Timestamp::from_seconds(60).unwrap();
        let own = [
            (DetailKind::Name, Some("Asha \"A\""), Some("Asha \"A\"")),
            (DetailKind::Email, Some("asha@example.com"), Some("asha@example.com")),
            (DetailKind::Phone, Some("098765 43210"), Some("+919876543210")),
        ];
        let mut details = ContactDetails::default();
        let mut documents = vec![Json::of(&details)];
        let new = |kind, typed, value: Option<&str>| {
            ContactDetail::new(kind, typed, value.map(Into::into), LeadSource::MetaAds, later).unwrap()
        };
        for detail in [
            new(DetailKind::Email, "ASHA@example.com", Some("ASHA@EXAMPLE.COM")),
            new(DetailKind::Phone, "98 \n \"76\" \"is_primary\": ", None),
            new(DetailKind::Phone, "98765 43210", Some("+919876543210")),
            new(DetailKind::Name, "Asha", Some("Asha")),
        ] {
            details.add(detail);
            documents.push(Json::of(&details));
        }
        for document in documents {
            let all = document.read::<ContactDetails>().unwrap().with_own(own, LeadSource::Api, at);
            let expected: Vec<_> =
                all.0.iter().rev().map(|one| (one.kind, one.typed.clone(), one.value.clone(), one.source)).collect();
            let shown = shown(&document, own, LeadSource::Api, at).unwrap();
            assert!(is_shown(&shown) && !is_shown(&document));
            assert_eq!(shown.read::<ContactDetails>().unwrap(), all, "and is read back as it was");
            let shown = shown.value();
            let found: Vec<_> = shown
                .as_array()
                .unwrap()
                .iter()
                .map(|one| {
                    let text = |name: &str| one[name].as_str().map(str::to_string);
                    assert_eq!(one["is_readable"], !one["value"].is_null());
                    (
                        text("kind").unwrap().parse().unwrap(),
                        text("typed").unwrap(),
                        text("value"),
                        text("source").unwrap().parse().unwrap(),
                    )
                })
                .collect();
            assert_eq!(found, expected);
            let primary: Vec<bool> =
                shown.as_array().unwrap().iter().map(|one| one["is_primary"].as_bool().unwrap()).collect();
            let meant = all.0.iter().rev().map(|one| {
                own.iter().any(|own| own.0 == one.kind && own.2 == one.value.as_deref() && one.value.is_some())
            });
            assert_eq!(primary, meant.collect::<Vec<_>>());
        }
        assert!(shown(&Json::from(serde_json::json!({"a": 1})), own, LeadSource::Api, at).is_err());
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
