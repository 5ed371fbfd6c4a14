//! The tenant's own subscription.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use validator::Validate;

use super::plans::PlanView;
use crate::base::id::SubscriptionId;
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::model::{BillingInterval, OveragePolicy, Plan, PlanFrom, Subscription, SubscriptionStatus};
use crate::billing::subscription::{self, NewSubscription, SubscriptionChange};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{IfMatch, Json, Once, Reply};
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
}

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
        }
    }
}

/// A plan to subscribe to.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan_code": "growth", "overage_policy": "bill"}))]
pub struct CreateSubscription {
    /// The code of a plan on offer.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub plan_code: String,
    /// What happens to leads beyond the quota. `block` when left out: they are kept with masked contact data, ads pause,
    /// and nothing is billed that was not asked for.
    pub overage_policy: Option<OveragePolicy>,
    /// `monthly` when left out.
    pub billing_interval: Option<BillingInterval>,
}

/// Changes to the subscription; what is absent stays.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overage_policy": "bill"}))]
pub struct UpdateSubscription {
    /// A dearer plan, or one whose price is agreed individually, waits until the operators activate it, once it is paid;
    /// then it gives its whole quota in the running period. Any other takes effect when what is paid for is over. Until then
    /// it is `pending_plan_code`, which naming the plan in force takes back. During a trial and before the first payment,
    /// the choice counts at once. Nothing is prorated.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub plan_code: Patch<String>,
    /// Under `bill`, leads held back in the running period are released and billed.
    #[serde(default)]
    #[schema(value_type = Option<OveragePolicy>)]
    pub overage_policy: Patch<OveragePolicy>,
    /// `true` is `overage_policy = bill`, `false` is `block`.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub buying_overages: Patch<bool>,
    /// End it when what is paid for (or the trial) is over, instead of renewing it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub cancel_at_period_end: Patch<bool>,
}

impl UpdateSubscription {
    fn read(self) -> Result<SubscriptionChange> {
        let buying = required(self.buying_overages, "/buying_overages")?;
        let policy = required(self.overage_policy, "/overage_policy")?;
        let implied = buying.map(|buying| if buying { OveragePolicy::Bill } else { OveragePolicy::Block });
        if let (Some(policy), Some(buying)) = (policy, buying)
            && buying != (policy == OveragePolicy::Bill)
        {
            let rule = "buying_overages contradicts overage_policy; send one of them";
            return Err(Error::field("/buying_overages", "contradiction", rule));
        }
        Ok(SubscriptionChange {
            plan_code: required(self.plan_code, "/plan_code")?,
            overage_policy: policy.or(implied),
            cancel_at_period_end: required(self.cancel_at_period_end, "/cancel_at_period_end")?,
        })
    }
}

fn required<T>(patch: Patch<T>, pointer: &str) -> Result<Option<T>> {
    match patch {
        Patch::Absent => Ok(None),
        Patch::Null => Err(Error::field(pointer, "required", "this field cannot be null")),
        Patch::Value(value) => Ok(Some(value)),
    }
}

const HERE: &str = "/v1/subscriptions/current";

/// Subscribe to a plan
///
/// A plan with a trial starts free and without payment details for a business that never had a trial, under whichever
/// tenant; otherwise the subscription is `incomplete` until its payment arrives. A trial begins once whoever asks for it has
/// opened the link that was mailed to them (403 `user.email_not_verified` before). It ends, `incomplete`, when an owner or a phone
/// number is added while it goes on by which a business had a trial before.
#[utoipa::path(responses((status = 201, description = "The subscription", body = SubscriptionView)))]
#[post("/subscriptions")]
pub async fn create_subscription(
    caller: Caller,
    core: web::Data<Core>,
    body: Json<CreateSubscription>,
    once: Once,
) -> Result<HttpResponse> {
    caller.require(Permission::BillingWrite)?;
    let CreateSubscription { plan_code, overage_policy, billing_interval } = body.0;
    let new = NewSubscription { plan_code, overage_policy, billing_interval };
    let key = core.master_key.clone();
    once.write(&core, caller.scope(), move |tx| {
        let made = subscription::start(tx, new, &key)?;
        let version = made.0.version;
        Ok(Reply::created(SubscriptionView::of(made)).version(version).location(HERE.into()))
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
pub async fn get_current_subscription(caller: Caller, core: web::Data<Core>) -> Result<HttpResponse> {
    caller.require(Permission::BillingRead)?;
    let look = |tx: &mut TenantTx<'_>| {
        let subscription = subscription::require(tx)?;
        let plan = subscription::plan_of(tx, &subscription)?;
        Ok((subscription, plan))
    };
    let found = core.db.read(caller.scope(), look).await?;
    let version = found.0.version;
    Ok(Reply::ok(SubscriptionView::of(found)).version(version).respond())
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
    core: web::Data<Core>,
    if_match: IfMatch,
    body: Json<UpdateSubscription>,
) -> Result<HttpResponse> {
    caller.require(Permission::BillingWrite)?;
    let change = body.0.read()?;
    let write = move |tx: &mut TenantTx<'_>| subscription::change(tx, change, &if_match);
    let changed = core.db.write(caller.scope(), write).await?;
    let version = changed.0.version;
    Ok(Reply::ok(SubscriptionView::of(changed)).version(version).respond())
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
pub async fn cancel_current_subscription(
    caller: Caller,
    core: web::Data<Core>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    caller.require(Permission::BillingWrite)?;
    let write = move |tx: &mut TenantTx<'_>| subscription::cancel(tx, &if_match);
    let ended = core.db.write(caller.scope(), write).await?;
    let version = ended.0.version;
    Ok(Reply::ok(SubscriptionView::of(ended)).version(version).respond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<SubscriptionChange> {
        serde_json::from_str::<UpdateSubscription>(body).unwrap().read()
    }

    #[test]
    fn buying_overages_is_another_name_for_the_policy() {
        assert_eq!(read(r#"{"buying_overages":true}"#).unwrap().overage_policy, Some(OveragePolicy::Bill));
        assert_eq!(read(r#"{"buying_overages":false}"#).unwrap().overage_policy, Some(OveragePolicy::Block));
        let slow = read(r#"{"buying_overages":false,"overage_policy":"slow"}"#).unwrap();
        assert_eq!(slow.overage_policy, Some(OveragePolicy::Slow));
        assert!(read(r#"{"buying_overages":true,"overage_policy":"block"}"#).is_err());
        assert!(read(r#"{"plan_code":null}"#).is_err());
        assert_eq!(read("{}").unwrap().overage_policy, None);
    }
}
