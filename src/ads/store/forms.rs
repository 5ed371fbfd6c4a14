//! Rows of lead forms.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::AdCampaign;
use crate::ads::form::{FormType, LeadForm};
use crate::ads::schema::lead_forms;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::leads::id::LeadFormId;
use crate::providers::AdPlatform;

/// A stored lead form.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lead_forms, treat_none_as_default_value = false)]
pub struct StoredForm {
    pub tenant_id: TenantId,
    pub id: LeadFormId,
    pub platform: AdPlatform,
    pub name: String,
    pub form_type: FormType,
    pub definition: Json,
    /// Its id at the ad platform as somebody wrote it down: a wish.
    pub external_form_id: Option<String>,
    /// The id an operator agreed to: leads follow it.
    pub agreed_form_id: Option<String>,
    /// An operator wrote the wish down.
    pub is_form_id_operators: bool,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// As the ad platform tells them.
    pub platform_questions: Option<Json>,
    /// When it was last asked for them.
    pub questions_asked_at: Option<Timestamp>,
}

impl StoredForm {
    pub fn form(&self) -> Result<LeadForm> {
        self.definition.read()
    }
}

pub fn insert_form(tx: &mut TenantTx<'_>, row: &StoredForm) -> Result<()> {
    diesel::insert_into(lead_forms::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn save_form(tx: &mut TenantTx<'_>, row: &mut StoredForm) -> Result<()> {
    row.version += 1;
    row.updated_at = tx.now();
    diesel::update(lead_forms::table.find((row.tenant_id, row.id)))
        .set((
            lead_forms::name.eq(&row.name),
            lead_forms::form_type.eq(row.form_type),
            lead_forms::definition.eq(&row.definition),
            lead_forms::external_form_id.eq(&row.external_form_id),
            lead_forms::agreed_form_id.eq(&row.agreed_form_id),
            lead_forms::is_form_id_operators.eq(row.is_form_id_operators),
            lead_forms::version.eq(row.version),
            lead_forms::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Keeps what the ad platform told of the form's questions. No change of the form's own: its version stays.
pub fn note_questions(tx: &mut TenantTx<'_>, id: LeadFormId, questions: Option<&Json>) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    diesel::update(lead_forms::table.find((tenant, id)))
        .set((lead_forms::platform_questions.eq(questions), lead_forms::questions_asked_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

pub fn find_form(tx: &mut TenantTx<'_>, id: LeadFormId) -> Result<Option<StoredForm>> {
    let tenant = tx.tenant();
    Ok(lead_forms::table.find((tenant, id)).select(StoredForm::as_select()).first(tx.conn()).optional()?)
}

/// These forms, by their ids.
pub fn forms(tx: &mut TenantTx<'_>, ids: &[LeadFormId]) -> Result<BTreeMap<LeadFormId, StoredForm>> {
    let rows: Vec<StoredForm> = lead_forms::table
        .filter(lead_forms::tenant_id.eq(tx.tenant()).and(lead_forms::id.eq_any(ids)))
        .select(StoredForm::as_select())
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|form| (form.id, form)).collect())
}

/// The form of an ad campaign.
pub fn form_of(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<Option<StoredForm>> {
    campaign.lead_form_id.map_or(Ok(None), |id| find_form(tx, id))
}
