//! Contacts that somebody enters, changes and deletes.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use validator::Validate;

use super::facts::ContactFact;
use super::model::{Birthday, ContactProfile, ContactSource, IdentityKind, LocationPatch, VerificationStatus};
use super::store::identities::{self, Owner, Whose};
use super::store::{self as rows, Contact, NOBODY};
use crate::base::bounded::{Dialled, Line, PersonName};
use crate::base::changes::Changes;
use crate::base::email::Email;
use crate::base::id::UserId;
use crate::base::json::Doc;
use crate::base::patch::Patch;
use crate::base::phone::Phone;
use crate::base::{Error, FieldError, Result, unicode};
use crate::contacts::attributes::define::SentValues;
use crate::contacts::attributes::{self, Definitions};
use crate::contacts::consents;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::tenants;
use crate::tenants::Tenant;
use crate::tenants::region::{Language, TimeZone};

crate::patch! {
    /// What is known of a person. Absent keeps, null clears. Without a name the person is called by first and last name, else by an
    /// e-mail address or a phone number.
    #[schema(example = json!({"first_name": "Priya", "last_name": "Sharma", "email": "priya.sharma@example.com",
        "phone": "98765 43210", "company": "Sharma Exports", "location": {"city": "Mumbai"}, "birthday": "05-17",
        "tags": ["wedding 2024"], "source": "manual"}))]
    pub struct ContactInput of Contact {
        pub name: Given<PersonName>,
        pub first_name: Patch<Line<0, 99>> => profile.first_name,
        pub last_name: Patch<Line<0, 99>> => profile.last_name,
        pub email: Patch<Email>,
        /// E.164, or the national form of the tenant's country.
        pub phone: Patch<Dialled<0, 40>> => by hand,
        /// Besides the contact's own.
        #[validate(length(max = 20))]
        #[schema(max_items = 20)]
        pub other_emails: Patch<Vec<Email>> => profile.other_emails,
        /// Besides the contact's own; like it in either form.
        #[validate(length(max = 20))]
        #[schema(max_items = 20)]
        pub other_phones: Patch<Vec<Dialled<3, 40>>> => by hand,
        pub company: Patch<Line<0, 200>>,
        /// What the person is at work.
        pub title: Patch<Line<0, 200>> => profile.title,
        #[validate(nested)]
        pub location: Patch<LocationPatch> => profile.location,
        pub language: Patch<Language> => profile.language,
        pub time_zone: Patch<TimeZone> => by hand,
        /// With a year it is a day that has come.
        pub birthday: Patch<Birthday> => profile.birthday,
        /// What shows of each is kept; one in another spelling is the same.
        #[validate(length(max = 50))]
        #[schema(max_items = 50)]
        pub tags: Patch<Vec<Line<1, 60>>> => by hand,
        /// Values of custom attributes, by key. What is absent stays, null clears.
        pub custom_attributes: Patch<SentValues> => by hand,
        /// `manual` for a person and `api` for an API key, when it is not said.
        pub source: Given<ContactSource>,
        pub verification_status: Given<VerificationStatus>,
        #[validate(range(min = 0, max = 100))]
        #[schema(minimum = 0, maximum = 100)]
        pub quality_score: Patch<i32>,
        /// An active user of the tenant.
        pub owner_id: Patch<UserId>,
    }
}

/// By what people are written down: the tenant, and what it keeps of them, which is looked up once and only if it is needed.
pub struct Register {
    tenant: Tenant,
    attributes: OnceCell<Definitions>,
}

impl std::ops::Deref for Register {
    type Target = Tenant;
    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Register {
    fn attributes(&self, tx: &mut TenantTx<'_>) -> Result<&Definitions> {
        if let Some(known) = self.attributes.get() {
            return Ok(known);
        }
        let known = attributes::definitions(tx)?;
        Ok(self.attributes.get_or_init(|| known))
    }
}

/// The tenant's turn, in which people are recognised.
pub fn open(tx: &mut TenantTx<'_>) -> Result<Register> {
    lock_tenant(tx, "intake")?;
    Ok(Register { tenant: tenants::store::current(tx)?, attributes: OnceCell::new() })
}

/// Enters a person who is not known yet.
///
/// # Errors
/// `contact.identity_taken`; a field that cannot be.
pub fn create(tx: &mut TenantTx<'_>, register: &Register, input: ContactInput) -> Result<Contact> {
    let is_named = !input.name.is_absent();
    let mut contact = blank(tx);
    let (_, keys) = apply(tx, register, &mut contact, input)?;
    if !is_named && contact.stand_in() == NOBODY {
        return Err(Error::field("/name", "required", "give a name, an e-mail address or a phone number"));
    }
    contact.refresh();
    let known = known_by(tx, &contact)?;
    rows::insert(tx, &contact)?;
    rows::add_tags(tx, contact.id, &contact.profile.tags)?;
    know_by(tx, &known, None, &contact)?;
    let custom_attributes = told(tx, register, &contact, keys)?;
    let fact = ContactFact { source: Some(contact.source), custom_attributes, ..ContactFact::default() };
    let id = contact.id.uuid();
    tx.record(fact.told_as(ContactFact::CREATED).about(id))?;
    Ok(contact)
}

/// # Errors
/// `contact.not_found`, `contact.identity_taken`, `request.precondition_failed`; a field that cannot be.
pub fn change(
    tx: &mut TenantTx<'_>,
    register: &Register,
    id: ContactId,
    input: ContactInput,
    if_match: &IfMatch,
) -> Result<Contact> {
    let before = rows::hold(tx, id)?;
    if_match.check(before.version)?;
    let mut contact = before.clone();
    let (changes, keys) = apply(tx, register, &mut contact, input)?;
    contact.refresh();
    if changes.is_empty() || contact == before {
        return Ok(before);
    }
    let known = known_by(tx, &contact)?;
    if changes.has("tags") {
        rows::set_tags(tx, id, &contact.profile.tags)?;
    }
    know_by(tx, &known, Some(&before), &contact)?;
    rows::save(tx, &mut contact)?;
    let custom_attributes = told(tx, register, &contact, keys)?;
    // Names only: the values of personal data stay out of the events.
    let fact = ContactFact { changed: Some(changes.told()), custom_attributes, ..ContactFact::default() };
    tx.record(fact.told_as(ContactFact::UPDATED).about(id.uuid()))?;
    Ok(contact)
}

/// Writes down by which of the custom attributes that changed the person is sought, and names them.
fn told(
    tx: &mut TenantTx<'_>,
    register: &Register,
    contact: &Contact,
    keys: Vec<String>,
) -> Result<Option<Vec<String>>> {
    if keys.is_empty() {
        return Ok(None);
    }
    register.attributes(tx)?.write(tx, contact.id, &keys, &contact.profile.custom_attributes)?;
    Ok(Some(keys))
}

/// Forgets a person of whom there is no lead and no booking.
///
/// # Errors
/// `contact.not_found`, `contact.has_leads`, `contact.has_bookings`.
pub fn delete(tx: &mut TenantTx<'_>, id: ContactId) -> Result<()> {
    open(tx)?;
    let contact = rows::hold(tx, id)?;
    if contact.converted_at.is_some() {
        let message = "There are leads of this person, so the contact stays.";
        return Err(Error::conflict("contact.has_leads", message));
    }
    if rows::is_booked(tx, id)? {
        let message = "There are bookings of this person, so the contact stays.";
        return Err(Error::conflict("contact.has_bookings", message));
    }
    for kind in [IdentityKind::Email, IdentityKind::Phone] {
        let known: Vec<&str> =
            identities_of(&contact).into_iter().filter(|(of, _)| *of == kind).map(|(_, value)| value).collect();
        identities::take_from_contact(tx, id, kind, &known)?;
    }
    // What was said for the addresses is said for them still.
    consents::hand_over(tx, id, None)?;
    // Told first: what hangs on the contact is counted while it is there, and what stands elsewhere about it lets go of it.
    tx.record(ContactFact::default().told_as(ContactFact::DELETED).about(id.uuid()))?;
    rows::delete(tx, id)?;
    Ok(())
}

fn blank(tx: &TenantTx<'_>) -> Contact {
    let now = tx.now();
    let by_a_person = tx.actor().user().is_some();
    Contact {
        tenant_id: tx.tenant(),
        id: ContactId::new(),
        name: String::new(),
        email: None,
        phone: None,
        company: None,
        city: None,
        source: if by_a_person { ContactSource::Manual } else { ContactSource::Api },
        verification_status: VerificationStatus::Unverified,
        quality_score: None,
        owner_id: None,
        profile: Doc(ContactProfile::default()),
        converted_at: None,
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
    }
}

/// # Errors
/// Everything that cannot be in this tenant and at this time: numbers, tags, the birthday.
pub fn check(tx: &TenantTx<'_>, tenant: &Tenant, input: &ContactInput) -> Result<()> {
    let wrong = wrong_values(tx, tenant, input);
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

fn wrong_values(tx: &TenantTx<'_>, tenant: &Tenant, input: &ContactInput) -> Vec<FieldError> {
    let own = input.phone.value().map(|typed| ("/phone".to_string(), typed.as_str()));
    let others = input.other_phones.value().into_iter().flatten().enumerate();
    let others = others.map(|(at, typed)| (format!("/other_phones/{at}"), typed.as_str()));
    let read = |typed: &str| Phone::parse(typed, Some(&tenant.country)).err();
    let phones = own.into_iter().chain(others);
    let phones = phones.filter_map(|(at, typed)| Some(FieldError::new(at, "invalid_value", read(typed)?)));
    let today = tx.now().utc().with_timezone(&tenant.time_zone).date_naive();
    let unborn = input.birthday.value().filter(|day| day.is_after(today)).map(|_| {
        let rule = "expected a day that has come, or one without its year";
        FieldError::new("/birthday", "invalid_value", rule)
    });
    let tags = input.tags.value().into_iter().flatten().enumerate();
    let unseen = tags
        .filter(|(_, tag)| unicode::name(tag).is_empty() || unicode::folded(tag).trim().is_empty())
        .map(|(at, _)| FieldError::new(format!("/tags/{at}"), "blank", "expected a tag of characters that show"));
    phones.chain(unborn).chain(unseen).collect()
}

/// Puts what was sent in its place, and tells everything that cannot be at once. Answers the keys of the custom attributes that
/// changed besides.
fn apply(
    tx: &mut TenantTx<'_>,
    tenant: &Register,
    contact: &mut Contact,
    mut input: ContactInput,
) -> Result<(Changes, Vec<String>)> {
    let mut wrong = wrong_values(tx, tenant, &input);
    let is_stand_in = contact.name.is_empty() || contact.is_stand_in();
    let is_named = !input.name.is_absent();
    let owner = input.owner_id.value().copied();
    if let Some(owner) = owner.filter(|owner| contact.owner_id != Some(*owner)) {
        let members = tenants::store::members(tx)?;
        if !members.iter().any(|member| member.user_id == owner && member.status == "active") {
            wrong.push(FieldError::new(
                "/owner_id",
                "invalid_value",
                "expected the id of an active user of this tenant",
            ));
        }
    }
    let sent = std::mem::take(&mut input.custom_attributes);
    let mut keys = Vec::new();
    if !sent.is_absent() {
        let attributes = tenant.attributes(tx)?;
        keys = attributes.merge(&mut contact.profile.custom_attributes, sent, &mut wrong);
    }
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let read = |typed: &str| Phone::parse(typed, Some(&tenant.country)).ok().map(Phone::into_string);
    let phone = std::mem::take(&mut input.phone).map(|typed| read(&typed));
    let others = std::mem::take(&mut input.other_phones)
        .map(|list| list.iter().filter_map(|typed| read(typed)).collect::<Vec<String>>());
    let tags = std::mem::take(&mut input.tags).map(|list| {
        let mut seen = BTreeSet::new();
        let tags = list.iter().map(|tag| unicode::name(tag)).filter(|tag| seen.insert(unicode::folded(tag)));
        tags.collect::<Vec<String>>()
    });
    let zone = std::mem::take(&mut input.time_zone).map(|zone| zone.0.name().to_string());
    let mut changes = input.apply(contact);
    match phone {
        Patch::Absent => {}
        Patch::Null => changes.put("phone", &mut contact.phone, None),
        Patch::Value(phone) => changes.put("phone", &mut contact.phone, phone),
    }
    changes.set("other_phones", &mut contact.profile.other_phones, others);
    changes.set("tags", &mut contact.profile.tags, tags);
    changes.set("time_zone", &mut contact.profile.time_zone, zone);
    let profile = &mut contact.profile.0;
    for text in [&mut profile.first_name, &mut profile.last_name, &mut profile.title, &mut contact.company] {
        if text.as_deref().is_some_and(|text| unicode::name(text).is_empty()) {
            *text = None;
        }
    }
    profile.location = profile.location.seen();
    // Who was called by what else is known is called by what is known now.
    if !is_named && is_stand_in {
        let called = contact.stand_in();
        changes.put("name", &mut contact.name, called);
    }
    changes.note("custom_attributes", !keys.is_empty());
    Ok((changes, keys))
}

fn identities_of(contact: &Contact) -> Vec<(IdentityKind, &str)> {
    let emails = contact.emails().map(|email| (IdentityKind::Email, email));
    emails.chain(contact.phones().map(|phone| (IdentityKind::Phone, phone))).collect()
}

/// What the person is recognised by already.
///
/// # Errors
/// `contact.identity_taken`.
fn known_by(tx: &mut TenantTx<'_>, contact: &Contact) -> Result<Vec<Owner>> {
    let mut known = identities::owners(tx, &identities_of(contact))?;
    known.retain(|owner| owner.whose.contact.is_some());
    match known.iter().find(|owner| owner.whose.contact != Some(contact.id)) {
        Some(other) => Err(taken(other)),
        None => Ok(known),
    }
}

/// Writes down by what the person is recognised.
fn know_by(tx: &mut TenantTx<'_>, known: &[Owner], before: Option<&Contact>, contact: &Contact) -> Result<()> {
    let wanted = identities_of(contact);
    let is_known =
        |(kind, value): &(IdentityKind, &str)| known.iter().any(|one| one.kind == *kind && one.value == *value);
    for (kind, value) in wanted.iter().filter(|one| !is_known(one)) {
        identities::add(tx, *kind, value, Whose { contact: Some(contact.id), lead: None })?;
    }
    for kind in [IdentityKind::Email, IdentityKind::Phone] {
        let was = before.map(identities_of).unwrap_or_default();
        let stays = |value: &str| wanted.iter().any(|(of, kept)| *of == kind && kind.key(kept) == kind.key(value));
        let gone: Vec<&str> =
            was.into_iter().filter(|(of, value)| *of == kind && !stays(value)).map(|(_, value)| value).collect();
        if !gone.is_empty() {
            identities::take_from_contact(tx, contact.id, kind, &gone)?;
        }
    }
    Ok(())
}

fn taken(other: &Owner) -> Error {
    let id = other.whose.contact.map(|id| id.to_string()).unwrap_or_default();
    let message = format!("Another contact has this {}: {id}.", other.kind.as_str());
    Error::conflict("contact.identity_taken", message)
}
