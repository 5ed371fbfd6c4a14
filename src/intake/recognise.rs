//! Who is this? The lead we already have of the same person.
//!
//! A person is recognised by an exact e-mail address or phone number: `name+1@` is another mailbox than `name@`, and folding
//! them would make one of two. One of both is enough, unless the other one says that it is somebody else: a salesman's
//! address typed into everybody's form, or an office's telephone.

use super::NewEnquiry;
use super::person::{Person, is_misplaced};
use crate::base::Result;
use crate::contacts::id::LeadId;
use crate::contacts::people::identities::{self, Owner, Whose};
use crate::contacts::people::learn::shares_a_word;
use crate::engine::db::TenantTx;
use crate::leads::contact_details::{ContactDetail, DetailKind};
use crate::leads::for_intake::{self as store, Lead};
use crate::leads::model::IdentityKind;

/// What we know of the identities of an enquiry. It stays true while intake is locked.
pub(super) struct Known(Vec<Owner>);

impl Known {
    pub fn of(tx: &mut TenantTx<'_>, person: &Person, platform_id: Option<&str>) -> Result<Self> {
        let platform = platform_id.map(|id| (IdentityKind::PlatformLead, id));
        let all: Vec<(IdentityKind, &str)> = person.identities().chain(platform).collect();
        Ok(Self(identities::owners(tx, &all)?))
    }

    fn owner(&self, kind: IdentityKind, value: &str) -> Option<&Owner> {
        self.0.iter().find(|owner| (owner.kind, owner.value.as_str()) == (kind, value))
    }

    pub fn owners(&self) -> &[Owner] {
        &self.0
    }

    /// The newest lead that came by it.
    pub fn lead(&self, kind: IdentityKind, value: &str) -> Option<LeadId> {
        self.owner(kind, value)?.whose.lead
    }
}

/// The newest lead of this person. Where e-mail and phone lead to different ones, an open lead wins, then the newer.
pub(super) fn known_lead(
    tx: &mut TenantTx<'_>,
    person: &Person,
    known: &Known,
    enquiry: &NewEnquiry,
) -> Result<Option<Lead>> {
    let mut best: Option<Lead> = None;
    let owners: Vec<(IdentityKind, LeadId)> =
        person.identities().filter_map(|(kind, value)| Some((kind, known.lead(kind, value)?))).collect();
    for (kind, id) in &owners {
        if best.as_ref().is_some_and(|lead| lead.id == *id) {
            continue;
        }
        let Some(lead) = store::find(tx, *id)? else { continue };
        let by_both = owners.iter().filter(|(_, owner)| owner == id).count() == 2;
        if !by_both && is_somebody_else(&lead, person, *kind, enquiry)? {
            continue;
        }
        let rank = |lead: &Lead| (!lead.status.is_closed(), lead.created_at, lead.id);
        if best.as_ref().is_none_or(|known| rank(&lead) > rank(known)) {
            best = Some(lead);
        }
    }
    Ok(best)
}

/// Whether a person who shares `by` with a lead is another one all the same, because everything else differs.
///
/// One phone with several addresses is a family or an office, up to a point. One address with another phone is a
/// correction where the name agrees, once, and not within one and the same form, where a constant address stands for people
/// whose phones are all different.
fn is_somebody_else(lead: &Lead, person: &Person, by: IdentityKind, enquiry: &NewEnquiry) -> Result<bool> {
    let other = if by == IdentityKind::Email { DetailKind::Phone } else { DetailKind::Email };
    let Some(given) = person.detail(other) else { return Ok(false) };
    let details = lead.contact_details()?;
    let known: Vec<&ContactDetail> = details.of_kind(other).filter(|detail| !is_misplaced(detail)).collect();
    if known.is_empty() || known.iter().any(|detail| detail.is_same(given)) {
        return Ok(false);
    }
    let has_same_name = match person.detail(DetailKind::Name) {
        Some(name) => details.of_kind(DetailKind::Name).any(|known| shares_a_word(&known.typed, &name.typed)),
        None => true,
    };
    let is_one_form = lead.lead_form_id.is_some() && lead.lead_form_id == enquiry.lead_form_id;
    let most = match (other, has_same_name, is_one_form) {
        (DetailKind::Phone, true, false) => 2,
        (DetailKind::Phone, ..) => 0,
        (_, true, _) => 4,
        (_, false, false) => 2,
        (_, false, true) => 0,
    };
    Ok(known.len() >= most)
}

/// Points the enquiry's identities at `lead`. A person's identity of another open lead stays where it is; the platform's id
/// is of this very enquiry.
pub(super) fn remember(
    tx: &mut TenantTx<'_>,
    lead: &Lead,
    person: &Person,
    platform_id: Option<&str>,
    known: &Known,
) -> Result<()> {
    let whose = Whose { contact: lead.contact_id(), lead: Some(lead.id) };
    let mut new: Vec<(IdentityKind, &str)> = Vec::new();
    for (kind, value) in person.identities() {
        match known.owner(kind, value).map(|owner| owner.whose) {
            None => new.push((kind, value)),
            Some(Whose { lead: Some(owner), contact }) if owner == lead.id => {
                if contact.is_none() && whose.contact.is_some() {
                    identities::add(tx, kind, value, whose)?;
                }
            }
            // Another open lead is found by it as before; whom the tenant knows by it is another matter.
            Some(Whose { lead: Some(owner), .. })
                if store::find(tx, owner)?.is_some_and(|other| !other.status.is_closed()) =>
            {
                if whose.contact.is_some() {
                    identities::add(tx, kind, value, Whose { lead: None, ..whose })?;
                }
            }
            Some(_) => identities::add(tx, kind, value, whose)?,
        }
    }
    new.extend(platform_id.map(|id| (IdentityKind::PlatformLead, id)));
    if new.is_empty() { Ok(()) } else { identities::add_all(tx, whose, &new) }
}
