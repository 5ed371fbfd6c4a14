//! Billing over HTTP: the price lists, the tenant's subscription, its usage and the ledger behind it.

pub mod plans;
pub mod subscriptions;
pub mod usage;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounted under `/v1`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(plans::list_plans)
        .service(plans::get_plan)
        .service(subscriptions::create_subscription)
        .service(subscriptions::get_current_subscription)
        .service(subscriptions::update_current_subscription)
        .service(subscriptions::cancel_current_subscription)
        .service(usage::get_usage)
        .service(usage::list_usage_entries);
}
