//! The Twilio twin: the Messages resource ([`send`], [`list`]), signed status callbacks, and the person who answers ([`inbound`]).
//!
//! Free WhatsApp text outside the 24-hour window is accepted and then fails with 63016, as at Twilio: the caller must not rely on
//! the answer. Parameters Twilio does not have are refused, which Twilio itself would not do, so that a misspelt one is noticed.
//! What it knows and its rules without HTTP are in [`messages`].

mod account;
mod inbound;
mod list;
mod media;
mod messages;
mod send;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(super) use messages::TwilioTwin;

use self::messages::Message;
use super::Sandbox;
use super::callbacks::Webhook;
use super::faults::{Fault, FaultMode};
use crate::base::crypto::constant_time_eq;
use crate::providers::twilio;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/twilio/inbound", web::post().to(inbound::receive));
    cfg.route("/twilio/2010-04-01/Accounts/{account}.json", web::get().to(account::show));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", web::get().to(account::numbers));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}", web::get().to(media::ask));
    cfg.route("/twilio/media/{media}", web::get().to(media::read));
    cfg.route("/twilio/senders", web::post().to(inbound::register_sender));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages.json", web::post().to(send::create));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages.json", web::get().to(list::list));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages/{sid}.json", web::get().to(list::show));
}

fn failure(status: StatusCode, code: u32, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({
        "code": code, "message": message, "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    }))
}

fn bad(code: u32, message: &str) -> HttpResponse {
    failure(StatusCode::BAD_REQUEST, code, message)
}

fn refuse(fault: &Fault) -> HttpResponse {
    if fault.mode == FaultMode::Throttle {
        let mut response = failure(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");
        if let Some(seconds) = fault.retry_after_seconds {
            response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let code = fault.code_number().and_then(|code| u32::try_from(code).ok()).unwrap_or(20500);
    failure(fault.http_status(500), code, "Failed as told")
}

fn unauthorized(sandbox: &Sandbox, request: &HttpRequest, account: &str) -> Option<HttpResponse> {
    let known = sandbox.credentials();
    let expected = format!("{}:{}", known.twilio_account_sid, known.twilio_auth_token.expose());
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic ")).and_then(|value| STANDARD.decode(value).ok());
    if !given.is_some_and(|given| constant_time_eq(&given, expected.as_bytes())) {
        return Some(failure(StatusCode::UNAUTHORIZED, 20003, "Authenticate"));
    }
    if account != known.twilio_account_sid {
        return Some(failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found"));
    }
    None
}

fn resource(sandbox: &Sandbox, message: &Message) -> Value {
    let account = &sandbox.credentials().twilio_account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", message.sid);
    let created = message.created_at.utc().to_rfc2822();
    let sent = (message.status != "queued").then(|| created.clone());
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": message.body,
        "date_created": created, "date_sent": sent, "date_updated": created,
        "direction": "outbound-api", "error_code": message.error_code,
        "error_message": message.error_code.map(|_| "Outside messaging window"),
        "from": message.from, "to": message.to, "messaging_service_sid": null,
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD",
        "sid": message.sid, "status": message.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") }, "uri": format!("{uri}.json"),
    })
}

fn signed_form(sandbox: &Sandbox, url: String, form: Vec<(&str, String)>) -> Webhook {
    let pairs: Vec<(String, String)> = form.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    let signature = twilio::sign_form(&url, &pairs, &sandbox.credentials().twilio_auth_token);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    Webhook {
        provider: "twilio",
        url,
        content_type: "application/x-www-form-urlencoded; charset=UTF-8",
        headers: vec![("x-twilio-signature", signature)],
        svix: None,
        body: body.into_bytes(),
    }
}
