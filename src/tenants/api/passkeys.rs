//! A user's passkeys, and logging in with one.

use actix_web::{HttpResponse, delete, get, patch, post};

use super::cookies::{self, BrowserSessionView};
use super::proving::prove_own;
use super::signed_in::SignedInView;
use crate::base::Error;
use crate::base::email::Email;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, IfMatch, Json, JsonOrNothing, Once, Page, Paging, Path, Reply};
use crate::tenants::access::{Anyone, Attempts, Browser, Caller, LoggingIn};
use crate::tenants::id::PasskeyId;
use crate::tenants::log_in;
use crate::tenants::passkeys::{Site, options, to_base64url};
use crate::tenants::second_factor::passkey_entry::{self, PasskeyLogIn, PasskeyUse};
use crate::tenants::second_factor::passkeys::{self, Added, Begun, NewPasskey, PasskeyPatch};
use crate::tenants::second_factor::proof::OwnProof;
use crate::tenants::session;
use crate::tenants::store::passkeys::{self as rows, Passkey};

crate::view! {
    /// What one of your devices logs in with.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Phone", "transports": ["internal", "hybrid"],
        "can_be_backed_up": true, "is_backed_up": true, "credential_id": "QUJD", "user_handle": "AZqfPG8ufBGh91sdbwwqEA",
        "domain": "app.example.com", "created_at": "2026-11-20T09:00:00Z", "last_used_at": "2026-11-21T08:30:00Z"}))]
    pub struct PasskeyView from passkey: Passkey {
        id: PasskeyId,
        name: String,
        /// How the device may be reached, as it says: `internal`, `hybrid`, `usb`, `nfc`, `ble`, `smart-card`.
        transports: Vec<String> = passkey.transports.split_whitespace().map(str::to_string).collect(),
        /// It may be copied to other devices, by the account that its holder has there. It never changes.
        can_be_backed_up: bool,
        /// It was copied, when it was used last: losing one device does not lose it.
        is_backed_up: bool,
        /// By which browsers know it; base64 for URLs. What a page tells `PublicKeyCredential.signalAllAcceptedCredentials()`.
        credential_id: String,
        /// By which devices know whose it is; base64 for URLs. Its `userId`.
        user_handle: String = to_base64url(options::handle(passkey.user_id)),
        /// The domain that it is bound to, its `rpId`; null of one that was added before this was noted. With another domain than the
        /// platform has now it lets nobody in.
        domain: Option<String>,
        created_at: Timestamp,
        last_used_at: Option<Timestamp>,
        #[serde(skip)]
        version: i32,
    }
}

crate::versioned!(PasskeyView);

crate::view! {
    /// A passkey that was added.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Phone", "transports": ["internal", "hybrid"],
        "can_be_backed_up": true, "is_backed_up": true, "credential_id": "QUJD", "user_handle": "AZqfPG8ufBGh91sdbwwqEA",
        "domain": "app.example.com", "created_at": "2026-11-20T09:00:00Z", "last_used_at": null,
        "recovery_codes": ["abcd-efgh-jkmn-pqrs", "2345-6789-abcd-efgh"]}))]
    pub struct AddedPasskeyView from added: Added {
        #[serde(flatten)]
        passkey: PasskeyView = added.passkey.into(),
        /// Where it is the first second factor: codes that work once each, for whoever lost the device. Shown once.
        #[schema(example = json!(["abcd-efgh-jkmn-pqrs", "2345-6789-abcd-efgh"]))]
        recovery_codes: Option<Vec<String>>,
    }
}

crate::versioned!(AddedPasskeyView: passkey);

crate::view! {
    /// What a page hands to its browser.
    #[schema(example = json!({"public_key": {"challenge": "djEuUUJD", "rpId": "app.example.com", "timeout": 300000,
        "allowCredentials": [], "userVerification": "required"}, "expires_at": "2026-11-20T09:05:00Z"}))]
    pub struct PasskeyOptionsView from begun: Begun {
        /// For `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()`, and `navigator.credentials`.
        #[schema(value_type = Object)]
        public_key: serde_json::Value = begun.options,
        /// Until when its challenge is good.
        expires_at: Timestamp,
    }
}

/// Begin with a passkey
///
/// Proves that it is you: by your password, with a code where you have a second factor, or by a passkey that you have. Hand what is
/// answered to `navigator.credentials.create()`, and what that gives to `POST /v1/me/passkeys`, within five minutes. Ten codes an hour
/// may be tried.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "What the browser is asked for", body = PasskeyOptionsView))
)]
#[post("/me/passkeys/options")]
pub async fn begin_passkey(
    caller: Caller,
    core: Core,
    attempts: Attempts,
    input: Json<OwnProof>,
    once: Once,
) -> Answer {
    let user = caller.require_user()?;
    let means = prove_own(&core, &caller, &attempts, input.0).await?;
    let (key, site, name) = (core.master_key.clone(), Site::set(&core.settings)?, core.settings.platform_name.clone());
    once.write(&core, caller.scope(), move |tx| {
        let begun = passkeys::begin(tx, &key, &site, &name, user, means)?;
        Ok(Reply::ok(PasskeyOptionsView::from(begun)))
    })
    .await
}

/// Create a passkey
///
/// Of what the device made for `POST /v1/me/passkeys/options`. It logs in by itself (`POST /v1/auth/passkey`), and from now on the
/// password alone does not: it is a second factor, too. You are told by e-mail, with a link by which it is taken away again if it was not
/// you. Twenty at most.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 201, description = "The passkey, and recovery codes with the first second factor", body = AddedPasskeyView))
)]
#[post("/me/passkeys")]
pub async fn create_passkey(caller: Caller, core: Core, input: Json<NewPasskey>, once: Once) -> Answer {
    let user = caller.require_user()?;
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    once.write(&core, caller.scope(), move |tx| {
        let added = passkeys::add(tx, &key, &site, user, input.0)?;
        Ok(Reply::made_here(AddedPasskeyView::from(added)))
    })
    .await
}

/// List your passkeys
///
/// Newest first.
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "A page of passkeys", body = Page<PasskeyView>))
)]
#[get("/me/passkeys")]
pub async fn list_passkeys(caller: Caller, core: Core, query: Paging) -> Answer {
    let user = caller.require_user()?;
    let list = move |tx: &mut TenantTx<'_>| rows::list(&mut tx.platform(), user, &query.page);
    let page = core.read(&caller, list).await?;
    Ok(HttpResponse::Ok().json(page.map(PasskeyView::from)))
}

/// Get a passkey
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "The passkey", body = PasskeyView))
)]
#[get("/me/passkeys/{id}")]
pub async fn get_passkey(caller: Caller, core: Core, id: Path<PasskeyId>) -> Answer {
    let user = caller.require_user()?;
    let found = core.read(&caller, move |tx| passkeys::get(&mut tx.platform(), user, id.0)).await?;
    Ok(Reply::of(PasskeyView::from(found)).respond())
}

/// Update a passkey
#[utoipa::path(
    params(IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The passkey", body = PasskeyView))
)]
#[patch("/me/passkeys/{id}")]
pub async fn update_passkey(
    caller: Caller,
    core: Core,
    id: Path<PasskeyId>,
    input: Json<PasskeyPatch>,
    if_match: IfMatch,
) -> Answer {
    let user = caller.require_user()?;
    let changed = core.write(&caller, move |tx| passkeys::change(tx, user, id.0, input.0, &if_match)).await?;
    Ok(Reply::of(PasskeyView::from(changed)).respond())
}

/// Remove a passkey
///
/// It lets nobody in from now on; sessions that it began go on. You are told by e-mail. The last second factor goes by
/// `POST /v1/me/second-factor/removal`, which takes a proof.
#[utoipa::path(security(("bearer" = [])), responses((status = 204, description = "It lets nobody in any more")))]
#[delete("/me/passkeys/{id}")]
pub async fn remove_passkey(caller: Caller, core: Core, id: Path<PasskeyId>) -> Answer {
    let user = caller.require_user()?;
    let site = Site::set(&core.settings)?;
    core.write(&caller, move |tx| passkeys::remove(tx, &site, user, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begin to log in with a passkey
///
/// Hand what is answered to `navigator.credentials.get()`, and what that gives to `POST /v1/auth/passkey`, within five minutes. The
/// device knows who logs in, so no address is asked for. With the `challenge` that `POST /v1/auth/login` answered to the password,
/// the passkey is the second factor. Nothing is kept of it, so it takes no `Idempotency-Key`; the body may be left out.
#[utoipa::path(
    request_body = PasskeyUse, security(()),
    responses(
        (status = 200, description = "What the browser is asked for", body = PasskeyOptionsView),
        (status = 401, description = "The challenge is unknown, was used, or its ten minutes are over", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/passkey/options")]
pub async fn begin_passkey_log_in(anyone: Anyone<LoggingIn>, core: Core, input: JsonOrNothing<PasskeyUse>) -> Answer {
    let (key, site) = (core.master_key.clone(), Site::set(&core.settings)?);
    let begin = move |tx: &mut PlatformTx<'_>| passkey_entry::begin(tx, &key, &site, &input.0);
    let begun = core.db.read(anyone.scope(), begin).await?;
    Ok(HttpResponse::Ok().json(PasskeyOptionsView::from(begun)))
}

/// Log in with a passkey
///
/// With what the device gave for `POST /v1/auth/passkey/options`. It asks who is there, by a fingerprint, a face or a PIN, and so counts
/// for two factors: no code is asked for. Each challenge works once. A credential that is none is 422; why another is refused is said at
/// `/credential`: `other_ceremony`, `foreign_origin`, `foreign_domain`, `not_present`, `not_verified`, `algorithm`, `signature`, `backup`, `counter`,
/// `no_user_handle`, `other_holder`, or `unknown_passkey` with `auth.unknown_passkey`. What fails stands in the tenant's events as
/// `user.login_failed`, five an hour at most. What a page has to know of passkeys is in docs/passkeys.md.
#[utoipa::path(
    security(()),
    responses(
        (status = 200, description = "A new session", body = SignedInView),
        (status = 201, description = "A new session, kept in cookies", body = BrowserSessionView),
        (status = 401, description = "The passkey is unknown or not proved, or the challenge is over", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The tenant is suspended, or no tenant fits", body = Problem, content_type = "application/problem+json"))
)]
#[post("/auth/passkey")]
pub async fn log_in_with_passkey(
    anyone: Anyone<LoggingIn>,
    core: Core,
    browser: Browser,
    input: Json<PasskeyLogIn>,
    once: Once,
) -> Answer {
    let in_cookies = input.0.cookies == Some(true);
    if in_cookies {
        browser.require_own_page()?;
    }
    let (key, site, device) = (core.master_key.clone(), Site::set(&core.settings)?, anyone.device());
    let credential = input.0.credential.clone();
    let answer = once.write_while(&core, anyone.scope(), session::is_fresh, move |tx: &mut PlatformTx<'_>| {
        let signed_in = passkey_entry::enter(tx, &key, &site, &input.0, device)?;
        Ok(Reply::ok(SignedInView::from(signed_in)))
    });
    match answer.await {
        Ok(answer) if in_cookies => cookies::keep(answer).await,
        Err(error) if error.code() == "auth.invalid_passkey" => {
            let holder = move |tx: &mut PlatformTx<'_>| passkey_entry::holder(tx, &credential);
            if let Some(user) = core.db.read(anyone.scope(), holder).await? {
                let email: Email = user.email.parse().map_err(Error::internal)?;
                log_in::note_failure(&core, anyone.scope(), email, anyone.device().user_agent);
            }
            Err(error)
        }
        other => other,
    }
}
