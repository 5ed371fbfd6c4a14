//! A user's second factor: beginning, confirming, recovery codes, turning it off, and logging in with it.

use actix_web::{HttpResponse, get, post};

use super::cookies::{self, BrowserSessionView};
use super::proving::{count_try, prove_own};
use super::signed_in::SignedInView;
use crate::base::Error;
use crate::base::crypto::{Secret, random_token};
use crate::base::email::Email;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Json, Once, Reply};
use crate::tenants::access::{Anyone, Attempts, Browser, Caller, LoggingIn, Operator};
use crate::tenants::log_in;
use crate::tenants::passkeys::Site;
use crate::tenants::password;
use crate::tenants::second_factor::enter::{self, ChallengeAnswer};
use crate::tenants::second_factor::proof::OwnProof;
use crate::tenants::second_factor::reset::SecondFactorReset;
use crate::tenants::second_factor::{
    self, Provisioned, RecoveryCodesRenewal, SecondFactorCode, SecondFactorRemoval, Standing,
};
use crate::tenants::session;
use crate::tenants::store::people;

crate::view! {
    /// How the caller's second factor stands.
    #[schema(example = json!({"enabled_at": "2026-11-20T09:00:00Z", "passkeys": 2, "recovery_codes_left": 10}))]
    pub struct SecondFactorView from standing: Standing {
        /// Since when a code of an authenticator app is asked for at log-in; null where none is.
        enabled_at: Option<Timestamp>,
        /// Each of which is a second factor, too.
        passkeys: i64,
        recovery_codes_left: i64,
    }
}

crate::view! {
    /// What an authenticator app is told, once.
    #[schema(example = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "uri": "otpauth://totp/LeadGen%20Pro:owner%40abc%2Eexample%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=LeadGen%20Pro&algorithm=SHA1&digits=6&period=30"}))]
    pub struct ProvisionedView from provisioned: Provisioned {
        /// In base32, for whoever types it.
        secret: String,
        /// For a QR code.
        uri: String,
    }
}

/// A second factor that is on.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"recovery_codes": ["abcd-efgh-jkmn-pqrs", "2345-6789-abcd-efgh"]}))]
pub struct ConfirmedSecondFactorView {
    /// Where it is the first second factor: codes that work once each, for whoever lost the device. Shown once. Null where you have passkeys:
    /// the codes that came with those stay good.
    recovery_codes: Option<Vec<String>>,
}

/// Codes that work once each, for whoever lost the device. Shown once.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"recovery_codes": ["abcd-efgh-jkmn-pqrs", "2345-6789-abcd-efgh"]}))]
pub struct RecoveryCodesView {
    recovery_codes: Vec<String>,
}

/// Get your second factor
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "How it stands", body = SecondFactorView))
)]
#[get("/me/second-factor")]
pub async fn get_second_factor(caller: Caller, core: Core) -> Answer {
    let user = caller.require_user()?;
    let standing = core.read(&caller, move |tx| second_factor::standing(&mut tx.platform(), user)).await?;
    Ok(HttpResponse::Ok().json(SecondFactorView::from(standing)))
}

/// Begin with a second factor
///
/// Answers the secret for an authenticator app (TOTP: SHA-1, six digits, thirty seconds). It is asked for at log-in once a code
/// of it was given to `POST /v1/me/second-factor/confirmation`; beginning again replaces one that was not confirmed. Takes your
/// password, with a recovery code where you have passkeys, or a passkey.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 201, description = "What the app is told; shown once", body = ProvisionedView))
)]
#[post("/me/second-factor")]
pub async fn begin_second_factor(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<OwnProof>,
    once: Once,
) -> Answer {
    let user = caller.require_user()?;
    let means = prove_own(&core, &caller, &attempts, input.0).await?;
    let (key, site, issuer) =
        (core.master_key.clone(), Site::set(&core.settings)?, core.settings.platform_name.clone());
    once.write(&core, caller.scope(), move |tx| {
        let provisioned = second_factor::begin(tx, &key, &site, user, means, &issuer)?;
        Ok(Reply::created(ProvisionedView::from(provisioned)).location("/v1/me/second-factor".into()))
    })
    .await
}

/// Confirm a second factor
///
/// With a first code of the device. From now on a code is asked for at log-in. You are told by e-mail, with a link by which it is taken
/// away again if it was not you. Ten codes an hour may be tried.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "It is on, and recovery codes with the first second factor", body = ConfirmedSecondFactorView))
)]
#[post("/me/second-factor/confirmation")]
pub async fn confirm_second_factor(caller: Caller, core: Core, input: Json<SecondFactorCode>, once: Once) -> Answer {
    let user = caller.require_user()?;
    count_try(&core, &caller).await?;
    let key = core.master_key.clone();
    once.write(&core, caller.scope(), move |tx| {
        let recovery_codes = second_factor::confirm(tx, &key, user, &input.0.code)?;
        Ok(Reply::ok(ConfirmedSecondFactorView { recovery_codes }))
    })
    .await
}

/// Make other recovery codes
///
/// Those of before are void. Takes a code of the app, a recovery code, or a passkey. Ten codes an hour may be tried.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "The new recovery codes, shown once", body = RecoveryCodesView))
)]
#[post("/me/second-factor/recovery-codes")]
pub async fn renew_recovery_codes(caller: Caller, core: Core, input: Json<RecoveryCodesRenewal>, once: Once) -> Answer {
    let user = caller.require_user()?;
    if input.0.code.is_some() {
        count_try(&core, &caller).await?;
    }
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        let recovery_codes = second_factor::renew_recovery_codes(tx, &key, &site, user, input.0)?;
        Ok(Reply::ok(RecoveryCodesView { recovery_codes }))
    })
    .await
}

/// Remove the second factor
///
/// With the password, and a code of the device or a recovery code; or with a passkey instead of both. The authenticator app, all
/// passkeys and the recovery codes are void then; with `keeps_passkeys` the app alone. The user is told by e-mail.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 204, description = "The password alone lets the user in again"))
)]
#[post("/me/second-factor/removal")]
pub async fn remove_second_factor(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<SecondFactorRemoval>,
    once: Once,
) -> Answer {
    let user = caller.require_user()?;
    let (own, keeps_passkeys) = input.0.parts();
    let means = prove_own(&core, &caller, &attempts, own).await?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        second_factor::remove(tx, &key, &site, user, means, keeps_passkeys).map(|()| Reply::nothing())
    })
    .await
}

/// Log in with a second factor
///
/// With the challenge that `POST /v1/auth/login` answered, within ten minutes, and a code of the device or a recovery code.
/// Ten codes an hour may be tried for a user; wrong ones stand in the tenant's events as `user.login_failed`.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "A new session", body = SignedInView),
        (status = 201, description = "A new session, kept in cookies", body = BrowserSessionView),
        (status = 401, description = "The challenge is unknown, was used, or its ten minutes are over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/second-factor")]
pub async fn log_in_with_second_factor(
    anyone: Anyone<LoggingIn>,
    core: Core,
    browser: Browser,
    input: Json<ChallengeAnswer>,
    once: Once,
) -> Answer {
    let in_cookies = input.0.cookies == Some(true);
    if in_cookies {
        browser.require_own_page()?;
    }
    let token = input.0.challenge.clone();
    let count = move |tx: &mut PlatformTx<'_>| {
        let user = enter::challenged(tx, &token)?.user_id;
        second_factor::count_try(tx, user)?;
        people::user(tx, user)
    };
    let user = core.db.write(anyone.scope(), count).await?;
    let (key, device) = (core.master_key.clone(), anyone.device());
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        enter::enter(tx, &key, &input.0, device).map(|signed_in| Reply::ok(SignedInView::from(signed_in)))
    });
    let answer = match answer.await {
        Ok(answer) if in_cookies => cookies::keep(answer).await,
        other => other,
    };
    if answer.as_ref().is_err_and(|error| !error.field_errors().is_empty()) {
        let email: Email = user.email.parse().map_err(Error::internal)?;
        log_in::note_failure(&core, anyone.scope(), email, anyone.device().user_agent);
    }
    answer
}

/// Reset a person's second factor
///
/// For operators, who have found out that it is the account's holder who asks: the authenticator app, all passkeys and recovery codes, all
/// sessions and the password are void. The person is told by e-mail and sets a new password by a mailed link
/// (`POST /v1/auth/password-reset-email`), which is the only way in from now on.
#[utoipa::path(responses((status = 204, description = "Nothing but the mailbox lets the person in")))]
#[post("/ops/second-factor-resets")]
pub async fn reset_second_factor(operator: Operator, core: Core, input: Json<SecondFactorReset>, once: Once) -> Answer {
    let nobodys = Secret::new(random_token("pwd_"));
    let unusable = password::hash(nobodys).await?;
    once.write(&core, operator.scope(), move |tx| {
        second_factor::reset::reset(tx, input.0, &unusable).map(|()| Reply::nothing())
    })
    .await
}
