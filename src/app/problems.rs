//! The catalogue of errors, served: where the `type` of a problem leads.

use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{pages, refusals};
use crate::base::Error;
use crate::base::refusal::{Again, Refusal};
use crate::engine::http::problem::{status_of, type_of};
use crate::engine::http::{Answer, Path};

pub(super) fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_problems).service(get_problem);
}

/// What an error code means.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "code": "lead.illegal_transition", "type": "https://api.example.com/problems/lead.illegal_transition", "statuses": [409],
    "why": "The lead's status cannot follow the one it has.",
    "what_to_do": "Take a status of allowed_transitions, as the lead is answered.", "retry": "no", "is_answered": true
}))]
struct ErrorCode {
    code: String,
    /// The `type` of such a problem: this very resource.
    #[serde(rename = "type")]
    kind: String,
    /// The statuses it is answered with.
    statuses: Vec<u16>,
    /// What is the case.
    why: String,
    what_to_do: String,
    /// Whether the same request may be sent again as it is.
    retry: Again,
    /// Whether an operation answers it. What is not answered stands in jobs, deliveries, logs or on the command line.
    is_answered: bool,
}

/// Every error code.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "code": "lead.illegal_transition", "type": "https://api.example.com/problems/lead.illegal_transition", "statuses": [409],
    "why": "The lead's status cannot follow the one it has.",
    "what_to_do": "Take a status of allowed_transitions, as the lead is answered.", "retry": "no", "is_answered": true
}]}))]
struct ErrorCodeList {
    data: Vec<ErrorCode>,
}

impl ErrorCode {
    fn of(entries: &[&Refusal]) -> Option<Self> {
        let first = entries.first()?;
        let together = |part: fn(&Refusal) -> &'static str| {
            let parts: Vec<&str> = entries.iter().map(|entry| part(entry)).collect();
            parts.join(" ")
        };
        Some(Self {
            code: first.code.into(),
            kind: type_of(first.code),
            statuses: entries.iter().map(|entry| status_of(entry.kind).as_u16()).collect(),
            why: together(|entry| entry.why),
            what_to_do: together(|entry| entry.remedy),
            retry: first.again,
            is_answered: entries.iter().any(|entry| !entry.places.is_empty()),
        })
    }
}

/// The catalogue, an entry a code.
fn catalogue() -> Vec<ErrorCode> {
    refusals::all().chunk_by(|one, next| one.code == next.code).filter_map(ErrorCode::of).collect()
}

/// List every error code
///
/// With why it is answered, what to do, and whether repeating helps. Browsers get a page.
#[utoipa::path(security(()), responses((status = 200, description = "The catalogue, by code", body = ErrorCodeList)))]
#[get("/problems")]
async fn list_problems(req: HttpRequest) -> HttpResponse {
    let data = catalogue();
    if pages::is_asked_for(&req) {
        return pages::page("Errors of Leadwright", &list_page(&data));
    }
    HttpResponse::Ok().insert_header(("vary", "accept")).json(ErrorCodeList { data })
}

/// Explain an error code
///
/// It is where the `type` of a problem leads. Browsers get a page.
#[utoipa::path(
    params(("code" = String, Path, description = "The problem's `code`", example = "lead.not_found")), security(()),
    responses((status = 200, description = "What it means", body = ErrorCode))
)]
#[get("/problems/{code}")]
async fn get_problem(req: HttpRequest, code: Path<String>) -> Answer {
    let found = catalogue().into_iter().find(|entry| entry.code == code.0);
    let found = found.ok_or_else(|| Error::not_found("problem.not_found", "There is no error of this code."))?;
    if pages::is_asked_for(&req) {
        return Ok(pages::page(&found.code, &code_page(&found)));
    }
    Ok(HttpResponse::Ok().insert_header(("vary", "accept")).json(found))
}

fn list_page(entries: &[ErrorCode]) -> String {
    let row = |entry: &ErrorCode| {
        let statuses: Vec<String> = entry.statuses.iter().map(ToString::to_string).collect();
        let (code, why) = (pages::escaped(&entry.code), pages::escaped(&entry.why));
        format!(
            "<tr><td><a href=\"/problems/{code}\"><code>{code}</code></a></td><td>{}</td><td>{why}</td></tr>\n",
            statuses.join(", ")
        )
    };
    let (answered, inside): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.is_answered);
    let rows = |list: Vec<&ErrorCode>| list.into_iter().map(row).collect::<String>();
    format!(
        "<h1>Errors</h1>\n<p>Every error is a problem (RFC 9457) with one of these codes. A code keeps its meaning; new ones come \
         with new operations, so treat one that you do not know by its status.</p>\n<table>{}</table>\n\
         <h2>In jobs, deliveries, logs and on the command line</h2>\n<table>{}</table>\n\
         <nav><a href=\"/docs/\">Documentation</a></nav>",
        rows(answered),
        rows(inside)
    )
}

fn code_page(entry: &ErrorCode) -> String {
    let retry = match entry.retry {
        Again::No => "No: it would be answered the same, until something else has changed.",
        Again::Later => "Yes, after Retry-After or a moment.",
        Again::SameKey => "It may have taken effect: repeat it with the same Idempotency-Key, or look first.",
    };
    let statuses: Vec<String> = entry.statuses.iter().map(ToString::to_string).collect();
    format!(
        "<h1><code>{}</code></h1>\n<p>Status {}</p>\n<h2>Why</h2>\n<p>{}</p>\n<h2>What to do</h2>\n<p>{}</p>\n\
         <h2>Repeat it?</h2>\n<p>{retry}</p>\n<nav><a href=\"/problems\">All errors</a> · <a href=\"/docs/\">Documentation</a></nav>",
        pages::escaped(&entry.code),
        statuses.join(", "),
        pages::escaped(&entry.why),
        pages::escaped(&entry.what_to_do),
    )
}
