//! What a plan opens: the tenant keeps a copy of its features, against which every gate is checked.

use super::model::Plan;
use super::plans;
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::tenants;
use crate::tenants::access::Feature;

/// Gates are checked against the tenant's own copy of the plan's features.
pub(super) fn entitle(tx: &mut TenantTx<'_>, plan: &Plan) -> Result<()> {
    set_features(tx, &plan.features)
}

/// What is left when nothing is paid for: reading what is there, answering by e-mail, and the API of a plan that has it, so
/// that leads which still arrive by it are kept, under lock.
pub(super) fn entitle_to_basics(tx: &mut TenantTx<'_>, plan: &Plan) -> Result<()> {
    let stays = |feature: &&Feature| plans::BASICS.contains(feature) || **feature == Feature::ApiAccess;
    let features: Vec<Feature> = plan.features.iter().filter(stays).copied().collect();
    set_features(tx, &features)
}

fn set_features(tx: &mut TenantTx<'_>, features: &[Feature]) -> Result<()> {
    let names: Vec<String> = features.iter().map(ToString::to_string).collect();
    tenants::store::set_entitlements(tx, Some(&names))
}
