//! The tenant's own subscription.

use actix_web::{delete, get, patch, post};

use super::plans::PlanView;
use crate::base::time::Timestamp;
use crate::billing::books::Books;
use crate::billing::id::SubscriptionId;
use crate::billing::model::{BillingInterval, OveragePolicy, Plan, PlanFrom, Subscription, SubscriptionStatus};
use crate::billing::subscription::{self, CreateSubscription, UpdateSubscription};
use crate::billing::{current, plans};
use crate::engine::Core;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, IfMatch, Json, Once, Reply};
use crate::tenants::access::{Caller, Permission};

/// A subscription with its plan.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "plan_code": "growth", "status": "trialing", "overage_policy": "block",
    "buying_overages": false, "billing_interval": "monthly", "anchor_day": 21, "trial_ends_at": "2026-11-28T09:00:00Z",
    "current_period_start": "2026-11-21T09:00:00Z", "current_period_end": "2026-11-28T09:00:00Z", "activated_at": null,
    "canceled_at": null, "ended_at": null, "cancel_at_period_end": false, "paid_until": null,
    "pending_plan_code": null, "pending_from": null, "pending_at": null,
    "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:00Z",
    "plan": {"code": "growth", "catalogue": "in-ops", "name": "Growth", "version": 1, "pricing": "subscription",
        "currency": "INR", "price_monthly": {"amount": 1499900, "currency": "INR"}, "price_annual": null,
        "leads_per_month": 50, "quotas": {"verified_leads": {"limit": 50}}, "features": ["whatsapp_integration"],
        "overage_price": {"amount": 40000, "currency": "INR"}, "price_bands": [], "rollover_percent": 100,
        "trial_days": 7, "position": 1, "is_popular": false}
}))]
pub struct SubscriptionView {
    pub id: SubscriptionId,
    pub plan_code: String,
    pub status: SubscriptionStatus,
    pub overage_policy: OveragePolicy,
    /// The same as `overage_policy = bill`.
    pub buying_overages: bool,
    pub billing_interval: BillingInterval,
    /// The day of the month on which it renews, at midnight in the tenant's zone.
    pub anchor_day: i32,
    pub trial_ends_at: Option<Timestamp>,
    pub current_period_start: Timestamp,
    /// Exclusive. Equal to the start while the subscription is incomplete.
    pub current_period_end: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    /// Exclusive; null before the first payment. When it passes unpaid the subscription is `past_due`, and 14 days later `paused`.
    pub paid_until: Option<Timestamp>,
    /// The plan that was chosen and is not in force yet.
    pub pending_plan_code: Option<String>,
    /// What it waits for.
    pub pending_from: Option<PlanFrom>,
    /// The first renewal from then on brings it, where it waits for the renewal.
    pub pending_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub plan: PlanView,
    #[serde(skip)]
    version: i32,
}

crate::versioned!(SubscriptionView);

impl SubscriptionView {
    pub fn of((subscription, plan): (Subscription, Plan)) -> Self {
        Self {
            id: subscription.id,
            plan_code: subscription.plan_code,
            status: subscription.status,
            overage_policy: subscription.overage_policy,
            buying_overages: subscription.overage_policy == OveragePolicy::Bill,
            billing_interval: subscription.billing_interval,
            anchor_day: subscription.anchor_day,
            trial_ends_at: subscription.trial_ends_at,
            current_period_start: subscription.current_period_start,
            current_period_end: subscription.current_period_end,
            activated_at: subscription.activated_at,
            canceled_at: subscription.canceled_at,
            ended_at: subscription.ended_at,
            cancel_at_period_end: subscription.cancel_at_period_end,
            paid_until: subscription.paid_until,
            pending_plan_code: subscription.pending_plan_code,
            pending_from: subscription.pending_from,
            pending_at: subscription.pending_at,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
            plan: plan.into(),
            version: subscription.version,
        }
    }
}

const HERE: &str = "/v1/subscriptions/current";

/// Subscribe to a plan
///
/// A plan with a trial starts free and without payment details for a business that never had a trial, under whichever
/// tenant; otherwise the subscription is `incomplete` until its payment arrives. What ads bring during a trial stays
/// locked until an owner has opened the link that was mailed to them. The trial ends, `incomplete`, when an owner's proved address or
/// a phone number shows while it goes on that the business had a trial before.
#[utoipa::path(responses((status = 201, description = "The subscription", body = SubscriptionView)))]
#[post("/subscriptions")]
pub async fn create_subscription(caller: Caller, core: Core, body: Json<CreateSubscription>, once: Once) -> Answer {
    caller.require(Permission::BillingWrite)?;
    let key = core.master_key.clone();
    once.write(&core, caller.scope(), move |tx| {
        let made = subscription::start(&mut Books::open(tx)?, body.0, &key)?;
        Ok(Reply::made(SubscriptionView::of(made), HERE.into()))
    })
    .await
}

/// Read the current subscription
#[utoipa::path(
    responses(
        (status = 200, description = "The subscription, whatever its status", body = SubscriptionView),
        (status = 404, description = "`subscription.none`: no plan was chosen, or the last subscription is over", body = Problem, content_type = "application/problem+json"))
)]
#[get("/subscriptions/current")]
pub async fn get_current_subscription(caller: Caller, core: Core) -> Answer {
    caller.require(Permission::BillingRead)?;
    let found = core.read(&caller, |tx| {
        let subscription = current::require(tx)?;
        let plan = plans::plan_of(tx, &subscription)?;
        Ok((subscription, plan))
    });
    Ok(Reply::of(SubscriptionView::of(found.await?)).respond())
}

/// Change the current subscription
#[utoipa::path(
    params(IfMatch),
    responses(
        (status = 200, description = "The subscription as it is now", body = SubscriptionView),
        (status = 404, description = "`subscription.none`", body = Problem, content_type = "application/problem+json"))
)]
#[patch("/subscriptions/current")]
pub async fn update_current_subscription(
    caller: Caller,
    core: Core,
    if_match: IfMatch,
    body: Json<UpdateSubscription>,
) -> Answer {
    caller.require(Permission::BillingWrite)?;
    let changed = core.write(&caller, move |tx| subscription::change(&mut Books::open(tx)?, body.0, &if_match)).await?;
    Ok(Reply::of(SubscriptionView::of(changed)).respond())
}

/// End the current subscription now
///
/// To end it with what is paid for instead, set `cancel_at_period_end`.
#[utoipa::path(
    params(IfMatch),
    responses(
        (status = 200, description = "The ended subscription", body = SubscriptionView),
        (status = 404, description = "`subscription.none`", body = Problem, content_type = "application/problem+json"))
)]
#[delete("/subscriptions/current")]
pub async fn cancel_current_subscription(caller: Caller, core: Core, if_match: IfMatch) -> Answer {
    caller.require(Permission::BillingWrite)?;
    let ended = core.write(&caller, move |tx| subscription::cancel(&mut Books::open(tx)?, &if_match)).await?;
    Ok(Reply::of(SubscriptionView::of(ended)).respond())
}
