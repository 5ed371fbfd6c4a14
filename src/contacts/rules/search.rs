//! People by a rule: which they are, and how many.

use serde_json::Value;

use super::extension::catalogue;
use crate::base::Result;
use crate::contacts::schema::contacts;
use crate::engine::db::{TenantTx, Where};
use crate::engine::rules::{Moment, Rule};
use crate::tenants;

/// Matches are counted up to here: who has more learns that there are more.
const COUNTED_UP_TO: i64 = 100_000;

/// Reads a rule about people that stands at `pointer` of a body.
///
/// # Errors
/// `request.invalid` with every node that is wrong.
pub fn read(tx: &mut TenantTx<'_>, rule: &Value, pointer: &str) -> Result<Rule> {
    let catalogue = catalogue(tx)?;
    Rule::parse_at(rule, &catalogue, pointer)
}

/// Now, in the tenant's calendar.
pub fn moment(tx: &mut TenantTx<'_>) -> Result<Moment> {
    Ok(Moment { now: tx.now(), zone: tenants::store::current(tx)?.time_zone })
}

/// The tenant's contacts that satisfy the rule at this moment: a condition for a page, a count, or the `SELECT` of an `INSERT`.
pub fn which(tx: &TenantTx<'_>, rule: &Rule, moment: &Moment) -> Where<contacts::table> {
    Where::of(tx, contacts::tenant_id).and(rule.rows(tx.tenant(), moment))
}

/// How many there are of these, and whether that is all of them.
pub fn counted(tx: &mut TenantTx<'_>, which: Where<contacts::table>) -> Result<(i64, bool)> {
    let count = tx.count_up_to(which, COUNTED_UP_TO + 1)?;
    Ok((count.min(COUNTED_UP_TO), count <= COUNTED_UP_TO))
}
