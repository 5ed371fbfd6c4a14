//! Rows of `plans`, which belong to the platform.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::json::Json;
use crate::base::money::Currency;
use crate::billing::model::{Plan, Pricing};
use crate::billing::schema::{plan_versions, plans};
use crate::engine::db::PlatformTx;
use crate::engine::db::insert::OrIgnore;
use crate::tenants::access::Feature;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = plans, primary_key(code), treat_none_as_default_value = false, treat_none_as_null = true)]
struct PlanRow {
    code: String,
    catalogue: String,
    name: String,
    version: i32,
    pricing: Pricing,
    currency: Currency,
    price_monthly: Option<i64>,
    price_annual: Option<i64>,
    leads_per_month: Option<i32>,
    quotas: Json,
    features: Json,
    overage_price: Option<i64>,
    price_bands: Json,
    rollover_percent: i32,
    trial_days: i32,
    position: i32,
    is_popular: bool,
    is_active: bool,
}

/// A feature that is sold no more is in no plan.
fn known(names: Vec<String>) -> Vec<Feature> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

impl PlanRow {
    fn of(plan: &Plan) -> Self {
        Self {
            code: plan.code.clone(),
            catalogue: plan.catalogue.clone(),
            name: plan.name.clone(),
            version: plan.version,
            pricing: plan.pricing,
            currency: plan.currency,
            price_monthly: plan.price_monthly,
            price_annual: plan.price_annual,
            leads_per_month: plan.leads_per_month,
            quotas: Json::of(&plan.quotas),
            features: Json::of(&plan.features),
            overage_price: plan.overage_price,
            price_bands: Json::of(&plan.price_bands),
            rollover_percent: plan.rollover_percent,
            trial_days: plan.trial_days,
            position: plan.position,
            is_popular: plan.is_popular,
            is_active: plan.is_active,
        }
    }

    fn read(self) -> Result<Plan> {
        Ok(Plan {
            code: self.code,
            catalogue: self.catalogue,
            name: self.name,
            version: self.version,
            pricing: self.pricing,
            currency: self.currency,
            price_monthly: self.price_monthly,
            price_annual: self.price_annual,
            leads_per_month: self.leads_per_month,
            quotas: self.quotas.read()?,
            features: known(self.features.read()?),
            overage_price: self.overage_price,
            price_bands: self.price_bands.read()?,
            rollover_percent: self.rollover_percent,
            trial_days: self.trial_days,
            position: self.position,
            is_popular: self.is_popular,
            is_active: self.is_active,
        })
    }
}

/// Every plan as it is sold, or was last.
pub fn known_plans(tx: &mut PlatformTx<'_>) -> Result<Vec<Plan>> {
    let rows: Vec<PlanRow> = plans::table.select(PlanRow::as_select()).load(tx.conn())?;
    rows.into_iter().map(PlanRow::read).collect()
}

/// Keeps this version of a plan for those who have it; one that is kept already stays as it is.
pub fn keep_version(tx: &mut PlatformTx<'_>, plan: &Plan) -> Result<()> {
    let insert = diesel::insert_into(plan_versions::table).values((
        plan_versions::code.eq(&plan.code),
        plan_versions::version.eq(plan.version),
        plan_versions::terms.eq(Json::of(plan)),
        plan_versions::created_at.eq(tx.now()),
    ));
    OrIgnore(insert).execute(tx.conn())?;
    Ok(())
}

/// A plan as it was in this version.
pub fn plan_version(tx: &mut PlatformTx<'_>, code: &str, version: i32) -> Result<Option<Plan>> {
    let terms = plan_versions::table.find((code.to_owned(), version)).select(plan_versions::terms);
    let terms: Option<Json> = terms.first(tx.conn()).optional()?;
    terms.map(|terms| terms.read()).transpose()
}

pub fn insert_plan(tx: &mut PlatformTx<'_>, plan: &Plan) -> Result<()> {
    let values = (PlanRow::of(plan), plans::created_at.eq(tx.now()));
    diesel::insert_into(plans::table).values(values).execute(tx.conn())?;
    Ok(())
}

pub fn update_plan(tx: &mut PlatformTx<'_>, plan: &Plan) -> Result<()> {
    diesel::update(plans::table.find(&plan.code)).set(PlanRow::of(plan)).execute(tx.conn())?;
    Ok(())
}

pub fn retire_plans_except(tx: &mut PlatformTx<'_>, sold: &[String]) -> Result<()> {
    diesel::update(plans::table.filter(plans::code.ne_all(sold).and(plans::is_active.eq(true))))
        .set(plans::is_active.eq(false))
        .execute(tx.conn())?;
    Ok(())
}

/// A plan by its code, on offer or not.
pub fn plan(tx: &mut PlatformTx<'_>, code: &str) -> Result<Option<Plan>> {
    let row = plans::table.find(code.to_owned()).select(PlanRow::as_select()).first(tx.conn()).optional()?;
    row.map(PlanRow::read).transpose()
}

/// Plans on offer, by catalogue and position.
pub fn plans(tx: &mut PlatformTx<'_>, catalogue: Option<&str>, currency: Option<Currency>) -> Result<Vec<Plan>> {
    let mut query = plans::table
        .filter(plans::is_active.eq(true))
        .order((plans::catalogue, plans::position))
        .select(PlanRow::as_select())
        .into_boxed();
    if let Some(catalogue) = catalogue {
        query = query.filter(plans::catalogue.eq(catalogue.to_owned()));
    }
    if let Some(currency) = currency {
        query = query.filter(plans::currency.eq(currency));
    }
    query.load(tx.conn())?.into_iter().map(PlanRow::read).collect()
}
