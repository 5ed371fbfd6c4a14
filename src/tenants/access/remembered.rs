//! Who presented which credential a moment ago, so that not every request asks the database.
//!
//! Only what was found is remembered, never a refusal; under the hash of a key, never the key. A revocation, a changed
//! role, status or plan voids it at once, in the process that committed it before its caller is answered, in the others
//! when they hear of it ([`crate::engine::db::Freshness`]). Ends that are known beforehand are compared with the clock at every request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::{HttpRequest, web};
use sha2::{Digest, Sha256};

use super::store::{ApiKeyFound, OperatorKeyFound, SessionFound};
use crate::base::Result;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx, Stamp};
use crate::tenants::id::SessionId;

/// More credentials than are in use at a time; when there are more, all are looked up anew.
const CAPACITY: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Presented {
    /// SHA-256.
    Key([u8; 32]),
    Session(SessionId, TenantId, UserId),
}

#[derive(Clone)]
enum Found {
    ApiKey(Arc<ApiKeyFound>),
    Operator(Arc<OperatorKeyFound>),
    Session(Arc<SessionFound>),
}

/// Whose key it is.
pub(super) enum KeyHolder {
    Tenant(Arc<ApiKeyFound>),
    Operator(Arc<OperatorKeyFound>),
}

struct Entry {
    found: Found,
    until: Option<Timestamp>,
    stamp: Stamp,
}

/// In the app's data; without it every credential is looked up.
#[derive(Default)]
pub struct Remembered(RwLock<HashMap<Presented, Entry>>);

/// This server's.
pub(super) fn remembered(req: &HttpRequest) -> web::Data<Remembered> {
    req.app_data::<web::Data<Remembered>>().cloned().unwrap_or_default()
}

fn anonymous() -> PlatformScope {
    PlatformScope::mint(Origin { actor: Actor::Anonymous, request_id: None })
}

impl Remembered {
    /// The live key's holder.
    pub(super) async fn key(&self, core: &Core, key: &str) -> Result<Option<KeyHolder>> {
        let presented = Presented::Key(Sha256::digest(key).into());
        let found = match self.find(core, &presented) {
            Some(found) => Some(found),
            None => {
                let key = key.to_string();
                self.look(core, presented, move |tx| {
                    if let Some(found) = super::store::api_key(tx, &key)? {
                        return Ok(Some(Found::ApiKey(Arc::new(found))));
                    }
                    Ok(super::store::operator_key(tx, &key)?.map(|found| Found::Operator(Arc::new(found))))
                })
                .await?
            }
        };
        Ok(match found {
            Some(Found::ApiKey(found)) => Some(KeyHolder::Tenant(found)),
            Some(Found::Operator(found)) => Some(KeyHolder::Operator(found)),
            Some(Found::Session(_)) | None => None,
        })
    }

    /// The live session.
    pub(super) async fn session(
        &self,
        core: &Core,
        session: SessionId,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<Arc<SessionFound>>> {
        let presented = Presented::Session(session, tenant, user);
        let found = match self.find(core, &presented) {
            Some(found) => Some(found),
            None => {
                self.look(core, presented, move |tx| {
                    let found = super::store::session(tx, session, tenant, user)?;
                    Ok(found.map(|found| Found::Session(Arc::new(found))))
                })
                .await?
            }
        };
        Ok(match found {
            Some(Found::Session(found)) => Some(found),
            _ => None,
        })
    }

    fn find(&self, core: &Core, presented: &Presented) -> Option<Found> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(presented)?;
        let is_over = entry.until.is_some_and(|until| until <= core.clock.now());
        (!is_over && core.db.freshness().holds(&entry.stamp)).then(|| entry.found.clone())
    }

    async fn look(
        &self,
        core: &Core,
        presented: Presented,
        read: impl FnOnce(&mut PlatformTx<'_>) -> Result<Option<Found>> + Send + 'static,
    ) -> Result<Option<Found>> {
        let freshness = core.db.freshness();
        let before = freshness.before();
        let Some(found) = core.db.read(anonymous(), read).await? else { return Ok(None) };
        let (tenant, until) = match &found {
            Found::ApiKey(found) => (Some(found.tenant), found.until),
            Found::Operator(found) => (None, found.until),
            Found::Session(found) => (Some(found.tenant), Some(found.until)),
        };
        if let Some(stamp) = freshness.stamp(before, tenant) {
            let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if entries.len() >= CAPACITY {
                entries.clear();
            }
            entries.insert(presented, Entry { found: found.clone(), until, stamp });
        }
        Ok(Some(found))
    }
}
