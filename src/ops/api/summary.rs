//! The operators' first screen of the day.

use actix_web::{HttpResponse, get};
use chrono::{Days, NaiveTime, TimeZone, Utc};
use utoipa::IntoParams;

use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::{Answer, Query};
use crate::ops::dead::{self, DeadJobs};
use crate::ops::store::{self, Counters};
use crate::tenants::access::Operator;

/// What happened since last evening, and what needs a hand.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "since": "2026-11-20T12:30:00Z", "new_tenants": 3, "running_subscriptions": 100, "active_ad_campaigns": 187,
    "leads": 42, "open_tasks": 9, "overdue_tasks": 1, "unread_notifications": 3, "dead_jobs": 12, "dead_job_reasons": [{"kind": "webhook.process", "reason": "meta answered 190/463 (auth)", "count": 12}],
    "failed_webhook_events": 0
}))]
pub struct OpsSummaryView {
    pub since: Timestamp,
    /// Signed up since then.
    pub new_tenants: i64,
    /// Trialing, active or past due.
    pub running_subscriptions: i64,
    pub active_ad_campaigns: i64,
    /// Received since then.
    pub leads: i64,
    pub open_tasks: i64,
    pub overdue_tasks: i64,
    pub unread_notifications: i64,
    /// Work that used up its attempts; see `GET /v1/ops/jobs?state=dead`.
    pub dead_jobs: i64,
    /// What killed them, most first: twenty at most, of the newest five thousand.
    pub dead_job_reasons: Vec<DeadJobs>,
    /// Provider messages that could not be processed.
    pub failed_webhook_events: i64,
}

impl OpsSummaryView {
    fn of(since: Timestamp, (counters, dead_job_reasons): (Counters, Vec<DeadJobs>)) -> Self {
        Self {
            since,
            new_tenants: counters.new_tenants,
            running_subscriptions: counters.running_subscriptions,
            active_ad_campaigns: counters.active_ad_campaigns,
            leads: counters.leads,
            open_tasks: counters.open_tasks,
            overdue_tasks: counters.overdue_tasks,
            unread_notifications: counters.unread_notifications,
            dead_jobs: counters.dead_jobs,
            dead_job_reasons,
            failed_webhook_events: counters.failed_webhook_events,
        }
    }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SummaryQuery {
    /// What counts as new; the last 18:00 in Asia/Kolkata when left out.
    since: Option<Timestamp>,
}

/// The last 18:00 at the platform's home, not after `now`.
fn last_evening(now: Timestamp) -> Timestamp {
    let zone = chrono_tz::Asia::Kolkata;
    let today = now.utc().with_timezone(&zone).date_naive();
    let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default();
    let evening = |date: chrono::NaiveDate| zone.from_local_datetime(&date.and_time(six)).earliest();
    [Some(today), today.checked_sub_days(Days::new(1))]
        .into_iter()
        .flatten()
        .filter_map(|date| Some(Timestamp::from(evening(date)?.with_timezone(&Utc))))
        .find(|at| *at <= now)
        .unwrap_or(now)
}

/// Read the overnight summary
#[utoipa::path(
    params(SummaryQuery),
    responses((status = 200, description = "Counters over all tenants", body = OpsSummaryView))
)]
#[get("/ops/summary")]
pub async fn get_ops_summary(operator: Operator, core: Core, query: Query<SummaryQuery>) -> Answer {
    let since = query.0.since.unwrap_or_else(|| last_evening(core.clock.now()));
    let look = move |tx: &mut PlatformTx<'_>| Ok((store::counters(tx, since)?, dead::reasons(tx)?));
    let found = core.db.read(operator.scope(), look).await?;
    Ok(HttpResponse::Ok().json(OpsSummaryView::of(since, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_evening_is_never_in_the_future() {
        let cases = [
            ("2026-11-21T03:30:00Z", "2026-11-20T12:30:00Z"), // 09:00 in Mumbai
            ("2026-11-21T12:30:00Z", "2026-11-21T12:30:00Z"), // 18:00 sharp
            ("2026-11-21T20:00:00Z", "2026-11-21T12:30:00Z"), // 01:30 of the next day there
        ];
        for (now, evening) in cases {
            assert_eq!(last_evening(now.parse().unwrap()).to_string(), evening, "at {now}");
        }
    }
}
