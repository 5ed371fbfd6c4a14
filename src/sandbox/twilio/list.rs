//! Reading messages back: the list with its filters and pages, and a single one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::messages::Message;
use super::{bad, failure, refuse, resource, unauthorized};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::around;
use crate::sandbox::state::lock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(rename = "To")]
    to: Option<String>,
    #[serde(rename = "From")]
    from: Option<String>,
    /// A day in UTC, `2026-11-20`.
    #[serde(rename = "DateSent")]
    on: Option<chrono::NaiveDate>,
    #[serde(rename = "DateSent>")]
    since: Option<chrono::NaiveDate>,
    #[serde(rename = "DateSent<")]
    until: Option<chrono::NaiveDate>,
    #[serde(rename = "PageSize")]
    page_size: Option<usize>,
    #[serde(rename = "Page")]
    page: Option<usize>,
}

pub(super) async fn list(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    account: web::Path<String>,
) -> HttpResponse {
    around(&sandbox, "twilio", "list", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        let query: ListQuery = match serde_urlencoded::from_str(request.query_string()) {
            Ok(query) => query,
            Err(error) => return bad(20001, &error.to_string()),
        };
        let (size, page) = (query.page_size.unwrap_or(50).clamp(1, 1000), query.page.unwrap_or(0));
        let same = |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|wanted| wanted == actual);
        // A queued message has no DateSent and is found by no such filter.
        let dated = query.on.is_some() || query.since.is_some() || query.until.is_some();
        let fits = |message: &&Message| {
            let day = message.created_at.utc().date_naive();
            same(&query.to, &message.to)
                && same(&query.from, &message.from)
                && !(dated && message.status == "queued")
                && query.on.is_none_or(|on| day == on)
                && query.since.is_none_or(|since| day >= since)
                && query.until.is_none_or(|until| day <= until)
        };
        let mut found: Vec<Value> = {
            let messages = lock(&sandbox.0.twilio.messages);
            let matching = messages.newest_first().filter(fits).skip(page.saturating_mul(size)).take(size + 1);
            matching.map(|message| resource(&sandbox, message)).collect()
        };
        let more = found.len() > size;
        found.truncate(size);
        let uri = |page: usize| {
            let kept =
                url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "Page");
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
            format!("{}?{query}&Page={page}", request.path())
        };
        HttpResponse::Ok().json(json!({
            "messages": found, "page": page, "page_size": size, "uri": uri(page), "first_page_uri": uri(0),
            "previous_page_uri": page.checked_sub(1).map(uri), "next_page_uri": more.then(|| uri(page + 1)),
        }))
    })
    .await
}

pub(super) async fn show(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (account, sid) = path.into_inner();
    around(&sandbox, "twilio", "list", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        match lock(&sandbox.0.twilio.messages).get(&sid) {
            Some(message) => HttpResponse::Ok().json(resource(&sandbox, message)),
            None => failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found"),
        }
    })
    .await
}
