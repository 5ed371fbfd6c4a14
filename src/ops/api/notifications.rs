//! What the operators were told.

use actix_web::{HttpResponse, get, post};

use crate::base::Error;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::{Answer, Once, Page, Paging, Path, Reply};
use crate::notify::id::NotificationId;
use crate::ops::model::OperatorNotification;
use crate::ops::store::{self, NotificationFilter};
use crate::tenants::access::Operator;

crate::view! {
    /// A notification to the operators.
    #[schema(example = json!({
        "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "kind": "subscription.trial_started", "title": "New Customer Alert",
        "body": "Customer: ABC Real Estate\nPlan: Growth (50 leads/month), trial", "data": {"plan_code": "growth"},
        "read_at": null, "created_at": "2026-11-21T09:00:00Z"
    }))]
    pub struct OperatorNotificationView from note: OperatorNotification {
        pub id: NotificationId,
        /// The tenant it is about.
        pub tenant_id: Option<TenantId>,
        /// The type of the event that caused it.
        pub kind: String,
        pub title: String,
        pub body: String,
        #[schema(value_type = Object)]
        pub data: serde_json::Value,
        /// When an operator first read it.
        pub read_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
}

/// List notifications to the operators, newest first
#[utoipa::path(
    params(NotificationFilter),
    responses((status = 200, description = "A page of notifications", body = Page<OperatorNotificationView>))
)]
#[get("/ops/notifications")]
pub async fn list_operator_notifications(operator: Operator, core: Core, query: Paging<NotificationFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| store::notifications(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(OperatorNotificationView::from)))
}

/// Mark a notification as read
#[utoipa::path(responses((status = 200, description = "The notification, read", body = OperatorNotificationView)))]
#[post("/ops/notifications/{id}/read")]
pub async fn read_operator_notification(
    operator: Operator,
    core: Core,
    id: Path<NotificationId>,
    once: Once,
) -> Answer {
    once.write(&core, operator.scope(), move |tx| {
        let note = store::read_notification(tx, id.0)?;
        let absent = || Error::not_found("notification.not_found", "There is no such notification.");
        Ok(Reply::ok(OperatorNotificationView::from(note.ok_or_else(absent)?)))
    })
    .await
}
