//! That it is the caller who means it: their password once more, and a code of their second factor.

use crate::base::crypto::Secret;
use crate::base::email::Email;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::tenants::access::{Attempts, Caller};
use crate::tenants::log_in::{Proof, prove_user};
use crate::tenants::second_factor;
use crate::tenants::store::people;

/// Proves the caller's own password, as one attempt.
pub(super) async fn prove(
    core: &Core,
    caller: &Caller,
    attempts: &Attempts,
    password: Secret,
) -> Result<Option<Proof>> {
    let user = caller.require_user()?;
    let found = core.read(caller, move |tx| people::user(&mut tx.platform(), user)).await?;
    let own: Email = found.email.parse().map_err(Error::internal)?;
    let attempt = attempts.begin(&own)?;
    let proof = prove_user(core, caller.scope(), user, password).await?;
    if proof.is_some() {
        attempt.succeeded();
    }
    Ok(proof)
}

/// Counts a try at a code of the caller, whatever becomes of it.
pub(super) async fn count_try(core: &Core, caller: &Caller) -> Result<()> {
    let user = caller.require_user()?;
    core.write(caller, move |tx| second_factor::count_try(&mut tx.platform(), user)).await
}
