//! What people attach: behind the account's credentials, and from there by a redirect to where it lies, as at Twilio.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{failure, refuse, unauthorized};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::around;
use crate::sandbox::state::{hex_id, lock};

/// A file and what it is said to be.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Keeps a file, and answers the address that the webhook tells.
pub(super) fn keep(sandbox: &Sandbox, host: &str, message: &str, file: File) -> String {
    let id = format!("ME{}", hex_id());
    lock(&sandbox.0.twilio.media).insert(id.clone(), file);
    let account = &sandbox.credentials().twilio_account_sid;
    format!("{host}/sandbox/twilio/2010-04-01/Accounts/{account}/Messages/{message}/Media/{id}")
}

pub(super) async fn ask(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
) -> HttpResponse {
    let (account, _, id) = path.into_inner();
    around(&sandbox, "twilio", "media", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        if lock(&sandbox.0.twilio.media).get(&id).is_none() {
            return failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found");
        }
        HttpResponse::TemporaryRedirect().insert_header(("location", format!("/sandbox/twilio/media/{id}"))).finish()
    })
    .await
}

/// Where it lies: whoever shows credentials here gave them away.
pub(super) async fn read(sandbox: web::Data<Sandbox>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    if request.headers().contains_key("authorization") {
        return HttpResponse::BadRequest().body("credentials were sent to where none are asked for");
    }
    match lock(&sandbox.0.twilio.media).get(id.as_str()).cloned() {
        Some(file) => HttpResponse::Ok().content_type(file.content_type).body(file.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}
