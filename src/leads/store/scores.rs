//! Every score a lead was given, with its items; the newest is in force.

use std::collections::HashMap;

use diesel::prelude::*;

use super::super::score::{Score, ScoreItem};
use crate::base::Result;
use crate::base::id::{EventId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::leads::schema::{lead_scores as scores, leads};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = scores, treat_none_as_default_value = false)]
struct Row {
    tenant_id: TenantId,
    lead_id: LeadId,
    id: EventId,
    model: String,
    model_version: i32,
    score: i32,
    items: Json,
    created_at: Timestamp,
}

impl Row {
    fn read(self) -> Result<Score> {
        let items: Vec<ScoreItem> = self.items.read()?;
        Ok(Score { score: self.score, items, model: self.model, version: self.model_version })
    }
}

pub fn insert_score(tx: &mut TenantTx<'_>, lead: LeadId, score: &Score) -> Result<()> {
    let row = Row {
        tenant_id: tx.tenant(),
        lead_id: lead,
        id: EventId::new(),
        model: score.model.clone(),
        model_version: score.version,
        score: score.score,
        items: Json::of(&score.items),
        created_at: tx.now(),
    };
    diesel::insert_into(scores::table).values(&row).execute(tx.conn())?;
    Ok(())
}

pub fn latest_score(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<Option<Score>> {
    let row: Option<Row> = scores::table
        .filter(scores::tenant_id.eq(tx.tenant()).and(scores::lead_id.eq(lead)))
        .order(scores::id.desc())
        .select(Row::as_select())
        .first(tx.conn())
        .optional()?;
    row.map(Row::read).transpose()
}

/// The scores in force of many leads, in one statement. A lead's own `score` column tells the newest apart from older
/// ones; where a score came back to an old value, either explains it.
pub fn latest_scores(tx: &mut TenantTx<'_>, ids: &[LeadId]) -> Result<HashMap<LeadId, Score>> {
    let rows: Vec<Row> = scores::table
        .inner_join(leads::table.on(leads::tenant_id.eq(scores::tenant_id).and(leads::id.eq(scores::lead_id))))
        .filter(scores::tenant_id.eq(tx.tenant()))
        .filter(scores::lead_id.eq_any(ids.to_vec()))
        .filter(leads::score.eq(scores::score))
        .order(scores::id.asc())
        .select(Row::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(|row| Ok((row.lead_id, row.read()?))).collect()
}
