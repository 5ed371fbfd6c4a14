//! How far what was stored before has caught up with this version.

use actix_web::{HttpResponse, get};

use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::catch_up::{self, CatchUp, Progress, Standing};
use crate::engine::http::Answer;
use crate::ops::catch_up::all;
use crate::tenants::access::Operator;

/// Rows of one kind that are brought to this version's spelling, in the background.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"name": "leads", "version": "search 1, folding 1, e-mail 1", "standing": "done", "looked_at": 1200431,
    "changed": 5210, "started_at": "2026-11-20T09:00:00Z", "finished_at": "2026-11-20T09:21:00Z"}))]
pub struct CatchUpView {
    pub name: String,
    /// Of the rules they are brought up to.
    pub version: String,
    pub standing: Standing,
    /// Rows so far; after an hour all are looked at once more.
    pub looked_at: i64,
    /// Of those, the ones that were spelled otherwise.
    pub changed: i64,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

impl From<(CatchUp, Option<Progress>)> for CatchUpView {
    fn from((one, found): (CatchUp, Option<Progress>)) -> Self {
        Self {
            name: one.name.into(),
            version: one.version,
            standing: found.as_ref().map_or(Standing::Waiting, Progress::standing),
            looked_at: found.as_ref().map_or(0, |found| found.looked_at),
            changed: found.as_ref().map_or(0, |found| found.changed),
            started_at: found.as_ref().map(|found| found.started_at),
            finished_at: found.and_then(|found| found.finished_at),
        }
    }
}

/// All of them, in the order in which they are done.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"data": [{"name": "leads", "version": "search 1, folding 1, e-mail 1", "standing": "done",
    "looked_at": 1200431, "changed": 5210, "started_at": "2026-11-20T09:00:00Z", "finished_at": "2026-11-20T09:21:00Z"}]}))]
pub struct CatchUpsView {
    data: Vec<CatchUpView>,
}

/// Read how far stored rows have caught up
///
/// A version that spells addresses, telephones or search words otherwise rewrites what was stored before, a few rows at a time,
/// while everything else goes on.
#[utoipa::path(responses((status = 200, description = "How far each is", body = CatchUpsView)))]
#[get("/ops/catch-ups")]
pub async fn list_catch_ups(operator: Operator, core: Core) -> Answer {
    let found = core.db.read(operator.scope(), |tx| catch_up::standings(tx, &all())).await?;
    Ok(HttpResponse::Ok().json(CatchUpsView { data: found.into_iter().map(CatchUpView::from).collect() }))
}
