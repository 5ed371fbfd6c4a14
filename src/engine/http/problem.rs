//! RFC 9457: every error leaves as `application/problem+json` with a stable code and never a driver's text.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use super::pipeline;
use crate::base::{Error, ErrorKind, FieldError};

/// What a failed request answers.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "type": "https://api.example.com/problems/request.invalid", "title": "Unprocessable Entity", "status": 422,
    "detail": "/phone: expected a phone number such as +919876543210", "code": "request.invalid",
    "request_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
    "errors": [{"pointer": "/phone", "code": "invalid_value", "detail": "expected a phone number such as +919876543210"}]
}))]
pub struct Problem {
    /// A URI that names the kind of problem: the address on the server that answered where it is explained. `code` is its last
    /// segment.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// A sentence for a person about this occurrence.
    pub detail: String,
    /// Stable dotted code for programs. A code keeps its meaning and its status, and new ones come with new operations and
    /// refusals, so treat one that you do not know by its status.
    pub code: String,
    /// The same as the `X-Request-Id` header.
    pub request_id: String,
    /// Which values are wrong, when values are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// Where a code is explained, on this server.
pub fn type_of(code: &str) -> String {
    format!("{}/problems/{code}", pipeline::current_public_url())
}

/// The status of each kind of error.
pub fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status_of(self.kind())
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        // An error is a defect of ours. What is away or too slow tells so where it is, and returns; who asks often
        // enough can cause it.
        if self.kind() == ErrorKind::Internal {
            tracing::error!(error = %self.chain(), "request failed");
        } else if status.is_server_error() {
            tracing::warn!(error = %self.chain(), "request failed");
        } else {
            tracing::debug!(error = %self.chain(), "request refused");
        }
        let mut response = HttpResponseBuilder::new(status);
        if let Some(after) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, after.as_secs().max(1).to_string()));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let problem = Problem {
            kind: type_of(self.code()),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: self.message().into(),
            code: self.code().into(),
            request_id: pipeline::current_request_id(),
            errors: self.field_errors().to_vec(),
        };
        response.content_type("application/problem+json").json(problem)
    }
}
