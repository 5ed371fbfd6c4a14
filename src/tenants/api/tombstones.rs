//! What was deleted, for whoever keeps a copy.

use actix_web::{HttpResponse, get};

use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::db::tombstones::{self, Tombstone, TombstoneFilter};
use crate::engine::http::{Answer, Page, Paging};
use crate::tenants::access::Caller;

/// List tombstones
///
/// What was deleted, the oldest first: of each its noun, its id and when, for 90 days. `next_cursor` is never null: an empty page is
/// the last one so far. Only those of what the caller may read are listed. A member who was removed may come back under the same
/// id: a tombstone is of what was changed before it. A place of which something has been forgotten since answers 410: copy
/// everything anew.
#[utoipa::path(
    params(TombstoneFilter),
    responses((status = 200, description = "A page of tombstones", body = Page<Tombstone>))
)]
#[get("/tombstones")]
pub async fn list_tombstones(caller: Caller, core: Core, query: Paging<TombstoneFilter>) -> Answer {
    let about = caller.readable_subjects();
    let list = move |tx: &mut TenantTx<'_>| tombstones::list(tx, &query.filter, about.as_deref(), &query.page);
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), list).await?))
}
