//! What follows from a person's bookings for the contact: kept by what each change adds and takes away.

use std::collections::BTreeMap;

use super::store::{self as rows, Booking};
use crate::base::money::{Currency, MAX_AMOUNT, Money};
use crate::base::{Error, Result};
use crate::contacts::id::ContactId;
use crate::contacts::people::{self, Bought};
use crate::engine::db::TenantTx;

/// The contacts whose bookings change in a transaction, each as it will be.
#[derive(Default)]
pub(super) struct Accounts(BTreeMap<ContactId, Account>);

struct Account {
    before: Bought,
    is: Bought,
    /// A booking of theirs changed.
    changed: bool,
}

impl Accounts {
    /// Opens a contact's, which nobody else writes until the transaction ends; `false` where there is no such contact.
    pub fn open(&mut self, tx: &mut TenantTx<'_>, contact: ContactId) -> Result<bool> {
        if self.0.contains_key(&contact) {
            return Ok(true);
        }
        let Some(bought) = people::bought(tx, contact)? else { return Ok(false) };
        self.0.insert(contact, Account { before: bought.clone(), is: bought, changed: false });
        Ok(true)
    }

    /// A booking becomes another. Both contacts are open.
    ///
    /// # Errors
    /// `/value`, where the sum would be beyond what an amount may be; nothing was noted then.
    pub fn note(&mut self, was: Option<&Booking>, is: Option<&Booking>) -> Result<()> {
        let spent =
            |booking: Option<&Booking>| booking.and_then(|booking| Some((booking.contact_id, booking.spent()?)));
        let (gone, new) = (spent(was), spent(is));
        if let Some((contact, money)) = new {
            let kept = self.0.get(&contact).map_or(0, |account| account.is.in_currency(money.currency));
            let freed = gone.filter(|(of, old)| *of == contact && old.currency == money.currency);
            if kept - freed.map_or(0, |(_, old)| old.amount) > MAX_AMOUNT - money.amount {
                let rule = "with what the contact has paid for already this is more than an amount may be";
                return Err(Error::field("/value", "invalid_value", rule));
            }
        }
        if let Some((contact, money)) = gone {
            self.add(contact, Money::new(-money.amount, money.currency));
        }
        if let Some((contact, money)) = new {
            self.add(contact, money);
        }
        for (booking, by) in [(was, -1), (is, 1)] {
            let Some(booking) = booking else { continue };
            let Some(account) = self.0.get_mut(&booking.contact_id) else { continue };
            account.changed = true;
            if booking.status.stands() {
                account.is.count += by;
            }
        }
        Ok(())
    }

    fn add(&mut self, contact: ContactId, money: Money) {
        if let Some(account) = self.0.get_mut(&contact) {
            account.is.add(money);
        }
    }

    /// Writes what is other than before, when the bookings are written.
    pub fn close(self, tx: &mut TenantTx<'_>) -> Result<()> {
        for (contact, Account { before, mut is, changed }) in self.0 {
            if !changed {
                continue;
            }
            is.last = rows::latest(tx, contact)?;
            let currencies = before.spend.iter().chain(&is.spend).map(|money| money.currency);
            let mut currencies: Vec<Currency> = currencies.collect();
            currencies.sort_unstable_by_key(|currency| currency.code());
            currencies.dedup();
            for currency in currencies {
                let amount = is.in_currency(currency);
                if amount != before.in_currency(currency) {
                    rows::set_spend(tx, contact, currency, amount)?;
                }
            }
            if is != before {
                people::set_bought(tx, contact, is)?;
            }
        }
        Ok(())
    }

    /// All of it anew, from the bookings themselves.
    pub fn recounted(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<()> {
        let mut accounts = Self::default();
        if !accounts.open(tx, contact)? {
            return Ok(());
        }
        if let Some(account) = accounts.0.get_mut(&contact) {
            (account.is, account.changed) = (Bought::default(), true);
        }
        for booking in rows::all_of(tx, contact)? {
            accounts.note(None, Some(&booking))?;
        }
        accounts.close(tx)
    }
}
