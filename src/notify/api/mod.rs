//! Notifications over HTTP: a person's own list, their preferences, and the tenant's log of what left.

mod recipients;

use actix_web::{get, patch, post};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply, listed};
use crate::notify::choose::{self, NotificationPreferencesPatch};
use crate::notify::id::NotificationId;
use crate::notify::model::{Choice, NotificationKind};
use crate::notify::store::{self, DeliveryFilter, NotificationDeliveryView, NotificationFilter, NotificationView};
use crate::tenants::access::{Caller, Permission, Role};

/// Everything under `/v1/notifications` and `/v1/notification-recipients`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(recipients::list_notification_recipients)
        .service(recipients::confirm_notification_recipient)
        .service(list_notifications)
        .service(mark_all_notifications_read)
        .service(get_notification_preferences)
        .service(update_notification_preferences)
        .service(list_notification_deliveries)
        .service(mark_notification_read);
}

/// List your notifications, newest first
#[utoipa::path(
    params(NotificationFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<NotificationView>))
)]
#[get("/notifications")]
pub async fn list_notifications(caller: Caller, core: Core, query: Paging<NotificationFilter>) -> Answer {
    caller.require(Permission::NotificationsRead)?;
    let user = caller.require_user()?;
    let list = move |tx: &mut TenantTx<'_>| store::list(tx, user, &query.filter, &query.page);
    Ok(listed(core.db.read_widely(caller.scope(), list).await?))
}

/// Mark one of your notifications read
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "It is read", body = NotificationView))
)]
#[post("/notifications/{id}/read")]
pub async fn mark_notification_read(caller: Caller, core: Core, path: Path<NotificationId>, once: Once) -> Answer {
    caller.require(Permission::NotificationsWrite)?;
    let user = caller.require_user()?;
    once.write(&core, caller.scope(), move |tx| {
        Ok(Reply::ok(NotificationView::from(store::mark_read(tx, user, path.0)?)))
    })
    .await
}

/// How many were unread before.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"marked": 4}))]
pub struct MarkedRead {
    pub marked: usize,
}

/// Mark all your notifications read
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "Nothing is unread", body = MarkedRead))
)]
#[post("/notifications/read-all")]
pub async fn mark_all_notifications_read(caller: Caller, core: Core, once: Once) -> Answer {
    caller.require(Permission::NotificationsWrite)?;
    let user = caller.require_user()?;
    once.write(&core, caller.scope(), move |tx| Ok(Reply::ok(MarkedRead { marked: store::mark_all_read(tx, user)? })))
        .await
}

/// Where each kind of notification reaches you.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "lead_created": {"in_app": true, "email": true, "whatsapp": true},
    "lead_enquired": {"in_app": true, "email": false, "whatsapp": false},
    "message_received": {"in_app": true, "email": false, "whatsapp": false},
    "quota_reached": {"in_app": true, "email": true, "whatsapp": false},
    "subscription_expired": {"in_app": true, "email": true, "whatsapp": false},
    "payment_due": {"in_app": true, "email": true, "whatsapp": false},
    "webhook_endpoint_disabled": {"in_app": true, "email": true, "whatsapp": false},
    "ad_campaign_reviewed": {"in_app": true, "email": true, "whatsapp": false},
    "member_left": {"in_app": true, "email": true, "whatsapp": false}
}))]
pub struct NotificationPreferences {
    pub lead_created: Choice,
    pub lead_enquired: Choice,
    pub message_received: Choice,
    pub quota_reached: Choice,
    pub subscription_expired: Choice,
    pub payment_due: Choice,
    pub webhook_endpoint_disabled: Choice,
    pub ad_campaign_reviewed: Choice,
    /// Somebody was removed whose webhook endpoints go on, or whose API keys ended.
    pub member_left: Choice,
}

impl NotificationPreferences {
    fn of(document: &serde_json::Value, role: Role) -> Self {
        let choice = |kind| Choice::effective(document, kind, role);
        Self {
            lead_created: choice(NotificationKind::LeadCreated),
            lead_enquired: choice(NotificationKind::LeadEnquired),
            message_received: choice(NotificationKind::MessageReceived),
            quota_reached: choice(NotificationKind::QuotaReached),
            subscription_expired: choice(NotificationKind::SubscriptionExpired),
            payment_due: choice(NotificationKind::PaymentDue),
            webhook_endpoint_disabled: choice(NotificationKind::WebhookEndpointDisabled),
            ad_campaign_reviewed: choice(NotificationKind::AdCampaignReviewed),
            member_left: choice(NotificationKind::MemberLeft),
        }
    }
}

/// Get your notification preferences
#[utoipa::path(
    security(("bearer" = [])),
    responses((status = 200, description = "What is in force", body = NotificationPreferences))
)]
#[get("/notifications/preferences")]
pub async fn get_notification_preferences(caller: Caller, core: Core) -> Answer {
    caller.require(Permission::NotificationsRead)?;
    let user = caller.require_user()?;
    let (role, document, version) = core.db.read(caller.scope(), move |tx| store::preferences(tx, user)).await?;
    Ok(Reply::ok(NotificationPreferences::of(&document.value(), role)).version(version).respond())
}

/// Change your notification preferences
#[utoipa::path(
    params(IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "Changed", body = NotificationPreferences))
)]
#[patch("/notifications/preferences")]
pub async fn update_notification_preferences(
    caller: Caller,
    core: Core,
    if_match: IfMatch,
    body: Json<NotificationPreferencesPatch>,
) -> Answer {
    caller.require(Permission::NotificationsWrite)?;
    let user = caller.require_user()?;
    let change = core.write(&caller, move |tx| choose::change(tx, user, body.0, &if_match));
    let (role, document, version) = change.await?;
    Ok(Reply::ok(NotificationPreferences::of(&document, role)).version(version).respond())
}

/// List what was sent to outside addresses, newest first
///
/// The texts name leads, so it takes `leads:read` as well.
#[utoipa::path(
    params(DeliveryFilter),
    security(("bearer" = ["notifications:read", "leads:read"]), ("operator" = [])),
    responses((status = 200, description = "One page", body = Page<NotificationDeliveryView>))
)]
#[get("/notifications/deliveries")]
pub async fn list_notification_deliveries(caller: Caller, core: Core, query: Paging<DeliveryFilter>) -> Answer {
    caller.require(Permission::NotificationsRead)?;
    // Alerts say who enquired.
    caller.require(Permission::LeadsRead)?;
    let list = move |tx: &mut TenantTx<'_>| store::list_deliveries(tx, &query.filter, &query.page);
    Ok(listed(core.db.read_widely(caller.scope(), list).await?))
}
