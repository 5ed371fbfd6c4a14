//! The account and its number, as its owner set them up.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{refuse, unauthorized};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::around;

pub(super) async fn show(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    account: web::Path<String>,
) -> HttpResponse {
    around(&sandbox, "twilio", "check", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        let account = account.as_str();
        HttpResponse::Ok().json(json!({ "sid": account, "friendly_name": "Twin", "status": "active", "type": "Full" }))
    })
    .await
}

pub(super) async fn numbers(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    account: web::Path<String>,
) -> HttpResponse {
    around(&sandbox, "twilio", "check", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        let own = &sandbox.credentials().sms_from;
        let wanted = url::form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| name == "PhoneNumber")
            .map(|(_, number)| number.into_owned());
        let found: Vec<Value> = wanted
            .is_none_or(|wanted| wanted == *own)
            .then(|| {
                let address = format!("{}/v1/webhooks/twilio/messages", sandbox.0.settings.public_url);
                json!({ "phone_number": own, "sms_url": address, "sms_method": "POST",
                    "capabilities": { "sms": true, "voice": false, "mms": false } })
            })
            .into_iter()
            .collect();
        HttpResponse::Ok()
            .json(json!({ "incoming_phone_numbers": found, "page": 0, "page_size": 50, "next_page_uri": null }))
    })
    .await
}
