//! Outside recipients of alerts over HTTP: who agreed, and how the others do.

use actix_web::{HttpResponse, get, post};
use utoipa::ToSchema;
use validator::Validate;

use crate::base::bounded::Line;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Json, Once, Reply};
use crate::notify::recipients;
use crate::notify::store::recipients as store;
use crate::sending::senders;
use crate::tenants::access::{Anyone, Caller, Permission};
use crate::tenants::store::{current, members};

/// Every outside address a tenant wishes for.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"data": [{"channel": "whatsapp", "address": "+919876500000", "asked_at": null, "confirmed_at": null,
    "code": "LW-7Q2MK9XA", "write_to": "+14155238886"}]}))]
pub struct RecipientList {
    pub data: Vec<RecipientView>,
}

/// An outside address, and whether alerts go there.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"channel": "email", "address": "sales@abc.example.com", "asked_at": "2026-11-20T09:00:00Z",
    "confirmed_at": "2026-11-20T09:05:00Z", "code": null, "write_to": null}))]
pub struct RecipientView {
    pub channel: Channel,
    pub address: String,
    /// When the one e-mail left that asks. Addresses are asked once the tenant is verified and has a plan, ten a day.
    pub asked_at: Option<Timestamp>,
    /// When it agreed; alerts go there from then on. Verified addresses of the tenant's own people have agreed.
    pub confirmed_at: Option<Timestamp>,
    /// WhatsApp, until it agreed: what is written from this number to `write_to`.
    pub code: Option<String>,
    pub write_to: Option<String>,
}

/// List outside recipients of alerts
///
/// The addresses in `settings.notification_recipients` and the business's phone number. An e-mail address agrees by the link
/// that is mailed to it, a WhatsApp number by writing `code` to `write_to`; nothing else is sent there before.
#[utoipa::path(
    responses((status = 200, description = "All of them", body = RecipientList))
)]
#[get("/notification-recipients")]
pub async fn list_notification_recipients(caller: Caller, core: Core) -> Answer {
    caller.require(Permission::TenantRead)?;
    let key = core.master_key.clone();
    let read = move |tx: &mut TenantTx<'_>| {
        let tenant = current(tx)?;
        let people = members(tx)?;
        let number = senders::platform(tx, Channel::Whatsapp)?.map(|sender| sender.address);
        let mut data = Vec::new();
        for (channel, address) in recipients::wishes(&tenant) {
            let row = store::find(tx, channel, &address)?;
            let own = people.iter().find(|member| channel == Channel::Email && member.email == address);
            let own = own.filter(|member| member.status == "active").and_then(|member| member.email_verified_at);
            let confirmed_at = row.as_ref().and_then(|row| row.confirmed_at).or(own);
            let by_code = channel == Channel::Whatsapp && confirmed_at.is_none();
            data.push(RecipientView {
                channel,
                asked_at: row.and_then(|row| row.asked_at),
                confirmed_at,
                code: by_code.then(|| recipients::code(&key, tenant.id, &address)),
                write_to: number.clone().filter(|_| by_code),
                address,
            });
        }
        Ok(RecipientList { data })
    };
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), read).await?))
}

/// The token of a mailed link.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "rcp_Q2Fubm90IGJlIGd1ZXNzZWQ"}))]
pub struct RecipientToken {
    pub token: Line<1, 200>,
}

/// Agree to get a tenant's alerts
///
/// With the token of the link that was mailed to the address.
#[utoipa::path(
    security(()),
    responses((status = 200, description = "Alerts go there from now on", body = RecipientView),
        (status = 404, description = "Nobody asks for this address", body = Problem, content_type = "application/problem+json"))
)]
#[post("/notification-recipients/confirm")]
pub async fn confirm_notification_recipient(
    anyone: Anyone,
    core: Core,
    input: Json<RecipientToken>,
    once: Once,
) -> Answer {
    once.write(&core, anyone.scope(), move |tx| {
        let found = recipients::confirm(tx, &input.0.token)?;
        Ok(Reply::ok(RecipientView {
            channel: found.channel,
            address: found.address,
            asked_at: found.asked_at,
            confirmed_at: found.confirmed_at,
            code: None,
            write_to: None,
        }))
    })
    .await
}
