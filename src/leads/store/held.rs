//! A lead that is about to change: as it is now, and as what it is counted until it is written back.

use std::ops::{Deref, DerefMut};

use super::counts::{self, Counted};
use super::{Lead, row};
use crate::base::Result;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;

/// Got by [`hold`], written by [`update`]. Whatever is counted counts the version up too, so a version that still stands says
/// that the lead is still counted as it was when it was read.
#[derive(Debug, Clone)]
pub struct Held {
    lead: Lead,
    counted: Counted,
}

impl Held {
    pub fn into_lead(self) -> Lead {
        self.lead
    }
}

impl Deref for Held {
    type Target = Lead;
    fn deref(&self) -> &Lead {
        &self.lead
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Lead {
        &mut self.lead
    }
}

/// The lead as it is now; nobody else changes it until this transaction ends.
///
/// # Errors
/// As for [`super::get`].
pub fn hold(tx: &mut TenantTx<'_>, id: LeadId) -> Result<Held> {
    let lead = row::hold(tx, id)?;
    let counted = lead.counted();
    Ok(Held { lead, counted })
}

/// Writes every field back and counts the version up.
///
/// # Errors
/// `storage.conflict` when the lead has moved on since it was held: a message may have been counted meanwhile.
pub fn update(tx: &mut TenantTx<'_>, held: &mut Held) -> Result<()> {
    let Held { lead, counted } = held;
    lead.refresh()?;
    row::save(tx, lead)?;
    let was = std::mem::replace(counted, lead.counted());
    counts::changed(tx, was, *counted);
    Ok(())
}
