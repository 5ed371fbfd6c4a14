//! What was deleted, for whoever keeps a copy.

use actix_web::{HttpResponse, get};

use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::db::tombstones::{self, Tombstone, TombstoneFilter};
use crate::engine::events::SubjectType;
use crate::engine::http::{Answer, Page, Paging};
use crate::tenants::access::Caller;

crate::view! {
    /// Something was deleted.
    #[schema(example = json!({
        "noun": "webhook_endpoint", "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "deleted_at": "2026-11-20T09:00:00Z"
    }))]
    pub struct TombstoneView from tombstone: Tombstone {
        noun: SubjectType,
        /// Of what was deleted.
        #[schema(value_type = String, format = Uuid)]
        id: uuid::Uuid,
        deleted_at: Timestamp,
    }
}

/// List tombstones
///
/// What was deleted, the oldest first: of each its noun, its id and when, for 90 days. `next_cursor` is never null: an empty page is
/// the last one so far. Only those of what the caller may read are listed. A member who was removed may come back under the same
/// id: a tombstone is of what was changed before it. A place of which something has been forgotten since answers 410: copy
/// everything anew.
#[utoipa::path(
    params(TombstoneFilter),
    responses((status = 200, description = "A page of tombstones", body = Page<TombstoneView>))
)]
#[get("/tombstones")]
pub async fn list_tombstones(caller: Caller, core: Core, query: Paging<TombstoneFilter>) -> Answer {
    let about = caller.readable_subjects();
    let list = move |tx: &mut TenantTx<'_>| tombstones::list(tx, &query.filter, about.as_deref(), &query.page);
    let page = core.db.read(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(TombstoneView::from)))
}
