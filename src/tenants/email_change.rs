//! Another e-mail address: it is the user's once its mailbox has answered, and the former one may take the account back for a week.
//!
//! Whoever asks is answered the same whether or not the new address has an account; only its mailbox is told. The address is taken
//! from an account that never showed it to be theirs, as in [`super::verify`]. A former address that nobody had verified may be a
//! stranger's by a slip of the keyboard, so no way back is mailed there.

use validator::Validate;

use super::facts::EmailChangeFact;
use super::pages;
use super::passkeys::Site;
use super::passkeys::answer::Credential;
use super::password;
use super::reset;
use super::second_factor::proof::{self, Means, OwnProof};
use super::store::email_changes::{self, EmailChange, Wish};
use super::store::people::{self, User};
use super::store::{passkeys, second_factors};
use super::verify;
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::Email;
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{Fact as _, platform_tenant};
use crate::engine::tally::{Span, Tally};
use crate::tenants::id::EmailChangeId;

const VALID_HOURS: i64 = 24;
const UNDO_DAYS: i64 = 7;
/// Wishes of one user within a day.
const A_DAY: u32 = 5;
const CHANGES: &str = "eml_";
const UNDOES: &str = "und_";

/// Which address, and that it is the user who wants it: by the password, or by one of their passkeys.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "rajesh@abc.example.com", "current_password": "monsoon-over-andheri"}))]
pub struct NewEmail {
    pub email: Email,
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    /// Of an authenticator app, or a recovery code. The password is enough without one; one that is sent must be right.
    pub code: Option<Line<1, 40>>,
    /// Instead of the password: `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

impl NewEmail {
    /// Which address, and who wants it.
    pub fn parts(self) -> (Email, OwnProof) {
        let Self { email, current_password, code, credential } = self;
        (email, OwnProof { current_password, code, credential })
    }
}

/// Notes the wish, and has the new address mailed a link. A wish of before is dropped: the newest one counts.
///
/// # Errors
/// `request.invalid` without a proof that still holds, or for the address of now; `user.email_change_limit`.
pub fn ask(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    (user, means): (UserId, Means),
    email: &Email,
) -> Result<User> {
    proof::demand_one(&mut tx.platform(), key, site, user, means)?;
    let user = people::user(&mut tx.platform(), user)?;
    if user.email == email.as_str() {
        return Err(Error::field("/email", "unchanged", "this is your address already; name another"));
    }
    let (subject, span) = (user.id.to_string(), Span::day(tx.now()));
    let tally = Tally { tenant: platform_tenant(), kind: "email_changes", subject: &subject, span };
    if !tally.take(&mut tx.platform(), A_DAY)? {
        let message = format!("You asked for another address {A_DAY} times today. Try again at {}.", span.ends_at);
        let wait = span.ends_at.since(tx.now()).to_std().unwrap_or_default();
        return Err(Error::too_many("user.email_change_limit", message).with_retry_after(wait));
    }
    email_changes::forget_open(&mut tx.platform(), user.id)?;
    if !verify::fits_mailbox(tx, email.as_str())? {
        return Ok(user);
    }
    let id = EmailChangeId::new();
    let wish = Wish {
        id,
        user: user.id,
        former: &user.email,
        wanted: email.as_str(),
        token: &token_of(key, id),
        undo_token: &undo_token_of(key, id),
        expires_at: tx.now().plus(chrono::Duration::hours(VALID_HOURS)),
    };
    email_changes::create(&mut tx.platform(), &wish)?;
    let fact = EmailChangeFact {
        change_id: Some(id),
        email: Some(user.email.clone()),
        wanted: Some(email.as_str().into()),
        ..EmailChangeFact::default()
    };
    tx.record(fact.told_as(EmailChangeFact::REQUESTED).about(user.id.uuid()))?;
    Ok(user)
}

fn token_of(key: &MasterKey, id: EmailChangeId) -> String {
    key.token(CHANGES, &format!("email change:{id}"))
}

fn undo_token_of(key: &MasterKey, id: EmailChangeId) -> String {
    key.token(UNDOES, &format!("email change undone:{id}"))
}

/// Whether the wish may still come true, but for who else has the address.
fn is_open(tx: &PlatformTx<'_>, change: &EmailChange, user: &User) -> bool {
    change.changed_at.is_none() && change.expires_at > tx.now() && user.email == change.former
}

/// Whose the wanted address is already, if somebody showed it to be theirs.
fn holder(tx: &mut PlatformTx<'_>, address: &str) -> Result<Option<User>> {
    let email: Email = address.parse().map_err(Error::internal)?;
    Ok(people::account(tx, &email)?.filter(|user| user.email_verified_at.is_some()))
}

/// What a mail about a change is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To the new address: is it yours?
    Prove,
    /// To the former one: it was changed, and how to undo that.
    Undo,
}

/// A change that is to be mailed of; `None` when it need not be any more, or the new address is somebody's.
pub fn pending(tx: &mut TenantTx<'_>, id: EmailChangeId, purpose: Purpose) -> Result<Option<EmailChange>> {
    let tx = &mut tx.platform();
    let Some(change) = email_changes::find(tx, id)? else { return Ok(None) };
    let is_pending = match purpose {
        Purpose::Prove => {
            let user = people::user(tx, change.user_id)?;
            is_open(tx, &change, &user) && holder(tx, &change.wanted)?.is_none()
        }
        Purpose::Undo => change.undo_until.is_some_and(|until| until > tx.now()),
    };
    Ok(is_pending.then_some(change))
}

/// The link itself, for its receiver alone; `None` when it need not be opened any more.
pub fn link(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    (id, purpose): (EmailChangeId, Purpose),
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let Some(change) = pending(tx, id, purpose)? else { return Ok(None) };
    let pages = pages::of_user(tx, change.user_id, settings)?;
    Ok(Some(match purpose {
        Purpose::Prove => pages::with_token(&pages, "change-email", &token_of(key, id)),
        Purpose::Undo => pages::with_token(&pages, "restore-email", &undo_token_of(key, id)),
    }))
}

fn unknown() -> Error {
    let message = "This link is not valid any more. Log in and ask for a new one.";
    Error::not_found("email_change.not_found", message)
}

fn taken() -> Error {
    Error::conflict(
        "user.email_taken",
        "There is an account with this e-mail address. Close it, or use another address.",
    )
}

/// The reader of the new mailbox says that it is theirs: it is the user's address from now on.
///
/// # Errors
/// `email_change.not_found`; `user.email_taken` when an account has the address, which only its reader is told.
pub fn confirm(tx: &mut PlatformTx<'_>, token: &str) -> Result<User> {
    let change = email_changes::presented(tx, token)?.ok_or_else(unknown)?;
    let user = people::user(tx, change.user_id)?;
    if !is_open(tx, &change, &user) {
        return Err(unknown());
    }
    let undo_until = user.email_verified_at.map(|_| tx.now().plus(chrono::Duration::days(UNDO_DAYS)));
    if !email_changes::mark_changed(tx, change.id, undo_until)? {
        return Err(unknown());
    }
    readdress(tx, user.id, &change.wanted)?;
    if let Some(tenant) = people::first_tenant(tx, user.id)? {
        let fact = EmailChangeFact {
            change_id: Some(change.id),
            email: Some(change.wanted),
            previous: Some(change.former),
            ..EmailChangeFact::default()
        };
        tx.for_tenant(tenant).record(fact.told_as(EmailChangeFact::CHANGED).about(user.id.uuid()))?;
    }
    people::user(tx, user.id)
}

/// Gives the user an address whose mailbox answered.
fn readdress(tx: &mut PlatformTx<'_>, user: UserId, address: &str) -> Result<()> {
    if holder(tx, address)?.is_some_and(|holder| holder.id != user) {
        return Err(taken());
    }
    let email: Email = address.parse().map_err(Error::internal)?;
    if people::account(tx, &email)?.is_some_and(|holder| holder.id != user) {
        people::release_unverified(tx, &email)?;
    }
    if !people::set_email(tx, user, address)? {
        return Err(taken());
    }
    verify::mark(tx, user)
}

/// The way back: the token of the mail to the former address, and a new password.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "und_Q2Fubm90IGJlIGd1ZXNzZWQ", "new_password": "first-rain-in-june"}))]
pub struct EmailRestoration {
    pub token: Line<1, 200>,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub new_password: Secret,
}

impl EmailRestoration {
    /// Hashes the new password if it will do.
    pub(super) async fn hash_new(&self, email: &str) -> Result<String> {
        password::check(&self.new_password, &[email], "/new_password").await?;
        password::hash(self.new_password.clone()).await
    }
}

/// The address that the token gives back.
///
/// # Errors
/// `email_change.not_found`.
pub fn former_of(tx: &mut PlatformTx<'_>, token: &str) -> Result<String> {
    Ok(email_changes::undoable(tx, token)?.ok_or_else(unknown)?.former)
}

/// Gives the account back to whoever reads the former mailbox: the address, a new password, and no session of anybody's.
///
/// # Errors
/// `email_change.not_found`, `user.email_taken`.
pub fn undo(tx: &mut PlatformTx<'_>, token: &str, new_hash: &str) -> Result<User> {
    let change = email_changes::undoable(tx, token)?.ok_or_else(unknown)?;
    let before = people::user(tx, change.user_id)?;
    reset::renew(tx, &before, new_hash, "email_restored")?;
    email_changes::forget_all(tx, before.id)?;
    // Whoever changed the address may have put a device of their own before the account.
    second_factors::remove_since(tx, before.id, change.created_at)?;
    passkeys::delete_since(tx, before.id, change.created_at)?;
    readdress(tx, before.id, &change.former)?;
    if let Some(tenant) = people::first_tenant(tx, before.id)? {
        let fact = EmailChangeFact {
            change_id: Some(change.id),
            email: Some(change.former),
            previous: Some(before.email),
            ..EmailChangeFact::default()
        };
        tx.for_tenant(tenant).record(fact.told_as(EmailChangeFact::RESTORED).about(before.id.uuid()))?;
    }
    people::user(tx, before.id)
}
