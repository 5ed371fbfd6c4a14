//! The price lists, readable by anyone.

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::base::Error;
use crate::base::money::{Currency, Money};
use crate::billing::model::{Plan, Pricing, Quotas};
use crate::billing::{plans, store};
use crate::engine::Core;
use crate::engine::http::{Answer, Path, Query};
use crate::tenants::access::{Anyone, Feature, Visitor};

/// A lead's price by what it is worth: the first band whose `max_score` is not below it. The score that counts here is the
/// platform's own, of what the person said (budget, timeline, place, ways to be reached); nothing a tenant sets moves it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"max_score": 40, "price": {"amount": 2000, "currency": "USD"}}))]
pub struct PriceBandView {
    pub max_score: i32,
    pub price: Money,
}

/// A plan on offer.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "code": "growth", "catalogue": "in-ops", "name": "Growth", "version": 1, "pricing": "subscription", "currency": "INR",
    "price_monthly": {"amount": 1499900, "currency": "INR"}, "price_annual": null, "leads_per_month": 50,
    "quotas": {"verified_leads": {"limit": 50}}, "features": ["whatsapp_integration", "api_access"],
    "overage_price": {"amount": 40000, "currency": "INR"}, "price_bands": [], "rollover_percent": 100, "trial_days": 7,
    "position": 1, "is_popular": false
}))]
pub struct PlanView {
    pub code: String,
    #[schema(value_type = Catalogue)]
    pub catalogue: String,
    pub name: String,
    pub version: i32,
    pub pricing: Pricing,
    pub currency: Currency,
    /// Null: agreed upon individually.
    pub price_monthly: Option<Money>,
    /// Null: not offered by the year, or agreed upon individually.
    pub price_annual: Option<Money>,
    /// Null: unlimited.
    pub leads_per_month: Option<i32>,
    pub quotas: Quotas,
    /// What the plan unlocks; anything else answers 403 `feature_not_in_plan`.
    pub features: Vec<Feature>,
    /// For a lead beyond the quota. Null: by `price_bands`, or not for sale.
    pub overage_price: Option<Money>,
    pub price_bands: Vec<PriceBandView>,
    /// Unused leads that move into the next month, at most this share of `leads_per_month`.
    pub rollover_percent: i32,
    /// 0: no trial.
    pub trial_days: i32,
    pub position: i32,
    pub is_popular: bool,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let money = |amount| Money::new(amount, plan.currency);
        Self {
            price_monthly: plan.price_monthly.map(money),
            price_annual: plan.price_annual.map(money),
            overage_price: plan.overage_price.map(money),
            price_bands: plan
                .price_bands
                .iter()
                .map(|band| PriceBandView { max_score: band.max_score, price: money(band.amount) })
                .collect(),
            code: plan.code,
            catalogue: plan.catalogue,
            name: plan.name,
            version: plan.version,
            pricing: plan.pricing,
            currency: plan.currency,
            leads_per_month: plan.leads_per_month,
            quotas: plan.quotas,
            features: plan.features,
            rollover_percent: plan.rollover_percent,
            trial_days: plan.trial_days,
            position: plan.position,
            is_popular: plan.is_popular,
        }
    }
}

crate::text_enum! {
    /// A price list.
    pub enum Catalogue {
        /// The platform runs the ads, in India.
        InOps = "in-ops",
        /// The business runs its ads itself, in India.
        InSelfserve = "in-selfserve",
        Us = "us",
    }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPlans {
    catalogue: Option<Catalogue>,
    currency: Option<Currency>,
}

/// The plans on offer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PlanList {
    data: Vec<PlanView>,
    /// Always null: they are on one page.
    next_cursor: Option<String>,
}

/// List the plans on offer
///
/// With credentials, those for the tenant: in its currency, and of its country where that has a price list. Without, all of
/// them, for a page of prices: `currency` and `catalogue` narrow them. A plan is chosen by its `code`, as it is listed here, which no
/// rule makes of its name: codes of different price lists are built differently.
#[utoipa::path(
    params(ListPlans), security(()),
    responses((status = 200, description = "The plans on offer, on one page", body = PlanList))
)]
#[get("/plans")]
pub async fn list_plans(visitor: Visitor, core: Core, query: Query<ListPlans>) -> Answer {
    let ListPlans { catalogue, currency } = query.0;
    let plans = match visitor {
        Visitor::Caller(caller) => {
            core.read(&*caller, move |tx| plans::offered_to(tx, catalogue.map(Catalogue::as_str), currency)).await?
        }
        Visitor::Anyone(anyone) => {
            core.db.read(anyone.scope(), move |tx| store::plans(tx, catalogue.map(Catalogue::as_str), currency)).await?
        }
    };
    Ok(HttpResponse::Ok().json(PlanList { data: plans.into_iter().map(PlanView::from).collect(), next_cursor: None }))
}

/// Read one plan
#[utoipa::path(
    params(("code" = String, Path, description = "The plan's code", example = "growth")), security(()),
    responses((status = 200, description = "The plan, on offer or not any more", body = PlanView))
)]
#[get("/plans/{code}")]
pub async fn get_plan(anyone: Anyone, core: Core, code: Path<String>) -> Answer {
    let plan = core.db.read(anyone.scope(), move |tx| store::plan(tx, &code.0)).await?;
    let plan = plan.ok_or_else(|| Error::not_found("plan.not_found", "There is no such plan."))?;
    Ok(HttpResponse::Ok().json(PlanView::from(plan)))
}
