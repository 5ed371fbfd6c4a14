//! Changing a lead: contact data, status, validity and what is known of the person.

use validator::Validate;

use super::contact_details::{ContactDetail, DetailKind};
use super::engagement::engagement;
use super::facts::{LeadFact as _, LeadScored, LeadStatusChanged, LeadUpdated};
use super::model::{LeadSource, LeadStatus, LeadValidity, LocationPatch, is_vouched};
use super::recognised;
use super::scoring::{score_lead, worth_of};
use super::store::{self, Lead};
use crate::base::bounded::{Dialled, Line, PersonName, Text, Texts};
use crate::base::changes::Changes;
use crate::base::email::Email;
use crate::base::json::Json;
use crate::base::patch::{Given, Patch};
use crate::base::phone::Phone;
use crate::base::{Error, Result};
use crate::billing::books::Books;
use crate::billing::meter::{self, MeteredLead, Seen};
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::http::IfMatch;
use crate::tenants;

/// All pages, or all actions, of one lead: lists of leads carry them.
type Trail = Texts<500, { 32 * 1024 }>;

crate::patch! {
    /// A merge-patch: absent keeps, null clears.
    #[schema(example = json!({"status": "qualified", "company": "Sharma Exports", "timeline": null}))]
    pub struct UpdateLead of Lead {
        pub name: Given<PersonName>,
        pub email: Patch<Email>,
        /// E.164, or the national form of the tenant's country.
        pub phone: Patch<Dialled<0, 40>> => by hand,
        pub company: Patch<Line<0, 200>>,
        pub status: Given<LeadStatus> => by hand,
        pub validity: Given<LeadValidity>,
        pub industry: Patch<Text<0, 200>> => profile.industry,
        #[validate(nested)]
        pub location: Patch<LocationPatch> => profile.location,
        pub budget_range: Patch<Text<0, 200>> => profile.budget_range,
        pub timeline: Patch<Text<0, 200>> => profile.timeline,
        /// At most 32 KiB.
        pub pages_visited: Given<Trail> => profile.behaviour.pages_visited as "behaviour",
        #[validate(range(min = 0, max = 100_000_000))]
        #[schema(minimum = 0, maximum = 100_000_000)]
        pub time_on_site_seconds: Given<i64> => profile.behaviour.time_on_site_seconds as "behaviour",
        /// At most 32 KiB.
        pub actions_taken: Given<Trail> => profile.behaviour.actions_taken as "behaviour",
    }
}

/// Applies a patch, moves identities, scores again, meters what can be reached at last and records what changed.
///
/// # Errors
/// `lead.not_found`, `lead.locked`, `lead.identity_taken`, `lead.illegal_transition`, `request.precondition_failed`.
pub fn change_lead(tx: &mut TenantTx<'_>, id: LeadId, mut patch: UpdateLead, if_match: &IfMatch) -> Result<Lead> {
    if !patch.email.is_absent() || !patch.phone.is_absent() {
        // By these a person is recognised: whoever moves one takes turns with intake. For the rest the lead itself is enough.
        lock_tenant(tx, "intake")?;
    }
    // Held: a message counted meanwhile would refuse a change that contradicts nothing.
    let before = store::hold(tx, id)?;
    if_match.check(before.version)?;
    // By anything else a locked lead could be asked: what is written there would be compared, scored or found.
    if before.is_locked && patch.sent().iter().any(|field| !["status", "validity"].contains(field)) {
        let message = "Only status and validity of a locked lead can be changed. It unlocks once the subscription has room: see GET /v1/usage.";
        return Err(Error::forbidden("lead.locked", message));
    }
    let (tenant, mut lead) = (tenants::store::current(tx)?, before.clone());
    let mut changes = patch.apply(&mut lead);
    change_phone(&mut changes, &mut lead, patch.phone, &tenant.country)?;
    note_details(tx, &before, &mut lead)?;
    recognised::take_up(tx, &before, &lead)?;
    changes.note("status", change_status(tx, &mut lead, patch.status)?);
    rescore(tx, &mut lead, &tenant)?;
    changes.note("charge_kind", meter_repaired(tx, &mut lead, &tenant)?);
    if changes.is_empty() && lead.score == before.score {
        return Ok(before.into_lead());
    }
    store::update(tx, &mut lead)?;
    recognised::follow(tx, &before, &lead)?;
    if !changes.is_empty() {
        // Names only: the values of personal data stay out of the events.
        tx.record(LeadUpdated { changed: changes.told() }.of(id))?;
    }
    Ok(lead.into_lead())
}

/// Meters a lead that can be reached at last, in the running period, and says whether it did. What cannot be paid for yet is held back in the ledger and
/// billed once it can; the lead itself was seen and is not hidden. That metering is locked after the lead is safe here: whoever
/// holds that lock waits for no lead without an entry in the ledger.
fn meter_repaired(tx: &mut TenantTx<'_>, lead: &mut Lead, tenant: &tenants::Tenant) -> Result<bool> {
    if !lead.is_unmetered() || lead.email.is_none() && lead.phone.is_none() {
        return Ok(false);
    }
    let before = lead.charge_kind;
    let repaired = MeteredLead {
        lead_id: lead.id,
        dedupe_key: format!("person:{}", lead.metered_as()),
        received_at: tx.now(),
        is_time_vouched: is_vouched(lead.platform_lead_id.as_deref()),
        worth: worth_of(lead, tenant)?,
        seen: Seen::Nothing,
    };
    let metered = meter::meter_lead(&mut Books::open(tx)?, tenant, repaired)?;
    lead.note_charge(&metered);
    Ok(lead.charge_kind != before)
}

/// A repaired number stands beside what the person typed.
fn note_details(tx: &TenantTx<'_>, before: &Lead, lead: &mut Lead) -> Result<()> {
    let source = if tx.actor().user().is_some() { LeadSource::Manual } else { LeadSource::Api };
    let mut details = before.contact_details()?;
    let own = [
        (DetailKind::Name, Some(&before.name), Some(&lead.name), None),
        (DetailKind::Email, before.email.as_ref(), lead.email.as_ref(), None),
        (DetailKind::Phone, before.phone.as_ref(), lead.phone.as_ref(), lead.profile.phone_raw.as_ref()),
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
        lead.profile.contact_details = Json::of(&details);
    }
    Ok(())
}

fn change_phone(changes: &mut Changes, lead: &mut Lead, patch: Patch<Dialled<0, 40>>, country: &str) -> Result<()> {
    let Some(typed) = patch.sent() else { return Ok(()) };
    let read = typed.as_deref().map(|typed| Phone::parse(typed, Some(country))).transpose();
    let phone = read.map_err(|rule| Error::field("/phone", "invalid_value", rule))?;
    lead.profile.phone_raw = typed.map(String::from);
    changes.put("phone", &mut lead.phone, phone.map(Phone::into_string));
    Ok(())
}

/// Says whether it stood otherwise.
fn change_status(tx: &mut TenantTx<'_>, lead: &mut Lead, wished: Given<LeadStatus>) -> Result<bool> {
    let from = lead.status;
    let to = wished.0.unwrap_or(from);
    from.check_transition(to)?;
    if from == to {
        return Ok(false);
    }
    lead.status = to;
    lead.closed_at = to.is_closed().then_some(tx.now());
    lead.last_activity_at = tx.now();
    tx.record(LeadStatusChanged { from: Some(from), to: Some(to) }.of(lead.id))?;
    Ok(true)
}

/// Scores again. A new explanation is kept though the sum is the same; whether the sum changed is answered.
///
/// A locked lead keeps the score it came with: one that followed the tenant's audience would answer question after question
/// about what the lock holds back.
pub fn rescore(tx: &mut TenantTx<'_>, lead: &mut Lead, tenant: &tenants::Tenant) -> Result<bool> {
    if lead.is_locked {
        return Ok(false);
    }
    let engagement = engagement(tx, lead)?;
    let score = score_lead(lead, &engagement, tenant)?;
    let is_same_sum = score.score == lead.score;
    if is_same_sum && store::latest_score(tx, lead.id)?.as_ref() == Some(&score) {
        return Ok(false);
    }
    store::insert_score(tx, lead.id, &score)?;
    if is_same_sum {
        return Ok(false);
    }
    let fact = LeadScored { from: Some(lead.score), to: Some(score.score), model: Some(score.model.clone()) };
    tx.record(fact.of(lead.id))?;
    lead.score = score.score;
    Ok(true)
}
