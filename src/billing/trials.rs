//! One trial for one business that somebody reads mail for: by whom and from where trials were taken before, whichever tenant it
//! was.
//!
//! A trial gives nothing away before an owner has shown whose mailbox it is: what comes until then is held back, and then its
//! signs are looked at first ([`look_again`]). What is kept of a trial is a keyed digest of each sign (the owners' mailboxes, the business' phone number), so that it outlives a tenant and names nobody.
//! A mailbox is the same with and without a tag, and at Gmail with and without dots. A name alone is no sign: many businesses
//! share one. Whoever had a trial starts `incomplete`, and operators may activate it. Signs that are set or changed while a trial
//! goes on are looked at as those at its start are ([`look_again`]): a profile that is filled in later hides nothing.

use super::books::Books;
use super::store;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::email::mailbox;
use crate::base::phone::PhoneKey;
use crate::contacts::version_of_keys;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::reseal::Sealed;
use crate::tenants;
use crate::tenants::access::Role;

/// Takes the trial, unless somebody with one of the same signs had one: then it answers which sign.
pub(super) fn take(books: &mut Books<'_, '_>, key: &MasterKey) -> Result<Option<&'static str>> {
    let tx = books.tx();
    let (current, all) = digests_under_each(tx, key)?;
    for (kind, digest) in &all {
        // Whoever has not shown the mailbox to be theirs is refused for its proved owner, and for others who only said it.
        let is_taken = store::trial_with(tx, kind, digest)?.is_some()
            || *kind == CLAIMED && store::trial_with(tx, PROVED, digest)?.is_some();
        if is_taken {
            return Ok(Some(*kind));
        }
    }
    note(tx, &current)?;
    Ok(None)
}

/// While a trial goes on: notes the signs that are new, and answers the one by which another tenant had a trial.
pub(super) fn look_again(books: &mut Books<'_, '_>, key: &MasterKey) -> Result<Option<&'static str>> {
    let tx = books.tx();
    let tenant = tx.tenant();
    let (current, all) = digests_under_each(tx, key)?;
    for (kind, digest) in all.iter().filter(|(kind, _)| *kind != CLAIMED) {
        // Whose the oldest signs are is found out after an update; until then they are nobody's.
        let taken_by = store::trial_with(tx, kind, digest)?.flatten();
        if taken_by.is_some_and(|other| other != tenant) {
            return Ok(Some(*kind));
        }
    }
    note(tx, &current)?;
    Ok(None)
}

/// A mailbox that its owner has shown to be theirs.
const PROVED: &str = "owner_mailbox";
/// A mailbox that somebody said is theirs. It may be anybody's, so it counts against those alone who have not shown it either.
const CLAIMED: &str = "owner_claimed";

/// The signs of this tenant. A mailbox has the same digest proved and claimed.
fn digests(tx: &mut TenantTx<'_>, key: &MasterKey) -> Result<Digests> {
    let digest = |of: &str, sign: String| key.token("", &format!("trial of {of} {sign}"));
    let mut digests = Vec::new();
    for owner in tenants::store::members(tx)?.into_iter().filter(|one| one.role == Role::Owner) {
        let kind = if owner.email_verified_at.is_some() { PROVED } else { CLAIMED };
        digests.push((kind, digest(PROVED, mailbox(&owner.email))));
    }
    if let Some(phone) = tenants::store::current(tx)?.profile.phone {
        digests.push(("business_phone", digest("business_phone", PhoneKey::of(&phone).into_string())));
    }
    Ok(digests)
}

type Digests = Vec<(&'static str, String)>;

/// The signs under the current key, and under every one: what was noted under a former key counts while that is there.
fn digests_under_each(tx: &mut TenantTx<'_>, key: &MasterKey) -> Result<(Digests, Digests)> {
    let all = key.each().map(|one| digests(tx, &one)).collect::<Result<Vec<_>>>()?;
    Ok((all.first().cloned().unwrap_or_default(), all.concat()))
}

/// Trials that are known by the former key's digests alone are noted under the current one as well, as far as their tenants
/// still show the same signs.
pub fn sealed() -> Sealed {
    Sealed { name: "trial_signs", left: |_, _| Ok(0), batch: note_earlier, opens: |_, _| Ok(None) }
}

/// Answers how many were not known.
fn note(tx: &mut TenantTx<'_>, digests: &[(&'static str, String)]) -> Result<usize> {
    let mut new = 0;
    for (kind, digest) in digests {
        new += store::note_trial(tx, kind, digest)?;
    }
    Ok(new)
}

/// Of [`digests`] and of what is kept with them, besides the spellings of addresses and numbers.
const SIGNS: u32 = 2;

/// Trials that were taken before signs were kept, or under signs of another spelling, or before it was kept whose they are.
pub fn catch_ups() -> Vec<CatchUp> {
    let version = format!("signs {SIGNS}, {}", version_of_keys());
    vec![CatchUp { name: "trial_signs", version, batch: note_earlier }]
}

fn note_earlier(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let rows = store::trials_after(tx, reading.after()?, reading.limit)?;
    let mut changed = 0;
    for (tenant, _) in &rows {
        let mut tx = tx.for_tenant(*tenant);
        let digests = digests(&mut tx, reading.key)?;
        changed += usize::from(note(&mut tx, &digests)? > 0);
        for (kind, digest) in &digests {
            store::own_trial(&mut tx, kind, digest)?;
        }
    }
    Batch::of(reading, &rows, |row| *row, i64::try_from(changed).unwrap_or(i64::MAX))
}
