//! Signing up, logging in and out, refreshing.

use actix_web::post;
use validator::Validate;

use super::cookies::{self, BrowserSessionView};
use super::proving::prove_own;
use super::signed_in::{ChallengeView, LogInView, SignedInView};
use super::users::UserView;
use crate::base::Error;
use crate::base::bounded::Line;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Fields, Json, JsonOrNothing, Once, Reply};
use crate::tenants::access::{Anyone, Attempts, Browser, Caller, LoggingIn, Renewals, Renewing, SigningUp};
use crate::tenants::log_in::{LogIn, prove};
use crate::tenants::members::{self, PasswordChange};
use crate::tenants::passkeys::Site;
use crate::tenants::second_factor::enter::{self, Entry};
use crate::tenants::session;
use crate::tenants::sign_up::{EMAIL_TAKEN, SignUp};
use crate::tenants::store::people;
use crate::tenants::{self, password, verify};

/// Sign up a business
///
/// Creates the tenant, its first owner and a session, and mails the owner a link. Until it is opened
/// (`POST /v1/auth/verify-email`) nothing leaves for anybody in the tenant's name.
///
/// An address that has an account is refused (409 `user.email_taken`). Where nobody verified that account's address, a link is
/// mailed there, twice a day at most: its token, as `mailed_token`, lets whoever reads the mailbox sign up with the address.
///
/// Nobody is logged in here, so an `Idempotency-Key` counts together with the request: the same body with the same key signs up
/// once, and another body with that key is another sign-up, never 422 `idempotency.key_reused`.
#[utoipa::path(
    request_body = SignUp, security(()),
    responses(
        (status = 201, description = "The tenant, its owner and the tokens", body = SignedInView),
        (status = 404, description = "`verification.not_found`: the `mailed_token` is not valid any more", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/signup")]
pub async fn sign_up(anyone: Anyone<SigningUp>, core: Core, fields: Fields, once: Once) -> Answer {
    let (input, place) = SignUp::read(fields).await?;
    let hash = password::hash(input.password.clone()).await?;
    let platform_name = core.settings.platform_name.clone();
    let (key, device, email) = (core.master_key.clone(), anyone.device(), input.email.clone());
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        let signed_in = tenants::sign_up::sign_up(tx, &key, &platform_name, input, place, &hash, device)?;
        Ok(Reply::created(SignedInView::from(signed_in)).location("/v1/tenants/current".into()))
    });
    match answer.await {
        // The refusal rolled its transaction back; the mail to the mailbox goes out all the same.
        Err(error) if error.code() == EMAIL_TAKEN => {
            let key = core.master_key.clone();
            let offer = move |tx: &mut PlatformTx<'_>| verify::offer_address(tx, &key, &email);
            core.db.write(anyone.scope(), offer).await?;
            Err(error)
        }
        other => other,
    }
}

/// Log in
///
/// Failures are counted by where they come from: ten at one account, twenty in all, then so many a minute. Others' failures keep
/// nobody out. They stand in the tenant's events as `user.login_failed`, five an hour at most.
///
/// Somebody with a second factor is answered 202 and a challenge, for `POST /v1/auth/second-factor` or, with a passkey,
/// `POST /v1/auth/passkey/options`. A passkey needs no password at all: `POST /v1/auth/passkey`.
///
/// With `cookies` the tokens are not in the answer (201) but in two cookies that no script can read: `HttpOnly`, `Secure`, `SameSite=Strict`.
/// They count where there is no `Authorization` header, and for what changes something only from pages of origins that the operator
/// named (`LEADWRIGHT_CORS_ORIGINS`, and where `LEADWRIGHT_APP_URL` and `LEADWRIGHT_PUBLIC_URL` lead). Refresh without a body then; logging out forgets them.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "A new session", body = SignedInView),
        (status = 201, description = "A new session, kept in cookies", body = BrowserSessionView),
        (status = 202, description = "The password is right; a second factor is asked for", body = ChallengeView),
        (status = 401, description = "The e-mail address or the password is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The tenant is suspended, or no tenant fits", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/login")]
pub async fn log_in(
    anyone: Anyone<LoggingIn>,
    core: Core,
    attempts: Attempts,
    browser: Browser,
    input: Json<LogIn>,
    once: Once,
) -> Answer {
    let LogIn { email, password, tenant_id, cookies } = input.0;
    let in_cookies = cookies == Some(true);
    if in_cookies {
        browser.require_own_page()?;
    }
    let attempt = attempts.begin(&email)?;
    let Some(proof) = prove(&core, anyone.scope(), email.clone(), password).await? else {
        tenants::log_in::note_failure(&core, anyone.scope(), email, anyone.device().user_agent);
        return Err(tenants::log_in::wrong_credentials());
    };
    attempt.succeeded();
    let (key, site, device) = (core.master_key.clone(), Site::set(&core.settings)?, anyone.device());
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        Ok(match enter::after_password(tx, &key, &site, &proof, tenant_id, device)? {
            Entry::In(signed_in) => Reply::ok(LogInView::In(Box::new((*signed_in).into()))),
            Entry::Challenged(challenged) => Reply::accepted(LogInView::Challenged(challenged.into())),
        })
    });
    if in_cookies { cookies::keep(answer.await?).await } else { answer.await }
}

/// The token of a mailed link.
#[derive(serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "ver_Q2Fubm90IGJlIGd1ZXNzZWQ"}))]
pub struct MailedToken {
    token: Line<1, 200>,
}

/// An address whose holder showed that it is theirs.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"email": "owner@abc.example.com", "email_verified_at": "2026-11-20T09:01:00Z"}))]
pub struct VerifiedView {
    email: String,
    email_verified_at: Option<Timestamp>,
}

/// Verify an e-mail address
///
/// With the token of the link that was mailed at sign-up. Once an owner's address is verified, so is the tenant, and what
/// waited for it leaves. Showing the token again changes nothing.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "The address is verified", body = VerifiedView),
        (status = 404, description = "The token is unknown or its three days are over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/verify-email")]
pub async fn verify_email(anyone: Anyone, core: Core, input: Json<MailedToken>, once: Once) -> Answer {
    once.write(&core, anyone.scope(), move |tx| {
        let user = verify::verify(tx, &input.0.token)?;
        Ok(Reply::ok(VerifiedView { email: user.email, email_verified_at: user.email_verified_at }))
    })
    .await
}

/// Mail the link of verification again
///
/// To the caller's own address; five times within a day. The links of before go on working.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 202, description = "A link is on its way", body = UserView))
)]
#[post("/auth/verification-email")]
pub async fn send_verification_email(caller: Caller, core: Core, once: Once) -> Answer {
    let user = caller.require_user()?;
    let key = core.master_key.clone();
    once.write(&core, caller.scope(), move |tx| {
        verify::ask_again(tx, &key, user).map(|user| Reply::accepted(UserView::from(user)))
    })
    .await
}

/// A refresh token to exchange. The body may be left out where a cookie keeps it.
#[derive(Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "rt_Q2Fubm90IGJlIGd1ZXNzZWQ"}))]
pub struct Refresh {
    /// Absent where a cookie keeps it.
    refresh_token: Option<Line<1, 200>>,
}

/// Refresh a session
///
/// Gives new tokens; the presented refresh token is used up. Two tabs may present it together: for 20 s it gives out again
/// what it gave then. Presenting it later ends the session, since somebody copied it, unless it is the same request repeated with
/// its `Idempotency-Key` before the new refresh token was used. Twenty a minute per session, from wherever they come.
#[utoipa::path(
    request_body = Refresh, security(()),
    responses(
        (status = 200, description = "New tokens of the same session", body = SignedInView),
        (status = 201, description = "New tokens of the same session, kept in cookies", body = BrowserSessionView),
        (status = 401, description = "The token is unknown, was used before, or its session has ended", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/refresh")]
pub async fn refresh_session(
    anyone: Anyone<Renewing>,
    core: Core,
    renewals: Renewals,
    browser: Browser,
    input: JsonOrNothing<Refresh>,
    once: Once,
) -> Answer {
    let in_cookies = input.0.refresh_token.is_none();
    let presented = input.0.refresh_token.map_or_else(|| browser.refresh_token(), |token| Ok(token.into_string()))?;
    let token = presented.clone();
    let session = core.db.read(anyone.scope(), move |tx| session::of_token(tx, &token)).await?;
    match session {
        Some(session) => renewals.count(session)?,
        None => renewals.count_stranger()?,
    }
    let (key, token) = (core.master_key.clone(), presented.clone());
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        session::refresh(tx, &key, &token).map(|signed_in| Reply::ok(SignedInView::from(signed_in)))
    });
    match answer.await {
        // The refusal rolled its transaction back; the end of the session must stay.
        Err(error) if error.code() == session::REUSED => {
            let end = move |tx: &mut PlatformTx<'_>| session::end_reused(tx, &presented);
            core.db.write(anyone.scope(), end).await?;
            Err(error)
        }
        Ok(answer) if in_cookies => cookies::keep(answer).await,
        other => other,
    }
}

/// Log out
///
/// Ends the session of the access token, at once and for all its tokens; a browser forgets its cookies.
#[utoipa::path(security(("bearer" = [])), responses((status = 204, description = "The session has ended")))]
#[post("/auth/logout")]
pub async fn log_out(caller: Caller, core: Core, browser: Browser, once: Once) -> Answer {
    caller.require_user()?;
    let session = caller.session().ok_or_else(|| Error::internal("a user without a session"))?;
    let answer = once.write(&core, caller.scope(), move |tx| session::log_out(tx, session).map(|()| Reply::nothing()));
    Ok(cookies::forget(&browser, answer.await?))
}

/// Change one's password
///
/// With the password of now or a passkey; whoever knows no password sets one with a passkey. Ends every other session of the user, and
/// voids links that were mailed to set another. The user is told by e-mail.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "The user; this session goes on", body = UserView))
)]
#[post("/auth/password")]
pub async fn change_password(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<PasswordChange>,
    once: Once,
) -> Answer {
    let user = caller.require_user()?;
    let session = caller.session().ok_or_else(|| Error::internal("a user without a session"))?;
    let found = core.read(caller.scope(), move |tx| people::user(&mut tx.platform(), user)).await?;
    let (own, new_password) = input.0.parts();
    let means = prove_own(&core, &caller, &attempts, own).await?;
    let hash = members::hash_new(new_password, &found.email).await?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        let changed = members::change_password(tx, &key, &site, (user, means), session, &hash)?;
        Ok(Reply::ok(UserView::from(changed)))
    })
    .await
}
