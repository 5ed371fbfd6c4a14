//! Who an enquiry is from, by what was typed: contact data in normal form, and all of it as it came.

use super::NewEnquiry;
use super::fields::{is_email, looks_like_phone};
use crate::base::email::Email;
use crate::base::phone::Phone;
use crate::base::unicode;
use crate::leads::contact_details::{ContactDetail, ContactDetails, DetailKind};
use crate::leads::model::IdentityKind;

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
    ///
    /// Where the first address or number cannot be read, a further one is the lead's; and what was typed into the other's
    /// box, an address for a number, is put right. What stands in the wrong box stays visible there as unreadable.
    pub fn of(enquiry: &NewEnquiry, country: &str) -> Self {
        let given: Vec<Given> = given(enquiry, country).collect();
        let best = |kind: DetailKind| {
            let read = given.iter().filter_map(|one| Some((one, one.read_as(kind, country)?)));
            read.min_by_key(|(one, _)| one.kind != kind)
        };
        let (email, phone, name) = (best(DetailKind::Email), best(DetailKind::Phone), best(DetailKind::Name));
        let is_named = name.is_some();
        let from_email = || email.as_ref().and_then(|(_, email)| email.split('@').next()).map(str::to_string);
        let from_phone = || phone.as_ref().map(|(_, phone)| phone.clone());
        let from_name = name.map(|(_, name)| name);
        let name = from_name.or_else(from_email).or_else(from_phone).unwrap_or_else(|| "Unknown".into());
        let moved = [(DetailKind::Email, &email), (DetailKind::Phone, &phone)];
        let moved = moved.into_iter().filter_map(|(kind, best)| {
            let (one, value) = best.as_ref().filter(|(one, _)| one.kind != kind)?;
            Some((kind, one.typed, Some(value.clone())))
        });
        let details = given.iter().map(|one| (one.kind, one.typed, one.value.clone())).chain(moved);
        let details = details
            .filter_map(|(kind, typed, value)| {
                ContactDetail::new(kind, typed, value, enquiry.source, enquiry.received_at)
            })
            .collect();
        let is_hint = |best: &Option<(&Given<'_>, String)>| best.as_ref().is_some_and(|(one, _)| one.is_hint);
        Self {
            name,
            is_named,
            is_email_hint: is_hint(&email),
            is_phone_hint: is_hint(&phone),
            phone_raw: phone.as_ref().map(|(one, _)| one.typed.to_string()).or_else(|| enquiry.phone.clone()),
            email: email.map(|(_, email)| email),
            phone: phone.map(|(_, phone)| phone),
            details,
        }
    }

    /// Whether anybody can write to the person or call.
    pub fn is_reachable(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }

    pub fn identities(&self) -> impl Iterator<Item = (IdentityKind, &str)> {
        let email = self.email.as_deref().filter(|_| !self.is_email_hint).map(|value| (IdentityKind::Email, value));
        let phone = self.phone.as_deref().filter(|_| !self.is_phone_hint).map(|value| (IdentityKind::Phone, value));
        [email, phone].into_iter().flatten()
    }

    /// What identifies the person, of this kind.
    pub fn own(&self, kind: IdentityKind) -> Option<&str> {
        self.identities().find(|(of, _)| *of == kind).map(|(_, value)| value)
    }

    /// Each once.
    pub fn distinct_details(&self) -> ContactDetails {
        let mut details = ContactDetails::default();
        for detail in &self.details {
            details.add(detail.clone());
        }
        details
    }

    /// The first of this kind that can be read, or else the first that is no detail of another kind.
    pub fn detail(&self, kind: DetailKind) -> Option<&ContactDetail> {
        let mut of_kind = self.details.iter().filter(|detail| detail.kind == kind);
        let readable = of_kind.clone().find(|detail| detail.value.is_some());
        readable.or_else(|| of_kind.find(|detail| !is_misplaced(detail)))
    }
}

/// Something the person gave to be called by.
struct Given<'a> {
    kind: DetailKind,
    typed: &'a str,
    /// Read as what its box asked for.
    value: Option<String>,
    is_hint: bool,
}

impl Given<'_> {
    /// As the kind it was asked as, or else an address for a number or a number for an address.
    fn read_as(&self, kind: DetailKind, country: &str) -> Option<String> {
        if self.kind == kind {
            return self.value.clone();
        }
        let is_swapped = self.value.is_none() && kind != DetailKind::Name && self.kind != DetailKind::Name;
        if is_swapped { value_of(kind, self.typed, country) } else { None }
    }
}

/// The lead's own, then the further ones.
fn given<'a>(enquiry: &'a NewEnquiry, country: &'a str) -> impl Iterator<Item = Given<'a>> {
    let own = [
        (DetailKind::Name, enquiry.name.as_deref(), false),
        (DetailKind::Email, enquiry.email.as_deref(), enquiry.is_email_hint),
        (DetailKind::Phone, enquiry.phone.as_deref(), enquiry.is_phone_hint),
    ];
    let own = own.into_iter().filter_map(|(kind, typed, is_hint)| Some((kind, typed?, is_hint)));
    let further = enquiry.also.iter().map(|one| (one.kind, one.typed.as_str(), one.is_hint));
    own.chain(further).map(move |(kind, typed, is_hint)| Given {
        kind,
        typed,
        value: value_of(kind, typed, country),
        is_hint,
    })
}

fn value_of(kind: DetailKind, typed: &str, country: &str) -> Option<String> {
    match kind {
        DetailKind::Name => Some(clean(typed)).filter(|name| !name.is_empty()),
        DetailKind::Email => typed.parse::<Email>().ok().map(Email::into_string),
        DetailKind::Phone => Phone::parse(typed, Some(country)).ok().map(Phone::into_string),
    }
}

/// A number in the box of an address, or an address in that of a number: it says nothing about the kind of its box.
pub(super) fn is_misplaced(detail: &ContactDetail) -> bool {
    detail.value.is_none()
        && match detail.kind {
            DetailKind::Email => looks_like_phone(&detail.typed),
            DetailKind::Phone => is_email(&detail.typed),
            DetailKind::Name => false,
        }
}

/// One line of at most 200 characters; empty when nothing of it shows.
fn clean(text: &str) -> String {
    unicode::name(text).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;
    use crate::intake::Further;
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
    fn what_stands_in_the_others_box_is_put_right_and_shown() {
        let shown = |p: &Person| -> Vec<String> {
            let line =
                |one: &ContactDetail| format!("{} {} {}", one.kind, one.typed, one.value.as_deref().unwrap_or("-"));
            p.details.iter().map(line).collect()
        };
        let swapped = person("Asha", "98765 43210", "Asha@Example.com");
        assert_eq!(
            (swapped.email.as_deref(), swapped.phone.as_deref()),
            (Some("asha@example.com"), Some("+919876543210"))
        );
        assert_eq!(
            shown(&swapped),
            [
                "name Asha Asha",
                "email 98765 43210 -",
                "phone Asha@Example.com -",
                "email Asha@Example.com asha@example.com",
                "phone 98765 43210 +919876543210",
            ]
        );
        assert_eq!(swapped.identities().count(), 2);
        let one = person("Asha", "9876543210", "9876543210");
        assert_eq!((one.email, one.phone.as_deref()), (None, Some("+919876543210")));
        let mut enquiry = NewEnquiry::new(LeadSource::MetaAds, Timestamp::from_seconds(0).unwrap());
        enquiry.phone = Some("98765 4321".into());
        enquiry.also.push(Further { kind: DetailKind::Phone, typed: "+91 98765 43210".into(), is_hint: true });
        let further = Person::of(&enquiry, "IN");
        assert_eq!((further.phone.as_deref(), further.is_phone_hint), (Some("+919876543210"), true));
        let none = person("Asha", "n/a", "none");
        assert!(!none.is_reachable() && none.details.len() == 3);
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
