//! What a tenant asks of its subscription: to begin it, and to change it.

use validator::Validate;

use crate::base::bounded::Text;
use crate::base::{Error, Result};
use crate::billing::model::{BillingInterval, OveragePolicy};

/// A plan to subscribe to.
#[derive(Debug, Clone, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan_code": "growth", "overage_policy": "bill"}))]
pub struct CreateSubscription {
    /// The code of a plan on offer.
    pub plan_code: Text<1, 60>,
    /// What happens to leads beyond the quota. `block` when left out: they are kept with masked contact data, ads pause,
    /// and nothing is billed that was not asked for.
    pub overage_policy: Option<OveragePolicy>,
    /// `monthly` when left out.
    pub billing_interval: Option<BillingInterval>,
}

crate::patch! {
    /// Changes to the subscription; what is absent stays.
    #[schema(example = json!({"overage_policy": "bill"}))]
    pub struct UpdateSubscription {
        /// A dearer plan, or one whose price is agreed individually, waits until the operators activate it, once it is paid;
        /// then it gives its whole quota in the running period. Any other takes effect when what is paid for is over. Until then
        /// it is `pending_plan_code`, which naming the plan in force takes back. During a trial and before the first payment,
        /// the choice counts at once. Nothing is prorated.
        pub plan_code: Given<Text<1, 60>>,
        /// Under `bill`, leads held back in the running period are released and billed.
        pub overage_policy: Given<OveragePolicy>,
        /// `true` is `overage_policy = bill`, `false` is `block`.
        pub buying_overages: Given<bool>,
        /// End it when what is paid for (or the trial) is over, instead of renewing it.
        pub cancel_at_period_end: Given<bool>,
    }
}

impl UpdateSubscription {
    /// The policy that is asked for, by either of its names.
    ///
    /// # Errors
    /// A field error where the two contradict each other.
    pub(super) fn policy(&self) -> Result<Option<OveragePolicy>> {
        let (buying, policy) = (self.buying_overages.0, self.overage_policy.0);
        if let (Some(policy), Some(buying)) = (policy, buying)
            && buying != (policy == OveragePolicy::Bill)
        {
            let rule = "buying_overages contradicts overage_policy; send one of them";
            return Err(Error::field("/buying_overages", "contradiction", rule));
        }
        let implied = buying.map(|buying| if buying { OveragePolicy::Bill } else { OveragePolicy::Block });
        Ok(policy.or(implied))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buying_overages_is_another_name_for_the_policy() {
        let policy = |body: &str| serde_json::from_str::<UpdateSubscription>(body).unwrap().policy();
        assert_eq!(policy(r#"{"buying_overages":true}"#).unwrap(), Some(OveragePolicy::Bill));
        assert_eq!(policy(r#"{"buying_overages":false}"#).unwrap(), Some(OveragePolicy::Block));
        let slow = policy(r#"{"buying_overages":false,"overage_policy":"slow"}"#);
        assert_eq!(slow.unwrap(), Some(OveragePolicy::Slow));
        assert!(policy(r#"{"buying_overages":true,"overage_policy":"block"}"#).is_err());
        assert!(serde_json::from_str::<UpdateSubscription>(r#"{"overage_policy":null}"#).is_err());
        assert_eq!(policy("{}").unwrap(), None);
    }
}
