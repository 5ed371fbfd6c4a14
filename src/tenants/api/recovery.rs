//! What mailed links do for an account: a new password, another address, the former one back, and away with somebody else's second factor.

use actix_web::post;
use validator::Validate;

use super::proving::prove_own;
use super::second_factor::SecondFactorView;
use super::users::UserView;
use crate::base::bounded::Line;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Json, Once, Reply};
use crate::tenants::access::{Anyone, Attempts, Caller, Recovering};
use crate::tenants::email_change::{self, EmailRestoration, NewEmail};
use crate::tenants::passkeys::Site;
use crate::tenants::reset::{self, ForgottenPassword, PasswordReset};
use crate::tenants::second_factor::rejection::{self, SecondFactorRejection};

/// What is always answered, whether or not there is an account.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"email": "owner@abc.example.com"}))]
pub struct AskedView {
    /// The address as it is read.
    email: String,
}

/// Mail a link to set a new password
///
/// Answers the same, in the same time, whether or not the address has an account. Five links a day for a mailbox; each works
/// once, within an hour, and takes a new password by `POST /v1/auth/password-reset`.
#[utoipa::path(
    security(()),
    responses((status = 202, description = "If there is such an account, a link is on its way", body = AskedView))
)]
#[post("/auth/password-reset-email")]
pub async fn send_password_reset_email(
    anyone: Anyone<Recovering>,
    core: Core,
    input: Json<ForgottenPassword>,
    once: Once,
) -> Answer {
    let (key, email) = (core.master_key.clone(), input.0.email);
    once.write(&core, anyone.scope(), move |tx| {
        reset::ask(tx, &key, &email)?;
        Ok(Reply::accepted(AskedView { email: email.into_string() }))
    })
    .await
}

/// Set a new password by a mailed link
///
/// Ends every session of the user, in every tenant, and voids all such links; log in with the new password then. The user is
/// told by e-mail.
#[utoipa::path(
    security(()),
    responses(
        (status = 204, description = "The password is the new one"),
        (status = 404, description = "The token is unknown, was used, or its hour is over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/password-reset")]
pub async fn reset_password(anyone: Anyone<Recovering>, core: Core, input: Json<PasswordReset>, once: Once) -> Answer {
    let token = input.0.token.clone();
    let email = core.db.read(anyone.scope(), move |tx| reset::address_of(tx, &token)).await?;
    let hash = input.0.hash_new(&email).await?;
    once.write(&core, anyone.scope(), move |tx| reset::set(tx, &input.0.token, &hash).map(|()| Reply::nothing())).await
}

/// Ask for another e-mail address
///
/// With the password or a passkey. A link is mailed to the new address; the address is the user's once it was opened
/// (`POST /v1/auth/email-change`), within a day. Answers the same whether or not the address has an account. Five times a day; the newest wish counts.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 202, description = "The user, still with the address of now", body = UserView))
)]
#[post("/me/email")]
pub async fn change_email(caller: Caller, core: Core, attempts: Attempts, input: Json<NewEmail>, once: Once) -> Answer {
    let user = caller.require_user()?;
    let (email, own) = input.0.parts();
    let means = prove_own(&core, &caller, &attempts, own).await?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        email_change::ask(tx, &key, &site, (user, means), &email).map(|user| Reply::accepted(UserView::from(user)))
    })
    .await
}

/// The token of a link that was mailed to a new address.
#[derive(serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "eml_Q2Fubm90IGJlIGd1ZXNzZWQ"}))]
pub struct EmailToken {
    token: Line<1, 200>,
}

/// Confirm another e-mail address
///
/// With the token of the link that went there; once. The former address is told, with a way back that works for a week, unless nobody
/// had shown it to be theirs.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "The user with the new address, which is verified", body = UserView),
        (status = 404, description = "The token is unknown, was used, or its day is over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/email-change")]
pub async fn confirm_email_change(
    anyone: Anyone<Recovering>,
    core: Core,
    input: Json<EmailToken>,
    once: Once,
) -> Answer {
    once.write(&core, anyone.scope(), move |tx| {
        email_change::confirm(tx, &input.0.token).map(|user| Reply::ok(UserView::from(user)))
    })
    .await
}

/// Take the former e-mail address back
///
/// For whoever did not change it, with the token of the mail that went to the former address: the account has that address again, the
/// password of this request, and no sessions.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "The user with the former address", body = UserView),
        (status = 404, description = "The token is unknown, was used, or its week is over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/email-restoration")]
pub async fn restore_email(
    anyone: Anyone<Recovering>,
    core: Core,
    input: Json<EmailRestoration>,
    once: Once,
) -> Answer {
    let token = input.0.token.clone();
    let email = core.db.read(anyone.scope(), move |tx| email_change::former_of(tx, &token)).await?;
    let hash = input.0.hash_new(&email).await?;
    once.write(&core, anyone.scope(), move |tx: &mut PlatformTx<'_>| {
        email_change::undo(tx, &input.0.token, &hash).map(|user| Reply::ok(UserView::from(user)))
    })
    .await
}

/// Reject a second factor that somebody else added
///
/// For whoever did not add the passkey or authenticator app that a mail told of, with the token of that mail, within a week and without
/// any code: it is taken away with what was added since, recovery codes and all sessions are void, and the password is the one of
/// this request. Second factors from before stay. Answers what is left: who does not know it opens the link of an earlier mail,
/// or asks the platform's support.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "The second factors that are left", body = SecondFactorView),
        (status = 404, description = "The token is unknown, was used, or its week is over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/second-factor-rejection")]
pub async fn reject_second_factor(
    anyone: Anyone<Recovering>,
    core: Core,
    input: Json<SecondFactorRejection>,
    once: Once,
) -> Answer {
    let token = input.0.token.clone();
    let email = core.db.read(anyone.scope(), move |tx| rejection::address_of(tx, &token)).await?;
    let hash = input.0.hash_new(&email).await?;
    once.write(&core, anyone.scope(), move |tx: &mut PlatformTx<'_>| {
        rejection::reject(tx, &input.0.token, &hash).map(|left| Reply::ok(SecondFactorView::from(left)))
    })
    .await
}
