//! Subscriptions of all tenants: activation and credits.

use actix_web::{HttpResponse, get, post};
use utoipa::IntoParams;
use validator::Validate;

use crate::base::Error;
use crate::base::bounded::Text;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::billing::api::subscriptions::SubscriptionView;
use crate::billing::books::Books;
use crate::billing::id::{SubscriptionId, UsageEntryId};
use crate::billing::model::{BillingInterval, OveragePolicy, PlanFrom, Subscription, SubscriptionStatus};
use crate::billing::store::{self, SubscriptionFilter};
use crate::billing::subscription::payment::Payment;
use crate::billing::{credits, subscription};
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Query, Reply};
use crate::ops::store::tenant_exists;
use crate::tenants::access::Operator;

/// A subscription in the operators' list.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
    "tenant_name": "ABC Real Estate", "plan_code": "growth", "status": "trialing", "overage_policy": "block",
    "billing_interval": "monthly", "trial_ends_at": "2026-11-28T09:00:00Z",
    "current_period_start": "2026-11-21T09:00:00Z", "current_period_end": "2026-11-28T09:00:00Z",
    "activated_at": null, "ended_at": null, "cancel_at_period_end": false, "paid_until": null, "pending_plan_code": null, "pending_from": null,
    "created_at": "2026-11-21T09:00:00Z"
}))]
pub struct TenantSubscriptionView {
    pub id: SubscriptionId,
    pub tenant_id: TenantId,
    pub tenant_name: String,
    pub plan_code: String,
    pub status: SubscriptionStatus,
    pub overage_policy: OveragePolicy,
    pub billing_interval: BillingInterval,
    pub trial_ends_at: Option<Timestamp>,
    pub current_period_start: Timestamp,
    pub current_period_end: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    /// Exclusive; null before the first payment.
    pub paid_until: Option<Timestamp>,
    /// The plan that was chosen and is not in force yet.
    pub pending_plan_code: Option<String>,
    /// What it waits for: `activation` is yours.
    pub pending_from: Option<PlanFrom>,
    pub created_at: Timestamp,
}

impl TenantSubscriptionView {
    fn of((subscription, tenant_name): (Subscription, String)) -> Self {
        Self {
            id: subscription.id,
            tenant_id: subscription.tenant_id,
            tenant_name,
            plan_code: subscription.plan_code,
            status: subscription.status,
            overage_policy: subscription.overage_policy,
            billing_interval: subscription.billing_interval,
            trial_ends_at: subscription.trial_ends_at,
            current_period_start: subscription.current_period_start,
            current_period_end: subscription.current_period_end,
            activated_at: subscription.activated_at,
            ended_at: subscription.ended_at,
            cancel_at_period_end: subscription.cancel_at_period_end,
            paid_until: subscription.paid_until,
            pending_plan_code: subscription.pending_plan_code,
            pending_from: subscription.pending_from,
            created_at: subscription.created_at,
        }
    }
}

/// List subscriptions of all tenants, newest first
#[utoipa::path(
    params(SubscriptionFilter),
    responses((status = 200, description = "A page of subscriptions, ended ones among them", body = Page<TenantSubscriptionView>))
)]
#[get("/ops/subscriptions")]
pub async fn list_subscriptions(operator: Operator, core: Core, query: Paging<SubscriptionFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| store::list_all(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(TenantSubscriptionView::of)))
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ActivateSubscription {
    /// How it is paid from now on; as before when left out.
    billing_interval: Option<BillingInterval>,
    /// The plan the payment was for: refused when another would take effect.
    plan_code: Option<String>,
    /// Until when it is paid, exclusive: one interval when left out, and as before where only another plan takes effect.
    paid_until: Option<Timestamp>,
}

/// Activate a subscription
///
/// For a payment that arrived outside the platform. From a trial, an expired or an incomplete subscription a new period
/// starts now with the whole quota, from a paused one too; a past-due one goes on in its period. A plan whose `pending_from` is
/// `activation` takes effect, in an active subscription too: in the running period, or in a new one after a plan that
/// charged for every lead.
#[utoipa::path(
    params(ActivateSubscription),
    responses(
        (status = 200, description = "The subscription, active", body = SubscriptionView),
        (status = 409, description = "`subscription.not_activatable`: it is over, or active and no plan waits; `subscription.other_plan`", body = Problem,
            content_type = "application/problem+json"))
)]
#[post("/ops/subscriptions/{id}/activate")]
pub async fn activate_subscription(
    operator: Operator,
    core: Core,
    id: Path<SubscriptionId>,
    query: Query<ActivateSubscription>,
    once: Once,
) -> Answer {
    let ActivateSubscription { billing_interval, plan_code, paid_until } = query.0;
    once.write(&core, operator.scope(), move |tx| {
        let absent = || Error::not_found("subscription.not_found", "There is no such subscription.");
        let tenant = store::tenant_of(tx, id.0)?.ok_or_else(absent)?;
        let paid = Payment { interval: billing_interval, plan_code: plan_code.as_deref(), until: paid_until };
        let mut tx = tx.for_tenant(tenant);
        let activated = subscription::activate(&mut Books::open(&mut tx)?, id.0, paid)?;
        Ok(Reply::of(SubscriptionView::of(activated)))
    })
    .await
}

/// A payment that arrived outside the platform.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reference": "INV-2026-0042"}))]
pub struct RecordPayment {
    /// Until when it pays, exclusive: one interval more when left out.
    pub paid_until: Option<Timestamp>,
    /// What it is called in the books.
    pub reference: Option<Text<1, 200>>,
}

/// Record a payment
///
/// For a subscription that is `active` or `past_due`: it is paid for another interval, or until the moment that is named, and
/// active. Others are activated.
#[utoipa::path(
    responses(
        (status = 200, description = "The subscription, paid", body = SubscriptionView),
        (status = 404, description = "`subscription.not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`subscription.not_payable`: it has to be activated, or is over", body = Problem,
            content_type = "application/problem+json"))
)]
#[post("/ops/subscriptions/{id}/payments")]
pub async fn record_subscription_payment(
    operator: Operator,
    core: Core,
    id: Path<SubscriptionId>,
    body: Json<RecordPayment>,
    once: Once,
) -> Answer {
    let RecordPayment { paid_until, reference } = body.0;
    once.write(&core, operator.scope(), move |tx| {
        let absent = || Error::not_found("subscription.not_found", "There is no such subscription.");
        let tenant = store::tenant_of(tx, id.0)?.ok_or_else(absent)?;
        let (mut tx, reference) = (tx.for_tenant(tenant), reference.map(String::from));
        let paid = subscription::payment::pay(&mut Books::open(&mut tx)?, id.0, paid_until, reference)?;
        Ok(Reply::of(SubscriptionView::of(paid)))
    })
    .await
}

/// Lead credits to grant.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 2, "reason": "Two leads with wrong numbers"}))]
pub struct GrantLeadCredits {
    #[validate(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub quantity: i32,
    pub reason: Text<1, 500>,
}

/// What was granted.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"usage_entry_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "quantity": 2, "credits": 2, "remaining": 12}))]
pub struct LeadCreditsView {
    pub usage_entry_id: UsageEntryId,
    pub quantity: i32,
    /// Credits of the running period, used ones among them.
    pub credits: i32,
    /// Leads left in the running period. Null: unlimited.
    pub remaining: Option<i32>,
}

/// Grant lead credits
///
/// They are consumed after quota and rollover, and stay until they are used.
#[utoipa::path(
    responses(
        (status = 201, description = "Granted", body = LeadCreditsView),
        (status = 409, description = "`subscription.none`: there is nothing to credit", body = Problem,
            content_type = "application/problem+json"))
)]
#[post("/ops/tenants/{id}/credits")]
pub async fn grant_lead_credits(
    operator: Operator,
    core: Core,
    id: Path<TenantId>,
    body: Json<GrantLeadCredits>,
    once: Once,
) -> Answer {
    let GrantLeadCredits { quantity, reason } = body.0;
    once.write(&core, operator.scope(), move |tx| {
        if !tenant_exists(tx, id.0)? {
            return Err(Error::not_found("tenant.not_found", "There is no such tenant."));
        }
        let mut tx = tx.for_tenant(id.0);
        let (entry, period) = credits::grant(&mut Books::open(&mut tx)?, quantity, reason.into())?;
        Ok(Reply::created(LeadCreditsView {
            usage_entry_id: entry.id,
            quantity,
            credits: period.quota.credits,
            remaining: period.quota.remaining(),
        }))
    })
    .await
}
