//! The console over HTTP, under `/v1/ops`.

mod catch_ups;
mod jobs;
mod notifications;
mod subscriptions;
mod summary;
mod tasks;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounted under `/v1`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(summary::get_ops_summary)
        .service(tasks::list_ops_tasks)
        .service(tasks::get_ops_task)
        .service(tasks::update_ops_task)
        .service(notifications::list_operator_notifications)
        .service(notifications::read_operator_notification)
        .service(catch_ups::list_catch_ups)
        .service(jobs::list_jobs)
        .service(jobs::get_job)
        .service(jobs::retry_jobs)
        .service(jobs::retry_job)
        .service(jobs::dismiss_jobs)
        .service(jobs::dismiss_job)
        .service(subscriptions::list_subscriptions)
        .service(subscriptions::activate_subscription)
        .service(subscriptions::record_subscription_payment)
        .service(subscriptions::grant_lead_credits);
}
