//! `Idempotency-Key`: the answer to a POST is stored in the transaction of its effect, so a retry replays it.
//!
//! Same key and same request: the stored answer. Same key, other request: 422. While the first is still running: 409.
//! Refusals are not stored, because nothing happened. An answer is not repeated to a caller who may do less than when it was
//! given ([`Authority`]), and one that holds tokens only while they are good ([`Once::write_while`]).
//! Stored bodies are sealed under the master key for 24 hours; of the
//! request only a keyed hash is kept, because it may have held a password.
//! Callers without credentials have no key space of their own: theirs is the request itself, so strangers never meet.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use diesel::prelude::*;
use diesel::sql_types::Text;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::handle::Answer;
use crate::base::crypto::{MasterKey, sha256_hex};
use crate::base::time::Instant;
use crate::base::{Error, ErrorKind, Result};
use crate::each_engine;
use crate::engine::Core;
use crate::engine::db::error::is_lock_timeout;
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::schema::idempotency_keys;
use crate::engine::db::{Actor, PlatformTx, Scope};

pub(super) const PURPOSE: &str = "idempotency-with-authority";
/// Of answers that were stored without what they stood on.
pub(super) const FORMER_PURPOSE: &str = "idempotency";
const HEADER: &str = "idempotency-key";
const REQUEST_PURPOSE: &str = "idempotency-request";
pub const KEPT_HOURS: i64 = 24;

/// What a handler answers: a view and its headers.
pub struct Reply<V> {
    status: StatusCode,
    view: V,
    etag: Option<String>,
    location: Option<String>,
    is_made_here: bool,
}

/// What carries its version: an answer says it as `ETag`, for `If-Match`.
pub trait Versioned {
    fn version(&self) -> i32;
}

/// For types whose field `version` says it, or a field that is versioned itself (`MintedView: shown`).
#[macro_export]
macro_rules! versioned {
    ($view:ty: $of:ident) => {
        impl $crate::engine::http::Versioned for $view {
            fn version(&self) -> i32 {
                $crate::engine::http::Versioned::version(&self.$of)
            }
        }
    };
    ($($view:ty),+ $(,)?) => {
        $(impl $crate::engine::http::Versioned for $view {
            fn version(&self) -> i32 {
                self.version
            }
        })+
    };
}

impl Reply<()> {
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(()) }
    }
}

impl<V: serde::Serialize> Reply<V> {
    pub fn ok(view: V) -> Self {
        Self { status: StatusCode::OK, view, etag: None, location: None, is_made_here: false }
    }
    pub fn created(view: V) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(view) }
    }
    pub fn accepted(view: V) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(view) }
    }
    /// The resource as it is, with its version.
    pub fn of(view: V) -> Self
    where
        V: Versioned,
    {
        let version = view.version();
        Self::ok(view).version(version)
    }
    /// A resource that was made and is found at `path`.
    pub fn made(view: V, path: String) -> Self
    where
        V: Versioned,
    {
        Self { status: StatusCode::CREATED, ..Self::of(view) }.location(path)
    }
    /// A resource that was made and is found by its id under the path that was posted to.
    pub fn made_here(view: V) -> Self
    where
        V: Versioned,
    {
        Self { status: StatusCode::CREATED, is_made_here: true, ..Self::of(view) }
    }
    /// The version of the resource, for `If-Match`.
    pub fn version(mut self, version: i32) -> Self {
        self.etag = Some(super::etag::of_version(version));
        self
    }
    pub fn location(mut self, path: String) -> Self {
        self.location = Some(path);
        self
    }
    pub fn respond(self) -> HttpResponse {
        let body = serde_json::to_string(&self.view).unwrap_or_else(|_| "null".into());
        Stored { status: self.status.as_u16(), body, etag: self.etag, location: self.location }.respond(false)
    }
}

/// Is a stored answer's body still good?
type Holds = Box<dyn FnOnce(&mut PlatformTx<'_>, &serde_json::Value) -> Result<bool> + Send>;
/// What is done once, with its answer as it is kept.
type Body<S> = Box<dyn for<'a, 'b> FnOnce(&'a mut <S as Scope>::Tx<'b>) -> Result<Stored> + Send>;

struct Stored {
    status: u16,
    body: String,
    etag: Option<String>,
    location: Option<String>,
}

impl Stored {
    fn respond(self, replayed: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponseBuilder::new(status);
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        if status == StatusCode::NO_CONTENT {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}

/// The hash of the body, left by the body extractor. It lives as long as the request and is not stored.
#[derive(Clone)]
pub(super) struct BodyHash(String);

impl BodyHash {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(sha256_hex(bytes))
    }
}

/// What the caller of this request may do, in words that compare; left by whoever authenticates it.
#[derive(Clone, Default)]
pub struct Authority(pub Vec<String>);

/// Whether the request has an `Idempotency-Key`.
pub fn is_asked_for(req: &HttpRequest) -> bool {
    req.headers().contains_key(HEADER)
}

/// Keys being worked on in this process. Between processes the unique row decides.
#[derive(Default)]
pub struct InFlight(Mutex<HashSet<String>>);

struct Ticket {
    keys: Arc<InFlight>,
    key: String,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Ok(mut keys) = self.keys.0.lock() {
            keys.remove(&self.key);
        }
    }
}

/// Every POST handler takes one and writes through it.
pub struct Once {
    req: HttpRequest,
    key: Option<String>,
}

impl FromRequest for Once {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = match req.headers().get(HEADER).map(|value| value.to_str()) {
            None => None,
            Some(Ok(key)) if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) => {
                Some(key.to_string())
            }
            Some(_) => {
                let rule = "Idempotency-Key must be 1 to 255 visible ASCII characters.";
                return ready(Err(Error::malformed("request.idempotency_key", rule)));
            }
        };
        ready(Ok(Self { req: req.clone(), key }))
    }
}

impl Once {
    /// Runs `body` in one write transaction and answers its reply, once per key.
    ///
    /// # Errors
    /// `idempotency.key_reused` (422), `idempotency.in_progress` (409), and whatever `body` refuses.
    pub fn write<S: Scope, V: serde::Serialize>(
        &self,
        core: &Core,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<Reply<V>> + Send + 'static,
    ) -> impl Future<Output = Answer> {
        self.write_while(core, scope, |_, _| Ok(true), body)
    }

    /// Like [`Self::write`]; a stored answer is repeated only while `holds` says so of its body. Else it is done anew, under the same key.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_while<S: Scope, V: serde::Serialize>(
        &self,
        core: &Core,
        scope: S,
        holds: impl FnOnce(&mut PlatformTx<'_>, &serde_json::Value) -> Result<bool> + Send + 'static,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<Reply<V>> + Send + 'static,
    ) -> impl Future<Output = Answer> {
        let here = self.req.path().to_string();
        self.write_stored(core, scope, Box::new(holds), Box::new(move |tx| encode(body(tx)?, &here)))
    }

    /// The closures are boxed so that this is compiled once per scope, and not for every operation.
    async fn write_stored<S: Scope>(&self, core: &Core, scope: S, holds: Holds, body: Body<S>) -> Answer {
        let Some(claim) = self.claim(&core.master_key, &scope) else {
            return Ok(core.db.write(scope, body).await?.respond(false));
        };
        let _ticket = self.enter(&claim.scope_hash)?;
        let key = core.master_key.clone();
        let outcome = core.db.write(scope, move |tx| {
            let platform = &mut S::platform(tx);
            let claim = claim.where_stored(platform)?;
            if !reserve(platform, &claim)? {
                let stored = recall(platform, &claim, &key)?;
                if holds(platform, &serde_json::from_str(&stored.body).map_err(Error::internal)?)? {
                    return Ok((stored, true));
                }
            }
            let stored = body(tx)?;
            fulfil(&mut S::platform(tx), &claim, &key, &stored)?;
            Ok((stored, false))
        });
        let (stored, replayed) = outcome.await?;
        Ok(stored.respond(replayed))
    }

    fn claim(&self, master: &MasterKey, scope: &impl Scope) -> Option<Claim> {
        let key = self.key.as_ref()?;
        let body = self.req.extensions().get::<BodyHash>().map(|hash| hash.0.clone()).unwrap_or_default();
        let request = format!("{} {}\n{body}", self.req.method(), self.req.uri());
        let place = |master: &MasterKey| {
            let request_hash = keyed_hash(master, &request);
            let mut space = format!("{}\n{key}", scope.principal());
            if scope.origin().actor == Actor::Anonymous {
                space.push('\n');
                space.push_str(&request_hash);
            }
            Place { scope_hash: sha256_hex(space), request_hash }
        };
        let authority = self.req.extensions().get::<Authority>().cloned().unwrap_or_default();
        let Place { scope_hash, request_hash } = place(master);
        let former = master.each().skip(1).map(|master| place(&master)).collect();
        Some(Claim { scope_hash, request_hash, authority: authority.0, former })
    }

    fn enter(&self, key: &str) -> Result<Ticket> {
        let keys = self.req.app_data::<web::Data<InFlight>>().map(|data| data.clone().into_inner()).unwrap_or_default();
        let fresh = keys.0.lock().map_err(|_| Error::internal("poisoned"))?.insert(key.to_string());
        if !fresh {
            return Err(in_progress());
        }
        Ok(Ticket { keys, key: key.to_string() })
    }
}

fn in_progress() -> Error {
    let message = "A request with this Idempotency-Key is still running. Repeat it in a moment.";
    Error::conflict("idempotency.in_progress", message).with_retry_after(std::time::Duration::from_secs(1))
}

/// HMAC-SHA256 in lower hex: whoever reads the table cannot try passwords against it.
fn keyed_hash(master: &MasterKey, request: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&master.derive(REQUEST_PURPOSE)).expect("HMAC takes a key of any length");
    mac.update(request.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

struct Claim {
    scope_hash: String,
    request_hash: String,
    authority: Vec<String>,
    /// Where the same request stands if it was answered under a former master key.
    former: Vec<Place>,
}

struct Place {
    scope_hash: String,
    request_hash: String,
}

impl Claim {
    /// The same claim under the key it was stored with, if it was. Nothing is asked while there is one key.
    fn where_stored(mut self, tx: &mut PlatformTx<'_>) -> Result<Self> {
        for place in std::mem::take(&mut self.former) {
            let stored: Option<String> = idempotency_keys::table
                .find(&place.scope_hash)
                .filter(idempotency_keys::expires_at.gt(tx.now()))
                .select(idempotency_keys::request_hash)
                .first(tx.conn())
                .optional()?;
            if stored.as_ref() == Some(&place.request_hash) {
                let Place { scope_hash, request_hash } = place;
                return Ok(Self { scope_hash, request_hash, ..self });
            }
        }
        Ok(self)
    }
}

/// What is sealed: a body, and what the caller might do when it was answered.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed {
    authority: Vec<String>,
    body: String,
}

fn open(key: &MasterKey, context: &str, sealed: &str) -> Result<Sealed> {
    if let Ok(plain) = key.open(PURPOSE, context, sealed) {
        return serde_json::from_slice(&plain).map_err(Error::internal);
    }
    let plain = key.open(FORMER_PURPOSE, context, sealed)?;
    Ok(Sealed { authority: Vec::new(), body: String::from_utf8(plain).map_err(Error::internal)? })
}

fn encode<V: serde::Serialize>(reply: Reply<V>, here: &str) -> Result<Stored> {
    let body = serde_json::to_string(&reply.view).map_err(Error::internal)?;
    let mut location = reply.location;
    if reply.is_made_here {
        let made: Made = serde_json::from_str(&body).map_err(Error::internal)?;
        location = Some(format!("{here}/{}", made.id));
    }
    Ok(Stored { status: reply.status.as_u16(), body, etag: reply.etag, location })
}

/// What every resource has.
#[derive(serde::Deserialize)]
struct Made {
    id: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    request_hash: String,
    status: i32,
    body: String,
    etag: Option<String>,
    location: Option<String>,
}

/// Takes the key for this transaction, a new or an expired one; `false` when it was used before. A second process waits here for the first.
fn reserve(tx: &mut PlatformTx<'_>, claim: &Claim) -> Result<bool> {
    let now = tx.now();
    let expires_at = now.plus(chrono::Duration::hours(KEPT_HOURS));
    let taken = each_engine!(tx.conn(), c => prepared(
        [
            "INSERT INTO idempotency_keys (scope_hash, request_hash, status, body, created_at, expires_at) VALUES (",
            ", ",
            ", 0, '', ",
            ", ",
            ") ON CONFLICT (scope_hash) DO UPDATE SET request_hash = excluded.request_hash, status = 0, body = '', etag = NULL, \
             location = NULL, created_at = excluded.created_at, expires_at = excluded.expires_at \
             WHERE idempotency_keys.expires_at <= excluded.created_at",
        ],
        (
            value::<Text, _>(&claim.scope_hash),
            value::<Text, _>(&claim.request_hash),
            value::<Instant, _>(now),
            value::<Instant, _>(expires_at),
        ),
    )
    .execute(c));
    match taken {
        Ok(taken) => Ok(taken == 1),
        Err(error) if is_lock_timeout(&error) => Err(in_progress()),
        Err(error) => Err(error.into()),
    }
}

fn recall(tx: &mut PlatformTx<'_>, claim: &Claim, key: &MasterKey) -> Result<Stored> {
    let row: Row = idempotency_keys::table.find(&claim.scope_hash).select(Row::as_select()).first(tx.conn())?;
    if row.request_hash != claim.request_hash {
        let message = "This Idempotency-Key was used for another request. Use a new key for a new request.";
        return Err(Error::new(ErrorKind::Invalid, "idempotency.key_reused", message));
    }
    let Sealed { authority, body } = open(key, &claim.scope_hash, &row.body)?;
    if authority.iter().any(|held| !claim.authority.contains(held)) {
        let message = "You may do less now than when this was first asked, so its answer is not repeated.";
        return Err(Error::forbidden("auth.forbidden", message));
    }
    Ok(Stored {
        status: u16::try_from(row.status).map_err(Error::internal)?,
        body,
        etag: row.etag,
        location: row.location,
    })
}

fn fulfil(tx: &mut PlatformTx<'_>, claim: &Claim, key: &MasterKey, stored: &Stored) -> Result<()> {
    let sealed = Sealed { authority: claim.authority.clone(), body: stored.body.clone() };
    let sealed = serde_json::to_vec(&sealed).map_err(Error::internal)?;
    diesel::update(idempotency_keys::table.find(&claim.scope_hash))
        .set((
            idempotency_keys::status.eq(i32::from(stored.status)),
            idempotency_keys::body.eq(key.seal(PURPOSE, &claim.scope_hash, &sealed)),
            idempotency_keys::etag.eq(&stored.etag),
            idempotency_keys::location.eq(&stored.location),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets expired keys, the oldest first; at most `limit` at once.
pub fn prune(tx: &mut PlatformTx<'_>, limit: i64) -> Result<usize> {
    let expired: Vec<String> = idempotency_keys::table
        .filter(idempotency_keys::expires_at.le(tx.now()))
        .order(idempotency_keys::expires_at)
        .limit(limit)
        .select(idempotency_keys::scope_hash)
        .load(tx.conn())?;
    let gone = idempotency_keys::table.filter(idempotency_keys::scope_hash.eq_any(expired));
    Ok(diesel::delete(gone).execute(tx.conn())?)
}
