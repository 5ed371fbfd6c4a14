//! Notifications over HTTP: a person's own list, their preferences, and the tenant's log of what left.

mod recipients;

use actix_web::{HttpResponse, get, patch, post};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply};
use crate::notify::choose::{self, NotificationPreferencesPatch};
use crate::notify::id::{NotificationDeliveryId, NotificationId};
use crate::notify::model::{Choice, NotificationKind};
use crate::notify::store::{self, Delivery, DeliveryFilter, Notification, NotificationFilter};
use crate::sending::MessageStatus;
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

crate::view! {
    /// One thing a person is told.
    #[schema(example = json!({
        "id": "019a9f3c-7201-7c11-a1f7-5b1d6f0c2a10", "kind": "lead_created", "title": "New hot lead: Rajesh Kumar (85/100)",
        "body": "✓ Budget matches (₹80L-1Cr)\n✓ Ready within 3 months\nContact within 1 hour for best results!",
        "link": "https://app.example.com/leads/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "read_at": null, "created_at": "2026-11-20T09:00:02Z"
    }))]
    pub struct NotificationView from row: Notification {
        pub id: NotificationId,
        pub kind: NotificationKind,
        pub title: String,
        pub body: String,
        /// Where to go: `{deep_link_base_url}/leads/{id}`.
        pub link: Option<String>,
        pub lead_id: Option<LeadId>,
        pub event_id: Option<EventId>,
        pub read_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
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
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(NotificationView::from)))
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

crate::view! {
    /// One notification on its way to an outside address.
    #[schema(example = json!({
        "id": "019a9f3c-7301-7c11-a1f7-5b1d6f0c2a10", "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "kind": "lead_created",
        "channel": "whatsapp", "address": "+919876500000", "subject": null,
        "body": "🎯 New Hot lead! (Score: 85/100) …", "status": "delivered", "error": null,
        "sent_at": "2026-11-20T09:00:03Z", "created_at": "2026-11-20T09:00:02Z", "updated_at": "2026-11-20T09:00:04Z"
    }))]
    pub struct NotificationDeliveryView from row: Delivery {
        pub id: NotificationDeliveryId,
        pub event_id: EventId,
        pub kind: NotificationKind,
        pub channel: Channel,
        pub address: String,
        pub subject: Option<String>,
        pub body: String,
        /// As for messages: `queued`, `sending`, `sent`, `delivered`, `read`, `failed`, `suppressed`, `canceled`, `unknown`.
        pub status: MessageStatus,
        /// Why it did not arrive, or why it waits.
        pub error: Option<String>,
        pub sent_at: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
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
    let page = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(NotificationDeliveryView::from)))
}
