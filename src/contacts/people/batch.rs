//! Many contacts at once: each is found by whatever it is known by, and changed; or it is new. One that cannot be says why, and the
//! others are written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{self, ContactInput, Register};
use super::model::IdentityKind;
use super::store::identities;
use super::store::{self, Contact};
use crate::base::bounded::Dialled;
use crate::base::email::Email;
use crate::base::patch::Patch;
use crate::base::phone::Phone;
use crate::base::{Error, ErrorKind, FieldError, Result};
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::engine::http::{IfMatch, read_document};
use crate::tenants::Tenant;

crate::text_enum! {
    /// What became of one contact of many.
    pub enum BatchOutcome {
        Created = "created",
        Updated = "updated",
        /// It said what was known.
        Unchanged = "unchanged",
        /// Nothing of it was written; `error` says why.
        Failed = "failed",
    }
}

/// Why one of many was not written.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BatchError {
    /// As of a problem.
    pub code: String,
    pub detail: String,
    /// Which values are wrong, when values are; each points into the contact.
    pub errors: Vec<FieldError>,
}

/// What became of one of them.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BatchResult {
    /// Its place in the request, from 0.
    pub index: usize,
    pub outcome: BatchOutcome,
    /// Null when nothing was written.
    pub id: Option<ContactId>,
    pub error: Option<BatchError>,
}

/// Writes them in their order, so that one may be found by what another brought.
///
/// # Errors
/// Those that are nobody's fault, which undo all.
pub fn upsert(tx: &mut TenantTx<'_>, contacts: Vec<Value>) -> Result<Vec<BatchResult>> {
    let tenant = change::open(tx)?;
    let mut results = Vec::with_capacity(contacts.len());
    for (index, contact) in contacts.into_iter().enumerate() {
        let result = match one(tx, &tenant, contact) {
            Ok((outcome, id)) => BatchResult { index, outcome, id: Some(id), error: None },
            Err(error) if is_its_own(&error) => {
                let errors = error.field_errors().to_vec();
                let error = BatchError { code: error.code().into(), detail: error.message().into(), errors };
                BatchResult { index, outcome: BatchOutcome::Failed, id: None, error: Some(error) }
            }
            Err(error) => return Err(error),
        };
        results.push(result);
    }
    Ok(results)
}

fn is_its_own(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Invalid | ErrorKind::Forbidden | ErrorKind::Conflict)
}

fn one(tx: &mut TenantTx<'_>, tenant: &Register, contact: Value) -> Result<(BatchOutcome, ContactId)> {
    let input: ContactInput = read_document(contact)?;
    change::check(tx, tenant, &input)?;
    let known = owners(tx, tenant, &input)?;
    let mut people = known.iter().copied();
    match (people.next(), people.next()) {
        (None, _) => Ok((BatchOutcome::Created, change::create(tx, tenant, input)?.id)),
        (Some(id), None) => {
            let contact = store::get(tx, id)?;
            let input = adding(&contact, input)?;
            let is_same = change::change(tx, tenant, id, input, &IfMatch::default())?.version == contact.version;
            Ok((if is_same { BatchOutcome::Unchanged } else { BatchOutcome::Updated }, id))
        }
        (Some(_), Some(_)) => {
            let ids: Vec<String> = known.iter().map(ToString::to_string).collect();
            let message = format!("What this contact is known by belongs to several: {}.", ids.join(", "));
            Err(Error::conflict("contact.ambiguous", message))
        }
    }
}

/// Addresses and numbers are added to those that the contact has: by one of them it was found, and a list from elsewhere knows
/// another.
fn adding(contact: &Contact, mut input: ContactInput) -> Result<ContactInput> {
    let emails = std::mem::take(&mut input.other_emails);
    let own = std::mem::take(&mut input.email);
    let new = own.value().into_iter().chain(emails.value().into_iter().flatten()).cloned();
    let known = contact.profile.other_emails.iter().filter_map(|known| known.parse().ok());
    let mut all: Vec<Email> = known.chain(new).collect();
    if contact.email.is_none() && !all.is_empty() {
        input.email = Patch::Value(all.remove(0));
    }
    all.retain(|email| Some(email.as_str()) != contact.email.as_deref());
    bounded("/other_emails", all.len())?;
    input.other_emails = Patch::Value(all);
    let phones = std::mem::take(&mut input.other_phones);
    let own = std::mem::take(&mut input.phone);
    let own = own.value().and_then(|typed| typed.as_str().parse::<Dialled<3, 40>>().ok());
    let known = contact.profile.other_phones.iter().filter_map(|known| known.parse().ok());
    let mut all: Vec<Dialled<3, 40>> = known.chain(own).chain(phones.value().into_iter().flatten().cloned()).collect();
    if contact.phone.is_none() && !all.is_empty() {
        input.phone = all.remove(0).as_str().parse().map_or(Patch::Absent, Patch::Value);
    }
    bounded("/other_phones", all.len())?;
    input.other_phones = Patch::Value(all);
    Ok(input)
}

fn bounded(at: &str, count: usize) -> Result<()> {
    if count <= MOST_OTHERS {
        return Ok(());
    }
    Err(Error::field(at, "length", format!("expected at most {MOST_OTHERS}, with those that the contact has")))
}

/// As [`ContactInput`] has it.
const MOST_OTHERS: usize = 20;

/// The contacts that are known by anything of this one. A number that cannot be read is told when it is written.
fn owners(tx: &mut TenantTx<'_>, tenant: &Tenant, input: &ContactInput) -> Result<BTreeSet<ContactId>> {
    let emails = input.email.value().into_iter().chain(input.other_emails.value().into_iter().flatten());
    let emails: Vec<String> = emails.map(|email| email.as_str().to_string()).collect();
    let others = input.other_phones.value().into_iter().flatten().map(|typed| typed.as_str());
    let typed = input.phone.value().map(|typed| typed.as_str()).into_iter().chain(others);
    let phones: Vec<String> =
        typed.filter_map(|typed| Phone::parse(typed, Some(&tenant.country)).ok()).map(Phone::into_string).collect();
    let emails = emails.iter().map(|email| (IdentityKind::Email, email.as_str()));
    let wanted: Vec<(IdentityKind, &str)> =
        emails.chain(phones.iter().map(|phone| (IdentityKind::Phone, phone.as_str()))).collect();
    let known = identities::owners(tx, &wanted)?.into_iter();
    Ok(known.filter_map(|owner| owner.whose.contact).collect())
}
