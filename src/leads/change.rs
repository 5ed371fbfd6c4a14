//! Changing a lead: contact data, status, validity and what is known of the person.

use super::contact_details::{ContactDetail, ContactDetails, DetailKind};
use super::model::{IdentityKind, LeadSource, LeadStatus, LeadValidity, Location, LocationPatch, is_vouched};
use super::scoring::{score_lead, worth_of};
use super::store::{self, Behaviour, Lead};
use crate::base::email::Email;
use crate::base::id::LeadId;
use crate::base::json::Json;
use crate::base::patch::Patch;
use crate::base::phone::Phone;
use crate::base::{Error, Result};
use crate::billing::meter::{self, MeteredLead, Seen};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{EventType, NewEvent};
use crate::engine::http::IfMatch;
use crate::tenants;

/// A merge-patch of a lead.
#[derive(Debug, Default)]
pub struct LeadPatch {
    pub name: Patch<String>,
    pub email: Patch<Email>,
    pub phone: Patch<String>,
    pub company: Patch<String>,
    pub status: Patch<LeadStatus>,
    pub validity: Patch<LeadValidity>,
    pub industry: Patch<String>,
    pub location: Patch<LocationPatch>,
    pub budget_range: Patch<String>,
    pub timeline: Patch<String>,
    pub pages_visited: Patch<Vec<String>>,
    pub time_on_site_seconds: Patch<i64>,
    pub actions_taken: Patch<Vec<String>>,
}

impl LeadPatch {
    /// Anything by which a locked lead could be asked: what is written there would be compared, scored or found.
    fn touches_the_person(&self) -> bool {
        let Self {
            name,
            email,
            phone,
            company,
            industry,
            location,
            budget_range,
            timeline,
            pages_visited,
            time_on_site_seconds,
            actions_taken,
            status: _,
            validity: _,
        } = self;
        let texts = [name, phone, company, industry, budget_range, timeline];
        let lists = [pages_visited, actions_taken];
        texts.into_iter().any(|patch| !patch.is_absent())
            || lists.into_iter().any(|patch| !patch.is_absent())
            || !(email.is_absent() && location.is_absent() && time_on_site_seconds.is_absent())
    }
}

/// Applies a patch, moves identities, scores again, meters what can be reached at last and records what changed.
///
/// # Errors
/// `lead.not_found`, `lead.locked`, `lead.identity_taken`, `lead.illegal_transition`, `request.precondition_failed`.
pub fn change_lead(tx: &mut TenantTx<'_>, id: LeadId, patch: LeadPatch, if_match: &IfMatch) -> Result<Lead> {
    lock_tenant(tx, "intake")?;
    // Held: a message counted meanwhile would refuse a change that contradicts nothing.
    let before = store::hold(tx, id)?;
    if_match.check(before.version)?;
    let mut lead = before.clone();
    if before.is_locked && patch.touches_the_person() {
        let message = "Only status and validity of a locked lead can be changed. It unlocks once the subscription has room: see GET /v1/usage.";
        return Err(Error::forbidden("lead.locked", message));
    }
    let tenant = tenants::store::current(tx)?;
    patch.name.apply_required(&mut lead.name, "/name")?;
    patch.company.apply(&mut lead.company);
    patch.email.map(Email::into_string).apply(&mut lead.email);
    change_phone(&mut lead, patch.phone, &tenant.country)?;
    note_details(tx, &before, &mut lead)?;
    patch.industry.apply(&mut lead.industry);
    patch.budget_range.apply(&mut lead.budget_range);
    patch.timeline.apply(&mut lead.timeline);
    patch.validity.apply_required(&mut lead.validity, "/validity")?;
    let mut location = lead.location()?;
    match patch.location {
        Patch::Absent => {}
        Patch::Null => location = Location::default(),
        Patch::Value(part) => part.apply(&mut location),
    }
    lead.location = Json::of(&location);
    let mut behaviour: Behaviour = lead.behaviour()?;
    patch.pages_visited.apply_required(&mut behaviour.pages_visited, "/pages_visited")?;
    patch.time_on_site_seconds.apply_required(&mut behaviour.time_on_site_seconds, "/time_on_site_seconds")?;
    patch.actions_taken.apply_required(&mut behaviour.actions_taken, "/actions_taken")?;
    lead.behaviour = Json::of(&behaviour);
    let mut status = lead.status;
    patch.status.apply_required(&mut status, "/status")?;
    move_identity(tx, &before, IdentityKind::Email, before.email.as_deref(), lead.email.as_deref())?;
    move_identity(tx, &before, IdentityKind::Phone, before.phone.as_deref(), lead.phone.as_deref())?;
    change_status(tx, &mut lead, status)?;
    rescore(tx, &mut lead, &tenant)?;
    if lead.is_unmetered() && (lead.email.is_some() || lead.phone.is_some()) {
        meter_repaired(tx, &mut lead, &tenant)?;
    }
    store::update(tx, &mut lead)?;
    let changed = changed_fields(&before, &lead);
    if !changed.is_empty() {
        let event = NewEvent::new(EventType::LeadUpdated).subject(id.uuid()).lead(id);
        tx.record(event.data(serde_json::json!({ "changed": changed })))?;
    }
    Ok(lead)
}

/// Meters a lead that can be reached at last, in the running period. What cannot be paid for yet is held back in the ledger and
/// billed once it can; the lead itself was seen and is not hidden. That metering is locked after the lead is safe here: whoever
/// holds that lock waits for no lead without an entry in the ledger.
fn meter_repaired(tx: &mut TenantTx<'_>, lead: &mut Lead, tenant: &tenants::Tenant) -> Result<()> {
    let metered = meter::meter_lead(
        tx,
        tenant,
        MeteredLead {
            lead_id: lead.id,
            dedupe_key: format!("person:{}", lead.person_id.0),
            received_at: tx.now(),
            is_time_vouched: is_vouched(lead.platform_lead_id.as_deref()),
            worth: worth_of(lead, tenant)?,
            seen: Seen::Nothing,
        },
    )?;
    lead.note_charge(&metered);
    Ok(())
}

/// A repaired number stands beside what the person typed.
fn note_details(tx: &TenantTx<'_>, before: &Lead, lead: &mut Lead) -> Result<()> {
    let source = if tx.actor().user().is_some() { LeadSource::Manual } else { LeadSource::Api };
    let mut details = ContactDetails::of(before)?;
    let own = [
        (DetailKind::Name, Some(&before.name), Some(&lead.name), None),
        (DetailKind::Email, before.email.as_ref(), lead.email.as_ref(), None),
        (DetailKind::Phone, before.phone.as_ref(), lead.phone.as_ref(), lead.phone_raw.as_ref()),
    ];
    let mut is_changed = false;
    for (kind, known, value, typed) in own {
        let Some(value) = value.filter(|value| known != Some(value)) else { continue };
        let typed = typed.unwrap_or(value);
        if let Some(detail) = ContactDetail::new(kind, typed, Some(value.clone()), source, tx.now()) {
            is_changed |= details.add(detail);
        }
    }
    if is_changed {
        lead.contact_details = Json::of(&details);
    }
    Ok(())
}

fn change_phone(lead: &mut Lead, patch: Patch<String>, country: &str) -> Result<()> {
    match patch {
        Patch::Absent => {}
        Patch::Null => (lead.phone, lead.phone_raw) = (None, None),
        Patch::Value(raw) => {
            let phone =
                Phone::parse(&raw, Some(country)).map_err(|rule| Error::field("/phone", "invalid_value", rule))?;
            lead.phone = Some(phone.into_string());
            lead.phone_raw = Some(raw);
        }
    }
    Ok(())
}

fn move_identity(
    tx: &mut TenantTx<'_>,
    lead: &Lead,
    kind: IdentityKind,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<()> {
    if store::is_same(kind, before, after) {
        return Ok(());
    }
    if let Some(value) = after {
        if store::find_by_identity(tx, kind, value)?.is_some_and(|owner| owner != lead.id) {
            let message = format!("Another lead already has this {kind}.");
            return Err(Error::conflict("lead.identity_taken", message));
        }
        store::add_identity(tx, lead.id, kind, value)?;
    }
    if let Some(value) = before {
        store::remove_identity(tx, lead.id, kind, value)?;
    }
    Ok(())
}

fn change_status(tx: &mut TenantTx<'_>, lead: &mut Lead, to: LeadStatus) -> Result<()> {
    let from = lead.status;
    from.check_transition(to)?;
    if from == to {
        return Ok(());
    }
    lead.status = to;
    lead.closed_at = to.is_closed().then_some(tx.now());
    lead.last_activity_at = tx.now();
    let event = NewEvent::new(EventType::LeadStatusChanged).subject(lead.id.uuid()).lead(lead.id);
    tx.record(event.data(serde_json::json!({ "from": from, "to": to })))?;
    Ok(())
}

/// Scores again. A new explanation is kept though the sum is the same; whether the sum changed is answered.
///
/// A locked lead keeps the score it came with: one that followed the tenant's audience would answer question after question
/// about what the lock holds back.
pub fn rescore(tx: &mut TenantTx<'_>, lead: &mut Lead, tenant: &tenants::Tenant) -> Result<bool> {
    if lead.is_locked {
        return Ok(false);
    }
    let engagement = store::engagement(tx, lead)?;
    let score = score_lead(lead, &engagement, tenant)?;
    let is_same_sum = score.score == lead.score;
    if is_same_sum && store::latest_score(tx, lead.id)?.as_ref() == Some(&score) {
        return Ok(false);
    }
    store::insert_score(tx, lead.id, &score)?;
    if is_same_sum {
        return Ok(false);
    }
    let event = NewEvent::new(EventType::LeadScored).subject(lead.id.uuid()).lead(lead.id);
    tx.record(event.data(serde_json::json!({ "from": lead.score, "to": score.score, "model": score.model })))?;
    lead.score = score.score;
    Ok(true)
}

/// Names only: the values of personal data stay out of the events.
fn changed_fields(before: &Lead, after: &Lead) -> Vec<&'static str> {
    let pairs = [
        ("name", before.name != after.name),
        ("email", before.email != after.email),
        ("phone", before.phone != after.phone),
        ("company", before.company != after.company),
        ("status", before.status != after.status),
        ("validity", before.validity != after.validity),
        ("industry", before.industry != after.industry),
        ("location", before.location != after.location),
        ("budget_range", before.budget_range != after.budget_range),
        ("timeline", before.timeline != after.timeline),
        ("behaviour", before.behaviour != after.behaviour),
        ("charge_kind", before.charge_kind != after.charge_kind),
    ];
    pairs.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
