//! What an enquiry tells of a person. Of one under lock nothing is learned, not even that the person enquired: what is not written
//! down here cannot be told.

use super::model::{ContactProfile, ContactSource, IdentityKind, Location, VerificationStatus};
use super::store::identities::{Owner, is_same};
use super::store::{self, Contact};
use crate::base::Result;
use crate::base::json::Doc;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;

/// What a lead says about who it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said<'a> {
    pub name: &'a str,
    /// Normalised.
    pub email: Option<&'a str>,
    /// E.164.
    pub phone: Option<&'a str>,
    pub company: Option<&'a str>,
    pub location: &'a Location,
}

impl<'a> Said<'a> {
    /// By what the person is recognised.
    pub fn identities(&self) -> Vec<(IdentityKind, &'a str)> {
        let email = self.email.map(|email| (IdentityKind::Email, email));
        let phone = self.phone.map(|phone| (IdentityKind::Phone, phone));
        email.into_iter().chain(phone).collect()
    }

    /// Without what does not identify anybody, or somebody else.
    fn only(self, holds: impl Fn(IdentityKind, &str) -> bool) -> Self {
        let email = self.email.filter(|email| holds(IdentityKind::Email, email));
        let phone = self.phone.filter(|phone| holds(IdentityKind::Phone, phone));
        Self { email, phone, ..self }
    }
}

/// An enquiry that is shown, and whose its addresses are.
#[derive(Debug, Clone, Copy)]
pub struct Enquiry<'a> {
    pub said: Said<'a>,
    pub source: ContactSource,
    pub known: &'a [Owner],
}

impl<'a> Enquiry<'a> {
    fn whose(&self, kind: IdentityKind, value: &str) -> Option<&'a Owner> {
        self.known.iter().find(|owner| owner.kind == kind && owner.value == value)
    }

    /// What may be written into this contact: nothing that is another's.
    fn of(&self, contact: ContactId) -> Said<'a> {
        let is_anothers = |kind, value: &str| {
            self.whose(kind, value).and_then(|owner| owner.whose.contact).is_some_and(|other| other != contact)
        };
        self.said.only(|kind, value| !is_anothers(kind, value))
    }

    /// Who is known by its addresses; `None` where nobody is, and where e-mail and phone are of two: a human tells which. Who shares one
    /// of both is somebody else where the other differs and the names have no word in common.
    fn person(&self, tx: &mut TenantTx<'_>) -> Result<Option<ContactId>> {
        let identities = self.said.identities();
        let owners = identities.iter().filter_map(|(kind, value)| self.whose(*kind, value));
        let contacts: Vec<(IdentityKind, ContactId)> =
            owners.filter_map(|owner| Some((owner.kind, owner.whose.contact?))).collect();
        let [(kind, first), others @ ..] = contacts.as_slice() else { return Ok(None) };
        if others.iter().any(|(_, other)| other != first) {
            return Ok(None);
        }
        let Some(contact) = store::find(tx, *first)? else { return Ok(None) };
        let has_other = match kind {
            IdentityKind::Email => self.said.phone.is_some() && contact.phone.is_some(),
            _ => self.said.email.is_some() && contact.email.is_some(),
        };
        let differs = others.is_empty() && has_other && !contact.is_nameless();
        Ok((!differs || shares_a_word(&contact.name, self.said.name)).then_some(*first))
    }
}

/// "Asha V" and "asha verma" may be one.
pub fn shares_a_word(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.to_lowercase().split_whitespace().map(Into::into).collect() };
    let known = words(a);
    words(b).iter().any(|word| known.contains(word))
}

/// Whose an enquiry is: `certain`, where an earlier one said so; who is known by its addresses; or somebody new, who is called
/// `fresh`, and of whom there is no entry if it `is_new`. What the person's entry lacks is filled in.
pub fn belong(
    tx: &mut TenantTx<'_>,
    enquiry: &Enquiry<'_>,
    certain: Option<ContactId>,
    (fresh, is_new): (ContactId, bool),
) -> Result<ContactId> {
    let known = match certain {
        Some(known) => Some(known),
        None => enquiry.person(tx)?,
    };
    match known {
        Some(known) => enquired(tx, known, enquiry)?,
        None if is_new => first(tx, fresh, enquiry)?,
        None => enquired(tx, fresh, enquiry)?,
    }
    Ok(known.unwrap_or(fresh))
}

fn first(tx: &mut TenantTx<'_>, id: ContactId, enquiry: &Enquiry<'_>) -> Result<()> {
    let (now, said) = (tx.now(), enquiry.of(id));
    let mut contact = Contact {
        tenant_id: tx.tenant(),
        id,
        name: said.name.into(),
        email: None,
        phone: None,
        company: None,
        city: None,
        source: enquiry.source,
        verification_status: VerificationStatus::Verified,
        quality_score: None,
        owner_id: None,
        profile: Doc(ContactProfile::default()),
        converted_at: Some(now),
        search: String::new(),
        version: 1,
        created_at: now,
        updated_at: now,
        name_key: None,
        company_key: None,
        state_key: None,
        country_key: None,
        language_key: None,
        birthday: None,
        bookings_count: 0,
        last_category: None,
        last_booking_at: None,
    };
    learn(&mut contact, said);
    contact.refresh();
    store::insert(tx, &contact)
}

/// A known person enquires: fills in what the contact lacks, and never overwrites who the person is.
pub fn enquired(tx: &mut TenantTx<'_>, id: ContactId, enquiry: &Enquiry<'_>) -> Result<()> {
    // Shown at last, or written by a process of a version that knew no contacts.
    let Some(before) = store::find(tx, id)? else { return first(tx, id, enquiry) };
    let said = enquiry.of(id);
    if told(tx, &before, said) == before {
        return Ok(());
    }
    let held = store::hold(tx, id)?;
    let mut contact = told(tx, &held, said);
    store::save(tx, &mut contact)
}

/// The contact with what it lacked.
fn told(tx: &TenantTx<'_>, contact: &Contact, said: Said<'_>) -> Contact {
    let mut contact = contact.clone();
    learn(&mut contact, said);
    contact.converted_at = contact.converted_at.or(Some(tx.now()));
    if contact.verification_status == VerificationStatus::Unverified {
        contact.verification_status = VerificationStatus::Verified;
    }
    contact.refresh();
    contact
}

fn learn(contact: &mut Contact, said: Said<'_>) {
    if contact.is_nameless() {
        contact.name = said.name.into();
    }
    let fill = |field: &mut Option<String>, value: Option<&str>| {
        if field.is_none() {
            *field = value.map(Into::into);
        }
    };
    let profile = &mut contact.profile.0;
    fill(&mut contact.email, new_to(IdentityKind::Email, &profile.other_emails, said.email));
    fill(&mut contact.phone, new_to(IdentityKind::Phone, &profile.other_phones, said.phone));
    fill(&mut contact.company, said.company);
    if profile.location == Location::default() {
        profile.location = said.location.seen();
    }
}

/// What does not stand among the others already: somebody entered it there, and it stays when the lead that said it is corrected.
fn new_to<'a>(kind: IdentityKind, others: &[String], value: Option<&'a str>) -> Option<&'a str> {
    value.filter(|value| !stands_among(kind, others, value))
}

fn stands_among(kind: IdentityKind, others: &[String], value: &str) -> bool {
    others.iter().any(|other| is_same(kind, Some(other), Some(value)))
}

/// Somebody changed a lead: where the contact said the same, it says the new, unless that is another's.
pub fn follow(tx: &mut TenantTx<'_>, id: ContactId, was: Said<'_>, is: Said<'_>) -> Result<()> {
    if store::find(tx, id)?.is_none() {
        return Ok(());
    }
    let before = store::hold(tx, id)?;
    let mut contact = before.clone();
    if contact.name == was.name {
        contact.name = is.name.into();
    }
    let profile = &mut contact.profile.0;
    follow_one(IdentityKind::Email, &mut contact.email, &profile.other_emails, (was.email, is.email));
    follow_one(IdentityKind::Phone, &mut contact.phone, &profile.other_phones, (was.phone, is.phone));
    if contact.company.as_deref() == was.company {
        contact.company = is.company.map(Into::into);
    }
    if profile.location == was.location.seen() {
        profile.location = is.location.seen();
    }
    contact.refresh();
    if contact == before { Ok(()) } else { store::save(tx, &mut contact) }
}

/// The contact's own address or number, which may stand among the others alone.
fn follow_one(
    kind: IdentityKind,
    own: &mut Option<String>,
    others: &[String],
    (was, is): (Option<&str>, Option<&str>),
) {
    let stood_there = was.is_some_and(|was| stands_among(kind, others, was));
    if own.as_deref() == was || own.is_none() && stood_there {
        *own = new_to(kind, others, is).map(Into::into);
    }
}
