//! The operators' way out for somebody who lost every second factor, or whose account somebody else put one before.
//!
//! Who it is, the operators find out by themselves, and say how. What lets in afterwards is the mailbox alone: the password of before
//! may be known to whoever else was in, so the person sets another one by a mailed link.

use validator::Validate;

use super::{is_enabled, not_enabled, record};
use crate::base::bounded::Text;
use crate::base::email::Email;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::tenants::facts::SecondFactorFact;
use crate::tenants::store::{passkeys, people, rejections, second_factors};

/// Whose second factors are taken away, and how operators know that it is they who ask.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "owner@abc.example.com", "reason": "Called back at the business' number; knew the last invoice."}))]
pub struct SecondFactorReset {
    pub email: Email,
    /// How you know who it is. It stands in the tenant's events.
    pub reason: Text<1, 500>,
}

/// Takes away the app, every passkey, recovery code and session, and the password, for which `unusable` is put.
///
/// # Errors
/// `user.not_found`, `second_factor.not_enabled`.
pub fn reset(tx: &mut PlatformTx<'_>, wish: SecondFactorReset, unusable: &str) -> Result<()> {
    let unknown = || Error::not_found("user.not_found", "No account has this e-mail address.");
    let user = people::account(tx, &wish.email)?.ok_or_else(unknown)?;
    passkeys::hold_user(tx, user.id)?;
    if !is_enabled(tx, user.id)? {
        return Err(not_enabled());
    }
    crate::tenants::reset::renew(tx, &user, unusable, "second_factor_reset")?;
    second_factors::remove(tx, user.id)?;
    passkeys::delete_all(tx, user.id)?;
    second_factors::set_recovery_codes(tx, user.id, &[])?;
    rejections::forget(tx, user.id)?;
    let fact = SecondFactorFact { reason: Some(wish.reason.into()), ..SecondFactorFact::default() };
    record(tx, user.id, SecondFactorFact::RESET, fact)
}
