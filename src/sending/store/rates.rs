//! How fast messages to many leave from a sender: its turns, shared by all processes and fairly between campaigns.
//!
//! Whoever has messages ready takes turns for them, a second's worth at most. Turns follow each other at the sender's rate, a second
//! ahead at most, so whoever comes next waits for those that were taken, and no longer: a hundred thousand messages of one tenant
//! delay ten of another by a second.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::engine::db::insert::OrIgnore;
use crate::held;
use crate::sending::schema::sender_rates as rates;

/// Messages a second on a channel, as configured.
pub fn per_second(settings: &CoreSettings, channel: Channel) -> u32 {
    let rate = match channel {
        Channel::Email => settings.send_rates.email,
        _ => settings.send_rates.sms,
    };
    rate.max(1)
}

/// What [`take`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// So many messages may leave now.
    Now(usize),
    /// Others are before; come back then.
    At(Timestamp),
}

/// Takes turns for up to `wanted` messages from a sender. Nobody else takes any of the same sender until the transaction ends.
pub fn take(tx: &mut TenantTx<'_>, channel: Channel, address: &str, per_second: u32, wanted: usize) -> Result<Turns> {
    let now = tx.now();
    let mut tx = tx.platform();
    let place = rates::table.find((channel, address));
    let held = |tx: &mut crate::engine::db::PlatformTx<'_>| -> Result<Option<Timestamp>> {
        Ok(held!(tx.conn(), place.select(rates::next_at), get_result).optional()?)
    };
    let next = match held(&mut tx)? {
        Some(next) => next,
        None => {
            let row = (rates::channel.eq(channel), rates::address.eq(address), rates::next_at.eq(now));
            OrIgnore(diesel::insert_into(rates::table).values(row)).execute(tx.conn())?;
            held(&mut tx)?.unwrap_or(now)
        }
    };
    // Turns that nobody took are gone, and a clock that was ahead does not block for ever.
    let longest = now.plus(chrono::Duration::seconds(LONGEST_AHEAD));
    let next = next.max(now).min(longest);
    let burst = chrono::Duration::seconds(1);
    if next >= now.plus(burst) {
        return Ok(Turns::At(next.minus(burst).plus(chrono::Duration::milliseconds(1))));
    }
    let count = wanted.min(usize::try_from(per_second).unwrap_or(usize::MAX));
    let lasts = chrono::Duration::microseconds(
        i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1_000_000) / i64::from(per_second.max(1)),
    );
    diesel::update(rates::table.find((channel, address)))
        .set(rates::next_at.eq(next.plus(lasts)))
        .execute(tx.conn())?;
    Ok(Turns::Now(count))
}

/// Nobody takes turns for longer than this many seconds ahead.
const LONGEST_AHEAD: i64 = 5;

/// The sender says that it is too fast: nobody takes turns before then.
pub fn slow_down(tx: &mut TenantTx<'_>, channel: Channel, address: &str, until: Timestamp) -> Result<()> {
    let later = rates::table.find((channel, address)).filter(rates::next_at.lt(until));
    diesel::update(later).set(rates::next_at.eq(until)).execute(tx.platform().conn())?;
    Ok(())
}
