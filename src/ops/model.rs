//! What operators work on: tasks with a due time, and notifications.

use crate::base::id::{OperatorId, TenantId};
use crate::base::time::Timestamp;
use crate::leads::id::AdCampaignId;
use crate::notify::id::NotificationId;
use crate::ops::id::OpsTaskId;

crate::text_enum! {
    /// Where a task stands.
    pub enum TaskStatus {
        Open = "open",
        InProgress = "in_progress",
        Done = "done",
        Canceled = "canceled",
    }
}

impl TaskStatus {
    pub fn is_closed(self) -> bool {
        matches!(self, TaskStatus::Done | TaskStatus::Canceled)
    }
}

crate::text_enum! {
    /// What an operator has to do for a tenant: to launch a new one, to decide what the platform pays for, to see to what it
    /// is paid, or to find out which of two accounts somebody uses.
    pub enum TaskKind {
        SetUpMeta = "set_up_meta_campaign",
        SetUpGoogle = "set_up_google_campaign",
        Launch = "launch_campaigns",
        Review = "review_ad_campaign",
        Accounts = "settle_accounts",
        /// A subscription, or a dearer plan, waits for its payment.
        Activate = "activate_subscription",
        /// What was paid for is over.
        Collect = "collect_payment",
    }
}

impl TaskKind {
    /// For a new tenant.
    pub const ONBOARDING: [Self; 3] = [Self::SetUpMeta, Self::SetUpGoogle, Self::Launch];

    pub fn title(self) -> &'static str {
        match self {
            TaskKind::SetUpMeta => "Set up Facebook campaign",
            TaskKind::SetUpGoogle => "Set up Google campaign",
            TaskKind::Launch => "Test and launch",
            TaskKind::Review => "Review ad campaign",
            TaskKind::Accounts => "Two accounts of one address",
            TaskKind::Activate => "Activate the subscription once it is paid",
            TaskKind::Collect => "Collect the payment",
        }
    }
    /// What it takes by hand.
    pub fn estimate_minutes(self) -> i32 {
        match self {
            TaskKind::SetUpMeta | TaskKind::SetUpGoogle | TaskKind::Accounts => 15,
            TaskKind::Launch | TaskKind::Review | TaskKind::Activate | TaskKind::Collect => 5,
        }
    }
}

/// A piece of work for a tenant.
#[derive(Debug, Clone)]
pub struct OpsTask {
    pub id: OpsTaskId,
    pub tenant_id: TenantId,
    pub kind: TaskKind,
    pub title: String,
    pub status: TaskStatus,
    pub estimate_minutes: i32,
    pub due_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<OperatorId>,
    /// The one to be reviewed.
    pub ad_campaign_id: Option<AdCampaignId>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl OpsTask {
    /// Moves to `status`; closing it notes who did so and when, reopening forgets it.
    pub fn turn(&mut self, status: TaskStatus, by: Option<OperatorId>, at: Timestamp) {
        if status == TaskStatus::Done && self.status != TaskStatus::Done {
            (self.completed_at, self.completed_by) = (Some(at), by);
        } else if status != TaskStatus::Done {
            (self.completed_at, self.completed_by) = (None, None);
        }
        self.status = status;
        self.version += 1;
        self.updated_at = at;
    }

    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.status.is_closed() && self.due_at < now
    }
}

/// Something an operator should know.
#[derive(Debug, Clone)]
pub struct OperatorNotification {
    pub id: NotificationId,
    pub tenant_id: Option<TenantId>,
    /// The type of the event that caused it.
    pub kind: String,
    pub title: String,
    pub body: String,
    pub data: serde_json::Value,
    pub read_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_and_reopening_a_task() {
        let start = Timestamp::from_seconds(1_795_165_200).unwrap();
        let later = start.plus(chrono::Duration::hours(25));
        let operator = OperatorId::new();
        let mut task = OpsTask {
            id: OpsTaskId::new(),
            tenant_id: TenantId::new(),
            kind: TaskKind::Launch,
            title: TaskKind::Launch.title().into(),
            status: TaskStatus::Open,
            estimate_minutes: 5,
            due_at: start.plus(chrono::Duration::hours(24)),
            completed_at: None,
            completed_by: None,
            ad_campaign_id: None,
            version: 1,
            created_at: start,
            updated_at: start,
        };
        assert!(!task.is_overdue(start) && task.is_overdue(later));
        task.turn(TaskStatus::Done, Some(operator), later);
        assert_eq!((task.completed_at, task.completed_by, task.version), (Some(later), Some(operator), 2));
        assert!(!task.is_overdue(later));
        task.turn(TaskStatus::Done, Some(OperatorId::new()), later.plus(chrono::Duration::hours(1)));
        assert_eq!((task.completed_at, task.completed_by), (Some(later), Some(operator)), "the first one did it");
        task.turn(TaskStatus::Open, Some(operator), later);
        assert_eq!((task.completed_at, task.completed_by), (None, None));
    }

    #[test]
    fn setting_a_tenant_up_takes_35_minutes_by_hand() {
        assert_eq!(TaskKind::ONBOARDING.iter().map(|kind| kind.estimate_minutes()).sum::<i32>(), 35);
    }
}
