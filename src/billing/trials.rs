//! One trial for one business: by whom and from where trials were taken before, whichever tenant it was.
//!
//! What is kept is a keyed digest of each sign (the owner's mailbox, the business' phone number), so that it outlives a tenant
//! and names nobody. A mailbox is the same with and without a tag, and at Gmail with and without dots. A name alone is
//! no sign: many businesses share one. Whoever had a trial starts `incomplete`, and operators may activate it.

use super::store;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::engine::db::TenantTx;
use crate::tenants;
use crate::tenants::access::Role;

/// Takes the trial, unless somebody with one of the same signs had one: then it answers which sign.
pub(super) fn take(tx: &mut TenantTx<'_>, key: &MasterKey) -> Result<Option<&'static str>> {
    let mut signs = Vec::new();
    for owner in tenants::store::members(tx)?.into_iter().filter(|member| member.role == Role::Owner) {
        signs.push(("owner_mailbox", mailbox(&owner.email)));
    }
    if let Some(phone) = tenants::store::current(tx)?.profile.phone {
        signs.push(("business_phone", phone));
    }
    let digests: Vec<(&'static str, String)> =
        signs.iter().map(|(kind, sign)| (*kind, key.token("", &format!("trial of {kind} {sign}")))).collect();
    for (kind, digest) in &digests {
        if store::had_trial_by(tx, kind, digest)? {
            return Ok(Some(*kind));
        }
    }
    for (kind, digest) in &digests {
        store::note_trial(tx, kind, digest)?;
    }
    Ok(None)
}

/// An address as its mailbox: without a tag, and without the dots that Gmail does not read.
fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    let untagged = local.split('+').next().unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", untagged.replace('.', "")),
        _ => format!("{untagged}@{domain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_has_one_name() {
        for spelling in ["One.Person+3@gmail.com", "oneperson@googlemail.com", "o.n.e.person+a+b@GMAIL.com"] {
            assert_eq!(mailbox(spelling), "oneperson@gmail.com");
        }
        assert_eq!(mailbox("a.b+tag@abc.example"), "a.b@abc.example", "dots count elsewhere");
    }
}
