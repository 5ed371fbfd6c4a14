//! What a contact says of the bookings: kept with the contact by whoever writes bookings.

use super::store::{self, Contact};
use crate::base::Result;
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;

/// What somebody bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bought {
    /// By currency, in the order of their codes; none of nothing.
    pub spend: Vec<Money>,
    /// Neither cancelled nor refunded.
    pub count: i32,
    /// When the latest of those was, and of what category.
    pub last: Option<(Timestamp, Option<String>)>,
}

impl Bought {
    /// Minor units.
    pub fn in_currency(&self, currency: Currency) -> i64 {
        self.spend.iter().find(|money| money.currency == currency).map_or(0, |money| money.amount)
    }

    /// May be negative.
    pub fn add(&mut self, money: Money) {
        let amount = self.in_currency(money.currency) + money.amount;
        self.spend.retain(|known| known.currency != money.currency);
        if amount != 0 {
            self.spend.push(Money::new(amount, money.currency));
            self.spend.sort_by_key(|known| known.currency.code());
        }
    }

    fn of(contact: &Contact) -> Self {
        Self {
            spend: contact.profile.lifetime_spend.clone(),
            count: contact.bookings_count,
            last: contact.last_booking_at.map(|at| (at, contact.profile.last_category.clone())),
        }
    }
}

/// What a contact says of it; nobody else writes the contact until the transaction ends. `None` where there is no such contact.
pub fn bought(tx: &mut TenantTx<'_>, id: ContactId) -> Result<Option<Bought>> {
    if store::find(tx, id)?.is_none() {
        return Ok(None);
    }
    store::hold(tx, id).map(|contact| Some(Bought::of(&contact)))
}

pub fn set_bought(tx: &mut TenantTx<'_>, id: ContactId, bought: Bought) -> Result<()> {
    let mut contact = store::hold(tx, id)?;
    let (last_at, category) = bought.last.unzip();
    contact.bookings_count = bought.count;
    contact.last_booking_at = last_at;
    contact.profile.lifetime_spend = bought.spend;
    contact.profile.last_category = category.flatten();
    contact.refresh();
    store::save(tx, &mut contact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_is_summed_by_itself() {
        let mut bought = Bought::default();
        let usd = |amount| Money::new(amount, Currency::USD);
        for money in [usd(5), Money::inr(100), Money::inr(50)] {
            bought.add(money);
        }
        assert_eq!(bought.spend, [Money::inr(150), usd(5)]);
        bought.add(usd(-5));
        assert_eq!(bought.spend, [Money::inr(150)]);
    }
}
