//! Who is put into a static segment and taken out of it; why a person is in a segment, or not.

use validator::Validate;

use super::evaluate::tell;
use super::known;
use super::model::SegmentKind;
use super::store::{self as rows, Segment, members, turns};
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::people::ContactFact;
use crate::contacts::people::store as people;
use crate::contacts::rules::{catalogue, load, moment};
use crate::engine::db::TenantTx;
use crate::engine::events::{NewEvent, Reactions};
use crate::engine::rules::Explanation;

/// How many contacts one call moves.
const MOST: usize = 1_000;

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.at_once(ContactFact::DELETED, forget);
}

/// Who comes into a static segment, and who leaves it.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"add": ["019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12"], "remove": []}))]
pub struct MembersChange {
    /// Contacts that come in. With `remove` together 1,000 at most.
    #[serde(default)]
    #[validate(length(max = 1000))]
    #[schema(max_items = 1000)]
    pub add: Vec<ContactId>,
    /// Contacts that leave.
    #[serde(default)]
    #[validate(length(max = 1000))]
    #[schema(max_items = 1000)]
    pub remove: Vec<ContactId>,
}

/// What a change of members came to.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"added": 1, "removed": 0, "members_count": 12}))]
pub struct MembersChanged {
    /// Those who were not in before.
    pub added: i64,
    /// Those who were in before.
    pub removed: i64,
    pub members_count: i64,
}

/// # Errors
/// `segment.not_found`, `segment.is_dynamic`; ids of nobody.
pub fn change(tx: &mut TenantTx<'_>, id: SegmentId, change: &MembersChange) -> Result<MembersChanged> {
    let segment = rows::hold(tx, id)?;
    if segment.kind == SegmentKind::Dynamic {
        let message = "The rule of this segment says who is in it. Change the rule, or the contact.";
        return Err(Error::conflict("segment.is_dynamic", message));
    }
    if change.add.len() + change.remove.len() > MOST {
        let detail = format!("expected at most {MOST} contacts together with `add`");
        return Err(Error::field("/remove", "too_long", detail));
    }
    let found = people::find_all(tx, &change.add)?;
    let is_there = |id: &ContactId| found.iter().any(|contact| contact.id == *id);
    let wrong = change.add.iter().enumerate().filter(|(_, id)| !is_there(id));
    let wrong = wrong.map(|(at, _)| FieldError::new(format!("/add/{at}"), "not_found", "there is no such contact"));
    let wrong: Vec<FieldError> = wrong.take(20).collect();
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let (mut added, mut removed) = (0, 0);
    for contact in &change.add {
        if members::add(tx, id, *contact)? {
            tell(tx, *contact, id, true)?;
            added += 1;
        }
    }
    for contact in &change.remove {
        if members::remove(tx, id, *contact)? {
            tell(tx, *contact, id, false)?;
            removed += 1;
        }
    }
    rows::count_by(tx, id, added - removed)?;
    Ok(MembersChanged { added, removed, members_count: segment.members_count + added - removed })
}

/// A contact that is deleted is in no segment any more.
fn forget(tx: &mut TenantTx<'_>, event: &NewEvent, _: &ContactFact) -> Result<()> {
    let Some(contact) = event.subject().map(ContactId::from_uuid) else { return Ok(()) };
    for segment in members::of_contact(tx, contact)? {
        if members::remove(tx, segment, contact)? {
            rows::count_by(tx, segment, -1)?;
        }
    }
    Ok(())
}

/// Whether a contact is in a segment, and why.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "segment_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a14",
    "is_member": true, "entered_at": "2026-11-20T09:00:00Z", "turns_at": null, "explanation": null}))]
pub struct SegmentMembership {
    pub contact_id: ContactId,
    pub segment_id: SegmentId,
    pub is_member: bool,
    /// Since when; null where it is not in.
    pub entered_at: Option<Timestamp>,
    /// When time alone may bring it in or out next.
    pub turns_at: Option<Timestamp>,
    /// What the rule says of the contact now, part by part. It may be ahead of `is_member` for a few seconds. Null of a static segment, and where
    /// the rule cannot be read any more.
    pub explanation: Option<Explanation>,
}

/// # Errors
/// `segment.not_found`, `contact.not_found`.
pub fn explain(tx: &mut TenantTx<'_>, id: SegmentId, contact: ContactId) -> Result<SegmentMembership> {
    let segment: Segment = rows::get(tx, id)?;
    people::get(tx, contact)?;
    let member = members::find(tx, id, contact)?;
    let (catalogue, moment) = (catalogue(tx)?, moment(tx)?);
    let explanation = match (known::of(&segment, &catalogue), load(tx, &[contact])?.first()) {
        (Ok(Some(one)), Some(person)) => Some(one.rule.explain(person, &moment)),
        _ => None,
    };
    Ok(SegmentMembership {
        contact_id: contact,
        segment_id: id,
        is_member: member.is_some(),
        entered_at: member.map(|member| member.entered_at),
        turns_at: turns::find(tx, id, contact)?,
        explanation,
    })
}
