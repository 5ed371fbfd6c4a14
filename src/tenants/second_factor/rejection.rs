//! A second factor that somebody else put before the account: whoever knew the password could, where there was none before, and the
//! holder, who has neither that device nor its codes, would be locked out.
//!
//! The mail that tells of a new one brings a link, which works once within a week and needs nothing but the mailbox. It takes away
//! what was added since, with every recovery code and session, and sets a password. What stood before the account earlier stays, so
//! the mailbox alone is no way around that. A mailbox that nobody has shown to be theirs gets no such link: it may be a stranger's
//! by a slip of the keyboard. Whoever comes too late asks the operators ([`super::reset`]).

use validator::Validate;

use super::{Standing, record, standing};
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::tenants::facts::SecondFactorFact;
use crate::tenants::id::RejectionId;
use crate::tenants::store::people::{self, User};
use crate::tenants::store::rejections::{self, Rejection};
use crate::tenants::store::{passkeys, second_factors};
use crate::tenants::{pages, password, reset};

const VALID_DAYS: i64 = 7;
const TOKENS: &str = "rej_";

fn token_of(key: &MasterKey, id: RejectionId) -> String {
    key.token(TOKENS, &format!("second factor rejected:{id}"))
}

/// A way to reject what is put before the account now; none where nobody has shown that the mailbox is theirs.
pub(super) fn offer(tx: &mut PlatformTx<'_>, key: &MasterKey, user: UserId) -> Result<Option<RejectionId>> {
    let User { email, email_verified_at, .. } = people::user(tx, user)?;
    if email_verified_at.is_none() {
        return Ok(None);
    }
    let (id, now) = (RejectionId::new(), tx.now());
    let expires_at = now.plus(chrono::Duration::days(VALID_DAYS));
    let row = Rejection { id, user_id: user, email, expires_at, created_at: now };
    rejections::create(tx, &row, &token_of(key, id))?;
    Ok(Some(id))
}

/// The link still to be opened.
pub fn pending(tx: &mut TenantTx<'_>, id: RejectionId) -> Result<Option<Rejection>> {
    rejections::open(&mut tx.platform(), id)
}

/// The link itself, for its receiver alone; `None` when it need not be opened any more.
pub fn link(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    id: RejectionId,
    settings: &CoreSettings,
) -> Result<Option<String>> {
    let Some(row) = pending(tx, id)? else { return Ok(None) };
    let pages = pages::of_user(tx, row.user_id, settings)?;
    Ok(Some(pages::with_token(&pages, "reject-second-factor", &token_of(key, id))))
}

/// The token of the mailed link, and a new password.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "rej_Q2Fubm90IGJlIGd1ZXNzZWQ", "new_password": "first-rain-in-june"}))]
pub struct SecondFactorRejection {
    pub token: Line<1, 200>,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub new_password: Secret,
}

impl SecondFactorRejection {
    /// Hashes the new password if it will do.
    pub(in crate::tenants) async fn hash_new(&self, email: &str) -> Result<String> {
        password::check(&self.new_password, &[email], "/new_password").await?;
        password::hash(self.new_password.clone()).await
    }
}

fn unknown() -> Error {
    let message = "This link is not valid any more: it works once, within a week. Ask the platform's support.";
    Error::not_found("second_factor.rejection_not_found", message)
}

/// Whose account the token is of.
///
/// # Errors
/// `second_factor.rejection_not_found`.
pub fn address_of(tx: &mut PlatformTx<'_>, token: &str) -> Result<String> {
    let row = rejections::presented(tx, token)?.ok_or_else(unknown)?;
    Ok(people::user(tx, row.user_id)?.email)
}

/// Takes away what was put before the account since, and everybody's way in but the new password. Answers what is left.
///
/// # Errors
/// `second_factor.rejection_not_found`.
pub fn reject(tx: &mut PlatformTx<'_>, token: &str, new_hash: &str) -> Result<Standing> {
    let row = rejections::presented(tx, token)?.ok_or_else(unknown)?;
    passkeys::hold_user(tx, row.user_id)?;
    if !rejections::take(tx, &row)? {
        return Err(unknown());
    }
    let user = people::user(tx, row.user_id)?;
    reset::renew(tx, &user, new_hash, "second_factor_rejected")?;
    second_factors::remove_enabled_since(tx, user.id, row.created_at)?;
    passkeys::delete_since(tx, user.id, row.created_at)?;
    // Whoever was in has seen those, or made them.
    second_factors::set_recovery_codes(tx, user.id, &[])?;
    record(tx, user.id, SecondFactorFact::REJECTED, SecondFactorFact::default())?;
    standing(tx, user.id)
}
