//! What will become of the next lead: what ad campaigns are run or stopped by.

use super::books::{Account, Books};
use super::model::{MeterKind, OveragePolicy, decide};
use crate::base::Result;

/// What the next lead meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It is delivered.
    Delivered,
    /// It is delivered and billed, but the tenant asked for fewer of them.
    Slowed,
    /// It is held back.
    HeldBack,
}

/// The outlook now.
pub fn outlook(books: &mut Books<'_, '_>) -> Result<Outlook> {
    let Some(Account { subscription, plan, period }) = books.account()? else { return Ok(Outlook::HeldBack) };
    let standing = subscription.standing(&period, books.now());
    Ok(match decide(standing, plan.pricing, &period.quota, plan.price_of_lead(0)) {
        MeterKind::Blocked => Outlook::HeldBack,
        MeterKind::Overage if subscription.overage_policy == OveragePolicy::Slow => Outlook::Slowed,
        _ => Outlook::Delivered,
    })
}
