//! A lead as messages deal with it, and as lists of other things name it. Neither can be read unmasked by accident.

use diesel::prelude::*;

use super::{Lead, LeadProfile};
use crate::base::id::UserId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::leads::model::{IdentityKind, LeadSource, is_vouched};
use crate::leads::schema::leads;

/// What the inside does something with: whom to write to, and whether it may. What of it anybody may see is
/// [`crate::leads::Shown`].
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = leads)]
pub struct Brief {
    pub id: LeadId,
    pub(crate) name: String,
    email: Option<String>,
    /// E.164.
    phone: Option<String>,
    pub source: LeadSource,
    /// By which the platform that brought the lead vouches for it.
    platform_lead_id: Option<String>,
    pub score: i32,
    pub is_locked: bool,
    pub assigned_to: Option<UserId>,
    pub(crate) profile: Doc<LeadProfile>,
    pub received_at: Timestamp,
}

impl Brief {
    /// Where the person is reached, locked or not: for what is sent there, never for what anybody is shown.
    pub fn address(&self, kind: IdentityKind) -> Option<&str> {
        match kind {
            IdentityKind::Email => self.email.as_deref(),
            IdentityKind::Phone => self.phone.as_deref(),
            IdentityKind::PlatformLead => None,
        }
    }

    /// The platform that brought it vouches for it.
    pub fn is_vouched(&self) -> bool {
        is_vouched(self.platform_lead_id.as_deref())
    }
}

impl From<Lead> for Brief {
    fn from(lead: Lead) -> Self {
        Self {
            id: lead.id,
            name: lead.name,
            email: lead.email,
            phone: lead.phone,
            source: lead.source,
            platform_lead_id: lead.platform_lead_id,
            score: lead.score,
            is_locked: lead.is_locked,
            assigned_to: lead.assigned_to,
            profile: lead.profile,
            received_at: lead.received_at,
        }
    }
}

/// # Errors
/// `lead.not_found`.
pub fn brief(tx: &mut TenantTx<'_>, id: LeadId) -> Result<Brief> {
    let row = leads::table.find((tx.tenant(), id)).select(Brief::as_select()).first(tx.conn()).optional()?;
    row.ok_or_else(not_found)
}

/// How something that belongs to a lead names it. It can be joined to any row that has a lead.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = leads)]
pub struct Heading {
    pub id: LeadId,
    pub(crate) name: String,
    pub score: i32,
    pub is_locked: bool,
}

/// # Errors
/// `lead.not_found`.
pub fn heading(tx: &mut TenantTx<'_>, id: LeadId) -> Result<Heading> {
    let row = leads::table.find((tx.tenant(), id)).select(Heading::as_select()).first(tx.conn()).optional()?;
    row.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("lead.not_found", "There is no such lead.")
}
