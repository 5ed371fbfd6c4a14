//! Rows of `plans`, which belong to the platform.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::json::Json;
use crate::base::money::Currency;
use crate::billing::model::{Plan, Pricing};
use crate::engine::db::PlatformTx;
use crate::engine::db::schema::plans;

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
            features: self.features.read()?,
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

pub fn plan_versions(tx: &mut PlatformTx<'_>) -> Result<Vec<(String, i32)>> {
    Ok(plans::table.select((plans::code, plans::version)).load(tx.conn())?)
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
