//! From an enquiry to a lead, in one transaction.

use super::combine::combine;
use super::person::Person;
use super::recognise::{Known, known_lead, remember};
use super::{NewEnquiry, Received};
use crate::base::Result;
use crate::base::id::RawId;
use crate::base::json::{Doc, Json};
use crate::billing::books::Books;
use crate::billing::meter::{self, Metered, MeteredLead, Seen};
use crate::billing::model::MeterKind;
use crate::billing::release::Released;
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people::learn::{self, Enquiry, Said};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::inbox::open::{self, LeadOpening};
use crate::leads::facts::{LeadAssigned, LeadCreated, LeadEnquired, LeadFact as _};
use crate::leads::for_intake::{self as store, Behaviour, Lead, LeadProfile};
use crate::leads::model::{IdentityKind, LeadStatus, LeadValidity};
use crate::leads::scoring::{score_lead, worth_of};
use crate::leads::{answers, change, score, unlock};
use crate::tenants::{self, Tenant};

/// Takes an enquiry in.
///
/// The same delivery (by the platform's lead id) changes nothing; another enquiry by a person with an open lead becomes
/// an activity on it; anything else is a new lead. Deliveries of one tenant take turns here, so that neither a person
/// nor the last unit of quota is counted twice.
pub fn receive(tx: &mut TenantTx<'_>, enquiry: NewEnquiry) -> Result<Received> {
    let tenant = open(tx)?;
    Ok(receive_of(tx, &tenant, enquiry)?.0)
}

/// Takes the tenant's turn.
pub(super) fn open(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    lock_tenant(tx, "intake")?;
    tenants::store::current(tx)
}

/// As [`receive`], where it is the tenant's turn already; with a new lead as it is stored.
pub(super) fn receive_of(
    tx: &mut TenantTx<'_>,
    tenant: &Tenant,
    mut enquiry: NewEnquiry,
) -> Result<(Received, Option<Lead>)> {
    enquiry.received_at = enquiry.received_at.min(tx.now());
    let person = &Person::of(&enquiry, &tenant.country);
    let platform_id = enquiry.platform_lead_id.clone();
    let known = &Known::of(tx, person, platform_id.as_deref())?;
    if let Some(lead_id) = platform_id.and_then(|id| known.lead(IdentityKind::PlatformLead, &id)) {
        let is_locked = store::find(tx, lead_id)?.is_some_and(|lead| lead.is_locked);
        return Ok((Received { lead_id, is_new: false, is_duplicate: true, is_locked }, None));
    }
    match known_lead(tx, person, known, &enquiry)? {
        Some(lead) if !lead.status.is_closed() => {
            Ok((add_to(tx, lead, Arrival { tenant, enquiry, person, known })?, None))
        }
        earlier => {
            let lead = create(tx, earlier, Arrival { tenant, enquiry, person, known })?;
            let is_locked = lead.is_locked;
            Ok((Received { lead_id: lead.id, is_new: true, is_duplicate: false, is_locked }, Some(lead)))
        }
    }
}

/// An enquiry, whose it is, and what we know of it.
struct Arrival<'a> {
    tenant: &'a Tenant,
    enquiry: NewEnquiry,
    person: &'a Person,
    known: &'a Known,
}

fn create(tx: &mut TenantTx<'_>, earlier: Option<Lead>, arrival: Arrival<'_>) -> Result<Lead> {
    let Arrival { tenant, enquiry, person, known } = arrival;
    let mut lead = new_lead(tx, &enquiry, person, earlier.as_ref());
    let score = score_lead(&lead, &crate::leads::engagement::Engagement::default(), tenant)?;
    lead.score = score.score;
    let metered = if person.is_reachable() || enquiry.source.is_conversation() {
        meter_enquiry(&mut Books::open(tx)?, &lead, &enquiry, tenant, Seen::Nothing)?
    } else {
        meter::unreachable(tenant)
    };
    apply_charge(&mut lead, &metered);
    // Of who is under lock nothing is learned.
    if !lead.is_locked {
        let fresh = ContactId::from_uuid(lead.person_id.0);
        let said =
            Said { email: person.own(IdentityKind::Email), phone: person.own(IdentityKind::Phone), ..lead.said() };
        let told = Enquiry { said, source: lead.source.into(), known: known.owners() };
        let certain = earlier.as_ref().and_then(Lead::contact_id);
        // Of somebody who enquired under lock before there may be an entry by now.
        let contact = learn::belong(tx, &told, certain, (fresh, earlier.is_none()))?;
        lead.belong_to(contact);
    }
    lead.refresh()?;
    let lead = store::insert(tx, &lead)?;
    store::insert_score(tx, lead.id, &score)?;
    remember(tx, &lead, person, enquiry.platform_lead_id.as_deref(), known)?;
    let created = LeadCreated {
        source: Some(lead.source),
        score: Some(lead.score),
        grade: Some(score::grade(lead.score)),
        charge_kind: Some(metered.kind.into()),
        is_locked: Some(lead.is_locked),
        ad_campaign_id: lead.ad_campaign_id,
        received_at: Some(lead.received_at),
    };
    // The lead before what is about it, for whoever follows the events.
    tx.record(created.of(lead.id))?;
    open::for_lead(tx, &opening(&lead)?)?;
    Ok(lead)
}

/// A second enquiry by a person whose lead is open: fill what was missing, count it, score again.
fn add_to(tx: &mut TenantTx<'_>, lead: Lead, arrival: Arrival<'_>) -> Result<Received> {
    let Arrival { tenant, enquiry, person, known } = arrival;
    // As it is now: it may have been unlocked or counted on since it was recognised, and is not from here on.
    let mut books = Books::open(tx)?;
    let mut lead = store::hold(books.tx(), lead.id)?;
    let is_held = lead.is_locked || lead.is_held();
    let seen = if is_held { Seen::Masked } else { Seen::Everything };
    let metered = meter_enquiry(&mut books, &lead, &enquiry, tenant, seen)?;
    if is_held && !metered.is_locked {
        unlock::unlock(tx, &paid_for(&lead, &metered))?;
        lead = store::hold(tx, lead.id)?;
    }
    let combined = combine(&mut lead, &enquiry, person, tx.now())?;
    lead.profile.enquiry_count += 1;
    lead.total_interactions += 1;
    lead.last_activity_at = lead.last_activity_at.max(enquiry.received_at);
    change::rescore(tx, &mut lead, tenant)?;
    store::update(tx, &mut lead)?;
    if let Some(contact) = lead.contact_id() {
        let said =
            Said { email: person.own(IdentityKind::Email), phone: person.own(IdentityKind::Phone), ..lead.said() };
        learn::enquired(tx, contact, &Enquiry { said, source: lead.source.into(), known: known.owners() })?;
    }
    remember(tx, &lead, person, enquiry.platform_lead_id.as_deref(), known)?;
    let enquired = LeadEnquired {
        source: Some(enquiry.source),
        enquiry_count: Some(lead.profile.enquiry_count),
        charge_kind: Some(metered.kind.into()),
        ad_campaign_id: enquiry.ad_campaign_id,
        // Names only: the timeline shows events of locked leads too, and answers tell who the person is.
        questions: enquiry.form_responses.keys().cloned().collect(),
        forgotten_questions: combined.forgotten,
        new_contact_details: combined.new_details,
        source_details: Some(enquiry.source_details),
        received_at: Some(enquiry.received_at),
    };
    tx.record(enquired.of(lead.id))?;
    if combined.is_taken {
        tx.record(LeadAssigned { from: None, to: lead.assigned_to }.of(lead.id))?;
    }
    Ok(Received { lead_id: lead.id, is_new: false, is_duplicate: false, is_locked: lead.is_locked })
}

fn meter_enquiry(
    books: &mut Books<'_, '_>,
    lead: &Lead,
    enquiry: &NewEnquiry,
    tenant: &Tenant,
    seen: Seen,
) -> Result<Metered> {
    let metered = MeteredLead {
        lead_id: lead.id,
        dedupe_key: format!("person:{}", lead.metered_as()),
        received_at: enquiry.vouched_at.unwrap_or(enquiry.received_at),
        is_time_vouched: enquiry.vouched_at.is_some(),
        worth: worth_of(lead, tenant)?,
        seen,
    };
    meter::meter_lead(books, tenant, metered)
}

/// What an enquiry has paid for: the lead it adds to, and the person's leads it was locked with.
fn paid_for(lead: &Lead, metered: &Metered) -> Vec<Released> {
    let (kind, currency) = (metered.kind, metered.currency);
    let itself = Released { lead_id: lead.id, kind, amount: metered.worth(), currency };
    let others = metered.no_longer_held.iter().filter(|id| **id != lead.id);
    let others = others.map(|id| Released { lead_id: *id, kind: MeterKind::Repeat, amount: 0, currency });
    std::iter::once(itself).chain(others).collect()
}

fn apply_charge(lead: &mut Lead, metered: &Metered) {
    lead.is_locked = metered.is_locked;
    lead.note_charge(metered);
}

fn new_lead(tx: &TenantTx<'_>, enquiry: &NewEnquiry, person: &Person, earlier: Option<&Lead>) -> Lead {
    let (id, now) = (LeadId::new(), tx.now());
    Lead {
        tenant_id: tx.tenant(),
        id,
        person_id: RawId(earlier.map_or(id.uuid(), Lead::metered_as)),
        name: person.name.clone(),
        email: person.email.clone(),
        phone: person.phone.clone(),
        company: enquiry.company.clone(),
        source: enquiry.source,
        status: LeadStatus::New,
        validity: LeadValidity::Unverified,
        score: 0,
        is_locked: false,
        assigned_to: enquiry.assigned_to,
        assigned_at: enquiry.assigned_to.map(|_| now),
        ad_campaign_id: enquiry.ad_campaign_id,
        lead_form_id: enquiry.lead_form_id,
        platform_lead_id: enquiry.platform_lead_id.clone(),
        charge_kind: None,
        charged_amount: None,
        charge_currency: None,
        profile: Doc(profile_of(enquiry, person)),
        contact_count: 0,
        total_interactions: 1,
        first_contact_at: None,
        last_contact_at: None,
        last_activity_at: enquiry.received_at,
        closed_at: None,
        search: String::new(),
        received_at: enquiry.received_at,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn profile_of(enquiry: &NewEnquiry, person: &Person) -> LeadProfile {
    LeadProfile {
        phone_raw: person.phone_raw.clone(),
        contact_details: Json::of(&person.distinct_details()),
        industry: enquiry.industry.clone(),
        location: enquiry.location.clone(),
        budget_range: enquiry.budget_range.clone(),
        timeline: enquiry.timeline.clone(),
        form_responses: answers::stored(&enquiry.form_responses),
        form_submissions: i32::from(enquiry.is_form()),
        enquiry_count: 1,
        source_details: Json::of(&enquiry.source_details),
        behaviour: Behaviour::default(),
        ai_summary: None,
        ai_insights: None,
        metered_as: None,
    }
}

fn opening(lead: &Lead) -> Result<LeadOpening> {
    Ok(LeadOpening {
        lead_id: lead.id,
        name: lead.name.clone(),
        phone: lead.phone.clone(),
        email: lead.email.clone(),
        form_responses: lead.form_responses()?,
        received_at: lead.received_at,
    })
}
