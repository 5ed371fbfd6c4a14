//! Whose mailbox it is: whoever opens a link that was mailed there has shown it.
//!
//! A user's address is verified once. A tenant is verified as soon as one of its active owners is; until then nothing leaves
//! for anybody in its name. As with invitations, the token follows from the master key and the link's id, so that whoever
//! writes the mail can tell it again, and only its hash is stored. The mail is a reaction to `user.verification_requested`
//! (see `notify`).
//!
//! An address changes hands only to whoever reads its mail. A sign-up with an address that an unverified account has is
//! refused like any other, and the mailbox gets another link ([`offer_address`]): a sign-up that brings its token takes the
//! address ([`take_address`]). So neither keeps a stranger the owner of a mailbox out, nor throws a slow one out.

use super::access::Role;
use super::facts::{TenantVerified, VerificationFact};
use super::pages;
use super::store::people::{self, User};
use super::store::verifications::{self, Verification};
use crate::base::crypto::MasterKey;
use crate::base::email::{Email, mailbox};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{Fact as _, SoleFact as _, platform_tenant};
use crate::engine::tally::{Span, Tally};
use crate::tenants::id::VerificationId;

const VALID_DAYS: i64 = 3;
/// Mails to one address within a day: whoever signs up with a stranger's address cannot flood it.
const MAILS_A_DAY: i64 = 5;
/// Offers of one address within a day, whoever signs up with it and however often.
const OFFERS_A_DAY: u32 = 2;
const PROVES: &str = "ver_";
const TAKES: &str = "tak_";
/// Mails to one mailbox within a day, whoever signs up with which spelling of it.
const MAILS_A_MAILBOX: u32 = 5;

/// Has a link mailed to the user, unless the mailbox got enough of them today, under whatever spelling: then the user asks again
/// another day.
pub(super) fn ask(tx: &mut TenantTx<'_>, key: &MasterKey, user: &User) -> Result<()> {
    if !fits_mailbox(tx, &user.email)? {
        return Ok(());
    }
    let id = VerificationId::new();
    let expires_at = tx.now().plus(chrono::Duration::days(VALID_DAYS));
    verifications::create(&mut tx.platform(), id, user.id, &token_of(key, id), expires_at)?;
    let fact = VerificationFact { verification_id: Some(id), ..told(user) };
    tx.record(fact.told_as(VerificationFact::REQUESTED).about(user.id.uuid()))?;
    Ok(())
}

fn told(user: &User) -> VerificationFact {
    VerificationFact { email: Some(user.email.clone()), ..VerificationFact::default() }
}

/// Counts a mail to this mailbox.
pub(super) fn fits_mailbox(tx: &mut TenantTx<'_>, address: &str) -> Result<bool> {
    let (mailbox, span) = (mailbox(address), Span::day(tx.now()));
    let tally = Tally { tenant: platform_tenant(), kind: "verification_mails", subject: &mailbox, span };
    tally.take(&mut tx.platform(), MAILS_A_MAILBOX)
}

/// Like [`ask`], at the user's own wish.
///
/// # Errors
/// `user.already_verified`; `user.verification_limit` after five mails within a day.
pub fn ask_again(tx: &mut TenantTx<'_>, key: &MasterKey, user: UserId) -> Result<User> {
    let user = people::user(&mut tx.platform(), user)?;
    if user.email_verified_at.is_some() {
        return Err(Error::conflict("user.already_verified", "This e-mail address is verified already."));
    }
    let day_ago = tx.now().minus(chrono::Duration::days(1));
    if verifications::count_since(&mut tx.platform(), user.id, day_ago)? >= MAILS_A_DAY {
        let message =
            format!("{MAILS_A_DAY} e-mails went to this address within a day. Look for them, or try tomorrow.");
        return Err(
            Error::too_many("user.verification_limit", message).with_retry_after(std::time::Duration::from_secs(3600))
        );
    }
    ask(tx, key, &user)?;
    Ok(user)
}

fn token_of(key: &MasterKey, id: VerificationId) -> String {
    key.token(PROVES, &purpose_of(PROVES, id))
}

fn taking_token_of(key: &MasterKey, id: VerificationId) -> String {
    key.token(TAKES, &purpose_of(TAKES, id))
}

fn purpose_of(prefix: &str, id: VerificationId) -> String {
    if prefix == PROVES { format!("verification:{id}") } else { format!("address:{id}") }
}

/// What the link in a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows that the account's holder reads the mailbox.
    Prove,
    /// Takes the address from the account, for a sign-up of whoever reads the mailbox.
    Take,
}

/// The link still to be opened, and whose it is; nobody's when it is too late or not needed any more.
pub fn pending(tx: &mut TenantTx<'_>, id: VerificationId) -> Result<Option<(Verification, User)>> {
    let tx = &mut tx.platform();
    let Some(found) = verifications::live(tx, id)? else { return Ok(None) };
    let user = people::user(tx, found.user_id)?;
    Ok(user.email_verified_at.is_none().then_some((found, user)))
}

/// The link itself, for its receiver alone; `None` when it need not be opened any more.
pub fn link(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    (id, purpose): (VerificationId, Purpose),
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let Some((_, user)) = pending(tx, id)? else { return Ok(None) };
    // Who takes an address from an account is none of the tenant's.
    let pages = match purpose {
        Purpose::Prove => pages::of_user(tx, user.id, settings)?,
        Purpose::Take => pages::of_platform(settings).to_string(),
    };
    let (page, prefix) = match purpose {
        Purpose::Prove => ("verify-email", PROVES),
        Purpose::Take => ("signup", TAKES),
    };
    let is_known = |token: &str| Ok::<_, Error>(verifications::presented(&mut tx.platform(), token)?.is_some());
    let token = key.token_known(prefix, &purpose_of(prefix, id), is_known)?;
    Ok(Some(pages::with_token(&pages, page, &token)))
}

/// Whoever has the token reads the mailbox. Showing it again changes nothing.
///
/// # Errors
/// `verification.not_found`.
pub fn verify(tx: &mut PlatformTx<'_>, token: &str) -> Result<User> {
    let unknown = || {
        let message = "This link is not valid any more. Log in and ask for a new one.";
        Error::not_found("verification.not_found", message)
    };
    // The other kind of link says that the account is somebody else's.
    let known = token.starts_with(PROVES);
    let found = verifications::presented(tx, token)?.filter(|_| known).ok_or_else(unknown)?;
    mark(tx, found.user_id)?;
    people::user(tx, found.user_id)
}

/// The user has shown that the mailbox is theirs.
pub fn mark(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    if !verifications::mark_user(tx, user)? {
        return Ok(());
    }
    let user = people::user(tx, user)?;
    for entrance in people::entrances_across_tenants(tx, user.id)? {
        let tx = &mut tx.for_tenant(entrance.tenant_id);
        tx.record(told(&user).told_as(VerificationFact::VERIFIED).about(user.id.uuid()))?;
        vouch(tx, &user, entrance.role)?;
    }
    Ok(())
}

/// Somebody signed up with an address that an unverified account has: the mailbox is asked whose it is. The caller learns
/// nothing of it.
pub(super) fn offer_address(tx: &mut PlatformTx<'_>, key: &MasterKey, email: &Email) -> Result<()> {
    let Some(user) = people::account(tx, email)?.filter(|user| user.email_verified_at.is_none()) else { return Ok(()) };
    let Some(tenant) = people::first_tenant(tx, user.id)? else { return Ok(()) };
    let span = Span::day(tx.now());
    let tally = Tally { tenant: platform_tenant(), kind: "addresses_offered", subject: email.as_str(), span };
    if !tally.take(tx, OFFERS_A_DAY)? {
        return Ok(());
    }
    let id = VerificationId::new();
    let expires_at = tx.now().plus(chrono::Duration::days(VALID_DAYS));
    verifications::create(tx, id, user.id, &taking_token_of(key, id), expires_at)?;
    let fact = VerificationFact { verification_id: Some(id), offers_address: Some(true), ..told(&user) };
    tx.for_tenant(tenant).record(fact.told_as(VerificationFact::REQUESTED).about(user.id.uuid()))?;
    Ok(())
}

/// Takes the address from the account that never showed that it is theirs, for whoever read the mail with this token.
///
/// # Errors
/// `verification.not_found`, also when the account's holder verified the address meanwhile.
pub(super) fn take_address(tx: &mut PlatformTx<'_>, email: &Email, token: &str) -> Result<()> {
    let unknown = || {
        let message = "This link is not valid any more. Sign up without its token to be mailed a new one.";
        Error::not_found("verification.not_found", message)
    };
    let known = token.starts_with(TAKES);
    let found = verifications::presented(tx, token)?.filter(|_| known).ok_or_else(unknown)?;
    let user = people::user(tx, found.user_id)?;
    if user.email != email.as_str() || user.email_verified_at.is_some() {
        return Err(unknown());
    }
    people::release_unverified(tx, email)
}

/// The operators know whose business it is; `false` when that was known before.
pub(super) fn vouch_for(tx: &mut TenantTx<'_>) -> Result<bool> {
    let tenant = tx.tenant();
    let is_new = verifications::mark_tenant(&mut tx.platform(), tenant)?;
    if is_new {
        tx.record(TenantVerified::default().about(tenant.uuid()))?;
    }
    Ok(is_new)
}

/// A tenant with a verified owner is verified: call it when somebody became a member or an owner.
pub(super) fn vouch(tx: &mut TenantTx<'_>, user: &User, role: Role) -> Result<()> {
    if role != Role::Owner || user.email_verified_at.is_none() {
        return Ok(());
    }
    let tenant = tx.tenant();
    if verifications::mark_tenant(&mut tx.platform(), tenant)? {
        let fact = TenantVerified { user_id: Some(user.id), email: Some(user.email.clone()) };
        tx.record(fact.about(tenant.uuid()))?;
    }
    Ok(())
}
