//! Which lead a person is known by; whose an identity is stands with the people.

use crate::base::Result;
use crate::contacts::id::LeadId;
use crate::contacts::people::identities;
use crate::engine::db::TenantTx;
use crate::leads::model::IdentityKind;

pub use crate::contacts::people::identities::leads_across_tenants;

/// The lead this identity points at.
pub fn find_by_identity(tx: &mut TenantTx<'_>, kind: IdentityKind, value: &str) -> Result<Option<LeadId>> {
    Ok(identities::owner(tx, kind, value)?.and_then(|whose| whose.lead))
}

/// The leads that these identities point at, for those that are known; each with the value that was asked for.
pub fn owners(tx: &mut TenantTx<'_>, wanted: &[(IdentityKind, &str)]) -> Result<Vec<(IdentityKind, String, LeadId)>> {
    let known = identities::owners(tx, wanted)?.into_iter();
    Ok(known.filter_map(|owner| Some((owner.kind, owner.value, owner.whose.lead?))).collect())
}
