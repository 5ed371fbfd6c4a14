//! `Idempotency-Key`: the answer to a POST is stored in the transaction of its effect, so a retry replays it.
//!
//! Same key and same request: the stored answer. Same key, other request: 422. While the first is still running: 409.
//! Refusals are not stored, because nothing happened. An answer is not repeated to a caller who may do less than when it was
//! given ([`Authority`]), and one that holds tokens only while they are good ([`Once::write_while`]).
//! Stored bodies are sealed under the master key for 24 hours; of the
//! request only a keyed hash is kept, because it may have held a password.
//! Callers without credentials have no key space of their own: theirs is the request itself, so strangers never meet.

mod reply;
mod store;

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::handle::Answer;
use crate::base::crypto::{MasterKey, sha256_hex};
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, PlatformTx, Scope};
use reply::{Stored, encode};
use store::{Claim, Place, fulfil, recall, reserve};

pub use reply::{Reply, Versioned};
pub(super) use store::{FORMER_PURPOSE, PURPOSE};
pub use store::{KEPT_HOURS, prune};

const HEADER: &str = "idempotency-key";
const REQUEST_PURPOSE: &str = "idempotency-request";

/// Is a stored answer's body still good?
type Holds = Box<dyn FnOnce(&mut PlatformTx<'_>, &serde_json::Value) -> Result<bool> + Send>;
/// What is done once, with its answer as it is kept.
type Body<S> = Box<dyn for<'a, 'b> FnOnce(&'a mut <S as Scope>::Tx<'b>) -> Result<Stored> + Send>;

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
