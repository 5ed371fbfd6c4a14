//! That it is the caller who means it: their password once more, and a code of their second factor; or one of their passkeys.

use crate::base::crypto::Secret;
use crate::base::email::Email;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::tenants::access::{Attempts, Caller};
use crate::tenants::log_in::{Proof, prove_user};
use crate::tenants::second_factor;
use crate::tenants::second_factor::proof::{Means, OwnProof};
use crate::tenants::store::people;

/// Proves the caller's own password, as one attempt.
async fn prove(core: &Core, caller: &Caller, attempts: &Attempts, password: Secret) -> Result<Option<Proof>> {
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

/// Proves the caller's own password, where that is what they prove themselves by, and counts the code as a try.
pub(super) async fn prove_own(core: &Core, caller: &Caller, attempts: &Attempts, own: OwnProof) -> Result<Means> {
    let OwnProof { current_password, code, credential } = own;
    match (current_password, credential) {
        (None, Some(credential)) => Ok(Means::Passkey(credential)),
        (Some(password), None) => {
            let proof = prove(core, caller, attempts, password).await?;
            if code.is_some() {
                count_try(core, caller).await?;
            }
            Ok(Means::Password(proof, code))
        }
        (Some(_), Some(_)) => Err(Error::field("/credential", "not_both", "send this or your password, and not both")),
        (None, None) => {
            let rule = "send your password here, or a passkey of yours as credential";
            Err(Error::field("/current_password", "required", rule))
        }
    }
}

/// Counts a try at a code of the caller, whatever becomes of it.
pub(super) async fn count_try(core: &Core, caller: &Caller) -> Result<()> {
    let user = caller.require_user()?;
    core.write(caller, move |tx| second_factor::count_try(&mut tx.platform(), user)).await
}
