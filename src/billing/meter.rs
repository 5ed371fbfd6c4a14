//! Metering: what a lead costs its tenant.

use crate::base::id::LeadId;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;

crate::text_enum! {
    /// How a lead is paid for.
    pub enum MeterKind {
        /// Out of the period's base quota; nothing is due.
        Quota = "quota",
        /// Out of last period's unused units.
        Rollover = "rollover",
        /// Out of credits an operator granted.
        Credit = "credit",
        /// Beyond what is included; due at the plan's overage price.
        Overage = "overage",
        /// Pay-per-lead: due by score.
        PerLead = "per_lead",
        /// The same person within the dedupe window: not metered again.
        Repeat = "repeat",
        /// Held back under the policy `block`.
        Blocked = "blocked",
        /// There is no subscription to meter against.
        Unmetered = "unmetered",
    }
}

/// A lead to be metered.
#[derive(Debug, Clone)]
pub struct MeteredLead {
    pub lead_id: LeadId,
    /// Who the person is, the same for every enquiry by that person.
    pub dedupe_key: String,
    /// Decides the period.
    pub received_at: Timestamp,
    pub score: i32,
}

/// What metering decided.
#[derive(Debug, Clone)]
pub struct Metered {
    pub kind: MeterKind,
    /// Contact data stays masked until the tenant upgrades or buys the lead (C-15).
    pub is_locked: bool,
    /// Minor units due on the next invoice; 0 within quota.
    pub amount_due: i64,
    /// Minor units the lead is worth (price / quota, C-18).
    pub notional_amount: i64,
    pub currency: Currency,
    /// This lead used the last included unit.
    pub quota_reached: bool,
}

/// Meters one lead inside the transaction that writes it.
pub fn meter_lead(_tx: &mut TenantTx<'_>, _lead: MeteredLead) -> Result<Metered> {
    Err(Error::internal("skeleton"))
}
