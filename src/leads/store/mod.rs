//! Rows of leads, their identities and their scores.

mod brief;
mod counts;
mod filter;
mod held;
mod identities;
mod listing;
mod locked;
mod notes;
mod respell;
pub mod rules;
mod scores;
mod search;

use counts::Counted;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Nullable;

use super::answers::{self, Answers};
use super::contact_details::{self, ContactDetails, DetailKind, Own};
use super::model::{ChargeKind, LeadSource, LeadStatus, LeadValidity};
use crate::base::id::{RawId, UserId, Uuid};
use crate::base::json::Doc;
use crate::base::money::{Currency, Money};
use crate::base::time::{Instant, Timestamp};
use crate::base::{Result, unicode};
use crate::billing::meter::Metered;
use crate::billing::release::Released;
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people::learn::Said;
use crate::engine::db::rows::absent;
use crate::engine::db::{Db, TenantScope, TenantTx, Together};
use crate::keep;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::leads::schema::leads;
use crate::{among, each_engine};

pub use super::profile::{Behaviour, LeadProfile};
pub use brief::{Brief, Heading, brief, heading};
pub use counts::{LEADS, LeadCountBy, count_by, recount, source_of};
pub use filter::LeadFilter;
pub use held::{hold, update};
pub use identities::{find_by_identity, leads_across_tenants, owners};
pub use listing::{LeadSort, assignee_names, count_by_source, list, of_contact, open_leads};
pub use locked::{locked_addresses, locked_among};
pub use notes::{Note, NoteView, count_notes, insert_note, list_notes};
pub use respell::catch_ups;
pub use scores::{insert_score, latest_score, latest_scores};
pub use search::{found_by, is_indexed, settle_index};

/// Whose a lead is; of a locked one nobody is told.
pub fn contact_of(tx: &mut TenantTx<'_>, id: LeadId) -> Result<Option<ContactId>> {
    let row: Option<(RawId, bool)> = leads::table
        .find((tx.tenant(), id))
        .select((leads::person_id, leads::is_locked))
        .first(tx.conn())
        .optional()?;
    Ok(row.filter(|(_, is_locked)| !is_locked).map(|(person, _)| ContactId::from_uuid(person.0)))
}

/// A lead as it is stored and as the inside knows it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = leads, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Lead {
    pub tenant_id: crate::base::id::TenantId,
    pub id: LeadId,
    /// The contact; of a locked lead, as whom the person is metered.
    pub person_id: RawId,
    pub name: String,
    /// Normalised.
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub company: Option<String>,
    pub source: LeadSource,
    pub status: LeadStatus,
    pub validity: LeadValidity,
    /// 0 to 100.
    pub score: i32,
    pub is_locked: bool,
    pub assigned_to: Option<UserId>,
    pub assigned_at: Option<Timestamp>,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
    pub platform_lead_id: Option<String>,
    pub charge_kind: Option<ChargeKind>,
    pub charged_amount: Option<i64>,
    pub charge_currency: Option<Currency>,
    pub profile: Doc<LeadProfile>,
    pub contact_count: i32,
    pub total_interactions: i32,
    pub first_contact_at: Option<Timestamp>,
    pub last_contact_at: Option<Timestamp>,
    pub last_activity_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Name, e-mail, phone, company and whatever contact details there are, [folded](unicode::folded), for the text search.
    pub search: String,
    pub received_at: Timestamp,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Lead {
    /// Question → answer, in the order in which they came.
    pub fn form_responses(&self) -> Result<Answers> {
        answers::read(&self.profile.form_responses)
    }
    /// What the person gave to be called by.
    pub fn contact_details(&self) -> Result<ContactDetails> {
        let details: ContactDetails = self.profile.contact_details.read()?;
        Ok(details.with_own(self.own_details(), self.source, self.received_at))
    }
    /// Before the lead is written: what follows from its other fields.
    ///
    /// # Errors
    /// A stored document that cannot be read.
    pub fn refresh(&mut self) -> Result<()> {
        self.refresh_search();
        self.refresh_details()
    }
    /// They are written down [as they are shown](contact_details::shown).
    pub(super) fn refresh_details(&mut self) -> Result<()> {
        let known = &self.profile.contact_details;
        let shown = contact_details::shown(known, self.own_details(), self.source, self.received_at)?;
        self.profile.contact_details = shown;
        Ok(())
    }
    fn own_details(&self) -> [Own<'_>; 3] {
        let (name, email, phone) = (self.name.as_str(), self.email.as_deref(), self.phone.as_deref());
        [
            (DetailKind::Name, Some(name), Some(name)),
            (DetailKind::Email, email, email),
            (DetailKind::Phone, self.profile.phone_raw.as_deref().or(phone), phone),
        ]
    }
    /// Whose it is; of a locked one nobody is told.
    pub fn contact_id(&self) -> Option<ContactId> {
        (!self.is_locked).then(|| ContactId::from_uuid(self.person_id.0))
    }
    /// As whom the person is metered: the same for all that enquire as one.
    pub fn metered_as(&self) -> Uuid {
        self.profile.metered_as.unwrap_or(self.person_id.0)
    }
    /// It is this person's.
    pub fn belong_to(&mut self, contact: ContactId) {
        let metered = self.metered_as();
        self.person_id = RawId(contact.uuid());
        self.profile.metered_as = Some(metered).filter(|metered| *metered != contact.uuid());
    }
    /// What it says about who it is.
    pub fn said(&self) -> Said<'_> {
        Said {
            name: &self.name,
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            company: self.company.as_deref(),
            location: &self.profile.location,
        }
    }
    /// What it cost, once metered.
    pub fn charge(&self) -> Option<Money> {
        Some(Money::new(self.charged_amount?, self.charge_currency?))
    }
    pub fn note_charge(&mut self, metered: &Metered) {
        self.charge_kind = Some(metered.kind.into());
        self.charged_amount = Some(metered.worth());
        self.charge_currency = Some(metered.currency);
    }
    /// Nobody could write to the person or call when it came in, and nothing was billed for it.
    pub fn is_unmetered(&self) -> bool {
        self.charge_kind == Some(ChargeKind::Unreachable)
    }
    /// What it costs waits for something to pay it with.
    pub fn is_held(&self) -> bool {
        self.charge_kind == Some(ChargeKind::Blocked)
    }
    fn refresh_search(&mut self) {
        let parts = [Some(&self.name), self.email.as_ref(), self.phone.as_ref(), self.company.as_ref()];
        let mut parts: Vec<String> = parts.into_iter().flatten().map(|part| unicode::folded(part)).collect();
        // What else the person typed is found as well: as written, and as read.
        let details = self.contact_details().unwrap_or_default();
        for text in details.iter().flat_map(|detail| [Some(&detail.typed), detail.value.as_ref()]).flatten() {
            let text = unicode::folded(text);
            if !parts.contains(&text) {
                parts.push(text);
            }
        }
        self.search = parts.join("\n");
    }
}

/// The row alone; what is counted and searched by is kept with it by [`insert`] and [`update`].
mod row {
    use super::*;
    crate::rows!(leads: Lead, LeadId, "lead" => find, get, hold, save);
}
pub use row::{find, get};

impl Together for Lead {
    type Key = LeadId;
    fn read(tx: &mut TenantTx<'_>, ids: &[LeadId]) -> Result<Vec<(LeadId, Self)>> {
        if let [id] = ids {
            return Ok(find(tx, *id)?.map(|lead| (*id, lead)).into_iter().collect());
        }
        let rows = leads::table.filter(leads::tenant_id.eq(tx.tenant()).and(leads::id.eq_any(ids.to_vec())));
        let found: Vec<Self> = among!(tx.conn(), rows.select(Lead::as_select()), load)?;
        Ok(found.into_iter().map(|lead| (lead.id, lead)).collect())
    }
}

/// One lead of this tenant, read together with others that are asked for at once.
///
/// # Errors
/// As for [`get`].
pub async fn look(db: &Db, scope: TenantScope, id: LeadId) -> Result<Lead> {
    db.read_together(scope, id).await?.ok_or_else(|| absent("lead.not_found", "lead"))
}

/// Writes a new lead, and answers it as it is stored: PostgreSQL spells documents its own way. Called by intake and by nothing
/// else; a test reads the sources and holds it.
pub fn insert(tx: &mut TenantTx<'_>, lead: &Lead) -> Result<Lead> {
    let insert = diesel::insert_into(leads::table).values(lead);
    let stored = each_engine!(tx.conn(), conn => insert.returning(Lead::as_returning()).get_result(conn))?;
    counts::added(tx, &stored);
    Ok(stored)
}

/// We reached out: first and last contact, and the counts. Told late or out of order it ends the same.
pub fn touch_contact(tx: &mut TenantTx<'_>, id: LeadId, at: Timestamp) -> Result<()> {
    let (row, now) = (leads::table.find((tx.tenant(), id)), tx.now());
    let (first, last) = (leads::first_contact_at, leads::last_contact_at);
    let told = || Some(at).into_sql::<Nullable<Instant>>();
    let contact = (
        leads::contact_count.eq(leads::contact_count + 1),
        first.eq(case_when(first.is_null().or(first.gt(at)), told()).otherwise(first)),
        last.eq(case_when(last.is_null().or(last.lt(at)), told()).otherwise(last)),
    );
    keep!(tx.conn(), diesel::update(row).set((contact, activity(at, now))))?;
    Ok(())
}

/// Takes every open lead from a person, and answers which.
pub fn release(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<LeadId>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let theirs = leads::table
        .filter(leads::tenant_id.eq(tenant).and(leads::assigned_to.eq(user)))
        .filter(leads::closed_at.is_null());
    let released = diesel::update(theirs)
        .set((
            leads::assigned_to.eq(None::<UserId>),
            leads::assigned_at.eq(None::<Timestamp>),
            leads::version.eq(leads::version + 1),
            leads::updated_at.eq(now),
        ))
        .returning((leads::id, counts::COLUMNS))
        .get_results::<(LeadId, Counted)>(tx.conn())?;
    for (_, is) in &released {
        let mut was = *is;
        was.5 = Some(user);
        counts::changed(tx, was, *is);
    }
    Ok(released.into_iter().map(|(id, _)| id).collect())
}

/// Something happened between us and the person. Counters add up in the database, so none is lost, and the version counts
/// with them, so that nobody writes an older row back over them.
pub fn touch_activity(tx: &mut TenantTx<'_>, id: LeadId, at: Timestamp) -> Result<()> {
    let (row, now) = (leads::table.find((tx.tenant(), id)), tx.now());
    keep!(tx.conn(), diesel::update(row).set(activity(at, now)))?;
    Ok(())
}

#[diesel::dsl::auto_type]
fn activity(at: Timestamp, now: Timestamp) -> _ {
    let latest = leads::last_activity_at;
    let is_later = latest.lt(at);
    let told = at.into_sql::<Instant>();
    (
        leads::total_interactions.eq(leads::total_interactions + 1_i32),
        leads::version.eq(leads::version + 1_i32),
        leads::updated_at.eq(now),
        latest.eq(case_when(is_later, told).otherwise(latest)),
    )
}

/// Unlocks leads that were held back and notes what was paid for them, along with the repeated enquiries of the same
/// people, which are locked without an entry of their own. Answers which were locked indeed.
pub fn unlock(tx: &mut TenantTx<'_>, released: &[Released]) -> Result<Vec<LeadId>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let opened = || (leads::is_locked.eq(false), leads::version.eq(leads::version + 1), leads::updated_at.eq(now));
    let mut unlocked = Vec::new();
    for paid in released {
        let row = leads::table.find((tenant, paid.lead_id)).filter(leads::is_locked.eq(true));
        let charge = (
            leads::charge_kind.eq(ChargeKind::from(paid.kind)),
            leads::charged_amount.eq(paid.amount),
            leads::charge_currency.eq(paid.currency),
        );
        if diesel::update(row).set((opened(), charge)).execute(tx.conn())? == 1 {
            unlocked.push(paid.lead_id);
            continue;
        }
        // One that was repaired before anything could pay for it was shown already.
        let shown = leads::table.find((tenant, paid.lead_id)).filter(leads::charge_kind.eq(ChargeKind::Blocked));
        diesel::update(shown).set((opened(), charge)).execute(tx.conn())?;
    }
    for chunk in released.chunks(200) {
        let ids: Vec<LeadId> = chunk.iter().map(|paid| paid.lead_id).collect();
        let paid: Vec<Lead> = leads::table
            .filter(leads::tenant_id.eq(tenant).and(leads::id.eq_any(ids)))
            .select(Lead::as_select())
            .load(tx.conn())?;
        let people: Vec<RawId> = paid.iter().map(|lead| RawId(lead.metered_as())).collect();
        let repeats = leads::table
            .filter(leads::tenant_id.eq(tenant).and(leads::person_id.eq_any(people)))
            .filter(leads::is_locked.eq(true).and(leads::charge_kind.eq(ChargeKind::Repeat)));
        let repeats: Vec<LeadId> = diesel::update(repeats).set(opened()).returning(leads::id).get_results(tx.conn())?;
        unlocked.extend(repeats);
    }
    counts::unlocked(tx, &unlocked)?;
    Ok(unlocked)
}
