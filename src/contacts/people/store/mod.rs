//! Rows of `contacts` and their tags; beside them by what people are known.

pub mod audience;
pub mod identities;

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::{ContactProfile, ContactSource, IdentityKind, Location, Quality, VerificationStatus};
use crate::base::bounded::{Line, Text};
use crate::base::email::{self, respelled};
use crate::base::id::{Guid, TenantId, UserId};
use crate::base::json::Doc;
use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::base::{Result, unicode};
use crate::beyond;
use crate::contacts::attributes::define::Values;
use crate::contacts::id::ContactId;
use crate::contacts::schema::{bookings, contact_tags as tags, contacts};
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::rules::DayOfYear;
use crate::insert_few;

/// How a person is called of whom nothing is known.
pub const NOBODY: &str = "Unknown";

/// A person known to a tenant.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = contacts, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Contact {
    pub tenant_id: TenantId,
    pub id: ContactId,
    pub name: String,
    /// Normalised.
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub company: Option<String>,
    /// Folded, for the filter.
    pub city: Option<String>,
    pub source: ContactSource,
    pub verification_status: VerificationStatus,
    /// 0 to 100.
    pub quality_score: Option<i32>,
    pub owner_id: Option<UserId>,
    pub profile: Doc<ContactProfile>,
    /// Since when there is a lead.
    pub converted_at: Option<Timestamp>,
    /// Name, e-mail addresses, phone numbers and company, [folded](unicode::folded), for the text search.
    pub search: String,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What rules compare, each [`key`] of what is shown.
    pub name_key: Option<String>,
    pub company_key: Option<String>,
    pub state_key: Option<String>,
    pub country_key: Option<String>,
    pub language_key: Option<String>,
    /// 517 is 17 May.
    pub birthday: Option<i32>,
    /// Neither cancelled nor refunded.
    pub bookings_count: i32,
    /// Of the latest of these, folded; as it was spelled it stands in the profile.
    pub last_category: Option<String>,
    pub last_booking_at: Option<Timestamp>,
}

/// A text as rules compare it; nothing where nothing of it shows.
pub fn key(text: Option<&str>) -> Option<String> {
    text.map(|text| unicode::folded(text.trim())).filter(|text| !text.trim().is_empty())
}

impl Contact {
    /// Before it is written: what follows from its other fields.
    pub fn refresh(&mut self) {
        // No address and no number stands there twice.
        let profile = &mut self.profile.0;
        let telephone = |phone: &String| IdentityKind::Phone.key(phone).into_string();
        let mut emails: BTreeSet<String> = self.email.iter().cloned().collect();
        profile.other_emails.retain(|email| emails.insert(email.clone()));
        let mut phones: BTreeSet<String> = self.phone.iter().map(telephone).collect();
        profile.other_phones.retain(|phone| phones.insert(telephone(phone)));
        self.city = key(profile.location.city.as_deref());
        self.last_category = key(profile.last_category.as_deref());
        let own = [
            Some(&self.name),
            profile.first_name.as_ref(),
            profile.last_name.as_ref(),
            self.email.as_ref(),
            self.phone.as_ref(),
            self.company.as_ref(),
        ];
        let others = profile.other_emails.iter().chain(&profile.other_phones);
        let mut parts: Vec<String> = Vec::new();
        for text in own.into_iter().flatten().chain(others).map(|text| unicode::folded(&in_line(text))) {
            if !parts.contains(&text) {
                parts.push(text);
            }
        }
        self.search = parts.join("\n");
        let profile = &self.profile.0;
        self.name_key = key(Some(&self.name));
        self.company_key = key(self.company.as_deref());
        self.state_key = key(profile.location.state.as_deref());
        self.country_key = key(profile.location.country.as_deref());
        self.language_key = key(profile.language.as_deref());
        self.birthday = profile.birthday_in_year().map(DayOfYear::number);
    }

    /// How the person is called where nobody gave a name.
    pub fn stand_in(&self) -> String {
        let profile = &self.profile.0;
        let parts = [&profile.first_name, &profile.last_name].into_iter().flatten();
        let parts: Vec<String> = parts.map(|part| unicode::name(part)).filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            return parts.join(" ");
        }
        self.unnamed().into()
    }

    /// How the person is called of whom no part of a name is known.
    fn unnamed(&self) -> &str {
        let mailbox = self.emails().next().and_then(|email| email.split('@').next());
        mailbox.or(self.phones().next()).unwrap_or(NOBODY)
    }

    /// No part of a name is known.
    pub fn is_nameless(&self) -> bool {
        self.name == self.unnamed()
    }

    /// Nobody gave a whole name.
    pub fn is_stand_in(&self) -> bool {
        self.name == self.stand_in()
    }

    /// Every e-mail address, the own one first.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.email.iter().chain(&self.profile.other_emails).map(String::as_str)
    }

    /// Every phone number, the own one first.
    pub fn phones(&self) -> impl Iterator<Item = &str> {
        self.phone.iter().chain(&self.profile.other_phones).map(String::as_str)
    }
}

crate::view! {
    /// A person known to the tenant.
    #[schema(example = json!({
        "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "name": "Priya Sharma", "first_name": "Priya", "last_name": "Sharma",
        "email": "priya.sharma@example.com", "phone": "+919876543210", "other_emails": [], "other_phones": ["+919811122233"],
        "company": "Sharma Exports", "title": "Founder", "location": {"city": "Mumbai", "country": "IN"}, "language": "hi",
        "time_zone": "Asia/Kolkata", "birthday": "05-17", "tags": ["wedding 2024"], "custom_attributes": {},
        "lifetime_spend": [{"amount": 15_000_000, "currency": "INR"}], "bookings_count": 1, "last_category": "wedding",
        "last_booking_at": "2026-11-14T10:00:00Z", "source": "import",
        "verification_status": "unverified", "quality_score": 80, "owner_id": null,
        "converted_to_lead": false, "converted_at": null, "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"
    }))]
    #[derive(Debug)]
    pub struct ContactView from contact: Contact {
        pub id: ContactId,
        pub name: String,
        pub first_name: Option<String> = contact.profile.0.first_name,
        pub last_name: Option<String> = contact.profile.0.last_name,
        pub email: Option<String>,
        /// E.164.
        pub phone: Option<String>,
        pub other_emails: Vec<String> = contact.profile.0.other_emails,
        /// E.164.
        pub other_phones: Vec<String> = contact.profile.0.other_phones,
        pub company: Option<String>,
        /// What the person is at work.
        pub title: Option<String> = contact.profile.0.title,
        pub location: Location = contact.profile.0.location,
        /// BCP 47.
        pub language: Option<String> = contact.profile.0.language,
        /// IANA.
        pub time_zone: Option<String> = contact.profile.0.time_zone,
        /// `1990-05-17`, or `05-17` where nobody knows the year.
        pub birthday: Option<String> = contact.profile.0.birthday,
        pub tags: Vec<String> = contact.profile.0.tags,
        /// Of the tenant's custom attributes, by key: `GET /v1/custom-attributes` says what each is.
        #[schema(value_type = Object)]
        pub custom_attributes: Values = contact.profile.0.custom_attributes,
        /// What completed bookings are worth: one amount for each currency.
        pub lifetime_spend: Vec<Money> = contact.profile.0.lifetime_spend,
        /// Bookings that were neither cancelled nor refunded.
        pub bookings_count: i32,
        /// Of the latest of these.
        pub last_category: Option<String> = contact.profile.0.last_category,
        /// When the latest of these was completed, else when it begins, else when it was entered.
        pub last_booking_at: Option<Timestamp>,
        pub source: ContactSource,
        pub verification_status: VerificationStatus,
        /// 0 to 100.
        pub quality_score: Option<i32>,
        pub owner_id: Option<UserId>,
        /// There is a lead of this person, and not only under lock: `GET /v1/leads?contact_id=`.
        pub converted_to_lead: bool = contact.converted_at.is_some(),
        pub converted_at: Option<Timestamp>,
        #[serde(skip)]
        pub version: i32,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

crate::versioned!(ContactView);
crate::shown!(Contact as ContactView);
crate::rows!(contacts: Contact, ContactId, "contact" => insert, find, get, hold, save, delete);

/// Those of these people who are there.
pub fn of_ids(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<Vec<Contact>> {
    let known = contacts::table.filter(contacts::tenant_id.eq(tx.tenant()).and(contacts::id.eq_any(ids.to_vec())));
    Ok(known.order(contacts::id).select(Contact::as_select()).load(tx.conn())?)
}

crate::filter! {
    /// Which contacts to list.
    pub struct ContactFilter of contacts by change {
        #[param(inline)]
        source: Option<ContactSource> => eq source,
        #[param(inline)]
        verification_status: Option<VerificationStatus> => eq verification_status,
        /// By quality score: high from 80, medium from 60, low below.
        #[param(inline)]
        quality: Option<Quality> => by hand,
        /// In any spelling of the letters.
        city: Option<Line<1, 120>> => by hand,
        owner_id: Option<UserId> => eq owner_id,
        /// Only those with this tag.
        tag: Option<Line<1, 60>> => by hand,
        /// Only those of whom there is a lead, or only the others.
        converted_to_lead: Option<bool> => has converted_at,
        has_email: Option<bool> => has email,
        has_phone: Option<bool> => has phone,
        created_after: Option<Timestamp> => since created_at,
        created_before: Option<Timestamp> => before created_at,
        /// Part of a name, e-mail address, phone number or company, in any spelling.
        q: Option<Text<1, 100>> => by hand,
    }
}

/// How many are read at a time.
const TOGETHER: usize = 1_000;

/// Those of these that are the tenant's, in no order.
pub fn some(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<Vec<Contact>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(TOGETHER) {
        let rows = contacts::table.filter(contacts::tenant_id.eq(tx.tenant()).and(contacts::id.eq_any(ids.to_vec())));
        found.extend(rows.select(Contact::as_select()).load::<Contact>(tx.conn())?);
    }
    Ok(found)
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &ContactFilter, page: &PageRequest) -> Result<Page<Contact>> {
    use contacts::{city, id, quality_score, tenant_id, updated_at};
    let tagged = filter.tag.as_ref().map(|tag| {
        let rows = tags::table.filter(tags::tenant_id.eq(tenant_id).and(tags::contact_id.eq(id)));
        exists(rows.filter(tags::tag.eq(unicode::folded(tag))))
    });
    let mut which = filter
        .narrow(Where::of(tx, tenant_id))
        .eq(city, filter.city.as_deref().map(unicode::folded))
        .since(quality_score, filter.quality.map(|quality| quality.range().0))
        .before(quality_score, filter.quality.map(|quality| quality.range().1 + 1));
    if let Some(tagged) = tagged {
        which = which.that(tagged);
    }
    if let Some(text) = filter.q.as_deref() {
        which = which.contains(contacts::search, &spellings(text));
    }
    let newest = Order::by_id(Desc, id, |row: &Contact| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Contact| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// Those of these contacts that are there, in no order.
pub fn find_all(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<Vec<Contact>> {
    let wanted = contacts::table.filter(contacts::tenant_id.eq(tx.tenant()).and(contacts::id.eq_any(ids.to_vec())));
    Ok(wanted.select(Contact::as_select()).load(tx.conn())?)
}

/// Whether somebody entered a booking of the person.
pub fn is_booked(tx: &mut TenantTx<'_>, id: ContactId) -> Result<bool> {
    let rows = bookings::table.filter(bookings::tenant_id.eq(tx.tenant()).and(bookings::contact_id.eq(id)));
    Ok(diesel::select(exists(rows)).get_result(tx.conn())?)
}

/// With one blank where there are several.
fn in_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How a text may stand there: folded, and what looks like a phone number as its digits.
fn spellings(text: &str) -> Vec<String> {
    let text = in_line(text);
    let mut spellings = vec![unicode::folded(&text)];
    let is_number = !text.chars().any(char::is_alphabetic);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if is_number && digits.len() >= 4 {
        spellings.push(digits.into());
    }
    spellings
}

/// Makes these the contact's tags; they are sought folded.
pub fn set_tags(tx: &mut TenantTx<'_>, contact: ContactId, wanted: &[String]) -> Result<()> {
    let tenant = tx.tenant();
    let own = || tags::table.filter(tags::tenant_id.eq(tenant).and(tags::contact_id.eq(contact)));
    let known: BTreeSet<String> = own().select(tags::tag).load(tx.conn())?.into_iter().collect();
    let folded: BTreeSet<String> = wanted.iter().map(|tag| unicode::folded(tag)).collect();
    let lost: Vec<&String> = known.difference(&folded).collect();
    if !lost.is_empty() {
        let gone = own().filter(tags::tag.eq_any(lost));
        diesel::delete(gone).execute(tx.conn())?;
    }
    insert_tags(tx, contact, folded.difference(&known))
}

/// The tags of a contact that has none.
pub fn add_tags(tx: &mut TenantTx<'_>, contact: ContactId, new: &[String]) -> Result<()> {
    let folded: BTreeSet<String> = new.iter().map(|tag| unicode::folded(tag)).collect();
    insert_tags(tx, contact, folded.iter())
}

#[derive(Insertable)]
#[diesel(table_name = tags)]
struct Tag {
    tenant_id: TenantId,
    tag: String,
    contact_id: ContactId,
}

fn insert_tags<'a>(tx: &mut TenantTx<'_>, contact_id: ContactId, new: impl Iterator<Item = &'a String>) -> Result<()> {
    let tenant_id = tx.tenant();
    let rows: Vec<Tag> = new.map(|tag| Tag { tenant_id, tag: tag.clone(), contact_id }).collect();
    if !rows.is_empty() {
        insert_few!(tx.conn(), tags::table, &rows)?;
    }
    Ok(())
}

/// How [`Contact::refresh`] puts what a contact is found by together.
const SEARCH: u32 = 2;

/// Brings stored contacts to today's spelling.
pub fn catch_ups() -> Vec<CatchUp> {
    let version = format!("search {SEARCH}, folding {}, e-mail {}", unicode::FOLDING, email::SPELLING);
    vec![CatchUp { name: "contacts", version, batch: bring }]
}

fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query = contacts::table
        .order((contacts::tenant_id, contacts::id))
        .limit(reading.limit)
        .select(Contact::as_select())
        .into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, ContactId)>()? {
        query = query.filter(beyond!("contacts.tenant_id, contacts.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<Contact> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in &rows {
        if spelled_today(row) == *row {
            continue;
        }
        // Somebody may have changed it since we looked.
        let held = hold(&mut tx.for_tenant(row.tenant_id), row.id)?;
        let new = spelled_today(&held);
        let is_shown = (&held.email, &held.profile) != (&new.email, &new.profile);
        let updated_at = if is_shown { tx.now() } else { held.updated_at };
        diesel::update(contacts::table.find((new.tenant_id, new.id)))
            .set((
                (contacts::email.eq(&new.email), contacts::profile.eq(&new.profile), contacts::city.eq(&new.city)),
                (contacts::search.eq(&new.search), contacts::updated_at.eq(updated_at)),
                (contacts::name_key.eq(&new.name_key), contacts::company_key.eq(&new.company_key)),
                (contacts::state_key.eq(&new.state_key), contacts::country_key.eq(&new.country_key)),
                (contacts::language_key.eq(&new.language_key), contacts::birthday.eq(new.birthday)),
                contacts::last_category.eq(&new.last_category),
            ))
            .execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, |row| (row.tenant_id, row.id), changed)
}

fn spelled_today(contact: &Contact) -> Contact {
    let mut new = contact.clone();
    new.email = new.email.as_deref().map(respelled);
    new.profile.other_emails.iter_mut().for_each(|email| *email = respelled(email));
    new.refresh();
    new
}
