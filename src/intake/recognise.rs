//! Who is this? Contact data in normal form, and the lead we already have of the same person.

use crate::base::email::Email;
use crate::base::id::LeadId;
use crate::base::phone::Phone;
use crate::base::{Result, unicode};
use crate::engine::db::TenantTx;
use crate::leads::model::IdentityKind;
use crate::leads::store::{self, Lead};

use super::NewEnquiry;

/// Contact data as we keep it.
pub(super) struct Person {
    pub name: String,
    /// The person gave a name; else it is made of what is known.
    pub is_named: bool,
    /// Normalised, when it is an address at all.
    pub email: Option<String>,
    /// E.164, when it is a number at all.
    pub phone: Option<String>,
    pub phone_raw: Option<String>,
}

impl Person {
    /// Reads what the enquiry says; `country` is the region of numbers without a country code.
    pub fn of(enquiry: &NewEnquiry, country: &str) -> Self {
        let email = enquiry.email.as_deref().and_then(|raw| raw.parse::<Email>().ok()).map(Email::into_string);
        let phone =
            enquiry.phone.as_deref().and_then(|raw| Phone::parse(raw, Some(country)).ok()).map(Phone::into_string);
        let given = enquiry.name.as_deref().map(clean).filter(|name| !name.is_empty());
        let is_named = given.is_some();
        let from_email = || email.as_deref().and_then(|email| email.split('@').next()).map(str::to_string);
        let name = given.or_else(from_email).or_else(|| phone.clone()).unwrap_or_else(|| "Unknown".into());
        Self { name, is_named, email, phone, phone_raw: enquiry.phone.clone() }
    }

    fn identities(&self) -> impl Iterator<Item = (IdentityKind, &str)> {
        let email = self.email.as_deref().map(|value| (IdentityKind::Email, value));
        let phone = self.phone.as_deref().map(|value| (IdentityKind::Phone, value));
        [email, phone].into_iter().flatten()
    }
}

/// One line of at most 200 characters; empty when nothing of it shows.
fn clean(text: &str) -> String {
    unicode::name(text).chars().take(200).collect()
}

/// What we know of the identities of an enquiry. It stays true while intake is locked.
pub(super) struct Known(Vec<(IdentityKind, String, LeadId)>);

impl Known {
    pub fn of(tx: &mut TenantTx<'_>, person: &Person, platform_id: Option<&str>) -> Result<Self> {
        let platform = platform_id.map(|id| (IdentityKind::PlatformLead, id));
        let all: Vec<(IdentityKind, &str)> = person.identities().chain(platform).collect();
        Ok(Self(store::owners(tx, &all)?))
    }

    pub fn owner(&self, kind: IdentityKind, value: &str) -> Option<LeadId> {
        self.0.iter().find(|(known, text, _)| (*known, text.as_str()) == (kind, value)).map(|(_, _, lead)| *lead)
    }
}

/// The newest lead of this person. Where e-mail and phone lead to different ones, an open lead wins, then the newer.
pub(super) fn known_lead(tx: &mut TenantTx<'_>, person: &Person, known: &Known) -> Result<Option<Lead>> {
    let mut best: Option<Lead> = None;
    for (kind, value) in person.identities() {
        let Some(id) = known.owner(kind, value) else { continue };
        if best.as_ref().is_some_and(|lead| lead.id == id) {
            continue;
        }
        let Some(lead) = store::find(tx, id)? else { continue };
        let rank = |lead: &Lead| (!lead.status.is_closed(), lead.created_at, lead.id);
        if best.as_ref().is_none_or(|known| rank(&lead) > rank(known)) {
            best = Some(lead);
        }
    }
    Ok(best)
}

/// Points the enquiry's identities at `lead`. A person's identity of another open lead stays where it is; the platform's id
/// is of this very enquiry.
pub(super) fn remember(
    tx: &mut TenantTx<'_>,
    lead: &Lead,
    person: &Person,
    platform_id: Option<&str>,
    known: &Known,
) -> Result<()> {
    let mut new: Vec<(IdentityKind, &str)> = Vec::new();
    for (kind, value) in person.identities() {
        match known.owner(kind, value) {
            None => new.push((kind, value)),
            Some(owner) if owner == lead.id => {}
            Some(owner) if store::find(tx, owner)?.is_some_and(|other| !other.status.is_closed()) => {}
            Some(_) => store::add_identity(tx, lead.id, kind, value)?,
        }
    }
    new.extend(platform_id.map(|id| (IdentityKind::PlatformLead, id)));
    if new.is_empty() { Ok(()) } else { store::add_identities(tx, lead.id, &new) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;
    use crate::leads::model::LeadSource;

    fn person(name: &str, email: &str, phone: &str) -> Person {
        let mut enquiry = NewEnquiry::new(LeadSource::Api, Timestamp::from_seconds(0).unwrap());
        let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
        (enquiry.name, enquiry.email, enquiry.phone) = (given(name), given(email), given(phone));
        Person::of(&enquiry, "IN")
    }

    #[test]
    fn nothing_a_person_types_loses_the_person() {
        let p = person("  Priya\u{0}  Sharma ", "PRIYA@Example.com", "098765 43210");
        assert_eq!(
            (p.name.as_str(), p.email.as_deref(), p.phone.as_deref()),
            ("Priya Sharma", Some("priya@example.com"), Some("+919876543210"))
        );
        let p = person("", "not an address", "12");
        assert_eq!((p.name.as_str(), p.email, p.phone), ("Unknown", None, None));
        assert_eq!(person("", "asha@example.com", "").name, "asha");
        assert_eq!(person("\u{200b}\u{3164}", "asha@example.com", "").name, "asha");
        assert_eq!(person("A\u{202e}sha", "", "").name, "Asha");
        assert_eq!(person("", "", "+919876543210").name, "+919876543210");
    }
}
