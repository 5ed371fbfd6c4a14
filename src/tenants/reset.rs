//! A forgotten password: whoever reads the mailbox sets a new one, by a link that works once within an hour.
//!
//! Whoever asks is answered the same in the same time, whether or not there is an account: the same rows are written, and a job
//! looks afterwards. The token follows from the master key and the link's id, as in [`super::verify`]. A new password ends
//! every session and every other link of the account. It does not show that the mailbox was theirs who signed up, so it verifies nothing.

use validator::Validate;

use super::facts::{PasswordResetRequested, UserPasswordChanged};
use super::pages;
use super::password;
use super::store::people::{self, User};
use super::store::resets::{self, Reset};
use super::store::{email_changes, sessions};
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::{Email, mailbox};
use crate::base::{Error, Result};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{SoleFact as _, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, enqueue};
use crate::engine::tally::{Span, Tally};
use crate::tenants::id::PasswordResetId;

const VALID_MINUTES: i64 = 60;
/// Mails to one mailbox within a day, under whatever spelling.
const MAILS_A_DAY: u32 = 5;
const TOKENS: &str = "rst_";

/// Tells the account's holder of a link, if there is an account; soon, because somebody waits for it.
pub static TELL: JobKind = JobKind::new("password_reset.tell").priority(2);

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    reset_id: PasswordResetId,
}

/// Whose password was forgotten.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "owner@abc.example.com"}))]
pub struct ForgottenPassword {
    pub email: Email,
}

/// Notes that a link is wanted. Beyond so many a day for a mailbox nothing is noted, and nobody is told so.
pub fn ask(tx: &mut PlatformTx<'_>, key: &MasterKey, email: &Email) -> Result<()> {
    let (mailbox, span) = (mailbox(email.as_str()), Span::day(tx.now()));
    let tally = Tally { tenant: platform_tenant(), kind: "password_resets", subject: &mailbox, span };
    if !tally.take(tx, MAILS_A_DAY)? {
        return Ok(());
    }
    let id = PasswordResetId::new();
    let expires_at = tx.now().plus(chrono::Duration::minutes(VALID_MINUTES));
    resets::create(tx, id, email.as_str(), &token_of(key, id), expires_at)?;
    enqueue(tx, platform_tenant(), NewJob::new(&TELL, &Payload { reset_id: id }))?;
    Ok(())
}

fn token_of(key: &MasterKey, id: PasswordResetId) -> String {
    key.token(TOKENS, &format!("password reset:{id}"))
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let id = context.payload::<Payload>()?.reset_id;
    context.finish_platform(move |tx| tell(tx, id)).await
}

/// The mail is a reaction to the fact (see `notify`).
fn tell(tx: &mut PlatformTx<'_>, id: PasswordResetId) -> Result<()> {
    let Some((_, user)) = wanted(tx, id)? else { return Ok(()) };
    let Some(tenant) = people::first_tenant(tx, user.id)? else { return Ok(()) };
    let fact = PasswordResetRequested { reset_id: Some(id), email: user.email };
    tx.for_tenant(tenant).record(fact.about(user.id.uuid()))?;
    Ok(())
}

/// The open link and whose account it is for.
fn wanted(tx: &mut PlatformTx<'_>, id: PasswordResetId) -> Result<Option<(Reset, User)>> {
    let Some(reset) = resets::open(tx, id)? else { return Ok(None) };
    Ok(holder(tx, &reset)?.map(|user| (reset, user)))
}

fn holder(tx: &mut PlatformTx<'_>, reset: &Reset) -> Result<Option<User>> {
    let email: Email = reset.email.parse().map_err(Error::internal)?;
    people::account(tx, &email)
}

/// The link still to be opened, and whose it is.
pub fn pending(tx: &mut TenantTx<'_>, id: PasswordResetId) -> Result<Option<(Reset, User)>> {
    wanted(&mut tx.platform(), id)
}

/// The link itself, for its receiver alone; `None` when it need not be opened any more.
pub fn link(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    id: PasswordResetId,
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let Some((_, user)) = pending(tx, id)? else { return Ok(None) };
    let pages = pages::of_user(tx, user.id, settings)?;
    Ok(Some(pages::with_token(&pages, "reset-password", &token_of(key, id))))
}

/// A new password, and the token of the mailed link.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "rst_Q2Fubm90IGJlIGd1ZXNzZWQ", "new_password": "first-rain-in-june"}))]
pub struct PasswordReset {
    pub token: Line<1, 200>,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub new_password: Secret,
}

impl PasswordReset {
    /// Hashes the new password if it will do.
    pub(super) async fn hash_new(&self, email: &str) -> Result<String> {
        password::check(&self.new_password, &[email], "/new_password").await?;
        password::hash(self.new_password.clone()).await
    }
}

fn unknown() -> Error {
    let message = "This link is not valid any more: it works once, within an hour. Ask for a new one.";
    Error::not_found("password_reset.not_found", message)
}

/// Whose password the token may set.
///
/// # Errors
/// `password_reset.not_found`.
pub fn address_of(tx: &mut PlatformTx<'_>, token: &str) -> Result<String> {
    Ok(resets::presented(tx, token)?.ok_or_else(unknown)?.email)
}

/// Sets the password, and ends every session of the user in every tenant.
///
/// # Errors
/// `password_reset.not_found`.
pub fn set(tx: &mut PlatformTx<'_>, token: &str, new_hash: &str) -> Result<()> {
    let reset = resets::take(tx, token)?.ok_or_else(unknown)?;
    let user = holder(tx, &reset)?.ok_or_else(unknown)?;
    let ended = renew(tx, &user, new_hash, "password_reset")?;
    if let Some(tenant) = people::first_tenant(tx, user.id)? {
        let fact = UserPasswordChanged { sessions_ended: ended, by_mailed_link: Some(true) };
        tx.for_tenant(tenant).record(fact.about(user.id.uuid()))?;
    }
    Ok(())
}

/// Another password than before, for who lost control: sessions end, and so does what was begun meanwhile. Answers how many sessions ended.
pub(super) fn renew(tx: &mut PlatformTx<'_>, user: &User, new_hash: &str, reason: &str) -> Result<i64> {
    people::set_password(tx, user.id, new_hash)?;
    resets::void(tx, &user.email)?;
    email_changes::forget_open(tx, user.id)?;
    let ended = sessions::revoke_across_tenants(tx, user.id, None, reason)?;
    Ok(i64::try_from(ended.len()).unwrap_or(i64::MAX))
}
