//! Who is this? Contact data in normal form, and the lead we already have of the same person.
//!
//! A person is recognised by an exact e-mail address or phone number: `name+1@` is another mailbox than `name@`, and folding
//! them would make one of two. One of both is enough, unless the other one says that it is somebody else: a salesman's
//! address typed into everybody's form, or an office's telephone.

use crate::base::email::Email;
use crate::base::id::LeadId;
use crate::base::phone::Phone;
use crate::base::{Result, unicode};
use crate::engine::db::TenantTx;
use crate::leads::contact_details::{ContactDetail, ContactDetails, DetailKind};
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
    /// Everything that was given, read or not.
    pub details: Vec<ContactDetail>,
    is_email_hint: bool,
    is_phone_hint: bool,
}

impl Person {
    /// Reads what the enquiry says; `country` is the region of numbers without a country code.
    pub fn of(enquiry: &NewEnquiry, country: &str) -> Self {
        let read = |kind: DetailKind, raw: &str| match kind {
            DetailKind::Name => Some(clean(raw)).filter(|name| !name.is_empty()),
            DetailKind::Email => raw.parse::<Email>().ok().map(Email::into_string),
            DetailKind::Phone => Phone::parse(raw, Some(country)).ok().map(Phone::into_string),
        };
        let email = enquiry.email.as_deref().and_then(|raw| read(DetailKind::Email, raw));
        let phone = enquiry.phone.as_deref().and_then(|raw| read(DetailKind::Phone, raw));
        let given = enquiry.name.as_deref().and_then(|raw| read(DetailKind::Name, raw));
        let is_named = given.is_some();
        let from_email = || email.as_deref().and_then(|email| email.split('@').next()).map(str::to_string);
        let name = given.or_else(from_email).or_else(|| phone.clone()).unwrap_or_else(|| "Unknown".into());
        let own = [
            (DetailKind::Name, enquiry.name.as_deref()),
            (DetailKind::Email, enquiry.email.as_deref()),
            (DetailKind::Phone, enquiry.phone.as_deref()),
        ];
        let own = own.into_iter().filter_map(|(kind, raw)| Some((kind, raw?)));
        let all = own.chain(enquiry.also.iter().map(|(kind, raw)| (*kind, raw.as_str())));
        let details = all
            .filter_map(|(kind, raw)| {
                ContactDetail::new(kind, raw, read(kind, raw), enquiry.source, enquiry.received_at)
            })
            .collect();
        let (is_email_hint, is_phone_hint) = (enquiry.is_email_hint, enquiry.is_phone_hint);
        Self { name, is_named, email, phone, phone_raw: enquiry.phone.clone(), details, is_email_hint, is_phone_hint }
    }

    fn identities(&self) -> impl Iterator<Item = (IdentityKind, &str)> {
        let email = self.email.as_deref().filter(|_| !self.is_email_hint).map(|value| (IdentityKind::Email, value));
        let phone = self.phone.as_deref().filter(|_| !self.is_phone_hint).map(|value| (IdentityKind::Phone, value));
        [email, phone].into_iter().flatten()
    }

    /// Each once.
    pub fn distinct_details(&self) -> ContactDetails {
        let mut details = ContactDetails::default();
        for detail in &self.details {
            details.add(detail.clone());
        }
        details
    }

    fn detail(&self, kind: DetailKind) -> Option<&ContactDetail> {
        self.details.iter().find(|detail| detail.kind == kind)
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
pub(super) fn known_lead(
    tx: &mut TenantTx<'_>,
    person: &Person,
    known: &Known,
    enquiry: &NewEnquiry,
) -> Result<Option<Lead>> {
    let mut best: Option<Lead> = None;
    let owners: Vec<(IdentityKind, LeadId)> =
        person.identities().filter_map(|(kind, value)| Some((kind, known.owner(kind, value)?))).collect();
    for (kind, id) in &owners {
        if best.as_ref().is_some_and(|lead| lead.id == *id) {
            continue;
        }
        let Some(lead) = store::find(tx, *id)? else { continue };
        let by_both = owners.iter().filter(|(_, owner)| owner == id).count() == 2;
        if !by_both && is_somebody_else(&lead, person, *kind, enquiry)? {
            continue;
        }
        let rank = |lead: &Lead| (!lead.status.is_closed(), lead.created_at, lead.id);
        if best.as_ref().is_none_or(|known| rank(&lead) > rank(known)) {
            best = Some(lead);
        }
    }
    Ok(best)
}

/// Whether a person who shares `by` with a lead is another one all the same, because everything else differs.
///
/// One phone with several addresses is a family or an office, up to a point. One address with another phone is a
/// correction where the name agrees, once, and not within one and the same form, where a constant address stands for people
/// whose phones are all different.
fn is_somebody_else(lead: &Lead, person: &Person, by: IdentityKind, enquiry: &NewEnquiry) -> Result<bool> {
    let other = if by == IdentityKind::Email { DetailKind::Phone } else { DetailKind::Email };
    let Some(given) = person.detail(other) else { return Ok(false) };
    let details = ContactDetails::of(lead)?;
    let known: Vec<&ContactDetail> = details.of_kind(other).collect();
    if known.is_empty() || known.iter().any(|detail| detail.is_same(given)) {
        return Ok(false);
    }
    let has_same_name = match person.detail(DetailKind::Name) {
        Some(name) => details.of_kind(DetailKind::Name).any(|known| shares_a_word(&known.typed, &name.typed)),
        None => true,
    };
    let is_one_form = lead.lead_form_id.is_some() && lead.lead_form_id == enquiry.lead_form_id;
    let most = match (other, has_same_name, is_one_form) {
        (DetailKind::Phone, true, false) => 2,
        (DetailKind::Phone, ..) => 0,
        (_, true, _) => 4,
        (_, false, false) => 2,
        (_, false, true) => 0,
    };
    Ok(known.len() >= most)
}

/// "Asha V" and "asha verma" may be one.
fn shares_a_word(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.to_lowercase().split_whitespace().map(Into::into).collect() };
    let known = words(a);
    words(b).iter().any(|word| known.contains(word))
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
        assert_eq!((p.name.as_str(), p.email.as_ref(), p.phone.as_ref()), ("Unknown", None, None));
        let typed: Vec<&str> = p.details.iter().map(|detail| detail.typed.as_str()).collect();
        assert_eq!(typed, ["not an address", "12"], "what cannot be read is kept");
        assert_eq!(person("", "asha@example.com", "").name, "asha");
        assert_eq!(person("\u{200b}\u{3164}", "asha@example.com", "").name, "asha");
        assert_eq!(person("A\u{202e}sha", "", "").name, "Asha");
        assert_eq!(person("", "", "+919876543210").name, "+919876543210");
    }

    #[test]
    fn a_hint_is_shown_and_identifies_nobody() {
        let mut enquiry = NewEnquiry::new(LeadSource::MetaAds, Timestamp::from_seconds(0).unwrap());
        (enquiry.email, enquiry.is_email_hint) = (Some("sea.view@abc.example".into()), true);
        enquiry.phone = Some("+919876543210".into());
        let person = Person::of(&enquiry, "IN");
        assert_eq!(person.email.as_deref(), Some("sea.view@abc.example"));
        assert_eq!(person.identities().collect::<Vec<_>>(), [(IdentityKind::Phone, "+919876543210")]);
    }
}
