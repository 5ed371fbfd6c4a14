//! What a tenant has used, and the ledger that proves it.

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::id::{UsageEntryId, UsagePeriodId};
use crate::billing::model::{
    EntryKind, Meter, MeterKind, OveragePolicy, Plan, Subscription, SubscriptionStatus, UsageEntry, UsagePeriod, decide,
};
use crate::billing::renewal::Course;
use crate::billing::store::{self, EntryFilter, Totals};
use crate::billing::{current, plans};
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Page, Paging, Query};
use crate::tenants::access::{Caller, Permission};

/// The lead meter of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"base": 50, "rollover": 5, "credits": 0, "used": 12, "remaining": 43, "overage": 0, "blocked": 0}))]
pub struct LeadUsage {
    /// Leads the plan includes. Null: unlimited.
    pub base: Option<i32>,
    /// Unused base leads of the period before; they expire with this one.
    pub rollover: i32,
    /// Granted by the platform; consumed last, kept until used.
    pub credits: i32,
    /// Delivered leads, overage included.
    pub used: i32,
    /// What is left of base, rollover and credits. Null: unlimited.
    pub remaining: Option<i32>,
    /// Delivered beyond what is included, and billed.
    pub overage: i32,
    /// Received and held back with masked contact data; not part of `used`.
    pub blocked: i32,
}

/// Usage of one billing period.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "period_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "period_start": "2026-10-20T18:30:00Z",
    "period_end": "2026-11-20T18:30:00Z", "plan_code": "growth", "status": "active", "overage_policy": "bill",
    "leads": {"base": 50, "rollover": 5, "credits": 0, "used": 58, "remaining": 0, "overage": 3, "blocked": 0},
    "amount_due": {"amount": 120000, "currency": "INR"}, "notional_amount": {"amount": 1770000, "currency": "INR"},
    "is_allowed": true, "message": null
}))]
pub struct UsageView {
    pub period_id: UsagePeriodId,
    pub period_start: Timestamp,
    /// Exclusive.
    pub period_end: Timestamp,
    pub plan_code: String,
    pub status: SubscriptionStatus,
    pub overage_policy: OveragePolicy,
    pub leads: LeadUsage,
    /// Due for this period besides the plan's price.
    pub amount_due: Money,
    /// What the delivered leads are worth at the plan's price.
    pub notional_amount: Money,
    /// Would one more lead be delivered now, and not held back?
    pub is_allowed: bool,
    /// What to do when not.
    pub message: Option<String>,
}

/// Why the next lead would be held back, and what to do about it.
fn remedy(status: SubscriptionStatus) -> &'static str {
    match status {
        SubscriptionStatus::Incomplete => {
            "The subscription is not active yet: leads are held back until the operators activate it, once it is paid."
        }
        SubscriptionStatus::Expired => {
            "The trial is over: leads are held back until the operators activate the subscription, once it is paid."
        }
        SubscriptionStatus::Paused => {
            "The subscription is paused, because it is not paid: leads are held back until the operators record a payment."
        }
        SubscriptionStatus::PastDue => {
            "The subscription is not paid any more, so nothing is delivered beyond what the plan includes."
        }
        SubscriptionStatus::Canceled => "The subscription is over. Choose a plan by POST /v1/subscriptions.",
        _ => "Lead limit reached. Choose a larger plan, or overage_policy = bill, by PATCH /v1/subscriptions/current.",
    }
}

impl UsageView {
    fn of(now: Timestamp, subscription: Subscription, plan: Plan, period: UsagePeriod, totals: Totals) -> Self {
        let quota = period.quota;
        let standing = subscription.standing(&period, now);
        let next = decide(standing, plan.pricing, &quota, plan.price_of_lead(0));
        let is_allowed = next != MeterKind::Blocked;
        let message = (!is_allowed).then(|| remedy(subscription.status).to_string());
        Self {
            period_id: period.id,
            period_start: period.period_start,
            period_end: period.period_end,
            plan_code: plan.code,
            status: subscription.status,
            overage_policy: subscription.overage_policy,
            leads: LeadUsage {
                base: quota.base,
                rollover: quota.rollover,
                credits: quota.credits,
                used: quota.used,
                remaining: quota.remaining(),
                overage: quota.overage,
                blocked: totals.blocked,
            },
            amount_due: Money::new(totals.amount_due, plan.currency),
            notional_amount: Money::new(totals.notional_amount, plan.currency),
            is_allowed,
            message,
        }
    }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// A moment in the period to read; the current one when left out.
    at: Option<Timestamp>,
}

/// Read usage
#[utoipa::path(
    params(UsageQuery),
    responses((status = 200, description = "Usage of one period", body = UsageView),
        (status = 404, description = "`subscription.none`, or `usage.period_not_found` for a moment outside all periods", body = Problem, content_type = "application/problem+json"))
)]
#[get("/usage")]
pub async fn get_usage(caller: Caller, core: Core, query: Query<UsageQuery>) -> Answer {
    caller.require(Permission::BillingRead)?;
    let at = query.0.at;
    let look = move |tx: &mut TenantTx<'_>| {
        let (subscription, period) = match at {
            None => current_period(tx)?,
            Some(at) => past_period(tx, at)?,
        };
        let plan = plans::plan_in(tx, &subscription, &period)?;
        let totals = store::totals(tx, period.id)?;
        Ok(UsageView::of(tx.now(), subscription, plan, period, totals))
    };
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), look).await?))
}

fn period_not_found() -> Error {
    Error::not_found("usage.period_not_found", "There was no billing period at that time.")
}

fn current_period(tx: &mut TenantTx<'_>) -> Result<(Subscription, UsagePeriod)> {
    let Course { subscription, period } = current::course(tx)?.ok_or_else(current::none)?;
    Ok((subscription, period.ok_or_else(period_not_found)?))
}

fn past_period(tx: &mut TenantTx<'_>, at: Timestamp) -> Result<(Subscription, UsagePeriod)> {
    let Some(period) = store::period_for(tx, Meter::Leads, at)?.filter(|period| period.covers(at)) else {
        // It may have begun, and nobody has written it yet.
        let running = current_period(tx).ok().filter(|(_, period)| period.covers(at));
        return running.ok_or_else(period_not_found);
    };
    let subscription = store::subscription(tx, period.subscription_id)?.ok_or_else(period_not_found)?;
    Ok((subscription, period))
}

/// One line of the usage ledger.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "period_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "kind": "quota",
    "quantity": 1, "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "amount_due": {"amount": 0, "currency": "INR"},
    "notional_amount": {"amount": 30000, "currency": "INR"}, "reason": null,
    "occurred_at": "2026-11-21T09:00:00Z", "created_at": "2026-11-21T09:00:01Z"
}))]
pub struct UsageEntryView {
    pub id: UsageEntryId,
    /// Null: the lead was held back before there was any plan.
    pub period_id: Option<UsagePeriodId>,
    pub kind: EntryKind,
    /// −1 on a `blocked` entry says that the lead was released.
    pub quantity: i32,
    pub lead_id: Option<LeadId>,
    pub amount_due: Money,
    /// What the lead is worth, or would cost while it is held back.
    pub notional_amount: Money,
    pub reason: Option<String>,
    /// When the lead was received: it decides the period.
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
}

impl From<UsageEntry> for UsageEntryView {
    fn from(entry: UsageEntry) -> Self {
        Self {
            id: entry.id,
            period_id: entry.period_id,
            kind: entry.kind,
            quantity: entry.quantity,
            lead_id: entry.lead_id,
            amount_due: Money::new(entry.amount_due, entry.currency),
            // A release takes back what was noted; the amount itself is never negative.
            notional_amount: Money::new(entry.notional_amount.abs(), entry.currency),
            reason: entry.reason,
            occurred_at: entry.occurred_at,
            created_at: entry.created_at,
        }
    }
}

/// List the usage ledger, newest first
#[utoipa::path(
    params(EntryFilter),
    responses((status = 200, description = "A page of entries", body = Page<UsageEntryView>))
)]
#[get("/usage/entries")]
pub async fn list_usage_entries(caller: Caller, core: Core, query: Paging<EntryFilter>) -> Answer {
    caller.require(Permission::BillingRead)?;
    let list = move |tx: &mut TenantTx<'_>| store::entries(tx, &query.filter, &query.page);
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(UsageEntryView::from)))
}
