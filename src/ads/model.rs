//! The vocabulary of ad campaigns, and which status may follow which.

use crate::base::{Error, Result};

crate::text_enum! {
    /// Where an ad campaign is in its life.
    pub enum CampaignStatus {
        /// Being written.
        Draft = "draft",
        /// Waits for the operators to agree, in the platform's ad account; in a tenant's own, for the ad platform's review.
        PendingApproval = "pending_approval",
        Active = "active",
        /// By a person, or by the quota; see the reason.
        Paused = "paused",
        /// Over for good.
        Completed = "completed",
    }
}

crate::text_enum! {
    /// What an ad campaign is for.
    pub enum CampaignType { LeadGeneration = "lead_generation" }
}

crate::text_enum! {
    /// The goal chosen at the ad platform.
    pub enum Objective { Leads = "leads" | "LEAD_GENERATION" | "OUTCOME_LEADS" }
}

crate::text_enum! {
    /// In whose ad account it runs. In the platform's, operators approve it before it spends, and its bills are not shown to tenants.
    pub enum AccountOwner { Platform = "platform", Tenant = "tenant" }
}

crate::text_enum! {
    /// What the operators said to an ad campaign in the platform's ad account.
    pub enum ReviewState {
        /// They were asked.
        Pending = "pending",
        Approved = "approved",
        /// Sent back, with a reason.
        Rejected = "rejected",
    }
}

/// Who asks for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The tenant's people and API keys.
    Tenant,
    /// An operator, who may spend the platform's money.
    Operator,
    /// The engine itself: a schedule or the quota.
    Engine,
}

crate::text_enum! {
    /// What the ad platform should be doing.
    pub enum Delivery {
        Running = "running",
        /// Running on a token budget: the quota is used up and the tenant chose to slow down.
        Slow = "slow",
        Paused = "paused",
    }
}

crate::text_enum! {
    /// What can be asked of an ad campaign.
    pub enum Step {
        Submit = "submit",
        Reject = "reject",
        Activate = "activate",
        Pause = "pause",
        Resume = "resume",
        Complete = "complete",
    }
}

/// Set by the quota, and by nobody else: only such a pause is lifted when a new period begins.
pub const QUOTA_REACHED: &str = "quota_reached";

/// Set when the month's limit leaves no room for another day; lifted when the next month begins.
pub const MONTHLY_CAP_REACHED: &str = "monthly_cap_reached";

/// Set when the limit of its whole life leaves no room for another day.
pub const TOTAL_BUDGET_REACHED: &str = "total_budget_reached";

impl CampaignStatus {
    /// Where a step leads. A step that leads to where the ad campaign already is changes nothing.
    ///
    /// # Errors
    /// `ad_campaign.illegal_transition`.
    pub fn after(self, step: Step) -> Result<Self> {
        use CampaignStatus::{Active, Completed, Draft, Paused, PendingApproval};
        let to = match (self, step) {
            (Draft | PendingApproval, Step::Submit) => PendingApproval,
            (PendingApproval, Step::Reject) => Draft,
            (Draft | PendingApproval | Paused | Active, Step::Activate) => Active,
            (Active | Paused, Step::Pause) => Paused,
            (Paused | Active, Step::Resume) => Active,
            (_, Step::Complete) => Completed,
            (Active | Paused | Completed, Step::Submit)
            | (Draft | Active | Paused | Completed, Step::Reject)
            | (Completed, Step::Activate)
            | (Draft | PendingApproval | Completed, Step::Pause | Step::Resume) => {
                let message = format!("An ad campaign that is {self} cannot take the step {step}.");
                return Err(Error::conflict("ad_campaign.illegal_transition", message));
            }
        };
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_goes_from_draft_to_completed_and_never_back() {
        use CampaignStatus::*;
        for (from, step, to) in [
            (Draft, Step::Submit, Some(PendingApproval)),
            (Draft, Step::Activate, Some(Active)),
            (PendingApproval, Step::Activate, Some(Active)),
            (Active, Step::Pause, Some(Paused)),
            (Paused, Step::Resume, Some(Active)),
            (Paused, Step::Activate, Some(Active)),
            (Paused, Step::Pause, Some(Paused)),
            (Draft, Step::Pause, None),
            (PendingApproval, Step::Resume, None),
            (PendingApproval, Step::Reject, Some(Draft)),
            (Draft, Step::Reject, None),
            (Active, Step::Reject, None),
            (Active, Step::Submit, None),
        ] {
            assert_eq!(from.after(step).ok(), to, "{from} {step}");
        }
        for step in Step::ALL.iter().filter(|step| **step != Step::Complete) {
            assert_eq!(Completed.after(*step).unwrap_err().code(), "ad_campaign.illegal_transition", "{step}");
        }
        assert!(CampaignStatus::ALL.iter().all(|status| status.after(Step::Complete).unwrap() == Completed));
    }
}
