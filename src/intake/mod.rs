//! The road in.

mod enquiry;

pub use enquiry::{NewEnquiry, Received};

use crate::base::{Error, Result};
use crate::engine::db::TenantTx;

/// The one function by which anything becomes a lead.
pub fn receive(_tx: &mut TenantTx<'_>, _enquiry: NewEnquiry) -> Result<Received> {
    Err(Error::internal("skeleton"))
}
